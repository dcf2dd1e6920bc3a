#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The monitor on a real terminal: views, keys, sizes, states. HF_ASAN_MONITOR names one built with
# sanitizers, for some of it; that of tests/run is taken when it is there.
load lib
load screen

SIZES="80x24 120x40 200x60"

teardown() {
	screen_close
	test_end
}

start_forwarder() {
	FLOW='capacity: 65536, idle_timeout_s: never' start_two_lanes # for a figure to stay what it is
	in_a ping -q -c 20 -i 0.01 "$HOST_B" >/dev/null
}

# start_fake [INSTANCE]: a made-up primary, in a folder without hugepages.
# shellcheck disable=SC2120
start_fake() {
	local instance=${1:-$INSTANCE}
	hf_spawn fake "$LOGS/fake" "$HF_BUILD/tests/fake_segment" --instance "$instance" \
		--dir /dev/shm --lanes 3 --flows 50
	FAKE=$HF_PID
	FAKE_FILE=/dev/shm/holdfast-$instance.segment
	hf_wait_for 5 test -e "$FAKE_FILE" || fail "no made-up segment"
}

monitor_on() {
	screen_open "${1%x*}" "${1#*x}" "${MONITOR:-$HF_MONITOR}" --instance "$INSTANCE" "${@:2}"
	screen_wait '1Overview'
}

# What tells a view from the others.
view_mark() {
	case $1 in
	1) echo 'rx +[0-9.kMG-]+ pps' ;;
	2) echo '^PORT' ;;
	3) echo '^LANE.*STATE' ;;
	4) echo '^WORKER' ;;
	5) echo '^SOURCE' ;;
	6) echo 'REASON' ;;
	7) echo 'POOL' ;;
	8) echo 'CPU' ;;
	9) echo 'EVENT' ;;
	esac
}

# Every key but those that end the program; each leaves a whole screen behind.
press_all() {
	screen_keys Down Down Up NPage PPage End Home Right Left Enter Down Enter '>' '<' F6 r r e e \
		'[' '[' ']' '{' '}' p p + - - + j k G g '?' Down '?' F1 Escape
	sleep 0.05 # or Escape and the next key are one key
	screen_keys Tab BTab / x y z Enter / C-u Enter
	sleep 0.05
}

# with_sanitizers: from now on the monitor is one that was built with them, if there is one.
with_sanitizers() {
	local asan=${HF_ASAN_MONITOR:-$HF_BUILD/../asan/monitor/holdfast-monitor}
	if [ -x "$asan" ]; then
		MONITOR=$asan
	else
		echo "# Not tested here: sanitizers, no $asan" >&3
	fi
}

# drive_views SIZE: each view, and in each of them every key.
drive_views() {
	local view
	monitor_on "$1" --interval 0.2
	screen_wait live
	for view in 1 2 3 4 5 6 7 8 9; do
		screen_keys "$view"
		screen_wait "$(view_mark "$view")"
		screen_clean
		screen_text >"$LOGS/$1.$view"
		press_all
		screen_wait "$(view_mark "$view")"
		screen_clean
	done
	screen_keys q
	screen_ends
}

@test "every view and every key at 80x24, 120x40 and 200x60, at 80x24 under sanitizers too" {
	local size
	start_forwarder
	for size in $SIZES; do
		drive_views "$size"
	done
	with_sanitizers
	for size in $(soak "$SIZES" 80x24); do
		drive_views "$size"
	done
}

# detail KEY: its value in the details that are shown.
detail() {
	screen_text | tr -s ' ' | grep -oE "(^| )$1 [^ ]+" | tail -n 1 | awk '{print $2}'
}

# details_agree WHAT KEYS...: of what holdfastctl says ($1: a jq path), against the screen.
details_agree() {
	local path=$1 key
	shift
	for key; do
		same "$(detail "$key")" "$(status_of "$path.$key")" "$path.$key" || return 1
	done
}

# soon_agree WHAT KEYS...: within an interval, for a packet may come between the two looks.
soon_agree() {
	hf_wait_for 2 details_agree "$@" 2>/dev/null || details_agree "$@" || fail "$(screen_text)"
}

