/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting EAL: one lcore id for the main thread, all memory up front, a fixed base address (so
 * that workers find it free), no PCI device but those the configuration names.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "parts.h"
#include "thread.h"

#define BASE_VIRTADDR "0x100000000000" /* far from where Linux puts programs and libraries */
#define MAX_ARGS      96
#define ARG_LEN       192

struct eal_args {
	int argc;
	char *argv[MAX_ARGS + 1];
	char text[MAX_ARGS][ARG_LEN];
};

static void __attribute__((format(printf, 2, 3))) add(struct eal_args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->argc >= MAX_ARGS)
		return;
	va_start(ap, fmt);
	vsnprintf(a->text[a->argc], ARG_LEN, fmt, ap);
	va_end(ap);
	a->argv[a->argc] = a->text[a->argc];
	a->argc++;
}

int
eal_device_node(const char *device)
{
	char path[128], address[32];
	int node = 0;
	FILE *f;

	if (!hf_names_is_pci(device))
		return 0;
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(device, ","), device);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s%s/numa_node",
		 strchr(address, ':') == strrchr(address, ':') ? "0000:" : "", address);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%d", &node) != 1 || node < 0)
		node = 0;
	fclose(f);
	return node;
}

/* "256,0,256": MB on each node that has a port. */
static void
node_list(const struct hf_config *cfg, char *buf, size_t len)
{
	uint64_t used = 0;
	size_t n = 0;
	int last = 0;

	for (uint32_t i = 0; i < cfg->n_ports; i++) {
		int node = eal_device_node(cfg->ports[i].device);

		used |= UINT64_C(1) << node;
		last = node > last ? node : last;
	}
	for (int node = 0; node <= last && n < len; node++)
		n += (size_t)snprintf(buf + n, len - n, "%s%u", node > 0 ? "," : "",
				      (used >> node & 1) != 0 ? memory_needed_mb(cfg) : 0);
}

static void
add_devices(const struct hf_config *cfg, struct eal_args *a)
{
	int pci = 0;

	for (uint32_t i = 0; i < cfg->n_ports; i++) {
		if (!hf_names_is_pci(cfg->ports[i].device))
			continue;
		add(a, "--allow=%s", cfg->ports[i].device);
		pci = 1;
	}
	if (!pci)
		add(a, "--no-pci");
}

/* EAL prints its whole usage to stdout at a bad argument: one line of ours is enough. */
static int
quiet_eal_init(struct eal_args *a)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int rc;

	fflush(stdout);
	if (out >= 0 && null >= 0)
		dup2(null, STDOUT_FILENO);
	rc = rte_eal_init(a->argc, a->argv);
	fflush(stdout);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	close(out);
	close(null);
	return rc;
}

/* This thread, and EAL's, keep off the CPUs where packets are handled. */
static void
leave_lane_cpus(const struct hf_config *cfg, cpu_set_t *cpus)
{
	int32_t taken[HF_MAX_LANES + HF_MAX_IO];
	uint32_t n = 0;

	for (uint32_t l = 0; l < cfg->n_lanes; l++)
		taken[n++] = cfg->lanes[l].cpu;
	for (uint32_t k = 0; k < cfg->n_io; k++)
		taken[n++] = cfg->io_cpu[k];
	CPU_ZERO(cpus);
	sched_getaffinity(0, sizeof(*cpus), cpus);
	hf_thread_keep_off(cpus, taken, n);
	sched_setaffinity(0, sizeof(*cpus), cpus);
}

int
eal_start(struct hf_primary *p, char *program, int extra_argc, char **extra_argv)
{
	struct eal_args *a = calloc(1, sizeof(*a));
	char list[256] = "";
	cpu_set_t cpus;
	int rc;

	if (a == NULL)
		return -ENOMEM;
	node_list(&p->cfg, list, sizeof(list));
	leave_lane_cpus(&p->cfg, &cpus);
	add(a, "%s", program);
	add(a, "--proc-type=primary");
	add(a, "--file-prefix=%s", p->cfg.instance);
	add(a, "--lcores=%d@%d", HF_LCORE_PRIMARY, hf_thread_first_cpu(&cpus));
	add(a, "--base-virtaddr=" BASE_VIRTADDR);
	add(a, "--huge-dir=%s", p->cfg.hugepage_dir);
	add(a, "--socket-mem=%s", list);
	add(a, "--socket-limit=%s", list);
	add(a, "--single-file-segments");
	/* EAL's own lines would bury ours; they come with the levels that ask for detail. */
	add(a, "--log-level=%s",
	    hf_log_get_level() >= HF_LOG_DEBUG  ? "debug"
	    : hf_log_get_level() >= HF_LOG_INFO ? "notice"
						: "critical");
	add_devices(&p->cfg, a);
	for (int i = 0; i < extra_argc; i++)
		add(a, "%s", extra_argv[i]);
	rc = quiet_eal_init(a);
	/* EAL pinned the main thread to one CPU. */
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (rc < 0 && rte_errno == EINVAL && extra_argc > 0) {
		hf_err("instance %s: EAL options: %s ...: refused by rte_eal_init (--log-level info shows its own words)",
		       p->cfg.instance, extra_argv[0]);
		return -EINVAL;
	}
	if (rc < 0) {
		hf_err("instance %s: rte_eal_init: %s (--log-level info shows EAL's own words)",
		       p->cfg.instance, rte_strerror(rte_errno));
		return -EIO;
	}
	return 0; /* EAL keeps pointers into the arguments: they stay */
}
