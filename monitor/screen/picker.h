/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which instance is shown: a table of those there are, from which one is picked. Knows no segment:
 * the rows are brought by screen.c while it is open. Main thread only.
 */
#ifndef HF_MONITOR_PICKER_H
#define HF_MONITOR_PICKER_H

#include "instances.h"
#include "panel.h"

struct hf_picker {
	int on;
	struct hf_panel panel;
	char picked[HF_INSTANCE_LEN]; /* not "": the user wants this one */
};

void picker_draw(struct hf_canvas *c, struct hf_picker *p, const struct hf_instances *instances,
		 int exact);

/* Enter picks, back closes, the rest moves. instances: as drawn last. */
void picker_act(struct hf_picker *p, const struct hf_instances *instances, enum hf_action action);

#endif