@test "figures of lanes, workers and flows equal holdfastctl's, digit by digit" {
	local lane flow
	start_forwarder
	monitor_on 120x40 --interval 0.2
	screen_keys e 3
	screen_wait "$(view_mark 3)"
	screen_keys Enter
	for lane in 0 1; do
		screen_wait "^ lane +$lane "
		soon_agree ".lanes[$lane]" owner_pid state generation rx_pkts tx_pkts rx_bytes \
			tx_bytes handovers takeovers
		same "$(detail owner)" "$(status_of ".lanes[$lane].owner_name")" owner
		same "$(detail held)" "$(status_of ".lanes[$lane].held_pkts")" held
		screen_keys Down
	done
	screen_keys q 4 Enter
	screen_wait '^ slot +0 '
	soon_agree '.workers[0]' name pid state
	screen_keys q 5
	screen_keys / 'icmp and src ' "$HOST_A" Enter
	screen_wait "^$HOST_A +$HOST_B"
	screen_wait "1-1 of 1"
	screen_keys Enter
	screen_wait "^ src +$HOST_A "
	flow=$(ctl --json flows | jq -c "[.flows[] | select(.src == \"$HOST_A\" and .dst == \"$HOST_B\")][0]")
	same "$(detail packets) $(detail bytes) $(detail lane)" \
		"$(jq -r '"\(.packets) \(.bytes) \(.lane)"' <<<"$flow")" "the flow"
	screen_keys q 1
	screen_wait "flows $(ctl --json status | jq '[.lanes[].flows.live] | add')"
	screen_keys q
	screen_ends
}

# restarts: takes workers through restarts until the file $LOGS/enough is there.
restarts() {
	while [ ! -e "$LOGS/enough" ]; do
		ctl restart all >/dev/null 2>&1 || true
		sleep 0.1
	done
}

@test "resizes during refresh while workers restart: no crash, no garbage, under sanitizers too" {
	local n restarting moved
	start_forwarder
	start_worker spare --standby
	with_sanitizers
	monitor_on 80x24 --interval 0.1
	screen_wait live
	restarts &
	restarting=$!
	for ((n = 0; n < 200; n++)); do
		screen_resize $((1 + RANDOM % 220)) $((1 + RANDOM % 70))
		screen_keys "$((1 + n % 9))"
		[ $((n % 7)) -ne 3 ] || screen_keys Enter
		[ $((n % 11)) -ne 3 ] || screen_keys '?'
		sleep 0.05
		screen_clean
		[ ! -s "$LOGS/end" ] || fail "resize $n: $(<"$LOGS/end") $(<"$LOGS/screen.err")"
	done
	touch "$LOGS/enough"
	wait "$restarting"
	screen_resize 80 24
	screen_keys Escape Escape 3
	screen_wait "$(view_mark 3)"
	screen_keys q
	sleep 0.2
	[ -s "$LOGS/end" ] || screen_keys q
	screen_ends
	moved=$(status_of '[.lanes[].handovers] | add')
	[ "$moved" -ge 4 ] || fail "only $moved hand-overs: $(ctl lanes)"
	echo "# $n resizes, $moved hand-overs" >&3
}

@test "each state of an instance is said: missing, live, lost, made anew, of another version, gone" {
	screen_open 80 24 "$HF_MONITOR" --instance "$INSTANCE" --interval 0.2
	screen_wait 'no primary of this instance, waiting'
	start_fake
	screen_wait ' live '
	truncate -s 0 "$FAKE_FILE"
	screen_wait 'segment lost'
	screen_clean
	hf_pids_end "$FAKE" || true # it has lost its segment, too
	start_fake
	screen_wait ' live '
	kill -KILL "$FAKE"
	screen_wait "primary gone: process $FAKE is no more"
	screen_wait 'stale'
	screen_keys 3
	screen_wait "$(view_mark 3)"
	start_fake
	screen_wait ' live '
	printf '\377' | dd of="$FAKE_FILE" bs=1 seek=8 conv=notrunc status=none
	screen_keys q
	screen_ends
	screen_open 80 24 "$HF_MONITOR" --instance "$INSTANCE" --interval 0.2
	screen_wait 'layout version differs'
	screen_keys C-c
	screen_ends
	hf_pids_end "$FAKE"
	rm -f "$FAKE_FILE"
}

