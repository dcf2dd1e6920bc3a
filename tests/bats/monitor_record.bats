#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Recordings: what the monitor showed, shown again, whatever became of the recorder and the file.
load lib
load screen

# A made-up primary, with figures that never stand still, in a folder without hugepages.
start_fake() {
	hf_spawn fake "$LOGS/fake" "$HF_BUILD/tests/fake_segment" --instance "$INSTANCE" \
		--dir /dev/shm --lanes 3 --flows 200
	hf_wait_for 5 fake_ready || fail "no made-up segment"
}

fake_ready() {
	monitor --batch --once >/dev/null 2>&1
}

monitor() {
	"$HF_MONITOR" --instance "$INSTANCE" "$@"
}

# replay FILE OPTION...
replay() {
	"$HF_MONITOR" --batch --replay "$@"
}

teardown() {
	screen_close
	test_end
}

setup() {
	test_begin
	OUT=$BATS_TEST_TMPDIR # what is long; not shown when a test fails
	TAPE=$OUT/tape
}

# agree LIVE: the recording as JSON is what was written live, byte for byte.
agree() {
	replay "$TAPE" --json >"$OUT/replay.json"
	cmp "$1" "$OUT/replay.json" || fail "the replay differs from what was live"
}

@test "traffic, a restarted and a killed worker: the replay is what was live, byte for byte" {
	local count pings
	count=$(soak 600 30)
	start_two_lanes
	start_worker standby --standby
	in_a ping -q -i 0.002 -w "$(soak 605 10)" "$HOST_B" >"$LOGS/ping" &
	pings=$!
	hf_spawn monitor "$OUT/live.json" "$HF_MONITOR" --instance "$INSTANCE" --json --top 50 \
		--count "$count" --interval "$(soak 1 0.1)" --record "$TAPE"
	sleep 1
	ctl restart w1 >/dev/null
	kill -KILL "$(status_of '.lanes[0].owner_pid')"
	hf_pids_wait 630 "$HF_PID"
	wait "$pings" || true
	agree "$OUT/live.json"
	same "$(jq -s length "$OUT/replay.json")" "$count" samples
	jq -se '(.[0].lanes[0].takeovers < .[-1].lanes[0].takeovers) and
		([.[].totals.rx_pkts] | . == sort and .[0] < .[-1]) and
		any(.[].flows[]; .proto_name == "icmp") and
		any(.[].events[]; .event == "lane_takeover" or .event == "takeover")' \
		"$OUT/replay.json" || fail "the recording misses what happened"
	echo "# $count samples in $(stat -c %s "$TAPE") bytes" >&3
}

@test "text and CSV of a recording are what was live too" {
	start_fake
	monitor --batch --count 5 --interval 0.1 --record "$TAPE" >"$LOGS/live"
	cmp "$LOGS/live" <(replay "$TAPE")
	rm "$TAPE"
	monitor --csv flows --count 5 --interval 0.1 --record "$TAPE" >"$LOGS/live"
	cmp "$LOGS/live" <(replay "$TAPE" --csv flows)
}

