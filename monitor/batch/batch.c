/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that writes a block of text, a line of JSON or the
 * rows of a table to stdout at each interval. Ends quietly
 * when nobody reads any more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "log.h"
#include "loop.h"
#include "view.h"

#define FIRST_WAIT_S 0.2 /* between the first counters and the first block, for its rates */

/* Status of a stream that may have failed: 0 go on, 1 nobody reads, -1 another error. */
static int
check_stream(FILE *out)
{
	int err = errno;

	if (!ferror(out))
		return 0;
	if (err == EPIPE)
		return 1;
	hf_err("stdout: write failed: %s", strerror(err));
	return -1;
}

/* Says once that the instance went away; the blocks go on. */
static void
note_loss(const struct hf_feed *f, int err, int *lost)
{
	if (err != 0 && !*lost)
		hf_warn("%s: no data: %s, waiting", f->source.instance, f->source.why);
	*lost = err != 0;
}

/* What one block is made of, and what is remembered of the blocks before. */
struct stream {
	const struct hf_options *o;
	uint64_t seen; /* newest event written */
};

/* Returns as check_stream() does. */
static int
write_block(struct stream *st, const struct hf_sample *s)
{
	const struct hf_options *o = st->o;

	errno = 0;
	if (o->form == HF_FORM_JSON)
		view_json(stdout, s, loop_now(), &st->seen);
	else if (o->form == HF_FORM_CSV)
		view_csv(stdout, s, loop_now(), o->csv_table, &st->seen);
	else
		view_text(stdout, s, loop_now(), &st->seen);
	return check_stream(stdout);
}

/* lost: there is no instance yet, and it was said. */
static int
write_blocks(struct hf_feed *f, const struct hf_options *o, int lost)
{
	double wait = o->interval_s < FIRST_WAIT_S ? o->interval_s : FIRST_WAIT_S;
	struct timespec deadline = loop_after(wait);
	struct stream st = {.o = o};
	int broken = 0;
	uint64_t n = 0;

	if (o->form == HF_FORM_CSV)
		view_csv_head(stdout, o->csv_table);
	for (; o->count == 0 || n < o->count; n++) {
		while (!loop_due(&deadline) && !loop_stopped())
			loop_wait(-1, &deadline);
		if (loop_stopped())
			break;
		loop_advance(&deadline, feed_interval(f, o->interval_s));
		note_loss(f, feed_step(f), &lost);
		broken = write_block(&st, feed_sample(f));
		if (broken != 0)
			break;
	}
	return broken < 0 || (o->count != 0 && n == o->count && lost);
}

int
batch_run(const struct hf_options *o)
{
	struct hf_feed f;
	int err, status = 1;

	err = feed_init(&f, o->instance, o->top, &o->query);
	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		return 1;
	}
	err = feed_step(&f);
	if (err != 0 && o->wait)
		hf_warn("%s: no data: %s, waiting", o->instance, f.source.why);
	if (err == 0 || o->wait)
		status = write_blocks(&f, o, err != 0);
	else
		hf_err("%s: cannot attach: %s", o->instance, f.source.why);
	feed_close(&f);
	return status;
}
