/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a sample safe to show that was read from a file: what a view uses as an index, a length or
 * a text. Main thread only.
 */
#ifndef HF_MONITOR_MEND_H
#define HF_MONITOR_MEND_H

#include "sample.h"

/*
 * Counts are cut to what there is room for, enumerations that are none become their first value,
 * texts end within their row and are printable ASCII. A sample that was taken stays as it is.
 * s->flows.rows has s->flows.n rows.
 */
void mend_sample(struct hf_sample *s);

#endif
