/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at several instances without their flows. Reads segments and the folder of instances.
 */
#include "instances.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "take.h"

static int
has(const struct hf_instance_names *names, const char *name)
{
	for (uint32_t i = 0; i < names->n; i++)
		if (strcmp(names->name[i], name) == 0)
			return 1;
	return 0;
}

/* One name of a list, n characters. Returns 0 or -EINVAL. */
static int
add_name(struct hf_instance_names *names, const char *text, size_t n, char *why, size_t len)
{
	char name[HF_INSTANCE_LEN + 1];

	snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : sizeof(name)), text);
	if (n >= sizeof(name) || hf_names_check_instance(name) != 0)
		snprintf(why, len, "not a name: 1 to %d of A-Z a-z 0-9 _ - expected",
			 HF_INSTANCE_LEN - 1);
	else if (has(names, name))
		snprintf(why, len, "%s is there twice", name);
	else if (names->n == HF_MAX_INSTANCES)
		snprintf(why, len, "more than %d instances", HF_MAX_INSTANCES);
	else {
		memcpy(names->name[names->n++], name, HF_INSTANCE_LEN);
		return 0;
	}
	return -EINVAL;
}

int
instances_parse(struct hf_instance_names *names, const char *text, char *why, size_t len)
{
	struct hf_instance_names found = {0};

	for (;;) {
		size_t n = strcspn(text, ",");

		if (add_name(&found, text, n, why, len) != 0)
			return -EINVAL;
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	*names = found;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
instances_find(struct hf_instance_names *names)
{
	DIR *dir = opendir(HF_RUN_DIR);
	const struct dirent *entry;
	char path[256], why[96];
	struct stat st;

	*names = (struct hf_instance_names){0};
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (hf_names_check_instance(entry->d_name) != 0 ||
		    hf_names_path(path, sizeof(path), entry->d_name, HF_SEGMENT_LINK) != 0 ||
		    lstat(path, &st) != 0)
			continue;
		add_name(names, entry->d_name, strlen(entry->d_name), why, sizeof(why));
	}
	closedir(dir);
	qsort(names->name, names->n, sizeof(names->name[0]), by_name);
}

void
instances_open(struct hf_instances *i, const struct hf_instance_names *names)
{
	instances_close(i);
	i->names = *names;
	for (uint32_t n = 0; n < names->n; n++) {
		i->rows[n] = (struct hf_instance_row){.rx_pkts = HF_UNKNOWN};
		source_init(&i->sources[n], i->names.name[n]);
	}
}

static int
look(const struct hf_segment *seg, void *arg)
{
	struct hf_instance_row *row = arg;
	const struct hf_segment_header *h = &seg->header;
	uint32_t n_lanes = take_least(h->n_lanes, HF_MAX_LANES);
	struct hf_lane_totals totals;

	row->tsc = hf_tsc();
	row->tsc_hz = h->tsc_hz;
	row->pid = h->primary_pid;
	row->uptime_s = (double)(row->tsc - h->start_tsc) / (double)h->tsc_hz;
	snprintf(row->state, sizeof(row->state), "%s",
		 hf_segment_state_name(atomic_load_explicit(&h->state, memory_order_acquire)));
	row->rx_pkts = 0;
	for (uint32_t l = 0; l < n_lanes; l++) {
		row->lanes += take_u32(&seg->lanes[l].owner_slot_plus1) != 0;
		if (hf_lane_totals_read(seg, l, &totals) != 0)
			row->rx_pkts = HF_UNKNOWN;
		else if (row->rx_pkts != HF_UNKNOWN)
			row->rx_pkts += totals.rx_pkts;
	}
	for (uint32_t w = 0; w < HF_MAX_WORKERS; w++)
		row->workers += take_u32(&seg->workers[w].state) == HF_WORKER_RUNNING;
	return 0;
}

static void
look_at(struct hf_instances *i, uint32_t n)
{
	const struct hf_instance_row before = i->rows[n];
	struct hf_monitor_source *s = &i->sources[n];
	struct hf_instance_row *row = &i->rows[n];
	uint64_t attaches = s->attaches;

	*row = (struct hf_instance_row){.pid = -1,
					.rx_pkts = HF_UNKNOWN,
					.uptime_s = NAN,
					.rx_pps = NAN};
	memcpy(row->name, i->names.name[n], sizeof(row->name));
	if (source_poll(s) != 0 || source_read(s, look, row) != 0) {
		memcpy(row->why, s->why, sizeof(row->why) - 1); /* the end stays 0 */
		row->alert = HF_ALERT_WARN;
		return;
	}
	if (attaches == s->attaches && before.tsc != 0 && row->tsc > before.tsc)
		row->rx_pps = take_rate(row->rx_pkts, before.rx_pkts,
					(double)(row->tsc - before.tsc) / (double)row->tsc_hz);
	if (s->alone)
		snprintf(row->why, sizeof(row->why), "primary gone, forwarding without it");
	row->alert = s->alone ? HF_ALERT_BAD : HF_ALERT_NONE;
}

void
instances_look(struct hf_instances *i)
{
	for (uint32_t n = 0; n < i->names.n; n++)
		look_at(i, n);
}

void
instances_close(struct hf_instances *i)
{
	for (uint32_t n = 0; n < i->names.n; n++)
		source_close(&i->sources[n]);
	*i = (struct hf_instances){0};
}
