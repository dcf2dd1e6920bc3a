/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flows of holdfast-wire: which there are, and which one comes next. Made up (a key is a
 * function of the id: no memory), or taken from a capture. One thread.
 */
#ifndef HF_WIRE_FLOWS_H
#define HF_WIRE_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "flow_key.h"

#define WIRE_SIZES_MAX 64

enum wire_pick { WIRE_PICK_UNIFORM, WIRE_PICK_SEQUENTIAL, WIRE_PICK_ZIPF };

/* A packet of a capture. */
struct wire_record {
	uint32_t flow;
	uint16_t size;
	uint16_t zero;
};

/* One cell of the alias method (Walker 1977, Vose 1991): keep it below keep, else take alias. */
struct wire_alias {
	uint32_t keep;
	uint32_t alias;
};

struct wire_flows {
	uint32_t n;
	uint8_t family; /* 4, 6, or 0: even flows IPv4, odd ones IPv6 */
	uint8_t pick;   /* enum wire_pick */
	uint16_t n_sizes;
	uint16_t size[WIRE_SIZES_MAX]; /* taken in turn */
	uint64_t random;
	uint64_t next;            /* packets picked so far */
	struct wire_alias *alias; /* Zipf only */
	struct hf_flow_key *key;  /* from a capture: n of them; else NULL */
	struct wire_record *record;
	size_t n_records;
	uint64_t skipped; /* packets of the capture that are no IPv4 or IPv6 flow with ports */
};

/*
 * Prepares picking among f->n flows; f->family, f->pick, f->size, f->n_sizes are set. zipf: the
 * exponent, where it is asked for. Returns 0 or -ENOMEM. wire_flows_close() frees.
 */
int wire_flows_init(struct wire_flows *f, double zipf, uint64_t seed);

/*
 * Takes flows, sizes and order from a capture. All flows become UDP; sizes are moved into what
 * wire_frame_build() can make. Returns 0, or -EINVAL: cannot be read or has no flow (logged), or
 * -ENOMEM.
 */
int wire_flows_load_pcap(struct wire_flows *f, const char *path);
void wire_flows_close(struct wire_flows *f);

/* Key of flow id < f->n. Two ids never have the same key. */
void wire_flow_key(const struct wire_flows *f, uint32_t id, struct hf_flow_key *key);

/* The next packet's flow and size. */
uint32_t wire_flows_next(struct wire_flows *f, uint16_t *size);

#endif
