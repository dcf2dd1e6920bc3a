#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfast-wire judges itself where nothing can go wrong, and where something must; then it judges
# the forwarder: every packet, through hand-overs and kills.
load lib

setup() {
	test_begin
	WIRE=$HF_BUILD/tests/lab/holdfast-wire
	SOCKET=$BATS_TEST_TMPDIR/port
	[ -x "$WIRE" ] || fail "$WIRE: not built"
}

# A vhost port and the virtio port connected to it, in one process: what one sends the other gets.
loop_ports() {
	echo --port "net_vhost0,iface=$SOCKET,queues=$1" \
		--port "net_virtio_user0,path=$SOCKET,queues=$1,queue_size=1024" --queues "$1"
}

@test "wire: a loop over vhost, four queues, both IP versions: all right, every queue used" {
	# shellcheck disable=SC2046 # words
	"$WIRE" $(loop_ports 4) --expect wire --ip mixed --size 90,300,1514 --idle sleep \
		--rate 50000 --packets 50000 --json >"$LOGS/wire"
	jq -e '.tx_pkts == 50000 and .rx_pkts == 50000 and .foreign == 0 and .flows == 1024
		and .flows_on_several_queues == 0 and (.per_queue_rx | add) == 50000
		and all(.per_queue_rx[]; . > 5000) and .latency_us.min > 0
		and .latency_us.p50 <= .latency_us.p99' "$LOGS/wire" >/dev/null || fail "$(<"$LOGS/wire")"
}

@test "wire: traffic that is not as expected exits 3 and says what is wrong" {
	run -3 "$WIRE" --port net_ring0 --expect macswap --packets 1000 --drain 0.1 --json
	jq -e '.content_errors == 1000 and .faults.macs == 1000 and .lost == 0' <<<"$output"
	run -3 "$WIRE" --port "net_null0,no-rx=1" --packets 1000 --drain 0.1 --json
	jq -e '.lost == 1000 and .rx_pkts == 0' <<<"$output"
	run -0 "$WIRE" --port "net_null0,no-rx=1" --packets 1000 --drain 0.1 --allow-loss 1000
}

@test "wire: bad usage exits 2, a port that cannot be opened or stays down exits 1" {
	run -2 "$WIRE"
	run -2 "$WIRE" --port net_ring0 --size 69
	run -2 "$WIRE" --port net_ring0 --port net_ring1 --port net_ring2 --return peer
	run -2 "$WIRE" --port net_ring0 stray
	run -1 "$WIRE" --port net_no_such_driver0
	run -1 "$WIRE" --port "net_vhost0,iface=$SOCKET" --wait 0.2
	[[ $output == *"link is down after 0.2 s" ]] || fail "$output"
}

@test "wire: SIGINT ends the sending and the result is still printed" {
	local status=0
	hf_spawn wire "$LOGS/wire" "$WIRE" --port net_ring0 --expect wire --rate 1000 --seconds 60 \
		--idle sleep --settle 0 --drain 0.1 --json
	sleep 1.5
	# A process that a script puts in the background would ignore SIGINT, had it no handler.
	kill -INT "$HF_PID"
	wait "$HF_PID" || status=$?
	same "$status" 0 "exit status"
	jq -e '.interrupted and .tx_pkts > 0 and .seconds < 30' "$LOGS/wire" || fail "$(<"$LOGS/wire")"
}

@test "wire: flows of a capture are sent as often as they are in it" {
	local in=$BATS_TEST_TMPDIR/in.pcap out=$BATS_TEST_TMPDIR/out.json
	make_pcap "$in" --packets 3000 --flows 200 --only udp4,udp6 --seed 3
	"$WIRE" --port net_ring0 --expect wire --pcap "$in" --packets 3000 --drain 0.1 \
		--per-flow "$out" >"$LOGS/wire"
	jq -e --slurpfile truth "$TRUTH" '
		def counts: [.flows[] | "\(.src) \(.dst) \(.sport) \(.dport) \(.packets)"] | sort;
		counts == ($truth[0] | counts)' "$out" >/dev/null || fail "flows differ"
}

