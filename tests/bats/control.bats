#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfastctl: what it reports, what it changes, what it refuses.
load lib

start_forwarder() {
	start_two_lanes
	in_a ping -q -c 10 -i 0.01 "$HOST_B" >/dev/null
}

@test "status: every documented member is there" {
	start_forwarder
	ctl --json status >"$LOGS/status.json"
	jq -e 'def has_all($keys): . as $o | all($keys[]; . as $k | $o | has($k));
		has_all(["instance", "state", "uptime_s", "ports", "lanes", "workers", "pools"])
		and all(.ports[]; has_all(["name", "driver", "queues", "link", "rx_pkts",
			"rx_bytes", "tx_pkts", "tx_bytes", "rx_missed", "rx_nombuf", "errors"]))
		and all(.lanes[]; has_all(["id", "kind", "owner_pid", "generation", "state",
			"rx_pkts", "tx_pkts", "drops", "held_pkts", "handovers", "takeovers",
			"last_gap_us"]))
		and all(.workers[]; has_all(["pid", "name", "state", "lanes"]))
		and all(.pools[]; has_all(["name", "size", "free", "cached", "rings", "held",
			"unaccounted"]))' "$LOGS/status.json" >/dev/null ||
		fail "$(<"$LOGS/status.json")"
}

@test "lanes, workers, ports, pools, flows: text and JSON" {
	start_forwarder
	local what
	for what in status lanes workers ports pools flows; do
		run -0 ctl "$what"
		[ -n "$output" ] || fail "$what: no output"
		ctl --json "$what" | jq -e . >/dev/null || fail "$what: no JSON"
	done
}

@test "flows: the ping is among them, with its packets" {
	start_forwarder
	ctl --json flows | jq -e --arg src "$HOST_A" \
		'any(.flows[]; .src == $src and .proto == 1 and .packets == 10)' >/dev/null ||
		fail "$(ctl --json flows)"
}

@test "clear: counters start again, the balance holds" {
	start_forwarder
	ctl clear
	status_is '([.lanes[].rx_pkts] | add) < 10'
	assert_balance
	in_a ping -q -c 10 -i 0.01 "$HOST_B" >/dev/null
	status_is '([.lanes[].rx_pkts] | add) >= 20'
}

@test "drain: refused while nobody waits, done when somebody does" {
	start_forwarder
	run -1 ctl drain w0
	[ "${#lines[@]}" -eq 1 ]
	status_is 'all(.lanes[]; .state == "running")'
	start_worker next --lanes 0
	hf_wait_for 5 status_is '.lanes[0].waiting == ["next"]' || fail "$(ctl lanes)"
	local old
	old=$(status_of '.workers[] | select(.name == "w0") | .pid')
	run -0 ctl drain w0
	hf_pids_wait 5 "$old"
	hf_wait_for 5 status_is ".lanes[0].owner_pid == $WORKER"
}

@test "restart: refused in one line when nobody waits or nothing has that name" {
	start_forwarder
	local target
	for target in w0 0 all nobody 99; do
		run -1 --separate-stderr ctl restart "$target"
		# shellcheck disable=SC2154 # stderr_lines is set by run
		[ "${#stderr_lines[@]}" -eq 1 ] || fail "restart $target: ${stderr_lines[*]}"
	done
	status_is 'all(.lanes[]; .state == "running" and .handovers == 0)'
}

@test "loglevel: changed, and a wrong one refused" {
	start_forwarder
	run -0 ctl loglevel debug
	run -2 ctl loglevel loud
	[ "${#lines[@]}" -eq 1 ]
}

@test "stop: primary and workers end, exit 0, and leave no file" {
	local status=0
	start_forwarder
	ctl stop
	hf_pids_wait 10 "$PRIMARY" "$WORKER" || fail "something lives on"
	wait "$PRIMARY" || status=$?
	same "$status" 0 "exit status of the primary"
	[ ! -e "/run/holdfast/$INSTANCE/segment" ] && [ ! -e "/run/holdfast/$INSTANCE/control" ]
	run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
}
