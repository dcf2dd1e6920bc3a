#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfast-wire judges itself where nothing can go wrong, and where something must; then it judges
# the forwarder: every packet, through hand-overs and kills.
load lib
load wire

setup() {
	test_begin
	wire_begin
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

# catches_int PID: has it a handler for SIGINT?
catches_int() {
	local caught
	caught=$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$1/status")
	[ $((16#$caught & 2)) -ne 0 ]
}

@test "wire: SIGINT ends the sending and the result is still printed" {
	local status=0
	hf_spawn wire "$LOGS/wire" "$WIRE" --port net_ring0 --expect wire --rate 1000 --seconds 60 \
		--idle sleep --settle 0 --drain 0.1 --json
	# A process that a script puts in the background would ignore SIGINT, had it no handler.
	hf_wait_for 10 catches_int "$HF_PID" || fail "it ignores SIGINT"
	sleep 0.5
	kill -INT "$HF_PID"
	wait "$HF_PID" || status=$?
	same "$status" 0 "exit status"
	jq -e '.interrupted and .tx_pkts > 0 and .seconds < 30' "$LOGS/wire" || fail "$(<"$LOGS/wire")"
}

@test "wire: two rates in turn" {
	# Half a second each, four times; a sender that is held up does not send more afterwards.
	"$WIRE" --port net_ring0 --expect wire --rate 20000 --other-rate 60000 --turn 0.5 --seconds 2 \
		--idle sleep --settle 0 --drain 0.1 --json >"$LOGS/wire"
	jq -e '.tx_pkts > 77000 - 60000 * .behind_seconds and .tx_pkts < 81000 and .lost == 0' "$LOGS/wire" >/dev/null ||
		fail "$(<"$LOGS/wire")"
}

@test "wire: a share of what the turn before sent" {
	# 40,000 and 10,000 a second, half a second each, twice.
	"$WIRE" --port net_ring0 --expect wire --rate 40000 --other-rate 25% --turn 0.5 --seconds 2 \
		--idle sleep --settle 0 --drain 0.1 --json >"$LOGS/wire"
	jq -e '.tx_pkts > 47000 - 50000 * .behind_seconds and .tx_pkts < 51000 and .lost == 0' "$LOGS/wire" >/dev/null ||
		fail "$(<"$LOGS/wire")"
	run -2 "$WIRE" --port net_ring0 --other-rate 101%
	run -2 "$WIRE" --port net_ring0 --other-rate %
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

start_forwarder() {
	# shellcheck disable=SC2046 # words
	EXTRA=$'queues: software\nl2: {mode: macswap}\ntx: {retry_us: 10000}' RING=16384 POOL=32767 \
		write_config 1 $(wire_devices)
	start_primary
	start_worker w0 --lanes 0
	start_worker w1 --standby
}

@test "wire: 20 hand-overs: every packet once, in order, unchanged; flow records equal what was sent" {
	start_wire --idle sleep --rate "$(soak 100000 50000)" --seconds 600 --flows 1000
	start_forwarder
	wire_go
	hand_over 20
	end_wire
	judge_wire
	status_is '.lanes[0].handovers >= 20' || fail "too few hand-overs"
	# What never came to a lane is in no flow record.
	if ! status_is '(.lanes[0].drops.lane_ring_full // 0) == 0'; then
		echo "# flow records not compared: the ring of lane 0 was full" >&3
		return 0
	fi
	flows_are_as_sent 1000
}

@test "wire: owners killed by SIGKILL: every packet once, in order, unchanged" {
	local i pid takeovers
	start_wire --idle sleep --rate 20000 --seconds 600 --flows 1000 \
		--distribution zipf=1
	start_forwarder
	wire_go
	for ((i = 1; i <= $(soak 20 5); i++)); do
		somebody_waits
		pid=$(status_of '.lanes[0].owner_pid')
		takeovers=$(status_of '.lanes[0].takeovers')
		kill -KILL "$pid"
		hf_wait_for 5 status_is ".lanes[0] | .takeovers > $takeovers and .state == \"running\"" ||
			fail "lane 0 was not taken over"
		start_worker "r$i" --standby
	done
	end_wire
	judge_wire
}
