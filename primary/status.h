/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the segment says, as JSON: the keys that `holdfastctl --json` and /holdfast/... promise.
 *
 * Primary; any thread. Every function builds from the segment alone, reads it without a lock and
 * changes nothing. A figure that is not known is null, never 0. Each returns a new reference, or
 * NULL when memory ran out.
 */
#ifndef HF_STATUS_H
#define HF_STATUS_H

#include <jansson.h>
#include <stdint.h>

#include "segment.h"

#define HF_STATUS_FLOWS_DEFAULT 10
#define HF_STATUS_FLOWS_MAX     1000

enum hf_flow_sort { HF_FLOW_SORT_PACKETS, HF_FLOW_SORT_BYTES };

/* Everything: instance, state, uptime_s, ports, lanes, workers, pools, then io and warnings. */
json_t *hf_status_all(const struct hf_segment *seg);

/* The lists, one object for each port, lane, worker that has a slot, pool, I/O thread. */
json_t *hf_status_ports(const struct hf_segment *seg);
json_t *hf_status_lanes(const struct hf_segment *seg);
json_t *hf_status_workers(const struct hf_segment *seg);
/* [{name, starts, last_exit}]: workers by name, also those that do not run. */
json_t *hf_status_pasts(const struct hf_segment *seg);
json_t *hf_status_pools(const struct hf_segment *seg);
json_t *hf_status_io(const struct hf_segment *seg);

/* The last crash of each worker slot that had one, the slot's owner of now or one before it. */
json_t *hf_status_crashes(const struct hf_segment *seg);

/* {"folder", "max_files", "snap_bytes", "files": [{name, bytes, time, reason}]}: by name, which is
 * by age. Reads the folder and the head of each file. */
json_t *hf_status_quarantine(const char *instance, uint32_t max_files, uint32_t snap_bytes);

/*
 * {"events": [{seq, time, event, level, name, pid, lane, port, value, text}], "last": N,
 * "overwritten": M}: the newest events, most of them at most, of those whose number is above after
 * (0: all); the oldest first. overwritten: how many after that one are not there any more.
 */
json_t *hf_status_events(const struct hf_segment *seg, uint64_t after, uint32_t most);

/* Lines a person should read: lanes without an owner, nodes that differ, mbufs unaccounted for. */
json_t *hf_status_warnings(const struct hf_segment *seg);

/*
 * {"now_s", "flows": [...], "totals": {...}}: the top records (1 to HF_STATUS_FLOWS_MAX) of all
 * lanes, exact, the greatest first. first_s, last_s, now_s: seconds since the primary started.
 * Reads every record: a tenth of a second or more for a lane of 16 Mi. Not for the main loop.
 */
json_t *hf_status_flows(const struct hf_segment *seg, uint32_t top, enum hf_flow_sort sort);

/*
 * The same in steps. _begin returns NULL when memory ran out. _step reads n_records (or what is
 * left) and returns 1 when all have been read. _end gives the object and frees the scan, _free
 * gives it up; NULL is allowed. Totals and records are not of one instant. One thread a scan.
 */
struct hf_flow_scan;
struct hf_flow_scan *hf_flow_scan_begin(const struct hf_segment *seg, uint32_t top,
					enum hf_flow_sort sort);
int hf_flow_scan_step(struct hf_flow_scan *s, uint32_t n_records);
json_t *hf_flow_scan_end(struct hf_flow_scan *s);
void hf_flow_scan_free(struct hf_flow_scan *s);

/* --- shared by the status files ------------------------------------------------------------- */

/* n as an integer, or null when it is not known. */
json_t *status_number(int known, uint64_t n);

/* A text of at most size bytes from the segment; bytes that are no UTF-8 become '?'. */
json_t *status_text(const char *text, size_t size);

/* Milliseconds since a time stamp; null when tsc is 0. */
json_t *status_age_ms(const struct hf_segment *seg, uint64_t tsc);

/* part / whole in percent, two decimals; null when whole is 0. */
json_t *status_percent(uint64_t part, uint64_t whole);

/* Members of a lane: busy, pps, cycles_per_pkt, max_pps ..., over the last second or two. */
json_t *status_load(const struct hf_segment *seg, uint32_t lane);

/* Slot of the living worker that owns lane l, -1 if there is none. */
int status_owner_slot(const struct hf_segment *seg, uint32_t lane);

/* The lane's counts of packets that are no flow: {"not_ip": n, ...}, added to by further lanes. */
json_t *status_skipped(const uint64_t skipped[HF_SKIP_MAX]);

#endif
