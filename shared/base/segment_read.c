/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the segment: consistent totals, names, liveness. Every process; writes nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <errno.h>

#include "segment.h"

#define READ_TRIES 20000 /* with naps: some 20 ms */

uint64_t
hf_process_start_time(int32_t pid)
{
	char path[32], buf[512], *p;
	unsigned long long start = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	p = strrchr(buf, ')'); /* the name may hold anything; fields 3.. follow it */
	for (int field = 2; p != NULL && field < 22; field++) {
		p = strchr(p + 1, ' ');
		if (p != NULL && field == 2 && p[1] == 'Z')
			return 0; /* a zombie is dead */
	}
	if (p != NULL)
		start = strtoull(p + 1, NULL, 10);
	return start;
}

int
hf_process_alive(int32_t pid, uint64_t start_time)
{
	uint64_t start;

	if (pid <= 0)
		return 0;
	start = hf_process_start_time(pid);
	return start != 0 && (start_time == 0 || start == start_time);
}

/* The writer stands inside its update: it may need this CPU to get on. */
static void
give_way(unsigned int tries)
{
	static const struct timespec nap = {0, 50000};

	if (tries % 64 == 63)
		nanosleep(&nap, NULL);
}

static void
copy_block(const struct hf_io_lane *b, struct hf_lane_totals *out)
{
	out->rx_pkts = hf_load(&b->rx_pkts);
	out->rx_bytes = hf_load(&b->rx_bytes);
	out->tx_pkts = hf_load(&b->tx_pkts);
	out->tx_bytes = hf_load(&b->tx_bytes);
	out->held_pkts = hf_load(&b->held_pkts);
	out->drops = 0;
	for (unsigned int i = 0; i < HF_DROP_MAX; i++) {
		out->drop[i] = hf_load(&b->drop[i]);
		out->drops += out->drop[i];
	}
}

/* Nobody holds the lease of a hardware lane: its owner, which writes its block, is gone. */
static int
is_orphan(const struct hf_lane *lane)
{
	return lane != NULL && hf_lease_holder(&lane->lease) == 0;
}

/* lane: whose owner writes the block; NULL: an I/O thread does. */
static int
read_block(const struct hf_io_lane *block, const struct hf_lane *lane, struct hf_lane_totals *out)
{
	for (unsigned int i = 0; i < READ_TRIES; i++) {
		/* Pairs with the writer's release store of the even value. */
		uint32_t seq = atomic_load_explicit(&block->seq, memory_order_acquire);

		if ((seq & 1) != 0) {
			if (is_orphan(lane))
				return -EAGAIN;
			give_way(i);
			continue;
		}
		copy_block(block, out);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&block->seq, memory_order_relaxed) == seq)
			return 0;
	}
	return -EAGAIN;
}

int
hf_io_lane_read(const struct hf_io_lane *block, struct hf_lane_totals *out)
{
	return read_block(block, NULL, out);
}

static int
read_clear(const struct hf_lane_clear *c, struct hf_lane_totals *out)
{
	for (unsigned int i = 0; i < READ_TRIES; i++) {
		uint32_t seq = atomic_load_explicit(&c->seq, memory_order_acquire);

		if ((seq & 1) != 0) {
			give_way(i);
			continue;
		}
		out->rx_pkts = hf_load(&c->rx_pkts);
		out->rx_bytes = hf_load(&c->rx_bytes);
		out->tx_pkts = hf_load(&c->tx_pkts);
		out->tx_bytes = hf_load(&c->tx_bytes);
		for (unsigned int d = 0; d < HF_DROP_MAX; d++)
			out->drop[d] = hf_load(&c->drop[d]);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&c->seq, memory_order_relaxed) == seq)
			return 0;
	}
	return -EAGAIN;
}

static void
add_totals(struct hf_lane_totals *sum, const struct hf_lane_totals *t)
{
	sum->rx_pkts += t->rx_pkts;
	sum->rx_bytes += t->rx_bytes;
	sum->tx_pkts += t->tx_pkts;
	sum->tx_bytes += t->tx_bytes;
	sum->held_pkts += t->held_pkts;
	sum->drops += t->drops;
	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		sum->drop[d] += t->drop[d];
}

int
hf_lane_totals_read(const struct hf_segment *seg, uint32_t lane, struct hf_lane_totals *out)
{
	struct hf_lane_totals t, clear;

	memset(out, 0, sizeof(*out));
	/* The clear first: it is never newer than the counters that are read after it. */
	if (read_clear(&seg->clear[lane], &clear) != 0)
		return -EAGAIN;
	for (uint32_t k = 0; k < seg->header.n_io && k < HF_MAX_IO; k++) {
		if (hf_io_lane_read(&seg->io[k].lane[lane], &t) != 0)
			return -EAGAIN;
		add_totals(out, &t);
	}
	if (seg->header.kind == HF_LANE_HARDWARE) {
		if (read_block(&seg->lanes[lane].counters, &seg->lanes[lane], &t) != 0)
			return -EAGAIN;
		add_totals(out, &t);
	}
	out->rx_pkts -= clear.rx_pkts;
	out->rx_bytes -= clear.rx_bytes;
	out->tx_pkts -= clear.tx_pkts;
	out->tx_bytes -= clear.tx_bytes;
	for (unsigned int d = 0; d < HF_DROP_MAX; d++) {
		out->drop[d] -= clear.drop[d];
		out->drops -= clear.drop[d];
	}
	return 0;
}

