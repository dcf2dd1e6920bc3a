/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exporter: a fresh look at its instances for each scrape. Between scrapes it looks once an
 * interval whether they are still there, so that it does not keep the memory of one that is
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

/* An instance that is exported. */
struct watched {
	struct hf_feed feed;
	int err;  /* of the last look; 0: the instance is there */
	int said; /* that it is not */
};

struct exporter {
	const struct hf_options *o;
	uint32_t n;
	struct watched *watched; /* n */
};

/* Keeps what a look said, and says when the instance comes and goes, once each. */
static void
note(struct watched *w, int err)
{
	const char *instance = w->feed.source.instance;

	/* Of an instance that was there "gone" says more than that there is none. */
	w->err = err == -ENOENT && w->feed.source.attaches > 0 ? -ESRCH : err;
	if (err != 0 && !w->said)
		hf_warn("%s: no data: %s, waiting", instance, w->feed.source.why);
	if (err == 0 && w->said)
		hf_notice("%s: there again", instance);
	w->said = err != 0;
}

static void
look(struct watched *w, struct metrics_look *out)
{
	struct timespec begin = loop_after(0);

	note(w, feed_step(&w->feed));
	out->sample = feed_sample(&w->feed);
	out->err = w->err;
	out->took_s = -loop_left(&begin);
}

static int
make_metrics(void *arg, enum metrics_format format, char **text, size_t *len)
{
	struct metrics_look looks[HF_MAX_INSTANCES];
	struct exporter *e = arg;
	FILE *out = open_memstream(text, len);

	if (out == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n; i++)
		look(&e->watched[i], &looks[i]);
	metrics_write(out, format, looks, e->n);
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
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><title>Holdfast</title></head><body>\n"
	      "<h1>Holdfast</h1>\n",
	      out);
	for (uint32_t i = 0; i < e->n; i++)
		fprintf(out, "<p>%s: %s</p>\n", e->watched[i].feed.source.instance,
			e->watched[i].err == 0 ? "up" : metrics_reason(e->watched[i].err));
	fputs("<p><a href=\"/metrics\">Metrics</a> for Prometheus: text 0.0.4 or OpenMetrics 1.0."
	      "</p>\n</body></html>\n",
	      out);
	if (fclose(out) == 0)
		return 0;
	free(*text);
	return -ENOMEM;
}

static void
serve(struct exporter *e, struct hf_server *sv)
{
	struct timespec next = loop_after(e->o->interval_s);

	while (!loop_stopped()) {
		struct timespec due = loop_after(server_due(sv, e->o->interval_s));

		loop_wait(sv->ready, &due);
		server_work(sv);
		if (!loop_due(&next))
			continue;
		loop_advance(&next, e->o->interval_s);
		for (uint32_t i = 0; i < e->n; i++)
			note(&e->watched[i], source_poll(&e->watched[i].feed.source));
	}
}

static void
close_all(struct exporter *e)
{
	for (uint32_t i = 0; i < e->n; i++)
		feed_close(&e->watched[i].feed);
	free(e->watched);
}

/* Prepares the feeds of all instances that were named. Returns 0 or -ENOMEM. */
static int
open_all(struct exporter *e)
{
	const struct hf_instance_names *named = &e->o->named;
	uint32_t n = named->n > 0 ? named->n : 1;
	int err = 0;

	e->watched = calloc(n, sizeof(*e->watched));
	if (e->watched == NULL)
		return -ENOMEM;
	for (; e->n < n && err == 0; e->n++)
		err = feed_init(&e->watched[e->n].feed,
				named->n > 0 ? named->name[e->n] : e->o->instance, 0, &e->o->query);
	return err;
}

/* The first look at each. Returns -EACCES when one may not be looked at: waiting is no help. */
static int
attach_all(struct exporter *e)
{
	for (uint32_t i = 0; i < e->n; i++) {
		struct watched *w = &e->watched[i];
		int err = source_poll(&w->feed.source);

		if (err == -EACCES) {
			hf_err("%s: cannot attach: %s", w->feed.source.instance,
			       w->feed.source.why);
			return err;
		}
		note(w, err);
	}
	return 0;
}

int
export_run(const struct hf_options *o)
{
	struct exporter e = {.o = o};
	struct hf_server sv = {.metrics = make_metrics, .hint = make_hint, .arg = &e};
	int err = open_all(&e), status = 1;

	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		close_all(&e);
		return 1;
	}
	err = server_open(&sv, &o->listen);
	if (err != 0) {
		hf_err("%s: cannot listen: %s", o->listen.text, strerror(-err));
		close_all(&e);
		return 1;
	}
	if (attach_all(&e) == 0) {
		hf_notice("%s: metrics at http://%s/metrics", o->instance, o->listen.text);
		serve(&e, &sv);
		status = 0;
	}
	server_close(&sv);
	close_all(&e);
	return status;
}
