#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Hardware lanes, as far as a machine without a NIC allows: queues of net_null, which deliver and
# take packets at once. On real NICs: not supported here (no such device).
load lib

# start_null QUEUES LANES: two net_null ports.
start_null() {
	EXTRA="queues: $1" write_config "$2" net_null0 net_null1
	start_primary
}

@test "two lanes of two net_null ports forward on queue pairs of their own" {
	start_null hardware 2
	start_workers 0 1
	sleep 0.5
	status_is 'all(.lanes[]; .kind == "hardware" and .rx_pkts > 1000 and .tx_pkts > 1000)'
	status_is 'all(.ports[]; .queues == 2 and .kind == "hardware")'
	status_is '[.pools[].name] | length == 2'
	assert_balance
}

@test "hardware lanes are handed over at full rate, nothing is lost" {
	local i
	start_null hardware 2
	start_workers 0 1
	start_worker standby --standby
	for ((i = 0; i < $(soak 50 5); i++)); do
		somebody_waits
		ctl --json restart all >"$LOGS/restart.json"
		jq -e 'all(.lanes[]; .from_pid != .to_pid and .lost_pkts == 0)' \
			"$LOGS/restart.json" >/dev/null || fail "$(<"$LOGS/restart.json")"
		hf_wait_for 5 status_is 'all(.lanes[]; .last_gap_generation == .generation)' ||
			fail "a new owner finishes no packet: $(ctl lanes)"
	done
	assert_balance
}

@test "one word changes the kind of the lanes, and nothing else of the file" {
	start_null software 1
	start_workers 0
	sleep 0.3
	status_is '.lanes[0].kind == "software" and .lanes[0].rx_pkts > 1000'
	assert_balance
	hf_run_stop
	start_null hardware 1
	start_workers 0
	sleep 0.3
	status_is '.lanes[0].kind == "hardware" and .lanes[0].rx_pkts > 1000'
}

@test "auto takes hardware lanes where every port can have them, and says why not elsewhere" {
	start_null auto 2
	status_is 'all(.ports[]; .kind == "hardware")'
	hf_run_stop
	# shellcheck disable=SC2046
	EXTRA="queues: auto" write_config 2 net_null0 $(tap_devices)
	start_primary
	status_is 'all(.ports[]; .kind == "software")'
	ctl --json ports | jq -e '.ports[1].why | contains("net_tap")' >/dev/null
}

@test "hardware asked for on a port that cannot: one line, exit 2, nothing started" {
	# shellcheck disable=SC2046
	EXTRA="queues: hardware" write_config 2 net_null0 $(tap_devices)
	run -2 "$HF_PRIMARY" -c "$CONFIG" --check
	[[ $output == *"queues: hardware: net_tap"* ]] || fail "said: $output"
	run -2 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	[ "${#lines[@]}" -eq 1 ] || fail "said: $output"
	[[ $output == *"queues: hardware: net_tap"* ]] || fail "said: $output"
	[ ! -e "/run/holdfast/$INSTANCE" ]
}

@test "hardware asked for on a driver that is in no list: refused likewise, by its name" {
	local device
	for device in net_bonding0,mode=1 net_failsafe0 net_vhost0,iface=/nowhere eth_tap0 net_unheard_of; do
		EXTRA="queues: hardware" write_config 1 net_null0 "$device"
		run -2 "$HF_PRIMARY" -c "$CONFIG" --check
		[ "${#lines[@]}" -eq 1 ] || fail "said: $output"
		[[ $output == *"queues: hardware: ${device%%,*}: no way is known to empty its queues"* ]] ||
			fail "said: $output"
		EXTRA="queues: auto" write_config 1 net_null0 "$device"
		run -0 "$HF_PRIMARY" -c "$CONFIG" --check
	done
	for device in net_null1 eth_null1 net_virtio_user0,path=/nowhere virtio_user0,path=/nowhere \
		0000:01:00.0; do
		EXTRA="queues: hardware" write_config 1 net_null0 "$device"
		run -0 "$HF_PRIMARY" -c "$CONFIG" --check
	done
}

# eventfds PID: number and identity of each, a line.
eventfds() {
	local info
	for info in "/proc/$1/fdinfo"/*; do
		awk -v n="${info##*/}" '$1 == "eventfd-id:" { print n, $2 }' "$info"
	done | sort
}

# has_files_of PRIMARY WORKER: are all eventfds of the one the other's, by the same numbers?
has_files_of() {
	local missing
	missing=$(comm -23 <(eventfds "$1") <(eventfds "$2"))
	[ -z "$missing" ] || fail "worker $2 lacks (number, identity): $missing"
}

# start_sleeper N: a peer that sends N packets and sleeps until it is kicked, and a primary on it.
# Half of them go out once $GO.1 exists, the rest once $GO.2 does.
start_sleeper() {
	hf_spawn peer "$LOGS/peer" "$HF_BUILD/tests/kick_peer" "$BATS_TEST_TMPDIR/a" \
		"$BATS_TEST_TMPDIR/b" "$1" "${GO:=$BATS_TEST_TMPDIR/go}"
	hf_wait_for 20 test -S "$BATS_TEST_TMPDIR/b" || fail "the peer did not start"
	EXTRA="queues: hardware" write_config 1 "net_virtio_user0,path=$BATS_TEST_TMPDIR/a" \
		"net_virtio_user1,path=$BATS_TEST_TMPDIR/b"
	start_primary
}

# sleeper_says CONDITION: of its result, once it has one.
sleeper_says() {
	hf_wait_for 60 grep -q received "$LOGS/peer" || fail "the peer has not ended"
	jq -e "$1" <(grep received "$LOGS/peer") >/dev/null || fail "$(grep received "$LOGS/peer")"
}

@test "a virtio-user peer that sleeps until it is kicked is woken by whichever worker owns the lane" {
	local pid n
	n=$(soak 30000 1000)
	start_sleeper "$n"
	start_workers 0
	start_worker standby --standby
	[ "$(eventfds "$(hf_run_pids primary)" | wc -l)" -ge 8 ] || fail "two for each of four queues"
	for pid in $(status_of '.workers[].pid'); do
		has_files_of "$(hf_run_pids primary)" "$pid"
	done
	touch "$GO.1"
	hf_wait_for 60 status_is ".lanes[0].tx_pkts == $n / 2" || fail "$(ctl lanes)"
	ctl restart all
	touch "$GO.2"
	sleeper_says ".sent == $n and .received == .sent and .slept == 0"
	! grep -h "failed to kick" "$LOGS"/worker-* || fail "a kick went nowhere"
	assert_balance
}

@test "a worker that may not share the primary's files says so, and writes to no other instead" {
	local wrapper=$BATS_TEST_TMPDIR/wrapper
	{
		echo "#!/bin/bash"
		echo "for n in {3..99}; do eval \"exec \$n>>$BATS_TEST_TMPDIR/inherited\"; done"
		echo "exec setpriv --bounding-set -sys_ptrace '$HF_WORKER-hw' \"\$@\""
	} >"$wrapper"
	chmod +x "$wrapper"
	start_sleeper 2
	HF_WORKER=$wrapper start_workers 0
	touch "$GO.1" "$GO.2"
	sleeper_says '.sent == 2 and .slept == 2 and .received == 0'
	same "$(grep -c "cannot be shared" "$LOGS/worker-w0")" 1 "lines about it"
	! grep -h "failed to kick" "$LOGS"/worker-* || fail "a kick had no file"
	[ ! -s "$BATS_TEST_TMPDIR/inherited" ] || fail "a kick went to another file"
	assert_balance
}
