#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Who hangs is killed, whatever it was doing; who is not to be supervised is left alone. How long
# that takes is the subject of supervise.bats.
load lib
load wire
load culprit

@test "an owner that sleeps for ever is killed, as is a worker whose main thread does" {
	local pid
	start_traffic
	start_forwarder
	misbehave_times 1 USR2 thread
	somebody_waits
	pid=$(status_of '[.workers[] | select(.waiting == [0])][0].pid')
	kill -USR2 "$pid"
	hf_pids_wait 3 "$pid" || fail "the worker $pid lives on"
	hf_wait_for 2 grep -q "pid $pid hangs: its main thread" "$LOGS/primary" ||
		fail "no word in the log"
	nothing_lost
}

# start_as PID: a standby of that pid.
start_as() {
	local i
	for i in {1..20}; do
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid || break
		LD_PRELOAD="$HF_BUILD/tests/libmisbehave.so" "$HF_WORKER" --instance "$INSTANCE" \
			--name "heir$i" --standby >"$LOGS/heir$i" 2>&1 &
		hf_run_record pids "$! $(hf_proc_start $!) heir"
		[ "$!" -ne "$1" ] || return 0
		kill -KILL $!
	done
	skip "Not supported here: pids cannot be chosen"
}

@test "a worker that has slot and pid of one that crashed is supervised like any" {
	local pid
	start_traffic
	start_forwarder
	pid=$(status_of '.workers[] | select(.name == "w0").pid')
	kill -SEGV "$pid" # its main thread
	hf_pids_wait 5 "$pid" || fail "the worker $pid lives on"
	hf_wait_for 5 status_is "all(.workers[]; .pid != $pid)" || fail "its slot is not free"
	start_as "$pid"
	hf_wait_for 5 status_is "any(.workers[]; .pid == $pid and .state == \"running\")" ||
		fail "it does not attach"
	kill -USR2 "$pid"
	hf_pids_wait 3 "$pid" || fail "the worker $pid lives on"
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
	RATE=1000 start_traffic # what waits for the owner fits into a transmit queue
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
	RATE=1000 start_traffic # what waits for the owner fits into a transmit queue
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
