/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every name by which the processes of an instance find each other: files, memzones, pools.
 * Used by all programs. Nothing else in the tree spells one of these names.
 */
#ifndef HF_NAMES_H
#define HF_NAMES_H

#include <stddef.h>

#define HF_INSTANCE_DEFAULT "holdfast"
#define HF_INSTANCE_LEN     32 /* bytes with the final 0 */
#define HF_GROUP            "holdfast"

#define HF_RUN_DIR        "/run/holdfast"
#define HF_SEGMENT_LINK   "segment"      /* symlink in the instance folder to the hugetlbfs file */
#define HF_PRIMARY_LOCK   "primary.lock" /* flock held for life by the primary; holds its pid */
#define HF_ATTACH_LOCK    "attach.lock"  /* flock that serialises attaches */
#define HF_CONTROL_SOCKET "control"      /* UNIX stream socket, one JSON object a line */

#define HF_STATE_DIR      "/var/lib/holdfast" /* what outlives a restart, by instance */
#define HF_QUARANTINE_DIR "quarantine"        /* in an instance's folder there */

#define HF_SEGMENT_FILE_FMT "holdfast-%s.segment" /* in the hugetlbfs mount; %s: instance */

/* DPDK objects; all live in the primary's memory. */
#define HF_RING_MEMZONE_FMT    "hf_ring_io%u_lane%u"
#define HF_HW_LANE_MEMZONE_FMT "hf_hw_lane%u"
#define HF_HW_POOL_FMT         "hf_pool_lane%u_node%u"
#define HF_POOL_FMT            "hf_pool_node%u"

/* DPDK lcore ids. A lane's id is its number, 0 to HF_MAX_LANES - 1. */
#define HF_LCORE_IO0     64  /* I/O thread k of the primary runs as 64 + k */
#define HF_LCORE_WORKER  126 /* the id a worker's EAL starts with; it never touches a pool */
#define HF_LCORE_PRIMARY 127 /* the primary's main thread */

/*
 * Writes "/run/holdfast/<instance>/<file>" (file NULL or "": the folder itself) to buf.
 * Returns 0, or -ENAMETOOLONG. Any thread.
 */
int hf_names_path(char *buf, size_t len, const char *instance, const char *file);

/*
 * Is this a usable instance name? 1 to 31 of [A-Za-z0-9_-], not starting with '-'.
 * Returns 0 or -EINVAL. Any thread.
 */
int hf_names_check_instance(const char *instance);

/*
 * Is this DPDK device string a PCI address ("0000:01:00.0", "01:00.0,arg=1")? 1 or 0. Any thread.
 */
int hf_names_is_pci(const char *device);

/*
 * Do these two device strings mean one PCI function? "01:00.0", "0000:01:00.0" and
 * "0000:01:00.0,arg=1" do. 1 or 0; 0 if either is no PCI address. Any thread.
 */
int hf_names_same_pci(const char *a, const char *b);

#endif
