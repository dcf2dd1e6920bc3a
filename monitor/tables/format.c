/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers, durations and texts for the views. Pure functions.
 */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "units.h"

#define MINUTE 60.0
#define HOUR   3600.0
#define DAY    86400.0

#define YEAR_10000 253402300800.0 /* in seconds since 1970 */

void
format_clean(char *dst, size_t dst_len, const char *src, size_t src_len)
{
	size_t n = 0;

	while (n + 1 < dst_len && n < src_len && src[n] != '\0') {
		dst[n] = src[n] >= ' ' && src[n] <= '~' ? src[n] : '?';
		n++;
	}
	dst[n] = '\0';
}

void
format_count(char *buf, size_t len, uint64_t value, int exact)
{
	if (value == UINT64_MAX)
		snprintf(buf, len, "-");
	else if (exact)
		snprintf(buf, len, "%llu", (unsigned long long)value);
	else
		hf_format_si(buf, len, (double)value);
}

void
format_number(char *buf, size_t len, double value, int exact)
{
	if (isnan(value))
		snprintf(buf, len, "-");
	else if (exact)
		snprintf(buf, len, "%.0f", value);
	else
		hf_format_si(buf, len, value);
}

void
format_percent(char *buf, size_t len, double value)
{
	if (isnan(value))
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%.*f", value < 9.95 ? 1 : 0, value);
}

void
format_signed(char *buf, size_t len, double value)
{
	if (isnan(value))
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%+.*f", fabs(value) < 9.95 ? 1 : 0, value);
}

void
format_bytes(char *buf, size_t len, uint64_t bytes, int exact)
{
	static const char prefixes[] = " KMGTPE";
	double value = (double)bytes;
	unsigned int p = 0;

	if (bytes == UINT64_MAX || exact || bytes < 1024) {
		format_count(buf, len, bytes, 1);
		return;
	}
	for (; value >= 999.5; p++)
		value /= 1024;
	snprintf(buf, len, "%.*f%c", value < 9.95 ? 1 : 0, value, prefixes[p]);
}

void
format_age(char *buf, size_t len, double seconds)
{
	if (isnan(seconds))
		snprintf(buf, len, "-");
	else if (seconds < 100)
		snprintf(buf, len, "%.0fs", floor(seconds));
	else if (seconds < 100 * MINUTE)
		snprintf(buf, len, "%.0fm", floor(seconds / MINUTE));
	else if (seconds < 100 * HOUR)
		snprintf(buf, len, "%.0fh", floor(seconds / HOUR));
	else
		snprintf(buf, len, "%.0fd", floor(seconds / DAY));
}

void
format_uptime(char *buf, size_t len, double seconds)
{
	if (isnan(seconds))
		snprintf(buf, len, "-");
	else if (seconds < MINUTE)
		snprintf(buf, len, "%.0fs", floor(seconds));
	else if (seconds < HOUR)
		snprintf(buf, len, "%.0fm%02.0fs", floor(seconds / MINUTE),
			 floor(fmod(seconds, MINUTE)));
	else if (seconds < DAY)
		snprintf(buf, len, "%.0fh%02.0fm", floor(seconds / HOUR),
			 floor(fmod(seconds, HOUR) / MINUTE));
	else
		snprintf(buf, len, "%.0fd%02.0fh", floor(seconds / DAY),
			 floor(fmod(seconds, DAY) / HOUR));
}

void
format_gap(char *buf, size_t len, uint64_t ns)
{
	double us = (double)ns / 1e3;

	if (ns == UINT64_MAX)
		snprintf(buf, len, "-");
	else if (ns < 1000)
		snprintf(buf, len, "%lluns", (unsigned long long)ns);
	else if (us < 999.5)
		snprintf(buf, len, "%.*fus", us < 9.95 ? 1 : 0, us);
	else if (us < 999.5e3)
		snprintf(buf, len, "%.*fms", us < 9.95e3 ? 1 : 0, us / 1e3);
	else
		snprintf(buf, len, "%.1fs", us / 1e6);
}

void
format_utc(char *buf, size_t len, double seconds_since_1970)
{
	time_t whole;
	char day[24];
	struct tm tm;
	int ms;

	/* A recording may say anything. */
	if (!(seconds_since_1970 >= 0 && seconds_since_1970 < YEAR_10000)) {
		snprintf(buf, len, "-");
		return;
	}
	whole = (time_t)seconds_since_1970;
	ms = (int)((seconds_since_1970 - (double)whole) * 1000);

	if (gmtime_r(&whole, &tm) == NULL)
		tm = (struct tm){0};
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, len, "%s.%03dZ", day, ms);
}
