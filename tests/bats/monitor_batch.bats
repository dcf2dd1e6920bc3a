#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The monitor without a terminal: streams, metrics, and what becomes of both when the segment goes.
# A made-up primary (fake_segment) serves where no packet is needed; it is fast and can be spoilt.
#
# shellcheck disable=SC2030,SC2031 # each test has a PORT of its own
load lib
load screen

setup() {
	test_begin
	FAKE=$HF_BUILD/tests/fake_segment
	SEGMENT=/dev/shm/holdfast-$INSTANCE.segment
	CHECK=$HF_TOP/tests/tools/monitor_check.py
}

teardown() {
	local status=0
	screen_close
	test_end || status=1
	rm -f "$SEGMENT"
	return "$status"
}

start_fake() {
	hf_spawn fake "$LOGS/fake" "$FAKE" --instance "$INSTANCE" --lanes 2 --flows 50 --pps 20000
	FAKE_PID=$HF_PID
	hf_wait_for 5 test -e "/run/holdfast/$INSTANCE/segment" || fail "no made-up segment"
	hf_wait_for 5 monitor --batch --once || fail "the made-up primary is not READY"
	sleep 0.1 # the first counters
}

# What stands still can be compared: the primary lives, its counters do not move.
freeze_fake() {
	kill -STOP "$FAKE_PID"
	sleep 0.1
}

monitor() {
	timeout 20 "$HF_MONITOR" --instance "$INSTANCE" "$@"
}

# start_stream OPTION...: a monitor in the background; its output in $LOGS/stream, stderr in
# $LOGS/stderr. Sets STREAM.
start_stream() {
	"$HF_MONITOR" --instance "$INSTANCE" "$@" >"$LOGS/stream" 2>"$LOGS/stderr" &
	STREAM=$!
	hf_run_record pids "$STREAM $(hf_proc_start "$STREAM") monitor"
}

# stream_says WORD: in any line so far.
stream_says() {
	hf_wait_for 5 grep -q "$1" "$LOGS/stream" || fail "the stream does not say $1"
}

