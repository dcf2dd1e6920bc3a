# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# deploy/doctor and what it found. Loaded after lib.
#
# shellcheck disable=SC2154 # run sets output

doctor() {
	timeout -k 1 30 "$HF_TOP/deploy/doctor" "$@"
}

# found LEVEL CHECK TEXT [MEND]: the last output has such a finding; TEXT and MEND in it.
found() {
	jq -e --arg level "$1" --arg check "$2" --arg text "$3" --arg mend "${4:-}" \
		'any(.[]; .check == $check and .level == $level and (.text | contains($text)) and
		($mend == "" or (.mend // "" | contains($mend))))' <<<"$output" >/dev/null ||
		fail "no $1 $2 with '$3' and '${4:-}' in: $(jq -c '.[]' <<<"$output")"
}
