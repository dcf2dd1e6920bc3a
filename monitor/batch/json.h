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
void json_open(struct hf_json *j, const char *key, char bracket);
void json_close(struct hf_json *j, char bracket);

/* text is taken as ASCII or Latin bytes; what is no printable ASCII is escaped. NULL, "": null. */
void json_text(struct hf_json *j, const char *key, const char *text);
void json_u64(struct hf_json *j, const char *key, uint64_t value);
void json_i64(struct hf_json *j, const char *key, int64_t value);
void json_bool(struct hf_json *j, const char *key, int value);
void json_null(struct hf_json *j, const char *key);

/* A number, true or false that is already written. */
void json_bare(struct hf_json *j, const char *key, const char *text);

/* With decimals digits behind the point; NAN and infinities become null. */
void json_number(struct hf_json *j, const char *key, double value, int decimals);

/* Numbers of the bits that are set, as an array. */
void json_set(struct hf_json *j, const char *key, uint64_t bits);

#endif
