/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a packet was dropped, and why a packet is no flow: the numbers that stand in the segment and
 * the names people see. Append only; a change bumps HF_LAYOUT_VERSION.
 */
#ifndef HF_REASONS_H
#define HF_REASONS_H

/* A packet that was received and not transmitted has one of these. */
enum hf_drop {
	HF_DROP_LANE_RING_FULL,  /* I/O thread: the lane's ring had no room */
	HF_DROP_TX_FULL,         /* I/O thread: the driver did not take it */
	HF_DROP_BAD_CKSUM,       /* I/O thread: the driver found a wrong IPv4 or L4 checksum */
	HF_DROP_DAMAGED,         /* I/O thread: what came back from the worker was not usable */
	HF_DROP_BAD_VERDICT,     /* I/O thread: the verdict names no port */
	HF_DROP_NO_PEER,         /* l2: the ingress port has no peer */
	HF_DROP_CRASH_AMBIGUOUS, /* recovery: caught inside a move too large to undo */
	HF_DROP_TOO_SHORT,       /* l2: fewer than 14 bytes in the first segment */
	HF_DROP_TOO_LONG,        /* I/O thread, worker: longer than the egress port's MTU allows */
	HF_DROP_RECOVERY_LOST,   /* recovery: the owner died while a driver or a pool had it */
	HF_DROP_PRIMARY_LOST,    /* next primary: it lay in a ring or queue of the one that died */
	HF_DROP_QUARANTINED,     /* recovery: two owners died on it */
	HF_DROP_COUNT,
	HF_DROP_MAX = 24 /* room in the segment */
};

/* A packet that is counted in no flow record has one of these. */
enum hf_skip {
	HF_SKIP_NONE,       /* it is a flow */
	HF_SKIP_NOT_IP,     /* Ethertype is neither IPv4 nor IPv6 (ARP, LLDP ...) */
	HF_SKIP_TRUNCATED,  /* the headers do not fit the bytes there are */
	HF_SKIP_MALFORMED,  /* a header contradicts itself (IHL < 5, version ...) */
	HF_SKIP_TABLE_FULL, /* no slot could be freed within this burst */
	HF_SKIP_COUNT,
	HF_SKIP_MAX = 8
};

/* "lane_ring_full" ..., "not_ip" ...; NULL past the end. Any thread. */
const char *hf_drop_name(unsigned int reason);
const char *hf_skip_name(unsigned int reason);

#endif
