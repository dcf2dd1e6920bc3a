# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfast-wire as the network around a forwarder: two vhost ports, to which net_virtio_user connects.
# Loaded after lib.

# wire_begin: after test_begin.
wire_begin() {
	WIRE=$HF_BUILD/tests/lab/holdfast-wire
	SOCKET=$BATS_TEST_TMPDIR/port
	[ -x "$WIRE" ] || fail "$WIRE: not built"
}

# start_wire OPTION...: it sends once wire_go is called. QUEUES: of each port; WIRE_COMMAND: what to
# start it with. Sets WIRE_PID.
start_wire() {
	local queues=${QUEUES:-1}
	# shellcheck disable=SC2086 # words
	hf_spawn wire "$LOGS/wire" ${WIRE_COMMAND:-} "$WIRE" \
		--port "net_vhost0,iface=$SOCKET.a,queues=$queues" \
		--port "net_vhost1,iface=$SOCKET.b,queues=$queues" --queues "$queues" \
		--start-when "$BATS_TEST_TMPDIR/go" --per-flow "$BATS_TEST_TMPDIR/sent.json" --json "$@"
	WIRE_PID=$HF_PID
	hf_wait_for 10 test -S "$SOCKET.b" || fail "holdfast-wire did not start"
}

# wire_devices: the forwarder's ends of these ports.
wire_devices() {
	local queues=${QUEUES:-1}
	echo "net_virtio_user0,path=$SOCKET.a,queues=$queues,queue_size=1024" \
		"net_virtio_user1,path=$SOCKET.b,queues=$queues,queue_size=1024"
}

wire_go() {
	touch "$BATS_TEST_TMPDIR/go"
	hf_wait_for 10 status_is 'any(.lanes[]; .rx_pkts > 0)' || fail "no packet came"
}

# hand_over N [SECONDS]: all lanes, N times, so long between two; every one without loss.
hand_over() {
	local i
	for ((i = 0; i < $1; i++)); do
		somebody_waits
		ctl --json restart all >"$LOGS/restart"
		jq -e 'all(.lanes[]; .lost_pkts == 0)' "$LOGS/restart" >/dev/null ||
			fail "$(<"$LOGS/restart")"
		sleep "${2:-0}"
	done
}

# judge_wire: nothing wrong but losses, and every loss has a name.
judge_wire() {
	local lost dropped
	wait "$WIRE_PID" || true # 3 when something was dropped
	jq -e '.tx_pkts > 0 and .duplicated == 0 and .reordered == 0 and .content_errors == 0' \
		"$LOGS/wire" >/dev/null || fail "$(<"$LOGS/wire")"
	lost=$(jq .lost "$LOGS/wire")
	dropped=$(status_of '[.lanes[].drops[]] | add // 0')
	same "$lost" "$dropped" "packets lost (dropped by name should be the same)"
	same "$(status_of '[.lanes[].rx_pkts] | add')" "$(jq .tx_pkts "$LOGS/wire")" "packets received"
}

# end_wire: no more traffic; what is under way arrives.
end_wire() {
	hf_proc_alive "$WIRE_PID" || fail "the traffic ended before the test did" || return 1
	sleep 0.5 # with the last owner
	kill -INT "$WIRE_PID"
}

# wire_is CONDITION: ends the traffic; its result is so, and nothing in it is wrong but losses.
wire_is() {
	end_wire || return 1
	wait "$WIRE_PID" || fail "wire: $(<"$LOGS/wire")" || return 1
	jq -e "$1 and .tx_pkts > 0 and .duplicated == 0 and .reordered == 0 and .content_errors == 0" \
		"$LOGS/wire" >/dev/null || fail "$(<"$LOGS/wire") $(status_of '[.lanes[].drops]')"
}

# nothing_lost: ends the traffic and judges it.
nothing_lost() {
	wire_is '.lost == 0'
}

# flows_are_as_sent N: of N flows sent each is there with its packets and bytes, and no other.
flows_are_as_sent() {
	ctl --json --top "$1" flows >"$LOGS/flows.json"
	python3 "$HF_TOP/tests/tools/flows_check.py" ctl "$BATS_TEST_TMPDIR/sent.json" \
		"$LOGS/flows.json" --totals
}
