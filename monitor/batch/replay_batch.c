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

static int
write_samples(struct hf_history *h, struct hf_sample *s, const struct hf_options *o)
{
	uint32_t n = history_count(h), from;
	double last_s = history_time(h, n - 1), at_s;
	struct hf_stream st;
	int broken = 0, err;

	at_s = past_moment(&o->past.at, history_time(h, 0), last_s);
	from = history_from(h, at_s);
	if (last_s < at_s) {
		hf_err("%s: nothing to replay: it ends before the time of --at", o->past.replay);
		return 1;
	}
	stream_begin(&st, o, 1);
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
