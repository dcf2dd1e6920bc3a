/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: a file of one packet has the three blocks of the pcapng draft, lengths and padding
 * included; its comment is read back; what is no such file is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pcapng.h"

static const uint8_t frame[61] = {1, 2, 3, 4, 5, 6, [60] = 7};

static int
make(const char *comment, uint8_t *buf, size_t len, size_t *n)
{
	FILE *f = tmpfile();
	struct pcapng_packet p = {.comment = comment,
				  .application = "test",
				  .port = "p0",
				  .realtime_ns = UINT64_C(0x1234567890abcdef),
				  .data = frame,
				  .n = sizeof(frame),
				  .len = 1500,
				  .snap = 61};

	assert_int_equal(pcapng_write(fileno(f), &p), 0);
	*n = (size_t)pread(fileno(f), buf, len, 0);
	return dup(fileno(f));
}

static uint32_t
word(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static void
the_blocks_are_as_the_draft_says(void **state)
{
	static const uint32_t types[] = {0x0a0d0d0a, 1, 6};
	uint8_t buf[2048];
	size_t n, at = 0;

	(void)state;
	close(make("why", buf, sizeof(buf), &n));
	for (int i = 0; i < 3; i++) {
		uint32_t len = word(buf + at + 4);

		assert_int_equal(word(buf + at), types[i]);
		assert_int_equal(len % 4, 0);
		assert_true(at + len <= n);
		assert_int_equal(word(buf + at + len - 4), len);
		if (i < 2)
			at += len;
	}
	assert_int_equal(at + word(buf + at + 4), n);
	assert_int_equal(word(buf + at + 12), 0x12345678);
	assert_int_equal(word(buf + at + 16), 0x90abcdef);
	assert_int_equal(word(buf + at + 20), sizeof(frame));
	assert_int_equal(word(buf + at + 24), 1500);
	assert_memory_equal(buf + at + 28, frame, sizeof(frame));
}

static void
a_comment_is_read_back_and_cut_where_it_is_too_long(void **state)
{
	char longest[2000], got[600];
	uint8_t buf[2048];
	size_t n;
	int fd;

	(void)state;
	fd = make("lane 0: SIGSEGV", buf, sizeof(buf), &n);
	assert_int_equal(pcapng_comment(fd, got, sizeof(got)), 0);
	assert_string_equal(got, "lane 0: SIGSEGV");
	assert_int_equal(pcapng_comment(fd, got, 5), 0);
	assert_string_equal(got, "lane");
	close(fd);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	fd = make(longest, buf, sizeof(buf), &n);
	assert_int_equal(pcapng_comment(fd, got, sizeof(got)), 0);
	assert_int_equal(strlen(got), 512);
	close(fd);
	fd = make("", buf, sizeof(buf), &n);
	assert_int_equal(pcapng_comment(fd, got, sizeof(got)), -ENOENT);
	close(fd);
}

static void
what_is_no_such_file_is_refused(void **state)
{
	char got[64];
	uint8_t buf[2048];
	FILE *f = tmpfile();
	size_t n;
	int fd;

	(void)state;
	assert_int_equal(pcapng_comment(fileno(f), got, sizeof(got)), -EPROTO);
	fwrite(frame, 1, sizeof(frame), f);
	fflush(f);
	assert_int_equal(pcapng_comment(fileno(f), got, sizeof(got)), -EPROTO);
	fclose(f);
	fd = make("a comment that is cut off", buf, sizeof(buf), &n);
	assert_int_equal(ftruncate(fd, 40), 0);
	assert_int_equal(pcapng_comment(fd, got, sizeof(got)), -EPROTO);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_blocks_are_as_the_draft_says),
		cmocka_unit_test(a_comment_is_read_back_and_cut_where_it_is_too_long),
		cmocka_unit_test(what_is_no_such_file_is_refused),
	};

	return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
