/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Typing: printable ASCII, Backspace, Ctrl-U (all), Ctrl-W (a word).
 */
#include "prompt.h"

#include <stdio.h>
#include <string.h>

#define CTRL_U 0x15
#define CTRL_W 0x17

void
prompt_open(struct hf_prompt *p, const char *text)
{
	*p = (struct hf_prompt){.on = 1};
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->len = (uint32_t)strlen(p->text);
}

static void
erase_word(struct hf_prompt *p)
{
	while (p->len > 0 && p->text[p->len - 1] == ' ')
		p->len--;
	while (p->len > 0 && p->text[p->len - 1] != ' ')
		p->len--;
}

int
prompt_key(struct hf_prompt *p, int key)
{
	if (key == HF_KEY_ENTER)
		return 1;
	p->why[0] = '\0';
	if (key == HF_KEY_ESCAPE)
		p->on = 0;
	else if (key == HF_KEY_BACKSPACE && p->len > 0)
		p->len--;
	else if (key == CTRL_U)
		p->len = 0;
	else if (key == CTRL_W)
		erase_word(p);
	else if (key >= ' ' && key < 0x7f && p->len + 1 < sizeof(p->text))
		p->text[p->len++] = (char)key;
	p->text[p->len] = '\0';
	return 0;
}
