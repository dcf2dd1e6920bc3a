/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a recording as if it were live: each sample one block, without waiting in between.
 */
#include <errno.h>
#include <string.h>

#include "history.h"
#include "log.h"
#include "loop.h"
#include "stream.h"

/* The first sample that is not earlier than what --at says. */
static uint32_t
first_sample(const struct hf_history *h, const struct hf_when *at)
{
	uint32_t last = history_count(h) - 1, i;
	double time_s = past_moment(at, history_time(h, 0), history_time(h, last));

	i = history_find(h, time_s);
	return history_time(h, i) < time_s ? i + 1 : i;
}

static int
write_samples(struct hf_history *h, struct hf_sample *s, const struct hf_options *o)
{
	uint32_t n = history_count(h), from = first_sample(h, &o->past.at);
	struct hf_stream st;
	int broken = 0, err;

	if (from == n) {
		hf_err("%s: nothing to replay: it ends before the time of --at", o->past.replay);
		return 1;
	}
	stream_begin(&st, o);
	for (uint32_t i = from; i < n && !loop_stopped() && broken == 0; i++) {
		if (o->count != 0 && i - from >= o->count)
			break;
		err = history_get(h, i, s);
		if (err == 0)
			broken = stream_write(&st, s);
		else
			hf_warn("%s: sample %u left out: %s", o->past.replay, i, strerror(-err));
	}
	return broken < 0;
}

int
batch_replay(const struct hf_options *o)
{
	struct hf_sample s;
	struct hf_history h;
	char note[512];
	int err, status;

	err = history_open(&h, o->past.replay, note, sizeof(note));
	if (err != 0) {
		hf_err("%s", note);
		return err == -EINVAL ? 2 : 1;
	}
	if (note[0] != '\0')
		hf_warn("%s", note);
	if (sample_init(&s, o->top) != 0) {
		hf_err("%s: cannot replay: %s", o->past.replay, strerror(ENOMEM));
		status = 1;
	} else {
		status = write_samples(&h, &s, o);
	}
	sample_free(&s);
	history_free(&h);
	return status;
}
