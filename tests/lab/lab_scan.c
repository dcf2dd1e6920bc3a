/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-lab monitor-scan: what the monitor's scan of the flow tables costs. A segment of its own
 * in anonymous hugepages, written through the flow table's functions, read through a PROT_READ map
 * by the monitor's code. No EAL, no instance.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flows.h"
#include "lab.h"
#include "log.h"
#include "units.h"

#define HZ        UINT64_C(1000000000) /* the made-up clock counts ns */
#define FLOWS_MAX (UINT64_C(64) << 20)
#define HUGE      (UINT64_C(2) << 20)

struct scan_options {
	struct lab_list flows;
	uint64_t lanes, active, rounds, top, interval_ms;
	struct hf_flow_query query;
	int json;
};

/* Where a flow is. */
struct place {
	uint32_t lane, number;
};

struct scan_world {
	struct hf_segment *seg;       /* the writer's map */
	const struct hf_segment *see; /* the monitor's */
	size_t bytes;
	int huge;
	uint32_t n_flows, capacity;
	struct hf_flow_table tables[HF_MAX_LANES];
	struct hf_flow_memory memory;
	struct hf_flow_top top;
};

struct scan_result {
	struct lab_series scan_ms;
	double fill_ms, first_ms, memory_mb;
	uint64_t live, read; /* records the last scan read */
};

static void
print_help(void)
{
	printf("Usage: holdfast-lab monitor-scan [OPTION]...\n"
	       "Measures the scan of flow tables by holdfast-monitor, in CPU time.\n\n"
	       "  --flows LIST     flows, e.g. 64K,1M,16M (default 1M)\n"
	       "  --lanes N        tables they are in (default 4)\n"
	       "  --active N       percent of the flows with packets between two scans (default 10)\n"
	       "  --top N          rows of the list (default 100)\n"
	       "  --sort KEY       pps, bps, packets, bytes, age or idle (default pps)\n"
	       "  --reverse        the least first\n"
	       "  --filter EXPR    as of holdfast-monitor\n"
	       "  --interval MS    between two scans (default 100)\n"
	       "  --rounds N       scans, the median of which counts (default 21)\n"
	       "  --json           one JSON object a line\n");
}

/* Addresses and ports that differ from flow to flow. */
static struct hf_flow_key
key_of(uint32_t number)
{
	uint32_t mixed = number * UINT32_C(2654435761);
	struct hf_flow_key key = {.family = 4, .proto = mixed >> 31 ? 17 : 6};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	memcpy(key.src + 12, &number, sizeof(number));
	memcpy(key.dst + 12, &mixed, sizeof(mixed));
	key.sport_be = (uint16_t)mixed;
	key.dport_be = (uint16_t)(number % 7 == 0 ? 0x3500 : 0x5000);
	return key;
}

/* A memory file, in hugepages when there are enough. Returns -errno or its descriptor. */
static int
open_memory(struct scan_world *w)
{
	int fd = memfd_create("monitor-scan", MFD_CLOEXEC | MFD_HUGETLB);

	w->bytes = (w->bytes + HUGE - 1) / HUGE * HUGE;
	w->huge = fd >= 0 && ftruncate(fd, (off_t)w->bytes) == 0;
	if (w->huge) {
		w->seg = mmap(NULL, w->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		w->huge = w->seg != MAP_FAILED;
	}
	if (w->huge)
		return fd;
	if (fd >= 0)
		close(fd);
	fd = memfd_create("monitor-scan", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)w->bytes) != 0)
		return -errno;
	w->seg = mmap(NULL, w->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return w->seg == MAP_FAILED ? -errno : fd;
}

