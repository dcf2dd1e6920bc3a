/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection to the control socket: bytes to lines, replies to bytes.
 *
 * Primary, main thread. A client may send anything, stop reading, or vanish at any byte: its place
 * is freed and nobody else notices. While a reply or a request of it is under way nothing more is
 * read from it, so that a client never holds more than one line and one reply.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "status.h"

static const char *
line_end(const struct control_client *client)
{
	return client->in_len > 0 ? memchr(client->in, '\n', client->in_len) : NULL;
}

/* May the client be served, that is, are there no reply and no request of it under way? */
static int
idle(const struct control_client *client)
{
	return client->out == NULL && !client->waiting && !client->closing;
}

/* EPOLLHUP and EPOLLERR come unasked; nothing else may come that is not acted on. */
static void
watch(struct hf_control *c, struct control_client *client)
{
	struct epoll_event event = {.data.ptr = &client->source};

	if (client->out != NULL)
		event.events |= EPOLLOUT;
	if (idle(client) && !client->eof && line_end(client) == NULL)
		event.events |= EPOLLIN;
	if (event.events == client->events)
		return;
	client->events = event.events;
	epoll_ctl(c->p->epoll_fd, EPOLL_CTL_MOD, client->source.fd, &event);
}

void
control_client_close(struct hf_control *c, struct control_client *client)
{
	if (c->restart.client == client)
		c->restart.client = NULL;
	control_upgrade_gone(c, client);
	close(client->source.fd);
	hf_flow_scan_free(client->scan);
	free(client->in);
	free(client->out);
	memset(client, 0, sizeof(*client));
	client->source.fd = -1;
}

/* Returns 0, or -errno when the connection is of no more use. */
static int
flush(struct control_client *client)
{
	while (client->out_off < client->out_len) {
		ssize_t n = send(client->source.fd, client->out + client->out_off,
				 client->out_len - client->out_off, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		client->out_off += (size_t)n;
		client->moved_ms = control_now_ms();
	}
	free(client->out);
	client->out = NULL;
	return client->closing ? -ECONNRESET : 0;
}

/* Makes room for more, up to one request. Returns 0 or -errno. */
static int
grow(struct control_client *client)
{
	size_t size = client->in_size == 0 ? 1024 : client->in_size * 2;
	char *in;

	if (client->in_len < client->in_size)
		return 0;
	if (client->in_size >= CONTROL_LINE_BYTES)
		return -EMSGSIZE;
	in = realloc(client->in, size);
	if (in == NULL)
		return -ENOMEM;
	client->in = in;
	client->in_size = size;
	return 0;
}

/* Reads what there is, at most one request's worth. Returns 0 or -errno. */
static int
receive(struct control_client *client)
{
	while (line_end(client) == NULL) {
		int err = grow(client);
		ssize_t n;

		if (err != 0)
			return err;
		n = recv(client->source.fd, client->in + client->in_len,
			 client->in_size - client->in_len, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0) {
			client->eof = 1;
			return 0;
		}
		client->in_len += (size_t)n;
	}
	return 0;
}

static void
client_ready(struct hf_primary *p, struct hf_source *source, uint32_t events)
{
	struct control_client *client = (struct control_client *)source;
	struct hf_control *c = p->control;
	int err = 0;

	/* An event of the same turn may be of a connection that this place had before. */
	if (client->source.fd < 0)
		return;
	if (client->out != NULL)
		err = flush(client);
	else if (idle(client) && !client->eof && line_end(client) == NULL)
		err = receive(client);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		err = -EPIPE;
	if (err == -EMSGSIZE) {
		client->closing = 1;
		control_client_reply(c, client,
				     control_error(2, "control: request: longer than %d bytes",
						   CONTROL_LINE_BYTES));
	} else if (err != 0) {
		control_client_close(c, client);
	} else {
		control_client_serve(c, client);
	}
}

int
control_client_open(struct hf_control *c, struct control_client *client, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &client->source};
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int err;

	memset(client, 0, sizeof(*client));
	client->source.fd = fd;
	client->source.ready = client_ready;
	client->events = event.events;
	/* Who may connect was decided by the file's mode; this is for the log. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
	    epoll_ctl(c->p->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		err = -errno;
		control_client_close(c, client);
		return err;
	}
	client->pid = cred.pid;
	client->uid = cred.uid;
	return 0;
}

static char *
render(json_t *reply, size_t *len)
{
	char *text = NULL, *line;

	if (reply != NULL)
		text = json_dumps(reply, JSON_REAL_PRECISION(CONTROL_REAL_DIGITS));
	json_decref(reply);
	if (text == NULL)
		return NULL;
	*len = strlen(text);
	line = realloc(text, *len + 2);
	if (line == NULL || *len > CONTROL_REPLY_BYTES) {
		free(line == NULL ? text : line);
		return NULL;
	}
	line[(*len)++] = '\n';
	return line;
}

void
control_client_reply(struct hf_control *c, struct control_client *client, json_t *reply)
{
	client->waiting = 0;
	client->out_off = 0;
	client->out = render(reply, &client->out_len);
	if (client->out == NULL) {
		hf_err("control: reply to pid %d: no memory, or too long", (int)client->pid);
		control_client_close(c, client);
		return;
	}
	client->moved_ms = control_now_ms();
	if (flush(client) != 0)
		control_client_close(c, client);
	else
		watch(c, client);
}

void
control_client_serve(struct hf_control *c, struct control_client *client)
{
	const char *end = line_end(client);
	json_t *reply;
	size_t len;

	if (!idle(client))
		return;
	if (end == NULL) {
		/* Half a line and no more to come: nobody waits for a reply to that. */
		if (client->eof)
			control_client_close(c, client);
		else
			watch(c, client);
		return;
	}
	len = (size_t)(end - client->in);
	reply = control_command_run(c, client, client->in, len);
	client->in_len -= len + 1;
	memmove(client->in, end + 1, client->in_len);
	if (client->waiting)
		watch(c, client);
	else
		control_client_reply(c, client, reply);
}

int
control_client_wait(struct hf_control *c, struct control_client *client)
{
	uint64_t stalled;

	if (idle(client) && (line_end(client) != NULL || client->eof))
		return 0;
	if (client->out == NULL)
		return -1;
	stalled = control_now_ms() - client->moved_ms;
	if (stalled < CONTROL_STALL_MS)
		return (int)(CONTROL_STALL_MS - stalled);
	hf_notice("control: client pid %d: dropped: it does not read its reply", (int)client->pid);
	control_client_close(c, client);
	return -1;
}
