/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of holdfast-wire. Main thread, before anything is started.
 */
#ifndef HF_WIRE_OPTIONS_H
#define HF_WIRE_OPTIONS_H

#include <stdint.h>

#include "wire_flows.h"
#include "wire_frame.h"

#define WIRE_PORTS_MAX 16
#define WIRE_KEY_MAX   52
#define WIRE_FLOWS_MAX (16U << 20)
#define WIRE_RATE_MAX  UINT64_C(1000000000)

struct wire_options {
	const char *device[WIRE_PORTS_MAX];
	uint16_t n_ports;
	uint16_t n_queues;
	uint16_t descriptors;
	uint8_t same_port; /* replies come back where they were sent */
	uint8_t return_given;
	uint8_t expect; /* enum wire_expect */
	uint8_t family; /* 4, 6, 0: both */
	uint8_t pick;   /* enum wire_pick */
	uint8_t idle_sleeps;
	uint8_t json, verbose;
	uint8_t key[WIRE_KEY_MAX];
	uint32_t key_len;
	uint32_t n_flows;
	uint32_t burst;
	uint16_t size[WIRE_SIZES_MAX];
	uint16_t n_sizes;
	int cpu; /* -1: any that this process may use */
	double zipf;
	double seconds; /* 0: until packets are sent */
	double drain;
	double wait;   /* 0: for ever */
	double settle; /* links must have been up so long */
	uint64_t seed;
	uint64_t rate;          /* 0: as fast as it goes */
	uint64_t other_rate;    /* of every second turn */
	uint32_t other_percent; /* the same, of what the turn before sent; 0: other_rate counts */
	double turn;            /* seconds that a rate is kept; 0: always */
	uint64_t packets;       /* 0: until the time is over */
	uint64_t allow_loss;
	const char *pcap, *start_when, *per_flow;
	int eal_argc;
	char **eal_argv;
};

/*
 * Parses the command line. Returns 0; 1 after --help or --version, which have been printed; or
 * -EINVAL, logged.
 */
int wire_options_parse(int argc, char **argv, struct wire_options *o);

#endif
