/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holdfast-wire prints. Main thread.
 */
#ifndef HF_WIRE_REPORT_H
#define HF_WIRE_REPORT_H

#include <stdint.h>

struct wire;

/* One line on a terminal, overwritten by the next. */
void wire_report_progress(const struct wire *w, uint64_t now);

/* The result on standard output: a table, or one JSON object. Returns 0, -ENOMEM or -EIO. */
int wire_report_print(const struct wire *w);

/*
 * Writes what was sent of each flow to a JSON file, in the form that tests/tools/flows_check.py
 * takes as the truth. Returns 0 or -errno (logged).
 */
int wire_report_flows(const struct wire *w, const char *path);

#endif
