#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Owners of hardware lanes killed at random instants at full rate, until enough of them died inside
# a driver or a pool: the primary makes their lanes whole, every mbuf is found once, nothing is
# stuck. virtio-user against dpdk-testpmd over vhost-user, and net_null.
# On NICs: not supported here (no such device).
load lib

setup() {
	test_begin
	SOCKET=$BATS_TEST_TMPDIR/s
}

# start_null: two net_null ports, two lanes.
start_null() {
	EXTRA="queues: hardware" POOL=16383 write_config 2 net_null0 net_null1
	start_primary
}

# start_virtio: two virtio-user ports of two queue pairs, and testpmd behind them that sends.
start_virtio() {
	hf_spawn testpmd "$LOGS/testpmd" dpdk-testpmd --lcores "0@0-1,1@0-1" --no-pci --no-telemetry \
		--file-prefix "$INSTANCE-gen" -m 192 --single-file-segments \
		--vdev "net_vhost0,iface=$SOCKET.a,queues=2" \
		--vdev "net_vhost1,iface=$SOCKET.b,queues=2" -- --rxq=2 --txq=2 --nb-cores=1 \
		--total-num-mbufs=16384 --forward-mode=flowgen --auto-start --stats-period 60
	hf_wait_for 20 test -S "$SOCKET.b" || fail "testpmd did not start"
	EXTRA=$'queues: hardware\nl2: {mode: macswap}' POOL=16383 write_config 2 \
		"net_virtio_user0,path=$SOCKET.a,queues=2" "net_virtio_user1,path=$SOCKET.b,queues=2"
	start_primary
}

teardown() {
	test_end
	rm -rf "/var/run/dpdk/$INSTANCE-gen"
	rm -f "/dev/hugepages/$INSTANCE-gen"*
}

# recoveries: of both lanes.
recoveries() {
	status_of '[.lanes[].recoveries] | add'
}

somebody_waits_for() {
	status_is ".lanes[$1].state == \"running\" and
		any(.workers[]; .state == \"running\" and (.waiting | index($1)) != null)"
}

both_forward() {
	local before=$1
	status_is "all(.lanes[]; .state == \"running\") and
		([.lanes[].tx_pkts] as \$t | all(range(2); \$t[.] > (${before})[.] + 1000))"
}

# kill_owners UNTIL CONDITION: kills the owners of both lanes in turn until UNTIL of them had to be
# recovered by the primary and CONDITION holds of the status: which lane dies inside a driver, and
# which dies with the other, is chance. Whatever happens, both lanes forward before the next kill.
kill_owners() {
	local lane=0 kills=0 before
	until [ "$(recoveries)" -ge "$1" ] && status_is "$2"; do
		[ "$kills" -lt $((40 * $1)) ] ||
			fail "$kills kills, $(recoveries) recoveries: $(ctl --json pools)"
		hf_wait_for 20 somebody_waits_for "$lane" || fail "nobody waits for lane $lane"
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -KILL "$(status_of ".lanes[$lane].owner_pid")"
		kills=$((kills + 1))
		before=$(status_of '[.lanes[].tx_pkts] | tojson')
		hf_wait_for 10 both_forward "$before" ||
			fail "kill $kills, of lane $lane: $(ctl lanes)"
		start_worker "r$kills" --standby
		assert_balance
		lane=$((1 - lane))
	done
	echo "# $kills kills, $(recoveries) inside a driver or pool" >&3
}

# judge: every mbuf once; prints how long recoveries took.
judge() {
	local times
	status_is 'all(.pools[]; .missing == 0 and .doubled == 0 and .unaccounted == 0)' ||
		fail "$(ctl --json pools)"
	! grep -h "failed to kick" "$LOGS"/worker-* || fail "a peer was not woken"
	status_is 'all(.lanes[]; .drops.recovery_lost <= .recoveries * 128)' || fail "$(ctl lanes)"
	times=$(grep -o 'recovered in [0-9]* us' "$LOGS/primary" | awk '{ print $3 }' | sort -n)
	awk '{ t[NR] = $1 } END { printf "# recovery: median %d us, most %d us, of %d\n",
		t[int((NR + 1) / 2)], t[NR], NR }' <<<"$times" >&3
}

@test "net_null: owners killed inside receive, transmit or pool calls: lanes go on, every mbuf is there" {
	start_null
	start_workers 0 1
	start_worker standby --standby
	kill_owners "$(soak 100 6)" 'all(.pools[]; .rebuilt > 0)'
	judge
}

@test "virtio-user: owners killed inside receive or transmit calls: ports are emptied, every mbuf is found once" {
	start_virtio
	start_workers 0 1
	start_worker standby --standby
	kill_owners "$(soak 100 6)" 'all(.pools[]; .rebuilt > 0 and .audits > 0)'
	judge
}
