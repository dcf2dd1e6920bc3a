/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the monitor writes: numbers, columns that fit, lines of a screen, text, JSON. Samples are
 * made up; no segment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "json.h"
#include "table.h"
#include "view.h"

static struct hf_sample *
make_sample(uint32_t ports, uint32_t lanes, uint32_t workers, uint32_t flows)
{
	struct hf_sample *s = calloc(1, sizeof(*s));

	assert_int_equal(sample_init(s, flows + 1), 0);
	s->state = HF_SAMPLE_LIVE;
	s->n_ports = ports;
	s->n_lanes = lanes;
	s->n_workers = workers;
	s->flows.n = flows;
	snprintf(s->instance, sizeof(s->instance), "test");
	snprintf(s->segment_state, sizeof(s->segment_state), "ready");
	for (uint32_t i = 0; i < lanes; i++)
		s->lanes[i] = (struct hf_lane_row){.lane = i,
						   .pid = -1,
						   .rx_pps = NAN,
						   .gap_ns = HF_UNKNOWN};
	for (uint32_t i = 0; i < flows; i++)
		snprintf(s->flows.rows[i].src, sizeof(s->flows.rows[i].src), "2001:db8::%x", i);
	return s;
}

static void
drop_sample(struct hf_sample *s)
{
	sample_free(s);
	free(s);
}

static void
durations_are_short_at_every_size(void **state)
{
	char buf[32];

	(void)state;
	for (double s = 0; s < 90 * 86400; s = s * 1.07 + 0.3) {
		format_age(buf, sizeof(buf), s);
		assert_in_range(strlen(buf), 2, 3);
	}
	format_age(buf, sizeof(buf), NAN);
	assert_string_equal(buf, "-");
	format_uptime(buf, sizeof(buf), 725.9);
	assert_string_equal(buf, "12m05s");
	format_uptime(buf, sizeof(buf), 3 * 3600 + 61);
	assert_string_equal(buf, "3h01m");
	for (uint64_t ns = 1; ns < UINT64_C(90000000000); ns = ns * 5 / 4 + 1) {
		format_gap(buf, sizeof(buf), ns);
		assert_in_range(strlen(buf), 3, 5);
	}
	format_gap(buf, sizeof(buf), HF_UNKNOWN);
	assert_string_equal(buf, "-");
	format_utc(buf, sizeof(buf), 0.25);
	assert_string_equal(buf, "1970-01-01T00:00:00.250Z");
}

static void
columns_fit_every_width_and_the_key_ones_stay(void **state)
{
	struct hf_sample *s = make_sample(2, 2, 2, 3);

	(void)state;
	for (uint32_t avail = 1; avail < 200; avail++) {
		for (int id = 0; id < HF_TABLE_COUNT; id++) {
			struct hf_rows rows = table_rows(s, (enum hf_table_id)id);
			struct hf_layout layout;
			uint32_t sum = 0, least = 0;

			table_fit(&layout, &rows, 0, avail);
			for (uint32_t c = 0; c < rows.table->n_columns; c++) {
				const struct hf_column *column = &rows.table->columns[c];
				int shown = (column->flags & COLUMN_JSON) == 0;

				sum += layout.width[c] + (layout.width[c] != 0);
				if (shown && column->rank == 0) {
					assert_true(layout.width[c] > 0);
					least += layout.width[c] + 1;
				}
			}
			assert_true(sum <= avail + 1 || sum == least);
		}
	}
	drop_sample(s);
}

/* A value of many digits in every field of a row, by what its cell is. */
static void
fill_row(const struct hf_table *t, void *row)
{
	for (uint32_t c = 0; c < t->n_columns; c++) {
		const struct hf_column *column = &t->columns[c];
		const uint64_t count = 123456789012;
		const double number = 98765432109.8, percent = 99.9;
		const uint32_t u32 = 4000000000;
		char *field = (char *)row + column->offset;

		if (column->cell == HF_CELL_COUNT || column->cell == HF_CELL_BYTES ||
		    column->cell == HF_CELL_GAP)
			memcpy(field, &count, sizeof(count));
		else if (column->cell == HF_CELL_PERCENT || column->cell == HF_CELL_SIGNED)
			memcpy(field, &percent, sizeof(percent));
		else if (column->cell == HF_CELL_U32)
			memcpy(field, &u32, sizeof(u32));
		else if (column->cell == HF_CELL_NUMBER || column->cell == HF_CELL_AGE)
			memcpy(field, &number, sizeof(number));
	}
}

