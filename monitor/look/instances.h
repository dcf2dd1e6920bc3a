/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instances of this machine, or those the user named, each with a line of figures: what a
 * picker shows. Maps each segment PROT_READ while it is looked at. Main thread only.
 */
#ifndef HF_MONITOR_INSTANCES_H
#define HF_MONITOR_INSTANCES_H

#include "sample.h"
#include "source.h"

#define HF_MAX_INSTANCES 16

struct hf_instance_names {
	uint32_t n;
	char name[HF_MAX_INSTANCES][HF_INSTANCE_LEN];
};

/* One instance. Not known: as in sample.h. */
struct hf_instance_row {
	char name[HF_INSTANCE_LEN];
	char state[12];   /* of the segment; "-" when there is none to look at */
	char why[96];     /* why there is none */
	int32_t pid;      /* of the primary */
	uint64_t lanes;   /* that have an owner */
	uint64_t workers; /* that run */
	uint64_t rx_pkts, tsc, tsc_hz;
	double uptime_s, rx_pps;
	uint32_t alert;
};

struct hf_instances {
	struct hf_instance_names names;
	struct hf_instance_row rows[HF_MAX_INSTANCES];
	struct hf_monitor_source sources[HF_MAX_INSTANCES];
};

/*
 * "a,b": 1 to HF_MAX_INSTANCES different names. Returns 0, or -EINVAL with the reason in why; then
 * *names is as it was.
 */
int instances_parse(struct hf_instance_names *names, const char *text, char *why, size_t len);

/* Those that have a folder with a segment under HF_RUN_DIR, from A to Z. */
void instances_find(struct hf_instance_names *names);

/* Prepares *i; zero it before the first time. */
void instances_open(struct hf_instances *i, const struct hf_instance_names *names);

/* Looks at all of them. Rates are against the look before. */
void instances_look(struct hf_instances *i);

/* Lets go of the segments. */
void instances_close(struct hf_instances *i);

#endif
