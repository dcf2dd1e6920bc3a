/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values on the command lines of holdfast-lab.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "units.h"

/* One number with an optional K or M. */
static int
parse_count(char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	size_t len = strlen(text);
	uint64_t unit = 1;

	if (len > 1 && (text[len - 1] == 'K' || text[len - 1] == 'M')) {
		unit = text[len - 1] == 'K' ? 1U << 10 : 1U << 20;
		text[len - 1] = '\0';
	}
	if (hf_parse_u64(text, 1, max / unit, out) != 0)
		return -EINVAL;
	*out *= unit;
	return *out < min ? -EINVAL : 0;
}

int
lab_parse_list(const char *text, uint64_t min, uint64_t max, struct lab_list *list)
{
	char *copy = strdup(text), *next = copy, *item;
	int err = copy == NULL ? -ENOMEM : 0;

	list->n = 0;
	while (err == 0 && (item = strsep(&next, ",")) != NULL) {
		if (list->n == sizeof(list->value) / sizeof(list->value[0]))
			err = -EINVAL;
		else
			err = parse_count(item, min, max, &list->value[list->n++]);
	}
	free(copy);
	return err;
}