static void
a_number_has_room_or_is_not_shown(void **state)
{
	struct hf_sample *s = make_sample(2, 2, 2, 3);
	char text[TABLE_CELL_LEN];

	(void)state;
	s->n_pools = s->n_io = s->n_queues = s->n_drop_cells = s->n_huge = s->n_parts = 1;
	for (uint32_t i = 0; i < 2U * HF_TABLE_COUNT; i++) {
		struct hf_rows rows = table_rows(s, (enum hf_table_id)(i / 2));
		int exact = i % 2;

		if (rows.n == 0)
			continue;
		fill_row(rows.table, (void *)(uintptr_t)rows.row);
		for (uint32_t avail = 20; avail < 200; avail += 5) {
			struct hf_layout layout;

			table_fit(&layout, &rows, exact, avail);
			for (uint32_t c = 0; c < rows.table->n_columns; c++) {
				const struct hf_column *column = &rows.table->columns[c];

				if (layout.width[c] == 0 || (column->flags & COLUMN_FLEX) != 0)
					continue;
				table_field(column, rows.row, exact, text, sizeof(text));
				if (strlen(text) > layout.width[c])
					fail_msg("%s.%s: %s in %u columns", rows.table->key,
						 column->key, text, layout.width[c]);
			}
		}
	}
	drop_sample(s);
}

/* keys: those of the columns that table has at 80 columns, the flexible ones so wide at least. */
static void
assert_shown_at_80(const struct hf_rows *rows, const char *const *keys, uint32_t n)
{
	struct hf_layout layout;
	char cell[TABLE_CELL_LEN];
	uint32_t found = 0;

	table_fit(&layout, rows, 0, 80);
	for (uint32_t c = 0; c < rows->table->n_columns; c++) {
		for (uint32_t k = 0; k < n; k++) {
			if (strcmp(rows->table->columns[c].key, keys[k]) != 0)
				continue;
			assert_true(layout.width[c] > 0);
			assert_null(strchr(table_cell(&layout, rows, 0, c, cell), '~'));
			found++;
		}
	}
	assert_int_equal(found, n);
}

static void
what_matters_of_ports_workers_and_stages_is_whole_at_80(void **state)
{
	static const char *const port[] = {"name",   "link",   "rx_pps",    "rx_bps",   "tx_pps",
					   "tx_bps", "errors", "rx_missed", "rx_nombuf"};
	static const char *const load[] = {"lane",          "cycles_rx", "cycles_plan",
					   "cycles_stages", "ring_pkts", "ring_peak_pct"};
	static const char *const worker[] = {"name",  "pid",      "cpu",      "node",
					     "state", "uptime_s", "restarts", "last_exit"};
	struct hf_sample *s = make_sample(1, 1, 1, 1);
	struct hf_rows rows = table_rows(s, HF_TABLE_PORTS);

	(void)state;
	snprintf(s->ports[0].name, sizeof(s->ports[0].name), "0000:03:00.1");
	assert_shown_at_80(&rows, port, sizeof(port) / sizeof(port[0]));
	rows = table_rows(s, HF_TABLE_WORKERS);
	snprintf(s->workers[0].name, sizeof(s->workers[0].name), "left-1");
	snprintf(s->workers[0].last_exit, sizeof(s->workers[0].last_exit), "killed: SIGKILL");
	assert_shown_at_80(&rows, worker, sizeof(worker) / sizeof(worker[0]));
	rows = table_rows(s, HF_TABLE_LOAD);
	snprintf(s->lanes[0].stages, sizeof(s->lanes[0].stages), "l2 25.1, flow 189.4");
	assert_shown_at_80(&rows, load, sizeof(load) / sizeof(load[0]));
	drop_sample(s);
}

