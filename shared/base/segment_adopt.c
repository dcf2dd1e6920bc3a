/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adopting a kept segment. Every store may be the last one before a SIGKILL: what is mended is
 * computed from what stands there, so that the next primary comes to the same result.
 */
#include "segment_adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segment_file.h"

static int
differs(char *why, size_t len, const char *what, uint64_t kept, uint64_t want)
{
	snprintf(why, len, "%s differs: %llu in the kept segment, %llu wanted", what,
		 (unsigned long long)kept, (unsigned long long)want);
	return -EPROTO;
}

/* Is it a segment of this build at all? Before this no other field is believed. */
static int
check_form(const struct hf_segment_header *h, const char *instance, char *why, size_t len)
{
	if (h->magic != HF_SEGMENT_MAGIC) {
		snprintf(why, len, "no primary was ever ready with it");
		return -EPROTO;
	}
	if (h->layout_version != HF_LAYOUT_VERSION)
		return differs(why, len, "layout version", h->layout_version, HF_LAYOUT_VERSION);
	if (h->header_bytes != sizeof(struct hf_segment))
		return differs(why, len, "header size", h->header_bytes, sizeof(struct hf_segment));
	if (strncmp(h->instance, instance, sizeof(h->instance)) != 0) {
		snprintf(why, len, "it is another instance's");
		return -EPROTO;
	}
	return 0;
}

/* Ticks of flow records count from its start by its clock: both must still hold. */
static int
check_clock(const struct hf_segment_header *h, uint64_t hz, char *why, size_t len)
{
	uint64_t off = h->tsc_hz > hz ? h->tsc_hz - hz : hz - h->tsc_hz;

	if (off > hz / 100 || h->tsc_hz < 1000000)
		return differs(why, len, "clock rate", h->tsc_hz, hz);
	if (h->start_tsc > hf_tsc()) {
		snprintf(why, len, "its start lies in the future");
		return -EPROTO;
	}
	return 0;
}

int
hf_segment_adopt_check(const struct hf_segment *seg, size_t bytes, const char *instance,
		       const struct hf_segment_shape *want, char *why, size_t why_len)
{
	const struct hf_segment_header *h = &seg->header;
	size_t total = segment_bytes(want->n_lanes, want->flow_capacity);
	int err = check_form(h, instance, why, why_len);

	if (err != 0)
		return err;
	if (h->n_lanes != want->n_lanes)
		return differs(why, why_len, "number of lanes", h->n_lanes, want->n_lanes);
	if (h->flow_capacity != want->flow_capacity)
		return differs(why, why_len, "flow.capacity", h->flow_capacity,
			       want->flow_capacity);
	if (h->n_io != want->n_io)
		return differs(why, why_len, "number of I/O threads", h->n_io, want->n_io);
	if (h->kind != want->kind) {
		snprintf(why, why_len, "its lanes are %s lanes, %s lanes are wanted",
			 hf_lane_kind_name(h->kind), hf_lane_kind_name(want->kind));
		return -EPROTO;
	}
	if (h->total_bytes != total || total > bytes || h->flow_off != segment_flow_off() ||
	    h->flow_stride != hf_flow_region_bytes(want->flow_capacity)) {
		snprintf(why, why_len, "its header contradicts itself");
		return -EPROTO;
	}
	return check_clock(h, want->tsc_hz, why, why_len);
}

/*
 * The writer died, perhaps inside its update: rx is stored first, so that what is missing on the
 * other side was held, or had just been sent. All of it is lost now. Counters only rise.
 */
