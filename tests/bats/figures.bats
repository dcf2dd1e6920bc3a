#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What an instance publishes about itself: each figure against another one that was come by
# differently.
load lib

# queues_agree: of each port, the queues' packets add up to what its driver counts.
queues_agree() {
	status_is 'all(.ports[]; (.rx_queue_pkts | add) == .rx_pkts and
		(.tx_queue_pkts | add) == .tx_pkts)'
}

@test "queues of hardware lanes: what their owners count is what drivers and lanes count" {
	EXTRA="queues: hardware" write_config 2 net_null0 net_null1
	start_primary
	start_workers 0 1
	sleep 0.3
	# shellcheck disable=SC2046 # pids are words
	hf_pids_end $(hf_run_pids worker)
	hf_wait_for 5 status_is 'all(.lanes[]; .owner_pid == null)' || fail "a lane has an owner"
	status_is 'all(.ports[]; .rx_queue_pkts | length == 2 and min > 0)' || fail "a queue is idle"
	queues_agree || fail "$(ctl ports)"
	status_is '[.lanes[].rx_pkts] == ([.ports[].rx_queue_pkts] | transpose | map(add))' ||
		fail "$(ctl ports; ctl lanes)"
	ctl clear >/dev/null
	status_is 'all(.ports[]; .rx_queue_pkts + .tx_queue_pkts | add == 0)' || fail "$(ctl ports)"
}

@test "queues of software lanes: what I/O threads count is what drivers count" {
	# shellcheck disable=SC2046
	EXTRA="io: [{}, {}]" write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	in_a ping -q -c 50 -i 0.005 -W 1 "$HOST_B" >"$LOGS/ping"
	hf_wait_for 5 queues_agree || fail "$(ctl ports)"
	status_is 'all(.ports[]; (.rx_queue_pkts | add) >= 50)' || fail "$(ctl ports)"
}
