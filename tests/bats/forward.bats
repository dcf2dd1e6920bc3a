#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Packets cross the forwarder through workers over each driver that needs no hardware. Two of the
# three (af_packet, pcap) cannot be used by a plain DPDK secondary.
load lib

# Hosts see each other over IPv4, IPv6 and TCP, and every packet passed a worker.
hosts_talk() {
	in_a ping -q -c 20 -i 0.01 -W 1 "$HOST_B" >"$LOGS/ping4"
	same "$(ping_counts "$LOGS/ping4")" "20 20 0" "IPv4 pings (sent, received, duplicate)"
	in_a ping -q -c 20 -i 0.01 -W 1 "$HOST6_B" >"$LOGS/ping6"
	same "$(ping_counts "$LOGS/ping6")" "20 20 0" "IPv6 pings (sent, received, duplicate)"
	start_iperf_server
	start_iperf tcp -t 2 -P 4
	wait "$HF_PID"
	iperf_passed tcp
	status_is '[.lanes[].rx_pkts] | min > 0 and add > 1000' || fail "a lane got no packets"
	status_is 'all(.ports[]; .rx_pkts > 500 and .tx_pkts > 500)' || fail "a port is idle"
	# A host may send something by itself, between a look at the ports and one at the lanes.
	hf_wait_for 5 status_is '([.lanes[].tx_pkts] | add) == ([.ports[].tx_pkts] | add)' ||
		fail "lanes and ports count differently"
}

@test "net_tap: two lanes, two workers, IPv4, IPv6 and TCP" {
	# shellcheck disable=SC2046 # devices are words
	write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	hosts_talk
	same "$(status_of '[.ports[].driver] | unique | join(" ")')" net_tap driver
}

@test "net_af_packet: two lanes, two workers, IPv4, IPv6 and TCP" {
	start_veth_hosts
	# shellcheck disable=SC2046
	write_config 2 $(af_packet_devices)
	start_primary ip netns exec "$NS_F"
	start_workers 0 1
	hosts_talk
	same "$(status_of '[.ports[].driver] | unique | join(" ")')" net_af_packet driver
}

@test "net_pcap: what is read from one file is written to the other, byte for byte" {
	local in=$BATS_TEST_TMPDIR/in.pcap out=$BATS_TEST_TMPDIR/out.pcap
	make_pcap "$in" --packets 3000 --flows 200
	write_config 1 "net_pcap0,rx_pcap=$in" "net_pcap1,tx_pcap=$out"
	start_primary
	start_workers 0
	hf_wait_for 10 status_is '.lanes[0].tx_pkts == 3000' ||
		fail "only $(status_of '.lanes[0].tx_pkts') of 3000 packets were sent"
	ctl stop
	hf_pids_wait 10 "$PRIMARY"
	tcpdump -nn -t -xx -r "$in" >"$LOGS/in" 2>/dev/null
	tcpdump -nn -t -xx -r "$out" >"$LOGS/out" 2>/dev/null
	[ -s "$LOGS/in" ]
	cmp "$LOGS/in" "$LOGS/out"
}

@test "macswap: frames come back out of the other port with their addresses exchanged" {
	local in=$BATS_TEST_TMPDIR/in.pcap out=$BATS_TEST_TMPDIR/out.pcap
	make_pcap "$in" --packets 500 --flows 20
	EXTRA='l2: {mode: macswap}' write_config 1 "net_pcap0,rx_pcap=$in" "net_pcap1,tx_pcap=$out"
	start_primary
	start_workers 0
	hf_wait_for 10 status_is '.lanes[0].tx_pkts == 500'
	ctl stop
	hf_pids_wait 10 "$PRIMARY"
	tshark -r "$in" -T fields -e eth.src -e eth.dst -e frame.len 2>/dev/null >"$LOGS/in"
	tshark -r "$out" -T fields -e eth.dst -e eth.src -e frame.len 2>/dev/null >"$LOGS/out"
	[ "$(wc -l <"$LOGS/in")" -eq 500 ]
	cmp "$LOGS/in" "$LOGS/out"
}

@test "packets that arrive before any worker wait, and those that do not fit are counted" {
	local in=$BATS_TEST_TMPDIR/in.pcap
	make_pcap "$in" --packets 3000 --flows 50
	RING=1024 write_config 1 "net_pcap0,rx_pcap=$in" "net_pcap1,tx_pcap=/dev/null"
	start_primary
	hf_wait_for 5 status_is '.lanes[0].rx_pkts == 3000'
	status_is '.lanes[0] | .held_pkts == 1024 and .drops.lane_ring_full == 1976'
	assert_balance
	start_workers 0
	hf_wait_for 5 status_is '.lanes[0] | .held_pkts == 0 and .tx_pkts == 1024'
}

@test "a port without a peer: its packets are dropped with that reason, and a line says so" {
	local in=$BATS_TEST_TMPDIR/in.pcap
	make_pcap "$in" --packets 300 --flows 10
	write_config 1 "net_pcap0,rx_pcap=$in"
	start_primary
	start_workers 0
	hf_wait_for 5 status_is '.lanes[0].drops.no_peer == 300'
	same "$(grep -c 'port net_pcap0: it has no peer: what it receives will be dropped' \
		"$LOGS/primary")" 1 "lines that say so"
}
