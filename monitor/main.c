/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-monitor: shows what an instance does. Maps the segment read-only, links no DPDK, needs
 * no root. Writes to its own stdout and stderr, to the file of a recording, and nowhere else.
 */
#include <stdio.h>

#include "log.h"
#include "loop.h"
#include "options.h"

int
main(int argc, char **argv)
{
	struct hf_options options;

	hf_log_init("holdfast-monitor", HF_LOG_NOTICE);
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		return fflush(stdout) == 0 ? 0 : 1;
	case OPTIONS_BAD:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	loop_init();
	if (options.form == HF_FORM_PROMETHEUS)
		return export_run(&options);
	if (options.batch && options.past.replay != NULL)
		return batch_replay(&options);
	return options.batch ? batch_run(&options) : screen_run(&options);
}
