/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control-pattern: the usual way to use several DPDK processes, to be compared with. A primary owns
 * two ports and one pool; each secondary polls a queue pair of both ports itself, swaps MAC
 * addresses and sends. Run by tests/chaos --control, which kills secondaries. Not part of Holdfast.
 */
#include <inttypes.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS     2
#define QUEUES    2
#define BURST     32
#define DESCS     1024
#define POOL_SIZE 32767
#define REPORT_US 20000

struct counts {
	_Atomic(uint64_t) rx_pkts;
	_Atomic(uint64_t) tx_pkts;
};

static atomic_int ended;

static void
end(int signum)
{
	(void)signum;
	atomic_store(&ended, 1);
}

static int
fail(const char *what)
{
	fprintf(stderr, "control-pattern: %s: failed\n", what);
	return 1;
}

static int
start_port(uint16_t port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};

	if (rte_eth_dev_configure(port, QUEUES, QUEUES, &conf) != 0)
		return -1;
	for (uint16_t q = 0; q < QUEUES; q++)
		if (rte_eth_rx_queue_setup(port, q, DESCS, 0, NULL, pool) != 0 ||
		    rte_eth_tx_queue_setup(port, q, DESCS, 0, NULL) != 0)
			return -1;
	if (rte_eth_dev_start(port) != 0)
		return -1;
	rte_eth_promiscuous_enable(port); /* some drivers receive everything anyway */
	return 0;
}

/* Buffers in use, packets received and sent by the secondary of each queue. */
static void
report(const struct rte_mempool *pool, struct counts *counts)
{
	printf("%u", rte_mempool_in_use_count(pool));
	for (int q = 0; q < QUEUES; q++)
		printf(" %" PRIu64 " %" PRIu64, atomic_load(&counts[q].rx_pkts),
		       atomic_load(&counts[q].tx_pkts));
	putchar('\n');
	fflush(stdout);
}

/* A line of figures now and then; the last one when the ports have given back what they held. */
static int
run_primary(void)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("control", POOL_SIZE, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	const struct rte_memzone *zone =
		rte_memzone_reserve("control", QUEUES * sizeof(struct counts), SOCKET_ID_ANY, 0);

	if (pool == NULL || zone == NULL)
		return fail("pool and counters");
	memset(zone->addr, 0, QUEUES * sizeof(struct counts));
	for (uint16_t p = 0; p < PORTS; p++)
		if (start_port(p, pool) != 0)
			return fail("start port");
	while (!atomic_load(&ended)) {
		report(pool, zone->addr);
		usleep(REPORT_US);
	}
	for (uint16_t p = 0; p < PORTS; p++)
		if (rte_eth_dev_stop(p) != 0 || rte_eth_dev_close(p) != 0)
			return fail("close port");
	report(pool, zone->addr);
	puts("closed");
	return 0;
}

static void
swap_addresses(struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ether_addr src = eth->src_addr;

	eth->src_addr = eth->dst_addr;
	eth->dst_addr = src;
}

static void
forward(uint16_t from, uint16_t queue, struct counts *counts)
{
	struct rte_mbuf *m[BURST];
	uint16_t n = rte_eth_rx_burst(from, queue, m, BURST), sent;

	for (uint16_t i = 0; i < n; i++)
		swap_addresses(m[i]);
	sent = n > 0 ? rte_eth_tx_burst(from ^ 1, queue, m, n) : 0;
	if (sent < n)
		rte_pktmbuf_free_bulk(m + sent, n - sent);
	atomic_fetch_add(&counts->rx_pkts, n);
	atomic_fetch_add(&counts->tx_pkts, sent);
}

static int
run_secondary(uint16_t queue)
{
	const struct rte_memzone *zone = rte_memzone_lookup("control");

	if (zone == NULL || queue >= QUEUES || !rte_eth_dev_is_valid_port(PORTS - 1))
		return fail("attach");
	puts("attached");
	fflush(stdout);
	while (!atomic_load(&ended))
		for (uint16_t p = 0; p < PORTS; p++)
			forward(p, queue, (struct counts *)zone->addr + queue);
	_exit(0);
}

/* Arguments are EAL's, then for a secondary the number of its queue. */
int
main(int argc, char **argv)
{
	int n = rte_eal_init(argc, argv);

	if (n < 0)
		return fail("rte_eal_init");
	signal(SIGTERM, end);
	signal(SIGINT, end);
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return run_primary();
	return run_secondary((uint16_t)(n + 1 < argc ? atoi(argv[n + 1]) : 0));
}
