/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes JSON. Owns nothing: the stream is the caller's, and so is the check for its errors.
 */
#include "json.h"

#include <math.h>

static void
put_string(struct hf_json *j, const char *text)
{
	putc('"', j->out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(j->out, "\\u%04x", c);
		else
			putc(c, j->out);
	}
	putc('"', j->out);
}

/* What stands before a value: comma and key. */
static void
lead(struct hf_json *j, const char *key)
{
	if (j->comma)
		putc(',', j->out);
	j->comma = 1;
	if (key != NULL) {
		put_string(j, key);
		putc(':', j->out);
	}
}

void
write_open(struct hf_json *j, const char *key, char bracket)
{
	lead(j, key);
	putc(bracket, j->out);
	j->comma = 0;
}

void
write_close(struct hf_json *j, char bracket)
{
	putc(bracket, j->out);
	j->comma = 1;
}

void
write_text(struct hf_json *j, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0') {
		write_null(j, key);
		return;
	}
	lead(j, key);
	put_string(j, text);
}

void
write_u64(struct hf_json *j, const char *key, uint64_t value)
{
	lead(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void
write_i64(struct hf_json *j, const char *key, int64_t value)
{
	lead(j, key);
	fprintf(j->out, "%lld", (long long)value);
}

void
write_bool(struct hf_json *j, const char *key, int value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void
write_null(struct hf_json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->out);
}

void
write_bare(struct hf_json *j, const char *key, const char *text)
{
	lead(j, key);
	fputs(text, j->out);
}

void
write_number(struct hf_json *j, const char *key, double value, int decimals)
{
	if (!isfinite(value)) {
		write_null(j, key);
		return;
	}
	lead(j, key);
	fprintf(j->out, "%.*f", decimals, value);
}

void
write_set(struct hf_json *j, const char *key, uint64_t bits)
{
	write_open(j, key, '[');
	for (unsigned int i = 0; i < 64; i++)
		if ((bits >> i & 1) != 0)
			write_u64(j, NULL, i);
	write_close(j, ']');
}
