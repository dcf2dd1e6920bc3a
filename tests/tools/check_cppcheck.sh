#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# check_cppcheck.sh SOURCE-DIR [BUILD-DIR]: static analysis of the C files of the programs. Libraries'
# headers are not read; what cppcheck cannot know without them is not reported.
set -euo pipefail
cd "$1"
mapfile -t includes < <(find shared primary secondary monitor -type d -printf '-I%p\n')
# Not understood by cppcheck: a loop over all words of an array fills it.
suppressed=(--suppress=uninitvar:shared/base/flow_read.c)
cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
	--enable=warning,performance,portability --suppress=missingIncludeSystem \
	--suppress=unknownMacro "${suppressed[@]}" '-D_Atomic(x)=x' -D_GNU_SOURCE -D__x86_64__ -DHF_VERSION='""' -j 2 \
	"${includes[@]}" shared primary secondary monitor
