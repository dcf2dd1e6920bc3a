#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A packet on which two owners die is dropped, counted and written to a file; all others come out
# once. The packet is one of holdfast-wire's, known by its flow and number. Needs programs built
# with -Dpoints=true: HF_POINTS_BUILD, build/points by default.
load lib
load wire

# The stamp of packet 150 of flow 5: "wire", flow, number.
MARKER=77697265050000009600000000000000

setup() {
	: "${HF_POINTS_BUILD:=$HF_TOP/build/points}"
	[ -x "$HF_POINTS_BUILD/secondary/holdfast-worker" ] ||
		skip "no programs built with -Dpoints=true in $HF_POINTS_BUILD"
	test_begin
	hf_programs "$HF_POINTS_BUILD"
	wire_begin
	QUARANTINE=/var/lib/holdfast/$INSTANCE/quarantine
}

teardown() {
	test_end
	local status=$?
	rm -rf "/var/lib/holdfast/${INSTANCE:?}"
	rmdir /var/lib/holdfast 2>/dev/null || true
	return "$status"
}

# start_traffic LOSS: LOSS packets may be missing. Until wire_is.
start_traffic() {
	start_wire --idle sleep --rate 10000 --flows 100 --seconds 600 --allow-loss "$1"
}

# start_forwarder POISON [LINE OF CONFIGURATION]: one lane, an owner and two standbys, traffic.
# $KIND: software or hardware; $STANDBYS: how many. After a hang thousands of packets are sent at
# once: holdfast-wire, without a CPU just then, is waited for.
start_forwarder() {
	local poison=$1 i n=${STANDBYS:-2}
	# shellcheck disable=SC2046 # two devices
	EXTRA="queues: ${KIND:-software}
l2: {mode: macswap}
tx: {retry_us: 10000}
${2:-}" RING=16384 POOL=32767 write_config 1 $(wire_devices)
	start_primary
	for ((i = 0; i <= n; i++)); do
		HF_POISON=$poison start_worker "w$i" "$([ "$i" -eq 0 ] && echo --lanes=0 || echo --standby)"
	done
	hf_wait_for 10 status_is '.lanes[0] | .state == "running" and (.waiting | length) == '"$n"
	wire_go
}

# exactly_one: the marked packet is the one that was dropped, after two deaths.
exactly_one() {
	hf_wait_for 10 status_is '.lanes[0].drops.quarantined == 1' || fail "$(status_of '.lanes[0]')"
	wire_is '.lost == 1'
	status_is '.lanes[0] | .takeovers == 2 and .dropped_pkts == 1 and .state == "running"' ||
		fail "$(status_of '.lanes[0]')"
}

# file_holds_it: there is one file, it opens in tshark, and it holds the marked packet as received.
file_holds_it() {
	local file
	file=$(echo "$QUARANTINE"/*.pcapng)
	[ -f "$file" ] || fail "not one file: $file" || return 1
	tshark -r "$file" -T fields -e frame.interface_name -e eth.dst -e udp.payload \
		>"$LOGS/tshark" 2>"$LOGS/tshark.err" || fail "tshark: $(<"$LOGS/tshark.err")" || return 1
	[ "$(wc -l <"$LOGS/tshark")" -eq 1 ] || fail "$(<"$LOGS/tshark")" || return 1
	grep -Eq "^net_virtio_user[01]	02:68:66:02:00:0[01]	$MARKER" "$LOGS/tshark" ||
		fail "$(<"$LOGS/tshark")"
}

# reason_is PATTERN: holdfastctl and capinfos say so.
reason_is() {
	local file
	file=$(echo "$QUARANTINE"/*.pcapng)
	ctl --json quarantine | jq -e --arg p "$1" --arg f "${file##*/}" '.max_files == 64 and
		(.files | length) == 1 and (.files[0] | .name == $f and .bytes > 100 and
		(.time | test("^20..-..-..T")) and (.reason | test($p)))' >/dev/null ||
		fail "$(ctl --json quarantine)" || return 1
	capinfos -k "$file" | grep -Eq "$1" || fail "$(capinfos -k "$file")" || return 1
	run -0 ctl quarantine
	[[ $output == *"1 of at most 64 files in $QUARANTINE"* ]] || fail "$output"
}

@test "a packet that crashes plan: quarantined after two deaths, all others come out" {
	start_traffic 1
	start_forwarder "$MARKER"
	status_is '.lanes[0].kind == "software"'
	exactly_one
	file_holds_it
	reason_is 'lane 0, ring 0, packet [0-9]+: SIGSEGV in plan of poison at address 0x0, .*generations 1 and 2'
	run -0 ctl lanes
	[[ $output == *"quarantined 1"* ]] || fail "$output"
}

