/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes bursts when they are due and offers them until they are taken: a full port delays, it loses
 * nothing, so that whatever is lost was lost by others. The time stamp is taken when the burst is
 * made; waiting for room counts as latency. Owns the sequence numbers. Must not block, allocate
 * anything but packet buffers, or log while it sends.
 */
#include "wire_generate.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define RSS_FIELDS   (HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_TCP | HF_RSS_UDP | HF_RSS_SCTP)
#define BURSTS_A_SEC 20000 /* at low rates bursts are smaller, not rarer */
#define CATCH_UP_HZ  500   /* a schedule that is 2 ms behind is moved, not caught up with */

static uint16_t
queue_of(const struct hf_rss *rss, const struct hf_flow_key *key)
{
	uint32_t n = key->family == 4 ? 4 : 16;
	uint8_t tuple[HF_RSS_TUPLE_MAX];

	memcpy(tuple, key->src + 16 - n, n);
	memcpy(tuple + n, key->dst + 16 - n, n);
	memcpy(tuple + 2 * n, &key->sport_be, 2);
	memcpy(tuple + 2 * n + 2, &key->dport_be, 2);
	return hf_rss_lane(rss, hf_rss_hash_tuple(rss, tuple, 2 * n + 4));
}

static void
set_rate(struct wire_generator *g, uint64_t rate)
{
	uint64_t fit = RTE_MIN(rate / BURSTS_A_SEC, (uint64_t)WIRE_BURST);

	g->rate = rate;
	g->burst = WIRE_BURST;
	if (g->burst_asked != 0)
		g->burst = g->burst_asked;
	else if (rate != 0)
		g->burst = fit > 0 ? (uint32_t)fit : 1;
}

int
wire_generate_init(struct wire_generator *g, const struct wire_options *o, struct wire_flows *flows,
		   const struct wire_ports *ports)
{
	uint16_t reta[WIRE_RETA];
	struct hf_flow_key key;

	g->flows = flows;
	g->ports = ports;
	g->packets = o->packets;
	g->burst_asked = o->burst;
	g->rates[0] = o->rate;
	g->rates[1] = o->other_rate;
	g->other_percent = o->other_percent;
	g->turn = (uint64_t)(o->turn * (double)rte_get_tsc_hz());
	set_rate(g, o->rate);
	for (uint32_t i = 0; i < WIRE_RETA; i++)
		reta[i] = (uint16_t)(i % ports->n_queues);
	if (hf_rss_init(&g->rss, o->key, o->key_len, RSS_FIELDS, reta, WIRE_RETA) != 0)
		return -EINVAL;
	g->sent = calloc(flows->n, sizeof(*g->sent));
	if (g->sent == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < flows->n; i++) {
		wire_flow_key(flows, i, &key);
		g->sent[i].queue = queue_of(&g->rss, &key);
	}
	return 0;
}

void
wire_generate_start(struct wire_generator *g, uint64_t now)
{
	g->hz = rte_get_tsc_hz();
	g->start_tsc = now;
	g->progress_tsc = now;
	g->turn_tsc = now + g->turn;
}

/* The other rate, with a schedule of its own; or the share asked for of what this turn sent. */
static void
next_turn(struct wire_generator *g, uint64_t now)
{
	uint32_t next = ++g->turns % 2;

	if (next == 1 && g->other_percent != 0)
		g->rates[1] = 1 + (uint64_t)((double)g->paced * (double)g->hz / (double)g->turn *
					     g->other_percent / 100);
	set_rate(g, g->rates[next]);
	g->start_tsc = now;
	g->paced = 0;
	g->turn_tsc += g->turn;
}

int
wire_generate_done(const struct wire_generator *g)
{
	return g->packets != 0 && g->made >= g->packets;
}

/* When packet n of the schedule is due; in doubles, whose 53 bits outlast a run. */
static inline uint64_t
due_tsc(const struct wire_generator *g, uint64_t n)
{
	return g->start_tsc + (uint64_t)((double)n / (double)g->rate * (double)g->hz);
}

/* A sender that was held up does not flood afterwards: the schedule moves on. */
static void
keep_up(struct wire_generator *g, uint64_t now)
{
	uint64_t due, limit = g->hz / CATCH_UP_HZ;

	if (g->rate == 0)
		return;
	due = due_tsc(g, g->paced);
	if (now <= due + limit)
		return;
	g->skipped_tsc += now - due - limit;
	g->start_tsc += now - due - limit;
}

