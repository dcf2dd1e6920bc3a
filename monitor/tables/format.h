/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values as people read them. "-" is not known. Pure functions; any thread.
 */
#ifndef HF_MONITOR_FORMAT_H
#define HF_MONITOR_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* A text that may lack its final 0 and hold anything -> printable ASCII with a final 0. */
void format_clean(char *dst, size_t dst_len, const char *src, size_t src_len);

/* A count: all digits when exact, else "12.3M". HF_UNKNOWN gives "-". */
void format_count(char *buf, size_t len, uint64_t value, int exact);

/* A rate or another number: whole when exact, else "12.3M". NAN gives "-". */
void format_number(char *buf, size_t len, double value, int exact);

/* Percent: "7.3" or "85". */
void format_percent(char *buf, size_t len, double value);

/* Percent with its sign: "+7.3" or "-85". */
void format_signed(char *buf, size_t len, double value);

/* Bytes: all digits when exact, else "640K", "1.5G" (binary prefixes). HF_UNKNOWN gives "-". */
void format_bytes(char *buf, size_t len, uint64_t bytes, int exact);

/* A duration in 3 characters, up to 99 days: "0s" "99s" "5m" "30h" "12d". */
void format_age(char *buf, size_t len, double seconds);

/* A duration to the second: "42s" "12m05s" "3h07m" "12d04h". */
void format_uptime(char *buf, size_t len, double seconds);

/* A gap in nanoseconds: "850ns" "79us" "2.3ms" "1.8s". HF_UNKNOWN gives "-". */
void format_gap(char *buf, size_t len, uint64_t ns);

/* UTC as ISO 8601 with milliseconds. NAN gives "-". */
void format_utc(char *buf, size_t len, double seconds_since_1970);

#endif