@test "a recording that was cut is replayed up to the cut, and one line says so" {
	local whole cut first bytes
	start_fake
	# The first sample has all figures, each of the others what has changed.
	monitor --json --once --record "$TAPE.one" >/dev/null
	first=$(stat -c %s "$TAPE.one")
	monitor --json --count 20 --interval 0.1 --record "$TAPE" >"$OUT/live.json"
	bytes=$(stat -c %s "$TAPE")
	for cut in 3 2 1; do
		head -c $((first + (bytes - first) * cut / 4 + 3)) "$TAPE" >"$TAPE.cut"
		run -0 --separate-stderr replay "$TAPE.cut" --json
		whole=${#lines[@]}
		[ "$whole" -ge 1 ] && [ "$whole" -lt 20 ] || fail "$whole samples of 20"
		cmp <(head -n "$whole" "$OUT/live.json") <(printf '%s\n' "${lines[@]}")
		# shellcheck disable=SC2154 # set by run
		[[ $stderr == *"$TAPE.cut: cut: "* && $stderr != *$'\n'* ]] || fail "said: $stderr"
	done
	head -c 100 "$TAPE" >"$TAPE.cut"
	run -1 replay "$TAPE.cut"
	[ "${#lines[@]}" -eq 1 ]
}

# Blocks that are whole, without events: each process tells those that are new to it.
without_events() {
	jq -cR 'fromjson? | del(.events)'
}

@test "a recorder that is killed again and again loses nothing it has shown, and is gone on with" {
	local round shown
	start_fake
	for ((round = 0; round < $(soak 100 6); round++)); do
		hf_spawn recorder "$OUT/live" "$HF_MONITOR" --instance "$INSTANCE" --json \
			--interval 0.1 --record "$TAPE"
		sleep "0.$((3 + RANDOM % 5))"
		kill -KILL "$HF_PID"
		hf_pids_wait 5 "$HF_PID"
	done
	# A line that is whole was recorded before it was written; half a line spoils the next one.
	without_events <"$OUT/live" >"$OUT/live.json"
	replay "$TAPE" --json | without_events >"$OUT/replay.json"
	shown=$(wc -l <"$OUT/live.json")
	[ "$shown" -gt 0 ] || fail "$shown lines in $round rounds"
	run -1 grep -vxFf "$OUT/replay.json" "$OUT/live.json"
	[ "$(wc -l <"$OUT/replay.json")" -le $((shown + 2 * round)) ] ||
		fail "$(wc -l <"$OUT/replay.json") samples, of which $shown were seen"
	jq -se '[.[].time] | . == sort' "$OUT/replay.json"
	echo "# $shown samples over $round kills" >&3
}

@test "a replay begins and ends where it was told" {
	local at
	start_fake
	monitor --json --count 10 --interval 0.1 --record "$TAPE" >"$OUT/live.json"
	cmp <(head -n 3 "$OUT/live.json") <(replay "$TAPE" --json --count 3)
	cmp <(head -n 1 "$OUT/live.json") <(replay "$TAPE" --json --once)
	at=$(sed -n 7p "$OUT/live.json" | jq -r .time)
	same "$(replay "$TAPE" --json --at "$at" | wc -l)" 4 "samples from the 7th on"
	same "$(replay "$TAPE" --json --at -0 | wc -l)" 1 "samples from the end on"
	same "$(replay "$TAPE" --json --at +0 | wc -l)" 10 "samples from the start on"
	run -1 replay "$TAPE" --at 2099-01-01T00:00:00Z
	[ "${#lines[@]}" -eq 1 ]
	same "$(replay "$TAPE" --json --top 2 | jq -s 'map(.flows | length) | max')" 2 flows
}

@test "an instance that goes away and comes back is recorded as it was seen" {
	start_fake
	hf_spawn monitor "$OUT/live.json" "$HF_MONITOR" --instance "$INSTANCE" --json \
		--interval 0.1 --count 25 --record "$TAPE"
	local monitor=$HF_PID
	hf_wait_for 5 test -s "$OUT/live.json"
	hf_run_pids fake | xargs kill -TERM
	hf_wait_for 5 grep -q '"state":"stale"' "$OUT/live.json" || fail "it is not stale"
	start_fake
	hf_pids_wait 10 "$monitor"
	grep '^{' "$OUT/live.json" >"$OUT/json" # the log has stderr too
	agree "$OUT/json"
	same "$(jq -s 'map(.state) | unique | map(select(. == "live" or . == "stale")) | length' \
		"$OUT/json")" 2 "states seen"
}

@test "bad input to record and replay is one line" {
	start_fake
	echo "dear diary" >"$TAPE"
	run -2 replay "$TAPE"
	[[ ${#lines[@]} -eq 1 && $output == *"no recording"* ]]
	run -2 monitor --once --record "$TAPE"
	[ "${#lines[@]}" -eq 1 ]
	same "$(<"$TAPE")" "dear diary" "a file that is something else"
	run -1 replay "$TAPE.none"
	[ "${#lines[@]}" -eq 1 ]
	run -2 monitor --once --record /dev/full
	[ "${#lines[@]}" -eq 1 ]
	run -1 monitor --once --record /nowhere/tape
	[ "${#lines[@]}" -eq 1 ]
	for bad in "--at 17:05" "--record-max 64M" "--replay $TAPE --wait" "--history 99999" \
		"--replay $TAPE --at noon" "--record $TAPE --record-max 1K"; do
		# shellcheck disable=SC2086 # two words and more
		run -2 "$HF_MONITOR" $bad
		[ "${#lines[@]}" -eq 1 ] || fail "$bad: $output"
	done
}

@test "two monitors do not record to one file, and it is not readable for others" {
	start_fake
	hf_spawn monitor "$LOGS/first" "$HF_MONITOR" --instance "$INSTANCE" --batch \
		--interval 0.1 --record "$TAPE"
	hf_wait_for 5 test -s "$TAPE"
	run -1 monitor --once --record "$TAPE"
	[[ ${#lines[@]} -eq 1 && $output == *"another monitor"* ]]
	same "$(stat -c %a "$TAPE")" 600 "mode of a recording"
}

@test "a full disk ends a recording in one line, exit 1, and what is there is replayed" {
	local disk=$BATS_TEST_TMPDIR/disk status=0
	start_fake
	mkdir "$disk"
	mount -t tmpfs -o size=64k tmpfs "$disk"
	monitor --json --interval 0.1 --count 100 --record "$disk/tape" >"$OUT/live.json" \
		2>"$LOGS/err" || status=$?
	replay "$disk/tape" --json >"$OUT/replay.json" 2>"$LOGS/replay.err" || status=5
	umount "$disk"
	same "$status" 1 "status of the recorder"
	same "$(wc -l <"$LOGS/err")" 1 "lines on stderr"
	grep -q 'recording ended: No space' "$LOGS/err"
	cmp "$OUT/live.json" "$OUT/replay.json"
	[ ! -s "$LOGS/replay.err" ] # nothing was left half written
}

@test "a recorder opens for writing the recording alone, and maps nothing shared for writing" {
	start_fake
	strace -f -o "$LOGS/strace" -e trace=openat,open,mmap "$HF_MONITOR" --instance "$INSTANCE" \
		--batch --once --record "$TAPE" >/dev/null
	same "$(grep -cE 'O_RDWR|O_WRONLY' "$LOGS/strace")" 1 "files opened for writing"
	grep -E 'O_RDWR|O_WRONLY' "$LOGS/strace" | grep -q "$TAPE"
	run ! grep -E 'MAP_SHARED' <(grep PROT_WRITE "$LOGS/strace")
}

# clock_of BLOCK: its time, as the title shows it.
clock_of() {
	sed -n "$1p" "$OUT/live.json" | jq -r '.time | sub("T"; " ") | sub("\\..*"; "")'
}

# received BLOCK: packets of the first port in line BLOCK of what was live.
received() {
	sed -n "$1p" "$OUT/live.json" | jq .ports[0].rx_pkts
}

@test "a replay on the screen: seek by sample, to both ends, play; each view as it was live" {
	local view
	start_fake
	monitor --json --count 12 --interval 0.5 --record "$TAPE" >"$OUT/live.json"
	ENV=TZ=UTC screen_open 200 50 "$HF_MONITOR" --replay "$TAPE" --exact
	screen_wait REPLAY
	screen_keys '('
	screen_wait "PAUSED.*$(clock_of 1)"
	for view in 9 8 7 6 5 4 3 2 1; do
		screen_keys "$view"
		screen_wait '1Overview'
		screen_clean
	done
	screen_keys 2
	screen_wait "$(received 1)"
	screen_keys ']' ']'
	screen_wait "$(received 3)"
	screen_keys '['
	screen_wait "$(received 2)"
	screen_keys ')'
	screen_wait "PAUSED.*$(clock_of 12)"
	screen_wait "$(received 12)"
	screen_keys '{'
	screen_wait "PAUSED.*$(clock_of 1)"
	screen_keys - - - p
	screen_wait "REPLAY.*$(clock_of 12)" 10
	screen_keys q
	screen_ends
}

@test "what a screen records is replayed, and a screen says when it can record no more" {
	local disk=$BATS_TEST_TMPDIR/disk
	start_fake
	mkdir "$disk"
	mount -t tmpfs -o size=128k tmpfs "$disk"
	screen_open 120 40 "$HF_MONITOR" --instance "$INSTANCE" --interval 0.1 --record "$disk/tape"
	screen_wait ' REC '
	screen_wait 'recording ended: No space' 20 || {
		umount -l "$disk"
		false
	}
	screen_keys q
	screen_ends
	replay "$disk/tape" --json >"$OUT/replay.json"
	umount "$disk"
	jq -se 'length > 3 and all(.[]; .state == "live" or .state == "warming")' "$OUT/replay.json"
}