uint64_t
wire_generate_due(const struct wire_generator *g, uint64_t now)
{
	uint64_t due;

	if (g->rate == 0)
		return 0;
	due = due_tsc(g, g->paced);
	return due > now ? due - now : 0;
}

/* Bytes are added up before: a port frees or changes what it has taken. */
static uint32_t
flush_one(struct wire_generator *g, struct wire_out *out, uint16_t port, uint16_t queue,
	  uint64_t now)
{
	uint32_t bytes[WIRE_OUT_ROOM];
	uint16_t sent;

	if (out->n == 0)
		return 0;
	for (uint32_t i = 0; i < out->n; i++)
		bytes[i] = out->mbuf[i]->pkt_len;
	sent = rte_eth_tx_burst(port, queue, out->mbuf, (uint16_t)out->n);
	for (uint16_t i = 0; i < sent; i++)
		g->tx_bytes += bytes[i];
	g->tx_pkts += sent;
	out->n -= sent;
	if (sent > 0)
		g->progress_tsc = now;
	if (sent > 0 && out->n > 0)
		memmove(out->mbuf, out->mbuf + sent, out->n * sizeof(out->mbuf[0]));
	return out->n;
}

uint32_t
wire_generate_flush(struct wire_generator *g, uint64_t now)
{
	uint32_t left = 0;

	g->full = 0;
	for (uint16_t p = 0; p < g->ports->n; p++)
		for (uint16_t q = 0; q < g->ports->n_queues; q++) {
			uint32_t n = flush_one(g, &g->out[p][q], g->ports->id[p], q, now);

			left += n;
			g->full += n > WIRE_OUT_ROOM - WIRE_BURST;
		}
	return left;
}

static inline void
make(struct wire_generator *g, struct rte_mbuf *m, uint32_t flow, uint16_t size, uint64_t now)
{
	struct wire_sent *s = &g->sent[flow];
	uint16_t port = (uint16_t)(flow % g->ports->n);
	struct wire_stamp stamp = {.magic = WIRE_MAGIC,
				   .flow = flow,
				   .seq = s->pkts++,
				   .tx_tsc = now,
				   .port = port,
				   .size = size};
	struct wire_out *out = &g->out[port][s->queue];
	struct hf_flow_key key;

	s->bytes += size;
	wire_flow_key(g->flows, flow, &key);
	wire_frame_build(rte_pktmbuf_mtod(m, uint8_t *), &key, &stamp);
	m->data_len = size;
	m->pkt_len = size;
	out->mbuf[out->n++] = m;
}

uint32_t
wire_generate(struct wire_generator *g, uint64_t now)
{
	uint32_t flow[WIRE_BURST], n = g->burst;
	struct rte_mbuf *mbuf[WIRE_BURST];
	uint16_t size[WIRE_BURST];

	if (g->turn != 0 && now >= g->turn_tsc) {
		keep_up(g, now);
		next_turn(g, now);
		n = g->burst;
	}
	if (wire_generate_due(g, now) > 0)
		return 0;
	keep_up(g, now);
	if (g->packets != 0)
		n = (uint32_t)RTE_MIN((uint64_t)n, g->packets - g->made);
	if (g->full > 0 || n == 0 || rte_pktmbuf_alloc_bulk(g->ports->pool, mbuf, n) != 0) {
		wire_generate_flush(g, now);
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		flow[i] = wire_flows_next(g->flows, &size[i]);
		rte_prefetch0(&g->sent[flow[i]]);
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
	}
	for (uint32_t i = 0; i < n; i++)
		make(g, mbuf[i], flow[i], size[i], now);
	g->made += n;
	g->paced += n;
	wire_generate_flush(g, now);
	return n;
}

void
wire_generate_withdraw(struct wire_generator *g)
{
	for (uint16_t p = 0; p < g->ports->n; p++)
		for (uint16_t q = 0; q < g->ports->n_queues; q++) {
			struct wire_out *out = &g->out[p][q];

			for (uint32_t i = 0; i < out->n; i++) {
				struct rte_mbuf *m = out->mbuf[i];
				struct wire_stamp s;

				if (wire_frame_stamp(rte_pktmbuf_mtod(m, uint8_t *), m->pkt_len,
						     &s) == 0) {
					g->sent[s.flow].pkts--;
					g->sent[s.flow].bytes -= m->pkt_len;
				}
				rte_pktmbuf_free(m);
			}
			if (out->n > 0)
				hf_warn("port %s: queue %u: %u packets not taken: nobody reads them",
					g->ports->device[p], q, out->n);
			g->made -= out->n;
			out->n = 0;
		}
}
