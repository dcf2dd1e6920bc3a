/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: plan, apply and recovery of the stages on any packets. An input is a configuration,
 * two points at which owners end, and packets. Everything is worked off twice: by one owner that
 * lives, and by owners that end at those points (in apply, then in recovery). Both leave the same
 * packets, verdicts and counters, and in both, after every burst: received = sent + dropped + held,
 * every verdict is valid, flows and skipped packets add up to the packets, and the undo record is
 * one that recovery can follow. Every packet lies in memory of exactly its length.
 */
#include <setjmp.h>

#include "fuzz.h"
#include "lane_world.h"
#include "points.h"

#define PACKETS_MAX 128
#define NO_VERDICT  0x7fff /* neither a port nor a reason */
#define TICK        5

enum option {
	OPTION_FLOW = 1,
	OPTION_MACSWAP = 2,
	OPTION_FULL_TABLE = 4,
	OPTION_SCRIBBLE = 8,
	OPTION_CKSUM = 16, /* a driver has found checksums of some packets wrong */
};

struct packet {
	const uint8_t *bytes;
	uint16_t len;
	uint16_t port;
	uint32_t more; /* bytes in further segments */
};

struct input {
	uint8_t options;
	uint8_t batch; /* packets published at a time */
	uint16_t burst;
	uint16_t die_at;   /* points until the first owner ends; 0: it lives */
	uint16_t die_next; /* the same for the second */
	uint8_t scribble[24];
	uint32_t n;
	struct packet packet[PACKETS_MAX];
};

/* What a lane is left with. */
struct outcome {
	uint64_t pkts, bytes; /* of flows */
	uint64_t skipped[HF_SKIP_MAX];
	uint64_t tx, drops;
	uint16_t verdict[PACKETS_MAX];
	uint8_t *data[PACKETS_MAX];
};

static struct {
	jmp_buf death;
	long left;
} points;

static struct {
	struct lane_world w;
	uint8_t *empty, *full; /* flow regions */
	struct hf_flow_account full_account;
} lane;

void
hf_point_hit(const char *name)
{
	(void)name;
	if (points.left > 0 && --points.left == 0)
		longjmp(points.death, 1);
}

/* A table in which every new flow evicts one. */
static void
fill_table(void)
{
	struct hf_flow_table t;

	hf_segment_flow_table(lane.w.seg, 0, &t);
	for (uint32_t i = 0; i < 8 * WORLD_CAPACITY; i++) {
		struct hf_flow_key key = {.family = 4, .proto = 17};

		memcpy(key.src + 12, &i, sizeof(i));
		hf_flow_count(&t.records[hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key), 1,
								NULL, 0)],
			      60, 1);
	}
}

static void
open_lane(void)
{
	size_t bytes = hf_flow_region_bytes(WORLD_CAPACITY);
	uint8_t *region;

	world_open(&lane.w);
	region = hf_segment_flow_region(lane.w.seg, 0);
	lane.empty = fuzz_exact(region, bytes);
	fill_table();
	lane.full = fuzz_exact(region, bytes);
	lane.full_account = lane.w.seg->lanes[0].flows;
}

static void
read_input(struct input *in, const uint8_t *data, size_t size)
{
	struct fuzz_input raw = {data, size};

	in->options = fuzz_u8(&raw);
	in->burst = (uint16_t)(1 + fuzz_u8(&raw) % HF_BURST_MAX);
	in->batch = (uint8_t)(1 + fuzz_u8(&raw) % PACKETS_MAX);
	in->die_at = fuzz_u8(&raw);
	in->die_at |= (uint16_t)((fuzz_u8(&raw) & 3) << 8);
	in->die_next = fuzz_u8(&raw) % 16;
	if ((in->options & OPTION_SCRIBBLE) != 0)
		for (size_t i = 0; i < sizeof(in->scribble); i++)
			in->scribble[i] = fuzz_u8(&raw);
	for (in->n = 0; in->n < PACKETS_MAX && raw.left > 0; in->n++) {
		struct packet *p = &in->packet[in->n];
		uint8_t len = fuzz_u8(&raw), extra;

		p->port = fuzz_u8(&raw) % (HF_MAX_PORTS + 2);
		extra = fuzz_u8(&raw);
		p->more = extra < 0xc0 ? 0 : (extra & 0x3fU) * 64;
		p->len = (uint16_t)(len < raw.left ? len : raw.left);
		p->bytes = raw.at;
		raw.at += p->len;
		raw.left -= p->len;
	}
}

