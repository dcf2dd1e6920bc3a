/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recordings: what was written is read back, up to the cut, around damage, within the size that was
 * asked for, and nothing else is taken for one.
 */
#include "history_world.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chunk.h"
#include "history.h"
#include "mend.h"
#include "record.h"

#define FLOWS 2U

struct tape {
	char dir[32], path[64], old[64];
	struct hf_recorder r;
	struct hf_history h;
	struct hf_sample in, out;
	char note[512];
};

static int
tape_up(void **state)
{
	struct tape *t = calloc(1, sizeof(*t));

	snprintf(t->dir, sizeof(t->dir), "/tmp/hf-record-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/tape", t->dir);
	snprintf(t->old, sizeof(t->old), "%s/tape.1", t->dir);
	assert_int_equal(sample_init(&t->in, TOP), 0);
	assert_int_equal(sample_init(&t->out, TOP), 0);
	*state = t;
	return 0;
}

static int
tape_down(void **state)
{
	struct tape *t = *state;

	recorder_close(&t->r);
	history_free(&t->h);
	sample_free(&t->in);
	sample_free(&t->out);
	unlink(t->path);
	unlink(t->old);
	rmdir(t->dir);
	free(t);
	return 0;
}

#define TAPE_TEST(name) cmocka_unit_test_setup_teardown(name, tape_up, tape_down)

/* Records samples number from to to - 1 and closes the file. */
static void
record(struct tape *t, uint64_t from, uint64_t to)
{
	assert_int_equal(recorder_open(&t->r, t->path, RECORD_BYTES, TOP), 0);
	for (uint64_t n = from; n < to; n++) {
		make_sample(&t->in, n, (double)n, FLOWS);
		assert_int_equal(recorder_write(&t->r, &t->in), 0);
	}
	recorder_close(&t->r);
}

static int
replay(struct tape *t)
{
	history_free(&t->h);
	return history_open(&t->h, t->path, t->note, sizeof(t->note));
}

/* Sample i of the recording is sample number n. */
static void
assert_is(struct tape *t, uint32_t i, uint64_t n)
{
	assert_int_equal(history_get(&t->h, i, &t->out), 0);
	make_sample(&t->in, n, (double)n, FLOWS);
	assert_true(same_sample(&t->in, &t->out));
	assert_true(history_time(&t->h, i) == (double)n);
}

static void
what_was_recorded_is_replayed_forwards_and_backwards(void **state)
{
	struct tape *t = *state;

	record(t, 0, 100);
	assert_int_equal(replay(t), 0);
	assert_string_equal(t->note, "");
	assert_int_equal(history_count(&t->h), 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_is(t, i, i);
	for (uint32_t i = 100; i-- > 0;)
		assert_is(t, i, i);
	assert_int_equal(history_find(&t->h, 42.5), 42);
	assert_int_equal(history_push(&t->h, &t->in), 0); /* a recording takes nothing */
	assert_int_equal(history_count(&t->h), 100);
}

static void
sparklines_of_a_recording_need_no_samples(void **state)
{
	struct tape *t = *state;
	struct hf_series rx = {.kind = HF_SERIES_RX_PPS};
	float v[3];

	record(t, 0, 10);
	assert_int_equal(replay(t), 0);
	history_series(&t->h, &rx, 5.5, 1, v, 3);
	assert_true(v[0] == 4 && v[1] == 5 && v[2] == 6);
}

static void
another_session_goes_on_where_the_one_before_ended(void **state)
{
	struct tape *t = *state;

	record(t, 0, 5);
	record(t, 5, 8);
	record(t, 8, 50);
	assert_int_equal(replay(t), 0);
	assert_int_equal(history_count(&t->h), 50);
	for (uint32_t i = 0; i < 50; i++)
		assert_is(t, i, i);
}

/* The file as bytes. */
static uint8_t *
slurp(const char *path, size_t *bytes)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *all;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	*bytes = (size_t)st.st_size;
	all = malloc(*bytes);
	assert_int_equal(read(fd, all, *bytes), st.st_size);
	close(fd);
	return all;
}

static void
write_file(const char *path, const void *data, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, bytes), (ssize_t)bytes);
	close(fd);
}

/* Where each chunk ends; the last one is the whole file. Returns how many there are. */
static unsigned int
chunk_ends(const uint8_t *all, size_t bytes, size_t *ends, unsigned int room)
{
	unsigned int n = 0;

	for (size_t at = 0; at < bytes && n < room; n++) {
		struct hf_chunk c;

		memcpy(&c, all + at, sizeof(c));
		at += chunk_length(&c);
		ends[n] = at;
	}
	assert_int_equal(ends[n - 1], bytes);
	return n;
}

