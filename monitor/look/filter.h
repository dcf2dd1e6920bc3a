/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which flows are looked at: an expression over key and lane of a flow, read once, asked of many
 * flows. Pure functions; any thread.
 *
 *   expression = term { "or" term }             "or" also "||"
 *   term       = factor { [ "and" ] factor }    "and" also "&&"; it binds tighter than "or"
 *   factor     = "not" factor | "(" expression ")" | test                    "not" also "!"
 *   test       = "ip" | "ip6" | "tcp" | "udp" | "icmp" | "icmp6" | "sctp" | ...
 *              | "proto" (NUMBER | NAME) | "lane" RANGE
 *              | [ "src" | "dst" ] ( "port" RANGE | [ "host" | "net" ] ADDRESS [ "/" LENGTH ] )
 *   RANGE      = NUMBER | NUMBER "-" NUMBER
 *
 * A test without "src" or "dst" is met by either side. Ports are those of TCP, UDP and SCTP. Case
 * does not matter. An address with a length is a prefix; bits beyond the length do not matter.
 */
#ifndef HF_MONITOR_FILTER_H
#define HF_MONITOR_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "flow_key.h"

#define HF_FILTER_NODES 64  /* tests, "not", "and" and "or" of one expression */
#define HF_FILTER_DEPTH 32  /* "not" and parentheses within each other */
#define HF_FILTER_LEN   256 /* of the text, its final 0 included */

enum hf_filter_op {
	HF_FILTER_NOT,    /* left */
	HF_FILTER_AND,    /* left, right */
	HF_FILTER_OR,     /* left, right */
	HF_FILTER_FAMILY, /* low: 4 or 6 */
	HF_FILTER_PROTO,  /* low */
	HF_FILTER_PORT,   /* sides, low to high */
	HF_FILTER_LANE,   /* low to high */
	HF_FILTER_NET,    /* sides, family in low, mask, value */
};

#define HF_FILTER_SRC 1U
#define HF_FILTER_DST 2U

struct hf_filter_node {
	uint8_t op;    /* enum hf_filter_op */
	uint8_t sides; /* HF_FILTER_SRC, HF_FILTER_DST, or both: one of them is enough */
	uint8_t left, right;
	uint32_t low, high;
	uint64_t mask[2], value[2]; /* of an address, in the order of its bytes */
};

struct hf_filter {
	char text[HF_FILTER_LEN]; /* as it was given, in one line; "" when all flows match */
	uint32_t n_nodes;         /* 0: every flow matches */
	uint32_t root;
	struct hf_filter_node nodes[HF_FILTER_NODES];
};

/*
 * Reads text into *f; blanks alone are a filter that every flow matches. Returns 0, or -EINVAL: why
 * then holds one printable line with the position in text, counted from 1, and *f is as it was.
 */
int filter_parse(const char *text, struct hf_filter *f, char *why, size_t len);

/* 1 when the flow matches, else 0. No allocation; takes at most as many steps as there are nodes.
 */
int filter_match(const struct hf_filter *f, const struct hf_flow_key *key, uint32_t lane);

#endif
