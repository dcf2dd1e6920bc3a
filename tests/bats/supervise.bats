#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Lanes of workers that hang or crash are taken over in time, and every packet comes out once. The
# median of three gaps is judged, or, for the machine may be shared, of up to nine; in a soak every
# one.
load lib
load wire
load culprit

GAP_MORE_US=5000 # a takeover may take so much longer than the hang timeout

# in_time N US SIGNAL [thread]: N misbehaviours, after which the lane is taken over within US.
in_time() {
	local us=$2
	misbehave_times "$1" "${@:3}" || return 1
	while [ "$(judged "${GAPS_US[@]}")" -gt "$us" ]; do
		[ ${#GAPS_US[@]} -lt "$(soak "$1" 9)" ] ||
			fail "gaps are ${GAPS_US[*]} us, should be at most $us" || return 1
		misbehave_times 1 "${@:3}" || return 1
	done
}

@test "a stopped owner is killed and its lane taken over in time, nothing lost" {
	start_traffic
	start_forwarder
	in_time "$(soak 30 3)" $((100000 + GAP_MORE_US)) STOP
	nothing_lost
	grep -q 'hangs: .* (state T): it was killed' "$LOGS/primary" || fail "no word in the log"
}

# loop_times MS: with that hang timeout.
loop_times() {
	start_traffic
	start_forwarder "supervise: {hang_timeout: $1}"
	in_time "$(soak 30 3)" $(($1 * 1000 + GAP_MORE_US)) USR1 thread
	nothing_lost
}

@test "an owner in an endless loop is killed and its lane taken over in time, nothing lost" {
	loop_times 100
	grep -q 'hangs: its thread of lane 0 .* (state R): it was killed' "$LOGS/primary" ||
		fail "no word in the log"
}

@test "the same with another hang timeout" {
	loop_times 40
}

@test "a core dump of 512 MB delays nobody" {
	cores_are_files
	start_traffic
	# Where the host gives memory page by page, 512 MB take seconds.
	CORES=unlimited CULPRIT_MB=512 START_S=40 start_forwarder
	CORES=unlimited CULPRIT_MB=512 START_S=40 in_time "$(soak 10 3)" "$GAP_MORE_US" SEGV thread
	nothing_lost
	[ "$(core_mb)" -ge 512 ] || fail "the core has $(core_mb) MB: it proves nothing"
	rm -f "$BATS_TEST_TMPDIR"/core*
}

@test "a crash of the main thread gives the lanes back before the core dump" {
	cores_are_files
	start_traffic
	CORES=unlimited CULPRIT_MB=512 START_S=40 start_forwarder
	local pid
	pid=$(status_of '.lanes[0].owner_pid')
	kill -SEGV "$pid"
	hf_wait_for 5 status_is ".lanes[0] | .owner_pid != $pid and .state == \"running\""
	sleep 0.3
	status_is ".lanes[0] | .handovers == 1 and .takeovers == 0 and .last_gap_us < 50000" ||
		fail "$(status_of '.lanes[0] | {handovers, takeovers, last_gap_us}')"
	status_is "any(.crashes[]; .pid == $pid and .lane == null)" || fail "$(status_of .crashes)"
	nothing_lost
	rm -f "$BATS_TEST_TMPDIR"/core*
}