static void
a_file_that_was_cut_at_any_byte_is_replayed_up_to_there(void **state)
{
	struct tape *t = *state;
	size_t bytes, ends[16];
	unsigned int n, whole;
	uint8_t *all;

	record(t, 0, 6);
	all = slurp(t->path, &bytes);
	n = chunk_ends(all, bytes, ends, 16);
	assert_int_equal(n, 7); /* a head and 6 samples */
	whole = n;
	write_file(t->path, all, bytes);
	for (size_t cut = bytes + 1; cut-- > 0;) {
		assert_int_equal(truncate(t->path, (off_t)cut), 0);
		while (whole > 0 && ends[whole - 1] > cut)
			whole--;
		if (whole < 2) {
			assert_int_equal(replay(t), -ENODATA);
			continue;
		}
		assert_int_equal(replay(t), 0);
		assert_int_equal(history_count(&t->h), whole - 1);
		if (cut == ends[whole - 1] || cut == ends[whole - 1] + 1 || cut % 64 == 0)
			assert_is(t, whole - 2, whole - 2);
		assert_int_equal(strstr(t->note, ": cut: ") != NULL, ends[whole - 1] != cut);
	}
	free(all);
}

static void
a_recorder_goes_on_behind_any_cut(void **state)
{
	struct tape *t = *state;
	size_t bytes, ends[8];
	uint8_t *all;

	record(t, 0, 3);
	all = slurp(t->path, &bytes);
	chunk_ends(all, bytes, ends, 8);
	for (size_t cut = 0; cut < bytes; cut += cut < ends[0] ? 401 : 13) {
		uint32_t left = cut < ends[1] ? 0 : cut < ends[2] ? 1 : 2;

		write_file(t->path, all, cut);
		record(t, 7, 9);
		assert_int_equal(replay(t), 0);
		assert_string_equal(t->note, "");
		assert_int_equal(history_count(&t->h), left + 2);
		assert_is(t, left, 7);
		assert_is(t, left + 1, 8);
	}
	free(all);
}

/* Is byte i printable, and all around it: the text of a layout? */
static int
in_text(const uint8_t *all, size_t i)
{
	for (size_t k = i > 20 ? i - 20 : 0; k < i; k++)
		if ((all[k] < ' ' || all[k] > '~') && all[k] != '\n')
			return 0;
	return 1;
}

static void
any_damaged_byte_costs_its_group_at_most_and_never_a_wrong_sample(void **state)
{
	struct tape *t = *state;
	uint8_t *all;
	size_t bytes;

	record(t, 0, 3);
	record(t, 3, 5); /* another key */
	all = slurp(t->path, &bytes);
	for (size_t i = sizeof(uint32_t); i < bytes; i++) {
		uint32_t n;

		if (in_text(all, i) && i % 64 != 0) /* long, and all alike */
			continue;

		all[i] ^= 0x55;
		write_file(t->path, all, bytes);
		all[i] ^= 0x55;
		assert_int_equal(replay(t), 0);
		n = history_count(&t->h);
		assert_in_range(n, 2, 5);
		for (uint32_t k = 0; k < n; k++)
			assert_is(t, k, (uint64_t)history_time(&t->h, k));
		/* Padding may change without harm, all else is told. */
		assert_true(n == 5 || strstr(t->note, ": damaged: ") != NULL ||
			    strstr(t->note, ": cut: ") != NULL);
	}
	free(all);
}

static void
two_files_never_take_more_than_was_asked_for(void **state)
{
	const uint64_t limit = RECORD_BYTES_MIN;
	struct tape *t = *state;
	struct stat now = {0}, old = {0};
	unsigned int rotations = 0;
	uint32_t n;

	assert_int_equal(recorder_open(&t->r, t->path, limit, TOP), 0);
	for (uint64_t k = 0; rotations < 3; k++) {
		make_sample(&t->in, k, (double)k, FLOWS);
		for (size_t i = 0; i < sizeof(t->in.pools); i += 8) /* does not compress */
			((uint64_t *)t->in.pools)[i / 8] = mix(k * 100000 + i);
		assert_int_equal(recorder_write(&t->r, &t->in), 0);
		if (t->r.size < (uint64_t)now.st_size)
			rotations++;
		assert_int_equal(stat(t->path, &now), 0);
		if (stat(t->old, &old) != 0)
			old.st_size = 0;
		assert_true((uint64_t)(now.st_size + old.st_size) <= limit);
	}
	recorder_close(&t->r);
	assert_int_equal(replay(t), 0);
	n = history_count(&t->h);
	for (uint32_t i = 1; i < n; i++)
		assert_true(history_time(&t->h, i) == history_time(&t->h, i - 1) + 1);
	assert_true(history_time(&t->h, 0) > 0);
	unlink(t->path); /* as after a death between the two steps of a rotation */
	assert_int_equal(replay(t), 0);
	assert_in_range(history_count(&t->h), 1, n - 1);
}

