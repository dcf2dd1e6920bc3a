#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The monitor's list of flows through the real programs: what holdfast-wire sent is what is listed.
# In a soak also 16 million flows, and what looking at a million flows costs the forwarding.
load lib
load screen
load wire

setup_file() {
	if [ "${HF_SOAK:-0}" = 1 ]; then # for which the run of all tests reserved too little
		HF_PAGES_RESERVED='' PAGES_MB=1800 file_begin
	else
		file_begin
	fi
}

setup() {
	test_begin
	wire_begin
	LAST_CPU=$(($(nproc) - 1))
	[ "$LAST_CPU" -gt 0 ] || skip "Not supported here: one CPU"
}

teardown() {
	screen_close
	test_end
}

monitor() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --top 100 "$@"
}

# start_forwarder LANES [DEVICES...]: software lanes on the last CPU.
start_forwarder() {
	# shellcheck disable=SC2046 # words
	LANE="cpu: $LAST_CPU" RING=16384 POOL=${POOL:-81919} \
		EXTRA="l2: {mode: macswap}"$'\n'"tx: {retry_us: 10000}"$'\n'"io: [{cpu: $LAST_CPU}]" \
		write_config "$1" $(wire_devices) "${@:2}"
	start_primary
	start_worker w0 --lanes "$(seq -s, 0 $(($1 - 1)))"
}

# make_flows FILE N [FIRST]: a capture of N flows, one packet each; the first is from 10.0.0.0 +
# FIRST.
make_flows() {
	python3 - "$@" <<-'END'
		import struct, sys
		first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
		with open(sys.argv[1], 'wb') as out:
		  out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
		  head = struct.pack('<IIII', 0, 0, 60, 60) + bytes(11) + b'\1' + b'\x08\x00'
		  for i in range(first, first + int(sys.argv[2])):
		    ip = struct.pack('>BBHHHBBHII', 0x45, 0, 46, 0, 0, 64, 17, 0, 0x0a000000 + i, 0xac100001)
		    out.write(head + ip + struct.pack('>HHHH', 1000, 2000, 26, 0) + bytes(18))
	END
}

# listed_is_sent OPTION...: the monitor, asked with OPTION... up to --, lists what was sent, judged
# with the options behind it.
listed_is_sent() {
	local asked=()
	while [ "$1" != -- ]; do
		asked+=("$1")
		shift
	done
	monitor --once "${asked[@]}" >"$LOGS/listed.json"
	judge_listed "$LOGS/listed.json" "${asked[*]}" "${@:2}"
}

# judge_listed FILE WHAT OPTION...: the monitor's list, asked for WHAT, judged with OPTION...
judge_listed() {
	python3 "$HF_TOP/tests/tools/top_check.py" "$1" "$BATS_TEST_TMPDIR"/sent*.json "${@:3}" \
		>"$LOGS/judged" 2>&1 || fail "$2: $(<"$LOGS/judged")"
	echo "# $2: $(<"$LOGS/judged")" >&3
}

@test "the 100 flows listed are those of a Zipf trace, in every order of counts and under filters" {
	local flows packets
	flows=$(soak 1000000 200000)
	packets=$((flows * $(soak 8 3)))
	# Of a million flows nearly each one comes when the first are not by far the most.
	start_wire --cpu 0 --rate "$(soak 300000 150000)" --packets $packets --flows "$flows" \
		--distribution "zipf=$(soak 0.5 1)" --ip mixed --size 90,300,1200 \
		--allow-loss $packets
	FLOW="capacity: $(soak 1048576 262144), idle_timeout_s: never" start_forwarder 4
	wire_go
	wait "$WIRE_PID" || fail "$(<"$LOGS/wire")"
	same "$(jq '.lost' "$LOGS/wire")" 0 "packets lost"
	listed_is_sent --by packets --
	listed_is_sent --by bytes -- --by bytes
	listed_is_sent --by packets --reverse -- --reverse
	listed_is_sent --by packets --filter 'port 10007' -- --port 10007
	listed_is_sent --by bytes --filter 'udp and (10.32.0.0/11 or proto 99)' -- --by bytes \
		--net 10.32.0.0/11
	listed_is_sent --by packets --filter 'ip6 and fd00:1::/32' -- --net fd00:1::/32
}

