#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Who owns a lane: whoever can, when its worker is gone; and its own worker again, when that is back.
load lib

# Two lanes over TAP and a worker for each; LANE is the one that the pings go through.
start_forwarder() {
	start_two_lanes
	in_a ping -q -c 20 -i 0.01 "$HOST_B" >/dev/null
	LANE=$(status_of '.lanes | max_by(.rx_pkts).id')
	OTHER=$((1 - LANE))
	NAMED=$(owner "$LANE") SIBLING=$(owner "$OTHER")
}

# owner LANE: its pid.
owner() {
	status_of ".lanes[$1].owner_pid"
}

# wait_owner LANE PID SECONDS
wait_owner() {
	hf_wait_for "$3" status_is ".lanes[$1] | .owner_pid == $2 and .state == \"running\"" ||
		fail "lane $1: pid $2 does not run it: $(ctl lanes)"
}

gap() {
	status_of ".lanes[$1] | \"\(.last_gap_kind) \(.last_gap_us) us\""
}

@test "no standby: a sibling adopts a killed worker's lane, which goes home when the worker is back" {
	start_forwarder
	start_pings 6000
	kill -KILL "$NAMED"
	wait_owner "$LANE" "$SIBLING" 3
	status_is ".lanes[$LANE] | .takeovers == 1 and .preferred == null" || fail "$(ctl lanes)"
	echo "# adopted after a SIGKILL: $(gap "$LANE")" >&3
	start_worker back --lanes "$LANE"
	status_is ".lanes[$LANE] | .owner_pid == $SIBLING and .preferred == \"back\"" ||
		fail "$(ctl lanes)"
	wait_owner "$LANE" "$WORKER" 5
	echo "# went home: $(gap "$LANE")" >&3
	pings_passed 6000
	status_is ".lanes[$LANE] | .handovers == 1 and .takeovers == 1 and .waiting == []" ||
		fail "$(ctl lanes)"
	wait_owner "$OTHER" "$SIBLING" 1
}

@test "a sibling adopts a lane again and again, and also one that was given back" {
	start_forwarder
	local round
	for round in KILL TERM KILL; do
		kill "-$round" "$(owner "$LANE")"
		wait_owner "$LANE" "$SIBLING" 3
		start_worker "back$round" --lanes "$LANE"
		wait_owner "$LANE" "$WORKER" 5
	done
	in_a ping -q -c 20 -i 0.01 "$HOST_B" >"$LOGS/ping"
	same "$(ping_counts "$LOGS/ping")" "20 20 0" pings
}

@test "one worker: its lane waits with its packets, and the next worker takes it" {
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	in_a ping -q -c 5 -i 0.01 "$HOST_B" >/dev/null
	start_pings 2000
	kill -KILL "$(owner 0)"
	hf_wait_for 3 status_is '.lanes[0] | .owner_pid == null and .held_pkts > 0' ||
		fail "$(ctl lanes)"
	start_worker next --lanes 0
	wait_owner 0 "$WORKER" 3
	pings_passed 2000
	status_is '.lanes[0] | .takeovers == 1 and .drops.lane_ring_full == 0' || fail "$(ctl lanes)"
}

@test "one worker: what a ring has no room for while nobody runs its lane is counted" {
	# shellcheck disable=SC2046
	RING=256 write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	in_a ping -q -c 5 -i 0.01 "$HOST_B" >/dev/null
	start_pings 2000
	kill -KILL "$(owner 0)"
	hf_wait_for 20 status_is '.lanes[0].drops.lane_ring_full > 50' || fail "$(ctl lanes)"
	start_worker next --lanes 0
	wait_owner 0 "$WORKER" 3
	wait "$PINGS" || true
	hf_wait_for 3 status_is '.lanes[0] | .held_pkts == 0
		and .rx_pkts == .tx_pkts + .drops.lane_ring_full' || fail "$(ctl lanes)"
	# A host that gets hundreds of replies at once may lose some more; few of those dropped were
	# no pings.
	local sent received _ dropped
	read -r sent received _ <<<"$(ping_counts "$LOGS/ping")"
	dropped=$(status_of '.lanes[0].drops.lane_ring_full')
	[ $((sent - received)) -ge $((dropped - 20)) ] ||
		fail "$sent sent, $received received, $dropped dropped"
}

@test "a stopped waiter that is first in the queue keeps nobody from the lane" {
	start_forwarder
	local stopped
	start_worker first --standby
	stopped=$WORKER
	hf_wait_for 5 status_is ".lanes[$LANE].waiting == [\"first\"]"
	start_worker second --standby
	hf_wait_for 5 status_is ".lanes[$LANE].waiting | length == 2"
	start_pings 3000
	kill -STOP "$stopped"
	kill -KILL "$NAMED"
	wait_owner "$LANE" "$WORKER" 5
	pings_passed 3000
	kill -CONT "$stopped" 2>/dev/null || true # a watchdog may have ended it
}

@test "a lane whose only waiter is stopped goes to a sibling" {
	start_forwarder
	start_worker only --standby
	hf_wait_for 5 status_is ".lanes[$LANE].waiting == [\"only\"]"
	start_pings 3000
	kill -STOP "$WORKER"
	kill -KILL "$NAMED"
	wait_owner "$LANE" "$SIBLING" 5
	pings_passed 3000
	kill -CONT "$WORKER" 2>/dev/null || true
}

@test "a lane that no worker names is adopted, and goes to the first that does" {
	# shellcheck disable=SC2046
	write_config 2 $(tap_devices)
	start_primary
	start_worker w0 --lanes 0
	local first=$WORKER
	wait_owner 1 "$first" 5
	status_is '.lanes[1] | .preferred == null and .generation == 1'
	start_worker w1 --lanes 1
	wait_owner 1 "$WORKER" 5
	wait_owner 0 "$first" 1
}

@test "a restarted worker has its lane back, once, and no packet is lost" {
	start_forwarder
	start_worker standby --standby
	hf_wait_for 5 status_is ".lanes[$LANE].waiting == [\"standby\"]"
	start_pings 6000
	ctl restart "w$LANE" >"$LOGS/restart"
	grep -q ' 0 packets lost$' "$LOGS/restart" || fail "$(<"$LOGS/restart")"
	wait_owner "$LANE" "$WORKER" 1
	wait_owner "$LANE" "$NAMED" 5
	pings_passed 6000
	status_is ".lanes[$LANE] | .handovers == 2 and .generation == 3 and .takeovers == 0" ||
		fail "$(ctl lanes)"
}

@test "a lane moved by itself stays where it was moved to" {
	start_forwarder
	start_worker standby --standby
	hf_wait_for 5 status_is ".lanes[$LANE].waiting == [\"standby\"]"
	ctl restart "$LANE" >"$LOGS/restart"
	sleep 2.5
	status_is ".lanes[$LANE] | .owner_pid == $WORKER and .preferred == \"w$LANE\"" ||
		fail "$(ctl lanes)"
}

@test "lane_return_ms never: a lane stays with who took it over" {
	EXTRA="lane_return_ms: never" start_forwarder
	kill -KILL "$NAMED"
	wait_owner "$LANE" "$SIBLING" 3
	start_worker back --lanes "$LANE"
	sleep 2
	wait_owner "$LANE" "$SIBLING" 1
}
