/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine below an instance: NUMA nodes, huge pages, on which CPU a thread runs. Read from
 * /sys, from /proc and through libnuma, by whoever may read those; nothing is opened for writing.
 * Not known is -1, or no row. Main thread only.
 */
#ifndef HF_MONITOR_MACHINE_H
#define HF_MONITOR_MACHINE_H

#include "sample.h"

struct hf_machine {
	const char *sys; /* "/sys", or where a test put one */
	int numa;        /* 1: libnuma knows this machine */
	uint64_t looked_tsc;
	uint32_t n_huge, n_nodes;
	struct hf_huge_row huge[HF_MAX_HUGE];
	struct hf_node_row nodes[HF_MAX_NODES];
};

/* sys is kept by pointer. */
void machine_init(struct hf_machine *m, const char *sys);

/* Fills nodes and huge pages of *s; looks at them anew once a second at most. */
void machine_look(struct hf_machine *m, struct hf_sample *s);

/* Node of a CPU. */
int32_t machine_node_of_cpu(const struct hf_machine *m, int32_t cpu);

/* CPU on which thread tid of process pid runs, or ran last. */
int32_t machine_cpu_of_thread(int32_t pid, int32_t tid);

#endif
