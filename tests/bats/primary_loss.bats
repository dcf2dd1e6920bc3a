#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The primary is killed: what goes on without it, who leaves, and what the next one finds. Hardware
# lanes on net_null; on real NICs: not supported here (no such device).
load lib

# start_null QUEUES [LINE]: two lanes on two net_null ports.
start_null() {
	POOL=4095 EXTRA="queues: $1"$'\n'"${2:-}" write_config 2 net_null0 net_null1
	start_primary
}

# start_keeper NAME OPTION...: a worker that is started again. Sets KEEPER to its parent's pid.
start_keeper() {
	local name=$1
	shift
	hf_spawn worker "$LOGS/worker-$name" "$HF_WORKER" --instance "$INSTANCE" --name "$name" \
		--respawn "$@"
	KEEPER=$HF_PID
	hf_wait_for 10 keeper_runs "$name" || fail "worker $name does not run"
}

keeper_runs() {
	status_is "any(.workers[]; .name == \"$1\" and .state == \"running\")"
}

worker_pid() {
	status_of "[.workers[] | select(.name == \"$1\")][0].pid"
}

kill_primary() {
	kill -KILL "$PRIMARY"
	hf_pids_wait 5 "$PRIMARY"
}

monitor_json() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --once
}

# ends_with STATUS PID: a child of this test has ended, or does so now.
ends_with() {
	local status=0
	wait "$2" || status=$?
	same "$status" "$1" "exit status of $2"
}

# lanes_forward: every lane has an owner, and packets leave. Software lanes: all of net_null's
# packets are the same, and go to one lane.
lanes_forward() {
	local before
	status_is 'all(.lanes[]; .state == "running")' || return 1
	before=$(status_of '[.lanes[] | select(.tx_pkts > 0 or .kind == "hardware") | .tx_pkts]')
	sleep 0.05
	[ "$before" != '[]' ] || return 1
	status_of '[.lanes[] | select(.tx_pkts > 0 or .kind == "hardware") | .tx_pkts]' |
		jq -es --argjson before "$before" \
			'.[0] | to_entries | all(.[]; .value > $before[.key])' >/dev/null
}

# serve_again: kills the primary, starts the next one, and waits until each lane moves packets.
# Sets TOOK_MS: from the start of the new primary.
serve_again() {
	local began
	kill_primary
	began=$(date +%s%N)
	start_primary
	until lanes_forward 2>/dev/null; do
		[ $((($(date +%s%N) - began) / 1000000)) -lt 10000 ] || fail "no packets flow" || return 1
		sleep 0.02
	done
	TOOK_MS=$((($(date +%s%N) - began) / 1000000))
}

# files_of_instance: how many there are, by place.
files_of_instance() {
	local place
	for place in "/dev/hugepages/$INSTANCE"map_* "/dev/hugepages/holdfast-$INSTANCE."* \
		"/var/run/dpdk/$INSTANCE"/* "/run/holdfast/$INSTANCE"/*; do
		[ ! -e "$place" ] || echo "${place%/*}"
	done | sort | uniq -c
}

@test "software lanes: the worker leaves at once, status 1, and says why" {
	start_null software
	start_worker w0 --lanes 0-1
	kill_primary
	hf_pids_wait 2 "$WORKER" || fail "the worker stays"
	ends_with 1 "$WORKER"
	grep -q 'the primary has died' "$LOGS/worker-w0"
}

@test "hardware lanes: packets go on without a primary, and the monitor says so" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	sleep 0.5
	monitor_json >"$LOGS/one.json"
	sleep 0.3
	monitor_json >"$LOGS/two.json"
	jq -e '.primary_gone and .state != "stale"' "$LOGS/one.json" >/dev/null
	jq -es '.[1].lanes[0].tx_pkts > .[0].lanes[0].tx_pkts and
		.[1].lanes[1].tx_pkts > .[0].lanes[1].tx_pkts' \
		"$LOGS/one.json" "$LOGS/two.json" >/dev/null || fail "packets stand still"
	"$HF_MONITOR" --instance "$INSTANCE" --batch --once |
		grep -q 'primary gone, forwarding without it'
	kill -TERM "$WORKER"
	ends_with 0 "$WORKER"
}

@test "hardware lanes, on_primary_loss: exit: the worker leaves with status 1" {
	start_null hardware 'on_primary_loss: exit'
	start_worker w0 --lanes 0-1
	kill_primary
	hf_pids_wait 2 "$WORKER" || fail "the worker stays"
	ends_with 1 "$WORKER"
}

@test "the next primary asks a worker without --respawn to leave, which it does by itself" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	start_primary
	ends_with 1 "$WORKER"
	run ! grep -q 'killed' "$LOGS/primary"
}

@test "a worker that is stopped when the next primary starts is killed" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill -STOP "$WORKER"
	kill_primary
	start_primary
	hf_pids_wait 1 "$WORKER"
	grep -q 'does not leave: killed' "$LOGS/primary"
}

@test "a worker whose slot is lost from the old segment is found by what it maps" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	rm "/run/holdfast/$INSTANCE/segment"
	start_primary
	hf_pids_wait 1 "$WORKER" || fail "the old worker lives"
}

@test "--respawn: a worker that is killed is back, SIGTERM to its parent ends both" {
	local pid
	start_null software
	start_keeper w0 --lanes 0-1
	pid=$(worker_pid w0)
	kill -KILL "$pid"
	hf_wait_for 5 status_is "any(.workers[]; .name == \"w0\" and .pid != $pid)" || fail "not back"
	hf_wait_for 5 lanes_forward
	pid=$(worker_pid w0)
	kill -TERM "$KEEPER"
	ends_with 0 "$KEEPER"
	run ! hf_proc_alive "$pid"
}

@test "--respawn: holdfastctl stop, and drain, end the worker for good" {
	start_null software
	start_keeper w0 --lanes 0
	start_keeper w1 --lanes 0-1
	ctl drain w0 || ctl drain "$(worker_pid w0)"
	hf_wait_for 5 status_is 'all(.workers[]; .name != "w0")'
	ctl stop
	ends_with 0 "$KEEPER"
	hf_pids_wait 5 "$PRIMARY"
}

@test "--respawn: the worker goes when its parent is killed" {
	local pid
	start_null software
	start_keeper w0 --lanes 0-1
	pid=$(worker_pid w0)
	kill -KILL "$KEEPER"
	hf_pids_wait 3 "$pid" || fail "worker $pid is left"
}

@test "--respawn with --wait: one line, exit 2" {
	run -2 "$HF_WORKER" --instance "$INSTANCE" --lanes 0 --respawn --wait 1
	[ "${#lines[@]}" -eq 1 ]
}

kill_and_serve() {
	local i files worst=0
	start_null "$1"
	start_keeper w0 --lanes 0
	start_keeper w1 --lanes 1
	hf_wait_for 10 lanes_forward
	files=$(files_of_instance)
	for ((i = 0; i < $(soak 20 3); i++)); do
		serve_again
		[ "$TOOK_MS" -le 3000 ] || fail "kill $i: packets flow after $TOOK_MS ms"
		[ "$TOOK_MS" -le "$worst" ] || worst=$TOOK_MS
		assert_balance
		same "$(files_of_instance)" "$files" "files after kill $i"
	done
	echo "# $1: packets flow after $worst ms at most" >&3
}

@test "software lanes: the primary is killed again and again, the next one serves within 3 s" {
	kill_and_serve software
}

@test "hardware lanes: the primary is killed again and again, the next one serves within 3 s" {
	kill_and_serve hardware
}