static void
what_is_no_recording_is_neither_read_nor_written(void **state)
{
	static const char text[] = "dear diary";
	struct tape *t = *state;
	uint8_t *all;
	size_t bytes;

	assert_int_equal(replay(t), -ENOENT);
	write_file(t->path, text, sizeof(text));
	assert_int_equal(replay(t), -EINVAL);
	assert_non_null(strstr(t->note, "no recording"));
	assert_int_equal(recorder_open(&t->r, t->path, RECORD_BYTES, TOP), -EINVAL);
	assert_non_null(strstr(t->r.why, "something else"));
	all = slurp(t->path, &bytes);
	assert_int_equal(bytes, sizeof(text));
	assert_memory_equal(all, text, bytes);
	free(all);
	unlink(t->path);
	assert_int_equal(mkfifo(t->path, 0600), 0);
	assert_int_equal(replay(t), -EINVAL);
	assert_int_equal(recorder_open(&t->r, t->path, RECORD_BYTES, TOP), -EINVAL);
	unlink(t->path);
	assert_int_equal(recorder_open(&t->r, "/dev/full", RECORD_BYTES, TOP), -EINVAL);
	assert_int_equal(recorder_open(&t->r, "/nowhere/x", RECORD_BYTES, TOP), -ENOENT);
}

static void
two_recorders_do_not_share_a_file(void **state)
{
	struct tape *t = *state;
	struct hf_recorder other;

	assert_int_equal(recorder_open(&t->r, t->path, RECORD_BYTES, TOP), 0);
	assert_int_equal(recorder_open(&other, t->path, RECORD_BYTES, TOP), -EBUSY);
	recorder_close(&other);
	recorder_close(&t->r);
	assert_int_equal(recorder_open(&other, t->path, RECORD_BYTES, TOP), 0);
	recorder_close(&other);
}

static void
a_hostile_sample_is_mended_before_it_is_shown(void **state)
{
	struct tape *t = *state;
	struct hf_sample *s = &t->in;

	make_sample(s, 1, 1, FLOWS);
	s->n_ports = s->n_events = s->n_pools = s->n_drops = 77777;
	s->n_workers = s->n_io = s->n_skips = UINT32_MAX;
	s->state = (enum hf_sample_state)99;
	s->sort = (enum hf_sort)99;
	memset(s->why, 'A', sizeof(s->why));
	memset(s->ports[0].name, 'B', sizeof(s->ports[0].name));
	snprintf(s->instance, sizeof(s->instance), "\x1b[2Jgone");
	snprintf(s->flows.rows[1].src, sizeof(s->flows.rows[1].src), "\x1b]0;x\a");
	mend_sample(s);
	assert_int_equal(s->n_ports, HF_MAX_PORTS);
	assert_int_equal(s->n_workers, HF_MAX_WORKERS);
	assert_int_equal(s->n_events, HF_EVENTS_KEPT);
	assert_int_equal(s->state, HF_SAMPLE_WAITING);
	assert_true((unsigned int)s->sort < HF_SORT_COUNT);
	assert_int_equal(strlen(s->why), sizeof(s->why) - 1);
	assert_string_equal(s->instance, "?[2Jgone");
	assert_string_equal(s->flows.rows[1].src, "?]0;x?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TAPE_TEST(what_was_recorded_is_replayed_forwards_and_backwards),
		TAPE_TEST(sparklines_of_a_recording_need_no_samples),
		TAPE_TEST(another_session_goes_on_where_the_one_before_ended),
		TAPE_TEST(a_file_that_was_cut_at_any_byte_is_replayed_up_to_there),
		TAPE_TEST(a_recorder_goes_on_behind_any_cut),
		TAPE_TEST(any_damaged_byte_costs_its_group_at_most_and_never_a_wrong_sample),
		TAPE_TEST(two_files_never_take_more_than_was_asked_for),
		TAPE_TEST(what_is_no_recording_is_neither_read_nor_written),
		TAPE_TEST(two_recorders_do_not_share_a_file),
		TAPE_TEST(a_hostile_sample_is_mended_before_it_is_shown),
	};

	/* Thousands of replays: memory that goes back to the system each time is slow to get. */
	mallopt(M_MMAP_THRESHOLD, 1 << 25);
	mallopt(M_TRIM_THRESHOLD, 1 << 27);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
