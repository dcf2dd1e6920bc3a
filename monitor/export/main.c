/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-exporter: what `holdfast-monitor --prometheus` becomes, and takes the same options. Maps
 * the segment read-only and answers scrapes.
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
	if (options.form != HF_FORM_PROMETHEUS) {
		hf_err("holdfast-exporter: serves metrics alone: give it --prometheus");
		return 2;
	}
	loop_init();
	return export_run(&options);
}
