/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the exporter writes for a made-up sample, in both formats, and which of them a scraper gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "metrics.h"

#define TEXT METRICS_TEXT
#define OPEN METRICS_OPENMETRICS

static void
the_format_is_what_the_scraper_likes_best(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
		{NULL, TEXT},
		{"", TEXT},
		{"*/*", TEXT},
		{"text/html", TEXT},
		{"application/openmetrics-text", OPEN},
		{"application/openmetrics-text; version=1.0.0; charset=utf-8", OPEN},
		{"Application/OpenMetrics-Text;Version=1.0.0", OPEN},
		{"application/openmetrics-text;version=\"1.0.0\"", OPEN},
		{"application/openmetrics-text;version=0.0.1", TEXT},
		{"application/openmetrics-textual", TEXT},
		{"application/openmetrics-text;q=0", TEXT},
		{"application/openmetrics-text;q=2", TEXT},
		{"application/openmetrics-text;q=nan", TEXT},
		{"text/plain, application/openmetrics-text;q=0.5", TEXT},
		{"text/plain;q=0.5, application/openmetrics-text;q=0.5", OPEN},
		{"application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 OPEN},
		{", ,,application/openmetrics-text", OPEN},
		{";;q=;,=", TEXT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(accept_parse(cases[i].accept), cases[i].format);
}

static struct hf_sample *
make_sample(void)
{
	struct hf_sample *s = calloc(1, sizeof(*s));

	assert_int_equal(sample_init(s, 1), 0);
	s->state = HF_SAMPLE_LIVE;
	s->tsc_hz = 1000000000;
	snprintf(s->instance, sizeof(s->instance), "test");
	snprintf(s->program_version, sizeof(s->program_version), "0.1.0");
	s->n_ports = s->n_lanes = s->n_drops = s->n_pools = 1;
	snprintf(s->ports[0].name, sizeof(s->ports[0].name), "a\"b\\c");
	s->ports[0].link_mbps = 10000;
	s->ports[0].link_up = 2;
	s->ports[0].rx_pkts = UINT64_MAX - 1;
	s->lanes[0] = (struct hf_lane_row){.pid = -1, .gap_ns = HF_UNKNOWN};
	s->lanes[0].busy_tsc = 1500000000;
	s->lanes[0].handovers = 3;
	s->lanes[0].takeovers = 4;
	s->lanes[0].totals.drop[0] = 7;
	snprintf(s->drops[0].reason, sizeof(s->drops[0].reason), "lane_ring_full");
	s->pools[0].census_s = NAN;
	s->pools[0].free = HF_UNKNOWN;
	s->pools[0].cached = 5;
	return s;
}

static void
drop_sample(struct hf_sample *s)
{
	sample_free(s);
	free(s);
}

static char *
written(const struct hf_sample *s, enum metrics_format format, int err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct metrics_look look = {s, err, 0.25};

	metrics_write(out, format, &look, 1);
	fclose(out);
	return text;
}

static void
heads_are_those_of_the_format(void **state)
{
	struct hf_sample *s = make_sample();
	char *text = written(s, TEXT, 0), *open = written(s, OPEN, 0);

	(void)state;
	assert_non_null(strstr(text, "# TYPE holdfast_lane_busy_seconds_total counter\n"));
	assert_non_null(strstr(text, "# TYPE holdfast_build_info gauge\n"));
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
	assert_non_null(strstr(open, "# TYPE holdfast_lane_busy_seconds counter\n"
				     "# UNIT holdfast_lane_busy_seconds seconds\n"));
	assert_non_null(strstr(open, "# TYPE holdfast_build info\n"));
	assert_string_equal(open + strlen(open) - 6, "# EOF\n");
	free(text);
	free(open);
	drop_sample(s);
}

static void
values_are_exact_in_base_units_and_the_unknown_is_absent(void **state)
{
	struct hf_sample *s = make_sample();
	char *text = written(s, TEXT, 0);

	(void)state;
	assert_non_null(strstr(text, "\nholdfast_up{holdfast_instance=\"test\"} 1\n"));
	assert_non_null(strstr(text, "holdfast_port_receive_packets_total{holdfast_instance="
				     "\"test\",port=\"a\\\"b\\\\c\"} 18446744073709551614\n"));
	assert_non_null(strstr(text, "holdfast_lane_busy_seconds_total{holdfast_instance="
				     "\"test\",lane=\"0\"} 1.5\n"));
	assert_non_null(strstr(text, "lane=\"0\",kind=\"handover\"} 3\n"));
	assert_non_null(strstr(text, "lane=\"0\",kind=\"takeover\"} 4\n"));
	assert_non_null(strstr(text, "lane=\"0\",reason=\"lane_ring_full\"} 7\n"));
	assert_non_null(strstr(text, "holdfast_port_speed_bytes{holdfast_instance=\"test\",port="
				     "\"a\\\"b\\\\c\"} 1.25e+09\n"));
	assert_null(strstr(text, "\nholdfast_port_link_up{"));
	assert_null(strstr(text, "\nholdfast_lane_last_gap_seconds{"));
	assert_null(strstr(text, "state=\"free\""));
	assert_non_null(strstr(text, "state=\"cached\"} 5\n"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, ",owner="));
	free(text);
	drop_sample(s);
}

static void
gaps_are_a_histogram_that_adds_up(void **state)
{
	struct hf_sample *s = make_sample();
	char *text;

	(void)state;
	s->lanes[0].gap_counts[HF_GAP_TAKEOVER][0] = 1;
	s->lanes[0].gap_counts[HF_GAP_TAKEOVER][8] = 2;
	s->lanes[0].gap_counts[HF_GAP_TAKEOVER][HF_GAP_BUCKETS - 1] = 4;
	s->lanes[0].gap_sum_ns[HF_GAP_TAKEOVER] = 2500000000;
	text = written(s, OPEN, 0);
	assert_non_null(strstr(text, "# TYPE holdfast_lane_gap_seconds histogram\n"));
	assert_non_null(strstr(text, "kind=\"takeover\",le=\"1e-06\"} 1\n"));
	assert_non_null(strstr(text, "kind=\"takeover\",le=\"0.000128\"} 1\n"));
	assert_non_null(strstr(text, "kind=\"takeover\",le=\"0.000256\"} 3\n"));
	assert_non_null(strstr(text, "kind=\"takeover\",le=\"4.194304\"} 3\n"));
	assert_non_null(strstr(text, "kind=\"takeover\",le=\"+Inf\"} 7\n"));
	assert_non_null(strstr(text, "_sum{holdfast_instance=\"test\",lane=\"0\",kind="
				     "\"takeover\"} 2.5\n"));
	assert_non_null(strstr(text, "_count{holdfast_instance=\"test\",lane=\"0\",kind="
				     "\"takeover\"} 7\n"));
	assert_non_null(strstr(text, "kind=\"handover\",le=\"+Inf\"} 0\n"));
	free(text);
	drop_sample(s);
}

static void
without_an_instance_the_reason_is_all(void **state)
{
	struct hf_sample *s = make_sample();
	char *text = written(s, OPEN, -ESRCH);

	(void)state;
	assert_non_null(strstr(text, "\nholdfast_up{holdfast_instance=\"test\"} 0\n"));
	assert_non_null(strstr(text, "reason=\"primary_gone\"} 1\n"));
	assert_null(strstr(text, "holdfast_lane"));
	assert_null(strstr(text, "holdfast_build"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
	drop_sample(s);
}

static void
families_of_several_instances_are_written_in_one_piece(void **state)
{
	struct hf_sample *a = make_sample(), *b = make_sample(), *gone = make_sample();
	struct metrics_look looks[] = {{a, 0, 0.1}, {gone, -ENOENT, 0.1}, {b, 0, 0.1}};
	char *text = NULL, *one, *two;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	snprintf(gone->instance, sizeof(gone->instance), "gone");
	snprintf(b->instance, sizeof(b->instance), "other");
	metrics_write(out, OPEN, looks, 3);
	fclose(out);
	one = strstr(text,
		     "\nholdfast_lane_held_packets{holdfast_instance=\"test\",lane=\"0\"} 0\n");
	two = strstr(text,
		     "\nholdfast_lane_held_packets{holdfast_instance=\"other\",lane=\"0\"} 0\n");
	assert_non_null(one);
	assert_ptr_equal(strchr(one + 1, '\n'), two);
	assert_null(strstr(text, "lane_held_packets{holdfast_instance=\"gone\""));
	assert_non_null(strstr(text, "\nholdfast_up{holdfast_instance=\"gone\"} 0\n"));
	assert_non_null(strstr(text, "\nholdfast_up{holdfast_instance=\"other\"} 1\n"));
	for (const char *head = text; (head = strstr(head, "# TYPE ")) != NULL; head++) {
		size_t n = strcspn(head, "\n");
		char line[160];

		snprintf(line, sizeof(line), "%.*s\n", (int)n, head);
		assert_null(strstr(head + 1, line)); /* no head comes twice */
	}
	free(text);
	drop_sample(a);
	drop_sample(b);
	drop_sample(gone);
}

/* What the two formats ask of the table itself. */
static void
families_are_named_by_the_rules(void **state)
{
	uint32_t n;
	const struct metric *m = metrics_table(&n);

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		int begins = i == 0 || strcmp(m[i].name, m[i - 1].name) != 0;
		size_t len = strlen(m[i].name);

		assert_null(strstr(m[i].name, "_total"));
		assert_int_equal(begins, m[i].help != NULL);
		if (m[i].unit != NULL)
			assert_string_equal(m[i].name + len - strlen(m[i].unit), m[i].unit);
		if (!begins)
			assert_int_equal(m[i].type, m[i - 1].type);
		for (uint32_t k = i + 1; begins && k < n; k++)
			assert_true(strcmp(m[k].name, m[i].name) != 0 ||
				    strcmp(m[k - 1].name, m[i].name) == 0);
	}
}

/* A label whose column is gone would vanish without a word. */
static void
labels_are_columns_of_their_tables(void **state)
{
	uint32_t n;
	const struct metric *m = metrics_table(&n);

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < METRIC_MAX_LABELS && m[i].labels[k].name != NULL; k++) {
			const struct hf_table *t = columns_table(m[i].table);
			uint32_t c = 0;

			while (c < t->n_columns &&
			       strcmp(t->columns[c].key, m[i].labels[k].column) != 0)
				c++;
			assert_true(c < t->n_columns);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_is_what_the_scraper_likes_best),
		cmocka_unit_test(heads_are_those_of_the_format),
		cmocka_unit_test(values_are_exact_in_base_units_and_the_unknown_is_absent),
		cmocka_unit_test(gaps_are_a_histogram_that_adds_up),
		cmocka_unit_test(without_an_instance_the_reason_is_all),
		cmocka_unit_test(families_of_several_instances_are_written_in_one_piece),
		cmocka_unit_test(families_are_named_by_the_rules),
		cmocka_unit_test(labels_are_columns_of_their_tables),
	};

	return cmocka_run_group_tests_name("monitor_metrics", tests, NULL, NULL);
}
