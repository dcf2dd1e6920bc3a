/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP side of the exporter: the only user of libmicrohttpd. It has no thread of its own, for
 * the guard around reads of the segment (source.h) belongs to the main thread; requests of several
 * scrapers are answered in turn, and none waits for another's socket. Main thread only.
 */
#ifndef HF_MONITOR_SERVER_H
#define HF_MONITOR_SERVER_H

#include "accept.h"
#include "listen.h"

struct MHD_Daemon;

/* What a request for /metrics is answered with, made when it comes. */
struct hf_server {
	/* Writes the metrics. *text is freed by the server. Returns 0 or -ENOMEM. */
	int (*metrics)(void *arg, enum metrics_format format, char **text, size_t *len);
	/* The same for "/", HTML. */
	int (*hint)(void *arg, char **text, size_t *len);
	void *arg;
	struct MHD_Daemon *daemon;
	int listener;
	int ready; /* readable when there is work */
};

/*
 * Opens the socket and begins to listen; metrics, hint and arg are set. Returns 0, or -errno
 * (-EADDRINUSE, -EADDRNOTAVAIL, -EACCES ...).
 */
int server_open(struct hf_server *sv, const struct hf_listen *at);

/* Does what there is to do, without waiting. */
void server_work(struct hf_server *sv);

/* Seconds until server_work() is due even if nothing becomes readable, at most most_s. */
double server_due(const struct hf_server *sv, double most_s);

void server_close(struct hf_server *sv);

#endif
