#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Flow tables of a million records a lane, 16 Mi in a soak: the primary stands up in time, flows are
# counted and expire, and reading all records delays no hand-over.
load lib

setup_file() {
	CAPACITY=$(soak 16777216 1048576)
	export CAPACITY
	if [ "${HF_SOAK:-0}" = 1 ]; then # for which the run of all tests reserved too little
		HF_PAGES_RESERVED='' PAGES_MB=1600 file_begin
	else
		file_begin
	fi
}

# start_large KEYS: a primary between two pcap files, the time it took to be ready, a worker.
start_large() {
	local in=$BATS_TEST_TMPDIR/in.pcap began
	make_pcap "$in" --packets 60000 --flows 20000 --zipf 0 --broken 0 --seed 5
	FLOW="capacity: $CAPACITY, $1" RING=65536 POOL=81919 write_config 1 \
		"net_pcap0,rx_pcap=$in" "net_pcap1,tx_pcap=/dev/null"
	began=${EPOCHREALTIME/./}
	start_primary
	echo "# ready after $(((${EPOCHREALTIME/./} - began) / 1000)) ms, $CAPACITY records" >&3
	start_workers 0
	hf_wait_for 20 status_is '.lanes[0].tx_pkts == 60000' || fail "not all packets came through"
}

totals() {
	ctl --json flows | jq -r ".totals | $1"
}

@test "too few hugepages for the tables: one line that says so, nothing is left behind" {
	# One lane more than there is room for, at 1,152 MiB a lane.
	local lanes=$(($(hf_meminfo HugePages_Free) * $(hf_meminfo Hugepagesize) / 1024 / 1152 + 1))
	[ "$lanes" -le 64 ] || skip "64 lanes fit into the free hugepages"
	RING=256 FLOW='capacity: 16777216' write_config "$lanes" net_null0 net_null1
	run -1 timeout 20 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	same "${#lines[@]}" 1 "lines of the message"
	[[ ${lines[0]} == *"are missing"*"nr_hugepages" ]] || fail "$output"
	run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
}

@test "flows of a large table are counted, shown by the monitor, and expire" {
	start_large 'idle_timeout_s: 8'
	same "$(totals '.live_pkts + ([.skipped[]] | add)')" 60000 "flows and skipped"
	"$HF_MONITOR" --instance "$INSTANCE" --json --once --top 10 --sort packets \
		>"$LOGS/monitor.json"
	same "$(jq '.flows | length' "$LOGS/monitor.json")" 10 "flows in the monitor"
	hf_wait_for 20 flows_expired || fail "live flows after the time-out: $(totals .live)"
	same "$(totals '.expired_pkts + ([.skipped[]] | add)')" 60000 "expired and skipped"
	same "$(totals '.evicted_flows')" 0 "evicted flows"
}

flows_expired() {
	[ "$(totals .live)" -eq 0 ]
}

# ask REQUEST SECONDS: a client that asks again and again.
ask() {
	local until=$((SECONDS + $2))
	while [ $SECONDS -lt "$until" ]; do
		ctl --json "$1" >/dev/null || return 1
	done
}

# restart_beside REQUEST: how long restarts of the lane take while three clients ask, in ms, the
# median of nine.
restart_beside() {
	local began pids=()
	for _ in 1 2 3; do
		ask "$1" 6 &
		pids+=($!)
	done
	for _ in {1..9}; do
		began=${EPOCHREALTIME/./}
		ctl restart 0 >>"$LOGS/restarts"
		echo $(((${EPOCHREALTIME/./} - began) / 1000))
	done | sort -n | sed -n 5p
	wait "${pids[@]}"
}

# Beside clients that take as much of the CPU and read no record: not the CPU's speed is judged.
@test "hand-overs take no longer while all records are read" {
	local before records after
	start_large 'idle_timeout_s: never'
	start_worker other --standby
	before=$(restart_beside status)
	records=$(restart_beside flows)
	after=$(restart_beside status)
	echo "# restart of a lane: $before ms beside clients that ask for the status, $records ms" \
		"beside three that read all flows, $after ms beside the former again" >&3
	[ "$records" -le $(((before > after ? before : after) + 30)) ] ||
		fail "a restart took $records ms instead of $before or $after"
}
