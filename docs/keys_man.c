/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes holdfast.yaml(5) from its template: the line @KEYS@ becomes the table of keys, the word
 * @VERSION@ the version. Runs while the project is built; reads one file, writes to stdout.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "version.h"

static void
write_line(const char *line, FILE *out)
{
	static const char mark[] = "@VERSION@";
	const char *at = strstr(line, mark);

	if (strcmp(line, "@KEYS@\n") == 0)
		hf_config_print_keys(out, 1);
	else if (at != NULL)
		fprintf(out, "%.*s%s%s", (int)(at - line), line, HF_VERSION, at + strlen(mark));
	else
		fputs(line, out);
}

int
main(int argc, char **argv)
{
	char line[512];
	FILE *in;

	if (argc != 2) {
		fputs("usage: keys_man TEMPLATE\n", stderr);
		return 2;
	}
	in = fopen(argv[1], "r");
	if (in == NULL) {
		fprintf(stderr, "%s: cannot read: %s\n", argv[1], strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), in) != NULL)
		write_line(line, stdout);
	fclose(in);
	return fflush(stdout) == 0 ? 0 : 1;
}
