/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-wire: a DPDK primary process of its own that plays the network around a forwarder: sends
 * packets, and checks that each comes back once, in order and as it should. For tests and
 * measurements; nothing in production needs it. This file is the order of things.
 */
#include <rte_cycles.h>
#include <rte_eal.h>
#include <stdlib.h>

#include "log.h"
#include "wire_report.h"
#include "wire_run.h"

#define EXIT_WRONG 3

static void
set_up_flows(struct wire *w)
{
	const struct wire_options *o = &w->options;

	w->flows.n = o->n_flows;
	w->flows.family = o->family;
	w->flows.pick = o->pick;
	w->flows.n_sizes = o->n_sizes;
	for (uint16_t i = 0; i < o->n_sizes; i++)
		w->flows.size[i] = o->size[i];
}

static int
open_flows(struct wire *w)
{
	const struct wire_options *o = &w->options;

	set_up_flows(w);
	if (o->pcap != NULL && wire_flows_load_pcap(&w->flows, o->pcap) != 0)
		return -1;
	if (wire_flows_init(&w->flows, o->zipf, o->seed) == 0)
		return 0;
	hf_err("flows: allocate: not enough memory for %u", w->flows.n);
	return -1;
}

static uint32_t
largest_frame(const struct wire_flows *f)
{
	uint32_t max = 0;

	for (size_t i = 0; i < f->n_records; i++)
		max = f->record[i].size > max ? f->record[i].size : max;
	for (uint16_t i = 0; i < f->n_sizes && f->record == NULL; i++)
		max = f->size[i] > max ? f->size[i] : max;
	return max;
}

static int
open_halves(struct wire *w)
{
	w->check.expect = w->options.expect;
	w->check.same_port = w->options.same_port;
	w->check.n_ports = w->ports.n;
	if (wire_generate_init(&w->generator, &w->options, &w->flows, &w->ports) == 0 &&
	    wire_check_init(&w->check, &w->flows, w->generator.sent) == 0)
		return 0;
	hf_err("flows: allocate: not enough memory for %u", w->flows.n);
	return -1;
}

static int
judge(const struct wire *w)
{
	if (wire_report_print(w) != 0 || w->stalled)
		return 1;
	if (w->options.per_flow != NULL && wire_report_flows(w, w->options.per_flow) != 0)
		return 1;
	return wire_check_good(&w->check, w->options.allow_loss) ? 0 : EXIT_WRONG;
}

int
main(int argc, char **argv)
{
	static struct wire w;
	int rc, status = 1;

	hf_log_init("holdfast-wire", HF_LOG_NOTICE);
	rc = wire_options_parse(argc, argv, &w.options);
	if (rc != 0)
		return rc > 0 ? 0 : 2;
	wire_frame_init();
	if (open_flows(&w) != 0)
		return 1;
	if (wire_ports_start_eal(&w.options, argv[0]) != 0)
		goto free_flows;
	w.hz = rte_get_tsc_hz();
	wire_run_signals();
	if (wire_ports_open(&w.ports, &w.options, largest_frame(&w.flows)) != 0 ||
	    open_halves(&w) != 0)
		goto close;
	if (wire_run_wait(&w) != 0)
		goto close;
	wire_run(&w);
	status = judge(&w);
close:
	wire_ports_close(&w.ports);
	wire_check_close(&w.check);
	free(w.generator.sent);
	rte_eal_cleanup();
free_flows:
	wire_flows_close(&w.flows);
	return status;
}