@test "a packet that crashes apply: the file holds it as it was received" {
	start_traffic 1
	start_forwarder "$MARKER:apply"
	exactly_one
	file_holds_it
	reason_is 'SIGSEGV in apply of poison'
}

@test "a packet that loops for ever: quarantined after two deaths, all others come out" {
	start_traffic 1
	start_forwarder "$MARKER:loop"
	exactly_one
	file_holds_it
	reason_is 'packet [0-9]+: hang, after'
}

@test "hardware lane: a packet that crashes plan is quarantined after two deaths" {
	start_traffic 1
	KIND=hardware start_forwarder "$MARKER"
	status_is '.lanes[0].kind == "hardware"'
	exactly_one
	file_holds_it
	reason_is 'SIGSEGV in plan of poison'
}

@test "quarantine.max_files there: dropped and counted, no further file, an event" {
	mkdir -p "$QUARANTINE"
	: >"$QUARANTINE/old.pcapng"
	start_traffic 1
	start_forwarder "$MARKER" 'quarantine: {max_files: 1}'
	exactly_one
	[ "$(ls "$QUARANTINE")" = old.pcapng ] || fail "$(ls "$QUARANTINE")"
	grep -q 'dropped, not written: quarantine.max_files are there' "$LOGS/primary" ||
		fail "no word in the log"
	ctl --json quarantine | jq -e '.max_files == 1 and .files[0].reason == "unknown"' ||
		fail "quarantine"
}

@test "three packets of death: two files where two are allowed, no longer than allowed" {
	local file files
	start_traffic 3
	# Packets 150, 406 and 662 of flow 5: the last byte of their numbers is that of 150.
	STANDBYS=6 start_forwarder "${MARKER:0:18}" 'quarantine: {max_files: 2, snap_bytes: 64}'
	hf_wait_for 60 status_is '.lanes[0].drops.quarantined == 3' || fail "$(status_of '.lanes[0]')"
	wire_is '.lost == 3'
	status_is '.lanes[0] | .takeovers == 6 and .dropped_pkts == 3' || fail "$(status_of '.lanes[0]')"
	files=("$QUARANTINE"/*)
	same "${#files[@]}" 2 "files"
	for file in "${files[@]}"; do
		same "$(tshark -r "$file" -T fields -e frame.cap_len -e udp.payload 2>/dev/null |
			cut -c 1-21)" "64	${MARKER:0:18}" "bytes and begin of $file"
		[ "$(stat -c %s "$file")" -le 2112 ] || fail "$file has $(stat -c %s "$file") bytes"
	done
	same "$(grep -c 'dropped, not written: quarantine.max_files are there' "$LOGS/primary")" 1 \
		"packets told of that were not written"
	run -0 ctl quarantine
	[[ $output == *"2 of at most 2 files in $QUARANTINE"* ]] || fail "$output"
}

@test "signals from outside accuse no packet, nor does a stop" {
	local signal pid takeovers
	start_traffic 0
	start_forwarder ''
	for signal in SEGV KILL STOP ABRT KILL SEGV STOP; do
		hf_wait_for 10 status_is '.lanes[0] | .state == "running" and (.waiting | length) > 0' ||
			fail "nobody waits" || return 1
		pid=$(status_of '.lanes[0].owner_pid') takeovers=$(status_of '.lanes[0].takeovers')
		kill -"$signal" "$(status_of '.lanes[0].owner_tid')"
		hf_pids_wait 5 "$pid" || fail "$pid lives on" || return 1
		start_worker "s$takeovers-$signal" --standby
	done
	status_is '.lanes[0] | .takeovers >= 3 and .drops.quarantined == 0' || fail "$(status_of '.lanes[0]')"
	wire_is '.lost == 0'
	[ ! -e "$QUARANTINE" ]
}

@test "quarantine: no file is no error; an argument and bad keys are" {
	EXTRA='' write_config 1 net_null0 net_null1
	start_primary
	run -0 ctl quarantine
	[ "$output" = "0 of at most 64 files in $QUARANTINE" ] || fail "$output"
	run -2 ctl quarantine all
	EXTRA='quarantine: {max_files: 1001}' write_config 1 net_null0 net_null1
	run -2 "$HF_PRIMARY" -c "$CONFIG" --check
	[[ $output == *"quarantine.max_files: "* ]] || fail "$output"
	EXTRA='quarantine: {snap_bytes: 10}' write_config 1 net_null0 net_null1
	run -2 "$HF_PRIMARY" -c "$CONFIG" --check
	[[ $output == *"quarantine.snap_bytes: "* ]] || fail "$output"
}
