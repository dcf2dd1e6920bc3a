/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A primary without packets: makes a segment by shared/base, and moves its counters and flows as
 * an instance at work would, so that the monitor can be driven without DPDK and without hugepages
 * (--dir may be any tmpfs folder). For tests only. SIGUSR1: the next worker dies and a standby
 * takes its lane over. SIGUSR2: the counters are cleared. SIGTERM: leaves as a primary does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "segment.h"
#include "units.h"

#define STEP_MS      20
#define FRAME_BYTES  512U
#define FLOWS_A_STEP 256U /* flows of a lane that are counted each step */

struct fake {
	const char *instance;
	const char *dir;
	uint32_t n_lanes, n_ports, capacity;
	uint64_t n_flows; /* a lane */
	uint64_t pps;     /* a lane */
	double seconds;   /* 0: for ever */
	struct hf_segment_map map;
	struct hf_segment *seg;
	uint32_t next_victim;
	uint64_t step;
};

static atomic_int stop_asked, kill_asked, clear_asked;

static void
on_signal(int sig)
{
	atomic_int *asked = sig == SIGUSR1   ? &kill_asked
			    : sig == SIGUSR2 ? &clear_asked
					     : &stop_asked;

	atomic_store(asked, 1);
}

static int
set_option(struct fake *f, int key, const char *arg)
{
	uint64_t n = 0;
	int err = 0;

	if (key == 'i') {
		f->instance = arg;
		return hf_names_check_instance(arg);
	}
	if (key == 'd') {
		f->dir = arg;
		return 0;
	}
	if (key == 's')
		return hf_parse_seconds(arg, 0, 1e6, &f->seconds);
	err = hf_parse_u64(arg, 0, UINT32_MAX, &n);
	if (key == 'l' && n >= 1 && n <= HF_MAX_LANES)
		f->n_lanes = (uint32_t)n;
	else if (key == 'p' && n >= 1 && n <= HF_MAX_PORTS)
		f->n_ports = (uint32_t)n;
	else if (key == 'c' && n <= HF_FLOW_CAPACITY_MAX)
		f->capacity = (uint32_t)n;
	else if (key == 'f')
		f->n_flows = n;
	else if (key == 'r')
		f->pps = n;
	else
		err = -EINVAL;
	return err;
}