/* The lane as a primary leaves it, and the packets as they were received. */
static void
reset_lane(const struct input *in)
{
	struct hf_segment *seg = lane.w.seg;
	int full = (in->options & OPTION_FULL_TABLE) != 0;

	memset(&seg->lanes[0], 0, sizeof(seg->lanes[0]));
	memcpy(hf_segment_flow_region(seg, 0), full ? lane.full : lane.empty,
	       hf_flow_region_bytes(WORLD_CAPACITY));
	if (full)
		seg->lanes[0].flows = lane.full_account;
	seg->run.burst = in->burst;
	seg->run.stage_flow = (in->options & OPTION_FLOW) != 0;
	seg->run.l2_mode = (in->options & OPTION_MACSWAP) != 0 ? HF_L2_MACSWAP : HF_L2_WIRE;
	seg->run.cksum_ports = (in->options & OPTION_CKSUM) != 0 ? UINT32_MAX : 0;
	hf_lane_ring_format(lane.w.ring, WORLD_RING, 0, 0);
	for (uint32_t i = 0; i < in->n; i++) {
		const struct packet *p = &in->packet[i];
		struct rte_mbuf *m = &lane.w.mbuf[i];

		hf_lane_ring_verdicts(lane.w.ring)[i] = NO_VERDICT;
		memset(m, 0, sizeof(*m));
		m->buf_addr = fuzz_exact(p->bytes, p->len);
		m->buf_len = m->data_len = p->len;
		m->pkt_len = p->len + p->more;
		m->nb_segs = p->more == 0 ? 1 : 2;
		m->port = p->port;
		m->ol_flags = p->len % 8 == 1   ? RTE_MBUF_F_RX_IP_CKSUM_BAD
			      : p->len % 8 == 2 ? RTE_MBUF_F_RX_L4_CKSUM_BAD
						: 0;
	}
}

/* The I/O thread's half of the balance, after a burst or a recovery. */
static void
check_balance(const struct input *in, uint64_t published)
{
	struct hf_lane_ring *ring = lane.w.ring;
	const uint16_t *verdicts = hf_lane_ring_verdicts(ring);
	uint64_t done = atomic_load(&ring->done_pub), tx = 0, drops = 0;

	fuzz_check(done == ring->done && done <= published, "cursor past what was published");
	for (uint64_t i = 0; i < done; i++) {
		uint16_t v = verdicts[i], reason = (uint16_t)(v & ~HF_VERDICT_DROP_BIT);
		int drop = (v & HF_VERDICT_DROP_BIT) != 0;

		fuzz_check(drop ? reason < HF_DROP_COUNT : v < HF_MAX_PORTS, "invalid verdict");
		drops += drop;
		tx += !drop;
	}
	for (uint64_t i = done; i < in->n; i++)
		fuzz_check(verdicts[i] == NO_VERDICT || i < done + in->burst,
			   "verdict above the burst");
	fuzz_check(published == tx + drops + (published - done), "rx is not tx + drops + held");
}

/* Flows and skipped packets add up to the packets worked off. before: the sums of the table. */
static void
check_flows(const struct input *in, const struct outcome *before)
{
	uint64_t done = lane.w.ring->done, pkts, bytes, skipped = 0;

	if ((in->options & OPTION_FLOW) == 0 || (in->options & OPTION_SCRIBBLE) != 0)
		return;
	world_flow_sums(&lane.w, &pkts, &bytes);
	for (unsigned int r = 0; r < HF_SKIP_MAX; r++)
		skipped += hf_load(&lane.w.seg->lanes[0].flow_skipped[r]);
	fuzz_check(pkts - before->pkts + skipped == done, "flows + skipped are not the packets");
}

/* Recovery could follow it, whatever it holds, and it belongs to the last burst applied,
 * which began at ring index first. */
static void
check_undo(uint64_t first)
{
	const struct hf_lane_ring *ring = lane.w.ring;
	const struct hf_undo *u = &ring->undo;

	fuzz_check(u->seq == ring->done, "undo record is not of the last burst");
	fuzz_check(u->n_words <= HF_UNDO_WORDS_MAX && u->n_pieces <= HF_UNDO_PIECES_MAX,
		   "undo: too large");
	for (uint32_t i = 0; i < u->n_pieces; i++) {
		uint64_t at = first + u->piece[i].packet;

		fuzz_check(at < ring->done, "undo: piece of a packet behind the burst");
		fuzz_check((uint32_t)u->piece[i].off + u->piece[i].n <=
				   lane.w.mbuf[at & ring->mask].data_len,
			   "undo: past the packet");
	}
	for (uint32_t i = 0; i < u->n_words; i++)
		fuzz_check(u->word[i].seg_off % 8 == 0 &&
				   u->word[i].seg_off < lane.w.seg->header.total_bytes,
			   "undo: word outside the segment");
}

/* One owner's life. until: points until it ends, 0: it works everything off. 1: it was ended. */
static int
live(const struct input *in, int recover, long until, const struct outcome *before)
{
	struct hf_lane_context *ctx = world_owner(&lane.w);
	uint64_t published = atomic_load(&lane.w.ring->published);
	int died;

	points.left = until;
	hf_lap_start(ctx);
	died = setjmp(points.death);
	if (!died && recover)
		fuzz_check(hf_lane_recover(ctx) <= HF_BURST_MAX, "more than a burst restored");
	while (!died) {
		uint64_t was = lane.w.ring->done;
		uint32_t n;

		ctx->lap.bursts +=
			HF_LAP_BURSTS / 2; /* every other burst is timed, not every 64th */
		hf_lap_begin(ctx);
		n = hf_burst_run(ctx, lane.w.ring, TICK);
		hf_lap_end(ctx, n);
		fuzz_check(n <= in->burst && lane.w.ring->done == was + n, "burst miscounts");
		check_balance(in, atomic_load(&lane.w.ring->published));
		if (n > 0) {
			check_undo(was);
			continue;
		}
		published = atomic_load(&lane.w.ring->published);
		if (published == in->n)
			break;
		for (uint32_t i = 0; i < in->batch && published < in->n; i++)
			world_publish(&lane.w, published++);
	}
	points.left = 0;
	free(ctx);
	if (!died)
		check_flows(in, before);
	return died;
}

