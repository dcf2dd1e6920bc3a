/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All lanes of an instance in few lines: number, state, owner, busy share, pps; the more lanes, the
 * less of each. Main thread only.
 */
#ifndef HF_MONITOR_STRIP_H
#define HF_MONITOR_STRIP_H

#include "views.h"

/* Draws the lanes from line y on in at most lines lines. Returns the lines used. */
int strip_draw(struct hf_canvas *c, int y, int lines, const struct hf_shown *shown);

#endif
