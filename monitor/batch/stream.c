/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks to stdout, of what is now or of a recording.
 */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "view.h"

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

void
stream_begin(struct hf_stream *st, const struct hf_options *o, int first)
{
	*st = (struct hf_stream){.options = o};
	if (o->form == HF_FORM_CSV && first)
		view_csv_head(stdout, o->csv_table);
}

int
stream_write(struct hf_stream *st, const struct hf_sample *s)
{
	const struct hf_options *o = st->options;

	errno = 0;
	if (o->form == HF_FORM_JSON)
		view_json(stdout, s, s->time_s, &st->seen);
	else if (o->form == HF_FORM_CSV)
		view_csv(stdout, s, s->time_s, o->csv_table, &st->seen);
	else
		view_text(stdout, s, s->time_s, &st->seen);
	return check_stream(stdout);
}
