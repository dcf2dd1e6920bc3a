/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers requests over libmicrohttpd, driven from outside through its epoll descriptor. Owns the
 * listening socket. Must not touch the segment: what it sends comes from the callbacks.
 */
#include "server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define BACKLOG       64
#define MAX_CLIENTS   64U
#define CLIENT_IDLE_S 30U /* a connection is kept for the next scrape as long as that */
#define CLIENT_MEM    16384U

static int
open_listener(const struct hf_listen *at)
{
	int fd = socket(at->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len =
		at->addr.any.sa_family == AF_INET6 ? sizeof(at->addr.v6) : sizeof(at->addr.v4);
	int on = 1, err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &at->addr.any, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned int status, const char *type,
      struct MHD_Response *response)
{
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO; /* no memory: the connection is closed */
	if (type != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
reply_text(struct MHD_Connection *c, unsigned int status, const char *text)
{
	return reply(c, status, "text/plain; charset=utf-8",
		     MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
						     MHD_RESPMEM_PERSISTENT));
}

/* text is freed with the response. */
static enum MHD_Result
reply_made(struct MHD_Connection *c, int err, const char *type, char *text, size_t len)
{
	struct MHD_Response *response;

	if (err != 0)
		return reply_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(text);
	return reply(c, MHD_HTTP_OK, type, response);
}

static enum MHD_Result
answer(void *arg, struct MHD_Connection *c, const char *url, const char *method,
       const char *version, const char *upload, size_t *upload_len, void **state)
{
	static int begun; /* its address alone is used */
	struct hf_server *sv = arg;
	enum metrics_format format;
	char *text = NULL;
	size_t len = 0;
	int err;

	(void)version;
	(void)upload;
	/* With the headers alone an answer would close the connection; a body is not wanted. */
	if (*state == NULL || *upload_len != 0) {
		*state = &begun;
		*upload_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD alone\n");
	if (strcmp(url, "/metrics") == 0) {
		format = accept_parse(
			MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
		err = sv->metrics(sv->arg, format, &text, &len);
		return reply_made(c, err, accept_content_type(format), text, len);
	}
	if (strcmp(url, "/") == 0) {
		err = sv->hint(sv->arg, &text, &len);
		return reply_made(c, err, "text/html; charset=utf-8", text, len);
	}
	return reply_text(c, MHD_HTTP_NOT_FOUND, "not found: see /metrics\n");
}

int
server_open(struct hf_server *sv, const struct hf_listen *at)
{
	const union MHD_DaemonInfo *info;

	sv->listener = open_listener(at);
	if (sv->listener < 0)
		return sv->listener;
	sv->daemon =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, sv, MHD_OPTION_LISTEN_SOCKET,
				 sv->listener, MHD_OPTION_CONNECTION_LIMIT, MAX_CLIENTS,
				 MHD_OPTION_CONNECTION_TIMEOUT, CLIENT_IDLE_S,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEM,
				 MHD_OPTION_END);
	if (sv->daemon == NULL) {
		close(sv->listener);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(sv->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sv->ready = info != NULL ? info->epoll_fd : -1;
	return 0;
}

void
server_work(struct hf_server *sv)
{
	MHD_run(sv->daemon);
}

double
server_due(const struct hf_server *sv, double most_s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(sv->daemon, &ms) != MHD_YES || (double)ms / 1e3 > most_s)
		return most_s;
	return (double)ms / 1e3;
}

void
server_close(struct hf_server *sv)
{
	MHD_stop_daemon(sv->daemon); /* closes the listener */
}
