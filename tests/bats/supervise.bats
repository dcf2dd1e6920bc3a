#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Workers that hang are killed and those that crash say so; their lanes go on elsewhere, and every
# packet comes out once. Of a few gaps the median is judged, for the machine may be shared; in a soak
# every one.
load lib
load wire

GAP_MORE_US=5000 # a takeover may take so much longer than the hang timeout

setup() {
	test_begin
	wire_begin
}

# start_traffic: two ports, for the primary to connect to; nothing_lost ends it.
start_traffic() {
	start_wire --idle sleep --rate 10000 --flows 100 --seconds 600
}

# start_forwarder [LINE OF CONFIGURATION]: one lane, its worker, a standby, traffic. The lane is a
# software lane, where no death costs a packet. An owner that goes on sends thousands of packets at
# once: holdfast-wire, without a CPU just then, is waited for.
start_forwarder() {
	# shellcheck disable=SC2046 # words
	EXTRA="queues: software
l2: {mode: macswap}
tx: {retry_us: 10000}
${1:-}" RING=16384 POOL=32767 write_config 1 $(wire_devices)
	start_primary
	start_culprit w0 --lanes 0
	POINT_AT='' start_culprit w1 --standby
	wire_go
}

# start_culprit NAME OPTION...: a worker that can be made to misbehave. $CULPRIT_MB: its memory.
start_culprit() {
	local real=$HF_WORKER status=0
	cat >"$BATS_TEST_TMPDIR/worker" <<-END
		#!/bin/sh
		ulimit -c ${CORES:-0}
		echo 0x73 >/proc/self/coredump_filter # as somebody may want it
		cd "$BATS_TEST_TMPDIR" || exit 1
		exec env LD_PRELOAD="$HF_BUILD/tests/libmisbehave.so" HF_MISBEHAVE_MB="${CULPRIT_MB:-0}" \
			HF_POINT_AT="${POINT_AT:-}" "$real" "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/worker"
	HF_WORKER=$BATS_TEST_TMPDIR/worker
	start_worker "$@" || status=1
	HF_WORKER=$real
	return "$status"
}

# taken_over BEFORE: lane 0 has had more than BEFORE takeovers, and a packet since.
taken_over() {
	status_is ".lanes[0] | .takeovers > $1 and .state == \"running\" and
		.last_gap_kind == \"takeover\""
}

# misbehave_times N SIGNAL [thread]: N times, the owner (its lane's thread) gets SIGNAL and the lane
# is taken over. Sets GAPS_US; of cores the last one stays.
misbehave_times() {
	local n=$1 signal=$2 what=${3:+owner_tid} i pid process takeovers
	GAPS_US=()
	for ((i = 1; i <= n; i++)); do
		rm -f "$BATS_TEST_TMPDIR"/core*
		somebody_waits
		process=$(status_of '.lanes[0].owner_pid')
		pid=$(status_of ".lanes[0].${what:-owner_pid}")
		takeovers=$(status_of '.lanes[0].takeovers')
		kill -"$signal" "$pid"
		hf_wait_for 10 taken_over "$takeovers" || fail "lane 0 was not taken over" || return 1
		sleep 0.2
		GAPS_US+=("$(status_of '.lanes[0].last_gap_us')")
		# A core of 512 MB may take seconds.
		hf_pids_wait 30 "$process" || fail "the worker $process lives" || return 1
		start_culprit "r$i" --standby || return 1
	done
	echo "# $signal: gaps in us: ${GAPS_US[*]}" >&3
}

# gaps_at_most US
gaps_at_most() {
	[ "$(judged "${GAPS_US[@]}")" -le "$1" ] || fail "gaps are ${GAPS_US[*]} us, should be at most $1"
}

@test "a stopped owner is killed and its lane taken over in time, nothing lost" {
	start_traffic
	start_forwarder
	misbehave_times "$(soak 30 3)" STOP
	gaps_at_most $((100000 + GAP_MORE_US))
	nothing_lost
	grep -q 'hangs: .* (state T): it was killed' "$LOGS/primary" || fail "no word in the log"
}

