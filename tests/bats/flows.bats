#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Flow counts equal what was sent: IPv4 and IPv6, VLAN tags, extension headers, fragments, packets
# that are no flow. The truth is the generator's, and tshark agrees with it.
load lib

# truth_flows N: the N greatest flows, as "src dst sport dport proto packets bytes", sorted.
truth_flows() {
	jq -r --argjson n "$1" '.flows | sort_by(-.packets, .src, .dst, .sport, .dport)[:$n][]
		| "\(.src) \(.dst) \(.sport) \(.dport) \(.proto) \(.packets) \(.bytes)"' "$TRUTH" | sort
}

counted_flows() {
	ctl --json --top "$1" flows | jq -r '.flows[]
		| "\(.src) \(.dst) \(.sport) \(.dport) \(.proto) \(.packets) \(.bytes)"' | sort
}

# Flows that share the packet count of the last place may stand on either side of it.
top_flows_agree() {
	local n=$1
	counted_flows "$n" >"$LOGS/counted"
	same "$(wc -l <"$LOGS/counted")" "$n" "number of flows shown"
	truth_flows 1000000 >"$LOGS/truth"
	[ -z "$(comm -23 "$LOGS/counted" "$LOGS/truth")" ] ||
		fail "not in the truth: $(comm -23 "$LOGS/counted" "$LOGS/truth" | head -n 3)"
	same "$(cut -d' ' -f6 "$LOGS/counted" | sort -n | paste -sd' ')" \
		"$(truth_flows "$n" | cut -d' ' -f6 | sort -n | paste -sd' ')" "packets of the top"
}

# Σ flows + Σ skipped = packets in, nothing dropped, each skip reason as in the truth.
sums_agree() {
	local packets=$1 reason
	ctl --json flows >"$LOGS/flows.json"
	same "$(jq '.totals | .live_pkts + .evicted_pkts + .expired_pkts +
		([.skipped[]] | add)' "$LOGS/flows.json")" "$packets" "flows and skipped"
	same "$(status_of '[.lanes[].drops[]] | add // 0')" 0 "drops"
	for reason in not_ip truncated malformed; do
		same "$(jq ".totals.skipped.$reason" "$LOGS/flows.json")" \
			"$(jq ".skipped.$reason" "$TRUTH")" "skipped: $reason"
	done
}

# send_pcap LANES PACKETS OPTION...: a generated pcap through the forwarder.
send_pcap() {
	local lanes=$1 packets=$2 in=$BATS_TEST_TMPDIR/in.pcap
	shift 2
	TRUTH=$BATS_TEST_TMPDIR/truth.json
	make_pcap "$in" --packets "$packets" "$@"
	RING=65536 POOL=81919 write_config "$lanes" "net_pcap0,rx_pcap=$in" \
		"net_pcap1,tx_pcap=/dev/null"
	start_primary
	start_workers "$(seq -s, 0 $((lanes - 1)))"
	hf_wait_for 20 status_is "([.lanes[].tx_pkts] | add) == $packets" ||
		fail "not all of $packets packets came through: $(status_of '[.lanes[].tx_pkts] | add')"
}

@test "top 100 of 10,000 flows, Zipf: packets and bytes exact, and tshark agrees" {
	send_pcap 1 60000 --flows 10000 --zipf 1.0 --broken 0 --seed "$(soak "$RANDOM" 1)"
	top_flows_agree 100
	sums_agree 60000
	"$HF_TOP/tests/tools/tshark_flows.py" "$BATS_TEST_TMPDIR/in.pcap" "$TRUTH" 100
}

@test "top 1,000 over four lanes, broken packets among them" {
	send_pcap 4 40000 --flows 5000 --zipf 0.8 --broken 0.05 --seed 2
	top_flows_agree 1000
	sums_agree 40000
}

@test "the monitor shows the same top 10" {
	send_pcap 2 20000 --flows 1000 --seed 3
	"$HF_MONITOR" --instance "$INSTANCE" --json --once --top 10 --sort packets >"$LOGS/monitor.json"
	same "$(jq -c '[.flows[] | [.src, .dst, .packets, .bytes]]' "$LOGS/monitor.json")" \
		"$(ctl --json --top 10 flows | jq -c '[.flows[] | [.src, .dst, .packets, .bytes]]')" \
		"the monitor's flows"
}

@test "counts survive SIGKILLs of the worker in the middle of the pcap" {
	local in=$BATS_TEST_TMPDIR/in.pcap i owner
	TRUTH=$BATS_TEST_TMPDIR/truth.json
	make_pcap "$in" --packets 60000 --flows 2000 --seed 4
	# A burst of one and a sleep after each make the pcap last while workers are killed.
	RING=65536 POOL=81919 EXTRA='burst: 1' write_config 1 "net_pcap0,rx_pcap=$in" \
		"net_pcap1,tx_pcap=/dev/null"
	start_primary
	hf_wait_for 20 status_is '.lanes[0].rx_pkts == 60000'
	for i in $(seq "$(soak 40 8)"); do
		hf_spawn worker "$LOGS/worker-$i" "$HF_WORKER" --instance "$INSTANCE" --lanes 0
		owner=$HF_PID
		hf_wait_for 5 status_is ".lanes[0].owner_pid == $owner"
		kill -KILL "$owner"
	done
	start_workers 0
	hf_wait_for 20 status_is '.lanes[0].tx_pkts == 60000'
	top_flows_agree 100
	sums_agree 60000
}