# start_beside NAME OPTION...: one more holdfast-wire, which sends once send_beside is called.
start_beside() {
	local at=$BATS_TEST_TMPDIR/$1
	hf_spawn "$1" "$LOGS/$1" "$WIRE" --port "net_vhost0,iface=$at.a" \
		--port "net_vhost1,iface=$at.b" --start-when "$at.go" --wait 0 --cpu 0 --idle sleep \
		--per-flow "$BATS_TEST_TMPDIR/sent_$1.json" --json "${@:2}"
	hf_wait_for 10 test -S "$at.b" || fail "holdfast-wire did not start"
	BESIDE[$1]=$HF_PID
}

# devices_beside NAME N: the forwarder's ends of its ports, numbers N and N + 1.
devices_beside() {
	local at=$BATS_TEST_TMPDIR/$1
	echo "net_virtio_user$2,path=$at.a,queue_size=1024" \
		"net_virtio_user$(($2 + 1)),path=$at.b,queue_size=1024"
}

# send_beside NAME: all that it is to send, and each packet comes back.
send_beside() {
	touch "$BATS_TEST_TMPDIR/$1.go"
	wait "${BESIDE[$1]}" || fail "$1: $(<"$LOGS/$1")"
}

# rates_are_sent NAME BY...: the monitor, on BY, looks before and after NAME sends what it has.
rates_are_sent() {
	local by pids=()
	for by in "${@:2}"; do
		monitor --by "$by" --count 2 --interval 5 >"$LOGS/by_$by.json" &
		pids+=($!)
	done
	for by in "${@:2}"; do
		hf_wait_for 10 test -s "$LOGS/by_$by.json" || fail "the monitor did not look"
	done
	kill -STOP "${pids[@]}" # the second look is after the last packet, however long they take
	send_beside "$1"
	kill -CONT "${pids[@]}"
	wait "${pids[@]}"
	for by in "${@:2}"; do
		judge_listed "$LOGS/by_$by.json" "--by $by" --by "$by" \
			--part "$BATS_TEST_TMPDIR/sent_$1.json"
	done
}

# times_are_sent NAME OPTION...: the monitor, asked with OPTION..., lists what NAME sent.
times_are_sent() {
	listed_is_sent "${@:2}" -- "${@:2}" --part "$BATS_TEST_TMPDIR/sent_$1.json"
}

@test "the 100 flows listed are those of a Zipf trace, in every order of rates and times" {
	local flows packets at=$BATS_TEST_TMPDIR
	local -A BESIDE
	flows=$(soak 1000000 200000)
	packets=$((flows * $(soak 8 3)))
	make_flows "$at/first.pcap" 150
	make_flows "$at/last.pcap" 150 1000
	start_wire --cpu 0 --rate "$(soak 300000 150000)" --packets $packets --flows "$flows" \
		--distribution "zipf=$(soak 0.5 1)" --ip mixed --size 90,300,1200 --wait 0 \
		--allow-loss $packets
	start_beside first --pcap "$at/first.pcap" --packets 150 --rate 50
	start_beside some --distribution zipf=1 --flows 1000 --packets 30000 --rate 10000 \
		--size 90,300,1200 --ip mixed
	start_beside last --pcap "$at/last.pcap" --packets 150 --rate 50
	# shellcheck disable=SC2046 # words
	PAIRED=1 POOL=98303 FLOW="capacity: $(soak 1048576 262144), idle_timeout_s: never" start_forwarder 4 \
		$(devices_beside first 2) $(devices_beside some 4) $(devices_beside last 6)
	send_beside first
	wire_go
	wait "$WIRE_PID" || fail "$(<"$LOGS/wire")"
	same "$(jq '.lost' "$LOGS/wire")" 0 "packets lost"
	rates_are_sent some pps bps
	send_beside last
	times_are_sent first --by age
	times_are_sent first --by idle
	times_are_sent last --by age --reverse
	times_are_sent last --by idle --reverse
	listed_is_sent --by packets -- --by packets
}

# live_flows: what the monitor counts.
live_flows() {
	monitor --once | jq .flows_live
}

no_flows() {
	[ "$(live_flows)" -eq 0 ]
}

all_flows() {
	[ "$(live_flows)" -ge 990000 ]
}

