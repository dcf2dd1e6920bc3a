#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# check_cppcheck.sh SOURCE-DIR [BUILD-DIR]: static analysis of every C file, tests too.
# Libraries' headers are not read; what cppcheck cannot know without them is not reported.
set -euo pipefail
cd "$1"
mapfile -t includes < <(find shared primary secondary monitor tests -type d -printf '-I%p\n')
# Not understood by cppcheck: a loop over all words of an array fills it.
suppressed=(--suppress=uninitvar:shared/base/flow_read.c)
# A file with a macro it cannot parse would not be looked at.
macros=('-Djson_object_foreach(o,k,v)=while ((v = json_object_get(o, k)) != NULL)'
	'-Djson_array_foreach(a,i,v)=while ((v = json_array_get(a, (i = 0))) != NULL)')
cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
	--enable=warning,performance,portability --suppress=missingIncludeSystem \
	"${suppressed[@]}" "${macros[@]}" '-D_Atomic(x)=x' -D_GNU_SOURCE -D__x86_64__ -DHF_VERSION='""' -j 2 \
	"${includes[@]}" shared primary secondary monitor docs tests
