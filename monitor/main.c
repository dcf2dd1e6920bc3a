/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-monitor: shows what an instance does. Maps the segment read-only, links no DPDK, needs
 * no root. Writes to its own stdout and stderr, to the file of a recording, and nowhere else.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "options.h"

/*
 * Metrics are served by the program of the same folder that is linked to a web server: what it
 * brings along would be resident in every monitor. Returns when it cannot be started.
 */
static int
become_exporter(char **argv)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("holdfast-exporter"));
	char *name;

	if (n <= 0) {
		hf_err("holdfast-exporter: find it: %s", strerror(errno));
		return 1;
	}
	path[n] = '\0';
	name = strrchr(path, '/') + 1;
	memcpy(name, "holdfast-exporter", sizeof("holdfast-exporter"));
	execv(path, argv);
	hf_err("%s: start: %s", path, strerror(errno));
	return 1;
}

int
main(int argc, char **argv)
{
	struct hf_options options;
	int status = options_begin(&options, argc, argv);

	if (status >= 0)
		return status;
	if (options.form == HF_FORM_PROMETHEUS)
		return become_exporter(argv);
	loop_init();
	if (options.batch && options.past.replay != NULL)
		return batch_replay(&options);
	return options.batch ? batch_run(&options) : screen_run(&options);
}
