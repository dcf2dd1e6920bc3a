/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the control socket's requests, from bytes on a connection to replies. An input is
 * two bytes (how hand-overs end, bytes sent at a time) and what a client sends. The connection is a
 * socket pair; nothing is in the file system, so that opening and accepting (control.c) are not
 * reached. Every complete line is answered, in order, by one line of JSON: ok, or an error and its
 * code. The rest of the primary is made up.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "fake_primary.h"
#include "fuzz.h"
#include "log.h"

#define LANES          3
#define TURNS_MAX      200000
#define REPLY_BYTES    (1U << 20)
#define TOO_LONG_TURNS 100 /* of 4096 bytes each */

enum how {
	HOW_BEGIN_FAILS = 1,
	HOW_POLL_FAILS = 2,
	HOW_STANDBY = 4,
	HOW_NO_GAP = 8,
	HOW_OLD = 16,
	HOW_TOO_LONG = 32, /* the client ends with a line that is too long */
	HOW_VANISH = 64,   /* it goes away without waiting for replies */
	HOW_NARROW = 128,  /* replies do not fit the socket; with HOW_VANISH: it reads none */
	/* Together: lane 2 has no owner; a lane is on its way home for some turns. */
	HOW_ORPHAN = HOW_NO_GAP | HOW_OLD,
	HOW_RETURNING = HOW_STANDBY | HOW_OLD,
};

static struct {
	struct hf_primary p;
	uint8_t how;
	int polls_left;
	int returning_left; /* turns */
	int peer;           /* the client's end */
	int deaf;           /* it reads nothing */
	uint32_t lines_sent, lines_got;
	char *reply;
	size_t reply_len;
} world;

int
hf_census_run(struct hf_primary *p)
{
	(void)p;
	return (world.how & HOW_OLD) != 0 ? -ETIMEDOUT : 0;
}

void
hf_ports_sample(struct hf_primary *p)
{
	(void)p;
}

int
hf_primary_clear(struct hf_primary *p)
{
	atomic_fetch_add(&p->seg->header.clear_seq, 1);
	return 0;
}

int
hf_handover_begin(struct hf_primary *p, uint32_t lane, struct hf_handover *h)
{
	fuzz_check(lane < LANES, "hand-over of a lane that is none");
	memset(h, 0, sizeof(*h));
	h->lane = lane;
	h->from_slot = atomic_load(&p->seg->lanes[lane].owner_slot_plus1) - 1;
	h->from_pid = h->to_pid = getpid();
	h->to_slot = 2;
	h->to_standby = (world.how & HOW_STANDBY) != 0;
	snprintf(h->to_name, sizeof(h->to_name), "next");
	world.polls_left = 2;
	if ((world.how & HOW_BEGIN_FAILS) == 0)
		return 0;
	snprintf(h->text, sizeof(h->text), "lane %u: nobody waits", lane);
	return -ENOENT;
}

enum hf_handover_result
hf_handover_poll(struct hf_primary *p, struct hf_handover *h)
{
	if (world.polls_left-- > 0)
		return HF_HANDOVER_PENDING;
	if ((world.how & HOW_POLL_FAILS) != 0) {
		snprintf(h->text, sizeof(h->text), "the owner does not answer");
		return HF_HANDOVER_FAILED;
	}
	atomic_store(&p->seg->lanes[h->lane].owner_slot_plus1, h->to_slot + 1);
	h->gap_known = (world.how & HOW_NO_GAP) == 0;
	h->gap_us = 21;
	return HF_HANDOVER_DONE;
}

void
hf_handover_release(struct hf_primary *p, uint32_t slot, enum hf_worker_command command,
		    enum hf_exit why)
{
	(void)p;
	(void)command;
	(void)why;
	fuzz_check(slot < HF_MAX_WORKERS, "release of a slot that is none");
}

