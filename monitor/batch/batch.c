/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that writes a block of text or a line of JSON to stdout at each interval. Ends quietly
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

static int
write_blocks(struct hf_feed *f, const struct hf_options *o)
{
	double wait = o->interval_s < FIRST_WAIT_S ? o->interval_s : FIRST_WAIT_S;
	struct timespec deadline = loop_after(wait);
	int lost = 0, broken = 0;

	for (uint64_t n = 0; o->count == 0 || n < o->count; n++) {
		while (!loop_due(&deadline) && !loop_stopped())
			loop_wait(-1, &deadline);
		if (loop_stopped())
			break;
		loop_advance(&deadline, o->interval_s);
		note_loss(f, feed_step(f), &lost);
		errno = 0;
		if (o->json)
			view_json(stdout, feed_sample(f), loop_now());
		else
			view_text(stdout, feed_sample(f), loop_now());
		broken = check_stream(stdout);
		if (broken != 0)
			break;
	}
	return broken < 0 || (o->once && lost);
}

int
batch_run(const struct hf_options *o)
{
	struct hf_feed f;
	int err, status = 1;

	err = feed_init(&f, o->instance, o->top, o->sort);
	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		return 1;
	}
	if (feed_step(&f) == 0)
		status = write_blocks(&f, o);
	else
		hf_err("%s: cannot attach: %s", o->instance, f.source.why);
	feed_close(&f);
	return status;
}
