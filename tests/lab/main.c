/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-lab: measurements of the parts of Holdfast against their references. A program of its
 * own; nothing of an instance is needed or touched.
 */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "log.h"

static const struct lab_command commands[] = {
	{"flow-table", "the flow table against rte_hash: find and count in bulk", lab_flow_table},
	{"forward", "lanes against testpmd: software and hardware lanes, one core each",
	 lab_forward},
	{"monitor-scan", "the monitor's scan of the flow tables: time and memory",
	 lab_monitor_scan},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_help(void)
{
	printf("Usage: holdfast-lab COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-14s %s\n", commands[i].name, commands[i].help);
	printf("\nholdfast-lab COMMAND --help shows a command's options.\n"
	       "Exit status: 0 done; 1 it failed; 2 bad arguments.\n");
}

int
main(int argc, char **argv)
{
	hf_log_init("holdfast-lab", HF_LOG_NOTICE);
	if (argc < 2) {
		hf_err("no command given: see --help");
		return LAB_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help();
		return 0;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	hf_err("%s: unknown command: see --help", argv[1]);
	return LAB_EXIT_USAGE;
}
