/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-lab flow-table: what finding and counting a packet's flow costs, beside the same with
 * rte_hash, at several numbers of flows. The variants take turns in every round.
 */
#include <assert.h>
#include <getopt.h>
#include <rte_eal.h>
#include <stdio.h>
#include <string.h>

#include "flow_bench.h"
#include "lab.h"
#include "log.h"
#include "units.h"

#define FLOWS_DEFAULT "2K,64K,500K,1M,8M"
#define FLOWS_MAX     (HF_FLOW_CAPACITY_MAX / 5 * 4)

enum variant { BULK, RTE, SINGLE, AGEING, FLOOD, N_VARIANTS };
static_assert(N_VARIANTS == 5, "a prime: every stride visits all variants");

static const struct {
	const char *name, *help;
	double (*run)(struct flow_bench *b);
} variants[N_VARIANTS] = {
	[BULK] = {"bulk", "find or insert in bulk, count", flow_bench_bulk},
	[RTE] = {"rte_hash", "lookup in bulk, count", flow_bench_rte},
	[SINGLE] = {"single", "find or insert one by one, count", flow_bench_single},
	[AGEING] = {"ageing", "as bulk, with turns of ageing", flow_bench_ageing},
	[FLOOD] = {"flood", "as bulk, every key new and in the same two buckets", flow_bench_flood},
};

struct flow_options {
	struct lab_list flows;
	uint32_t rounds;
	int json;
};

struct result {
	uint32_t flows, capacity;
	double fill; /* share of the records in use */
	struct lab_series ns[N_VARIANTS];
	struct lab_series ratio; /* of bulk to rte_hash, round by round */
	struct lab_series flood; /* of flood to bulk, round by round */
};

static void
print_help(void)
{
	printf("Usage: holdfast-lab flow-table [OPTION]...\n"
	       "CPU time to find and count a packet's flow, in bursts of %u, beside rte_hash.\n\n"
	       "  --flows LIST  numbers of flows, K = 1024 and M = 1024 K (default: %s)\n"
	       "  --rounds N    rounds of which the median is taken (1 to %u, default: 5)\n"
	       "  --json        print one JSON object\n"
	       "  --help        print this\n\n"
	       "Needs about 3 GB of free hugepages for 8M flows, 400 MB for 1M.\n\nColumns:\n",
	       FLOW_BENCH_BURST, FLOWS_DEFAULT, LAB_ROUNDS_MAX);
	for (int v = 0; v < N_VARIANTS; v++)
		printf("  %-9s ns a packet: %s\n", variants[v].name, variants[v].help);
}

