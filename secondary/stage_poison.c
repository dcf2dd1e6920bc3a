/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poison: ends the owner on each packet that holds a marker, in a worker built with -Dpoints=true:
 * HF_POISON=HEX[:WHERE], where HEX is the marker and WHERE is plan (dereferences null there; the
 * default), apply (there, when other stages have changed the packet) or loop (never returns from
 * plan). Owns nothing shared; not part of a release.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

#define MARKER_MAX 32

enum where { WHERE_PLAN, WHERE_APPLY, WHERE_LOOP, WHERE_COUNT };

/* Read once, before main(). */
static struct {
	uint8_t marker[MARKER_MAX];
	size_t n; /* 0: none */
	enum where where;
	char *nowhere; /* NULL, though no compiler knows */
} poison;

static void
refuse(const char *value, const char *reason)
{
	fprintf(stderr, "HF_POISON: '%s': %s\n", value, reason);
	_exit(2);
}

static void
parse_where(const char *value, const char *word)
{
	static const char *const names[WHERE_COUNT] = {"plan", "apply", "loop"};

	for (int w = 0; w < WHERE_COUNT; w++)
		if (strcmp(names[w], word) == 0) {
			poison.where = (enum where)w;
			return;
		}
	refuse(value, "neither plan, apply nor loop");
}

__attribute__((constructor)) static void
read_poison(void)
{
	char *value = getenv("HF_POISON"), *s = value;
	unsigned int byte;

	if (value == NULL || value[0] == '\0')
		return;
	for (; poison.n < MARKER_MAX && s[0] != ':' && s[0] != '\0'; s += 2) {
		if (sscanf(s, "%2x", &byte) != 1 || s[1] == '\0')
			refuse(value, "the marker is not hexadecimal");
		poison.marker[poison.n++] = (uint8_t)byte;
	}
	if (poison.n == 0 || (*s != ':' && *s != '\0'))
		refuse(value, "the marker has not 1 to 32 bytes");
	if (*s == ':')
		parse_where(value, s + 1);
	poison.nowhere = strchr(value, '\n');
}

static int
poison_enabled(const struct hf_run_config *run)
{
	(void)run;
	return poison.n > 0;
}

static void
look(const struct hf_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (memmem(b->data[i], b->data_len[i], poison.marker, poison.n) == NULL)
			continue;
		while (poison.where == WHERE_LOOP)
			atomic_signal_fence(memory_order_seq_cst);
		*poison.nowhere = 1;
	}
}

static void
poison_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	(void)ctx;
	if (poison.where != WHERE_APPLY)
		look(b);
}

static void
poison_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	(void)ctx;
	(void)b;
	(void)undo;
}

static void
poison_apply(struct hf_lane_context *ctx, const struct hf_burst *b)
{
	(void)ctx;
	if (poison.where == WHERE_APPLY)
		look(b);
}

static const struct hf_stage stage = {
	.name = "poison",
	.enabled = poison_enabled,
	.plan = poison_plan,
	.save = poison_save,
	.apply = poison_apply,
};

const struct hf_stage *
hf_stage_poison(void)
{
	return &stage;
}
