/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A primary and a worker with one lane, for `holdfast-lab forward`. What they count is read from
 * the instance's segment, mapped read-only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab_forward.h"
#include "log.h"

#define START_S   20.0
#define WARM_UP_S 0.5

static void
write_ports(FILE *f, const struct forward_run *r, enum forward_source source)
{
	fprintf(f, "ports:\n");
	for (int i = 0; i < 2; i++) {
		fprintf(f, "  - name: port%d\n    peer: port%d\n", i, 1 - i);
		if (source == FORWARD_PCAP)
			fprintf(f, "    device: \"net_pcap%d,rx_pcap=%s,infinite_rx=1\"\n", i,
				r->pcap);
		else if (source == FORWARD_NULL)
			fprintf(f, "    device: \"net_null%d\"\n", i);
		else
			fprintf(f,
				"    device: \"net_virtio_user%d,path=%s/port%d.sock,queues=1\"\n",
				i, r->scratch, i);
	}
}

static int
write_config(const struct forward_run *r, const struct forward_case *c, const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL) {
		hf_err("%s: write: %s", path, strerror(errno));
		return -errno;
	}
	fprintf(f, "instance: %s\nlanes:\n  - cpu: 1\nio:\n  - cpu: 0\nidle: %s\n", r->instance,
		c->source == FORWARD_PCAP ? "pause" : "poll");
	fprintf(f, "queues: %s\n", c->source == FORWARD_PCAP ? "software" : "hardware");
	fprintf(f, "burst: 64\nring: {size: 16384}\npool: {size: 65535, cache: 512}\n");
	fprintf(f, "l2: {mode: macswap}\n");
	fprintf(f, "flow: {enabled: %s, capacity: 65536}\n",
		c->engine == FORWARD_L2_FLOW ? "true" : "false");
	write_ports(f, r, c->source);
	return fclose(f) == 0 ? 0 : -EIO;
}

/* Waits for READY and maps the segment. 0 or -errno (logged). */
static int
open_segment(struct forward_run *r, struct hf_segment_map *map)
{
	double until = forward_now() + START_S;
	char why[256] = "";
	int err;

	while (hf_segment_open(map, r->instance, 0, why, sizeof(why)) != 0) {
		err = forward_alive(r);
		if (err != 0)
			return err;
		if (forward_now() > until) {
			hf_err("instance %s: start: %s", r->instance, why);
			return -ETIMEDOUT;
		}
		forward_sleep(0.05);
	}
	return 0;
}

/* Until the lane has sent packets. 0 or -errno (logged). */
static int
wait_traffic(struct forward_run *r, const struct hf_segment *seg)
{
	double until = forward_now() + START_S;
	struct hf_lane_totals t = {0};
	int err;

	while (hf_lane_totals_read(seg, 0, &t) != 0 || t.tx_pkts == 0) {
		err = forward_alive(r);
		if (err != 0)
			return err;
		if (forward_now() > until) {
			hf_err("instance %s: forward: no packets within %.0f s", r->instance,
			       START_S);
			return -ETIMEDOUT;
		}
		forward_sleep(0.05);
	}
	return 0;
}

struct counts {
	double at;
	struct hf_lane_totals t;
	uint64_t done, busy, total, io_busy;
	uint64_t io_step[HF_IO_STEPS], io_step_rx, io_step_tx;
};

static int
read_counts(const struct hf_segment *seg, struct counts *c)
{
	const struct hf_lane *lane = &seg->lanes[0];

	c->at = forward_now();
	c->done = hf_load(&lane->done_pkts);
	c->busy = hf_load(&lane->busy_tsc);
	c->total = hf_load(&lane->total_tsc);
	c->io_busy = hf_load(&seg->io[0].busy_tsc);
	for (uint32_t i = 0; i < HF_IO_STEPS; i++)
		c->io_step[i] = hf_load(&seg->io[0].step_tsc[i]);
	c->io_step_rx = hf_load(&seg->io[0].step_rx_pkts);
	c->io_step_tx = hf_load(&seg->io[0].step_tx_pkts);
	return hf_lane_totals_read(seg, 0, &c->t);
}

static double
per_packet_ns(const struct hf_segment *seg, uint64_t tsc, uint64_t packets)
{
	return packets > 0 ? (double)hf_tsc_to_ns(&seg->header, tsc) / (double)packets : 0;
}

static void
fill_sample(const struct hf_segment *seg, const struct counts *x, const struct counts *y,
	    struct forward_sample *s)
{
	uint64_t sent = y->t.tx_pkts - x->t.tx_pkts;

	s->tx_mpps = (double)sent / (y->at - x->at) / 1e6;
	s->rx_mpps = (double)(y->t.rx_pkts - x->t.rx_pkts) / (y->at - x->at) / 1e6;
	s->worker_ns = per_packet_ns(seg, y->busy - x->busy, y->done - x->done);
	s->io_ns = per_packet_ns(seg, y->io_busy - x->io_busy, sent);
	for (uint32_t i = 0; i < HF_IO_STEPS; i++)
		s->io_step[i] =
			per_packet_ns(seg, y->io_step[i] - x->io_step[i],
				      i <= HF_IO_STEP_PUBLISH ? y->io_step_rx - x->io_step_rx
							      : y->io_step_tx - x->io_step_tx);
	if (y->total > x->total)
		s->busy = (double)(y->busy - x->busy) / (double)(y->total - x->total);
}

static int
sample_lane(struct forward_run *r, const struct hf_segment *seg, struct forward_sample *s)
{
	struct counts x, y;
	int err = wait_traffic(r, seg);

	if (err == 0)
		err = forward_sleep(WARM_UP_S);
	if (err == 0)
		err = read_counts(seg, &x);
	if (err == 0)
		err = forward_sleep(r->seconds);
	if (err == 0)
		err = read_counts(seg, &y);
	if (err == 0)
		fill_sample(seg, &x, &y, s);
	return err;
}

static int
start_primary(struct forward_run *r, const struct forward_case *c)
{
	char program[320], config[128], no_pci[] = "--no-pci", dash_c[] = "-c", dashes[] = "--";
	char *args[] = {program, dash_c, config, dashes, no_pci, NULL};
	int err;

	snprintf(r->instance, sizeof(r->instance), "hflab%d", getpid());
	snprintf(program, sizeof(program), "%s/primary/holdfast-primary", r->build);
	snprintf(config, sizeof(config), "%s/holdfast.yaml", r->scratch);
	err = write_config(r, c, config);
	return err != 0 ? err : forward_spawn(r, "primary", args);
}

static int
start_worker(struct forward_run *r)
{
	char program[320], instance[] = "--instance", lanes[] = "--lanes", zero[] = "0";
	char *args[] = {program, instance, r->instance, lanes, zero, NULL};

	snprintf(program, sizeof(program), "%s/secondary/holdfast-worker", r->build);
	return forward_spawn(r, "worker", args);
}

int
lane_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s)
{
	struct hf_segment_map map = {0};
	int err = start_primary(r, c);

	if (err == 0)
		err = open_segment(r, &map);
	if (err != 0)
		return err;
	err = start_worker(r);
	if (err == 0)
		err = sample_lane(r, map.seg, s);
	hf_segment_close(&map);
	return err;
}
