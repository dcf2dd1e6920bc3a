#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# check_shellcheck.sh SOURCE-DIR [BUILD-DIR]: every script, found by name or by its first line.
set -euo pipefail
cd "$1"
scripts=()
while IFS= read -r -d '' file; do
	case $file in
	*.sh | *.bash | *.bats) scripts+=("$file") ;;
	*.*) ;;
	*) ! head -n 1 "$file" | grep -aqE '^#!.*\b(ba)?sh\b' || scripts+=("$file") ;;
	esac
done < <(find . \( -path './build*' -o -path ./.git \) -prune -o -type f -print0)
shellcheck -x "${scripts[@]}"