void
hf_lane_fill_read(const struct hf_segment *seg, uint32_t lane, struct hf_lane_fill *out)
{
	*out = (struct hf_lane_fill){0};
	for (uint32_t k = 0; k < seg->header.n_io && k < HF_MAX_IO; k++) {
		const struct hf_io_fill *f = &seg->io[k].fill[lane];
		uint32_t peak = atomic_load_explicit(&f->peak, memory_order_acquire);
		uint32_t before = atomic_load_explicit(&f->peak_before, memory_order_relaxed);

		out->now += atomic_load_explicit(&f->now, memory_order_relaxed);
		out->peak += peak > before ? peak : before;
		out->size += f->size;
	}
}

void
hf_segment_flow_table(const struct hf_segment *seg, uint32_t lane, struct hf_flow_table *t)
{
	const struct hf_segment_header *h = &seg->header;

	/* The account is handed on for reading; only the lane's owner writes it. */
	hf_flow_table_attach(t, hf_segment_flow_region(seg, lane), h->flow_capacity,
			     (struct hf_flow_account *)(uintptr_t)&seg->lanes[lane].flows,
			     h->flow_seed, h->flow_idle_ticks);
}

static int
names_lane(const struct hf_worker *w, uint32_t lane)
{
	return atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
	       w->standby == 0 && (w->lanes >> lane & 1) != 0;
}

int
hf_lane_preferred(const struct hf_segment *seg, uint32_t lane)
{
	uint32_t owner =
		atomic_load_explicit(&seg->lanes[lane].owner_slot_plus1, memory_order_acquire);
	uint64_t last = 0;
	int best = -1;

	if (owner > 0 && owner <= HF_MAX_WORKERS && names_lane(&seg->workers[owner - 1], lane))
		return (int)owner - 1;
	for (int i = 0; i < HF_MAX_WORKERS; i++) {
		uint64_t attached = hf_load(&seg->workers[i].attached_tsc);

		if (!names_lane(&seg->workers[i], lane) || (best >= 0 && attached <= last))
			continue;
		best = i;
		last = attached;
	}
	return best;
}

static const char *
name_of(const char *const *names, unsigned int n, uint32_t value)
{
	return value < n ? names[value] : "unknown";
}

const char *
hf_segment_state_name(uint32_t state)
{
	static const char *const names[] = {"starting", "ready", "stopping", "gone", "replaced"};

	return name_of(names, 5, state);
}

const char *
hf_lane_state_name(uint32_t state)
{
	static const char *const names[] = {"free",       "running", "handover",
					    "recovering", "dirty",   "broken"};

	return name_of(names, 6, state);
}

const char *
hf_io_step_name(uint32_t step)
{
	static const char *const names[HF_IO_STEPS] = {"receive", "hash", "publish", "reap",
						       "transmit"};

	return name_of(names, HF_IO_STEPS, step);
}

const char *
hf_lane_step_name(uint32_t step)
{
	static const char *const names[] = {"rx", "save", "apply", "tx", "free", "plan"};

	return name_of(names, 6, step < HF_LANE_STEP_PLAN ? step : HF_LANE_STEP_PLAN);
}

const char *
hf_worker_state_name(uint32_t state)
{
	static const char *const names[] = {"free", "attaching", "running", "leaving", "dead"};

	return name_of(names, 5, state);
}

const char *
hf_lane_kind_name(uint32_t kind)
{
	static const char *const names[] = {"software", "hardware"};

	return name_of(names, 2, kind);
}

const char *
hf_event_name(uint32_t type)
{
	static const char *const names[HF_EVENT_COUNT] = {
		[HF_EVENT_NONE] = "none",
		[HF_EVENT_READY] = "ready",
		[HF_EVENT_WORKER_START] = "worker_start",
		[HF_EVENT_WORKER_EXIT] = "worker_exit",
		[HF_EVENT_WORKER_DEATH] = "worker_death",
		[HF_EVENT_LANE_START] = "lane_start",
		[HF_EVENT_LANE_HANDOVER] = "lane_handover",
		[HF_EVENT_LANE_TAKEOVER] = "lane_takeover",
		[HF_EVENT_LANE_ORPHANED] = "lane_orphaned",
		[HF_EVENT_LINK] = "link",
		[HF_EVENT_NUMA_MISMATCH] = "numa_mismatch",
		[HF_EVENT_CLEAR] = "clear",
		[HF_EVENT_STOP] = "stop",
		[HF_EVENT_ADOPTED] = "adopted",
		[HF_EVENT_WORKER_CRASH] = "worker_crash",
		[HF_EVENT_WORKER_HANG] = "worker_hang",
		[HF_EVENT_LANE_RECOVERED] = "lane_recovered",
		[HF_EVENT_QUARANTINED] = "quarantined",
		[HF_EVENT_QUARANTINE_FULL] = "quarantine_full",
	};

	return name_of(names, HF_EVENT_COUNT, type);
}
