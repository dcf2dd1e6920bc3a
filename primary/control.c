/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: /run/holdfast/<instance>/control, for root and the instance's group.
 *
 * Primary, main thread. Owns the listening socket and the places of its clients. It must never
 * block the main loop: sockets do not block, at most one request a client is served in a turn, and
 * what takes time (a restart, a scan of flows) goes on step by step in hf_control_poll().
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "upgrade.h"

uint64_t
control_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

json_t *
control_error(int code, const char *fmt, ...)
{
	json_t *text;
	va_list args;

	va_start(args, fmt);
	text = json_vsprintf(fmt, args);
	va_end(args);
	if (text == NULL)
		text = json_string("the request is no UTF-8");
	return json_pack("{s:b, s:o, s:i}", "ok", 0, "error", text, "code", code);
}

static struct control_client *
free_place(struct hf_control *c)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].source.fd < 0)
			return &c->client[i];
	return NULL;
}

static void
refuse(int fd)
{
	static const char text[] = "{\"ok\": false, \"error\": \"control: too many clients\", "
				   "\"code\": 1}\n";

	/* A courtesy; a new socket's buffer takes it. */
	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		hf_debug("control: refuse: %s", strerror(errno));
	close(fd);
}

/* Without file numbers or memory the listener would stay ready for ever: look away for a while. */
static void
pause_accept(struct hf_control *c, int err)
{
	if (err != EMFILE && err != ENFILE && err != ENOBUFS && err != ENOMEM)
		return;
	hf_warn("control: accept: %s", strerror(err));
	c->accept_ms = control_now_ms() + CONTROL_RETRY_MS;
	epoll_ctl(c->p->epoll_fd, EPOLL_CTL_DEL, c->listener.fd, NULL);
}

static int
watch_listener(struct hf_control *c)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &c->listener};

	if (epoll_ctl(c->p->epoll_fd, EPOLL_CTL_ADD, c->listener.fd, &event) != 0)
		return -errno;
	return 0;
}

static void
listener_ready(struct hf_primary *p, struct hf_source *source, uint32_t events)
{
	struct hf_control *c = p->control;
	struct control_client *client;
	int fd, err;

	(void)events;
	/* A few in a turn; the listener stays ready for the rest. */
	for (int i = 0; i < 8; i++) {
		fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			pause_accept(c, errno);
			return;
		}
		client = free_place(c);
		if (client == NULL) {
			refuse(fd);
			continue;
		}
		err = control_client_open(c, client, fd);
		if (err != 0)
			hf_warn("control: watch a client: %s", strerror(-err));
	}
}

/* Nobody can connect before listen(), so owner and mode are right from the first client on. */
static int
open_socket(struct hf_control *c, gid_t gid)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	memcpy(addr.sun_path, c->path, sizeof(c->path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* What a dead primary left behind: this one holds the instance's lock. */
	if ((unlink(c->path) != 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		goto fail;
	if (gid != (gid_t)-1 && chown(c->path, (uid_t)-1, gid) != 0)
		goto fail;
	if (chmod(c->path, 0660) != 0 || listen(fd, CONTROL_CLIENTS) != 0)
		goto fail;
	return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

int
hf_control_open(struct hf_primary *p, gid_t gid)
{
	struct hf_control *c = calloc(1, sizeof(*c));
	int err;

	if (c == NULL)
		return -ENOMEM;
	c->p = p;
	c->listener.ready = listener_ready;
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].source.fd = -1;
	err = hf_names_path(c->path, sizeof(c->path), p->seg->header.instance, HF_CONTROL_SOCKET);
	if (err == 0)
		err = open_socket(c, gid);
	if (err < 0)
		goto fail;
	c->listener.fd = err;
	err = watch_listener(c);
	if (err == 0) {
		p->control = c;
		return 0;
	}
	close(c->listener.fd);
	unlink(c->path);
fail:
	hf_err("control: open %s: %s", c->path, strerror(-err));
	free(c);
	return err;
}

static int
resume_accept(struct hf_control *c, uint64_t now)
{
	if (c->accept_ms == 0)
		return -1;
	if (now < c->accept_ms)
		return (int)(c->accept_ms - now);
	c->accept_ms = now + CONTROL_RETRY_MS;
	if (watch_listener(c) != 0)
		return CONTROL_RETRY_MS;
	c->accept_ms = 0;
	return -1;
}

static int
sooner(int a, int b)
{
	if (a < 0)
		return b;
	return b < 0 || a < b ? a : b;
}

int
hf_control_poll(struct hf_primary *p)
{
	struct hf_control *c = p->control;
	int wait, scanning;

	if (c == NULL)
		return -1;
	wait = resume_accept(c, control_now_ms());
	if (c->restart.active)
		control_restart_step(c);
	if (p->upgrade != NULL)
		control_upgrade_step(c);
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].source.fd >= 0)
			control_client_serve(c, &c->client[i]);
	scanning = control_flows_step(c);
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].source.fd >= 0)
			wait = sooner(wait, control_client_wait(c, &c->client[i]));
	if (scanning)
		return 0;
	return c->restart.active || p->upgrade != NULL ? sooner(wait, 1) : wait;
}

void
hf_control_close(struct hf_primary *p)
{
	struct hf_control *c = p->control;

	if (c == NULL)
		return;
	control_restart_abandon(c);
	upgrade_forget(p);
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].source.fd >= 0)
			control_client_close(c, &c->client[i]);
	close(c->listener.fd);
	unlink(c->path);
	free(c);
	p->control = NULL;
}
