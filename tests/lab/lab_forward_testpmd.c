/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dpdk-testpmd for `holdfast-lab forward`: as the reference forwarder and as the generator at the
 * far end of virtio-user ports. Its counters are read from its telemetry socket.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab_forward.h"
#include "log.h"

#define ARGS_MAX    24
#define REPLY_BYTES 16384
#define START_S     15.0
#define WARM_UP_S   0.5

struct args {
	int n;
	char text[ARGS_MAX][400];
	char *list[ARGS_MAX + 1];
};

static void
add(struct args *a, const char *fmt, const char *text)
{
	snprintf(a->text[a->n], sizeof(a->text[0]), fmt, text);
	a->list[a->n] = a->text[a->n];
	a->list[++a->n] = NULL;
}

/* Common part: main thread asleep and forwarding thread on the same CPU; its own file prefix. */
static void
add_eal(struct args *a, struct forward_run *r, uint32_t slot, int cpu)
{
	char text[64];

	snprintf(r->prefix[slot], sizeof(r->prefix[0]), "hflab%d-%u", getpid(), slot);
	add(a, "%s", "dpdk-testpmd");
	snprintf(text, sizeof(text), "0@%d,1@%d", cpu, cpu);
	add(a, "--lcores=%s", text);
	add(a, "--file-prefix=%s", r->prefix[slot]);
	add(a, "%s", "--no-pci");
	add(a, "%s", "--single-file-segments");
}

static void
add_forwarding(struct args *a, const char *mode)
{
	add(a, "%s", "--");
	add(a, "%s", "--auto-start");
	add(a, "%s", "--total-num-mbufs=65535");
	add(a, "--forward-mode=%s", mode);
}

/* Asks the telemetry socket of a process for one thing. NULL when it does not answer. */
static json_t *
ask(const char *prefix, const char *question)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char reply[REPLY_BYTES];
	json_t *answer = NULL;
	ssize_t n;

	snprintf(at.sun_path, sizeof(at.sun_path), "/var/run/dpdk/%s/dpdk_telemetry.v2", prefix);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    recv(fd, reply, sizeof(reply), 0) > 0 &&
	    send(fd, question, strlen(question), MSG_NOSIGNAL) > 0 &&
	    (n = recv(fd, reply, sizeof(reply), 0)) > 0)
		answer = json_loadb(reply, (size_t)n, 0, NULL);
	if (fd >= 0)
		close(fd);
	return answer;
}

struct counts {
	double at;
	uint64_t rx, tx;
};

/* Drivers die when their counters are asked for before the port has started. */
static int
started(const char *prefix, int port)
{
	char question[32];
	json_t *answer;
	int yes;

	snprintf(question, sizeof(question), "/ethdev/info,%d", port);
	answer = ask(prefix, question);
	yes = json_integer_value(
		      json_object_get(json_object_get(answer, "/ethdev/info"), "dev_started")) != 0;
	json_decref(answer);
	return yes;
}

/* Counters of both ports, added up. 0 or -EAGAIN. */
static int
read_counts(const char *prefix, struct counts *c)
{
	*c = (struct counts){.at = forward_now()};
	for (int port = 0; port < 2; port++) {
		char question[32];
		json_t *answer, *stats, *rx, *tx;

		snprintf(question, sizeof(question), "/ethdev/stats,%d", port);
		answer = ask(prefix, question);
		stats = json_object_get(answer, "/ethdev/stats");
		rx = json_object_get(stats, "ipackets");
		tx = json_object_get(stats, "opackets");
		c->rx += (uint64_t)json_integer_value(rx);
		c->tx += (uint64_t)json_integer_value(tx);
		json_decref(answer);
		if (rx == NULL || tx == NULL)
			return -EAGAIN;
	}
	return 0;
}

/* Until both ports answer, and packets leave when they should. 0 or -errno (logged). */
static int
wait_counts(struct forward_run *r, const char *prefix, int moving)
{
	double until = forward_now() + START_S;
	struct counts c;
	int err;

	while (!started(prefix, 0) || !started(prefix, 1) || read_counts(prefix, &c) != 0 ||
	       (moving && c.tx == 0)) {
		err = forward_alive(r);
		if (err != 0)
			return err;
		if (forward_now() > until) {
			hf_err("dpdk-testpmd %s: start: no packets within %.0f s", prefix, START_S);
			return -ETIMEDOUT;
		}
		forward_sleep(0.05);
	}
	return 0;
}

int
testpmd_start_peer(struct forward_run *r)
{
	struct args a = {0};
	int err;

	add_eal(&a, r, 1, 0);
	for (int i = 0; i < 2; i++) {
		char dev[160];

		snprintf(dev, sizeof(dev), "%d,iface=%s/port%d.sock,queues=1", i, r->scratch, i);
		add(&a, "--vdev=net_vhost%s", dev);
	}
	add_forwarding(&a, "flowgen");
	add(&a, "%s", "--flowgen-flows=32768");
	err = forward_spawn(r, "generator", a.list);
	return err != 0 ? err : wait_counts(r, r->prefix[1], 0);
}

static void
add_ports(struct args *a, const struct forward_run *r, enum forward_source source)
{
	for (int i = 0; i < 2; i++) {
		char dev[380];

		if (source == FORWARD_PCAP)
			snprintf(dev, sizeof(dev), "net_pcap%d,rx_pcap=%s,infinite_rx=1", i,
				 r->pcap);
		else if (source == FORWARD_NULL)
			snprintf(dev, sizeof(dev), "net_null%d", i);
		else
			snprintf(dev, sizeof(dev), "net_virtio_user%d,path=%s/port%d.sock,queues=1",
				 i, r->scratch, i);
		add(a, "--vdev=%s", dev);
	}
}

int
testpmd_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s)
{
	struct args a = {0};
	struct counts x, y;
	int err;

	add_eal(&a, r, 0, c->source == FORWARD_PCAP ? 0 : 1);
	add_ports(&a, r, c->source);
	add_forwarding(&a, c->engine == FORWARD_TESTPMD_IO ? "io" : "macswap");
	err = forward_spawn(r, "testpmd", a.list);
	if (err == 0)
		err = wait_counts(r, r->prefix[0], 1);
	if (err == 0)
		err = forward_sleep(WARM_UP_S);
	if (err == 0)
		err = read_counts(r->prefix[0], &x);
	if (err == 0)
		err = forward_sleep(r->seconds);
	if (err == 0)
		err = read_counts(r->prefix[0], &y);
	if (err != 0)
		return err;
	s->tx_mpps = (double)(y.tx - x.tx) / (y.at - x.at) / 1e6;
	s->rx_mpps = (double)(y.rx - x.rx) / (y.at - x.at) / 1e6;
	return 0;
}
