/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample with something in every table, a history of it and a canvas with a rim, for tests of the
 * screen.
 */
#ifndef HF_TEST_SCREEN_WORLD_H
#define HF_TEST_SCREEN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ui.h"

#define FLOWS   300U
#define NOW_S   1000000.0
#define MOMENTS 20U

struct world {
	struct hf_sample *sample;
	struct hf_history history;
	struct hf_shown shown;
	struct hf_ui ui;
	struct hf_canvas c;
};

static inline void
fill_tables(struct hf_sample *s)
{
	for (uint32_t i = 0; i < s->n_ports; i++) {
		snprintf(s->ports[i].name, sizeof(s->ports[i].name), "port%u", i);
		snprintf(s->ports[i].link, sizeof(s->ports[i].link), "10G");
		s->ports[i].rx_pps = 1e6 * (i + 1);
	}
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		s->lanes[i] = (struct hf_lane_row){.lane = i, .pid = 100 + (int32_t)i};
		snprintf(s->lanes[i].owner, sizeof(s->lanes[i].owner), "worker-%u", i);
		snprintf(s->lanes[i].state, sizeof(s->lanes[i].state), "running");
		s->lanes[i].owner_alive = 1;
		s->lanes[i].rx_pps = 1000 * ((i * 7) % s->n_lanes);
		s->lanes[i].busy = 10 + i;
		s->lanes[i].gap_ns = i % 2 == 0 ? HF_UNKNOWN : 310000;
	}
	for (uint32_t i = 0; i < s->n_workers; i++) {
		s->workers[i] = (struct hf_worker_row){.slot = i, .pid = 100 + (int32_t)i};
		snprintf(s->workers[i].name, sizeof(s->workers[i].name), "worker-%u", i);
		snprintf(s->workers[i].state, sizeof(s->workers[i].state), "running");
	}
	for (uint32_t i = 0; i < s->n_io; i++)
		s->io[i] = (struct hf_io_row){.io = i, .cpu = 1, .busy = 40 + i, .loops_rate = 1e6};
	for (uint32_t i = 0; i < s->n_pools; i++) {
		snprintf(s->pools[i].name, sizeof(s->pools[i].name), "hf_pool_node%u", i);
		s->pools[i].size = 32767;
		s->pools[i].free = 30000;
	}
	for (uint32_t i = 0; i < s->n_drops; i++) {
		snprintf(s->drops[i].reason, sizeof(s->drops[i].reason), "reason_%u", i);
		s->drops[i].packets = i * 1000;
		s->drops[i].pps = i;
	}
	for (uint32_t i = 0; i < s->n_events; i++) {
		s->events[i] = (struct hf_event_row){.seq = 100 - i, .pid = 1, .lane = 1};
		snprintf(s->events[i].type, sizeof(s->events[i].type), "lane_takeover");
		snprintf(s->events[i].clock, sizeof(s->events[i].clock), "12:00:00");
	}
}

static inline void
fill_flows(struct hf_sample *s)
{
	s->flows.n = FLOWS;
	s->flows.live = 1000000;
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct hf_flow_row *row = &s->flows.rows[i];

		*row = (struct hf_flow_row){.lane = i % 4, .index = i, .sport = 1024, .dport = i};
		row->key.family = 6;
		memcpy(row->key.src, &i, sizeof(i));
		row->pps = 1e6 / (i + 1);
		row->packets = 1000000 / (i + 1);
		snprintf(row->src, sizeof(row->src), "2001:db8:1111:2222:3333:4444:5555:%x", i);
		snprintf(row->dst, sizeof(row->dst), "10.0.0.%u", i % 256);
		snprintf(row->proto_name, sizeof(row->proto_name), "udp");
	}
}

static inline int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct hf_sample *s = calloc(1, sizeof(*s));

	assert_int_equal(sample_init(s, FLOWS), 0);
	s->state = HF_SAMPLE_LIVE;
	snprintf(s->instance, sizeof(s->instance), "test");
	s->n_ports = 3;
	s->n_lanes = 12;
	s->n_workers = 12;
	s->n_pools = 3;
	s->n_io = 2;
	s->n_drops = 6;
	s->n_events = 8;
	fill_tables(s);
	fill_flows(s);
	assert_int_equal(history_init(&w->history, 15, FLOWS, HISTORY_BYTES), 0);
	for (uint32_t i = 0; i < MOMENTS; i++) {
		s->time_s = NOW_S - MOMENTS + 1 + i;
		s->totals.rx_pps = 1000 * (i + 1);
		assert_int_equal(history_push(&w->history, s), 0);
	}
	w->sample = s;
	w->shown = (struct hf_shown){.sample = s, .history = &w->history, .now_s = NOW_S};
	ui_init(&w->ui, &(struct hf_flow_query){.sort = HF_SORT_PPS}, 1);
	*state = w;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct world *w = *state;

	if (w->c.cells != NULL)
		canvas_free(&w->c);
	history_free(&w->history);
	sample_free(w->sample);
	free(w->sample);
	free(w);
	return 0;
}

/* Draws the whole screen at a size. */
static inline void
draw_at(struct world *w, int width, int height, int ascii)
{
	if (w->c.cells != NULL)
		canvas_free(&w->c);
	assert_int_equal(canvas_init(&w->c, width, height, ascii), 0);
	ui_draw(&w->ui, &w->c, &w->shown);
}

/* Line y of the canvas as text, what is not ASCII as '?'. */
static inline const char *
line_at(const struct world *w, int y)
{
	static char text[1024];
	int x;

	for (x = 0; x < w->c.width && x < 1023; x++) {
		uint32_t code = canvas_at(&w->c, x, y)->code;

		text[x] = code < 0x7f ? (char)code : '?';
	}
	text[x] = '\0';
	return text;
}

/* Line that holds text; -1: none does. */
static inline int
find_line(const struct world *w, const char *text)
{
	for (int y = 0; y < w->c.height; y++)
		if (strstr(line_at(w, y), text) != NULL)
			return y;
	return -1;
}

static inline void
press(struct world *w, int key)
{
	ui_key(&w->ui, &w->shown, key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Is every character one that a terminal shows in one column? */
static inline void
assert_clean(const struct hf_canvas *c)
{
	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++) {
			const struct hf_glyph *g = canvas_at(c, x, y);

			assert_true(g->style < HF_STYLE_COUNT);
			assert_true(g->code >= 0x20 && g->code != 0x7f);
			if (c->ascii)
				assert_true(g->code < 0x7f);
			else
				assert_true(g->code < 0x80 || g->code == 0xb5 ||
					    (g->code >= 0x2000 && g->code < 0x2600));
		}
	}
}

#endif