static int
make_world(struct scan_world *w, const struct scan_options *o, uint32_t n_flows)
{
	size_t flows_off = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	int fd;

	*w = (struct scan_world){.n_flows = n_flows, .capacity = HF_FLOW_CAPACITY_MIN};
	while (w->capacity * o->lanes < n_flows * UINT64_C(10) / 9 &&
	       w->capacity < HF_FLOW_CAPACITY_MAX)
		w->capacity *= 2;
	w->bytes = flows_off + o->lanes * hf_flow_region_bytes(w->capacity);
	fd = open_memory(w);
	if (fd < 0)
		return fd;
	w->see = mmap(NULL, w->bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (w->see == MAP_FAILED)
		return -errno;
	w->seg->header.tsc_hz = HZ;
	w->seg->header.start_tsc = hf_tsc() - 1000 * HZ;
	w->seg->header.n_lanes = (uint32_t)o->lanes;
	w->seg->header.flow_off = flows_off;
	w->seg->header.flow_capacity = w->capacity;
	w->seg->header.flow_stride = hf_flow_region_bytes(w->capacity);
	w->seg->header.flow_seed = 12345;
	for (uint32_t l = 0; l < o->lanes; l++)
		hf_segment_flow_table(w->seg, l, &w->tables[l]);
	w->top.top = (uint32_t)o->top;
	w->top.rows = calloc(o->top, sizeof(*w->top.rows));
	return w->top.rows == NULL ? -ENOMEM : 0;
}

static void
drop_world(struct scan_world *w)
{
	flows_free(&w->memory);
	free(w->top.rows);
	if (w->seg != NULL && w->seg != MAP_FAILED)
		munmap(w->seg, w->bytes);
	if (w->see != NULL && w->see != MAP_FAILED)
		munmap((void *)(uintptr_t)w->see, w->bytes);
}

/* Some packets of one flow, now. */
static void
touch(struct scan_world *w, uint32_t number, uint32_t packets, uint32_t now)
{
	struct hf_flow_table *t = &w->tables[number % w->seg->header.n_lanes];
	struct hf_flow_key key = key_of(number);
	uint32_t at = hf_flow_find_or_insert(t, &key, hf_flow_hash(t, &key), now, NULL, 0);

	for (uint32_t i = 0; i < packets && at != HF_FLOW_NONE; i++)
		hf_flow_count(&t->records[at], 100, now);
}

/* Every flow as likely as any other; the same sequence in each run. */
static void
touch_some(struct scan_world *w, uint64_t n, uint64_t *draws)
{
	uint32_t now = hf_tick(&w->seg->header, hf_tsc());

	for (uint64_t i = 0; i < n; i++) {
		uint64_t z = ++*draws * UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		touch(w, (uint32_t)((z ^ z >> 27) % w->n_flows), 1 + (uint32_t)(i % 5), now);
	}
}

/* Resident memory of this process in MB, hugepages not included. */
static double
resident_mb(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0, resident = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu %lu", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double
scan_once(struct scan_world *w, const struct scan_options *o)
{
	uint64_t began = lab_cpu_ns();

	flows_scan(&w->memory, w->see, (uint32_t)o->lanes, &o->query, &w->top);
	return (double)(lab_cpu_ns() - began) / 1e6;
}

static int
measure(struct scan_world *w, const struct scan_options *o, struct scan_result *r)
{
	uint64_t began = lab_cpu_ns(), draws = 0, active = w->n_flows * o->active / 100;
	uint32_t now = hf_tick(&w->seg->header, hf_tsc()) - 10000;
	double before;

	for (uint32_t i = 0; i < w->n_flows; i++)
		touch(w, i, 1 + i % 3, now);
	r->fill_ms = (double)(lab_cpu_ns() - began) / 1e6;
	before = resident_mb();
	if (flows_reset(&w->memory, (uint32_t)o->lanes, w->capacity, w->top.top) != 0)
		return -ENOMEM;
	r->first_ms = scan_once(w, o);
	for (uint64_t i = 0; i < o->rounds; i++) {
		usleep((useconds_t)o->interval_ms * 1000);
		touch_some(w, active, &draws);
		lab_add(&r->scan_ms, scan_once(w, o));
	}
	/* Without hugepages the monitor's map of the segment counts as resident, too. */
	r->memory_mb = w->huge ? resident_mb() - before : -1;
	r->live = w->top.live;
	r->read = w->memory.n_read;
	return 0;
}

static void
report_json(const struct scan_options *o, const struct scan_world *w, const struct scan_result *r)
{
	json_t *j = json_pack(
		"{s:I, s:I, s:I, s:I, s:s, s:b, s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}",
		"flows", (json_int_t)r->live, "lanes", (json_int_t)o->lanes, "capacity",
		(json_int_t)w->capacity, "active_percent", (json_int_t)o->active, "sort",
		flows_sort_name(o->query.sort), "hugepages", w->huge, "filter",
		o->query.filter.text, "matched", (json_int_t)w->top.matched, "read",
		(json_int_t)r->read, "scan_ms", lab_median(&r->scan_ms), "least_ms",
		lab_least(&r->scan_ms), "most_ms", lab_most(&r->scan_ms), "first_ms", r->first_ms,
		"memory_mb", r->memory_mb, "fill_ms", r->fill_ms);

	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(j);
}

static void
report(const struct scan_options *o, const struct scan_world *w, const struct scan_result *r)
{
	if (o->json) {
		report_json(o, w, r);
		return;
	}
	printf("%llu flows in %llu tables of %u, %llu %% active, by %s%s: scan %.2f ms (%.2f to "
	       "%.2f), the first %.2f ms, %llu records read; ",
	       (unsigned long long)r->live, (unsigned long long)o->lanes, w->capacity,
	       (unsigned long long)o->active, flows_sort_name(o->query.sort),
	       o->query.reverse ? " reversed" : "", lab_median(&r->scan_ms), lab_least(&r->scan_ms),
	       lab_most(&r->scan_ms), r->first_ms, (unsigned long long)r->read);
	if (w->huge)
		printf("memory %.1f MB\n", r->memory_mb);
	else
		printf("no hugepages\n");
}

static int
run(const struct scan_options *o, uint32_t n_flows)
{
	struct scan_result r = {.live = 0};
	struct scan_world w;
	int err;

	err = make_world(&w, o, n_flows);
	if (err == 0)
		err = measure(&w, o, &r);
	if (err == 0)
		report(o, &w, &r);
	else
		hf_err("monitor-scan: memory for %u flows: %s", n_flows, strerror(-err));
	drop_world(&w);
	return err;
}

static int
set_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (hf_parse_u64(text, min, max, out) == 0)
		return 0;
	hf_err("%s %s: not usable: a number from %llu to %llu expected", option, text,
	       (unsigned long long)min, (unsigned long long)max);
	return -1;
}

static int
set_query(struct scan_options *o, int key, const char *text)
{
	char why[240];

	if (key == 's' && flows_parse_sort(text, &o->query.sort) == 0)
		return 0;
	if (key == 's')
		hf_err("--sort %s: unknown key: pps, bps, packets, bytes, age or idle expected",
		       text);
	else if (filter_parse(text, &o->query.filter, why, sizeof(why)) == 0)
		return 0;
	else
		hf_err("--filter: %s", why);
	return -1;
}

static int
set_option(struct scan_options *o, int key, const char *arg)
{
	switch (key) {
	case 'f':
		if (lab_parse_list(arg, 1, FLOWS_MAX, &o->flows) == 0)
			return 0;
		hf_err("--flows %s: not usable: numbers as in 64K,1M, up to 64M, expected", arg);
		return -1;
	case 'l':
		return set_number("--lanes", arg, 1, HF_MAX_LANES, &o->lanes);
	case 'a':
		return set_number("--active", arg, 0, 1000, &o->active);
	case 't':
		return set_number("--top", arg, 1, 4096, &o->top);
	case 'n':
		return set_number("--rounds", arg, 1, LAB_ROUNDS_MAX, &o->rounds);
	case 'd':
		return set_number("--interval", arg, 0, 10000, &o->interval_ms);
	case 'r':
		o->query.reverse = 1;
		return 0;
	case 'j':
		o->json = 1;
		return 0;
	default:
		return set_query(o, key, arg);
	}
}

int
lab_monitor_scan(int argc, char **argv)
{
	static const struct option options[] = {
		{"flows", required_argument, NULL, 'f'},
		{"lanes", required_argument, NULL, 'l'},
		{"active", required_argument, NULL, 'a'},
		{"top", required_argument, NULL, 't'},
		{"sort", required_argument, NULL, 's'},
		{"reverse", no_argument, NULL, 'r'},
		{"filter", required_argument, NULL, 'x'},
		{"rounds", required_argument, NULL, 'n'},
		{"interval", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct scan_options o = {
		.flows = {1, {1 << 20}},
		.lanes = 4,
		.active = 10,
		.rounds = 21,
		.top = 100,
		.interval_ms = 100,
	};
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key == 'h') {
			print_help();
			return 0;
		}
		if (key == '?' || set_option(&o, key, optarg) != 0)
			return LAB_EXIT_USAGE;
	}
	if (optind < argc) {
		hf_err("%s: not expected: see --help", argv[optind]);
		return LAB_EXIT_USAGE;
	}
	for (uint32_t i = 0; i < o.flows.n; i++)
		if (run(&o, (uint32_t)o.flows.value[i]) != 0)
			return 1;
	return 0;
}