# stream_ends STATUS: after SIGTERM, or by itself.
stream_ends() {
	local status=0
	kill -TERM "$STREAM" 2>/dev/null || true
	wait "$STREAM" || status=$?
	same "$status" "$1" "exit status of the monitor"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Sets PORT and EXPORTER.
start_exporter() {
	PORT=$(free_port)
	hf_spawn monitor "$LOGS/exporter" "$HF_MONITOR" --instance "$INSTANCE" --interval 0.2 \
		--prometheus "$PORT"
	EXPORTER=$HF_PID
	hf_wait_for 5 grep -q 'metrics at' "$LOGS/exporter" || fail "the exporter does not start"
}

scrape() {
	curl -sS --max-time 10 "http://127.0.0.1:$PORT/metrics" "$@"
}

up_is() {
	scrape | grep -q "^holdfast_up{.*} $1\$"
}

# --- streams ------------------------------------------------------------------------------------

@test "json: every object is valid by the schema, in all four states" {
	local schema=$HF_TOP/docs/monitor.schema.json
	start_stream --wait --json --interval 0.1
	stream_says '"state":"waiting"'
	start_fake
	stream_says '"state":"live"'
	kill -USR2 "$FAKE_PID" # clears the counters
	hf_wait_for 5 eval "grep -c '\"state\":\"warming\"' '$LOGS/stream' | grep -qx 2" ||
		fail "no warming after a clear"
	kill -USR1 "$FAKE_PID" # a worker dies
	sleep 0.3
	kill -KILL "$FAKE_PID"
	stream_says '"state":"stale"'
	stream_ends 0
	run -0 python3 "$CHECK" schema "$schema" "$LOGS/stream"
	same "$output" "waiting warming live stale" "states"
	grep '"state":"live"' "$LOGS/stream" | tail -n 1 >"$LOGS/live.json"
	run -0 python3 "$CHECK" columns "$schema" "$LOGS/live.json"
}

@test "csv: the rows of every table are those of the JSON" {
	local table
	start_fake
	kill -USR1 "$FAKE_PID"
	sleep 0.1
	freeze_fake
	monitor --json --once --interval 0.1 >"$LOGS/json"
	for table in $(jq -r 'to_entries[] | select(.value | type == "array") | .key' "$LOGS/json"); do
		monitor --csv "$table" --once --interval 0.1 >"$LOGS/$table.csv"
		run -0 python3 "$CHECK" csv "$LOGS/json" "$table" "$LOGS/$table.csv"
	done
	kill -CONT "$FAKE_PID"
}

@test "text: columns stand in line, block after block, and nothing is left at the end of a line" {
	start_fake
	monitor --count 3 --interval 0.1 >"$LOGS/text"
	same "$(grep -c '^LANE KIND .* OWNER' "$LOGS/text")" 3 "heads of the table of lanes"
	run ! grep -nE ' $' "$LOGS/text"
	run ! grep -nP '[^\x20-\x7e]' "$LOGS/text"
}

@test "by, top and filter choose flows" {
	start_fake
	freeze_fake
	run -0 monitor --json --once --top 3 --by packets --filter 'udp and lane 1'
	same "$(jq -r '[.flows[] | "\(.proto_name) \(.lane)"] | unique | join(",")' <<<"$output")" \
		"udp 1" "kinds of flow"
	same "$(jq '[.flows[].packets] | length == 3 and . == (sort | reverse)' <<<"$output")" true \
		"three flows in order"
	kill -CONT "$FAKE_PID"
}

@test "several instances: a block of each at every interval, one head in CSV" {
	start_fake
	local first=$FAKE_PID
	INSTANCE=$INSTANCE-b start_fake
	hf_run_record instances "$INSTANCE-b"
	monitor --instance "$INSTANCE-b,$INSTANCE" --json --count 2 --interval 0.1 >"$LOGS/json"
	same "$(jq -r '"\(.instance) \(.state)"' "$LOGS/json" | paste -sd,)" \
		"$INSTANCE-b live,$INSTANCE live,$INSTANCE-b live,$INSTANCE live" "blocks"
	monitor --instance "$INSTANCE-b,$INSTANCE" --csv ports --once >"$LOGS/csv"
	same "$(cut -d, -f2 "$LOGS/csv" | paste -sd,)" \
		"instance,$INSTANCE-b,$INSTANCE-b,$INSTANCE,$INSTANCE" "lines"
	kill -KILL "$FAKE_PID" "$first"
	hf_pids_wait 5 "$FAKE_PID" "$first"
	run -1 monitor --instance "$INSTANCE-b,$INSTANCE" --once
	one_line "$INSTANCE-b: cannot attach"
	run -2 monitor --instance "$INSTANCE-b,$INSTANCE" --batch --record "$LOGS/record"
	one_line "--record: several instances"
	rm -f "/dev/shm/holdfast-$INSTANCE-b.segment"
}

@test "a pipe that closes, SIGTERM and a redirect end it with 0, a full disk with 1 and a line" {
	local status
	start_fake
	set +e
	monitor --batch --interval 0.1 | head -n 1 >"$LOGS/head"
	status=("${PIPESTATUS[@]}")
	set -e
	same "${status[0]}" 0 "status behind a closed pipe"
	start_stream --batch --interval 0.1
	stream_says LANE
	stream_ends 0
	same "$(stat -c %s "$LOGS/stderr")" 0 "bytes of complaints"
	run -1 sh -c "timeout 20 '$HF_MONITOR' --instance $INSTANCE --csv --once >/dev/full"
	one_line "stdout: write failed: No space left on device"
}

@test "bad command lines: one line, exit 2" {
	local bad
	for bad in "--csv|lane" "--csv|lanes|--json" "--prometheus|1.2.3" "--prometheus|:0" \
		"--prometheus|127.0.0.1:65536" "--prometheus|localhost:x" "--by|speed" \
		"--filter|port" "--count|0" "--json|--once|now"; do
		IFS='|' read -ra words <<<"$bad"
		run -2 monitor "${words[@]}"
		[ "${#lines[@]}" -eq 1 ] || fail "${words[*]}: $output"
	done
}

# --- when the segment goes ----------------------------------------------------------------------

@test "once: no instance, another version, a cut file, a dead primary: one line, exit 1" {
	run -1 monitor --once
	one_line "$INSTANCE: cannot attach: no primary"
	start_fake
	freeze_fake
	printf '\377' | dd of="$SEGMENT" bs=1 seek=8 conv=notrunc status=none # layout_version
	run -1 monitor --json --once
	one_line "layout"
	truncate -s 4096 "$SEGMENT"
	run -1 monitor --csv --once
	one_line "the segment has 4096 bytes"
	truncate -s 0 "$SEGMENT"
	run -1 monitor --once
	one_line "$INSTANCE: cannot attach: "
	kill -KILL "$FAKE_PID"
	hf_pids_wait 5 "$FAKE_PID"
	rm -f "$SEGMENT" "/run/holdfast/$INSTANCE/segment"
	start_fake
	kill -KILL "$FAKE_PID"
	hf_pids_wait 5 "$FAKE_PID"
	run -1 monitor --once
	one_line "primary gone: process $FAKE_PID is no more"
}

@test "stream: a segment that is cut, or whose primary is killed, is said in one line, and made again" {
	start_fake
	start_stream --json --interval 0.1
	stream_says '"state":"live"'
	freeze_fake
	truncate -s 0 "$SEGMENT"
	stream_says '"state":"stale","reason":"segment lost'
	kill -KILL "$FAKE_PID"
	rm -f "$SEGMENT" "/run/holdfast/$INSTANCE/segment"
	: >"$LOGS/stream"
	start_fake
	stream_says '"state":"live"'
	kill -KILL "$FAKE_PID"
	stream_says "\"reason\":\"primary gone: process $FAKE_PID is no more\""
	stream_ends 0
	same "$(wc -l <"$LOGS/stderr")" 2 "lines of complaints"
	grep -q 'no data: segment lost' "$LOGS/stderr"
}

@test "stream: a count that ends without data exits with 1" {
	start_fake
	start_stream --csv --count 20 --interval 0.1
	stream_says running
	kill -KILL "$FAKE_PID"
	local status=0
	wait "$STREAM" || status=$?
	same "$status" 1 "exit status of the monitor"
}

# --- metrics ------------------------------------------------------------------------------------

@test "metrics: pages, methods, and the format that is asked for" {
	local open='application/openmetrics-text; version=1.0.0'
	start_fake
	start_exporter
	same "$(ss -Hltn "sport = :$PORT" | awk '{print $4}')" "127.0.0.1:$PORT" "where it listens"
	scrape >"$LOGS/text"
	promtool check metrics <"$LOGS/text"
	run -0 scrape -I -H "Accept: $open,text/plain;q=0.5"
	[[ $output == *"200 OK"*"$open"* ]]
	scrape -H "Accept: $open" >"$LOGS/open"
	same "$(tail -n 1 "$LOGS/open")" "# EOF" "the last line"
	grep -q '^# UNIT holdfast_lane_busy_seconds seconds' "$LOGS/open"
	run -0 curl -sS "http://127.0.0.1:$PORT/"
	[[ $output == *"$INSTANCE"* && $output == *href=\"/metrics\"* ]]
	same "$(curl -so /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/flows")" 404 "another page"
	same "$(scrape -o /dev/null -w '%{http_code}' -d a=b)" 405 "a POST"
	run ! grep -E '10\.0\.0\.|198\.18\.' "$LOGS/text" # flows are no labels
}

# loops: of the made-up I/O threads, as scraped.
loops() {
	scrape | sed -n 's/^holdfast_io_loops_total{.*} //p'
}

loops_exceed() {
	[ "$(loops)" -gt "$1" ]
}

@test "metrics: many scrapers at once, one of them silent; each gets a fresh look" {
	local n pids=()
	start_fake
	start_exporter
	exec 7<>"/dev/tcp/127.0.0.1/$PORT" # says half a request, and no more
	printf 'GET /metrics HT' >&7
	for n in $(seq 20); do
		scrape >"$LOGS/scrape-$n" &
		pids+=($!)
	done
	wait "${pids[@]}"
	exec 7<&-
	same "$(grep -l '^holdfast_up{.*} 1$' "$LOGS"/scrape-* | wc -l)" 20 "scrapes"
	hf_wait_for 5 loops_exceed "$(loops)" || fail "it stands still"
}

@test "metrics: up is 0 with the reason while the instance is away, and the exporter ends with 0" {
	start_exporter
	run -0 scrape
	[[ $output == *'holdfast_down_info{'*'reason="no_instance"'* && $output != *holdfast_lane* ]]
	start_fake
	hf_wait_for 5 up_is 1
	kill -KILL "$FAKE_PID"
	hf_wait_for 5 up_is 0
	scrape | grep -q 'reason="primary_gone"'
	promtool check metrics < <(scrape)
	kill -TERM "$EXPORTER"
	hf_pids_wait 5 "$EXPORTER"
	run ! grep -vE 'metrics at|no data|there again' "$LOGS/exporter"
}

@test "metrics: several instances by one exporter, whether they are there or not" {
	start_fake
	PORT=$(free_port)
	start_stream --instance "$INSTANCE-b,$INSTANCE" --prometheus "$PORT"
	hf_wait_for 5 up_is 1
	scrape >"$LOGS/scrape"
	grep -q "^holdfast_up{holdfast_instance=\"$INSTANCE-b\"} 0\$" "$LOGS/scrape"
	grep -q "^holdfast_lane_owned{holdfast_instance=\"$INSTANCE\",lane=\"1\"} 1\$" "$LOGS/scrape"
	promtool check metrics <"$LOGS/scrape"
	stream_ends 0
}

@test "metrics: a port in use and an address of another machine: one line, exit 1" {
	start_fake
	start_exporter
	run -1 monitor --prometheus "$PORT"
	one_line "127.0.0.1:$PORT: cannot listen: Address already in use"
	run -1 monitor --prometheus 192.0.2.1:9478
	one_line "192.0.2.1:9478: cannot listen: Cannot assign requested address"
}

@test "metrics: an exporter that stops with SIGTERM exits with 0, in a scrape too" {
	start_fake
	PORT=$(free_port)
	start_stream --prometheus "$PORT"
	hf_wait_for 5 up_is 1
	stream_ends 0
}

# --- with packets -------------------------------------------------------------------------------

# A forwarder that has seen packets, a hand-over and a death, and is at rest.
start_forwarder() {
	start_two_lanes
	start_worker standby --standby
	in_a ping -q -c 20 -i 0.01 "$HOST_B" >/dev/null
}

change_owners() {
	ctl restart w0 >/dev/null
	kill -KILL "$(status_of '.lanes[1].owner_pid')"
	hf_wait_for 5 status_is '.lanes[1] | .takeovers == 1 and .state == "running"'
	in_a ping -q -c 20 -i 0.01 "$HOST_B" >/dev/null
	hf_wait_for 5 status_is '[.lanes[].last_gap_us] | any(. != null)'
}

# figures_equal FORM: what moves between two looks is looked at again.
figures_equal() {
	for _ in 1 2 3 4 5; do
		ctl --json status >"$LOGS/status"
		case $1 in
		metrics)
			scrape >"$LOGS/form"
			python3 "$CHECK" metrics "$LOGS/status" "$LOGS/form" >"$LOGS/check" && return 0
			;;
		json)
			ctl --json flows >"$LOGS/flows"
			ctl --json events >"$LOGS/events"
			monitor --json --once --interval 0.1 >"$LOGS/form"
			python3 "$CHECK" ctl "$LOGS/status" "$LOGS/flows" "$LOGS/events" "$LOGS/form" \
				>"$LOGS/check" && return 0
			;;
		esac
		sleep 0.3
	done
	fail "$(<"$LOGS/check")"
}

