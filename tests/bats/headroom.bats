#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Busy share and headroom of a lane are true: one that only polls is idle, and what it says at about
# 30 % load that it could do is what it does when it is saturated. A hardware lane on the last CPU
# receives from holdfast-wire on CPU 0 and sends to net_null, which takes everything: the lane is
# the bound. Its polls find 4 packets at most, or the wire would be too slow for it.
load lib
load wire

setup() {
	test_begin
	wire_begin
	LAST_CPU=$(($(nproc) - 1))
	[ "$LAST_CPU" -gt 0 ] || skip "Not supported here: one CPU"
}

# start_lane RATE: an instance and its wire, which sends once wire_go is called.
start_lane() {
	rm -f "$BATS_TEST_TMPDIR/go" "$SOCKET.a"
	hf_spawn wire "$LOGS/wire" nice -n -15 "$WIRE" --port "net_vhost0,iface=$SOCKET.a" \
		--cpu 0 --rate "$1" --seconds 60 --flows 1000 --start-when "$BATS_TEST_TMPDIR/go"
	hf_wait_for 10 test -S "$SOCKET.a" || fail "holdfast-wire did not start"
	LANE="cpu: $LAST_CPU" EXTRA=$'queues: hardware\nburst: 4' write_config 1 \
		"net_virtio_user0,path=$SOCKET.a,queue_size=1024" net_null0,no-rx=1
	sed -i 's/^idle: sleep/idle: poll/' "$CONFIG"
	start_primary
	start_worker w0 --lanes 0
}

stop_lane() {
	hf_run_stop
	hf_run_record instances "$INSTANCE"
}

# look KEY: the median of three looks at the lane, each over a second or two of its own.
look() {
	for _ in 1 2 3; do
		sleep 1.1
		status_of ".lanes[0].$1"
	done | sort -n | sed -n 2p
}

# measure RATE: sets BUSY (percent), PPS and MAX (what the lane says it can do).
measure() {
	start_lane "$1"
	wire_go
	sleep 1.2
	read -r PPS BUSY MAX < <(for _ in 1 2 3; do
		sleep 1.1
		status_of '.lanes[0] | "\(.pps) \(.busy) \(.max_pps)"'
	done | sort -n | sed -n 2p)
	stop_lane
}

# close_to GOT WANTED PERCENT
close_to() {
	awk -v got="$1" -v want="$2" -v percent="$3" \
		'BEGIN { exit !(got > want * (1 - percent / 100) && got < want * (1 + percent / 100)) }'
}

@test "an idle polling lane is less than 2 % busy" {
	start_lane 1000
	sleep 2.2
	status_is '.lanes[0] | .polls > 100000 and .busy < 2' || fail "$(ctl --json lanes)"
	[ "$(look busy | cut -d. -f1)" -lt 2 ] || fail "$(ctl --json lanes)"
}

# saturate: sets FULL, what the lane can do by what it did: it was all but saturated.
saturate() {
	measure max
	echo "# saturated: $PPS packets a second, busy $BUSY %" >&3
	FULL=$(awk -v pps="$PPS" -v busy="$BUSY" 'BEGIN { printf "%.0f", pps * 100 / busy }')
	[ "${BUSY%.*}" -ge 80 ]
}

@test "the headroom predicted at 30 % load is within 15 % of what saturation shows" {
	local before
	# Other work may take a CPU away, and a hypervisor move one: then what the lane can do is not
	# the same before and after.
	for _ in 1 2 3 4; do
		saturate || continue
		before=$FULL
		measure $((before * 3 / 10))
		echo "# at $PPS packets a second: busy $BUSY %, predicted $MAX: $((100 * MAX / before)) %" >&3
		[ "${BUSY%.*}" -ge 15 ] && [ "${BUSY%.*}" -le 45 ] || continue
		local predicted=$MAX
		saturate && close_to "$FULL" "$before" 10 || continue
		! close_to "$predicted" "$FULL" 15 || return 0
	done
	fail "predicted ${predicted:-nothing}, saturation showed ${FULL:-nothing}"
}
