/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small JSON writer (RFC 8259): one value after the other to a stream, commas and escapes by
 * itself. key NULL: an element of an array. Main thread only.
 */
#ifndef HF_MONITOR_JSON_H
#define HF_MONITOR_JSON_H

#include <stdint.h>
#include <stdio.h>

struct hf_json {
	FILE *out;
	int comma; /* 1: the next value needs one before it */
};

/* Opens '{' or '['; close with the matching one. */
void write_open(struct hf_json *j, const char *key, char bracket);
void write_close(struct hf_json *j, char bracket);

/* text is taken as ASCII or Latin bytes; what is no printable ASCII is escaped. NULL, "": null. */
void write_text(struct hf_json *j, const char *key, const char *text);
void write_u64(struct hf_json *j, const char *key, uint64_t value);
void write_i64(struct hf_json *j, const char *key, int64_t value);
void write_bool(struct hf_json *j, const char *key, int value);
void write_null(struct hf_json *j, const char *key);

/* A number, true or false that is already written. */
void write_bare(struct hf_json *j, const char *key, const char *text);

/* With decimals digits behind the point; NAN and infinities become null. */
void write_number(struct hf_json *j, const char *key, double value, int decimals);

/* Numbers of the bits that are set, as an array. */
void write_set(struct hf_json *j, const char *key, uint64_t bits);

#endif