static void
flows_keep_all_their_columns_but_idle_at_80(void **state)
{
	struct hf_sample *s = make_sample(1, 1, 1, 1);
	struct hf_rows rows = table_rows(s, HF_TABLE_FLOWS);
	struct hf_layout layout;
	char cell[TABLE_CELL_LEN];

	(void)state;
	snprintf(s->flows.rows[0].src, 46, "2001:db8:1111:2222:3333:4444:5555:6666");
	table_fit(&layout, &rows, 0, 80);
	for (uint32_t c = 0; c < rows.table->n_columns; c++)
		if ((rows.table->columns[c].flags & COLUMN_JSON) == 0 &&
		    strcmp(rows.table->columns[c].key, "idle") != 0)
			assert_true(layout.width[c] > 0);
	assert_string_equal(table_cell(&layout, &rows, 0, 0, cell), "2001:db~55:6666");
	table_fit(&layout, &rows, 0, 120);
	assert_string_equal(table_cell(&layout, &rows, 0, 0, cell),
			    "2001:db8:1111:2222:3333:4444:5555:6666");
	drop_sample(s);
}

/* What a view writes, as a string. */
static char *
written(void (*view)(FILE *, const struct hf_sample *, double, uint64_t *),
	const struct hf_sample *s)
{
	char *text = NULL;
	uint64_t seen = 0;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	view(out, s, 1, &seen);
	fclose(out);
	return text;
}

static void
text_is_aligned_and_says_none(void **state)
{
	struct hf_sample *s = make_sample(0, 2, 0, 2);
	char *text = written(view_text, s);

	(void)state;
	assert_non_null(strstr(text, "\ndrops  none\n"));
	assert_non_null(strstr(text, "\nSOURCE          DESTINATION     SPORT"));
	assert_null(strstr(text, " \n"));
	free(text);
	drop_sample(s);
}

static void
text_and_json_say_why_there_is_nothing(void **state)
{
	struct hf_sample *s = make_sample(0, 1, 0, 1);
	char *text;

	(void)state;
	sample_retire(s, "primary gone: it has left");
	text = written(view_text, s);
	assert_non_null(strstr(text, "stale"));
	assert_non_null(strstr(text, "primary gone: it has left, waiting"));
	free(text);
	text = written(view_json, s);
	assert_non_null(
		strstr(text, "\"state\":\"stale\",\"reason\":\"primary gone: it has left\""));
	assert_non_null(strstr(text, "\"uptime_s\":null"));
	free(text);
	drop_sample(s);
}

static void
json_is_one_line_and_unknown_is_null(void **state)
{
	struct hf_sample *s = make_sample(0, 1, 1, 1);
	char *text;

	(void)state;
	s->workers[0].lanes = 5;
	text = written(view_json, s);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text, "\"owner\":null,\"owner_pid\":null,\"owner_alive\":false"));
	assert_non_null(strstr(text, "\"rx_pps\":null"));
	assert_non_null(strstr(text, "\"last_gap_us\":null"));
	assert_non_null(strstr(text, "\"lanes\":[0,2],\"waits\":[]"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, ",,"));
	free(text);
	drop_sample(s);
}

static void
json_escapes_what_it_must(void **state)
{
	char *text = NULL;
	size_t len = 0;
	struct hf_json j = {.out = open_memstream(&text, &len)};

	(void)state;
	write_open(&j, NULL, '{');
	write_text(&j, "a\"", "\\ \" \n \x7f \xe9");
	write_number(&j, "inf", INFINITY, 1);
	write_i64(&j, "n", -5);
	write_close(&j, '}');
	fclose(j.out);
	assert_string_equal(
		text, "{\"a\\\"\":\"\\\\ \\\" \\u000a \\u007f \\u00e9\",\"inf\":null,\"n\":-5}");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_short_at_every_size),
		cmocka_unit_test(columns_fit_every_width_and_the_key_ones_stay),
		cmocka_unit_test(a_number_has_room_or_is_not_shown),
		cmocka_unit_test(what_matters_of_ports_workers_and_stages_is_whole_at_80),
		cmocka_unit_test(flows_keep_all_their_columns_but_idle_at_80),
		cmocka_unit_test(text_is_aligned_and_says_none),
		cmocka_unit_test(text_and_json_say_why_there_is_nothing),
		cmocka_unit_test(json_is_one_line_and_unknown_is_null),
		cmocka_unit_test(json_escapes_what_it_must),
	};

	return cmocka_run_group_tests_name("monitor_views", tests, NULL, NULL);
}
