/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * History in memory: samples come back whole, its bounds, how it is thinned, series and sparklines.
 */
#include "history_world.h"

#include <errno.h>
#include <math.h>

#include "history.h"
#include "mend.h"
#include "spark.h"

#define PLENTY (64UL << 20)

struct past {
	struct hf_history h;
	struct hf_sample in, out;
};

static struct past *
past_new(double minutes, uint32_t top, size_t bytes_max)
{
	struct past *p = calloc(1, sizeof(*p));

	assert_int_equal(history_init(&p->h, minutes, top, bytes_max), 0);
	assert_int_equal(sample_init(&p->in, top), 0);
	assert_int_equal(sample_init(&p->out, top), 0);
	return p;
}

static void
past_free(struct past *p)
{
	history_free(&p->h);
	sample_free(&p->in);
	sample_free(&p->out);
	free(p);
}

static void
push(struct past *p, uint64_t n, double time_s, uint32_t flows)
{
	make_sample(&p->in, n, time_s, flows);
	assert_int_equal(history_push(&p->h, &p->in), 0);
}

/* Fills a sample with bytes that no two places share; what leads somewhere is made right. */
static void
scribble(struct hf_sample *s, uint64_t seed)
{
	struct hf_flow_row *rows = s->flows.rows;
	uint8_t *bytes = (uint8_t *)s;

	for (size_t i = 0; i < sizeof(*s); i++)
		bytes[i] = (uint8_t)(' ' + mix(seed + i) % 90);
	s->flows.rows = rows;
	s->flows.top = s->flows.n = TOP;
	for (size_t i = 0; i < TOP * sizeof(*rows); i++)
		((uint8_t *)rows)[i] = (uint8_t)(' ' + mix(seed * 7 + i) % 90);
	s->time_s = (double)seed;
	mend_sample(s);
}

static void
every_byte_of_a_sample_comes_back(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);

	(void)state;
	for (uint64_t n = 1; n <= 70; n++) {
		scribble(&p->in, n);
		assert_int_equal(history_push(&p->h, &p->in), 0);
	}
	assert_int_equal(history_count(&p->h), 70);
	for (uint32_t i = 70; i-- > 0;) {
		scribble(&p->in, i + 1);
		assert_int_equal(history_get(&p->h, i, &p->out), 0);
		assert_true(same_sample(&p->in, &p->out));
	}
	assert_int_equal(history_get(&p->h, 70, &p->out), -ERANGE);
	past_free(p);
}

static void
a_sample_with_room_for_fewer_flows_gets_the_first_ones(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);
	struct hf_sample small;

	(void)state;
	assert_int_equal(sample_init(&small, 3), 0);
	push(p, 1, 100, TOP);
	assert_int_equal(history_get(&p->h, 0, &small), 0);
	assert_int_equal(small.flows.n, 3);
	assert_int_equal(small.flows.live, TOP);
	assert_memory_equal(small.flows.rows, p->in.flows.rows, 3 * sizeof(small.flows.rows[0]));
	sample_free(&small);
	past_free(p);
}

static void
what_is_too_old_goes_and_time_finds_the_rest(void **state)
{
	struct past *p = past_new(1, TOP, PLENTY);
	uint32_t n, i;

	(void)state;
	for (uint64_t k = 0; k < 300; k++)
		push(p, k, 1000 + (double)k, 4);
	n = history_count(&p->h);
	assert_in_range(n, 61, 61 + 32); /* whole groups go */
	assert_true(history_time(&p->h, n - 1) == 1299);
	i = history_find(&p->h, 1280.5);
	assert_true(history_time(&p->h, i) == 1280);
	assert_int_equal(history_get(&p->h, i, &p->out), 0);
	assert_int_equal(p->out.totals.rx_pkts, 280 * 1000);
	assert_int_equal(history_find(&p->h, 5), 0);
	assert_int_equal(history_find(&p->h, 5000), n - 1);
	past_free(p);
}

static void
a_clock_that_is_set_back_stands_still(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);

	(void)state;
	push(p, 1, 1000, 1);
	push(p, 2, 400, 1);
	push(p, 3, 1001, 1);
	assert_true(history_time(&p->h, 1) == 1000 && history_time(&p->h, 2) == 1001);
	assert_int_equal(history_find(&p->h, 1000), 1);
	past_free(p);
}

/* The longest time between two neighbours among samples of [from, to]. */
static double
longest_gap(const struct hf_history *h, double from, double to)
{
	double longest = 0;

	for (uint32_t i = 1; i < history_count(h); i++)
		if (history_time(h, i) >= from && history_time(h, i) <= to)
			longest = fmax(longest, history_time(h, i) - history_time(h, i - 1));
	return longest;
}

static void
memory_is_bounded_and_the_old_ones_become_coarse(void **state)
{
	const size_t limit = 256 << 10;
	struct past *p = past_new(15, TOP, limit);
	double end = 1000 + 899.9;
	uint32_t n;

	(void)state;
	for (uint64_t k = 0; k < 9000; k++) {
		push(p, k, 1000 + (double)k / 10, TOP);
		assert_true(p->h.bytes <= limit);
	}
	n = history_count(&p->h);
	print_message("# %u of 9000 samples in %zu bytes\n", n, p->h.bytes);
	assert_in_range(n, 50, 8000);
	assert_true(history_time(&p->h, 0) == 1000); /* the 15 minutes are all there */
	assert_true(longest_gap(&p->h, end - 5, end) < longest_gap(&p->h, 1000, 1300));
	assert_true(longest_gap(&p->h, 1000, end) < 60);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t k = (uint64_t)llround((history_time(&p->h, i) - 1000) * 10);

		assert_int_equal(history_get(&p->h, i, &p->out), 0);
		make_sample(&p->in, k, 1000 + (double)k / 10, TOP);
		assert_true(same_sample(&p->in, &p->out));
	}
	past_free(p);
}

