/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration read from a file, and what its reader said. Included after cmocka; test programs
 * only.
 */
#ifndef HF_TEST_CONFIG_FILE_H
#define HF_TEST_CONFIG_FILE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static struct hf_config cfg;
static char err[512];

/* Loads len bytes as a file. A message is one line; "path:" at its start is cut off it. */
static inline int
load_bytes(const char *yaml, size_t len)
{
	char path[] = "/tmp/hf_test_config_XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, len), (ssize_t)len);
	close(fd);
	err[0] = '\0';
	ret = hf_config_load(&cfg, path, err, sizeof(err));
	unlink(path);
	if (ret != 0) {
		assert_memory_equal(err, path, strlen(path));
		assert_int_equal(err[strlen(path)], ':');
		memmove(err, err + strlen(path) + 1, strlen(err) - strlen(path));
		assert_null(strchr(err, '\n'));
	}
	return ret;
}

#endif
