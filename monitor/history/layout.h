/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the figures of a sample lie in its memory, as text for the head of a recording: a program
 * whose samples are laid out otherwise finds them by their names. Main thread only.
 *
 * A line each: "field NAME OFFSET BYTES" of the sample itself; "table KEY OFFSET ROW-BYTES" and
 * after it "cell KEY KIND OFFSET" of its columns. Rows of flows follow the sample.
 */
#ifndef HF_MONITOR_LAYOUT_H
#define HF_MONITOR_LAYOUT_H

#include <stddef.h>

#define LAYOUT_TEXT_LEN 32768

/* Writes the layout of this program to buf, without a final 0. Returns its length. */
size_t layout_describe(char *buf, size_t len);

#endif