# click COLUMN LINE [twice]: from 0, as a terminal reports it.
click() {
	local at
	printf -v at '\\x%x\\x%x' $((33 + $1)) $((33 + $2))
	at=$(printf '%b' "\\033[M $at\\033[M#$at")
	screen_keys -l "$at${3:+$at}"
}

@test "several instances: a picker shows them and changes over; the mouse finds tabs and rows" {
	local first=$INSTANCE second=$INSTANCE-b
	hf_run_record instances "$second"
	start_fake
	start_fake "$second"
	INSTANCE=$first,$second monitor_on 80x24 --interval 0.2
	screen_wait "^ $first +live"
	screen_keys i
	screen_wait "^$first +ready .* 3 +4 +[0-9.]+[kM]"
	screen_wait "^$second +ready .* 3 +4 +[0-9.]+[kM]"
	screen_clean
	screen_keys Down Enter
	screen_wait "^ $second +live"
	click 17 1
	screen_wait "$(view_mark 3)"
	click 5 4 twice
	screen_wait '^ lane +1 '
	screen_keys q q
	screen_ends
	run -2 "$HF_MONITOR" --instance "$first,"
	[ "${#lines[@]}" -eq 1 ]
	# shellcheck disable=SC2046 # pids are words
	hf_pids_end $(hf_run_pids fake)
}

# shows_lane NTH: the details of lane 0 are those of line NTH (sed's) of the recording.
shows_lane() {
	local wanted
	wanted=$(sed -n "$1p" "$LOGS/samples" | jq -r '.lanes[0] | "\(.rx_pkts) \(.tx_bytes)"')
	hf_wait_for 5 lane_is "$wanted" || fail "sample $1: lane 0 is not $wanted: $(screen_text)"
}

lane_is() {
	[ "$(detail rx_pkts) $(detail tx_bytes)" = "$1" ]
}

@test "what was seen comes back: by [ and ] live, and from a recording" {
	local file=$BATS_TEST_TMPDIR/recording
	start_fake
	monitor_on 80x24 --interval 0.2 --record "$file" --exact
	screen_wait '^ [^ ]+ +live REC'
	screen_keys 3 Enter
	sleep 2.5
	screen_keys p
	screen_wait PAUSED
	sleep 0.5
	screen_keys p
	screen_keys q q
	screen_ends
	"$HF_MONITOR" --batch --json --replay "$file" >"$LOGS/samples"
	[ "$(wc -l <"$LOGS/samples")" -ge 7 ] || fail "too few samples: $(wc -l <"$LOGS/samples")"
	screen_open 80 24 "$HF_MONITOR" --replay "$file" --exact
	screen_wait 'REPLAY'
	screen_keys 3 Enter '('
	screen_wait 'PAUSED'
	shows_lane 1
	screen_keys ']' ']'
	shows_lane 3
	screen_keys '['
	shows_lane 2
	screen_keys ')'
	shows_lane '$'
	screen_clean
	screen_keys '(' p
	screen_wait REPLAY
	shows_lane '$'
	screen_keys q q
	screen_ends
	hf_pids_end "$FAKE"
}

@test "without colours and without UTF-8 the screen is plain, and says the same" {
	start_fake
	monitor_on 80x24
	screen_wait ' live '
	screen_colors | grep -qE $'\e\\[[0-9;]*[34][0-7]' || fail "no colours: $(screen_colors | head -3)"
	screen_keys q
	screen_ends
	monitor_on 80x24 --no-color
	screen_wait ' live '
	run ! grep -E $'\e\\[[0-9;]*[34][0-7]' <(screen_colors)
	screen_keys q
	screen_ends
	ENV="LC_ALL=C NO_COLOR=1" monitor_on 80x24
	screen_wait ' live '
	for view in 1 2 3 4 5 6 7 8 9; do
		screen_keys "$view"
		screen_wait "$(view_mark "$view")"
		run ! grep -P '[^\x00-\x7f]' <(screen_text)
		run ! grep -E $'\e\\[[0-9;]*[34][0-7]' <(screen_colors)
	done
	screen_colors | grep -q $'\e\\[.*7m' || fail "no bar: $(screen_colors | head -3)"
	screen_keys q
	screen_ends
	ENV="TERM=vt100" monitor_on 80x24
	screen_wait ' live '
	screen_keys C-c
	screen_ends
	hf_pids_end "$FAKE"
}