static void
take_outcome(const struct input *in, struct outcome *out)
{
	world_flow_sums(&lane.w, &out->pkts, &out->bytes);
	for (unsigned int r = 0; r < HF_SKIP_MAX; r++)
		out->skipped[r] = hf_load(&lane.w.seg->lanes[0].flow_skipped[r]);
	for (uint32_t i = 0; i < in->n; i++) {
		out->verdict[i] = hf_lane_ring_verdicts(lane.w.ring)[i];
		out->data[i] = lane.w.mbuf[i].buf_addr;
		fuzz_check(lane.w.mbuf[i].data_len == in->packet[i].len, "length changed");
	}
}

/* What a dead owner may have left in the record; nothing in it may lead outside. */
static void
scribble(const struct input *in)
{
	struct hf_undo *u = &lane.w.ring->undo;
	const uint8_t *s = in->scribble;

	u->seq = lane.w.ring->done + s[0] % 160;
	u->n_words = s[1] % 16;
	u->n_pieces = s[1] / 16;
	u->unsaved = s[5] % 4 == 0;
	for (uint32_t i = 0; i < 16; i++) {
		u->piece[i].packet = (s[2] + i) % 130;
		u->piece[i].off = (uint16_t)(s[3] << 6 | s[4]);
		u->piece[i].n = (s[4] + i) % 32;
	}
	for (uint32_t i = 0; i < 16; i++) {
		uint64_t off = lane.w.seg->header.total_bytes;

		/* Inside the segment it may restore whatever it names: only outside is wrong. */
		memcpy(&off, s + 6 + i % 11, 8);
		if (off < lane.w.seg->header.total_bytes)
			off |= 1;
		u->word[i].seg_off = off;
	}
}

static void
check_same(const struct input *in, const struct outcome *a, const struct outcome *b)
{
	fuzz_check(a->pkts == b->pkts && a->bytes == b->bytes, "death changes flows");
	fuzz_check(memcmp(a->skipped, b->skipped, sizeof(a->skipped)) == 0,
		   "death changes skipped packets");
	for (uint32_t i = 0; i < in->n; i++) {
		fuzz_check(a->verdict[i] == b->verdict[i], "death changes a verdict");
		fuzz_check(memcmp(a->data[i], b->data[i], in->packet[i].len) == 0,
			   "death changes a packet");
	}
}

/* The l2 stage's promise: MAC addresses exchanged or nothing changed. */
static void
check_frames(const struct input *in, const struct outcome *o)
{
	for (uint32_t i = 0; i < in->n; i++) {
		const struct packet *p = &in->packet[i];
		const uint8_t *d = o->data[i];
		size_t kept = 0;

		if ((in->options & OPTION_MACSWAP) != 0 &&
		    (o->verdict[i] & HF_VERDICT_DROP_BIT) == 0) {
			kept = 12;
			fuzz_check(memcmp(d, p->bytes + 6, 6) == 0 &&
					   memcmp(d + 6, p->bytes, 6) == 0,
				   "addresses are not exchanged");
		}
		fuzz_check(memcmp(d + kept, p->bytes + kept, p->len - kept) == 0, "frame changed");
	}
}

static void
run_with_deaths(const struct input *in, struct outcome *out)
{
	reset_lane(in);
	world_flow_sums(&lane.w, &out->pkts, &out->bytes);
	if (live(in, 0, in->die_at, out)) {
		if ((in->options & OPTION_SCRIBBLE) != 0)
			scribble(in);
		if (live(in, 1, in->die_next, out))
			live(in, 1, 0, out);
	} else if ((in->options & OPTION_SCRIBBLE) != 0) {
		scribble(in);
		live(in, 1, 0, out);
	}
	take_outcome(in, out);
}

static void
free_packets(const struct input *in, struct outcome *o)
{
	for (uint32_t i = 0; i < in->n; i++)
		free(o->data[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;
	static struct outcome calm, deaths;

	if (lane.w.seg == NULL)
		open_lane();
	read_input(&in, data, size);
	reset_lane(&in);
	world_flow_sums(&lane.w, &calm.pkts, &calm.bytes);
	live(&in, 0, 0, &calm);
	take_outcome(&in, &calm);
	check_frames(&in, &calm);
	run_with_deaths(&in, &deaths);
	if ((in.options & OPTION_SCRIBBLE) == 0)
		check_same(&in, &calm, &deaths);
	free_packets(&in, &calm);
	free_packets(&in, &deaths);
	return 0;
}
