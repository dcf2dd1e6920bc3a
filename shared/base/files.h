/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Removing files that a process leaves in DPDK's runtime folder and in hugetlbfs. Used by primary
 * and worker; looks at names alone, and must not be used on what a living process needs.
 */
#ifndef HF_FILES_H
#define HF_FILES_H

#include <stdint.h>

/* Removes what the pattern of glob(3), with {a,b}, matches. What cannot be removed stays. */
void hf_files_remove(const char *pattern);

/* Removes the runtime files of EAL that belong to the secondary process pid from the folder. */
void hf_files_remove_runtime(const char *folder, int32_t pid);

#endif
