/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-exporter: what `holdfast-monitor --prometheus` becomes, and takes the same options. Maps
 * the segment read-only and answers scrapes.
 */
#include "log.h"
#include "loop.h"
#include "options.h"

int
main(int argc, char **argv)
{
	struct hf_options options;
	int status = options_begin(&options, argc, argv);

	if (status >= 0)
		return status;
	if (options.form != HF_FORM_PROMETHEUS) {
		hf_err("holdfast-exporter: serves metrics alone: give it --prometheus");
		return 2;
	}
	loop_init();
	return export_run(&options);
}