/* Returns -1 to go on, else the exit status. */
static int
parse_options(int argc, char **argv, struct flow_options *o)
{
	static const struct option options[] = {
		{"flows", required_argument, NULL, 'f'},
		{"rounds", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	uint64_t rounds = 5;
	int key;

	o->json = 0;
	lab_parse_list(FLOWS_DEFAULT, 1, FLOWS_MAX, &o->flows);
	while ((key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (key == 'f' && lab_parse_list(optarg, 512, FLOWS_MAX, &o->flows) != 0) {
			hf_err("--flows %s: no list of up to 16 numbers from 512 to %u", optarg,
			       FLOWS_MAX);
			return LAB_EXIT_USAGE;
		}
		if (key == 'r' && hf_parse_u64(optarg, 1, LAB_ROUNDS_MAX, &rounds) != 0) {
			hf_err("--rounds %s: not a number from 1 to %u", optarg, LAB_ROUNDS_MAX);
			return LAB_EXIT_USAGE;
		}
		if (key == 'h') {
			print_help();
			return 0;
		}
		if (key == '?')
			return LAB_EXIT_USAGE;
		o->json |= key == 'j';
	}
	o->rounds = (uint32_t)rounds;
	if (optind == argc)
		return -1;
	hf_err("%s: not an option: see --help", argv[optind]);
	return LAB_EXIT_USAGE;
}

static int
measure(const struct flow_options *o, uint32_t flows, struct result *r)
{
	struct flow_bench b;

	memset(r, 0, sizeof(*r));
	if (flow_bench_open(&b, flows) != 0)
		return 1;
	r->flows = flows;
	r->capacity = b.capacity;
	r->fill = (double)b.account->live_flows / b.capacity;
	for (uint32_t round = 0; round <= o->rounds; round++) {
		double ns[N_VARIANTS];

		for (uint32_t k = 0; k < N_VARIANTS; k++) {
			/* a stride that changes: each comes after each other one */
			uint32_t v = (k * (1 + round % (N_VARIANTS - 1)) + round) % N_VARIANTS;

			ns[v] = variants[v].run(&b);
		}
		if (round == 0) /* warms up caches, pages and branch predictors */
			continue;
		for (int v = 0; v < N_VARIANTS; v++)
			lab_add(&r->ns[v], ns[v]);
		lab_add(&r->ratio, ns[BULK] / ns[RTE]);
		lab_add(&r->flood, ns[FLOOD] / ns[BULK]);
	}
	flow_bench_close(&b);
	return 0;
}

static const char *
flows_text(uint32_t flows, char *buf, size_t len)
{
	if (flows % (1U << 20) == 0)
		snprintf(buf, len, "%um", flows >> 20);
	else if (flows % (1U << 10) == 0)
		snprintf(buf, len, "%uk", flows >> 10);
	else
		snprintf(buf, len, "%u", flows);
	return buf;
}

static void
print_json(const struct result *r, uint32_t n, uint32_t rounds)
{
	printf("{\"flow_table\": {\"burst\": %u, \"rounds\": %u", FLOW_BENCH_BURST, rounds);
	for (uint32_t i = 0; i < n; i++) {
		char f[16];

		flows_text(r[i].flows, f, sizeof(f));
		printf(", \"ns_%s\": %.2f, \"rte_hash_ns_%s\": %.2f, \"ratio_%s\": %.3f", f,
		       lab_median(&r[i].ns[BULK]), f, lab_median(&r[i].ns[RTE]), f,
		       lab_median(&r[i].ratio));
		printf(", \"single_ns_%s\": %.2f, \"ageing_ns_%s\": %.2f, \"flood_ns_%s\": %.2f", f,
		       lab_median(&r[i].ns[SINGLE]), f, lab_median(&r[i].ns[AGEING]), f,
		       lab_median(&r[i].ns[FLOOD]));
		printf(", \"flood_ratio_%s\": %.3f", f, lab_median(&r[i].flood));
		printf(", \"capacity_%s\": %u, \"load_%s\": %.3f", f, r[i].capacity, f, r[i].fill);
	}
	printf("}}\n");
}

static void
print_line(const struct result *r)
{
	char f[16];

	printf("%6s %5.0f%%", flows_text(r->flows, f, sizeof(f)), r->fill * 100);
	for (int v = 0; v < N_VARIANTS; v++) {
		char text[48];

		snprintf(text, sizeof(text), "%.1f (%.1f-%.1f)", lab_median(&r->ns[v]),
			 lab_least(&r->ns[v]), lab_most(&r->ns[v]));
		printf("  %19s", text);
	}
	printf("  %.2f (%.2f-%.2f)", lab_median(&r->ratio), lab_least(&r->ratio),
	       lab_most(&r->ratio));
	printf("  %.2f (%.2f-%.2f)\n", lab_median(&r->flood), lab_least(&r->flood),
	       lab_most(&r->flood));
	fflush(stdout);
}

int
lab_flow_table(int argc, char **argv)
{
	static struct result result[16];
	struct flow_options o;
	int rc = parse_options(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (lab_eal_start() != 0)
		return 1;
	if (!o.json) {
		printf("%6s %6s", "flows", "load");
		for (int v = 0; v < N_VARIANTS; v++)
			printf("  %19s", variants[v].name);
		printf("   bulk / rte_hash      flood / bulk\n");
	}
	rc = 0;
	for (uint32_t i = 0; i < o.flows.n && rc == 0; i++) {
		rc = measure(&o, (uint32_t)o.flows.value[i], &result[i]);
		if (rc == 0 && !o.json)
			print_line(&result[i]);
	}
	if (rc == 0 && o.json)
		print_json(result, o.flows.n, o.rounds);
	rte_eal_cleanup();
	return rc;
}
