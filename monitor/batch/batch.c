/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that writes a block of text, a line of JSON or the rows of a table to stdout at each
 * interval, and records it if asked. Ends quietly when nobody reads any more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "log.h"
#include "loop.h"
#include "record.h"
#include "stream.h"

#define FIRST_WAIT_S 0.2 /* between the first counters and the first block, for its rates */

/* An instance that is written. */
struct written {
	struct hf_feed feed;
	struct hf_stream stream;
	int lost; /* the last look had no segment, and it was said */
};

struct batch {
	const struct hf_options *o;
	struct hf_recorder recorder; /* of the one instance there is then; path NULL: none */
	uint32_t n;
	struct written *written; /* n */
};

/* Says once that the instance went away; the blocks go on. */
static void
note_loss(struct written *w, int err)
{
	if (err != 0 && !w->lost)
		hf_warn("%s: no data: %s, waiting", w->feed.source.instance, w->feed.source.why);
	w->lost = err != 0;
}

/* Takes a sample, records and writes it. Returns as stream_write() does. */
static int
write_block(struct batch *b, struct written *w)
{
	note_loss(w, feed_step(&w->feed));
	if (b->recorder.path != NULL && recorder_write(&b->recorder, feed_sample(&w->feed)) != 0) {
		hf_err("%s", b->recorder.why);
		return -1;
	}
	return stream_write(&w->stream, feed_sample(&w->feed));
}

/* One block of each instance, all of the same moment. */
static int
write_round(struct batch *b)
{
	int broken = 0;

	for (uint32_t i = 0; i < b->n && broken == 0; i++)
		broken = write_block(b, &b->written[i]);
	return broken;
}

/* Seconds to the next round: as long as the instance that costs most wants. */
static double
next_interval(struct batch *b)
{
	double most = b->o->interval_s;

	for (uint32_t i = 0; i < b->n; i++) {
		double wanted = feed_interval(&b->written[i].feed, b->o->interval_s);

		most = wanted > most ? wanted : most;
	}
	return most;
}

static int
any_lost(const struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->written[i].lost)
			return 1;
	return 0;
}

/* Returns the exit status. */
static int
write_rounds(struct batch *b)
{
	const struct hf_options *o = b->o;
	double wait = o->interval_s < FIRST_WAIT_S ? o->interval_s : FIRST_WAIT_S;
	struct timespec deadline = loop_after(wait);
	int broken = 0;
	uint64_t n = 0;

	for (; o->count == 0 || n < o->count; n++) {
		while (!loop_due(&deadline) && !loop_stopped())
			loop_wait(-1, &deadline);
		if (loop_stopped())
			break;
		loop_advance(&deadline, next_interval(b));
		broken = write_round(b);
		if (broken != 0)
			break;
	}
	return broken < 0 || (o->count != 0 && n == o->count && any_lost(b));
}

/* Attaches to each, or says why not, and writes. Returns the exit status. */
static int
run(struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		struct written *w = &b->written[i];
		int err = feed_step(&w->feed);

		if (err != 0 && !b->o->wait) {
			hf_err("%s: cannot attach: %s", w->feed.source.instance,
			       w->feed.source.why);
			return 1;
		}
		note_loss(w, err);
	}
	for (uint32_t i = 0; i < b->n; i++)
		stream_begin(&b->written[i].stream, b->o, i == 0);
	return write_rounds(b);
}

/* Prepares the feeds of all instances that were named. Returns 0 or -ENOMEM. */
static int
open_all(struct batch *b)
{
	const struct hf_instance_names *named = &b->o->named;
	uint32_t n = named->n > 0 ? named->n : 1;
	int err = 0;

	b->written = calloc(n, sizeof(*b->written));
	if (b->written == NULL)
		return -ENOMEM;
	for (; b->n < n && err == 0; b->n++)
		err = feed_init(&b->written[b->n].feed,
				named->n > 0 ? named->name[b->n] : b->o->instance, b->o->top,
				&b->o->query);
	return err;
}

static void
close_all(struct batch *b)
{
	recorder_close(&b->recorder);
	for (uint32_t i = 0; i < b->n; i++)
		feed_close(&b->written[i].feed);
	free(b->written);
}

int
batch_run(const struct hf_options *o)
{
	struct batch b = {.o = o, .recorder.fd = -1};
	int err = open_all(&b), status = 1;

	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		close_all(&b);
		return 1;
	}
	if (o->past.record != NULL)
		err = recorder_open(&b.recorder, o->past.record, o->past.record_max, o->top);
	if (err == 0) {
		status = run(&b);
	} else {
		hf_err("%s", b.recorder.why);
		status = err == -EINVAL ? 2 : 1;
	}
	close_all(&b);
	return status;
}
