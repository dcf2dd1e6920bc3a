/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *program;
	atomic_int level;
} log_state = {"holdfast", HF_LOG_NOTICE};

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

void
hf_log_init(const char *program, enum hf_log_level level)
{
	log_state.program = program;
	hf_log_set_level(level);
}

void
hf_log_set_level(enum hf_log_level level)
{
	atomic_store_explicit(&log_state.level, (int)level, memory_order_relaxed);
}

enum hf_log_level
hf_log_get_level(void)
{
	return (enum hf_log_level)atomic_load_explicit(&log_state.level, memory_order_relaxed);
}

int
hf_log_parse_level(const char *text, enum hf_log_level *level)
{
	for (unsigned int i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum hf_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
hf_log_level_name(enum hf_log_level level)
{
	return level_names[level];
}

void
hf_log(enum hf_log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int n, m;

	if (level > hf_log_get_level())
		return;
	n = snprintf(line, sizeof(line), "%s: ", log_state.program);
	va_start(args, fmt);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, args);
	va_end(args);
	if (m < 0)
		return;
	n += m;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	/* One write, so that lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
