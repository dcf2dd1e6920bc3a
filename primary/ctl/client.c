/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One request and one reply over the control socket, with a time limit on the whole.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "names.h"

#define REPLY_MAX (64U << 20)
#define TICK_S    0.2

struct exchange {
	const char *instance;
	int fd;
	double timeout_s, deadline_s;
	char *reply;
	size_t len, size;
	void (*tick)(void *arg); /* NULL: none */
	void *arg;
};

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Returns 0 when the socket is ready for events, or -1 after a message. */
static int
await(const struct exchange *x, short events)
{
	struct pollfd pfd = {.fd = x->fd, .events = events};

	for (;;) {
		double left = x->deadline_s - now_s();
		double wait = x->tick != NULL && left > TICK_S ? TICK_S : left;
		int n = left > 0 ? poll(&pfd, 1, (int)(wait * 1000) + 1) : 0;

		if (n > 0)
			return 0;
		if (x->tick != NULL && left > 0 && (n == 0 || errno == EINTR)) {
			x->tick(x->arg);
			continue;
		}
		if (n == 0) {
			hf_err("instance %s: no reply within %g s", x->instance, x->timeout_s);
			return -1;
		}
		if (errno != EINTR) {
			hf_err("instance %s: poll: %s", x->instance, strerror(errno));
			return -1;
		}
	}
}

/* A UNIX socket connects at once, or is refused while the primary's queue of clients is full. */
static int
reach(struct exchange *x)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const struct timespec pause = {.tv_nsec = 20000000};

	if (hf_names_path(addr.sun_path, sizeof(addr.sun_path), x->instance, HF_CONTROL_SOCKET)) {
		hf_err("instance %s: the name is too long", x->instance);
		return -1;
	}
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	while (x->fd >= 0 && connect(x->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		if ((errno == EAGAIN || errno == EINTR) && now_s() < x->deadline_s) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (errno == ENOENT || errno == ECONNREFUSED)
			hf_err("instance %s: no primary runs: connect %s: %s", x->instance,
			       addr.sun_path, strerror(errno));
		else
			hf_err("instance %s: connect %s: %s", x->instance, addr.sun_path,
			       strerror(errno));
		return -1;
	}
	if (x->fd < 0)
		hf_err("instance %s: socket: %s", x->instance, strerror(errno));
	return x->fd < 0 ? -1 : 0;
}

/* A primary that closed may still have said why: a failed send is not the end. */
static int
submit(const struct exchange *x, const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n;

		if (await(x, POLLOUT) != 0)
			return -1;
		n = send(x->fd, line, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return errno == EPIPE ? 0 : -1;
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
make_room(struct exchange *x)
{
	char *reply;

	if (x->len < x->size)
		return 0;
	x->size = x->size == 0 ? 16384 : x->size * 2;
	reply = x->size <= REPLY_MAX ? realloc(x->reply, x->size) : NULL;
	if (reply == NULL) {
		hf_err("instance %s: the reply is too long", x->instance);
		return -1;
	}
	x->reply = reply;
	return 0;
}

/* Reads up to the newline. Returns 0, or -1 after a message. */
static int
collect(struct exchange *x)
{
	while (x->len == 0 || x->reply[x->len - 1] != '\n') {
		ssize_t n;

		if (make_room(x) != 0 || await(x, POLLIN) != 0)
			return -1;
		n = recv(x->fd, x->reply + x->len, x->size - x->len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			hf_err("instance %s: the primary closed the connection: %s", x->instance,
			       n == 0 ? "no reply" : strerror(errno));
			return -1;
		}
		x->len += (size_t)n;
	}
	return 0;
}

json_t *
ctl_client_ask(const char *instance, const json_t *request, double timeout_s)
{
	return ctl_client_ask_watching(instance, request, timeout_s, NULL, NULL);
}

json_t *
ctl_client_ask_watching(const char *instance, const json_t *request, double timeout_s,
			void (*tick)(void *arg), void *arg)
{
	struct exchange x = {
		.instance = instance, .fd = -1, .timeout_s = timeout_s, .tick = tick, .arg = arg};
	char *text = json_dumps(request, JSON_COMPACT);
	json_t *reply = NULL;
	json_error_t err;

	x.deadline_s = now_s() + timeout_s;
	if (text != NULL && reach(&x) == 0 && submit(&x, text, strlen(text)) == 0 &&
	    submit(&x, "\n", 1) == 0 && collect(&x) == 0) {
		reply = json_loadb(x.reply, x.len, 0, &err);
		if (!json_is_object(reply))
			hf_err("instance %s: the reply is no JSON object", instance);
	}
	if (x.fd >= 0)
		close(x.fd);
	free(text);
	free(x.reply);
	if (json_is_object(reply))
		return reply;
	json_decref(reply);
	return NULL;
}