@test "figures equal holdfastctl's; Prometheus scrapes them; the dashboard asks for nothing else" {
	start_exporter
	scrape >"$LOGS/metrics"
	start_forwarder
	change_owners
	hf_wait_for 5 up_is 1
	hf_wait_for 5 status_is 'all(.pools[]; .free != null)'
	figures_equal json
	figures_equal metrics
	scrape >>"$LOGS/metrics"
	promtool check metrics < <(scrape)
	run -0 python3 "$CHECK" families "$LOGS/metrics" "$HF_TOP/conf/grafana/holdfast.json"
	run_prometheus
}

# A Prometheus of our own, on loopback, that scrapes the exporter and is asked for a figure.
run_prometheus() {
	local dir=$BATS_TEST_TMPDIR/prometheus port
	port=$(free_port)
	mkdir -p "$dir"
	cat >"$dir/prometheus.yml" <<-END
		global: {scrape_interval: 500ms, scrape_timeout: 500ms}
		scrape_configs:
		  - job_name: holdfast
		    static_configs: [{targets: ["127.0.0.1:$PORT"]}]
	END
	hf_spawn prometheus "$LOGS/prometheus" prometheus --config.file="$dir/prometheus.yml" \
		--storage.tsdb.path="$dir/data" --web.listen-address="127.0.0.1:$port"
	hf_wait_for 20 prometheus_says "$port" 'max_over_time(up[1m])' 1 || fail "no scrape was good"
	# A host may still send something by itself, between a scrape and a look.
	hf_wait_for 5 prometheus_agrees "$port" || fail "Prometheus has another figure"
	prometheus_says "$port" \
		'histogram_quantile(1, sum by (le) (last_over_time(holdfast_lane_gap_seconds_bucket[1m]))) > bool 0' \
		1 || fail "Prometheus cannot read the histogram"
}

