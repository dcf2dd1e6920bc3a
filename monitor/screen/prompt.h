/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line of text that the user types. Pure; main thread only.
 */
#ifndef HF_MONITOR_PROMPT_H
#define HF_MONITOR_PROMPT_H

#include "panel.h"

struct hf_prompt {
	int on;
	uint32_t len;
	char text[PANEL_FILTER_LEN];
	char why[128]; /* what is wrong with it, "" when nothing is known to be */
};

/* Opens it with a text to begin with. */
void prompt_open(struct hf_prompt *p, const char *text);

/* A key. Esc closes the prompt. Returns 1 when the text is ready to be used. */
int prompt_key(struct hf_prompt *p, int key);

#endif
