/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-lab forward: what lanes cost, against testpmd on the same source in the same run. Each
 * round runs every case once, so that what the machine does meanwhile meets all of them alike.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab_forward.h"
#include "log.h"
#include "units.h"

#define SOURCE_TRIES 6   /* for a source, until the CPUs stay where they are */
#define LINE_MOVED   1.6 /* times as long: they do not */

static const char *const source_name[FORWARD_SOURCES] = {
	[FORWARD_PCAP] = "pcap",
	[FORWARD_NULL] = "null",
	[FORWARD_VIRTIO] = "virtio",
};

static void
print_help(void)
{
	printf("Usage: holdfast-lab forward [OPTION]...\n\n"
	       "Forwarding of lanes against dpdk-testpmd: software lanes over net_pcap, hardware\n"
	       "lanes over net_null and net_virtio_user. Alternating rounds; medians and ratios.\n\n"
	       "  --rounds N        rounds (default 5)\n"
	       "  --seconds S       measured in each round of each case (default 3)\n"
	       "  --source NAME     only pcap, null or virtio; may be given more than once\n"
	       "  --nice N          priority of all that is measured (default -20)\n"
	       "  --json            one JSON object\n"
	       "  --help\n\n"
	       "Needs root, two CPUs, dpdk-testpmd and 1 GB of free hugepages.\n");
}

static int
add_source(const char *text, uint32_t *sources)
{
	for (uint32_t i = 0; i < FORWARD_SOURCES; i++) {
		if (strcmp(text, source_name[i]) == 0) {
			*sources |= 1U << i;
			return 0;
		}
	}
	return -EINVAL;
}

static int
parse_nice(const char *text, int *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < -20 || n > 19)
		return -EINVAL;
	*out = (int)n;
	return 0;
}

static int
parse_one(int option, const char *text, struct forward_run *r)
{
	uint64_t n;
	int err;

	switch (option) {
	case 'r':
		err = hf_parse_u64(text, 1, LAB_ROUNDS_MAX, &n);
		r->rounds = err == 0 ? (uint32_t)n : 0;
		return err;
	case 's':
		return hf_parse_seconds(text, 0.1, 600, &r->seconds);
	case 'o':
		return add_source(text, &r->sources);
	case 'n':
		return parse_nice(text, &r->nice);
	default:
		r->json = 1;
		return 0;
	}
}

/* 0 go on; 1 help was shown; -EINVAL said why. */
static int
parse_options(int argc, char **argv, struct forward_run *r)
{
	static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
						{"seconds", required_argument, NULL, 's'},
						{"source", required_argument, NULL, 'o'},
						{"nice", required_argument, NULL, 'n'},
						{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return 1;
		}
		if (option == '?')
			return -EINVAL;
		if (parse_one(option, optarg, r) != 0) {
			hf_err("%s: not a value for this option: see --help", optarg);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		hf_err("%s: unexpected argument: see --help", argv[optind]);
		return -EINVAL;
	}
	return 0;
}

/* The cases asked for, each with its reference. */
static void
list_results(struct forward_run *r)
{
	uint32_t n;
	const struct forward_case *c = forward_cases(&n);

	for (uint32_t i = 0; i < n; i++)
		if ((r->sources >> c[i].source & 1) != 0)
			r->result[r->n_results++].what = &c[i];
	for (uint32_t i = 0; i < r->n_results; i++)
		for (uint32_t k = 0; k < r->n_results; k++)
			if (r->result[k].what->source == r->result[i].what->source &&
			    r->result[k].what->engine == FORWARD_TESTPMD)
				r->result[i].reference = (int)k;
}

static void
add_sample(struct forward_result *res, const struct forward_sample *s)
{
	lab_add(&res->tx, s->tx_mpps);
	lab_add(&res->rx, s->rx_mpps);
	lab_add(&res->worker, s->worker_ns);
	lab_add(&res->io, s->io_ns);
	lab_add(&res->busy, s->busy);
	for (uint32_t i = 0; i < HF_IO_STEPS; i++)
		lab_add(&res->io_step[i], s->io_step[i]);
}

