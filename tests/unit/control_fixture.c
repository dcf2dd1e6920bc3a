/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_primary.h"
#include "log.h"

static struct fake fake;

struct fake *
fake_get(void)
{
	return &fake;
}

int
hf_census_run(struct hf_primary *p)
{
	(void)p;
	fake.census++;
	return fake.census_err;
}

void
hf_ports_sample(struct hf_primary *p)
{
	(void)p;
	fake.samples++;
}

int
hf_primary_clear(struct hf_primary *p)
{
	(void)p;
	fake.clears++;
	return 0;
}

int
hf_handover_begin(struct hf_primary *p, uint32_t lane, struct hf_handover *h)
{
	fake.begun++;
	h->lane = lane;
	h->from_slot = atomic_load(&p->seg->lanes[lane].owner_slot_plus1) - 1;
	h->from_pid = getpid();
	h->to_slot = FRESH;
	h->to_pid = getpid();
	h->to_standby = fake.to_standby[lane];
	snprintf(h->to_name, sizeof(h->to_name), "next");
	if (fake.begin_err[lane] != 0)
		snprintf(h->text, sizeof(h->text), "nobody waits");
	fake.polls_left = 3;
	return fake.begin_err[lane];
}

enum hf_handover_result
hf_handover_poll(struct hf_primary *p, struct hf_handover *h)
{
	if (fake.polls_left-- > 0)
		return HF_HANDOVER_PENDING;
	if (fake.fails[h->lane]) {
		snprintf(h->text, sizeof(h->text), "the owner does not answer");
		return HF_HANDOVER_FAILED;
	}
	atomic_store(&p->seg->lanes[h->lane].owner_slot_plus1, FRESH + 1);
	h->gap_known = fake.gap_known;
	h->gap_us = 21;
	h->lost_pkts = 0;
	return HF_HANDOVER_DONE;
}

void
hf_handover_release(struct hf_primary *p, uint32_t slot, enum hf_worker_command command,
		    enum hf_exit why)
{
	(void)p;
	(void)why;
	fake.released[slot] = (int)command;
}

int
hf_handover_drain(struct hf_primary *p, uint32_t slot, char *text, size_t text_len)
{
	(void)p;
	if (slot == 1) {
		snprintf(text, text_len, "lane 2: nobody waits");
		return -EBUSY;
	}
	fake.drained++;
	return 0;
}

void
hf_supervision_set(struct hf_primary *p, uint32_t lane, int on)
{
	atomic_store(&p->seg->lanes[lane].unsupervised, on == 0);
}

static void
own(uint32_t lane, uint32_t slot)
{
	atomic_store(&fake.p.seg->lanes[lane].owner_slot_plus1, slot + 1);
	atomic_store(&fake.p.seg->lanes[lane].owner_pid, getpid());
}

int
control_make(void **state)
{
	size_t bytes = (sizeof(struct hf_segment) + 63) / 64 * 64;
	struct hf_segment *seg = aligned_alloc(64, bytes);

	(void)state;
	hf_log_init("test_control", HF_LOG_ERROR);
	memset(&fake, 0, sizeof(fake));
	memset(seg, 0, bytes);
	fake.p.seg = seg;
	fake.gap_known = 1;
	seg->header.n_lanes = LANES;
	seg->header.tsc_hz = UINT64_C(1000000000);
	seg->header.start_tsc = hf_tsc();
	snprintf(fake.instance, sizeof(fake.instance), "test-control-%d", getpid());
	memcpy(seg->header.instance, fake.instance, sizeof(fake.instance));
	*fake_upgrade_get() = (struct fake_upgrade){0};
	fake_worker(seg, 0, "a");
	fake_worker(seg, 1, "b");
	fake_worker(seg, FRESH, "next");
	own(0, 0);
	own(1, 0);
	own(2, 1);
	hf_names_path(fake.dir, sizeof(fake.dir), fake.instance, NULL);
	hf_names_path(fake.path, sizeof(fake.path), fake.instance, HF_CONTROL_SOCKET);
	mkdir(fake.dir, 0755);
	fake.p.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(hf_control_open(&fake.p, (gid_t)-1), 0);
	return 0;
}

int
control_drop(void **state)
{
	(void)state;
	hf_control_close(&fake.p);
	close(fake.p.epoll_fd);
	assert_int_not_equal(access(fake.path, F_OK), 0);
	assert_int_equal(rmdir(fake.dir), 0);
	free(fake.p.seg);
	return 0;
}

void
turn(void)
{
	struct epoll_event events[8];
	int wait = hf_control_poll(&fake.p);
	int n = epoll_wait(fake.p.epoll_fd, events, 8, wait < 0 || wait > 5 ? 5 : wait);

	for (int i = 0; i < n; i++) {
		struct hf_source *s = events[i].data.ptr;

		s->ready(&fake.p, s, events[i].events);
	}
}

void
turns(int n)
{
	while (n-- > 0)
		turn();
}

int
dial(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", fake.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

void
put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

json_t *
get(int fd)
{
	static char line[1 << 20];
	size_t len = 0;

	for (int i = 0; i < 2000; i++) {
		ssize_t n = recv(fd, line + len, 1, MSG_DONTWAIT);

		if (n == 0)
			return NULL;
		if (n < 0) {
			turn();
			continue;
		}
		i = 0;
		if (line[len++] == '\n')
			return json_loadb(line, len, 0, NULL);
	}
	return NULL;
}

json_t *
ask(int fd, const char *text)
{
	put(fd, text);
	put(fd, "\n");
	return get(fd);
}

int
ok(const json_t *reply)
{
	assert_non_null(reply);
	return json_is_true(json_object_get(reply, "ok"));
}

int
number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", key);
	return (int)json_integer_value(value);
}

void
refused(int fd, const char *text, int code)
{
	json_t *reply = ask(fd, text);

	assert_false(ok(reply));
	assert_int_equal(number(reply, "code"), code);
	assert_true(json_string_length(json_object_get(reply, "error")) > 0);
	json_decref(reply);
}

int
control_check_place(void)
{
	if (mkdir(HF_RUN_DIR, 0755) == 0 || (errno == EEXIST && access(HF_RUN_DIR, W_OK) == 0))
		return 0;
	printf("1..0 # SKIP %s: no folder can be made there: %s\n", HF_RUN_DIR, strerror(errno));
	return 77;
}
