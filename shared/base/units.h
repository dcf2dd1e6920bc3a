/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people write and read them. Every program. Pure functions, any thread.
 */
#ifndef HF_UNITS_H
#define HF_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Parses a whole decimal (or 0x) number in [min, max], nothing after it. 0, -EINVAL or -ERANGE. */
int hf_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Parses seconds such as "5", "0.5" in [min, max]. Returns 0, -EINVAL or -ERANGE. */
int hf_parse_seconds(const char *text, double min, double max, double *out);

/*
 * Parses a list such as "0,2-5" of numbers below limit (at most 64) into a bit set. Returns 0,
 * -EINVAL when it is no such list, -ERANGE when a number is too large.
 */
int hf_parse_set(const char *text, uint32_t limit, uint64_t *bits);

/* "0,2-5" of a bit set; "-" when empty. Returns buf. */
const char *hf_format_set(char *buf, size_t len, uint64_t bits);

/* 12345678 -> "12.3M" (decimal prefixes, 3 digits). Returns buf. */
const char *hf_format_si(char *buf, size_t len, double value);

/* A span of time in 3 digits: "850 ns", "79.1 us", "2.30 ms", "1.80 s", "125 s". Returns buf. */
const char *hf_format_time_ns(char *buf, size_t len, uint64_t ns);

#endif
