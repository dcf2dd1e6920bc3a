/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads /sys/devices/system/node, /proc/PID/task and what libnuma tells. Small files, each opened
 * and closed at once; a file that is not there is a figure that is not known.
 */
#include "machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <numa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_CPU 39 /* field of /proc/PID/task/TID/stat: the CPU it ran on last */

void
machine_init(struct hf_machine *m, const char *sys)
{
	*m = (struct hf_machine){.sys = sys, .numa = numa_available() >= 0};
}

/* The first line of a file. Returns its length, 0 when there is none. */
static size_t
read_line(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return 0;
	n = read(fd, buf, len - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return strlen(buf);
}

static uint64_t
read_number(const char *folder, const char *file)
{
	char path[512], text[32], *end;
	uint64_t n;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path) ||
	    read_line(path, text, sizeof(text)) == 0)
		return HF_UNKNOWN;
	n = strtoull(text, &end, 10);
	return *end == '\0' ? n : HF_UNKNOWN;
}

/* Pages of one size on one node, from hugepages-<kB>kB in folder. */
static void
look_at_size(struct hf_machine *m, int32_t node, const char *folder, const char *name)
{
	struct hf_huge_row *row = &m->huge[m->n_huge];
	unsigned int kb;
	char path[400];

	if (m->n_huge == HF_MAX_HUGE || sscanf(name, "hugepages-%ukB", &kb) != 1 ||
	    snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return;
	*row = (struct hf_huge_row){.node = node, .page_bytes = (uint64_t)kb * 1024};
	row->pages = read_number(path, "nr_hugepages");
	row->free = read_number(path, "free_hugepages");
	row->surplus = read_number(path, "surplus_hugepages");
	if (row->pages == HF_UNKNOWN || row->pages == 0)
		return;
	row->used = row->free > row->pages ? HF_UNKNOWN : row->pages - row->free;
	row->used_pct =
		row->used == HF_UNKNOWN ? 0 : 100.0 * (double)row->used / (double)row->pages;
	m->n_huge++;
}

static void
look_at_pages(struct hf_machine *m, int32_t node, const char *folder)
{
	struct dirent *entry;
	char path[320];
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/hugepages", folder) >= (int)sizeof(path))
		return;
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		look_at_size(m, node, path, entry->d_name);
	closedir(dir);
}

static void
look_at_node(struct hf_machine *m, int32_t node, const char *folder)
{
	struct hf_node_row *row = &m->nodes[m->n_nodes];
	long long bytes, free_bytes = 0;
	char path[320];

	if (m->n_nodes == HF_MAX_NODES)
		return;
	*row = (struct hf_node_row){.node = node, .memory_bytes = HF_UNKNOWN};
	row->free_bytes = HF_UNKNOWN;
	if (snprintf(path, sizeof(path), "%s/cpulist", folder) < (int)sizeof(path))
		read_line(path, row->cpus, sizeof(row->cpus));
	bytes = m->numa ? numa_node_size64(node, &free_bytes) : -1;
	if (bytes >= 0) {
		row->memory_bytes = (uint64_t)bytes;
		row->free_bytes = (uint64_t)free_bytes;
	}
	m->n_nodes++;
}

static int
by_node(const void *a, const void *b)
{
	const struct hf_huge_row *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->page_bytes > y->page_bytes) - (x->page_bytes < y->page_bytes);
}

/* Nodes have numbers below HF_MAX_NODES, with holes perhaps. */
static void
look(struct hf_machine *m)
{
	char folder[256];

	m->n_nodes = m->n_huge = 0;
	for (int32_t node = 0; node < HF_MAX_NODES; node++) {
		if (snprintf(folder, sizeof(folder), "%s/devices/system/node/node%d", m->sys,
			     node) >= (int)sizeof(folder) ||
		    access(folder, F_OK) != 0)
			continue;
		look_at_node(m, node, folder);
		look_at_pages(m, node, folder);
	}
	qsort(m->huge, m->n_huge, sizeof(m->huge[0]), by_node);
}

void
machine_look(struct hf_machine *m, struct hf_sample *s)
{
	if (m->looked_tsc == 0 || s->tsc < m->looked_tsc || s->tsc - m->looked_tsc >= s->tsc_hz) {
		look(m);
		m->looked_tsc = s->tsc;
	}
	s->n_huge = m->n_huge;
	s->n_nodes = m->n_nodes;
	memcpy(s->huge, m->huge, m->n_huge * sizeof(m->huge[0]));
	memcpy(s->nodes, m->nodes, m->n_nodes * sizeof(m->nodes[0]));
}

int32_t
machine_node_of_cpu(const struct hf_machine *m, int32_t cpu)
{
	return m->numa && cpu >= 0 ? numa_node_of_cpu(cpu) : -1;
}

int32_t
machine_cpu_of_thread(int32_t pid, int32_t tid)
{
	char path[64], text[1024], *field;

	if (pid <= 0 || tid <= 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (read_line(path, text, sizeof(text)) == 0)
		return -1;
	field = strrchr(text, ')'); /* the name, field 2, may hold blanks */
	for (int i = 2; field != NULL && i < STAT_CPU; i++)
		field = strchr(field + 1, ' ');
	return field != NULL ? (int32_t)strtol(field, NULL, 10) : -1;
}