# watch_filling: what the monitor says at 10 Hz until all was sent.
watch_filling() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --interval 0.1 >"$LOGS/watched.json" 2>&1 &
	local watcher=$!
	wait "$WIRE_PID" || true
	kill -TERM "$watcher"
	wait "$watcher" || true
}

@test "16 million flows: shown, the interval says what it became, and aged to none" {
	[ "${HF_SOAK:-0}" = 1 ] || skip "takes minutes and 1.8 GB of hugepages: HF_SOAK=1"
	hf_spawn wire "$LOGS/wire" nice -n -15 "$WIRE" --port "net_vhost0,iface=$SOCKET.a" \
		--port "net_vhost1,iface=$SOCKET.b" --start-when "$BATS_TEST_TMPDIR/go" --json \
		--cpu 0 --flows 16777216 --distribution sequential --packets 16777216 --seconds 120 \
		--allow-loss 16777216
	WIRE_PID=$HF_PID
	hf_wait_for 10 test -S "$SOCKET.b" || fail "holdfast-wire did not start"
	FLOW='capacity: 16777216, idle_timeout_s: 45' start_forwarder 1
	wire_go
	watch_filling
	echo "# wire: $(jq -c '{tx_pkts, achieved_pps, lost}' "$LOGS/wire")" >&3
	echo "# while they came, at 10 Hz: $(jq -sc '{samples: length, flows: (map(.flows_live) | max),
		most_cpu_ms: (map(.sample_cpu_ms) | max),
		longest_interval_s: (map(.interval_planned_s) | max)}' "$LOGS/watched.json")" >&3
	monitor --count 8 --interval 0.1 >"$LOGS/full.json"
	echo "# when none comes: $(jq -sc '{flows: .[-1].flows_live, cpu_ms:
		(.[2:] | map(.sample_cpu_ms) | max)}' "$LOGS/full.json")" >&3
	"$HF_MONITOR" --instance "$INSTANCE" --batch --count 8 --interval 0.1 --by age >"$LOGS/age"
	echo "# by age: $(grep -o 'interval .*' "$LOGS/age" | tail -n 1)" >&3
	grep -q 'interval .* (asked 0.1 s: .*M flows)' "$LOGS/age" || fail "no word of the interval"
	[ "$(live_flows)" -gt 14000000 ] || fail "only $(live_flows) live flows"
	same "$(live_flows)" "$(ctl --json flows | jq .totals.live)" "live flows"
	hf_wait_for 200 no_flows || fail "still $(live_flows) flows"
}

# count_tx: packets the lane has sent, and the time in µs.
count_tx() {
	echo "$(status_of '.lanes[0].tx_pkts') ${EPOCHREALTIME/./}"
}

# rate_with CONT|STOP: packets a second of the lane while the monitor looks, or stands still.
rate_with() {
	local before after
	kill "-$1" "$BESIDE"
	sleep 0.15
	before=$(count_tx)
	sleep 0.5
	after=$(count_tx)
	echo "$after $before" | awk '{printf "%d\n", ($1 - $3) * 1e6 / ($2 - $4)}'
}

@test "looking at a million flows 10 times a second costs the forwarding 1 % at most" {
	[ "${HF_SOAK:-0}" = 1 ] || skip "a measurement that wants the machine alone: HF_SOAK=1"
	local loop=$BATS_TEST_TMPDIR/loop.pcap one=$BATS_TEST_TMPDIR/one.pcap
	make_flows "$loop" 100000
	make_flows "$one" 1
	LANE="cpu: 0" RING=16384 POOL=163839 \
		FLOW='capacity: 2097152, idle_timeout_s: never' \
		EXTRA="l2: {mode: macswap}"$'\n'"io: [{cpu: 0}]" \
		write_config 1 "net_pcap0,rx_pcap=$loop,infinite_rx=1" "net_pcap1,rx_pcap=$one"
	start_primary
	"$HF_BUILD/tests/fill_flows" "$INSTANCE" 1000000 >"$LOGS/filled"
	start_worker w0 --lanes 0
	hf_wait_for 10 all_flows || fail "only $(live_flows) flows"
	taskset -pc 1 $$ >/dev/null
	taskset -c 1 "$HF_MONITOR" --instance "$INSTANCE" --json --interval 0.1 >"$LOGS/beside.json" &
	BESIDE=$!
	hf_run_record pids "$BESIDE $(hf_proc_start "$BESIDE") monitor"
	sleep 1
	# Short turns, for the placement of CPUs changes every few seconds at worst.
	for _ in {1..25}; do
		echo "$(rate_with CONT) $(rate_with STOP) $(rate_with STOP) $(rate_with CONT)"
	done >"$LOGS/rates"
	kill -CONT "$BESIDE"
	kill -TERM "$BESIDE"
	wait "$BESIDE" || true
	tail -n 1 "$LOGS/beside.json" | jq -c '{flows_live, interval_s, sample_cpu_ms}' >"$LOGS/scan"
	python3 - "$LOGS/rates" >"$LOGS/cost" <<-'END' || fail "$(<"$LOGS/cost") $(<"$LOGS/rates")"
		import statistics, sys
		rows = [list(map(int, line.split())) for line in open(sys.argv[1])]
		fall = statistics.median(100 * (1 - (a + d) / (b + c)) for a, b, c, d in rows)
		noise = statistics.median(100 * abs(b - c) / ((b + c) / 2) for a, b, c, d in rows)
		off = statistics.median(x for r in rows for x in r[1:3])
		print('falls by %.2f %% of %.2f Mpps, two runs without differ by %.2f %%' % (fall, off / 1e6, noise))
		sys.exit(fall > 1 + noise)
	END
	echo "# forwarding $(<"$LOGS/cost"); $(<"$LOGS/scan")" >&3
}

