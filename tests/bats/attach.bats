#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Workers killed inside an attach, by tests/chaos, half of them with another one in line behind
# them: whoever attaches next comes through, the lane forwards on, and from the tenth death to the
# last no file, socket, descriptor of the primary or byte of the shared heap is added. Named points
# need a build with -Dpoints=true: HF_POINTS_BUILD, build/points by default.
load lib

setup() {
	test_begin
	: "${HF_POINTS_BUILD:=$HF_TOP/build/points}"
	export HF_BUILD HF_POINTS_BUILD
	RESULT=$LOGS/result
}

# kill_attaches MODE KILLS OPTION...
kill_attaches() {
	local mode=$1 kills=$2
	shift 2
	"$HF_TOP/tests/chaos" --json --kind attach --mode "$mode" --kills "$kills" --rate 50000 "$@" \
		>"$RESULT" 2>"$LOGS/chaos" || fail "$(<"$LOGS/chaos") $(<"$RESULT")"
	jq -e --argjson kills "$kills" '.kills == $kills and .recovery.attached == $kills and
		.lost_total == 0 and .growth.files == 0 and .growth.sockets == 0 and
		.growth.primary_fds == 0 and .growth.heap_bytes == 0 and .growth.heap_blocks == 0' \
		"$RESULT" >/dev/null || fail "$(<"$RESULT")"
	jq -r '"# \(.kills) \(.mode): growth \(.growth | tostring), \(.seconds) s"' "$RESULT" >&3
}

# Each as often as the others, rounded up.
every_point_was_hit() {
	jq -e '.points_missed == [] and (.killed_in | length) == .points_total' "$RESULT" >/dev/null ||
		fail "$(<"$RESULT")"
}

need_points() {
	[ -x "$HF_POINTS_BUILD/secondary/holdfast-worker-hw" ] ||
		skip "no programs built with -Dpoints=true in $HF_POINTS_BUILD"
}

@test "attach: killed at random instants: later attaches work, nothing is left" {
	kill_attaches software "$(soak 300 20)" --seed 21
}

@test "attach: killed at every named point, EAL's locks held at some: the same" {
	need_points
	kill_attaches software "$(soak 300 16)" --seed 22 --points all
	every_point_was_hit
}

@test "attach: hardware lanes, killed at random instants: the same" {
	kill_attaches hardware "$(soak 300 12)" --seed 23
}

@test "attach: hardware lanes, killed at every named point: the same" {
	need_points
	kill_attaches hardware "$(soak 300 16)" --seed 24 --points all
	every_point_was_hit
}
