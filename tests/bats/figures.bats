#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What an instance publishes about itself: each figure against another one that was come by
# differently.
load lib

# queues_agree: of each port, the queues' packets add up to what its driver counts.
queues_agree() {
	status_is 'all(.ports[]; (.rx_queue_pkts | add) == .rx_pkts and
		(.tx_queue_pkts | add) == .tx_pkts)'
}

@test "queues of hardware lanes: what their owners count is what drivers and lanes count" {
	EXTRA="queues: hardware" write_config 2 net_null0 net_null1
	start_primary
	start_workers 0 1
	sleep 0.3
	# shellcheck disable=SC2046 # pids are words
	hf_pids_end $(hf_run_pids worker)
	hf_wait_for 5 status_is 'all(.lanes[]; .owner_pid == null)' || fail "a lane has an owner"
	status_is 'all(.ports[]; .rx_queue_pkts | length == 2 and min > 0)' || fail "a queue is idle"
	queues_agree || fail "$(ctl ports)"
	status_is '[.lanes[].rx_pkts] == ([.ports[].rx_queue_pkts] | transpose | map(add))' ||
		fail "$(ctl ports; ctl lanes)"
	ctl clear >/dev/null
	status_is 'all(.ports[]; .rx_queue_pkts + .tx_queue_pkts | add == 0)' || fail "$(ctl ports)"
}

@test "queues of software lanes: what I/O threads count is what drivers count" {
	# shellcheck disable=SC2046
	EXTRA="io: [{}, {}]" write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	in_a ping -q -c 50 -i 0.005 -W 1 "$HOST_B" >"$LOGS/ping"
	hf_wait_for 5 queues_agree || fail "$(ctl ports)"
	status_is 'all(.ports[]; (.rx_queue_pkts | add) >= 50)' || fail "$(ctl ports)"
}

@test "events: a start, a hand-over and a death are told in sentences, and followed as they come" {
	EXTRA="queues: hardware" write_config 1 net_null0 net_null1
	start_primary
	start_worker first --lanes 0
	start_worker next --lanes 0
	hf_spawn follow "$LOGS/follow" "$HF_CTL" --instance "$INSTANCE" --json events --follow
	ctl restart 0 >/dev/null
	hf_wait_for 5 grep -q '"event": "lane_handover"' "$LOGS/follow" || fail "not followed"
	kill -KILL "$WORKER"
	hf_wait_for 5 status_is '.lanes[0].takeovers == 1' || fail "$(ctl lanes)"
	hf_wait_for 5 grep -q '"event": "lane_takeover"' "$LOGS/follow" || fail "not followed"
	hf_wait_for 5 grep -q '"event": "worker_death"' "$LOGS/follow" || fail "not followed"
	ctl events >"$LOGS/events"
	grep -q "  lane 0: handed over to worker next (pid $WORKER), gap " "$LOGS/events"
	grep -q "  worker next (pid $WORKER) died, it held " "$LOGS/events"
	grep -q "  lane 0: its owner died, taken over by worker first (pid " "$LOGS/events"
	jq -es 'map(.seq) == [range(1; length + 1)]' "$LOGS/follow" >/dev/null || fail "not in order"
	same "$(ctl --json events --top 2 | jq -c '[.events[].seq] == [.last - 1, .last]')" true "last two"
	run -2 ctl events --top 1025
	run -2 ctl lanes --follow
}

# known_gaps KIND: how many the histograms hold.
known_gaps() {
	status_of "[.lanes[].gaps.$1.count] | add"
}

@test "gaps: every hand-over and every takeover is in the histogram of its kind, by its length" {
	EXTRA="queues: hardware" write_config 1 net_null0 net_null1
	start_primary
	start_worker a --lanes 0
	start_worker b --standby
	ctl restart 0 >/dev/null
	same "$(known_gaps handover) $(known_gaps takeover)" "1 0" "gaps after a hand-over"
	kill -KILL "$(status_of '.lanes[0].owner_pid')"
	hf_wait_for 5 status_is '.lanes[0].takeovers == 1 and .lanes[0].gaps.takeover.count == 1' ||
		fail "$(ctl --json lanes)"
	# shellcheck disable=SC2016 # jq's variables
	status_is '.lanes[0] | .last_gap_us as $gap | .gaps.takeover | .longest_us == $gap and
		(.buckets | index(1)) as $b | $gap < pow(2; $b) and ($b == 0 or $gap >= pow(2; $b - 1))' ||
		fail "$(ctl --json lanes)"
}

@test "ring fill: what waits while the owner stands, and for a second or two the peak" {
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	ctl supervise 0 off >/dev/null
	status_is '.lanes[0].ring_size == 4096'
	kill -STOP "$WORKER"
	in_a ping -q -c 100 -i 0.002 -W 1 "$HOST_B" >"$LOGS/ping" || true # ARP at least
	hf_wait_for 3 status_is '.lanes[0] | .ring_pkts > 0 and .ring_pkts == .held_pkts and
		.ring_peak_pkts >= .ring_pkts' || fail "$(ctl --json lanes)"
	kill -CONT "$WORKER"
	hf_wait_for 2 status_is '.lanes[0] | .ring_pkts == 0 and .ring_peak_pkts > 0' ||
		fail "$(ctl --json lanes)"
	hf_wait_for 4 status_is '.lanes[0].ring_peak_pkts == 0' || fail "$(ctl --json lanes)"
}