# loop_times MS: with that hang timeout.
loop_times() {
	start_traffic
	start_forwarder "supervise: {hang_timeout: $1}"
	misbehave_times "$(soak 30 3)" USR1 thread
	gaps_at_most $(($1 * 1000 + GAP_MORE_US))
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

@test "an owner that sleeps for ever is killed, as is a worker whose main thread does" {
	local pid
	start_traffic
	start_forwarder
	misbehave_times 1 USR2 thread
	somebody_waits
	pid=$(status_of '[.workers[] | select(.waiting == [0])][0].pid')
	kill -USR2 "$pid"
	hf_pids_wait 3 "$pid" || fail "the worker $pid lives on"
	grep -q "pid $pid hangs: its main thread" "$LOGS/primary" || fail "no word in the log"
	nothing_lost
}

@test "a stopped standby is killed, and so is a worker stopped while it attaches" {
	local pid
	start_traffic
	start_forwarder
	pid=$(status_of '.workers[] | select(.name == "w1").pid')
	kill -STOP "$pid"
	hf_pids_wait 3 "$pid" || fail "the standby $pid lives on"
	hf_spawn worker "$LOGS/worker-late" "$HF_WORKER" --instance "$INSTANCE" --name late --standby
	pid=$HF_PID
	hf_wait_for 5 status_is "any(.workers[]; .pid == $pid)" || fail "it does not attach"
	kill -STOP "$pid"
	hf_pids_wait 3 "$pid" || fail "the worker $pid lives on"
	start_worker after --standby # nothing is in its way
	somebody_waits
	nothing_lost
}

@test "supervise off: a stopped owner stays, and goes on; on: it is killed" {
	local pid
	start_traffic
	start_forwarder
	run -0 ctl supervise 0 off
	[[ $output == *"not supervised"*"warning: a stopped worker can block attaches"* ]] ||
		fail "$output"
	status_is '.lanes[0].supervised == false and any(.warnings[]; test("not supervised"))'
	pid=$(status_of '.lanes[0].owner_pid')
	kill -STOP "$pid"
	sleep 0.6
	hf_proc_alive "$pid" || fail "the owner was killed"
	kill -CONT "$pid"
	hf_wait_for 5 status_is ".lanes[0] | .owner_pid == $pid and .takeovers == 0"
	ctl --json supervise all on | jq -e '.supervised and .lanes == [0]' || fail "supervise on"
	sleep 0.2
	misbehave_times 1 STOP
	nothing_lost
}

@test "supervise.hang_timeout 0: nobody is killed" {
	local pid
	start_traffic
	start_forwarder 'supervise: {hang_timeout: 0}'
	pid=$(status_of '.lanes[0].owner_pid')
	kill -STOP "$pid"
	sleep 0.8
	hf_proc_alive "$pid" || fail "the owner was killed"
	kill -CONT "$pid"
	nothing_lost
}

@test "supervise: wrong arguments exit 2 and say what is wrong" {
	start_traffic
	start_forwarder
	run -2 ctl supervise
	run -2 ctl supervise 0
	run -2 ctl supervise 0 maybe
	run -2 ctl supervise 0 on more
	run -2 ctl supervise 7 off
	[[ $output == *"neither all nor a lane from 0 to 0"* ]] || fail "$output"
	nothing_lost
}

@test "a crash is reported: signal, address, lane, step; the report outlives the worker" {
	local pid
	start_traffic
	start_forwarder
	pid=$(status_of '.lanes[0].owner_pid')
	misbehave_times 1 URG thread
	hf_pids_wait 5 "$pid" || fail "it lives on"
	hf_wait_for 5 status_is "all(.workers[]; .pid != $pid)"
	status_is "any(.crashes[]; .pid == $pid and .name == \"w0\" and .signal == \"SIGSEGV\"
		and .code > 0 and .address == \"0x10\" and .lane == 0 and .generation == 1)" ||
		fail "$(status_of .crashes)"
	grep -q "worker w0: pid $pid crashed: SIGSEGV at address 0x10, .* lane 0" "$LOGS/primary" ||
		fail "no word in the log"
	run -0 ctl workers
	[[ $output == *"worker w0 (pid $pid) crashed "*" ago: SIGSEGV at address 0x10, lane 0"* ]] ||
		fail "$output"
	nothing_lost
}

# Where does the kernel put cores? Only a plain name is understood here.
cores_are_files() {
	[[ $(</proc/sys/kernel/core_pattern) != [\|/]* ]] && return 0
	echo "# Not supported here: core dumps go to $(</proc/sys/kernel/core_pattern)" >&3
	skip "core dumps are not written to the working directory"
}

core_mb() {
	local core
	core=$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'core*' -printf '%s %p\n' | sort -n | tail -n 1)
	[ -n "$core" ] && echo $((${core%% *} >> 20))
}

