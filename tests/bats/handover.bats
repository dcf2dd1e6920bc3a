#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Lanes change owners under traffic, planned and by SIGKILL, and the traffic does not notice.
load lib

# Two lanes over TAP, a worker each, a standby.
start_forwarder() {
	# What a restart did is looked at afterwards: no lane shall go home before.
	# shellcheck disable=SC2046
	EXTRA="lane_return_ms: never" write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	start_worker standby --standby
	somebody_waits
}

# restart_all: every lane goes to another process, and the reply says so.
restart_all() {
	local before after
	somebody_waits || return 1
	before=$(status_of '[.lanes[].owner_pid] | join(" ")')
	ctl --json restart all >"$LOGS/restart.json" || return 1
	jq -e '(.lanes | length) == 2 and all(.lanes[]; .from_pid != .to_pid and .lost_pkts == 0)' \
		"$LOGS/restart.json" >/dev/null || fail "restart: $(<"$LOGS/restart.json")" || return 1
	after=$(status_of '[.lanes[].owner_pid] | join(" ")')
	if [ "${before% *}" = "${after% *}" ] || [ "${before#* }" = "${after#* }" ]; then
		fail "owners were $before, are $after"
	fi
}

# kill_owner LANE: SIGKILL to the lane's owner, then a worker of the same kind in its place.
kill_owner() {
	local pid lanes standby takeovers
	somebody_waits
	pid=$(status_of ".lanes[$1].owner_pid")
	takeovers=$(status_of ".lanes[$1].takeovers")
	lanes=$(status_of ".workers[] | select(.pid == $pid) | .lanes + .waiting | sort | join(\",\")")
	standby=$(status_of ".workers[] | select(.pid == $pid) | .standby")
	kill -KILL "$pid"
	hf_wait_for 5 status_is ".lanes[$1] | .takeovers > $takeovers and .state == \"running\"" ||
		fail "lane $1 was not taken over"
	case $standby in
	true | 1) start_worker "r$pid" --standby ;;
	*) start_worker "r$pid" --lanes "$lanes" ;;
	esac
}

@test "iperf3 TCP runs through planned hand-overs and SIGKILLs of workers" {
	local seconds restarts kills i iperf
	seconds=$(soak 40 20) restarts=$(soak 20 6) kills=$(soak 5 2)
	start_forwarder
	start_iperf_server
	start_iperf tcp -t "$seconds" -P 2 -w 400K # no more under way than a lane's ring holds
	iperf=$HF_PID
	for ((i = 1; i <= restarts; i++)); do
		restart_all
		[ $((i % (restarts / kills))) -ne 0 ] || kill_owner $((i % 2))
	done
	hf_proc_alive "$iperf" || fail "iperf3 ended before the hand-overs did"
	wait "$iperf"
	iperf_passed tcp
	somebody_waits
	hf_wait_for 2 all_are_calm || fail "a worker's thread is still hurried"
	status_is "all(.lanes[]; .handovers >= $restarts)" || fail "too few hand-overs counted"
	status_is "([.lanes[].takeovers] | add) >= $kills" || fail "too few takeovers counted"
}

# No thread of a worker comes before others any more: planned changes hurry the next owner.
all_are_calm() {
	local pid
	for pid in $(status_of '.workers[].pid'); do
		[ "$(ps -L -o cls= -p "$pid" | sort -u | tr -d ' \n')" = TS ] || return 1
	done
}

# A thousand pings at 1 kHz at a time, for as long as the file $LOGS/busy exists.
ping_while_busy() {
	local n=0
	while [ -e "$LOGS/busy" ] || [ "$n" -eq 0 ]; do
		n=$((n + 1))
		in_a ping -q -i 0.001 -c 1000 -W 1 "$HOST_B" >"$LOGS/ping$n" || true
	done
}

@test "pings at 1 kHz: none lost, none doubled during 50 hand-overs" {
	local handovers=0 pinger sent doubled requests replies before
	start_forwarder
	in_a ping -q -c 3 -i 0.1 "$HOST_B" >/dev/null
	before=$(echo_counts)
	: >"$LOGS/busy"
	ping_while_busy &
	pinger=$!
	while [ "$handovers" -lt 50 ]; do
		restart_all || break
		handovers=$(status_of '[.lanes[].handovers] | add')
	done
	rm -f "$LOGS/busy"
	wait "$pinger"
	read -r sent _ doubled < <(ping_counts "$LOGS"/ping[0-9]*)
	[ "$handovers" -ge 50 ] || fail "$handovers hand-overs"
	[ "$sent" -ge 1000 ] || fail "only $sent pings"
	read -r requests replies <<<"$(echoes_since "$before")"
	same "$requests $replies $doubled" "$sent $sent 0" "pings sent, answered, doubled"
}

@test "a worker that gets SIGTERM hands over and exits 0" {
	local status=0
	start_forwarder
	local pid
	pid=$(status_of '.lanes[0].owner_pid')
	kill -TERM "$pid"
	hf_pids_wait 5 "$pid"
	wait "$pid" || status=$?
	same "$status" 0 "exit status"
	hf_wait_for 5 status_is ".lanes[0] | .state == \"running\" and .owner_pid != $pid"
	in_a ping -q -c 5 -i 0.05 -W 1 "$HOST_B" >"$LOGS/ping"
	same "$(ping_counts "$LOGS/ping")" "5 5 0" pings
}

@test "restart prints lane, time and loss, and the old worker ends when a fresh one replaced it" {
	local lane old
	start_forwarder
	in_a ping -q -c 100 -i 0.002 "$HOST_B" >/dev/null
	lane=$(status_of '.lanes | max_by(.rx_pkts).id')
	old=$(status_of ".lanes[$lane].owner_pid")
	start_worker fresh --lanes "$lane"
	start_pings 2000 0.002
	run -0 ctl restart "w$lane"
	[[ ${lines[0]} =~ ^"hot restart: lane $lane handed over in "[0-9]+" us, 0 packets lost"$ ]] ||
		fail "$output"
	hf_pids_wait 5 "$old" || fail "the old worker $old lives on"
	status_is ".lanes[$lane].owner_pid == $WORKER" || fail "the fresh worker did not get it"
	pings_passed 2000
}

@test "a worker that is killed while it has no lane changes nothing" {
	start_forwarder
	kill -KILL "$WORKER"
	hf_wait_for 10 status_is 'all(.workers[]; .name != "standby")'
	in_a ping -q -c 5 -i 0.05 -W 1 "$HOST_B" >"$LOGS/ping"
	same "$(ping_counts "$LOGS/ping")" "5 5 0" pings
}

@test "workers killed inside their attach block nobody and leave nothing" {
	local i pid files
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_worker w0 --lanes 0
	files=$(ls "/var/run/dpdk/$INSTANCE")
	for ((i = 0; i < $(soak 300 15); i++)); do
		"$HF_WORKER" --instance "$INSTANCE" --lanes 0 >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$((RANDOM % 20 + 10))"
		kill -KILL "$pid"
		wait "$pid" || true
	done
	start_worker late --lanes 0
	hf_wait_for 5 status_is '[.workers[] | select(.state == "running")] | length == 2'
	same "$(ls "/var/run/dpdk/$INSTANCE")" "$files" "runtime files"
	ctl restart 0 >"$LOGS/restart"
	ctl stop >/dev/null
	hf_pids_wait 5 "$PRIMARY" || fail "the primary does not end"
}
