/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of `holdfast-lab forward` share. It starts the real programs, one case after the
 * other, each under names of its own, reads their counters and ends them by pid. holdfast-lab maps
 * the instances' segments read-only and touches no port itself.
 */
#ifndef HF_LAB_FORWARD_H
#define HF_LAB_FORWARD_H

#include <stdint.h>
#include <sys/types.h>

#include "lab.h"
#include "segment.h"

#define FORWARD_CASES_MAX 16
#define FORWARD_PROCS_MAX 4

enum forward_source { FORWARD_PCAP, FORWARD_NULL, FORWARD_VIRTIO, FORWARD_SOURCES };
enum forward_engine { FORWARD_TESTPMD_IO, FORWARD_TESTPMD, FORWARD_L2, FORWARD_L2_FLOW };

/* What is compared; one row of the table in lab_forward_cases.c. */
struct forward_case {
	const char *name;
	enum forward_source source;
	enum forward_engine engine;
};

/* What one round of one case gave. 0 where a case has no such figure. */
struct forward_sample {
	double tx_mpps;
	double rx_mpps;
	double worker_ns;            /* busy time of the lane's owner, a packet */
	double io_ns;                /* busy time of the I/O thread, a packet sent */
	double io_step[HF_IO_STEPS]; /* of its time, a packet, in sampled turns */
	double busy;                 /* part of the time the lane's owner had packets, 0 to 1 */
};

struct forward_result {
	const struct forward_case *what;
	int reference; /* index of the testpmd macswap case of the same source */
	struct lab_series tx, rx, worker, io, busy, ratio;
	struct lab_series io_step[HF_IO_STEPS];
};

struct forward_process {
	pid_t pid; /* 0: none */
	int input; /* write end of its standard input, -1 none */
	char name[32];
};

struct forward_run {
	/* options */
	uint32_t rounds;
	double seconds;
	int json;
	int nice;
	uint32_t sources; /* bit set of enum forward_source */
	/* what is under way */
	char build[256];  /* folder of the build, from this program's own path */
	char pcap[320];   /* made by the build: 2,048 UDP flows */
	char scratch[64]; /* folder of this run; removed at the end */
	char instance[32];
	char prefix[FORWARD_PROCS_MAX][40]; /* of testpmd processes */
	struct forward_process proc[FORWARD_PROCS_MAX];
	uint32_t n_proc;
	struct lab_series line; /* round trip of a cache line between the CPUs, ns */
	uint32_t n_results;
	struct forward_result result[FORWARD_CASES_MAX];
};

/* --- lab_forward_run.c: processes, files ------------------------------------------------------ */

/* Catches SIGINT, SIGTERM and SIGHUP: forward_stopped() is 1 from then on. */
void forward_catch_signals(void);
int forward_stopped(void);

/* Sleeps; returns -EINTR at once when a signal came. */
int forward_sleep(double seconds);

/* Seconds of CLOCK_MONOTONIC. */
double forward_now(void);

/* Starts a program; args end with NULL. It dies with this one. 0 or -errno (logged). */
int forward_spawn(struct forward_run *r, const char *name, char *const args[]);

/* -ECHILD (logged, with the end of its output) when a process of the run has ended. */
int forward_alive(struct forward_run *r);

/* Ends the run's processes, the last one first, and removes their files. */
void forward_end_all(struct forward_run *r);

/* Makes the scratch folder, finds the programs. 0; -ENOTSUP (said what is missing); -errno. */
int forward_prepare(struct forward_run *r);
void forward_remove(struct forward_run *r);

/* --- lab_forward_cases.c: what is started and read ------------------------------------------- */

const struct forward_case *forward_cases(uint32_t *n);

/* One round of one case. 0 or -errno (logged); everything it started has ended. */
int forward_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s);

/* --- lab_forward_testpmd.c ------------------------------------------------------------------- */

/* The generator at the far end of virtio-user ports, on CPU 0. 0 or -errno (logged). */
int testpmd_start_peer(struct forward_run *r);

/* testpmd as the forwarder under test. 0 or -errno (logged). */
int testpmd_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s);

/* --- lab_forward_lane.c ---------------------------------------------------------------------- */

/* A primary and a worker. 0 or -errno (logged). */
int lane_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s);

/* --- lab_forward_line.c ---------------------------------------------------------------------- */

/* ns of a cache line's way from CPU 0 to CPU 1 and back; 0: could not be measured. */
double forward_line_ns(void);

/* --- lab_forward_report.c -------------------------------------------------------------------- */

void forward_print_text(const struct forward_run *r);
void forward_print_json(const struct forward_run *r);

#endif
