/* SPDX-License-Identifier: BSD-3-Clause */
#include "headroom.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define READ_TRIES 100
#define KEPT_S     5  /* older accounts tell nothing about now */
#define LEAST_FIT  64 /* polls, for a line through them */

static void
read_sources(const struct hf_segment *seg, uint32_t lane, uint64_t *source)
{
	const struct hf_segment_header *h = &seg->header;

	memset(source, 0, HF_MAX_PORTS * sizeof(*source));
	if (h->kind == HF_LANE_HARDWARE)
		for (uint32_t p = 0; p < h->n_ports && p < HF_MAX_PORTS; p++)
			source[p] = hf_load(&seg->ports[p].rx_queue[lane].pkts);
	else
		for (uint32_t k = 0; k < h->n_io && k < HF_MAX_IO; k++)
			source[k] = hf_load(&seg->io[k].lane[lane].rx_pkts);
}

void
hf_load_read(const struct hf_segment *seg, uint32_t lane, struct hf_load *out)
{
	const struct hf_lane *l = &seg->lanes[lane];

	out->tsc = hf_tsc();
	out->busy_tsc = hf_load(&l->busy_tsc);
	out->total_tsc = hf_load(&l->total_tsc);
	out->done_pkts = hf_load(&l->done_pkts);
	out->polls = hf_load(&l->polls);
	out->fit_polls = hf_load(&l->cost.polls);
	out->fit_pkts = hf_load(&l->cost.pkts);
	out->fit_tsc = hf_load(&l->cost.tsc);
	out->fit_pkts_pkts = hf_load(&l->cost.pkts_pkts);
	out->fit_pkts_tsc = hf_load(&l->cost.pkts_tsc);
	read_sources(seg, lane, out->source);
}

void
hf_load_keep(struct hf_segment *seg, uint32_t lane)
{
	struct hf_load_kept *kept = seg->load[lane];
	struct hf_load_kept *k =
		hf_load(&kept[0].word[0]) <= hf_load(&kept[1].word[0]) ? &kept[0] : &kept[1];
	/* A primary that died inside left it odd. */
	uint32_t seq = atomic_load_explicit(&k->seq, memory_order_relaxed) | 1;
	uint64_t word[HF_LOAD_WORDS];
	struct hf_load now;

	hf_load_read(seg, lane, &now);
	memcpy(word, &now, sizeof(word));
	atomic_store_explicit(&k->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (unsigned int i = 0; i < HF_LOAD_WORDS; i++)
		atomic_store_explicit(&k->word[i], word[i], memory_order_relaxed);
	/* Pairs with the reader's acquire load of an even value. */
	atomic_store_explicit(&k->seq, seq + 1, memory_order_release);
}

static int
read_kept(const struct hf_load_kept *k, struct hf_load *out)
{
	uint64_t word[HF_LOAD_WORDS];

	for (unsigned int try = 0; try < READ_TRIES; try++) {
		uint32_t seq = atomic_load_explicit(&k->seq, memory_order_acquire);

		if ((seq & 1) != 0)
			continue;
		for (unsigned int i = 0; i < HF_LOAD_WORDS; i++)
			word[i] = atomic_load_explicit(&k->word[i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&k->seq, memory_order_relaxed) != seq)
			continue;
		memcpy(out, word, sizeof(*out));
		return 0;
	}
	return -EAGAIN;
}

int
hf_load_read_kept(const struct hf_segment *seg, uint32_t lane, uint64_t now_tsc,
		  struct hf_load *out)
{
	uint64_t oldest = now_tsc - KEPT_S * seg->header.tsc_hz;
	struct hf_load kept[2];
	int best = -1;

	for (int i = 0; i < 2; i++) {
		if (read_kept(&seg->load[lane][i], &kept[i]) != 0 || kept[i].tsc == 0 ||
		    (int64_t)(kept[i].tsc - oldest) < 0 || kept[i].tsc >= now_tsc)
			continue;
		if (best < 0 || kept[i].tsc < kept[best].tsc)
			best = i;
	}
	if (best < 0)
		return -ENOENT;
	*out = kept[best];
	return 0;
}

/* Packets a poll finds when all wait: of the busiest source a burst, of the others their share. */
static double
full_poll(const struct hf_load *before, const struct hf_load *now, uint32_t burst)
{
	double sum = 0, most = 0;

	for (unsigned int i = 0; i < HF_MAX_PORTS; i++) {
		double n = (double)(now->source[i] - before->source[i]);

		sum += n;
		most = n > most ? n : most;
	}
	return most > 0 ? burst * sum / most : burst;
}

/* The line of least squares; where it would not cost time to poll or to take a packet: all of the
 * time is the packets'. */
static void
fit(struct hf_headroom *h, const struct hf_load *before, const struct hf_load *now)
{
	double polls = (double)(now->fit_polls - before->fit_polls);
	double pkts = (double)(now->fit_pkts - before->fit_pkts);
	double tsc = (double)(now->fit_tsc - before->fit_tsc);
	double square = (double)(now->fit_pkts_pkts - before->fit_pkts_pkts);
	double product = (double)(now->fit_pkts_tsc - before->fit_pkts_tsc);
	double spread = polls * square - pkts * pkts; /* 0: all polls found the same number */

	if (polls < LEAST_FIT)
		return;
	h->pkts_per_poll = pkts / polls;
	h->cycles_per_pkt = tsc / pkts;
	h->pkt_cycles = spread > 0 ? (polls * product - pkts * tsc) / spread : 0;
	h->poll_cycles = (tsc - h->pkt_cycles * pkts) / polls;
	if (h->pkt_cycles <= 0 || h->poll_cycles < 0) {
		h->pkt_cycles = tsc / pkts;
		h->poll_cycles = 0;
	}
}

void
hf_headroom_find(struct hf_headroom *out, const struct hf_load *before, const struct hf_load *now,
		 uint64_t tsc_hz, uint32_t burst)
{
	double seconds, busy, undisturbed, pkts, full;

	*out = (struct hf_headroom){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (now->tsc <= before->tsc || now->busy_tsc < before->busy_tsc ||
	    now->total_tsc < before->total_tsc || now->done_pkts < before->done_pkts ||
	    now->fit_polls < before->fit_polls)
		return;
	seconds = (double)(now->tsc - before->tsc) / (double)tsc_hz;
	busy = (double)(now->busy_tsc - before->busy_tsc);
	pkts = (double)(now->done_pkts - before->done_pkts);
	if (now->total_tsc > before->total_tsc)
		out->busy = fmin(busy / (double)(now->total_tsc - before->total_tsc), 1);
	out->pps = pkts / seconds;
	if (pkts > 0)
		out->cycles_per_pkt = busy / pkts;
	fit(out, before, now);
	if (isnan(out->pkt_cycles))
		return;
	undisturbed = busy > 0 ? fmin((double)(now->fit_tsc - before->fit_tsc) / busy, 1) : 1;
	full = fmax(full_poll(before, now, burst), out->pkts_per_poll);
	out->max_pps = (double)tsc_hz * undisturbed / (out->pkt_cycles + out->poll_cycles / full);
	out->headroom_pps = fmax(out->max_pps - out->pps, 0);
}