int
hf_handover_drain(struct hf_primary *p, uint32_t slot, char *text, size_t text_len)
{
	(void)p;
	fuzz_check(slot < HF_MAX_WORKERS, "drain of a slot that is none");
	if (slot == 0)
		return 0;
	snprintf(text, text_len, slot == 1 ? "worker b: lane 2: nobody waits" : "lane 2: busy");
	return -EBUSY;
}

void
hf_supervision_set(struct hf_primary *p, uint32_t lane, int on)
{
	fuzz_check(lane < p->cfg.n_lanes, "supervision of a lane that is none");
	atomic_store(&p->seg->lanes[lane].unsupervised, on == 0);
}

static void
check_upgrade(const struct upgrade_request *r)
{
	fuzz_check(r->canary < LANES && r->n_pairs == 1, "an upgrade of what is not there");
}

/* Made once; what requests change is set again for every input. */
static void
make_world(void)
{
	size_t flows = hf_flow_region_bytes(HF_FLOW_CAPACITY_MIN);
	size_t head = (sizeof(struct hf_segment) + 63) / 64 * 64;
	struct hf_segment *seg = aligned_alloc(64, head + LANES * flows);

	world.reply = malloc(REPLY_BYTES);
	world.p.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	fuzz_check(seg != NULL && world.reply != NULL && world.p.epoll_fd >= 0, "no memory");
	memset(seg, 0, head + LANES * flows);
	seg->header.flow_off = head;
	seg->header.flow_stride = flows;
	seg->header.flow_capacity = HF_FLOW_CAPACITY_MIN;
	world.p.seg = seg;
	seg->header.n_lanes = world.p.cfg.n_lanes = LANES;
	seg->header.n_ports = seg->header.n_pools = seg->header.n_io = 1;
	seg->header.tsc_hz = UINT64_C(1000000000);
	snprintf(seg->header.instance, sizeof(seg->header.instance), "fuzz");
	snprintf(seg->ports[0].name, sizeof(seg->ports[0].name), "port");
	fake_worker(seg, 0, "a");
	fake_worker(seg, 1, "b");
	fake_worker(seg, 2, "next");
	/* So many that a reply does not fit a narrow socket. */
	for (uint32_t slot = 3; slot < HF_MAX_WORKERS; slot++)
		fake_worker(seg, slot, "other");
}

static struct hf_control *
reset_world(uint8_t how)
{
	struct hf_control *c = calloc(1, sizeof(*c));

	fuzz_check(c != NULL, "no memory");
	hf_log_init("fuzz_control", HF_LOG_ERROR);
	world.how = how;
	*fake_upgrade_get() = (struct fake_upgrade){.begin_fails = (how & HOW_BEGIN_FAILS) != 0,
						    .late_after = 100,
						    .asked = check_upgrade};
	world.lines_sent = world.lines_got = 0;
	world.reply_len = 0;
	world.deaf = (how & HOW_VANISH) != 0 && (how & HOW_NARROW) != 0;
	world.p.stop = 0;
	world.p.returning = world.p.restarting = 0;
	world.returning_left = (how & HOW_RETURNING) == HOW_RETURNING ? 3 : 0;
	world.p.control = c;
	world.p.rss_ipv4 = world.p.rss_ipv6 = "table";
	for (uint32_t l = 0; l < LANES; l++) {
		atomic_store(&world.p.seg->lanes[l].owner_slot_plus1, l == 2 ? 2 : 1);
		atomic_store(&world.p.seg->lanes[l].owner_pid, getpid());
	}
	if ((how & HOW_ORPHAN) == HOW_ORPHAN)
		atomic_store(&world.p.seg->lanes[2].owner_slot_plus1, 0);
	c->p = &world.p;
	c->listener.fd = -1;
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].source.fd = -1;
	return c;
}