static int
parse(struct fake *f, int argc, char **argv)
{
	static const struct option options[] = {
		{"instance", required_argument, NULL, 'i'},
		{"dir", required_argument, NULL, 'd'},
		{"lanes", required_argument, NULL, 'l'},
		{"ports", required_argument, NULL, 'p'},
		{"capacity", required_argument, NULL, 'c'},
		{"flows", required_argument, NULL, 'f'},
		{"pps", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int key;

	*f = (struct fake){.instance = "fake",
			   .dir = "/dev/shm",
			   .n_lanes = 4,
			   .n_ports = 2,
			   .capacity = 4096,
			   .n_flows = 1000,
			   .pps = 250000};
	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (key == '?' || set_option(f, key, optarg) != 0)
			return -EINVAL;
	return optind == argc ? 0 : -EINVAL;
}

static void
add_event(struct fake *f, enum hf_event_type type, int32_t pid, int32_t lane, uint64_t value,
	  const char *text)
{
	struct hf_event_log *log = &f->seg->events;
	uint64_t n = hf_load(&log->last) + 1;
	struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	e->realtime_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	e->type = type;
	e->pid = pid;
	e->lane = lane;
	e->value = value;
	snprintf(e->text, sizeof(e->text), "%s", text);
	atomic_store_explicit(&e->seq, n, memory_order_release);
	atomic_store_explicit(&log->last, n, memory_order_release);
}

static void
add_worker(struct fake *f, uint32_t slot, int32_t pid, const char *name, int standby)
{
	struct hf_worker *w = &f->seg->workers[slot];

	atomic_store(&w->pid, pid);
	snprintf(w->name, sizeof(w->name), "%s", name);
	snprintf(w->version, sizeof(w->version), "0.1.0");
	w->standby = (uint32_t)standby;
	w->attach_us = 23000;
	atomic_store(&w->attached_tsc, hf_tsc());
	atomic_store_explicit(&w->state, HF_WORKER_RUNNING, memory_order_release);
	add_event(f, HF_EVENT_WORKER_START, pid, -1, 0, name);
}

/* Gives lane l to a worker; gap_ns 0: it is the first owner. */
static void
own(struct fake *f, uint32_t l, uint32_t slot, uint64_t gap_ns)
{
	struct hf_lane *lane = &f->seg->lanes[l];
	struct hf_worker *w = &f->seg->workers[slot];

	atomic_store(&lane->owner_pid, atomic_load(&w->pid));
	atomic_store(&lane->owner_slot_plus1, slot + 1);
	atomic_store(&lane->since_tsc, hf_tsc());
	atomic_fetch_add(&lane->generation, 1);
	if (gap_ns != 0) {
		hf_add(&lane->takeovers, 1);
		atomic_store(&lane->last_gap_ns, gap_ns);
		atomic_store(&lane->last_gap_takeover, 1);
		atomic_store(&lane->last_gap_gen, atomic_load(&lane->generation));
	}
	atomic_store(&w->thread[l], HF_THREAD_OWNER);
	atomic_store(&lane->state, HF_LANE_RUNNING);
	add_event(f, gap_ns != 0 ? HF_EVENT_LANE_TAKEOVER : HF_EVENT_LANE_START,
		  atomic_load(&w->pid), (int32_t)l, gap_ns, w->name);
}

/* The worker that owns lane next_victim dies; the standby becomes its owner under a new name. */
static void
kill_worker(struct fake *f)
{
	uint32_t l = f->next_victim++ % f->n_lanes;
	uint32_t slot = atomic_load(&f->seg->lanes[l].owner_slot_plus1) - 1;
	struct hf_worker *w = &f->seg->workers[slot];
	int32_t pid = atomic_load(&w->pid);
	char name[32];

	add_event(f, HF_EVENT_WORKER_DEATH, pid, -1, 1, w->name);
	atomic_store(&w->thread[l], HF_THREAD_NONE);
	snprintf(name, sizeof(name), "w%u", f->next_victim + 10);
	add_worker(f, slot, pid + 100, name, 0);
	own(f, l, slot, UINT64_C(180000) + f->next_victim * 7000);
}

static void
clear_counters(struct fake *f)
{
	struct hf_segment *seg = f->seg;
	struct hf_lane_totals t;

	for (uint32_t l = 0; l < f->n_lanes; l++) {
		struct hf_lane_clear *c = &seg->clear[l];

		if (hf_io_lane_read(&seg->io[0].lane[l], &t) != 0)
			continue;
		atomic_fetch_add(&c->seq, 1);
		atomic_store(&c->rx_pkts, t.rx_pkts - t.held_pkts);
		atomic_store(&c->rx_bytes, t.rx_bytes);
		atomic_store(&c->tx_pkts, t.tx_pkts);
		atomic_store(&c->tx_bytes, t.tx_bytes);
		for (unsigned int d = 0; d < HF_DROP_MAX; d++)
			atomic_store(&c->drop[d], t.drop[d]);
		atomic_fetch_add(&c->seq, 1);
	}
	for (uint32_t p = 0; p < f->n_ports; p++) {
		atomic_store(&seg->ports[p].rx_pkts, 0);
		atomic_store(&seg->ports[p].rx_bytes, 0);
		atomic_store(&seg->ports[p].tx_pkts, 0);
		atomic_store(&seg->ports[p].tx_bytes, 0);
	}
	atomic_fetch_add(&seg->header.clear_seq, 1);
	add_event(f, HF_EVENT_CLEAR, -1, -1, 0, "");
}

/* Flow i of lane l: IPv4 but for every fifth. */
static void
make_key(struct hf_flow_key *key, uint32_t l, uint64_t i)
{
	uint32_t host = htonl((uint32_t)(0x0a000000 | l << 20 | (uint32_t)i));
	uint32_t peer = htonl(0xc6120000 | (uint32_t)(i * 7 % 65521));

	*key = (struct hf_flow_key){.proto = i % 3 == 0 ? 6 : 17, .family = 4};
	key->sport_be = htons((uint16_t)(1024 + i % 60000));
	key->dport_be = htons(i % 3 == 0 ? 443 : 53);
	key->src[10] = key->src[11] = key->dst[10] = key->dst[11] = 0xff;
	if (i % 5 == 4) {
		inet_pton(AF_INET6, "2001:db8:0:1::", key->src);
		inet_pton(AF_INET6, "2001:db8:ffff:4321::", key->dst);
		key->family = 6;
	}
	memcpy(key->src + 12, &host, 4);
	memcpy(key->dst + 12, &peer, 4);
}

/* Counts n packets on flow i; low numbers are the heavy ones. */
static void
count_flow(struct hf_flow_table *t, uint32_t l, uint64_t i, uint64_t n, uint32_t now)
{
	struct hf_flow_key key;
	uint32_t record;
	uint64_t v;

	make_key(&key, l, i);
	record = hf_flow_find_or_insert(t, &key, hf_flow_hash(t, &key), now, NULL, 0);
	if (record == HF_FLOW_NONE || n == 0)
		return;
	hf_flow_count(&t->records[record], FRAME_BYTES, now);
	v = hf_load(&t->records[record].packets_gen);
	atomic_store(&t->records[record].packets_gen, v + n - 1);
	hf_add(&t->records[record].bytes, (n - 1) * FRAME_BYTES);
}

static void
move_flows(struct fake *f, uint32_t l, uint64_t packets, uint32_t now)
{
	uint64_t n = f->n_flows < FLOWS_A_STEP ? f->n_flows : FLOWS_A_STEP;
	struct hf_flow_table t;

	hf_segment_flow_table(f->seg, l, &t);
	/* The first 16 flows always, the others in turn. */
	for (uint64_t i = 0; i < n && n > 0; i++) {
		uint64_t flow = i < 16 ? i : (f->step * n + i) % f->n_flows;

		count_flow(&t, l, flow, i < 16 ? packets / (4 * (i + 1)) : 1, now);
	}
}

static void
move_lane(struct fake *f, uint32_t l, uint64_t packets)
{
	struct hf_io_lane *io = &f->seg->io[0].lane[l];
	struct hf_lane *lane = &f->seg->lanes[l];
	uint64_t drops = f->step % 50 == 0 && l == 1 ? 3 : 0, cycles;

	atomic_fetch_add(&io->seq, 1);
	hf_add(&io->rx_pkts, packets);
	hf_add(&io->rx_bytes, packets * FRAME_BYTES);
	hf_add(&io->tx_pkts, packets - drops);
	hf_add(&io->tx_bytes, (packets - drops) * FRAME_BYTES);
	hf_add(&io->drop[HF_DROP_LANE_RING_FULL], drops);
	atomic_fetch_add(&io->seq, 1);
	cycles = f->seg->header.tsc_hz / 1000 * STEP_MS;
	hf_add(&lane->total_tsc, cycles);
	hf_add(&lane->busy_tsc, cycles * (15 + l) / 100);
	hf_add(&lane->flow_skipped[HF_SKIP_NOT_IP], f->step % 10 == 0);
	atomic_store(&lane->heartbeat_tsc, hf_tsc());
	move_flows(f, l, packets, hf_tick(&f->seg->header, hf_tsc()));
}

static void
move(struct fake *f)
{
	struct hf_segment *seg = f->seg;
	uint64_t packets = f->pps * STEP_MS / 1000, all = packets * f->n_lanes / f->n_ports;

	for (uint32_t l = 0; l < f->n_lanes; l++)
		move_lane(f, l, packets);
	for (uint32_t p = 0; p < f->n_ports; p++) {
		hf_add(&seg->ports[p].rx_pkts, all);
		hf_add(&seg->ports[p].rx_bytes, all * FRAME_BYTES);
		hf_add(&seg->ports[p].tx_pkts, all);
		hf_add(&seg->ports[p].tx_bytes, all * FRAME_BYTES);
		atomic_store(&seg->ports[p].sampled_tsc, hf_tsc());
	}
	hf_add(&seg->io[0].loops, 1000);
	hf_add(&seg->io[0].busy_tsc, 40);
	hf_add(&seg->io[0].total_tsc, 100);
	atomic_store(&seg->io[0].heartbeat_tsc, hf_tsc());
	for (uint32_t w = 0; w < HF_MAX_WORKERS; w++)
		atomic_store(&seg->workers[w].heartbeat_tsc, hf_tsc());
	atomic_store(&seg->header.heartbeat_tsc, hf_tsc());
	f->step++;
}

/* Cycles a second, by 20 ms against the clock. */
static uint64_t
measure_tsc(void)
{
	struct timespec a, b, wait = {.tv_nsec = 20000000};
	uint64_t from, to;
	double ns;

	clock_gettime(CLOCK_MONOTONIC, &a);
	from = hf_tsc();
	nanosleep(&wait, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	to = hf_tsc();
	ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
	return (uint64_t)((double)(to - from) * 1e9 / ns);
}

static void
fill_ports(struct fake *f)
{
	struct hf_segment *seg = f->seg;

	for (uint32_t i = 0; i < f->n_ports; i++) {
		struct hf_port *port = &seg->ports[i];

		snprintf(port->name, sizeof(port->name), i % 2 == 0 ? "lan%u" : "wan%u", i / 2);
		snprintf(port->driver, sizeof(port->driver), "net_fake");
		port->peer = (uint16_t)((i ^ 1) < f->n_ports ? i ^ 1 : UINT16_MAX);
		port->mtu = 1500;
		port->node = 0;
		atomic_store(&port->link_up, 1);
		atomic_store(&port->link_mbps, 10000);
	}
	snprintf(seg->pools[0].name, sizeof(seg->pools[0].name), HF_POOL_FMT, 0U);
	seg->pools[0].size = 65535;
	atomic_store(&seg->pools[0].free, 60000);
	atomic_store(&seg->pools[0].cached, 500);
	atomic_store(&seg->pools[0].driver, 4096);
	atomic_store(&seg->pools[0].rings, 939);
	atomic_store(&seg->pools[0].census_tsc, hf_tsc());
}

static void
fill_segment(struct fake *f)
{
	struct hf_segment_header *h = &f->seg->header;
	char name[32];

	h->tsc_hz = measure_tsc();
	h->n_ports = f->n_ports;
	h->n_io = 1;
	h->n_pools = 1;
	h->flow_seed = 42;
	h->flow_idle_ticks = 60000;
	snprintf(h->dpdk_version, sizeof(h->dpdk_version), "DPDK 22.11.11");
	fill_ports(f);
	f->seg->io[0].cpu = 1;
	atomic_store(&h->heartbeat_tsc, hf_tsc());
	add_event(f, HF_EVENT_READY, getpid(), -1, 0, "");
	for (uint32_t l = 0; l < f->n_lanes; l++) {
		f->seg->lanes[l].cpu = (int32_t)l;
		if (l + 1 < HF_MAX_WORKERS) {
			snprintf(name, sizeof(name), "worker-%u", l);
			add_worker(f, l, 20000 + (int32_t)l, name, 0);
			own(f, l, l, 0);
		}
	}
	if (f->n_lanes < HF_MAX_WORKERS) {
		add_worker(f, f->n_lanes, 30000, "standby", 1);
		for (uint32_t l = 0; l < f->n_lanes; l++)
			f->seg->workers[f->n_lanes].thread[l] = HF_THREAD_WAITING;
	}
	atomic_store_explicit(&h->state, HF_SEGMENT_READY, memory_order_release);
	h->magic = HF_SEGMENT_MAGIC;
}

static int
create(struct fake *f)
{
	char path[128];
	int err;

	mkdir(HF_RUN_DIR, 0755);
	if (hf_names_path(path, sizeof(path), f->instance, NULL) == 0)
		mkdir(path, 0755);
	err = hf_segment_create(&f->map, f->instance, f->dir, f->n_lanes, f->capacity, (gid_t)-1);
	if (err != 0) {
		hf_err("%s: cannot make a segment: %s", f->dir, strerror(-err));
		return err;
	}
	f->seg = f->map.seg;
	fill_segment(f);
	return 0;
}

static void
run(struct fake *f)
{
	uint64_t steps = (uint64_t)(f->seconds * 1000 / STEP_MS);
	struct timespec wait = {.tv_nsec = STEP_MS * 1000000L};

	while (!atomic_load(&stop_asked) && (steps == 0 || f->step < steps)) {
		if (atomic_exchange(&kill_asked, 0))
			kill_worker(f);
		if (atomic_exchange(&clear_asked, 0))
			clear_counters(f);
		move(f);
		nanosleep(&wait, NULL);
	}
}

int
main(int argc, char **argv)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
	struct sigaction act = {.sa_handler = on_signal};
	struct fake f;

	hf_log_init("fake-segment", HF_LOG_NOTICE);
	if (parse(&f, argc, argv) != 0) {
		hf_err("usage: fake_segment [--instance NAME] [--dir DIR] [--lanes N] [--ports N] [--capacity N] [--flows N] [--pps N] [--seconds S]");
		return 2;
	}
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &act, NULL);
	if (create(&f) != 0)
		return 1;
	run(&f);
	atomic_store(&f.seg->header.state, HF_SEGMENT_GONE);
	hf_segment_remove(f.instance);
	hf_segment_close(&f.map);
	return 0;
}
