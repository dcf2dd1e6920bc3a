#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfast-wire plays the NIC at 1 Mpps (300 kpps in the short form, which other work on the machine
# may disturb): it spreads flows over queues by the same hash, and sees every packet again through planned hand-overs, on hardware lanes and on software lanes. It takes CPU 0 and
# the last CPU runs lanes and I/O: two CPUs that nobody else needs are what the rate takes.
load lib
load wire

setup() {
	test_begin
	RATE=$(soak 1000000 300000)
	wire_begin
	LAST_CPU=$(($(nproc) - 1))
	[ "$LAST_CPU" -gt 0 ] || skip "Not supported here: one CPU"
}

# start_forwarder KIND LANES: with as many queues as lanes. A wire whose CPU is taken for some
# milliseconds does not read: what it sent before has to wait.
start_forwarder() {
	LANES=$2
	# shellcheck disable=SC2046 # words
	QUEUES=$LANES LANE="cpu: $LAST_CPU" RING=32768 POOL=65535 \
		EXTRA="queues: $1"$'\nl2: {mode: macswap}\ntx: {retry_us: 10000}\nio: [{cpu: '"$LAST_CPU}]" \
		write_config "$LANES" $(QUEUES=$LANES wire_devices)
	start_primary
	start_worker w0 --lanes "$(seq -s, 0 $((LANES - 1)))"
	start_worker w1 --standby
}

# prove KIND LANES: hand-overs at full rate; nothing lost, doubled, reordered or changed.
prove() {
	local n status=0
	n=$(soak 100 10)
	QUEUES=$2 WIRE_COMMAND='nice -n -15' \
		start_wire --cpu 0 --rate "$RATE" --seconds 300 --flows 1000
	start_forwarder "$1" "$2"
	wire_go
	hand_over "$n" 0.4 # an attach takes a CPU from the rate
	kill -INT "$WIRE_PID"
	wait "$WIRE_PID" || status=$?
	echo "# $1, $2 lanes: $(wire_says '"\(.tx_pkts) packets, \(.achieved_pps | floor) a second, \(
		.lost) lost, \(.duplicated) doubled, \(.reordered) reordered, \(.content_errors) changed"
		'), last gap $(jq -c '[.lanes[].gap_us]' "$LOGS/restart") us, drops $(
			drops)" >&3
	judge_wire
	same "$status" 0 "exit status of holdfast-wire: $(<"$LOGS/wire")"
	[ "$(wire_says '.achieved_pps | floor')" -ge $((RATE * $(soak 3 1) / 4)) ] || fail "too slow a proof"
	status_is "all(.lanes[]; .kind == \"$1\" and .handovers >= $n)" || fail "too few hand-overs"
	flows_are_as_sent 1000
}

# drops: reasons and numbers.
drops() {
	status_of '[.lanes[].drops | to_entries[] | select(.value > 0)
		| "\(.key) \(.value)"] | join(", ") | if . == "" then "none" else . end'
}

wire_says() {
	jq -r "$1" "$LOGS/wire"
}

@test "hardware lane under load: hand-overs lose, double, reorder and change nothing" {
	prove hardware 1
}

@test "two hardware lanes under load: hand-overs lose, double, reorder and change nothing" {
	prove hardware 2
}

# I/O thread and owner share a CPU: at 1 Mpps what waited while a virtual CPU stood still does not fit
# into the port's queue in tx.retry_us.
@test "software lane under load: hand-overs lose, double, reorder and change nothing" {
	RATE=$(soak 500000 300000)
	prove software 1
}

# lanes_of_flows FILE: "src dst sport dport lane" of each flow, sorted.
lanes_of_flows() {
	jq -r '.flows[] | "\(.src) \(.dst) \(.sport) \(.dport) \(.lane)"' "$1" | sort
}

# see_lanes KIND KEY: 1,000 flows of both IP versions over four queues, the rest of the configuration
# the same: their lanes in $LOGS/lanes-KIND.
see_lanes() {
	local files=$BATS_TEST_TMPDIR
	rm -f "$files/go" "$LOGS/wire" "$SOCKET".[ab]
	QUEUES=4 start_wire --idle sleep --ip mixed --flows 1000 --distribution sequential \
		--rate 50000 --packets 20000 --rss-key "$2"
	# shellcheck disable=SC2046 # words
	POOL=32767 EXTRA="queues: $1"$'\nl2: {mode: macswap}\nrss: {key: '"$2}" \
		write_config 4 $(QUEUES=4 wire_devices)
	cp "$CONFIG" "$files/$1.yaml"
	start_primary
	start_workers 0,1,2,3
	wire_go
	judge_wire
	same "$(wire_says .lost)" 0 "packets lost"
	status_is "all(.lanes[]; .kind == \"$1\" and .rx_pkts > 0)" || fail "a lane got nothing"
	flows_are_as_sent 1000
	lanes_of_flows "$LOGS/flows.json" >"$LOGS/lanes-$1"
	assert_balance
	hf_run_stop
	hf_run_record instances "$INSTANCE"
}

# kinds_agree KEY
kinds_agree() {
	local files=$BATS_TEST_TMPDIR
	see_lanes hardware "$1"
	see_lanes software "$1"
	same "$(diff "$files/hardware.yaml" "$files/software.yaml" | grep '^[<>]')" \
		$'< queues: hardware\n> queues: software' "difference of the configurations"
	same "$(cut -d' ' -f5 "$LOGS/lanes-hardware" | sort -u | paste -sd' ')" "0 1 2 3" lanes
	cmp "$LOGS/lanes-hardware" "$LOGS/lanes-software" || fail "flows have other lanes"
}

@test "one word makes hardware lanes software lanes, and 1,000 flows keep their lanes" {
	kinds_agree symmetric
}

@test "the same with the asymmetric key of the RSS specification" {
	kinds_agree default
}