static void
check_reply(const char *line, size_t len)
{
	json_t *reply = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(reply, "ok");

	world.lines_got++;
	fuzz_check(json_is_boolean(ok), "a reply without ok");
	if (json_is_false(ok)) {
		json_int_t code = json_integer_value(json_object_get(reply, "code"));

		fuzz_check(json_string_length(json_object_get(reply, "error")) > 0, "no text");
		fuzz_check(code == 1 || code == 2, "code is neither 1 nor 2");
	}
	json_decref(reply);
}

/* Reads what the client has been sent. */
static void
take_replies(void)
{
	ssize_t n;

	if (world.deaf)
		return;
	while ((n = recv(world.peer, world.reply + world.reply_len, REPLY_BYTES - world.reply_len,
			 MSG_DONTWAIT)) > 0) {
		char *end;

		world.reply_len += (size_t)n;
		while ((end = memchr(world.reply, '\n', world.reply_len)) != NULL) {
			check_reply(world.reply, (size_t)(end - world.reply));
			world.reply_len -= (size_t)(end + 1 - world.reply);
			memmove(world.reply, end + 1, world.reply_len);
		}
	}
}

/* One turn of the primary's main loop. */
static void
turn(void)
{
	struct epoll_event events[4];
	int n;

	world.p.returning = world.returning_left > 0;
	world.returning_left -= world.returning_left > 0 && world.p.restarting;
	hf_control_poll(&world.p);
	n = epoll_wait(world.p.epoll_fd, events, 4, 0);
	for (int i = 0; i < n; i++) {
		struct hf_source *s = events[i].data.ptr;

		s->ready(&world.p, s, events[i].events);
	}
	take_replies();
}

static void
send_all(const uint8_t *bytes, size_t n, size_t step)
{
	for (size_t at = 0; at < n; at += step) {
		size_t len = n - at < step ? n - at : step;
		ssize_t sent = send(world.peer, bytes + at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		fuzz_check(sent == (ssize_t)len, "the client was dropped, or is not read");
		for (size_t i = 0; i < len; i++)
			world.lines_sent += bytes[at + i] == '\n';
		turn();
	}
}

/* How the client's part ends. */
static void
end_client(void)
{
	static const char much[4096] = "much";

	if ((world.how & HOW_VANISH) != 0 && !world.deaf) {
		close(world.peer);
		world.peer = -1;
		return;
	}
	/* It is dropped somewhere on the way: what cannot be sent any more does not matter. */
	for (size_t i = 0; (world.how & HOW_TOO_LONG) != 0 && i < TOO_LONG_TURNS; i++) {
		if (send(world.peer, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN)
			break;
		turn();
	}
	shutdown(world.peer, SHUT_WR);
}

/* Makes the pair; the primary's end may have little room for what it sends. */
static void
connect_client(struct hf_control *c)
{
	int pair[2], bytes = 1;

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0, "socketpair");
	if ((world.how & HOW_NARROW) != 0)
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	world.peer = pair[0];
	fuzz_check(control_client_open(c, &c->client[0], pair[1]) == 0, "open");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t how = fuzz_u8(&in), step = fuzz_u8(&in);
	struct hf_control *c;
	int turns = 0;

	if (in.left >= CONTROL_LINE_BYTES)
		return 0;
	if (world.p.seg == NULL)
		make_world();
	c = reset_world(how);
	connect_client(c);
	send_all(in.at, in.left, 16U * (step + 1U));
	end_client();
	while (c->client[0].source.fd >= 0 && turns++ < TURNS_MAX) {
		if (world.deaf && c->client[0].out != NULL)
			c->client[0].moved_ms -= CONTROL_STALL_MS; /* time passes */
		turn();
	}
	take_replies();
	fuzz_check(c->client[0].source.fd < 0, "the connection outlives its client");
	if ((how & (HOW_TOO_LONG | HOW_VANISH)) == 0)
		fuzz_check(world.lines_got == world.lines_sent,
			   "a request without a reply, or two");
	control_restart_abandon(c);
	upgrade_forget(&world.p);
	if (world.peer >= 0)
		close(world.peer);
	free(c);
	return 0;
}
