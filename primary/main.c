/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-primary: owns hugepages, ports, pools, lanes, tables and the segment. Runs no stage and
 * waits for no worker. This file is the order in which it is built and taken down.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver_table.h"
#include "io.h"
#include "log.h"
#include "options.h"
#include "parts.h"
#include "telemetry.h"

static int
load_config(struct hf_primary *p, const struct hf_primary_options *o)
{
	enum hf_log_level level = o->log_level;
	char why[512];
	int err;

	err = hf_config_load(&p->cfg, o->config_path, why, sizeof(why));
	if (err != 0) {
		hf_err("%s", why);
		return err;
	}
	if (o->instance != NULL)
		snprintf(p->cfg.instance, sizeof(p->cfg.instance), "%s", o->instance);
	if (o->has_log_level || hf_log_parse_level(p->cfg.log_level, &level) == 0)
		hf_log_set_level(level);
	return p->cfg.queues == HF_QUEUES_HARDWARE ? 0 : memory_pool_check(&p->cfg);
}

static int
start_io(struct hf_primary *p)
{
	for (uint32_t k = 0; k < p->cfg.n_io; k++)
		if (hf_io_start(p->io[k]) != 0)
			return -EAGAIN;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct hf_primary p = {.lock_fd = -1, .epoll_fd = -1};
	static struct hf_rss rss;
	struct hf_primary_options o;
	int rc, status = 1;
	gid_t gid;

	hf_log_init("holdfast-primary", HF_LOG_NOTICE);
	rc = options_parse(argc, argv, &o);
	if (rc != 0)
		return rc > 0 ? 0 : 2;
	rc = load_config(&p, &o);
	if (rc == 0)
		rc = drivers_check(&p.cfg);
	if (rc != 0)
		return rc == -EINVAL ? 2 : 1;
	if (o.check) {
		printf("%s%s: good\n", o.verbose ? "# " : "", o.config_path);
		if (o.verbose) {
			memory_print(&p.cfg, stdout);
			hf_config_dump(&p.cfg, stdout);
		}
		return 0;
	}
	if (geteuid() != 0) {
		hf_err("instance %s: start: no permission: run as root", p.cfg.instance);
		return 1;
	}
	if (cpus_check(&p.cfg) != 0)
		return 1;
	gid = instance_group(&p);
	if (instance_lock(&p, gid) != 0)
		return 1;
	if (instance_sweep(&p) != 0 || memory_check(&p) != 0)
		goto remove;
	if (gid == (gid_t)-1)
		hf_warn("group %s: not found: only root can watch this instance (groupadd -r %s)",
			p.cfg.group, p.cfg.group);
	if (loop_open(&p) != 0)
		goto remove;
	rc = eal_start(&p, argv[0], o.eal_argc, o.eal_argv);
	if (rc != 0) {
		status = rc == -EINVAL ? 2 : 1;
		goto remove;
	}
	if (ports_probe(&p) != 0 || kinds_decide(&p) != 0)
		goto close_ports;
	if (instance_create_segment(&p, gid) != 0 || pools_create(&p) != 0 ||
	    lanes_create(&p, &rss) != 0 || supervisor_start(&p) != 0 || recovery_start(&p) != 0 ||
	    owners_start(&p) != 0)
		goto close_ports;
	if (ports_start(&p) != 0 || census_baseline(&p) != 0)
		goto close_ports;
	hf_telemetry_register(&p);
	if (start_io(&p) != 0 || hf_control_open(&p, gid) != 0)
		goto stop_io;
	loop_run(&p);
	status = 0;
	supervisor_end_workers(&p);
	hf_control_close(&p);
stop_io:
	hf_io_stop(&p);
	hf_telemetry_close();
close_ports:
	if (recovery_end(&p) == 0)
		ports_close(&p);
remove:
	instance_remove(&p);
	fflush(stdout);
	_exit(status); /* EAL's clean-up could hang on what a dead worker left locked */
}