static uint64_t
mend_counters(struct hf_io_lane *b)
{
	uint32_t seq = atomic_load_explicit(&b->seq, memory_order_relaxed) | 1;
	uint64_t done = hf_load(&b->tx_pkts), rx = hf_load(&b->rx_pkts), lost;

	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		done += hf_load(&b->drop[d]);
	lost = rx > done ? rx - done : 0;
	atomic_store_explicit(&b->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	if (rx < done) /* scribbled */
		atomic_store_explicit(&b->rx_pkts, done, memory_order_relaxed);
	hf_add(&b->drop[HF_DROP_PRIMARY_LOST], lost);
	atomic_store_explicit(&b->held_pkts, 0, memory_order_relaxed);
	/* Pairs with the reader's acquire load of an even value. */
	atomic_store_explicit(&b->seq, seq + 1, memory_order_release);
	return lost;
}

static void
sum_counters(const struct hf_io_lane *b, struct hf_lane_totals *sum)
{
	sum->rx_pkts += hf_load(&b->rx_pkts);
	sum->rx_bytes += hf_load(&b->rx_bytes);
	sum->tx_pkts += hf_load(&b->tx_pkts);
	sum->tx_bytes += hf_load(&b->tx_bytes);
	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		sum->drop[d] += hf_load(&b->drop[d]);
}

/* A `clear` that the primary did not finish is finished: with the totals of now. */
static void
mend_clear(struct hf_segment *seg, uint32_t lane)
{
	struct hf_lane_clear *c = &seg->clear[lane];
	uint32_t seq = atomic_load_explicit(&c->seq, memory_order_relaxed);
	struct hf_lane_totals t = {0};

	if ((seq & 1) == 0)
		return;
	for (uint32_t k = 0; k < seg->header.n_io; k++)
		sum_counters(&seg->io[k].lane[lane], &t);
	if (seg->header.kind == HF_LANE_HARDWARE)
		sum_counters(&seg->lanes[lane].counters, &t);
	atomic_store_explicit(&c->rx_pkts, t.rx_pkts, memory_order_relaxed);
	atomic_store_explicit(&c->rx_bytes, t.rx_bytes, memory_order_relaxed);
	atomic_store_explicit(&c->tx_pkts, t.tx_pkts, memory_order_relaxed);
	atomic_store_explicit(&c->tx_bytes, t.tx_bytes, memory_order_relaxed);
	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		atomic_store_explicit(&c->drop[d], t.drop[d], memory_order_relaxed);
	atomic_store_explicit(&c->seq, seq + 1, memory_order_release);
}

/* Nobody owns it, nobody ever did: generations begin anew with the leases. */
static void
free_lane(struct hf_lane *lane)
{
	atomic_store_explicit(&lane->state, HF_LANE_FREE, memory_order_relaxed);
	atomic_store_explicit(&lane->owner_pid, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->owner_slot_plus1, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->generation, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->last_gap_gen, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->handover_gen, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->preferred_plus1, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->numa_mismatch, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->hung_gen, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->park, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->unsupervised, 0, memory_order_relaxed);
}

static uint64_t
mend_lane(struct hf_segment *seg, uint32_t l)
{
	struct hf_lane *lane = &seg->lanes[l];
	struct hf_flow_table flows;
	uint64_t lost;

	hf_segment_flow_table(seg, l, &flows);
	hf_flow_recover(&flows);
	lost = mend_counters(&lane->counters);
	for (uint32_t k = 0; k < seg->header.n_io; k++)
		lost += mend_counters(&seg->io[k].lane[l]);
	mend_clear(seg, l);
	free_lane(lane);
	return lost;
}

uint64_t
hf_segment_adopt_mend(struct hf_segment *seg)
{
	struct hf_segment_header *h = &seg->header;
	uint64_t lost = 0;

	/* Pairs with the acquire loads of those who look: nothing here is to be relied on now. */
	atomic_store_explicit(&h->state, HF_SEGMENT_STARTING, memory_order_release);
	for (uint32_t l = 0; l < h->n_lanes; l++)
		lost += mend_lane(seg, l);
	memset(seg->workers, 0, sizeof(seg->workers));
	memset(seg->pools, 0, sizeof(seg->pools));
	memset(seg->quarantine, 0, sizeof(seg->quarantine)); /* ring indices begin anew */
	h->n_pools = 0;
	return lost;
}

/* Opens the kept file if it is whole enough to be looked at. Returns the fd or -errno. */
static int
open_kept(const char *file, size_t *bytes, uint64_t *inode, char *why, size_t len)
{
	int fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(why, len, "%s: %s", file, strerror(errno));
		return -EPROTO;
	}
	if ((size_t)st.st_size < sizeof(struct hf_segment)) {
		close(fd);
		return differs(why, len, "size of the file", (uint64_t)st.st_size,
			       sizeof(struct hf_segment));
	}
	*bytes = (size_t)st.st_size;
	*inode = st.st_ino;
	return fd;
}

int
hf_segment_adopt(struct hf_segment_map *map, const char *instance, const char *dir,
		 const struct hf_segment_shape *want, gid_t gid, uint64_t *lost, char *why,
		 size_t why_len)
{
	char file[256];
	uint64_t inode = 0;
	size_t bytes = 0;
	void *mem;
	int fd, err;

	err = hf_segment_path(file, sizeof(file), instance, dir);
	if (err != 0)
		return err;
	fd = open_kept(file, &bytes, &inode, why, why_len);
	if (fd < 0)
		return fd;
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (mem == MAP_FAILED) {
		snprintf(why, why_len, "map %s: %s", file, strerror(errno));
		close(fd);
		return -EPROTO;
	}
	err = hf_segment_adopt_check(mem, bytes, instance, want, why, why_len);
	if (err == 0)
		*lost = hf_segment_adopt_mend(mem);
	if (err == 0 && ((err = segment_set_owner(fd, gid)) != 0 ||
			 (err = segment_point_link(instance, file)) != 0))
		snprintf(why, why_len, "%s: %s", file, strerror(-err));
	close(fd);
	if (err != 0) {
		munmap(mem, bytes);
		return err;
	}
	*map = (struct hf_segment_map){mem, bytes, inode, 1};
	segment_fill_primary(&map->seg->header);
	map->seg->header.adoptions++;
	return 0;
}