# start_wire OPTION...: two vhost ports, for the primary to connect to.
start_wire() {
	hf_spawn wire "$LOGS/wire" "$WIRE" --port "net_vhost0,iface=$SOCKET.a" \
		--port "net_vhost1,iface=$SOCKET.b" --start-when "$BATS_TEST_TMPDIR/go" --idle sleep \
		--per-flow "$BATS_TEST_TMPDIR/sent.json" --json "$@"
	WIRE_PID=$HF_PID
	hf_wait_for 10 test -S "$SOCKET.b" || fail "holdfast-wire did not start"
}

start_forwarder() {
	EXTRA='l2: {mode: macswap}' RING=16384 POOL=32767 write_config 1 \
		"net_virtio_user0,path=$SOCKET.a,queue_size=1024" \
		"net_virtio_user1,path=$SOCKET.b,queue_size=1024"
	start_primary
	start_worker w0 --lanes 0
	start_worker w1 --standby
}

somebody_waits() {
	hf_wait_for 10 status_is '.lanes[0].state == "running" and
		any(.workers[]; .state == "running" and (.waiting | index(0)) != null)' ||
		fail "lane 0 has no owner or nobody who waits for it"
}

# Nothing wrong but losses, and every loss has a name.
judge_wire() {
	local lost dropped
	wait "$WIRE_PID" || true # 3 when something was dropped
	jq -e '.tx_pkts > 0 and .duplicated == 0 and .reordered == 0 and .content_errors == 0' \
		"$LOGS/wire" >/dev/null || fail "$(<"$LOGS/wire")"
	lost=$(jq .lost "$LOGS/wire")
	dropped=$(status_of '[.lanes[0].drops[]] | add // 0')
	same "$lost" "$dropped" "packets lost (dropped by name should be the same)"
	same "$(status_of '.lanes[0].rx_pkts')" "$(jq .tx_pkts "$LOGS/wire")" "packets received"
}

@test "wire: 20 hand-overs: every packet once, in order, unchanged; flow records equal what was sent" {
	local i
	start_wire --rate "$(soak 100000 50000)" --seconds "$(soak 30 14)" --flows 1000
	start_forwarder
	touch "$BATS_TEST_TMPDIR/go"
	hf_wait_for 10 status_is '.lanes[0].rx_pkts > 0' || fail "no packet came"
	for ((i = 0; i < 20; i++)); do
		somebody_waits
		ctl --json restart all >"$LOGS/restart"
		jq -e '.lanes[0].lost_pkts == 0' "$LOGS/restart" || fail "$(<"$LOGS/restart")"
	done
	hf_proc_alive "$WIRE_PID" || fail "the traffic ended before the hand-overs did"
	judge_wire
	status_is '.lanes[0].handovers >= 20' || fail "too few hand-overs"
	# What never came to a lane is in no flow record.
	if ! status_is '(.lanes[0].drops.lane_ring_full // 0) == 0'; then
		echo "# flow records not compared: the ring of lane 0 was full" >&3
		return 0
	fi
	ctl --json --top 1000 flows >"$LOGS/flows.json"
	python3 "$HF_TOP/tests/tools/flows_check.py" ctl "$BATS_TEST_TMPDIR/sent.json" \
		"$LOGS/flows.json" --totals
}

@test "wire: owners killed by SIGKILL: every packet once, in order, unchanged" {
	local i pid takeovers
	start_wire --rate 20000 --seconds "$(soak 30 10)" --flows 1000 --distribution zipf=1
	start_forwarder
	touch "$BATS_TEST_TMPDIR/go"
	hf_wait_for 10 status_is '.lanes[0].rx_pkts > 0' || fail "no packet came"
	for ((i = 1; i <= $(soak 20 5); i++)); do
		somebody_waits
		pid=$(status_of '.lanes[0].owner_pid')
		takeovers=$(status_of '.lanes[0].takeovers')
		kill -KILL "$pid"
		hf_wait_for 5 status_is ".lanes[0] | .takeovers > $takeovers and .state == \"running\"" ||
			fail "lane 0 was not taken over"
		start_worker "r$i" --standby
	done
	hf_proc_alive "$WIRE_PID" || fail "the traffic ended before the kills did"
	judge_wire
}
