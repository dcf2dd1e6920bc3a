/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the control path to stderr: "<program>: <text>", one line, one write. Every program.
 * Never called in a burst.
 */
#ifndef HF_LOG_H
#define HF_LOG_H

#include <stdarg.h>

enum hf_log_level { HF_LOG_ERROR, HF_LOG_WARNING, HF_LOG_NOTICE, HF_LOG_INFO, HF_LOG_DEBUG };

/* Names the program (a literal: it is kept by pointer) and sets the level. Call first in main. */
void hf_log_init(const char *program, enum hf_log_level level);

/* Changes the level at run time; any thread. */
void hf_log_set_level(enum hf_log_level level);
enum hf_log_level hf_log_get_level(void);

/* "error", "warning", "notice", "info", "debug" to a level. Returns 0 or -EINVAL. */
int hf_log_parse_level(const char *text, enum hf_log_level *level);
const char *hf_log_level_name(enum hf_log_level level);

/* One message, no final newline needed. Form: "object: what failed: reason". Any thread. */
void hf_log(enum hf_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define hf_err(...)    hf_log(HF_LOG_ERROR, __VA_ARGS__)
#define hf_warn(...)   hf_log(HF_LOG_WARNING, __VA_ARGS__)
#define hf_notice(...) hf_log(HF_LOG_NOTICE, __VA_ARGS__)
#define hf_info(...)   hf_log(HF_LOG_INFO, __VA_ARGS__)
#define hf_debug(...)  hf_log(HF_LOG_DEBUG, __VA_ARGS__)

#endif
