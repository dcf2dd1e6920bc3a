/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which form of the hash is the fastest here: measured, as a CPU that has the instructions need not
 * be quick at them, and as the short tuples of IPv4 gain less than those of IPv6. Primary, main
 * thread, once, before the I/O threads start. Must not log.
 */
#include <string.h>
#include <time.h>

#include <rte_mbuf.h>

#include "rss_forms.h"

#define FRAMES      32
#define FRAME_BYTES 64
#define ROUNDS      9
#define BURSTS      20 /* a round: some ten microseconds */

/* Frames without EAL: mbufs that nobody allocated. */
struct bench {
	struct rte_mbuf mbuf[FRAMES];
	struct rte_mbuf *list[FRAMES];
	uint8_t data[FRAMES][FRAME_BYTES];
	uint32_t hash[FRAMES];
};

/* Random but for the bytes that make them UDP over IPv4 or IPv6. */
static void
fill(struct bench *b, int v6)
{
	uint32_t x = 1;

	memset(b, 0, sizeof(*b));
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint8_t *d = b->data[i];

		for (uint32_t k = 14; k < FRAME_BYTES; k++) {
			x = x * 1664525 + 1013904223;
			d[k] = (uint8_t)(x >> 24);
		}
		d[12] = v6 ? 0x86 : 0x08;
		d[13] = v6 ? 0xdd : 0x00;
		d[14] = v6 ? 0x60 : 0x45;
		d[20] = v6 ? 17 : 0; /* next header, or no fragment */
		d[21] = 0;
		d[23] = 17;
		b->mbuf[i].buf_addr = d;
		b->mbuf[i].data_len = FRAME_BYTES;
		b->list[i] = &b->mbuf[i];
	}
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t
round_ns(const struct hf_rss *rss, struct bench *b)
{
	uint64_t began = now_ns();

	for (uint32_t i = 0; i < BURSTS; i++)
		hf_rss_hash_burst(rss, b->list, FRAMES, b->hash);
	return now_ns() - began;
}

static void
set_form(struct hf_rss *rss, uint32_t form)
{
	rss->form_ipv4 = rss->form_ipv6 = form;
}

/* The best of some rounds, in turn: what disturbs the machine only ever makes a round longer. */
static enum hf_rss_form
fastest(struct hf_rss *rss, int v6, uint32_t ps[HF_RSS_FORMS])
{
	uint64_t best[HF_RSS_FORMS] = {0};
	enum hf_rss_form chosen = HF_RSS_TABLE;
	struct bench b;

	fill(&b, v6);
	for (uint32_t i = 0; i < ROUNDS * HF_RSS_FORMS; i++) {
		uint32_t f = i % HF_RSS_FORMS;
		uint64_t ns;

		if (!hf_rss_form_usable(f))
			continue;
		set_form(rss, f);
		ns = round_ns(rss, &b);
		if (best[f] == 0 || ns < best[f])
			best[f] = ns;
	}
	for (uint32_t f = 0; f < HF_RSS_FORMS; f++) {
		if (best[f] != 0 && best[f] < best[chosen])
			chosen = f;
		ps[f] = (uint32_t)(best[f] * 1000 / (BURSTS * FRAMES));
	}
	return chosen;
}

void
hf_rss_choose(struct hf_rss *rss, struct hf_rss_choice *choice)
{
	struct hf_rss_choice measured = {0};
	uint32_t fields = rss->fields;
	enum hf_rss_form ipv4, ipv6;

	rss_fields_set(rss, HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_UDP);
	ipv4 = fastest(rss, 0, measured.ipv4_ps);
	ipv6 = fastest(rss, 1, measured.ipv6_ps);
	rss_fields_set(rss, fields);
	rss->form_ipv4 = ipv4;
	rss->form_ipv6 = ipv6;
	if (choice != NULL)
		*choice = measured;
}
