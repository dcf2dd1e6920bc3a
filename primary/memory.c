/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much memory an instance needs, and whether the hugepages are there. Asked before anything is
 * started, so that too few pages is one clear line and nothing half done.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "hw_lane.h"
#include "log.h"
#include "parts.h"

#define MB                 (UINT64_C(1) << 20)
#define HUGETLBFS_ID       0x958458f6
#define MBUF_OVERHEAD      (64 + 128 + 128 + 64) /* object header, rte_mbuf, headroom, slack */
#define BASE_MB            24                    /* EAL, ethdev, drivers' queues */
#define CACHE_OBJECT_BYTES (RTE_MAX_LCORE * 8 * 1024ULL) /* per-lcore caches of a pool */

uint32_t
memory_lane_pool_size(const struct hf_config *cfg)
{
	uint32_t need = 4 * HF_HW_RING + 2 * cfg->pool_cache;

	for (uint32_t i = 0; i < cfg->n_ports; i++)
		need += cfg->ports[i].rx_desc + cfg->ports[i].tx_desc;
	return cfg->pool_size / cfg->n_lanes > need ? cfg->pool_size / cfg->n_lanes : need;
}

/* What rings and queues of software lanes hold when all are full. */
static uint64_t
pool_wanted(const struct hf_config *cfg)
{
	uint64_t n = (uint64_t)cfg->n_io * cfg->n_lanes * cfg->ring_size;

	for (uint32_t i = 0; i < cfg->n_ports; i++)
		n += cfg->ports[i].rx_desc + (uint64_t)cfg->n_io * cfg->ports[i].tx_desc;
	return n;
}

int
memory_pool_check(const struct hf_config *cfg)
{
	uint64_t wanted = pool_wanted(cfg), rx = 0;

	for (uint32_t i = 0; i < cfg->n_ports; i++)
		rx += cfg->ports[i].rx_desc;
	if (cfg->pool_size < rx) {
		hf_err("%s: pool.size: %u is less than the ports have receive descriptors (%llu)",
		       cfg->file, cfg->pool_size, (unsigned long long)rx);
		return -EINVAL;
	}
	if (cfg->pool_size < wanted)
		hf_warn("%s: pool.size: %u is less than rings and descriptors of software lanes hold (%llu): a lane that stands can take the buffers of all",
			cfg->file, cfg->pool_size, (unsigned long long)wanted);
	return 0;
}

uint32_t
memory_needed_mb(const struct hf_config *cfg)
{
	uint64_t bytes, mbufs = cfg->pool_size, lanes_mbufs;

	if (cfg->memory_mb != 0)
		return cfg->memory_mb;
	/* Which kind the lanes are is known after the probe: enough for either. */
	lanes_mbufs = (uint64_t)memory_lane_pool_size(cfg) * cfg->n_lanes;
	if (cfg->queues != HF_QUEUES_SOFTWARE && lanes_mbufs > mbufs)
		mbufs = lanes_mbufs;
	bytes = mbufs * (cfg->mbuf_bytes + MBUF_OVERHEAD + 16);
	bytes += CACHE_OBJECT_BYTES * (cfg->queues == HF_QUEUES_HARDWARE ? cfg->n_lanes : 1);
	bytes += (uint64_t)cfg->n_io * cfg->n_lanes * (hf_lane_ring_bytes(cfg->ring_size) + 4096);
	return (uint32_t)((bytes + MB - 1) / MB) + BASE_MB + 2 * cfg->n_ports;
}

/* A figure the kernel keeps for pages of this size: free_hugepages and the like. */
static uint64_t
count_pages(uint64_t page_bytes, const char *which)
{
	unsigned long long n = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/%s",
		 (unsigned long long)(page_bytes / 1024), which);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

static uint32_t
nodes_used(const struct hf_config *cfg)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < cfg->n_ports; i++)
		set |= UINT64_C(1) << eal_device_node(cfg->ports[i].device);
	return (uint32_t)__builtin_popcountll(set);
}

static uint64_t
segment_bytes(const struct hf_config *cfg)
{
	return sizeof(struct hf_segment) + 4096 +
	       cfg->n_lanes * hf_flow_region_bytes(cfg->flow_capacity);
}

/* Pages of a segment that was kept: adopted, or given back before a fresh one is made. */
static uint64_t
kept_pages(const struct hf_config *cfg, uint64_t page)
{
	char file[256];
	struct stat st;

	if (!cfg->segment_persist ||
	    hf_segment_path(file, sizeof(file), cfg->instance, cfg->hugepage_dir) != 0 ||
	    stat(file, &st) != 0)
		return 0;
	return (uint64_t)st.st_blocks * 512 / page;
}

void
memory_print(const struct hf_config *cfg, FILE *out)
{
	fprintf(out, "# hugepages: %u MB on each NUMA node with a port, %llu kB for the segment\n",
		memory_needed_mb(cfg), (unsigned long long)(segment_bytes(cfg) + 1023) / 1024);
}

int
memory_check(const struct hf_primary *p)
{
	const struct hf_config *cfg = &p->cfg;
	uint64_t page, need, have, promised;
	struct statfs fs;

	if (statfs(cfg->hugepage_dir, &fs) != 0 || fs.f_type != HUGETLBFS_ID) {
		hf_err("hugepages: %s is no hugetlbfs: mount -t hugetlbfs none %s",
		       cfg->hugepage_dir, cfg->hugepage_dir);
		return -ENOMEM;
	}
	page = (uint64_t)fs.f_bsize;
	need = (segment_bytes(cfg) + page - 1) / page +
	       nodes_used(cfg) * ((memory_needed_mb(cfg) * MB + page - 1) / page);
	have = count_pages(page, "free_hugepages");
	promised = count_pages(page, "resv_hugepages"); /* free, but another process's */
	have -= promised < have ? promised : have;
	have += kept_pages(cfg, page);
	if (have >= need)
		return 0;
	hf_err("hugepages: %llu of %llu kB are missing (%llu needed, %llu free): echo %llu > /sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
	       (unsigned long long)(need - have), (unsigned long long)(page / 1024),
	       (unsigned long long)need, (unsigned long long)have,
	       (unsigned long long)(count_pages(page, "nr_hugepages") + need - have),
	       (unsigned long long)(page / 1024));
	return -ENOMEM;
}
