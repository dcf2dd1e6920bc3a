#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# How packets spread over lanes. (Toeplitz itself is checked against the published vectors by a
# unit test.)
load lib

# spread FLOWS OPTION...: a generated pcap over four lanes.
spread() {
	local flows=$1 in=$BATS_TEST_TMPDIR/in.pcap
	shift
	TRUTH=$BATS_TEST_TMPDIR/truth.json
	make_pcap "$in" --packets $((flows * 4)) --flows "$flows" --zipf 0 "$@"
	RING=32768 POOL=65535 write_config 4 "net_pcap0,rx_pcap=$in" "net_pcap1,tx_pcap=/dev/null"
	start_primary
	start_workers 0-3
	hf_wait_for 20 status_is "([.lanes[].tx_pkts] | add) == $((flows * 4))"
}

# Of the connections in the truth, how many have both directions on one lane: "N of M".
connections_together() {
	ctl --json --top 1000 flows | jq -r --slurpfile truth "$TRUTH" '
		def key: "\(.src) \(.dst) \(.sport) \(.dport) \(.proto)";
		(reduce .flows[] as $f ({}; .[$f | key] = $f.lane)) as $lane
		| $truth[0] as $t
		| [$t.pairs[] | [$t.flows[.[0]], $t.flows[.[1]]] | map($lane[key])]
		| map(select(all(. != null)))
		| "\(map(select(.[0] == .[1])) | length) of \(length)"'
}

@test "10,000 random flows over four lanes: each lane within 10 % of even" {
	EXTRA='rss: {key: default}' spread 10000 --only udp4,tcp4,udp6,tcp6 --seed 5
	status_of '[.lanes[].flows.live] | join(" ")' >"$LOGS/lanes"
	status_is '[.lanes[].flows.live] | all(. >= 2250 and . <= 2750)' || fail "$(<"$LOGS/lanes")"
	status_is '.rss_software | [.ipv4, .ipv6] | all(IN("scalar", "table", "gfni"))' ||
		fail "status does not say how the hash is computed"
}

@test "symmetric key, 10,000 random flows: each lane within 10 % of even" {
	EXTRA='rss: {key: symmetric}' spread 10000 --only udp4,tcp4,udp6,tcp6 --seed 6
	status_of '[.lanes[].flows.live] | join(" ")' >"$LOGS/lanes"
	status_is '[.lanes[].flows.live] | all(. >= 2250 and . <= 2750)' || fail "$(<"$LOGS/lanes")"
}

@test "symmetric key: both directions of every connection on one lane" {
	EXTRA='rss: {key: symmetric}' spread 1000 --pairs --only udp4,tcp4,udp6,tcp6 --seed 7
	same "$(connections_together)" "500 of 500" "connections on one lane"
}

@test "default key: both directions on one lane for about 1 in 4" {
	local together all
	EXTRA='rss: {key: default}' spread 1000 --pairs --only udp4,tcp4,udp6,tcp6 --seed 8
	read -r together _ all < <(connections_together)
	same "$all" 500 connections
	[ "$together" -ge 85 ] && [ "$together" -le 165 ] || fail "$together of $all on one lane"
}

@test "RETA: every packet goes to the lane the table names" {
	EXTRA=$'rss:\n  reta_size: 16\n  reta: [2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2]' spread 500
	same "$(status_of '[.lanes[].rx_pkts] | join(" ")')" "0 0 2000 0" "packets a lane"
}