# ended NAME TEXT: how the last worker of this name ended.
ended() {
	hf_wait_for 5 sh -c "'$HF_CTL' --instance '$INSTANCE' --json workers |
		jq -e 'any(.names[]; .name == \"$1\" and (.last_exit.text // \"\" | startswith(\"$2\")))'" ||
		fail "$1 should have ended: $2: $(ctl --json workers)"
}

@test "workers: how often a name was started, and how the one before ended" {
	EXTRA="queues: hardware"$'\nlane_return_ms: 60000' write_config 1 net_null0 net_null1
	start_primary
	start_worker spare --standby
	start_worker a --lanes 0
	kill -KILL "$WORKER"
	if printf '6.15\n%s\n' "$(uname -r)" | sort -CV; then
		ended a "killed: SIGKILL"
		ctl events | grep -q "  worker a (pid $WORKER) died, it held [01] lanes*: killed, SIGKILL\$" ||
			fail "$(ctl events)"
	else
		echo "# Not supported here: how a process ended, of another's child: Linux 6.15" >&3
		ended a ""
	fi
	start_worker a --lanes 0
	status_is 'any(.workers[]; .name == "a" and .restarts == 1 and .last_exit != null)' ||
		fail "$(ctl --json workers)"
	kill -SEGV "$WORKER"
	ended a "crashed: SIGSEGV"
	start_worker a --lanes 0
	kill -TERM "$WORKER"
	ended a left
	start_worker a --lanes 0
	ctl drain a >/dev/null
	ended a drained
	same "$(ctl --json workers | jq '.names[] | select(.name == "a") | .starts')" 4 starts
	start_worker old --lanes 0
	hf_wait_for 5 status_is '.lanes[0].waiting == ["old"]' || fail "$(ctl lanes)"
	ctl restart 0 >/dev/null
	start_worker new --lanes 0
	ctl restart old >/dev/null
	ended old restarted
	ctl workers | grep -q '^WORKER .*RESTARTS *BEFORE'
}

# link_events PORT: what happened to its link, in order.
link_events() {
	ctl --json events | jq -r "[.events[] | select(.event == \"link\" and .name == \"$1\") | .value] |
		map([\"down\", \"up\", \"unknown\"][.]) | join(\" \")"
}

# link_is PORT STATE
link_is() {
	status_is "any(.ports[]; .name == \"$1\" and .link == $2)"
}

# link_told NAMESPACE INTERFACE PORT: the link goes down and comes up again, and events say so.
link_told() {
	hf_wait_for 5 link_is "$3" '"up"' || fail "$(ctl ports)"
	ip -n "$1" link set "$2" down
	hf_wait_for 5 link_is "$3" '"down"' || fail "$(ctl ports)"
	ip -n "$1" link set "$2" up
	hf_wait_for 5 link_is "$3" '"up"' || fail "$(ctl ports)"
	[[ $(link_events "$3") == *"up down up" ]] || fail "$(ctl events)"
	ctl events | grep -q "  port $3: the link is down\$" || fail "$(ctl events)"
}

@test "net_tap: the link that goes down and comes up is seen, and told" {
	hf_netns_add "$NS_F"
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary ip netns exec "$NS_F"
	ip -n "$NS_F" link set "$IFACE_A" up
	link_told "$NS_F" "$IFACE_A" "$(status_of '.ports[0].name')"
}

@test "net_af_packet: the link that goes down and comes up is seen, and told" {
	start_veth_hosts
	# shellcheck disable=SC2046
	write_config 1 $(af_packet_devices)
	start_primary ip netns exec "$NS_F"
	link_told "$NS_A" "$IFACE_A" "$(status_of '.ports[0].name')"
}

@test "the segment's size, and the flow records in use" {
	# shellcheck disable=SC2046
	FLOW="capacity: 1024" write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	in_a ping -q -c 3 -i 0.01 -W 1 "$HOST_B" >"$LOGS/ping"
	hf_wait_for 3 status_is '.segment.flows_live > 0' || fail "$(ctl --json status)"
	status_is '.segment | .flow_records == 2048 and .bytes > .flow_bytes and .flow_bytes > 0' ||
		fail "$(ctl --json status)"
	status_is '.segment.flows_live == ([.lanes[].flows.live] | add)' || fail "$(ctl lanes)"
	ctl status | grep -q '^segment: .* flow records: [1-9][0-9]* of 2048 in use, 0 evicted' ||
		fail "$(ctl status)"
}

@test "pools asked again and again under load: cheap enough for once a second" {
	local i
	POOL=65535 EXTRA="queues: software" write_config 2 net_null0 net_null1
	start_primary
	start_workers 0 1
	for ((i = 0; i < 9; i++)); do
		ctl --json pools >"$LOGS/pools$i"
		sleep 0.15 # it counts no more than 10 times a second
	done
	jq -sc '[.[].pools[0] | select(.unaccounted != 0 or .twice != 0)]' "$LOGS"/pools? >"$LOGS/wrong"
	same "$(<"$LOGS/wrong")" '[]' "pools with buffers that are nowhere, or twice"
	jq -sc '[.[].pools[0]] | {stood_us: ([.[].census_io_ns] | sort | .[4] / 1000),
		work_us: ([.[].census_work_ns] | sort | .[4] / 1000)}' "$LOGS"/pools? >"$LOGS/cost"
	echo "# medians: $(<"$LOGS/cost")" >&3
	jq -e '.stood_us <= 300 and .work_us <= 3000' "$LOGS/cost" >/dev/null || fail "$(<"$LOGS/cost")"
}
