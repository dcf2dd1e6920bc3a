/* SPDX-License-Identifier: BSD-3-Clause */
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
hf_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long v;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*end != '\0')
		return -EINVAL;
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int
hf_parse_seconds(const char *text, double min, double max, double *out)
{
	char *end;
	double v;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return -EINVAL;
	v = strtod(text, &end);
	if (end == text || *end != '\0')
		return -EINVAL;
	if (!(v >= min && v <= max))
		return -ERANGE;
	*out = v;
	return 0;
}

/* One "7" or "2-5" at *p; moves *p behind it. */
static int
parse_range(const char **p, uint32_t limit, uint64_t *bits)
{
	unsigned long first, last;
	char *end;

	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	first = last = strtoul(*p, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return -EINVAL;
		last = strtoul(end + 1, &end, 10);
	}
	if (last < first)
		return -EINVAL;
	if (last >= limit || last >= 64)
		return -ERANGE;
	for (unsigned long i = first; i <= last; i++)
		*bits |= UINT64_C(1) << i;
	*p = end;
	return 0;
}

int
hf_parse_set(const char *text, uint32_t limit, uint64_t *bits)
{
	int err;

	*bits = 0;
	for (;;) {
		err = parse_range(&text, limit, bits);
		if (err != 0)
			return err;
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

const char *
hf_format_set(char *buf, size_t len, uint64_t bits)
{
	size_t n = 0;

	snprintf(buf, len, "-");
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int first = i;

		if ((bits >> i & 1) == 0)
			continue;
		while (i + 1 < 64 && (bits >> (i + 1) & 1) != 0)
			i++;
		if (n < len)
			n += (size_t)snprintf(buf + n, len - n, "%s%u", n > 0 ? "," : "", first);
		if (i > first && n < len)
			n += (size_t)snprintf(buf + n, len - n, "-%u", i);
	}
	return buf;
}

const char *
hf_format_si(char *buf, size_t len, double value)
{
	static const char prefix[] = {'\0', 'k', 'M', 'G', 'T', 'P'};
	unsigned int i = 0;

	while (value >= 999.5 && i + 1 < sizeof(prefix)) {
		value /= 1000;
		i++;
	}
	if (i == 0)
		snprintf(buf, len, "%.0f", value);
	else
		snprintf(buf, len, "%.*f%c",
			 value < 9.995   ? 2
			 : value < 99.95 ? 1
					 : 0,
			 value, prefix[i]);
	return buf;
}

const char *
hf_format_time_ns(char *buf, size_t len, uint64_t ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	double value = (double)ns;
	unsigned int unit = 0;

	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	snprintf(buf, len, "%.*f %s",
		 unit == 0 || value >= 99.95 ? 0
		 : value >= 9.995            ? 1
					     : 2,
		 value, units[unit]);
	return buf;
}
