#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Every figure on every view of the monitor, and its rates. What a screen shows of a recorded sample
# is what the JSON of that sample says; that the JSON says what holdfastctl does is in
# monitor_batch.bats.
load lib
load screen

teardown() {
	screen_close
	test_end
}

# overflow_rings: owners stand still while more comes than rings of 256 hold.
overflow_rings() {
	local pids
	in_a ping -q -c 3 -i 0.05 "$HOST_B" >/dev/null # who is where
	ctl supervise all off >/dev/null
	mapfile -t pids < <(status_of '.lanes[].owner_pid')
	kill -STOP "${pids[@]}"
	in_a ping -q -i 0.001 -c 600 -W 1 "$HOST_B" >/dev/null || true
	kill -CONT "${pids[@]}"
	ctl supervise all on >/dev/null
	hf_wait_for 5 status_is '[.lanes[].drops.lane_ring_full] | add > 0' || fail "$(ctl lanes)"
}

# record_busy: a recording in $TAPE, as JSON in $LOGS/json, of two lanes that have seen traffic in
# both directions, drops, a hand-over and a death, under traffic.
record_busy() {
	TAPE=$BATS_TEST_TMPDIR/tape
	RING=256 start_two_lanes
	overflow_rings
	start_worker standby --standby
	hf_spawn ping "$LOGS/ping" ip netns exec "$NS_A" ping -q -i 0.002 "$HOST_B"
	in_a ping -q -6 -c 20 -i 0.01 "$HOST6_B" >/dev/null
	ctl restart w0 >/dev/null
	kill -KILL "$(status_of '.lanes[1].owner_pid')"
	hf_wait_for 5 status_is '.lanes[1] | .takeovers == 1 and .state == "running"'
	start_worker w1 --lanes 1
	hf_wait_for 5 status_is '[.lanes[].last_gap_us] | all(. != null)'
	"$HF_MONITOR" --instance "$INSTANCE" --json --top 40 --count 4 --interval 0.5 --record "$TAPE" \
		>"$LOGS/json"
	# shellcheck disable=SC2046 # pids are words
	hf_pids_end $(hf_run_pids ping)
}

# snap NAME: the screen as it is once it has changed and stands, to be compared.
snap() {
	local before=''
	hf_wait_for 5 screen_is_not "${LAST_SNAP:-}" || fail "$1: no other screen: $LAST_SNAP" || return 1
	until [ "$(screen_text)" = "$before" ]; do
		before=$(screen_text)
		sleep 0.1
	done
	echo "$before" >"$SCREENS/$1"
	LAST_SNAP=$before
}

screen_is_not() {
	[ "$(screen_text)" != "$1" ]
}

# snap_details VIEW TABLE ROWS: the details of so many rows.
snap_details() {
	local row
	screen_keys "$1" Home Enter
	for ((row = 0; row < $3; row++)); do
		snap "details-$2-$row"
		screen_keys Down
	done
	screen_keys q
}

# rows_of TABLE: how many the last sample has.
rows_of() {
	tail -n 1 "$LOGS/json" | jq ".$1 | length"
}

@test "every figure on every view, and of all details, is that of the JSON of the same sample" {
	local view events
	SCREENS=$BATS_TEST_TMPDIR/screens
	mkdir "$SCREENS"
	record_busy
	ENV=TZ=UTC screen_open 250 70 "$HF_MONITOR" --replay "$TAPE" --exact
	screen_wait REPLAY
	screen_keys ')'
	screen_wait PAUSED
	for view in 1 2 3 4 5 6 7 8 9; do
		screen_keys "$view"
		snap "view-$view"
	done
	snap_details 2 ports 2
	snap_details 3 lanes 2
	snap_details 4 workers "$(rows_of workers)"
	snap_details 5 flows 3
	snap_details 7 pools 1
	snap_details 8 places "$(rows_of places)"
	events=$(jq -s 'map(.events | length) | add' "$LOGS/json")
	snap_details 9 events "$events"
	screen_keys q
	screen_ends
	run -0 python3 "$HF_TOP/tests/tools/screen_check.py" "$LOGS/json" "$SCREENS"
	echo "# $output" >&3
}

# rates_agree: with what counters moved and with holdfastctl, in $LOGS/check.
rates_agree() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --top 40 --count 3 --interval 1 >"$LOGS/json"
	ctl --json status >"$LOGS/status"
	python3 "$HF_TOP/tests/tools/monitor_check.py" rates "$LOGS/status" "$LOGS/json" >"$LOGS/check"
}

@test "rates are what the counters moved in the interval, and those of holdfastctl" {
	start_two_lanes
	hf_spawn ping "$LOGS/ping" ip netns exec "$NS_A" ping -q -i 0.002 "$HOST_B"
	hf_wait_for 5 status_is '[.lanes[].rx_pkts] | add > 200'
	# What disturbs the pings between the two is looked at again.
	hf_wait_for 60 rates_agree || fail "$(<"$LOGS/check")"
	echo "# $(<"$LOGS/check")" >&3
}

@test "restarts and deaths never show as a negative or huge rate, and are said to be restarts" {
	local monitor round
	start_two_lanes
	start_worker spare --standby
	hf_spawn ping "$LOGS/ping" ip netns exec "$NS_A" ping -q -i 0.002 "$HOST_B"
	hf_spawn monitor "$BATS_TEST_TMPDIR/stream" "$HF_MONITOR" --instance "$INSTANCE" --json \
		--interval 0.1
	monitor=$HF_PID
	for round in 1 2 3 4 5; do
		ctl restart all >/dev/null || fail "restart $round"
		sleep 0.2
	done
	kill -KILL "$(status_of '.lanes[1].owner_pid')"
	hf_wait_for 5 status_is '.lanes[1] | .takeovers == 1 and .state == "running"'
	hf_wait_for 10 status_is '[.workers[] | select(.state == "running")] | length == 2' ||
		fail "$(status_of '[.workers[] | [.name, .state]] | tostring')"
	sleep 0.5
	hf_pids_end "$monitor"
	grep '^{' "$BATS_TEST_TMPDIR/stream" >"$BATS_TEST_TMPDIR/json"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/json")" -ge 10 ] || fail "too few samples"
	run -0 python3 "$HF_TOP/tests/tools/monitor_check.py" sane "$BATS_TEST_TMPDIR/json"
	tail -n 1 "$BATS_TEST_TMPDIR/json" >"$LOGS/last"
	same "$(jq -c '[.workers[] | [.name, .restarts, .last_exit]] | sort' "$LOGS/last")" \
		"$(status_of '[.workers[] | [.name, .restarts, .last_exit_text]] | sort | tostring')" \
		"workers' pasts"
	jq -e 'any(.workers[]; .restarts > 0 and .last_exit == "restarted")' "$LOGS/last" >/dev/null ||
		fail "nobody was restarted: $(<"$LOGS/last")"
}
