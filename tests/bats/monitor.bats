#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The monitor from outside: text, JSON and screen; a reader that needs no root.
load lib

start_forwarder() {
	start_two_lanes
	in_a ping -q -c 10 -i 0.01 "$HOST_B" >/dev/null
}

monitor() {
	"$HF_MONITOR" --instance "$INSTANCE" "$@"
}

@test "batch: a member of group holdfast sees lanes, workers and flows without root" {
	start_forwarder
	monitor_for_all
	run -0 as_nobody holdfast "$HF_MONITOR" --instance "$INSTANCE" --batch --once --top 10
	[[ $output == *w0* && $output == *w1* && $output == *"$HOST_A"* ]]
}

@test "batch: somebody outside the group is refused in one line, exit 1" {
	start_forwarder
	monitor_for_all
	run -1 as_nobody nogroup "$HF_MONITOR" --instance "$INSTANCE" --batch --once
	[ "${#lines[@]}" -eq 1 ]
}

@test "json: one object that agrees with holdfastctl" {
	start_forwarder
	sleep 1
	monitor --json --once >"$LOGS/monitor.json"
	same "$(jq -r .instance "$LOGS/monitor.json")" "$INSTANCE" instance
	same "$(jq '.lanes | length' "$LOGS/monitor.json")" 2 "number of lanes"
	same "$(jq -c '[.lanes[].rx_pkts]' "$LOGS/monitor.json")" \
		"$(ctl --json status | jq -c '[.lanes[].rx_pkts]')" rx_pkts
}

@test "count and interval: three samples and out" {
	start_forwarder
	monitor --json --count 3 --interval 0.2 >"$LOGS/monitor.json"
	same "$(jq -s length "$LOGS/monitor.json")" 3 samples
}

@test "before any primary: one line, exit 1" {
	run -1 monitor --batch --once
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"$INSTANCE"* ]]
}

@test "a primary that ends is said, and not taken for silence" {
	start_forwarder
	hf_spawn monitor "$LOGS/monitor" "$HF_MONITOR" --instance "$INSTANCE" --batch --interval 0.3
	sleep 1
	ctl stop
	hf_pids_wait 10 "$PRIMARY"
	hf_wait_for 5 grep -qiE 'gone|stale|stopp|ended|waiting' "$LOGS/monitor" ||
		fail "the monitor does not say that the primary has gone"
}

@test "screen: opens on a terminal, shows lanes, and q ends it with status 0" {
	start_forwarder
	local socket=$BATS_TEST_TMPDIR/tmux
	tmux -S "$socket" new-session -d -x 120 -y 40 \
		"$HF_MONITOR --instance $INSTANCE; echo ended \$? >$LOGS/end; sleep 5"
	hf_wait_for 5 eval "tmux -S '$socket' capture-pane -p | grep -qi lane" ||
		fail "no screen: $(tmux -S "$socket" capture-pane -p)"
	tmux -S "$socket" send-keys q
	hf_wait_for 5 test -s "$LOGS/end"
	tmux -S "$socket" kill-server
	same "$(<"$LOGS/end")" "ended 0" "the monitor"
}

@test "it maps the segment read-only and opens nothing for writing" {
	start_forwarder
	strace -f -o "$LOGS/strace" -e trace=openat,mmap "$HF_MONITOR" --instance "$INSTANCE" \
		--batch --once >/dev/null
	run ! grep -E 'openat.*(O_RDWR|O_WRONLY)' "$LOGS/strace"
	run ! grep -E 'MAP_SHARED' <(grep PROT_WRITE "$LOGS/strace")
}

@test "a monitor that is stopped or killed costs no packet and keeps nobody from attaching" {
	local monitor pid
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	hf_spawn monitor "$LOGS/monitor" "$HF_MONITOR" --instance "$INSTANCE" --batch --interval 0.1
	monitor=$HF_PID
	hf_wait_for 5 test -s "$LOGS/monitor" || fail "the monitor shows nothing"
	in_a ping -q -c 5 -i 0.01 "$HOST_B" >/dev/null
	start_pings 2000
	kill -STOP "$monitor"
	start_worker standby --standby
	hf_wait_for 5 status_is '.lanes[0].waiting == ["standby"]' || fail "$(ctl lanes)"
	pid=$(status_of '.lanes[0].owner_pid')
	kill -KILL "$pid"
	hf_wait_for 5 status_is ".lanes[0] | .takeovers == 1 and .state == \"running\"" ||
		fail "lane 0 was not taken over"
	kill -KILL "$monitor"
	pings_passed 2000
	echo "# taken over beside a stopped monitor: $(status_of '.lanes[0].last_gap_us') us" >&3
}

@test "a monitor that was stopped while workers restarted shows the truth within one interval" {
	local monitor round
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	start_worker standby --standby
	hf_spawn monitor "$LOGS/monitor" "$HF_MONITOR" --instance "$INSTANCE" --batch --json \
		--interval 0.5
	monitor=$HF_PID
	hf_wait_for 5 test -s "$LOGS/monitor" || fail "the monitor shows nothing"
	in_a ping -q -c 5 -i 0.01 "$HOST_B" >/dev/null
	start_pings "$(soak 58000 4000)"
	kill -STOP "$monitor"
	for ((round = 1; round <= $(soak 20 3); round++)); do
		hf_wait_for 5 status_is '(.lanes[0].waiting | length) > 0' || fail "$(ctl lanes)"
		ctl restart all >>"$LOGS/restart" || fail "$(tail -n 1 "$LOGS/restart")"
		sleep "$(soak 2.4 0.2)"
	done
	pings_passed "$(soak 58000 4000)"
	# The lane is at home: it moves no more.
	hf_wait_for 10 status_is '.lanes[0] | .preferred != null and .preferred == .owner_name' ||
		fail "$(ctl lanes)"
	kill -CONT "$monitor"
	sleep 0.8
	tail -n 1 "$LOGS/monitor" >"$LOGS/last"
	same "$(jq '.lanes[0] | .generation, .handovers' "$LOGS/last" | xargs)" \
		"$(status_of '.lanes[0] | "\(.generation) \(.handovers)"')" "generation and hand-overs"
	same "$(jq -r '.state' "$LOGS/last")" live "state"
	[ "$(jq '.lanes[0].handovers' "$LOGS/last")" -ge "$(soak 20 3)" ] || fail "too few hand-overs"
}
