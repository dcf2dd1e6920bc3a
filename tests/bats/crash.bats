#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Workers that crash say where and why, and their cores hold what is theirs.
load lib
load wire
load culprit

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
