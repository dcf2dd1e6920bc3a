/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of an instance, read from YAML by the primary. One table of keys (name, type,
 * range, unit, reloadable or not, help) drives the parser, the defaults, `--help` and the man page.
 * No DPDK here. Used by the primary alone (and tests); workers get what they need by the segment.
 */
#ifndef HF_CONFIG_H
#define HF_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "segment.h"

#define HF_CONFIG_RETA_MAX   512
#define HF_CONFIG_KEY_MAX    52 /* bytes of an RSS key (40, or 52 as some NICs have it) */
#define HF_CONFIG_DEVICE_LEN 128

enum hf_queues { HF_QUEUES_SOFTWARE, HF_QUEUES_HARDWARE, HF_QUEUES_AUTO };

enum hf_on_primary_loss { HF_LOSS_FORWARD, HF_LOSS_EXIT };

enum hf_rss_field {
	HF_RSS_IPV4 = 1,
	HF_RSS_IPV6 = 2,
	HF_RSS_TCP = 4,
	HF_RSS_UDP = 8,
	HF_RSS_SCTP = 16
};

struct hf_config_port {
	char name[32]; /* default: the device's name ("net_tap0", "0000:01:00.0") */
	char device[HF_CONFIG_DEVICE_LEN]; /* required; DPDK device string */
	char peer[32];  /* name of the egress port; default: the other one of two, else none */
	int peer_index; /* resolved by hf_config_load(); -1 none */
	uint16_t rx_desc, tx_desc; /* default 1024 */
	uint16_t mtu;              /* 0: the driver's default */
	int promiscuous;           /* default 1 */
	int offload_checksum;      /* verify IPv4 and L4 checksums on receive; default 0 */
	int offload_rss_hash;      /* take the NIC's hash when the driver has it; default 0 */
	/* Transmit thresholds; -1: the driver's default. */
	int tx_pthresh, tx_hthresh, tx_wthresh, tx_free_thresh, tx_rs_thresh;
	int io;   /* I/O thread that polls it; default: index mod io threads */
	int line; /* in the file, for later messages */
};

struct hf_config_lane {
	int cpu; /* -1: any */
	int line;
};

struct hf_config {
	char instance[HF_INSTANCE_LEN];          /* default "holdfast" */
	char file[256];                          /* where it was read from, for messages */
	enum hf_queues queues;                   /* default auto */
	enum hf_on_primary_loss on_primary_loss; /* default forward */
	uint32_t n_lanes;                        /* 1 to HF_MAX_LANES, default 1 */
	struct hf_config_lane lanes[HF_MAX_LANES];
	uint32_t n_io;         /* 1 to HF_MAX_IO, default 1 */
	int io_cpu[HF_MAX_IO]; /* -1: any */
	uint32_t n_ports;      /* 1 to HF_MAX_PORTS; required */
	struct hf_config_port ports[HF_MAX_PORTS];
	uint32_t ring_size;  /* entries a (I/O thread, lane); power of two, 256 to 262144; default
				16384 */
	uint32_t pool_size;  /* mbufs a pool (one pool a NUMA node with ports); 1023 to 4194303,
				default 65535 */
	uint32_t pool_cache; /* 0 to 512, default 256 */
	uint32_t census_ms;  /* 0 never, 100 to 3600000; default 2000 */
	uint32_t mbuf_bytes; /* data room without headroom; 2048 to 16384, default 2048 */
	uint32_t memory_mb;  /* DPDK memory; 0: computed from pools and rings */
	char hugepage_dir[128];        /* default /dev/hugepages */
	int segment_persist;           /* default 0 */
	uint32_t lane_return_ms;       /* 0 never, to 3600000; default 1000 */
	uint32_t burst;                /* 1 to 128, default 32 */
	enum hf_idle idle;             /* default pause */
	uint32_t idle_sleep_us;        /* 1 to 1000, default 50 */
	uint32_t tx_retry_us;          /* 0 to 10000, default 100 */
	uint32_t hang_timeout_ms;      /* 0 never, 20 to 60000; default 100 */
	uint32_t quarantine_max_files; /* 0 to 1000; default 64 */
	uint32_t quarantine_snap;      /* 64 to HF_QUARANTINE_SNAP, default that */
	enum hf_l2_mode l2_mode;       /* default wire */
	int stage_flow;                /* default 1 */
	uint32_t flow_capacity; /* HF_FLOW_CAPACITY_MIN to _MAX, power of two; default 65536 */
	uint32_t flow_idle_s;   /* 0 never, 1 to 86400; default 60 */
	uint8_t rss_key[HF_CONFIG_KEY_MAX];
	uint32_t rss_key_len;              /* 40 or 52 */
	char rss_key_name[16];             /* "symmetric", "default", "hex" */
	uint32_t rss_fields;               /* enum hf_rss_field, ored; default all */
	uint32_t reta_size;                /* power of two, 16 to 512; default 128 */
	uint16_t reta[HF_CONFIG_RETA_MAX]; /* lane of each entry; default round robin */
	char log_level[16];                /* default "notice" */
	char group[32]; /* that may read the segment and use the socket; default "holdfast" */
};

/*
 * Reads and checks a file. On error writes ONE line "file:line: key: reason" to err (without line
 * when it has none, as for a file that cannot be opened) and leaves *cfg undefined.
 * Returns 0; -EINVAL for everything wrong with the content (exit status 2); -errno when the file
 * cannot be read. Main thread; no side effects.
 */
int hf_config_load(struct hf_config *cfg, const char *path, char *err, size_t err_len);

/* Prints the table of keys: for --help-config (plain text) and for the man page (roff). */
void hf_config_print_keys(FILE *out, int roff);

/* Prints the effective configuration as YAML that hf_config_load() reads back (for --check -v). */
void hf_config_dump(const struct hf_config *cfg, FILE *out);

#endif