# prometheus_agrees PORT: its packets are those that the status says.
prometheus_agrees() {
	prometheus_says "$1" 'sum(last_over_time(holdfast_lane_receive_packets_total[1m]))' \
		"$(status_of '[.lanes[].rx_pkts] | add')"
}

# prometheus_says PORT QUERY VALUE
prometheus_says() {
	local answer
	answer=$(curl -sS -G "http://127.0.0.1:$1/api/v1/query" --data-urlencode "query=$2") &&
		[ "$(jq -r '.data.result[0].value[1]' <<<"$answer")" = "$3" ]
}

# trace NAME: after monitor_for_all; sets TRACED, the words that start a monitor under strace as a user of group holdfast.
trace() {
	TRACED=(strace -f -o "$LOGS/strace-$1" -e "trace=openat,open,mmap,shmat,mprotect" setpriv
		--reuid nobody --regid holdfast --clear-groups "$HF_MONITOR" --instance "$INSTANCE")
}

# traced_pid NAME: of the monitor, which every program before it has become.
traced_pid() {
	awk 'NR == 1 {print $1}' "$LOGS/strace-$1"
}

# traced_batch NAME OPTION...: and looks at what it mapped.
traced_batch() {
	trace "$1"
	"${TRACED[@]}" "${@:2}" >/dev/null
	maps_read_only "$1"
}

