#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# check_format.sh SOURCE-DIR [BUILD-DIR]: every C file is as clang-format would have it.
set -euo pipefail
cd "$1"
find . \( -path './build*' -o -path ./.git \) -prune -o -name '*.[ch]' -print0 |
	xargs -0 -r clang-format --dry-run -Werror