/* Cases of one source, from first on. */
static uint32_t
count_source(const struct forward_run *r, uint32_t first)
{
	uint32_t n = 0;

	while (first + n < r->n_results &&
	       r->result[first + n].what->source == r->result[first].what->source)
		n++;
	return n;
}

/* Runs n cases once. line: least and most of the way between the CPUs, before and after each. */
static int
measure_source(struct forward_run *r, uint32_t first, uint32_t n, struct forward_sample *s,
	       double line[2])
{
	line[0] = line[1] = forward_line_ns();
	for (uint32_t i = 0; i < n; i++) {
		int err = forward_measure(r, r->result[first + i].what, &s[i]);
		double now = forward_line_ns();

		if (err != 0)
			return err;
		line[0] = now < line[0] ? now : line[0];
		line[1] = now > line[1] ? now : line[1];
	}
	return 0;
}

/*
 * Runs every case of a source once. What is compared must have met the same machine: a hypervisor
 * that moves the CPUs apart meanwhile makes it a comparison of places, and it is run again.
 */
static int
run_source(struct forward_run *r, uint32_t round, uint32_t first, uint32_t n)
{
	struct forward_sample s[FORWARD_CASES_MAX] = {0};
	double line[2];
	int err = 0;

	for (uint32_t try = 0; err == 0 && try < SOURCE_TRIES; try++) {
		err = measure_source(r, first, n, s, line);
		if (line[1] <= LINE_MOVED * line[0])
			break;
		hf_info("round %u: %s: the CPUs moved (a line takes %.0f to %.0f ns): again",
			round + 1, source_name[r->result[first].what->source], line[0], line[1]);
	}
	for (uint32_t i = 0; err == 0 && i < n; i++) {
		hf_info("round %u: %s: %.2f Mpps, line %.0f ns", round + 1,
			r->result[first + i].what->name, s[i].tx_mpps, line[1]);
		add_sample(&r->result[first + i], &s[i]);
	}
	return err;
}

/* Runs every case once. */
static int
run_round(struct forward_run *r, uint32_t round)
{
	uint32_t n;

	for (uint32_t i = 0; i < r->n_results; i += n) {
		int err;

		n = count_source(r, i);
		err = run_source(r, round, i, n);
		if (err != 0)
			return err;
	}
	lab_add(&r->line, forward_line_ns());
	for (uint32_t i = 0; i < r->n_results; i++) {
		struct forward_result *res = &r->result[i];
		double reference = r->result[res->reference].tx.value[round];

		lab_add(&res->ratio, reference > 0 ? res->tx.value[round] / reference : 0);
	}
	return 0;
}

static int
run_all(struct forward_run *r)
{
	int err = 0;

	for (uint32_t round = 0; err == 0 && round < r->rounds; round++)
		err = run_round(r, round);
	if (err != 0)
		return err;
	if (r->json)
		forward_print_json(r);
	else
		forward_print_text(r);
	return 0;
}

int
lab_forward(int argc, char **argv)
{
	static struct forward_run run;
	struct forward_run *r = &run;
	int err;

	*r = (struct forward_run){.rounds = 5, .seconds = 3, .nice = -20};
	err = parse_options(argc, argv, r);
	if (err != 0)
		return err > 0 ? 0 : LAB_EXIT_USAGE;
	if (r->sources == 0)
		r->sources = (1U << FORWARD_SOURCES) - 1;
	hf_log_set_level(HF_LOG_INFO);
	list_results(r);
	forward_catch_signals();
	err = forward_prepare(r);
	if (err == 0)
		err = run_all(r);
	forward_end_all(r);
	forward_remove(r);
	return err == 0 || err == -ENOTSUP ? 0 : 1;
}