# The same on a terminal, from the first screen to q.
traced_screen() {
	trace screen
	screen_open 80 24 "${TRACED[@]}" --interval 0.2
	screen_wait "$INSTANCE +live" 20
	shares_nothing_writable screen
	screen_keys q
	screen_ends
	maps_read_only screen
}

traced_exporter() {
	local tracer ended=0
	PORT=$(free_port)
	trace metrics
	"${TRACED[@]}" --prometheus "$PORT" 2>"$LOGS/exporter" &
	tracer=$!
	hf_run_record pids "$tracer $(hf_proc_start "$tracer") monitor"
	hf_wait_for 20 up_is 1 || fail "no metrics"
	up_is 1
	shares_nothing_writable metrics
	kill -TERM "$(traced_pid metrics)"
	wait "$tracer" || ended=$?
	same "$ended" 0 "exit status of the exporter"
	maps_read_only metrics
}

# shares_nothing_writable NAME: the kernel's own list of what it has mapped while it runs.
shares_nothing_writable() {
	local maps
	maps=$(<"/proc/$(traced_pid "$1")/maps")
	same "$(grep -c ' r--s .*/holdfast-.*\.segment$' <<<"$maps")" 1 "$1: maps of the segment"
	run ! grep -E '^[^ ]+ .w.s ' <<<"$maps"
}

# maps_read_only NAME: the segment was mapped once and PROT_READ, and nothing writable is shared.
maps_read_only() {
	local trace=$LOGS/strace-$1
	same "$(grep -c 'openat.*/segment", O_RDONLY' "$trace")" 1 "$1: segment opened"
	same "$(grep MAP_SHARED "$trace" | grep -vc 'PROT_READ, MAP_SHARED\(_VALIDATE\)\?,' || true)" \
		0 "$1: shared maps that are not PROT_READ alone"
	same "$(awk '/openat.*\/segment", O_RDONLY/ {fd = $NF} /MAP_SHARED/ && $0 ~ ", " fd ", 0" {n++}
		END {print n + 0}' "$trace")" 1 "$1: segment mapped"
	run ! grep -E 'openat.*(O_RDWR|O_WRONLY)|shmat' "$trace"
}

@test "every form maps the segment once and read-only, as a user of the group without root" {
	start_forwarder
	monitor_for_all
	traced_batch text --batch --count 3 --interval 0.1
	traced_batch json --json --count 3 --interval 0.1
	traced_batch csv --csv flows --count 3 --interval 0.1
	traced_screen
	traced_exporter
}

@test "every form refuses a user outside the group in one line, exit 1" {
	local form
	start_forwarder
	monitor_for_all
	for form in "--batch" "--json --once" "--csv ports" "--prometheus $(free_port)"; do
		# shellcheck disable=SC2086
		run -1 as_nobody nogroup timeout 20 "$HF_MONITOR" --instance "$INSTANCE" $form
		one_line "$INSTANCE: cannot attach: no permission: only root and group holdfast may look"
	done
	screen_open 80 24 setpriv --reuid nobody --regid nogroup --clear-groups "$HF_MONITOR" \
		--instance "$INSTANCE"
	screen_wait '^ no permission: only root and group holdfast may look, waiting$'
	same "$(screen_text | sed '1,2d; 24d' | grep -c .)" 1 "lines between tabs and keys"
	screen_keys q
	screen_ends
	same "$(stat -c %s "$LOGS/screen.err")" 0 "bytes on stderr"
}
