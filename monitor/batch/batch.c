/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that writes a block of text, a line of JSON or the rows of a table to stdout at each
 * interval, and records it if asked. Ends quietly when nobody reads any more.
 */
#include <errno.h>
#include <string.h>

#include "feed.h"
#include "log.h"
#include "loop.h"
#include "record.h"
#include "stream.h"

#define FIRST_WAIT_S 0.2 /* between the first counters and the first block, for its rates */

/* Says once that the instance went away; the blocks go on. */
static void
note_loss(const struct hf_feed *f, int err, int *lost)
{
	if (err != 0 && !*lost)
		hf_warn("%s: no data: %s, waiting", f->source.instance, f->source.why);
	*lost = err != 0;
}

/* Takes a sample, records and writes it. Returns as stream_write() does. */
static int
write_block(struct hf_feed *f, struct hf_recorder *r, struct hf_stream *st, int *lost)
{
	note_loss(f, feed_step(f), lost);
	if (r->path != NULL && recorder_write(r, feed_sample(f)) != 0) {
		hf_err("%s", r->why);
		return -1;
	}
	return stream_write(st, feed_sample(f));
}

/* lost: there is no instance yet, and it was said. */
static int
write_blocks(struct hf_feed *f, struct hf_recorder *r, const struct hf_options *o, int lost)
{
	double wait = o->interval_s < FIRST_WAIT_S ? o->interval_s : FIRST_WAIT_S;
	struct timespec deadline = loop_after(wait);
	struct hf_stream st;
	int broken = 0;
	uint64_t n = 0;

	stream_begin(&st, o);
	for (; o->count == 0 || n < o->count; n++) {
		while (!loop_due(&deadline) && !loop_stopped())
			loop_wait(-1, &deadline);
		if (loop_stopped())
			break;
		loop_advance(&deadline, feed_interval(f, o->interval_s));
		broken = write_block(f, r, &st, &lost);
		if (broken != 0)
			break;
	}
	return broken < 0 || (o->count != 0 && n == o->count && lost);
}

/* Attaches, or says why not, and writes. Returns the exit status. */
static int
run(struct hf_feed *f, struct hf_recorder *r, const struct hf_options *o)
{
	int err = feed_step(f);

	if (err != 0 && !o->wait) {
		hf_err("%s: cannot attach: %s", o->instance, f->source.why);
		return 1;
	}
	if (err != 0)
		hf_warn("%s: no data: %s, waiting", o->instance, f->source.why);
	return write_blocks(f, r, o, err != 0);
}

int
batch_run(const struct hf_options *o)
{
	struct hf_recorder r = {.fd = -1};
	struct hf_feed f;
	int err, status;

	err = feed_init(&f, o->instance, o->top, &o->query);
	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		return 1;
	}
	if (o->past.record != NULL)
		err = recorder_open(&r, o->past.record, o->past.record_max, o->top);
	if (err == 0) {
		status = run(&f, &r, o);
	} else {
		hf_err("%s", r.why);
		status = err == -EINVAL ? 2 : 1;
	}
	recorder_close(&r);
	feed_close(&f);
	return status;
}
