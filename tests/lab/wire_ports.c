/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports from device strings, whatever the driver. Owns EAL, the pool and the ports of
 * holdfast-wire. Main thread; must not send or receive.
 */
#include "wire_ports.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define POOL_CACHE  256
#define POOL_SPARE  4096 /* bursts on their way, caches */
#define MBUF_ROOM   2048
#define EAL_ARGS    32
#define CPU_LIST    2048
#define IPV4_MTU    1500
#define ETHER_BYTES 14

/* "0,2,3": the CPUs this process may use, or the one that was asked for. */
static void
cpu_list(const struct wire_options *o, char *buf, size_t len)
{
	cpu_set_t cpus;
	size_t n = 0;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	if (o->cpu >= 0) {
		snprintf(buf, len, "%d", o->cpu);
		return;
	}
	for (int i = 0; i < CPU_SETSIZE && n < len; i++)
		if (CPU_ISSET((size_t)i, &cpus))
			n += (size_t)snprintf(buf + n, len - n, "%s%d", n > 0 ? "," : "", i);
}

static int
is_pci(const char *device)
{
	unsigned int dom, bus, dev, fn;

	return sscanf(device, "%4x:%2x:%2x.%1x", &dom, &bus, &dev, &fn) == 4 ||
	       sscanf(device, "%2x:%2x.%1x", &bus, &dev, &fn) == 3;
}

/*
 * In memory: nothing is left behind, however it ends. Single-file segments: as net_virtio_user
 * wants them. No PCI device but those that are ports.
 */
int
wire_ports_start_eal(const struct wire_options *o, char *program)
{
	static char lcores[CPU_LIST + 16], allow[WIRE_PORTS_MAX][256];
	char in_memory[] = "--in-memory", single[] = "--single-file-segments";
	char telemetry[] = "--no-telemetry", no_pci[] = "--no-pci";
	char quiet[] = "--log-level=critical", loud[] = "--log-level=info", list[CPU_LIST];
	char *argv[EAL_ARGS + WIRE_PORTS_MAX] = {program, in_memory, single, telemetry};
	int argc = 4, pci = 0;

	cpu_list(o, list, sizeof(list));
	snprintf(lcores, sizeof(lcores), "--lcores=0@(%s)", list);
	argv[argc++] = lcores;
	argv[argc++] = o->verbose ? loud : quiet;
	for (uint16_t i = 0; i < o->n_ports; i++) {
		if (!is_pci(o->device[i]))
			continue;
		snprintf(allow[i], sizeof(allow[i]), "--allow=%s", o->device[i]);
		argv[argc++] = allow[i];
		pci = 1;
	}
	if (!pci)
		argv[argc++] = no_pci;
	for (int i = 0; i < o->eal_argc && argc < EAL_ARGS + WIRE_PORTS_MAX - 1; i++)
		argv[argc++] = o->eal_argv[i];
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	hf_err("EAL: rte_eal_init: %s (--verbose shows EAL's own words)", rte_strerror(rte_errno));
	return -EIO;
}

/* Many drivers return -1 whatever the cause; EAL's messages have it. */
static int
failed(const char *device, const char *what, int err)
{
	hf_err("port %s: %s: %s", device, what,
	       err == -1 ? "the driver failed (--verbose shows why)" : strerror(-err));
	return err;
}

static int
probe(struct wire_ports *p, const char *device)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int err = is_pci(device) ? 0 : rte_dev_probe(device);

	if (err < 0)
		return failed(device, "probe", err);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	err = rte_eth_dev_get_port_by_name(name, &p->id[p->n]);
	if (err != 0)
		return failed(device, "probe", err);
	p->device[p->n++] = device;
	return 0;
}

/* Every queue may hold all its descriptors full in both directions. */
static int
make_pool(struct wire_ports *p, const struct wire_options *o)
{
	uint32_t n = POOL_SPARE + 2U * o->n_ports * o->n_queues * o->descriptors;
	uint32_t room = p->frame_max + 64 > MBUF_ROOM ? p->frame_max + 64 : MBUF_ROOM;

	p->pool = rte_pktmbuf_pool_create("wire", n, POOL_CACHE, 0,
					  (uint16_t)(room + RTE_PKTMBUF_HEADROOM), 0);
	if (p->pool != NULL)
		return 0;
	hf_err("pool of %u buffers of %u bytes: create: %s", n, room, rte_strerror(rte_errno));
	return -ENOMEM;
}

static int
set_up_queues(struct wire_ports *p, uint16_t i, uint16_t descriptors)
{
	uint16_t rx = descriptors, tx = descriptors;
	int err = rte_eth_dev_adjust_nb_rx_tx_desc(p->id[i], &rx, &tx);

	for (uint16_t q = 0; q < p->n_queues && err == 0; q++)
		err = rte_eth_rx_queue_setup(p->id[i], q, rx, 0, NULL, p->pool);
	for (uint16_t q = 0; q < p->n_queues && err == 0; q++)
		err = rte_eth_tx_queue_setup(p->id[i], q, tx, 0, NULL);
	return err;
}

static int
start_port(struct wire_ports *p, uint16_t i, uint16_t descriptors)
{
	struct rte_eth_conf conf = {0};
	int err;

	if (p->frame_max > IPV4_MTU + ETHER_BYTES)
		conf.rxmode.mtu = p->frame_max - ETHER_BYTES;
	err = rte_eth_dev_configure(p->id[i], p->n_queues, p->n_queues, &conf);
	if (err != 0)
		return failed(p->device[i], "configure", err);
	err = set_up_queues(p, i, descriptors);
	if (err != 0)
		return failed(p->device[i], "set up queues", err);
	err = rte_eth_dev_start(p->id[i]);
	if (err != 0)
		return failed(p->device[i], "start", err);
	err = rte_eth_promiscuous_enable(p->id[i]);
	return err == 0 || err == -ENOTSUP ? 0 : failed(p->device[i], "promiscuous", err);
}

int
wire_ports_open(struct wire_ports *p, const struct wire_options *o, uint32_t frame_max)
{
	int err;

	p->n_queues = o->n_queues;
	p->frame_max = frame_max;
	err = make_pool(p, o);
	/* One after the other: a vhost port that has been started is there for the next to connect.
	 */
	for (uint16_t i = 0; i < o->n_ports && err == 0; i++) {
		err = probe(p, o->device[i]);
		if (err == 0)
			err = start_port(p, i, o->descriptors);
	}
	return err;
}

void
wire_ports_close(struct wire_ports *p)
{
	while (p->n > 0) {
		p->n--;
		rte_eth_dev_stop(p->id[p->n]);
		rte_eth_dev_close(p->id[p->n]);
	}
	rte_mempool_free(p->pool);
	p->pool = NULL;
}

const char *
wire_ports_down(const struct wire_ports *p)
{
	struct rte_eth_link link;

	for (uint16_t i = 0; i < p->n; i++)
		if (rte_eth_link_get_nowait(p->id[i], &link) != 0 || !link.link_status)
			return p->device[i];
	return NULL;
}
