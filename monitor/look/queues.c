/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How packets are spread by RSS: over the queues of a port by the NIC, over lanes by the NIC or by
 * the I/O threads. Each is compared with an even share. Reads the segment in take_queues() alone.
 */
#include <math.h>
#include <string.h>

#include "take.h"

#define UNEVEN_PCT 50.0   /* so far from an even share: shown as a warning ... */
#define ENOUGH_PPS 1000.0 /* ... when it is more than a few packets */

static void
take_queue(struct hf_sample *s, const struct hf_port *port, uint32_t i, uint32_t q)
{
	struct hf_queue_row *row = &s->queues[s->n_queues++];

	*row = (struct hf_queue_row){.port_index = i, .queue = q};
	memcpy(row->port, s->ports[i].name, sizeof(row->port));
	row->rx_pkts = q < port->n_queues && q < HF_MAX_RXQ ? hf_queue_pkts(&port->rx_queue[q])
							    : HF_UNKNOWN;
	row->tx_pkts = q < port->n_tx_queues && q < HF_MAX_TXQ ? hf_queue_pkts(&port->tx_queue[q])
							       : HF_UNKNOWN;
	row->rx_pps = row->tx_pps = row->share = row->deviation = NAN;
}

void
take_queues(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_queues = 0;
	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct hf_port *port = &seg->ports[i];
		uint32_t n_rx = take_least(port->n_queues, HF_MAX_RXQ);
		uint32_t n_tx = take_least(port->n_tx_queues, HF_MAX_TXQ);
		uint32_t n = n_rx > n_tx ? n_rx : n_tx;

		for (uint32_t q = 0; q < n && s->n_queues < HF_MAX_QUEUES; q++)
			take_queue(s, port, i, q);
	}
}

/* One of n that got pps of sum; nothing is known when the sum is not. */
static uint32_t
judge(double pps, double sum, uint32_t n, double *share, double *deviation)
{
	*share = sum > 0 ? 100 * pps / sum : NAN;
	*deviation = n > 0 ? *share * n - 100 : NAN;
	return n > 1 && sum >= ENOUGH_PPS && fabs(*deviation) > UNEVEN_PCT ? HF_ALERT_WARN
									   : HF_ALERT_NONE;
}

/* The receive queues of one port, which begin at first. Returns where the next port's begin. */
static uint32_t
judge_port(struct hf_sample *s, uint32_t first)
{
	uint32_t end = first, n = 0;
	double sum = 0;

	for (; end < s->n_queues && s->queues[end].port_index == s->queues[first].port_index;
	     end++) {
		if (s->queues[end].rx_pkts == HF_UNKNOWN)
			continue;
		sum += s->queues[end].rx_pps;
		n++;
	}
	for (uint32_t q = first; q < end; q++) {
		struct hf_queue_row *row = &s->queues[q];

		if (row->rx_pkts != HF_UNKNOWN)
			row->alert = judge(row->rx_pps, sum, n, &row->share, &row->deviation);
	}
	return end;
}

static void
judge_lanes(struct hf_sample *s)
{
	double sum = 0;

	for (uint32_t l = 0; l < s->n_lanes; l++)
		sum += s->lanes[l].rx_pps;
	for (uint32_t l = 0; l < s->n_lanes; l++)
		s->lanes[l].uneven = judge(s->lanes[l].rx_pps, sum, s->n_lanes, &s->lanes[l].share,
					   &s->lanes[l].deviation);
}

void
compare_queues(struct hf_sample *s, const struct hf_sample *before, double seconds)
{
	for (uint32_t q = 0; q < s->n_queues && q < before->n_queues; q++) {
		struct hf_queue_row *now = &s->queues[q];
		const struct hf_queue_row *then = &before->queues[q];

		if (now->port_index != then->port_index || now->queue != then->queue)
			continue;
		now->rx_pps = take_rate(now->rx_pkts, then->rx_pkts, seconds);
		now->tx_pps = take_rate(now->tx_pkts, then->tx_pkts, seconds);
	}
	for (uint32_t q = 0; q < s->n_queues;)
		q = judge_port(s, q);
	judge_lanes(s);
}

void
forget_queues(struct hf_sample *s)
{
	for (uint32_t q = 0; q < s->n_queues; q++) {
		s->queues[q].rx_pps = s->queues[q].tx_pps = NAN;
		s->queues[q].share = s->queues[q].deviation = NAN;
	}
	for (uint32_t l = 0; l < s->n_lanes; l++)
		s->lanes[l].share = s->lanes[l].deviation = NAN;
}
