/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exporter: a fresh look at the instance for each scrape. Between scrapes it looks once an
 * interval whether the instance is still there, so that it does not keep the memory of one that is
 * gone. Main thread only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "server.h"

struct exporter {
	struct hf_feed feed;
	const struct hf_options *o;
	int err;  /* of the last look; 0: the instance is there */
	int said; /* that it is not */
};

/* Why there is no sample; that of an instance which was there says more than that there is none. */
static int
reason(const struct exporter *e, int err)
{
	return err == -ENOENT && e->feed.source.attaches > 0 ? -ESRCH : err;
}

/* Says when the instance comes and goes, once each. */
static void
note(struct exporter *e)
{
	if (e->err != 0 && !e->said)
		hf_warn("%s: no data: %s, waiting", e->o->instance, e->feed.source.why);
	if (e->err == 0 && e->said)
		hf_notice("%s: there again", e->o->instance);
	e->said = e->err != 0;
}

/* Clock for the cost of a look: the wall clock may jump, this one is for its own difference. */
static double
seconds_since(const struct timespec *begin)
{
	return -loop_left(begin);
}

static int
make_metrics(void *arg, enum metrics_format format, char **text, size_t *len)
{
	struct timespec begin = loop_after(0);
	struct exporter *e = arg;
	FILE *out;

	e->err = reason(e, feed_step(&e->feed));
	note(e);
	out = open_memstream(text, len);
	if (out == NULL)
		return -ENOMEM;
	metrics_write(out, format, feed_sample(&e->feed), e->err, seconds_since(&begin));
	if (fclose(out) == 0)
		return 0;
	free(*text);
	return -ENOMEM;
}

static int
make_hint(void *arg, char **text, size_t *len)
{
	const struct exporter *e = arg;
	FILE *out = open_memstream(text, len);

	if (out == NULL)
		return -ENOMEM;
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><title>Holdfast</title></head><body>\n"
		"<h1>Holdfast instance %s</h1>\n<p>%s%s</p>\n"
		"<p><a href=\"/metrics\">Metrics</a> for Prometheus: text 0.0.4 or OpenMetrics 1.0."
		"</p>\n</body></html>\n",
		e->o->instance,
		e->err == 0 ? "There." : "No data: ", e->err == 0 ? "" : metrics_reason(e->err));
	if (fclose(out) == 0)
		return 0;
	free(*text);
	return -ENOMEM;
}

static void
serve(struct exporter *e, struct hf_server *sv)
{
	struct timespec look = loop_after(e->o->interval_s);

	while (!loop_stopped()) {
		struct timespec due = loop_after(server_due(sv, e->o->interval_s));

		loop_wait(sv->ready, &due);
		server_work(sv);
		if (!loop_due(&look))
			continue;
		loop_advance(&look, e->o->interval_s);
		e->err = reason(e, source_poll(&e->feed.source));
		note(e);
	}
}

int
export_run(const struct hf_options *o)
{
	struct exporter e = {.o = o};
	struct hf_server sv = {.metrics = make_metrics, .hint = make_hint, .arg = &e};
	int err = feed_init(&e.feed, o->instance, 0, &o->query), status = 1;

	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		return 1;
	}
	err = server_open(&sv, &o->listen);
	if (err != 0) {
		hf_err("%s: cannot listen: %s", o->listen.text, strerror(-err));
		feed_close(&e.feed);
		return 1;
	}
	e.err = source_poll(&e.feed.source);
	if (e.err == -EACCES) { /* waiting would not change it */
		hf_err("%s: cannot attach: %s", o->instance, e.feed.source.why);
	} else {
		hf_notice("%s: metrics at http://%s/metrics", o->instance, o->listen.text);
		note(&e);
		serve(&e, &sv);
		status = 0;
	}
	server_close(&sv);
	feed_close(&e.feed);
	return status;
}