@test "a core dump of 512 MB delays nobody" {
	cores_are_files
	start_traffic
	# Where the host gives memory page by page, 512 MB take seconds.
	CORES=unlimited CULPRIT_MB=512 START_S=40 start_forwarder
	CORES=unlimited CULPRIT_MB=512 START_S=40 misbehave_times "$(soak 10 3)" SEGV thread
	gaps_at_most "$GAP_MORE_US"
	nothing_lost
	[ "$(core_mb)" -ge 512 ] || fail "the core has $(core_mb) MB: it proves nothing"
	rm -f "$BATS_TEST_TMPDIR"/core*
}

@test "a core dump leaves out hugepages" {
	local pid huge
	cores_are_files
	start_traffic
	CORES=unlimited start_forwarder
	pid=$(status_of '.lanes[0].owner_pid')
	huge=$(awk '/^HugetlbPages/ { print int($2 / 1024) }' "/proc/$pid/status")
	misbehave_times 1 SEGV thread
	hf_pids_wait 5 "$pid" || fail "it lives on"
	echo "# core $(core_mb) MB, hugepages $huge MB" >&3
	[ "$huge" -ge 100 ] || fail "only $huge MB of hugepages: it proves nothing"
	[ "$(core_mb)" -lt 64 ] || fail "the core has $(core_mb) MB"
	nothing_lost
}

@test "a crash of the main thread gives the lanes back before the core dump" {
	cores_are_files
	start_traffic
	CORES=unlimited CULPRIT_MB=512 start_forwarder
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

@test "SIGBUS, SIGILL, SIGFPE and SIGABRT of a lane's thread: each reported by its name, nothing lost" {
	local signal pid
	start_traffic
	start_forwarder
	for signal in BUS ILL FPE ABRT; do
		somebody_waits
		pid=$(status_of '.lanes[0].owner_pid')
		misbehave_times 1 "$signal" thread
		status_is "any(.crashes[]; .pid == $pid and .signal == \"SIG$signal\" and .lane == 0)" ||
			fail "$(status_of .crashes)"
	done
	nothing_lost
}

# Needs a worker built with -Dpoints=true: HF_POINTS_BUILD, build/points by default.
@test "a crash inside plan names the stage, one inside apply the packet" {
	HF_WORKER=${HF_POINTS_BUILD:-$HF_TOP/build/points}/secondary/holdfast-worker
	[ -x "$HF_WORKER" ] && HF_POINT_AT=list "$HF_WORKER" | grep -qx apply_open ||
		skip "$HF_WORKER: no worker built with -Dpoints=true"
	start_traffic
	POINT_AT=planned:1000:SEGV start_forwarder
	hf_wait_for 10 taken_over 0 || fail "lane 0 was not taken over"
	status_is 'any(.crashes[]; .step == "plan" and (.stage | length) > 0 and .packet > 0)' ||
		fail "$(status_of .crashes)"
	POINT_AT=apply_open:1000:SEGV start_culprit w2 --standby
	ctl restart 0
	hf_wait_for 10 status_is 'any(.crashes[]; .step == "apply" and .packet > 0)' ||
		fail "$(status_of .crashes)"
	nothing_lost
}
