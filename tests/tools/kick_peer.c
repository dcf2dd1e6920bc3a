/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kick_peer SOCKET_A SOCKET_B N GO: the far end of two virtio-user ports of one queue pair, which
 * sleeps until it is kicked. Gives N packets to port A, one at a time, and takes what port B has
 * transmitted only when B's eventfd says so, which it must within a second. Sends the first half
 * once the file GO.1 exists, the rest once GO.2 does. Prints {"sent", "received", "slept"} at the
 * end: slept past packets it was not kicked for. For tests.
 */
#include <poll.h>
#include <rte_eal.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_vhost.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_QUEUE  0 /* the port's, by vhost's numbers */
#define TX_QUEUE  1
#define FRAME     60
#define KICK_MS   1000
#define READY_MS  20000
#define ETHERTYPE 0x88b5 /* for experiments */

static const char *socket_of[2];
static atomic_int device[2] = {-1, -1}; /* vhost's numbers of the two, -1: not there */

static int
port_of(int vid)
{
	char name[256];

	rte_vhost_get_ifname(vid, name, sizeof(name));
	return strcmp(name, socket_of[1]) == 0;
}

static int
appeared(int vid)
{
	rte_vhost_enable_guest_notification(vid, TX_QUEUE, 1);
	atomic_store(&device[port_of(vid)], vid);
	return 0;
}

static void
went(int vid)
{
	atomic_store(&device[port_of(vid)], -1);
}

static const struct rte_vhost_device_ops ops = {.new_device = appeared, .destroy_device = went};

static int
serve(const char *path)
{
	unlink(path);
	return rte_vhost_driver_register(path, 0) != 0 ||
	       rte_vhost_driver_callback_register(path, &ops) != 0 ||
	       rte_vhost_driver_start(path) != 0;
}

static struct rte_mbuf *
make_frame(struct rte_mempool *pool)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *eth =
		m != NULL ? (struct rte_ether_hdr *)rte_pktmbuf_append(m, FRAME) : NULL;

	if (eth == NULL)
		return NULL;
	memset(eth, 0, FRAME);
	eth->src_addr.addr_bytes[0] = eth->dst_addr.addr_bytes[0] = 2;
	eth->src_addr.addr_bytes[5] = 1;
	eth->dst_addr.addr_bytes[5] = 2;
	eth->ether_type = RTE_BE16(ETHERTYPE);
	return m;
}

/* Waits at most ms milliseconds for the kick of port B's transmit queue. */
static int
kicked(int ms)
{
	struct rte_vhost_vring vring;
	uint64_t times;

	if (rte_vhost_get_vhost_vring(atomic_load(&device[1]), TX_QUEUE, &vring) != 0)
		return 0;
	struct pollfd p = {.fd = vring.kickfd, .events = POLLIN};

	return poll(&p, 1, ms) > 0 && read(vring.kickfd, &times, sizeof(times)) > 0;
}

static uint32_t
take(struct rte_mempool *pool)
{
	struct rte_mbuf *m[32];
	uint32_t n = rte_vhost_dequeue_burst(atomic_load(&device[1]), TX_QUEUE, pool, m, 32);

	rte_pktmbuf_free_bulk(m, n);
	return n;
}

/* Until both ports are there and the file exists. */
static int
wait_ready(const char *go, int part)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.%d", go, part);
	for (int ms = 0; ms < READY_MS; ms++, usleep(1000))
		if (atomic_load(&device[0]) >= 0 && atomic_load(&device[1]) >= 0 &&
		    access(path, F_OK) == 0)
			return 0;
	fprintf(stderr, "kick_peer: no port appeared, or no %s\n", path);
	return -1;
}

struct result {
	uint32_t sent, received, slept;
};

static int
play(struct rte_mempool *pool, uint32_t n, struct result *r)
{
	/* A port kicks when it starts, too: that kick is for none of the packets to come. */
	while (kicked(0))
		;
	while (r->sent < n) {
		struct rte_mbuf *m = make_frame(pool);

		if (m == NULL)
			return -1;
		if (rte_vhost_enqueue_burst(atomic_load(&device[0]), RX_QUEUE, &m, 1) == 1)
			r->sent++;
		rte_pktmbuf_free(m); /* it was copied */
		while (r->received < r->sent && kicked(KICK_MS))
			r->received += take(pool);
		r->slept += r->received < r->sent;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static char *eal[] = {"kick_peer", "--no-huge",      "-m",          "64",
			      "--no-pci",  "--no-telemetry", "--no-shconf", "--lcores=0@0-1"};
	struct rte_mempool *pool;
	struct result r = {0};
	uint32_t n;

	if (argc != 5 || atoi(argv[3]) < 2) {
		fprintf(stderr, "usage: kick_peer SOCKET_A SOCKET_B N GO\n");
		return 2;
	}
	socket_of[0] = argv[1];
	socket_of[1] = argv[2];
	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return 1;
	pool = rte_pktmbuf_pool_create("peer", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
	if (pool == NULL || serve(argv[1]) != 0 || serve(argv[2]) != 0)
		return 1;
	n = (uint32_t)atoi(argv[3]);
	if (wait_ready(argv[4], 1) != 0 || play(pool, n / 2, &r) != 0 ||
	    wait_ready(argv[4], 2) != 0 || play(pool, n, &r) != 0)
		return 1;
	printf("{\"sent\": %u, \"received\": %u, \"slept\": %u}\n", r.sent, r.received, r.slept);
	return 0;
}