static void
nothing_is_kept_when_nothing_is_wanted(void **state)
{
	struct past *p = past_new(0, TOP, PLENTY);

	(void)state;
	push(p, 1, 1, 1);
	assert_int_equal(history_count(&p->h), 0);
	assert_int_equal(history_find(&p->h, 1), 0);
	assert_int_equal(history_get(&p->h, 0, &p->out), -ERANGE);
	past_free(p);
}

static void
series_are_means_over_time(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);
	struct hf_series rx = {.kind = HF_SERIES_RX_PPS};
	struct hf_series lane = {.kind = HF_SERIES_LANE_PPS, .index = 1};
	struct hf_series port = {.kind = HF_SERIES_PORT_RX_PPS};
	struct hf_series none = {.kind = HF_SERIES_LANE_BUSY, .index = LANES};
	float v[6];

	(void)state;
	for (uint64_t k = 0; k <= 20; k++)
		push(p, k, 1000 + (double)k, 1);
	history_series(&p->h, &rx, 1019.5, 2, v, 6); /* buckets 1008 to 1020 */
	for (unsigned int i = 0; i < 6; i++)
		assert_true(fabsf(v[i] - (float)(9.5 + 2 * i)) < 1e-3F);
	history_series(&p->h, &rx, 1019.5, 0.5, v, 2); /* finer than the samples */
	assert_true(v[0] == 20 && v[1] == 20);
	history_series(&p->h, &lane, 1019.5, 2, v, 6);
	assert_true(fabsf(v[5] - 119.5F) < 1e-3F);
	history_series(&p->h, &port, 1019.5, 2, v, 6);
	assert_true(fabsf(v[5] - 195) < 1e-3F);
	history_series(&p->h, &none, 1019.5, 2, v, 6);
	assert_true(isnan(v[5]));
	history_series(&p->h, &rx, 1005, 2, v, 6); /* begins before there was anything */
	assert_true(isnan(v[0]) && isnan(v[2]) && !isnan(v[5]));
	past_free(p);
}

static void
a_rate_that_was_not_known_leaves_a_hole(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);
	struct hf_series rx = {.kind = HF_SERIES_RX_PPS};
	float v[5];

	(void)state;
	for (uint64_t k = 0; k <= 5; k++) {
		make_sample(&p->in, k, (double)k, 0);
		if (k == 3)
			p->in.totals.rx_pps = NAN;
		assert_int_equal(history_push(&p->h, &p->in), 0);
	}
	history_series(&p->h, &rx, 4.5, 1, v, 5);
	assert_true(v[0] == 1 && v[1] == 2 && isnan(v[2]) && v[3] == 4 && v[4] == 5);
	past_free(p);
}

static void
a_flow_is_found_by_its_key_wherever_it_stands(void **state)
{
	struct past *p = past_new(15, TOP, PLENTY);
	struct hf_flow_row wanted, moved;
	struct hf_series flow = {.kind = HF_SERIES_FLOW_PPS, .flow = &wanted.key};
	float v[2];

	(void)state;
	push(p, 0, 1, TOP);
	make_sample(&p->in, 1, 2, TOP);
	wanted = p->in.flows.rows[5];
	moved = p->in.flows.rows[0];
	p->in.flows.rows[0] = wanted;
	p->in.flows.rows[5] = moved;
	assert_int_equal(history_push(&p->h, &p->in), 0);
	push(p, 2, 3, 3); /* it is not among these */
	history_series(&p->h, &flow, 2.5, 1, v, 2);
	assert_true(v[0] == (float)wanted.pps && isnan(v[1]));
	past_free(p);
}

static void
sparklines_have_eight_heights_and_blanks(void **state)
{
	static const float v[] = {0, 1, 2, 3, 4, 5, 6, 7, NAN, 0.001F};
	char buf[64];

	(void)state;
	assert_string_equal(spark_line(buf, sizeof(buf), v, 10, 0, 1), "▁▂▃▄▅▆▇█ ▂");
	assert_string_equal(spark_line(buf, sizeof(buf), v, 10, 0, 0), "_.,-=+*# .");
	assert_string_equal(spark_line(buf, sizeof(buf), v, 4, 1, 0), "_###");
	assert_string_equal(spark_line(buf, sizeof(buf), v + 8, 1, 0, 1), " ");
	assert_string_equal(spark_line(buf, sizeof(buf), v, 1, 0, 0), "_");
	assert_string_equal(spark_line(buf, 5, v, 10, 0, 1), "▁"); /* none is cut in the middle */
	assert_true(spark_top(v, 10) == 7 && spark_top(v + 8, 1) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_a_sample_comes_back),
		cmocka_unit_test(a_sample_with_room_for_fewer_flows_gets_the_first_ones),
		cmocka_unit_test(what_is_too_old_goes_and_time_finds_the_rest),
		cmocka_unit_test(a_clock_that_is_set_back_stands_still),
		cmocka_unit_test(memory_is_bounded_and_the_old_ones_become_coarse),
		cmocka_unit_test(nothing_is_kept_when_nothing_is_wanted),
		cmocka_unit_test(series_are_means_over_time),
		cmocka_unit_test(a_rate_that_was_not_known_leaves_a_hole),
		cmocka_unit_test(a_flow_is_found_by_its_key_wherever_it_stands),
		cmocka_unit_test(sparklines_have_eight_heights_and_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
