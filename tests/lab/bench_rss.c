/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_rss: nanoseconds a packet of each form of the software RSS hash, without EAL. Tuples alone
 * in bulk of 32, and bursts of 32 frames as an I/O thread has them: from a set that stays in the
 * cache, and from one that does not. The forms take turns, a row shows the median of its rounds,
 * the last column the ratio to the table. What the forms computed is compared; exit status 1 when
 * it differs. It must not be needed in production.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "lab.h"
#include "rss.h"

#define BULK        32
#define SET_MAX     8192 /* frames: 2 MB and their mbufs */
#define FRAME_BYTES 128
#define ROUND_CALLS 2048 /* bulks a round: about 200 us */

enum what { TUPLES, FRAMES };

struct row {
	const char *name;
	enum what what;
	uint32_t tuple_bytes;
	uint32_t set; /* different packets */
};

static const struct row rows[] = {
	{"tuples of 12 bytes", TUPLES, 12, 256},
	{"tuples of 36 bytes", TUPLES, 36, 256},
	{"UDP over IPv4, 256 frames", FRAMES, 12, 256},
	{"UDP over IPv6, 256 frames", FRAMES, 36, 256},
	{"UDP over IPv4, 8192 frames", FRAMES, 12, SET_MAX},
	{"UDP over IPv6, 8192 frames", FRAMES, 36, SET_MAX},
};

struct bench {
	struct hf_rss rss;
	uint8_t data[SET_MAX][FRAME_BYTES];
	struct rte_mbuf mbuf[SET_MAX];
	struct rte_mbuf *list[SET_MAX];
	const uint8_t *tuple[SET_MAX];
	struct lab_series ns[HF_RSS_FORMS];
	uint32_t sum[HF_RSS_FORMS];
};

static uint32_t
next_random(void)
{
	static uint64_t s = 88172645463325252U;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (uint32_t)(s >> 16);
}

static void
fill(struct bench *b, const struct row *row)
{
	int v6 = row->tuple_bytes == 36;

	for (uint32_t i = 0; i < row->set; i++) {
		uint8_t *d = b->data[i];

		for (uint32_t k = 0; k < FRAME_BYTES; k++)
			d[k] = (uint8_t)next_random();
		d[12] = v6 ? 0x86 : 0x08;
		d[13] = v6 ? 0xdd : 0x00;
		d[14] = v6 ? 0x60 : 0x45;
		d[20] = v6 ? 17 : 0;
		d[21] = v6 ? d[21] : 0;
		d[23] = v6 ? d[23] : 17;
		b->tuple[i] = d + (v6 ? 22 : 26);
		memset(&b->mbuf[i], 0, sizeof(b->mbuf[i]));
		b->mbuf[i].buf_addr = d;
		b->mbuf[i].data_len = FRAME_BYTES;
		b->list[i] = &b->mbuf[i];
	}
}

/* Nanoseconds a packet of one round; adds to sum what was computed. */
static double
run_round(struct bench *b, const struct row *row, enum hf_rss_form form, uint32_t *sum)
{
	uint32_t hash[BULK], at = 0;
	uint64_t began = lab_now_ns();

	b->rss.form_ipv4 = b->rss.form_ipv6 = form;
	for (uint32_t call = 0; call < ROUND_CALLS; call++) {
		if (row->what == TUPLES)
			hf_rss_hash_bulk(&b->rss, form, &b->tuple[at], row->tuple_bytes, BULK,
					 hash);
		else
			hf_rss_hash_burst(&b->rss, &b->list[at], BULK, hash);
		for (uint32_t i = 0; i < BULK; i++)
			*sum += hash[i] ^ i;
		at = (at + BULK) % row->set;
	}
	return (double)(lab_now_ns() - began) / ROUND_CALLS / BULK;
}

/* Returns 0, or 1 when a form computed something else than the table. */
static int
run_row(struct bench *b, const struct row *row, uint32_t rounds)
{
	double table;
	int differs = 0;

	fill(b, row);
	memset(b->sum, 0, sizeof(b->sum));
	memset(b->ns, 0, sizeof(b->ns));
	for (uint32_t r = 0; r < rounds; r++)
		for (uint32_t f = 0; f < HF_RSS_FORMS; f++)
			if (hf_rss_form_usable(f))
				lab_add(&b->ns[f], run_round(b, row, f, &b->sum[f]));
	table = lab_median(&b->ns[HF_RSS_TABLE]);
	for (uint32_t f = 0; f < HF_RSS_FORMS; f++) {
		double ns;

		if (!hf_rss_form_usable(f))
			continue;
		ns = lab_median(&b->ns[f]);
		printf("%-28s %-8s %8.2f %8.2f\n", row->name, hf_rss_form_name(f), ns, ns / table);
		if (b->sum[f] != b->sum[HF_RSS_TABLE]) {
			fprintf(stderr, "bench_rss: %s: hash differs from the table's\n",
				hf_rss_form_name(f));
			differs = 1;
		}
	}
	return differs;
}

static void
print_choice(struct bench *b)
{
	struct hf_rss_choice choice;

	hf_rss_choose(&b->rss, &choice);
	printf("hf_rss_choose: %s for IPv4, %s for IPv6\n", hf_rss_form_name(b->rss.form_ipv4),
	       hf_rss_form_name(b->rss.form_ipv6));
	for (uint32_t f = 0; f < HF_RSS_FORMS; f++)
		printf("  %-8s %.2f and %.2f ns a packet\n", hf_rss_form_name(f),
		       choice.ipv4_ps[f] / 1e3, choice.ipv6_ps[f] / 1e3);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 31;
	uint8_t key[HF_RSS_KEY_MIN];
	const uint16_t reta[1] = {0};
	int differs = 0;

	if (argc > 2 || rounds < 1 || rounds > LAB_ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_rss [ROUNDS], 1 to %u\n", LAB_ROUNDS_MAX);
		return 2;
	}
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)next_random();
	if (hf_rss_init(&b.rss, key, sizeof(key),
			HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_TCP | HF_RSS_UDP | HF_RSS_SCTP, reta,
			1) != 0)
		return 1;
	printf("%-28s %-8s %8s %8s\n", "packets", "form", "ns/pkt", "ratio");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		differs |= run_row(&b, &rows[i], rounds);
	if (!hf_rss_form_usable(HF_RSS_GFNI))
		printf("Not supported here: gfni: the CPU or the compiler lacks GFNI or AVX-512\n");
	print_choice(&b);
	return differs;
}
