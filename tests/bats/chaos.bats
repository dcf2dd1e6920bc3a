#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Deaths under load, by tests/chaos: every packet once, in order and unchanged, every flow count
# right, every packet buffer in its place. Named points need a build with -Dpoints=true:
# HF_POINTS_BUILD, build/points by default.
load lib

setup() {
	test_begin
	: "${HF_POINTS_BUILD:=$HF_TOP/build/points}"
	export HF_BUILD HF_POINTS_BUILD
	CHAOS=$HF_TOP/tests/chaos
	RESULT=$LOGS/result
}

# chaos OPTION...: runs it; its result in $RESULT. Exit status 0 says that nothing was wrong.
chaos() {
	"$CHAOS" --json "$@" >"$RESULT" 2>"$LOGS/chaos" || fail "chaos $*: $(<"$LOGS/chaos") $(<"$RESULT")"
}

# Prints the figures that people want to see; CONDITION of jq must hold.
judge() {
	jq -e "$1" "$RESULT" >/dev/null || fail "not so: $1: $(<"$RESULT")"
	jq -r '"# \(.kills) \(.mode) \(.kind) \(.points // ""), \(.offered_pps) pps: lost " +
		"\(.lost_total), gap us \(.gap_us | tostring), \(.seconds) s"' "$RESULT" >&3
}

need_points() {
	[ -x "$HF_POINTS_BUILD/secondary/holdfast-worker" ] ||
		skip "no programs built with -Dpoints=true in $HF_POINTS_BUILD"
}

# has_contract: every key that other programs rely upon is there, of its type.
has_contract() {
	jq -e '(["mode", "kills", "killed_in", "offered_pps", "lanes_stuck", "mbufs_unaccounted",
		"lost_total", "lost_max_per_kill", "lost_ring_full", "queue_held_max", "duplicated",
		"reordered", "flow_mismatch", "content_errors", "gap_us", "recovery"] - keys) == [] and
		(.gap_us | keys) == ["max", "p50", "p99"] and (.mode | type) == "string" and
		([.killed_in, .recovery | .[] | type] | unique) == ["number"] and
		([.kills, .offered_pps, .lanes_stuck, .mbufs_unaccounted, .lost_total, .lost_max_per_kill,
		.duplicated, .reordered, .content_errors | type] | unique) == ["number"]' \
		"$RESULT" >/dev/null || fail "$(<"$RESULT")"
}

@test "chaos: owners killed at random instants at 500 kpps: nothing lost, doubled, changed or miscounted" {
	chaos --kills "$(soak 3000 100)" --rate 500000 --seed 1
	judge ".kills == $(soak 3000 100) and .lost_uncounted == 0"
	has_contract
}

@test "chaos: owners killed in front of a full ring at full rate: the same" {
	chaos --kills "$(soak 3000 60)" --rate max --seed 2
	judge '.queue_held_max > 14000'
}

@test "chaos: owners killed at every named point of a software lane: every point hit, the same" {
	need_points
	# shellcheck disable=SC2046 # two words, or none: then each point once
	chaos --points all --seed 3 $(soak "--each 50" "")
	judge '.points_missed == [] and (.killed_in | length) == .points_total and .recovery.undone > 10 and .killed_in.recover_word > 0 and
		.killed_in.flow_insert_odd > 0 and .killed_in.give_before > 0'
}

@test "chaos: the same at the points of flows that expire and come anew" {
	need_points
	# shellcheck disable=SC2046 # two words, or none
	chaos --points all --expiring --seed 8 $(soak "--each 50" "")
	judge '.points_missed == [] and .killed_in.flow_insert_tag > 0 and .killed_in.flow_evict_tag > 0'
}

@test "chaos: planned hand-overs under load: nothing lost" {
	chaos --kind handover --kills "$(soak 1000 50)" --seed 5
	judge '.recovery.handover == .kills and .gap_us.p50 > 0'
}

@test "chaos: owners of a hardware lane killed at work on a burst: nothing lost" {
	need_points
	chaos --mode hardware --seed 6 --kills "$(soak 300 20)" \
		--points planned,apply_saved,apply_open,flow_counted,apply_done,published,hw_work
	judge '.kills > 0'
}

@test "chaos: owners of a hardware lane killed inside driver calls: the ports are whole within 50 ms" {
	local group
	need_points
	for group in rx tx; do
		chaos --mode hardware --seed 9 --points "$group" --kills "$(soak 120 6)"
		judge ".repair_us.$(soak max p50) <= 50000 and .neighbour.rate_after_percent.p50 > $(soak 90 50)"
	done
}

@test "chaos: owners of a hardware lane killed at every named point of it, in a soak" {
	[ "${HF_SOAK:-0}" = 1 ] || skip "takes an hour: HF_SOAK=1"
	need_points
	chaos --mode hardware --points all --seed 10 --each 50
	judge '.points_missed == []'
}

@test "chaos: the usual pattern under the same kills comes to an end, whatever hangs in it" {
	"$CHAOS" --control --json --kills "$(soak 50 10)" --seed 7 >"$RESULT" || fail "$(<"$RESULT")"
	has_contract
	jq -e ".kills > 0 and .lost_total >= $(soak 1 0)" "$RESULT" >/dev/null || fail "$(<"$RESULT")"
	jq -r '"# usual pattern: \(.kills) kills, \(.queues_dead) queues dead, " +
		"\(.mbufs_unaccounted) buffers lost, \(.lost_total) packets lost"' "$RESULT" >&3
}

@test "a build for use has no named points and no poison in it" {
	local program
	for program in holdfast-worker holdfast-worker-hw; do
		[ -x "$HF_BUILD/secondary/$program" ] || fail "$program: not built"
		! grep -aqE 'HF_POINT|HF_POISON' "$HF_BUILD/secondary/$program" ||
			fail "$program: has named points"
	done
	need_points
	grep -aq HF_POISON "$HF_POINTS_BUILD/secondary/holdfast-worker"
}

@test "chaos: an interruption leaves nothing behind" {
	local status=0
	setsid "$CHAOS" --kills 100000 --json >"$RESULT" 2>"$LOGS/chaos" &
	local pid=$!
	hf_wait_for 20 test -S "/run/holdfast/chaos-$pid/control" || fail "did not start"
	sleep 2
	kill -TERM "$pid"
	wait "$pid" || status=$?
	same "$status" 143 "exit status"
	[ ! -e "/run/holdfast/chaos-$pid" ] && [ ! -e "/run/holdfast-runs/chaos-$pid" ] &&
		! compgen -G "/dev/hugepages/chaos-${pid}map_*" && ! compgen -G "/tmp/chaos-$pid-*" ||
		fail "something is left"
}

# bad_usage ARGUMENT...
bad_usage() {
	run -2 "$CHAOS" "$@"
	one_line 'tests/chaos: '
}

@test "chaos: bad usage: one line, exit 2" {
	bad_usage --wrong
	bad_usage --kills 0
	bad_usage --rate fast
	bad_usage --kind attach --signal STOP
	bad_usage --signal TERM
	bad_usage --each 2
	bad_usage --each 2 --kills 3 --points all
	bad_usage --kind handover --points all
	run -1 "$CHAOS" --points all --points-build /nowhere
	[[ $output == "chaos: --points-build /nowhere: "* ]] || fail "$output"
}