# start_million: an instance with a million flows and no owner; $LOGS/stir exists: all of them are
# seen again and again, as if each had packets.
start_million() {
	FLOW='capacity: 2097152, idle_timeout_s: never' write_config 1 net_null0 net_null1
	start_primary
	"$HF_BUILD/tests/fill_flows" "$INSTANCE" 1000000 >"$LOGS/filled"
	hf_wait_for 10 all_flows || fail "only $(live_flows) flows"
	touch "$LOGS/stir"
	# shellcheck disable=SC2016 # the inner shell's
	hf_spawn stir "$LOGS/passes" bash -c 'TIMEFORMAT=%U
		while [ -e "$1" ]; do time "$2" "$3" 1000000 >/dev/null; done' bash \
		"$LOGS/stir" "$HF_BUILD/tests/fill_flows" "$INSTANCE"
}

# allowed_ms: 30 ms where one pass over all these flows, to find each and count, takes 375 ms; in
# proportion more where the CPU is slower just now.
allowed_ms() {
	sort -n "$LOGS/passes" | awk '{ s[NR] = $1 * 1000 }
		END { ms = s[int((NR + 1) / 2)] * 30 / 375; printf "%.1f\n", (ms > 30 ? ms : 30) }'
}

# most_memory PID: the most MB that were resident.
most_memory() {
	awk '$1 == "VmHWM:" { printf "%.1f\n", $2 / 1024 }' "/proc/$1/status"
}

@test "a million flows that all have packets: 30 ms a look, 64 MB on a screen that records" {
	local median most pid memory allowed
	start_million
	monitor --count "$(soak 300 30)" --interval 0.1 >"$LOGS/looks.json"
	read -r median most < <(jq -s '.[1:] | map(.sample_cpu_ms) | sort | .[length / 2 | floor], .[-1]' \
		"$LOGS/looks.json" | paste -sd' ')
	same "$(jq -s 'map(.flows_live) | unique | length == 1 and .[0] >= 990000' "$LOGS/looks.json")" \
		true "flows in every look"
	screen_open 200 60 "$HF_MONITOR" --instance "$INSTANCE" --interval 0.1 --top 1000 \
		--record "$BATS_TEST_TMPDIR/tape"
	screen_wait ' live '
	screen_keys 5 Enter
	sleep "$(soak 170 3)"
	screen_wait '^ src '
	pid=$(pgrep -P "$(tmux -S "$TMUX_SOCKET" list-panes -F '#{pane_pid}')")
	memory=$(most_memory "$pid")
	allowed=$(allowed_ms)
	rm "$LOGS/stir"
	screen_keys q q
	screen_ends
	echo "# a look: $median ms of CPU, at most $most ms, allowed $allowed; on the screen $memory MB" >&3
	awk -v ms="$median" -v mb="$memory" -v allowed="$allowed" \
		'BEGIN { exit !(ms <= allowed && mb <= 64) }' || fail "$median ms of $allowed, $memory MB"
}
