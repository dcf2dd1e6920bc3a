#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Busy share and headroom of a lane are true: one that only polls is idle, and what it says at about
# 30 % load that it could do is what it does when it is saturated. A hardware lane on the last CPU
# receives from holdfast-wire on CPU 0 and sends to net_null, which takes everything: the lane is
# the bound. Its polls find 2 packets at most, or the wire would be too slow for it; the wire naps
# when the port is full, as no NIC looks at the queue's memory again and again.
load lib
load wire

setup() {
	test_begin
	wire_begin
	LAST_CPU=$(($(nproc) - 1))
	[ "$LAST_CPU" -gt 0 ] || skip "Not supported here: one CPU"
}

# start_lane OPTION...: an instance and its wire, which sends once wire_go is called.
start_lane() {
	hf_spawn wire "$LOGS/wire" nice -n -15 "$WIRE" --port "net_vhost0,iface=$SOCKET.a" \
		--cpu 0 --seconds 300 --idle sleep --flows 1000 --start-when "$BATS_TEST_TMPDIR/go" "$@"
	hf_wait_for 10 test -S "$SOCKET.a" || fail "holdfast-wire did not start"
	LANE="cpu: $LAST_CPU" EXTRA=$'queues: hardware\nburst: 2' write_config 1 \
		"net_virtio_user0,path=$SOCKET.a,queue_size=1024" net_null0,no-rx=1
	sed -i 's/^idle: sleep/idle: poll/' "$CONFIG"
	start_primary
	start_worker w0 --lanes 0
}

# look KEY: the median of three looks at the lane, each over a second or two of its own.
look() {
	for _ in 1 2 3; do
		sleep 1.1
		status_of ".lanes[0].$1"
	done | sort -n | sed -n 2p
}

@test "an idle polling lane is less than 2 % busy" {
	start_lane --rate 1000
	sleep 2.2
	status_is '.lanes[0] | .polls > 100000 and .busy < 2' || fail "$(ctl --json lanes)"
	[ "$(look busy | cut -d. -f1)" -lt 2 ] || fail "$(ctl --json lanes)"
}

# watch: what the lane shows for half a minute, judged; the verdict is in $LOGS/judged.
watch() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --interval 0.25 --count 120 >"$BATS_TEST_TMPDIR/looks"
	python3 "$HF_TOP/tests/tools/headroom_check.py" "$BATS_TEST_TMPDIR/looks" >"$LOGS/judged"
}

@test "the headroom predicted at 30 % load is within 15 % of what saturation shows" {
	local status
	# What a lane can do changes with the placement of the CPUs, every few seconds at worst: so the
	# load is changed faster than that.
	start_lane --rate max --other-rate 30% --turn 1.5
	wire_go
	# A machine that has other work, or moves CPUs, is looked at again: a wrong prediction stays wrong.
	for _ in 1 2 3; do
		status=0
		watch || status=$?
		[ "$status" -ne 0 ] || break
	done
	[ "$status" -ne 2 ] || skip "the machine has other work: $(<"$LOGS/judged")"
	[ "$status" -eq 0 ] || fail "$(<"$LOGS/judged")"
	echo "# $(paste -sd';' "$LOGS/judged")" >&3
}
