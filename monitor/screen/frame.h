/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is around a view: title, tabs, why there is no fresh data, keys, help. Main thread only.
 */
#ifndef HF_MONITOR_FRAME_H
#define HF_MONITOR_FRAME_H

#include "ui.h"

void frame_title(struct hf_canvas *c, const struct hf_ui *ui, const struct hf_shown *shown);
void frame_tabs(struct hf_canvas *c, const struct hf_ui *ui);
void frame_keys(struct hf_canvas *c, const struct hf_ui *ui, const struct hf_shown *shown);
void frame_help(struct hf_canvas *c, struct hf_ui *ui);

/* Why there is nothing (fresh) to see. Returns the lines it took: all of c, one, or none. */
int frame_state(struct hf_canvas *c, const struct hf_shown *shown, uint32_t needs);

#endif
