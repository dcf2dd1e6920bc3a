#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The monitor's views of ports, drops, memory, places and events on a real terminal: their figures
# are holdfastctl's.
load lib
load screen

PACKETS=6000

teardown() {
	screen_close
	test_end
}

# start_full: lanes whose rings are full, their packets have been read to the end, and no worker.
start_full() {
	local in=$BATS_TEST_TMPDIR/in.pcap
	make_pcap "$in" --packets $PACKETS --flows 64
	RING=1024 POOL="8191, census_ms: 100" LANE="cpu: 0" write_config 2 "net_pcap0,rx_pcap=$in"
	start_primary
	hf_wait_for 5 status_is "[.lanes[].rx_pkts] | add == $PACKETS" || fail "$(ctl lanes)"
}

monitor_on() {
	screen_open "${1%x*}" "${1#*x}" "$HF_MONITOR" --instance "$INSTANCE" --interval 0.2
	screen_keys e "$2"
	screen_wait live
}

# row NAME: fields of the first line that begins with it, one blank between them.
row() {
	screen_text | tr -s ' ' | sed 's/^ //' | grep -m 1 "^$1 "
}

# drops_of REASON: "all lane0 lane1", as holdfastctl says.
drops_of() {
	status_of "[.lanes[].drops.$1] | \"\(add) \(.[0]) \(.[1])\""
}

# drops_shown REASON: the same, as the screen says.
drops_shown() {
	row "$1" | awk '{print $2, $5, $6}'
}

drops_agree() {
	[ "$(drops_shown "$1")" = "$(drops_of "$1")" ]
}

@test "drops: reasons and lanes are holdfastctl's; what is dropped under one's eyes says how long ago" {
	start_full
	monitor_on 80x24 6
	screen_wait '^lane_ring_full +[1-9]'
	hf_wait_for 3 drops_agree lane_ring_full || fail "$(screen_text) $(drops_of lane_ring_full)"
	same "$(row lane_ring_full | cut -d ' ' -f 4)" - "age of what was dropped before"
	start_workers 0 1
	hf_wait_for 5 status_is '[.lanes[].held_pkts] | add == 0'
	hf_wait_for 3 drops_agree no_peer || fail "$(screen_text) $(drops_of no_peer)"
	[[ $(row no_peer | cut -d ' ' -f 4) =~ ^[0-9]s$ ]] || fail "no age: $(screen_text)"
	same "$(status_of '[.lanes[].dropped_pkts] | add')" $PACKETS "packets dropped"
	screen_keys Down Down Down Down Down Enter
	screen_wait 'no_peer by lane'
	same "$(screen_text | awk '/no_peer by lane/ {on = 1} on && $1 == "no_peer" {print $2, $3}' | tail -n 2 | paste -sd' ')" \
		"0 $(status_of .lanes[0].drops.no_peer) 1 $(status_of .lanes[1].drops.no_peer)" "details"
}

@test "ports: packets by queue and by lane are holdfastctl's, shares add up" {
	start_full
	monitor_on 120x40 2
	screen_wait 'queues of net_pcap0'
	same "$(screen_text | awk '/queues of/ {getline; getline; print $2, $7}')" \
		"0 $(status_of '.ports[0].rx_queue_pkts[0]')" "queue 0"
	same "$(screen_text | awk '/ lanes$/ {on = 1} on && / software / {print $NF}' | paste -sd' ')" \
		"$(status_of '[.lanes[].rx_pkts] | map(tostring) | join(" ")')" "packets of the lanes"
}

# pool_of KEY...: of the first pool, as holdfastctl says.
pool_of() {
	local filter
	filter=$(printf '.%s ' "$@" | sed 's/ $//; s/ /, /g')
	ctl --json pools | jq -r "[.pools[0] | $filter] | map(tostring) | join(\" \")"
}

pools_agree() {
	[ "$(row hf_pool_node0 | cut -d ' ' -f 1-9)" = \
		"$(pool_of name node size free cached rings held driver unaccounted)" ]
}

@test "memory: pools, flow tables and huge pages are those of holdfastctl and the machine" {
	local lane pages
	start_full
	start_workers 0 1
	hf_wait_for 5 status_is '[.lanes[].held_pkts] | add == 0'
	monitor_on 120x40 7
	hf_wait_for 3 pools_agree || fail "$(screen_text) $(ctl pools)"
	screen_wait '^ hf_pool_node0 +\[[.c]+\]'
	for lane in 0 1; do
		same "$(row "$lane" | cut -d ' ' -f 2,3,5,7,9)" \
			"$(status_of ".lanes[$lane].flows | \"65536 \(.live) \(.inserted) \(.evicted_flows) \(.expired_flows)\"")" \
			"flow table of lane $lane"
	done
	pages=$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages)
	screen_wait "^ node 0 pages of 2.0M .* [0-9]+ of $pages used"
	screen_wait "^ segment +total [0-9]+ "
}

@test "places: threads are where they were put, and nothing is marked that is right" {
	local lane
	start_full
	start_workers 0 1
	monitor_on 120x40 8
	screen_wait 'everything is where it should be'
	for lane in 0 1; do
		same "$(row "lane lane$lane")" "lane lane$lane w$lane $(status_of ".lanes[$lane].owner_tid") 0 0 0 0 -" \
			"lane $lane"
	done
	same "$(row "io io0" | cut -d ' ' -f 3,4)" "primary $(status_of '.io[0].tid')" "I/O thread"
	same "$(row "worker w1" | cut -d ' ' -f 3-5)" "lanes 1 $(status_of '.lanes[1].owner_pid')" w1
	# A lane that its owner was moved away from.
	taskset -p 2 "$(status_of '.lanes[1].owner_tid')" >/dev/null ||
		skip "not supported here: another CPU"
	screen_wait '^lane +lane1 .* runs on CPU 1, not on CPU 0'
	screen_wait '1 of [0-9]+ do not match'
}

@test "events: every sentence of holdfastctl's is there, and a filter keeps some" {
	local text
	start_full
	start_workers 0 1
	start_worker spare --standby
	ctl restart 0 >/dev/null
	hf_wait_for 5 eval 'ctl events | grep -q "handed over"' || fail "$(ctl events)"
	monitor_on 200x60 9
	ctl --json events | jq -r '.events[].text' >"$LOGS/texts"
	[ "$(wc -l <"$LOGS/texts")" -ge 6 ] || fail "few events: $(<"$LOGS/texts")"
	while read -r text; do
		screen_text | grep -qF -- "$text" || fail "not on the screen: $text: $(screen_text)"
	done <"$LOGS/texts"
	screen_keys / 'handed over' Enter
	screen_wait "1-$(grep -c 'handed over' "$LOGS/texts") of"
	screen_text | grep -q 'attached in' && fail "the filter keeps too much: $(screen_text)"
	screen_keys Enter
	screen_wait 'lane_handover'
}
