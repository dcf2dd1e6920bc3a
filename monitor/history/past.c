/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of history and recordings. Bad input is one line on stderr; nothing is opened here.
 */
#include "past.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "log.h"
#include "record.h"
#include "units.h"

#define DAY         86400.0
#define SECONDS_MAX 1e9
#define DIGITS      "0123456789"

void
past_init(struct hf_past *past)
{
	*past = (struct hf_past){.minutes = HISTORY_MINUTES, .record_max = RECORD_BYTES};
}

void
past_print_help(void)
{
	printf("  --history MIN    minutes a screen remembers, 0 to %.0f (default %.0f)\n"
	       "  --record FILE    append every sample to FILE; goes on where it ended\n"
	       "  --record-max SIZE  of FILE and FILE.1 together, as 64M or 2G (default %lluM)\n"
	       "  --replay FILE    show what was recorded there instead of an instance\n"
	       "  --at TIME        begin the replay there: 17:05[:30], 2026-11-22T17:05:30[Z], or\n"
	       "                   +S, -S seconds from its start, its end\n",
	       HISTORY_MINUTES_MAX, HISTORY_MINUTES, (unsigned long long)RECORD_BYTES >> 20);
}

int
past_set_minutes(struct hf_past *past, const char *text)
{
	if (hf_parse_seconds(text, 0, HISTORY_MINUTES_MAX, &past->minutes) == 0)
		return 0;
	hf_err("--history %s: not usable: minutes from 0 to %.0f expected", text,
	       HISTORY_MINUTES_MAX);
	return -1;
}

static int
set_file(const char **file, const char *option, const char *text)
{
	if (text[0] == '\0') {
		hf_err("%s: no file: the name of one expected", option);
		return -1;
	}
	*file = text;
	return 0;
}

int
past_set_record(struct hf_past *past, const char *file)
{
	return set_file(&past->record, "--record", file);
}

int
past_set_replay(struct hf_past *past, const char *file)
{
	return set_file(&past->replay, "--replay", file);
}

/* "256M" and the like: K, M, G of 1024. Returns 0 or -EINVAL. */
static int
parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	size_t n = strspn(text, DIGITS);
	const char *unit = NULL;
	char digits[20];
	uint64_t factor = 1;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	if (text[n] != '\0') {
		unit = strchr(units, text[n]);
		if (unit == NULL || text[n + 1] != '\0')
			return -EINVAL;
		factor = UINT64_C(1) << 10 * (unit - units + 1);
	}
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (hf_parse_u64(digits, 0, RECORD_BYTES_MAX / factor, bytes) != 0)
		return -EINVAL;
	*bytes *= factor;
	return 0;
}

int
past_set_record_max(struct hf_past *past, const char *text)
{
	if (parse_bytes(text, &past->record_max) == 0 && past->record_max >= RECORD_BYTES_MIN)
		return 0;
	hf_err("--record-max %s: not usable: bytes from %lluM to %lluG expected, as in 256M", text,
	       (unsigned long long)(RECORD_BYTES_MIN >> 20),
	       (unsigned long long)(RECORD_BYTES_MAX >> 30));
	return -1;
}

/* "17:05", "17:05:30": seconds after midnight. */
static int
parse_daytime(const char *text, double *seconds)
{
	unsigned int hour, minute, second = 0;
	int n = 0, parts = sscanf(text, "%2u:%2u%n:%2u%n", &hour, &minute, &n, &second, &n);

	if (parts < 2 || text[n] != '\0' || hour > 23 || minute > 59 || second > 59 ||
	    strspn(text, DIGITS ":") != strlen(text))
		return -EINVAL;
	*seconds = hour * 3600.0 + minute * 60.0 + second;
	return 0;
}

/* "2026-11-22T17:05:30", a fraction and a Z (UTC, else local time) behind it as --json has them. */
static int
parse_time(const char *text, double *seconds)
{
	struct tm tm = {.tm_isdst = -1};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	double fraction = 0;
	char digits[16];
	size_t n;

	if (rest == NULL)
		return -EINVAL;
	if (rest[0] == '.') {
		n = strspn(rest + 1, DIGITS);
		if (n == 0 || n > 9)
			return -EINVAL;
		snprintf(digits, sizeof(digits), "0.%.*s", (int)n, rest + 1);
		if (hf_parse_seconds(digits, 0, 1, &fraction) != 0)
			return -EINVAL;
		rest += 1 + n;
	}
	if (strcmp(rest, "Z") == 0)
		*seconds = (double)timegm(&tm) + fraction;
	else if (rest[0] == '\0')
		*seconds = (double)mktime(&tm) + fraction;
	else
		return -EINVAL;
	return 0;
}

int
past_set_at(struct hf_past *past, const char *text)
{
	struct hf_when *at = &past->at;

	*at = (struct hf_when){.kind = text[0] == '-' ? HF_WHEN_FROM_END : HF_WHEN_FROM_START};
	if ((text[0] == '+' || text[0] == '-') &&
	    hf_parse_seconds(text + 1, 0, SECONDS_MAX, &at->seconds) == 0)
		return 0;
	at->kind = HF_WHEN_DAYTIME;
	if (parse_daytime(text, &at->seconds) == 0)
		return 0;
	at->kind = HF_WHEN_TIME;
	if (parse_time(text, &at->seconds) == 0)
		return 0;
	hf_err("--at %s: no time: as 17:05, 17:05:30, 2026-11-22T17:05:30Z, +90 or -90 (seconds "
	       "from start or end) expected",
	       text);
	return -1;
}

/* That time of day on the day of first_s, or on the next one. */
static double
daytime(double seconds, double first_s)
{
	time_t first = (time_t)first_s;
	struct tm tm;
	double at;

	if (localtime_r(&first, &tm) == NULL)
		return first_s;
	tm.tm_hour = (int)(seconds / 3600);
	tm.tm_min = (int)(seconds / 60) % 60;
	tm.tm_sec = (int)seconds % 60;
	tm.tm_isdst = -1;
	at = (double)mktime(&tm);
	return at < (double)first ? at + DAY : at;
}

double
past_moment(const struct hf_when *when, double first_s, double last_s)
{
	switch (when->kind) {
	case HF_WHEN_START:
		return first_s;
	case HF_WHEN_FROM_START:
		return first_s + when->seconds;
	case HF_WHEN_FROM_END:
		return last_s - when->seconds;
	case HF_WHEN_DAYTIME:
		return daytime(when->seconds, first_s);
	case HF_WHEN_TIME:
		return when->seconds;
	}
	return first_s;
}
