/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exactly once, in order, unchanged. Owns what was seen of each flow. Run by holdfast-wire's one
 * thread and by the unit test. Must not allocate after init.
 */
#include "wire_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
wire_check_init(struct wire_check *c, const struct wire_flows *flows, const struct wire_sent *sent)
{
	uint64_t words;

	c->flows = flows;
	c->sent = sent;
	c->width = WIRE_WINDOW_MAX;
	while (c->width > WIRE_WINDOW_MIN && (uint64_t)flows->n * c->width / 8 > WIRE_WINDOW_BYTES)
		c->width /= 2;
	words = (uint64_t)flows->n * (c->width / 64);
	c->seen = calloc(flows->n, sizeof(*c->seen));
	c->window = calloc(words, sizeof(*c->window));
	if (c->seen == NULL || c->window == NULL) {
		wire_check_close(c);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < flows->n; i++)
		c->seen[i].queue = WIRE_QUEUE_NONE;
	return 0;
}

void
wire_check_close(struct wire_check *c)
{
	free(c->seen);
	free(c->window);
	c->seen = NULL;
	c->window = NULL;
}

static inline uint64_t *
window_of(const struct wire_check *c, uint32_t flow)
{
	return c->window + (uint64_t)flow * (c->width / 64);
}

/* The window moves on to [seq + 1 - width, seq]; what it newly covers has not been seen. */
static inline void
advance(struct wire_check *c, struct wire_seen *s, uint64_t *window, uint64_t seq)
{
	uint64_t mask = c->width - 1;

	if (seq - s->next >= c->width)
		memset(window, 0, c->width / 8);
	else
		for (uint64_t i = s->next; i <= seq; i++)
			window[(i & mask) / 64] &= ~(UINT64_C(1) << (i % 64));
	window[(seq & mask) / 64] |= UINT64_C(1) << (seq % 64);
	s->next = seq + 1;
	s->pkts++;
}

static inline void
take_old(struct wire_check *c, struct wire_seen *s, uint64_t *window, uint64_t seq)
{
	uint64_t *word = &window[(seq & (c->width - 1)) / 64], bit = UINT64_C(1) << (seq % 64);

	if (s->next - seq > c->width) {
		c->totals.late++;
	} else if ((*word & bit) != 0) {
		c->totals.duplicated++;
		return;
	} else {
		*word |= bit;
	}
	c->totals.reordered++;
	s->pkts++;
}

static inline void
take_queue(struct wire_check *c, struct wire_seen *s, uint16_t queue)
{
	if (s->queue == WIRE_QUEUE_NONE)
		s->queue = queue;
	if (s->queue != queue && !s->several) {
		s->several = 1;
		c->totals.flows_on_several_queues++;
	}
}

static inline void
fault(struct wire_check *c, enum wire_fault f)
{
	c->totals.fault[f]++;
	c->totals.content_errors++;
}

static inline uint16_t
expected_port(const struct wire_check *c, uint16_t sent_by)
{
	return c->same_port ? sent_by : sent_by ^ 1;
}

/* What is wrong with the frame; *counts: it is a packet of its flow all the same. */
static inline enum wire_fault
judge(const struct wire_check *c, const uint8_t *frame, uint32_t len,
      const struct wire_stamp *stamp, uint16_t port, int *counts)
{
	struct hf_flow_key key;
	enum wire_fault f;

	*counts = 0;
	if (stamp->flow >= c->flows->n || stamp->seq >= c->sent[stamp->flow].pkts)
		return WIRE_FAULT_NEVER_SENT;
	wire_flow_key(c->flows, stamp->flow, &key);
	f = wire_frame_check(frame, len, &key, stamp, c->expect);
	*counts = f == WIRE_FAULT_NONE || wire_frame_is_of(frame, &key);
	if (f == WIRE_FAULT_NONE && port != expected_port(c, stamp->port))
		f = WIRE_FAULT_WRONG_PORT;
	return f;
}

void
wire_check_frame(struct wire_check *c, const uint8_t *frame, uint32_t len,
		 const struct wire_stamp *stamp, uint16_t port, uint16_t queue, uint64_t rx_tsc)
{
	struct wire_seen *s;
	enum wire_fault f;
	int counts;

	if (stamp == NULL) {
		c->totals.foreign++;
		return;
	}
	c->totals.rx_pkts++;
	c->totals.rx_bytes += len;
	c->totals.queue_rx[queue]++;
	f = judge(c, frame, len, stamp, port, &counts);
	if (f != WIRE_FAULT_NONE)
		fault(c, f);
	if (!counts)
		return;
	s = &c->seen[stamp->flow];
	if (stamp->seq >= s->next)
		advance(c, s, window_of(c, stamp->flow), stamp->seq);
	else
		take_old(c, s, window_of(c, stamp->flow), stamp->seq);
	take_queue(c, s, queue);
	/* The time in a damaged packet may be part of the damage. */
	if (f == WIRE_FAULT_NONE)
		wire_latency_add(&c->latency, rx_tsc > stamp->tx_tsc ? rx_tsc - stamp->tx_tsc : 0);
}

void
wire_check_prefetch(const struct wire_check *c, const struct wire_stamp *stamp)
{
	const struct wire_seen *s;

	if (stamp->flow >= c->flows->n)
		return;
	s = &c->seen[stamp->flow];
	__builtin_prefetch(s, 1);
	__builtin_prefetch(&c->sent[stamp->flow]);
	__builtin_prefetch(window_of(c, stamp->flow) + (stamp->seq & (c->width - 1)) / 64, 1);
}

void
wire_check_finish(struct wire_check *c)
{
	for (uint32_t i = 0; i < c->flows->n; i++) {
		uint64_t sent = c->sent[i].pkts, got = c->seen[i].pkts;

		if (got < sent)
			c->totals.lost += sent - got;
		else
			c->totals.duplicated += got - sent; /* twice, and late: see the header */
	}
}

int
wire_check_good(const struct wire_check *c, uint64_t allow_loss)
{
	const struct wire_totals *t = &c->totals;

	return t->lost <= allow_loss && t->duplicated == 0 && t->reordered == 0 &&
	       t->content_errors == 0;
}
