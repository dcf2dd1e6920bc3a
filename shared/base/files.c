/* SPDX-License-Identifier: BSD-3-Clause */
#include "files.h"

#include <glob.h>
#include <stdio.h>
#include <unistd.h>

void
hf_files_remove(const char *pattern)
{
	glob_t g;

	if (glob(pattern, GLOB_BRACE, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		unlink(g.gl_pathv[i]);
	globfree(&g);
}

void
hf_files_remove_runtime(const char *folder, int32_t pid)
{
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/{mp_socket_%d_*,fbarray_*_%d_*,fbarray_*_%d}",
		 folder, pid, pid, pid);
	hf_files_remove(pattern);
}
