#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# `holdfastctl upgrade` under traffic: a good program takes all lanes, and one that crashes, hangs,
# drops or is slow is sent back, with the reason; nothing is lost but what the bad program itself
# dropped. Bad programs are builds of a copy of the tree with one line changed.
#
# shellcheck disable=SC2030,SC2031 # each test is a process of its own
load lib
load wire

RATE=10000

setup_file() {
	file_begin
	PROGRAMS=$BATS_FILE_TMPDIR/programs
	export PROGRAMS
	mkdir -p "$PROGRAMS/good"
	cp "$HF_BUILD"/secondary/holdfast-worker* "$PROGRAMS/good/" 2>/dev/null || true
	build_mutants
}

# build_mutants: one program each. "crash" dies at its 3,000th packet of a lane that was handed to it,
# "drop" loses one packet in 100, "slow" takes 3 times as long for each burst, "stuck" loops from its
# 3,000th packet on, "moody" is slow while the file "slowly" exists, "layout" says that it is of
# another segment layout.
build_mutants() {
	local tree=$BATS_FILE_TMPDIR/tree
	mkdir -p "$tree"
	cp -pR "$HF_TOP"/{meson.build,meson_options.txt,shared,primary,secondary,monitor,conf,docs,deploy} \
		"$tree"
	mutant crash secondary/stage_l2.c \
		's|b->verdict\[i\] = l2_verdict(run, b->port\[i\], b->data_len\[i\]);|{ static int n; if (++n == 3000) *(int *)16 = 1; b->verdict[i] = l2_verdict(run, b->port[i], b->data_len[i]); }|'
	mutant stuck secondary/stage_l2.c \
		's|b->verdict\[i\] = l2_verdict(run, b->port\[i\], b->data_len\[i\]);|{ static int n; while (++n >= 3000) n--; b->verdict[i] = l2_verdict(run, b->port[i], b->data_len[i]); }|'
	mutant drop secondary/stage_l2.c \
		's|b->verdict\[i\] = l2_verdict(run, b->port\[i\], b->data_len\[i\]);|{ static int n; b->verdict[i] = ++n % 100 == 0 ? HF_VERDICT_DROP(HF_DROP_TOO_SHORT) : l2_verdict(run, b->port[i], b->data_len[i]); }|'
	mutant slow secondary/lane_thread.c \
		's|^\t\tnow = hf_tsc();$|&\n\t\tif (n > 0)\n\t\t\twhile (hf_tsc() < now + 2 * (now - begin))\n\t\t\t\t;\n\t\tnow = hf_tsc();|'
	mutant moody secondary/lane_thread.c \
		's|^\t\tnow = hf_tsc();$|&\n\t\tif (n > 0) {\n\t\t\tint slow = access("'"$PROGRAMS"'/slowly", F_OK) == 0;\n\n\t\t\tnow = hf_tsc();\n\t\t\twhile (slow \&\& hf_tsc() < now + 9 * (now - begin))\n\t\t\t\t;\n\t\t}\n\t\tnow = hf_tsc();|'
	mutant layout secondary/options.c 's|, HF_LAYOUT_VERSION);|, 999U);|'
}

# mutant NAME FILE SED: the worker of the tree in which SED has changed FILE.
mutant() {
	local tree=$BATS_FILE_TMPDIR/tree build=$BATS_FILE_TMPDIR/build log=$BATS_FILE_TMPDIR/log
	touch "$tree/$2"
	sed -i "$3" "$tree/$2"
	! cmp -s "$tree/$2" "$HF_TOP/$2" || fail "mutant $1: the change does not match $2"
	[ -d "$build" ] || meson setup "$build" "$tree" -Dtests=false -Dwerror=false >"$log" 2>&1 ||
		fail "mutant $1: meson: $(tail "$log")"
	ninja -C "$build" secondary/holdfast-worker >"$log" 2>&1 ||
		fail "mutant $1: $(tail "$log")"
	mkdir -p "$PROGRAMS/$1"
	cp "$build/secondary/holdfast-worker" "$PROGRAMS/$1/"
	cp "$HF_TOP/$2" "$tree/$2"
}

setup() {
	test_begin
	wire_begin
}

# A test ends the workers that `upgrade` started, too.
teardown() {
	local pid
	while read -r pid; do
		hf_run_record pids "$pid" "$(hf_proc_start "$pid")" worker
	done < <(ctl --json workers 2>/dev/null | jq -r '.workers[].pid')
	test_end
}

# start_forwarder LANES [QUEUES]: its traffic flows until the test ends it; workers are the caller's.
start_forwarder() {
	start_wire --idle sleep --rate "$RATE" --flows 200 --seconds 600
	# shellcheck disable=SC2046 # words
	EXTRA="l2: {mode: macswap}
tx: {retry_us: 10000}
queues: ${2:-software}" RING=16384 POOL=32767 write_config "$1" $(wire_devices)
	start_primary
}

# upgrade PROGRAM OPTION...: its JSON in $LOGS/upgrade, its status in STATUS.
upgrade() {
	local program=$PROGRAMS/$1/holdfast-worker
	shift
	STATUS=0
	ctl --json upgrade --binary "$program" "$@" >"$LOGS/upgrade" 2>"$LOGS/upgrade.err" ||
		STATUS=$?
	echo "# $(cut -c 1-400 "$LOGS/upgrade")" >&3
}

# result_is CONDITION
result_is() {
	jq -e "$1" "$LOGS/upgrade" >/dev/null ||
		fail "$(<"$LOGS/upgrade") $(<"$LOGS/upgrade.err")"
}

# runs LANE PID: the owner is that process, and packets pass.
runs() {
	status_is ".lanes[$1] | .owner_pid == $2 and .state == \"running\""
}

# program_of PID
program_of() {
	readlink "/proc/$1/exe"
}

only_worker_is() {
	status_is "[.workers[].pid] == [$1]"
}

# ratio: cycles a packet, of what the old program needed.
ratio() {
	jq '.measured.cycles_per_pkt / .baseline.cycles_per_pkt * 100 | round / 100' "$LOGS/upgrade"
}

@test "a good program passes the limits as they are, with nothing lost, and the old worker ends" {
	local old i n doubts
	n=$(soak 20 1)
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	for ((i = 1; i <= n; i++)); do
		old=$(status_of '.lanes[0].owner_pid')
		upgrade good
		same "$STATUS" 0 "exit status"
		result_is '.result == "upgraded" and .reason == null and .lanes_moved == [0] and
			.packets_lost == 0 and .canary_lane == 0 and .measured.pkts > 5000 and
			.baseline.cycles_per_pkt > 0 and .measured.cycles_per_pkt > 0 and
			.measured.drop_ratio == 0'
		echo "# cycles a packet, of those before: $(ratio)" >&3
		hf_pids_wait 5 "$old" || fail "the old worker lives"
		same "$(program_of "$(status_of '.lanes[0].owner_pid')")" \
			"$PROGRAMS/good/holdfast-worker" "program of the owner"
		same "$(status_of '.workers[0].name')" w0 "name"
	done
	sleep 1
	# One more way there and back for each time the machine made a program look slow.
	doubts=$(grep -c 'measured again' "$LOGS/primary" || true)
	same "$(status_of '.lanes[0].generation')" $((n + 1 + 2 * doubts)) "owners of the lane"
	nothing_lost
}

@test "a good program takes over a hardware lane with nothing lost" {
	start_forwarder 1 hardware
	start_worker w0 --lanes 0
	wire_go
	upgrade good --watch 2 --max-slowdown 10
	same "$STATUS" 0 "exit status"
	result_is '.result == "upgraded" and .packets_lost == 0'
	hf_pids_wait 5 "$WORKER" || fail "the old worker lives"
	same "$(program_of "$(status_of '.lanes[0].owner_pid')")" \
		"$PROGRAMS/good/holdfast-worker-hw" "program of the owner"
	nothing_lost
}

@test "two workers and a standby on four lanes: all are replaced, lane by lane, nothing lost" {
	local old
	start_forwarder 4
	start_worker w0 --lanes 0,1
	old=$WORKER
	start_worker w1 --lanes 2,3
	old="$old $WORKER"
	start_worker sb --standby
	old="$old $WORKER"
	wire_go
	upgrade good --watch 1 --canary 2 --max-slowdown 10
	same "$STATUS" 0 "exit status"
	result_is '.result == "upgraded" and .lanes_moved == [0, 1, 2, 3] and .packets_lost == 0 and
		.canary_lane == 2'
	# shellcheck disable=SC2086 # pids
	hf_pids_wait 5 $old || fail "an old worker lives"
	hf_wait_for 5 status_is '[.workers[] | [.name, .standby]] | sort ==
		[["sb", true], ["w0", false], ["w1", false]]' || fail "$(status_of .workers)"
	sleep 1
	status_is 'all(.lanes[]; .generation == 2 and .state == "running")' ||
		fail "$(status_of '[.lanes[] | {generation, state}]')"
	nothing_lost
}

# rolled_back PID [SECONDS]: the lane is with the old worker, which is the only one, and was away for
# no longer than that (the trial's time), in all its changes of owners but the first MOVES.
rolled_back() {
	local away
	same "$STATUS" 1 "exit status"
	result_is '.result == "rolled_back" and .lanes_moved == []'
	hf_wait_for 5 runs 0 "$1" || fail "lane 0 is not back: $(status_of '.lanes[0]')"
	hf_wait_for 5 only_worker_is "$1" || fail "$(status_of .workers)"
	[ $# -eq 2 ] || return 0
	hf_wait_for 5 is_told_back "$1" || fail "events: $(ctl events)"
	away=$(lane_events | jq -s ".[$MOVES:] | [.[].time_s] | [_nwise(2) | .[1] - .[0]] | add")
	echo "# away for $away s" >&3
	jq -en "$away > 0 and $away <= $2" >/dev/null || fail "it was away for $away s"
}

# lane_events: lane 0's changes of owners.
lane_events() {
	ctl --json events --top 1000 |
		jq -c '.events[] | select(.event | IN("lane_handover", "lane_takeover"))'
}

# is_told_back PID: the event of the last change of owners is there.
is_told_back() {
	lane_events | jq -es "length % 2 == 0 and .[-1].pid == $1" >/dev/null
}

# bad_times PROGRAM CONDITION: again and again with the limits as they are. Sets WORKER.
bad_times() {
	local i n
	n=$(soak 10 1)
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	for ((i = 1; i <= n; i++)); do
		MOVES=$(lane_events | wc -l)
		upgrade "$1"
		rolled_back "$WORKER" 5
		result_is "$2"
	done
}

@test "a program that crashes goes back with its signal as the reason, nothing lost" {
	bad_times crash '.reason | test("lane 0: it crashed: SIGSEGV at address 0x10, plan")'
	nothing_lost
}

@test "a program that hangs goes back with the reason, nothing lost" {
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	upgrade stuck --watch 5
	rolled_back "$WORKER"
	result_is '.reason | test("lane 0: it hung, and was killed")'
	nothing_lost
}

@test "a program that drops one packet in a hundred goes back; nothing else is lost" {
	bad_times drop '(.reason | test("lane 0: it drops [0-9.]+% of the packets")) and
		.baseline.drop_ratio == 0 and .measured.drop_ratio > 0.005'
	end_wire
	judge_wire
	status_is '.lanes[0].drops | keys == ["too_short"] or (.too_short == (add // 0))' ||
		fail "$(status_of '.lanes[0].drops')"
}

@test "a program that takes three times the cycles goes back with nothing lost" {
	bad_times slow '(.reason | test("lane 0: it needs [0-9]+ cycles a packet")) and
		.measured.cycles_per_pkt > 1.5 * .baseline.cycles_per_pkt'
	nothing_lost
}

# From the moment of the hand-over both programs are slow: it is not the new one's doing.
@test "a machine that becomes slow in the midst of it does not speak against the new program" {
	local upgrade
	start_forwarder 1
	HF_WORKER=$PROGRAMS/moody/holdfast-worker start_worker w0 --lanes 0
	wire_go
	"$HF_CTL" --instance "$INSTANCE" --json upgrade --binary "$PROGRAMS/moody/holdfast-worker" \
		>"$LOGS/upgrade" 2>"$LOGS/upgrade.err" 3>&- &
	upgrade=$!
	hf_wait_for 10 status_is '.lanes[0].generation == 2' || fail "lane 0 was not handed over"
	touch "$PROGRAMS/slowly"
	wait "$upgrade" || fail "$(<"$LOGS/upgrade")"
	rm "$PROGRAMS/slowly"
	result_is '.result == "upgraded" and .packets_lost == 0'
	grep -q 'lane 0: upgrade: it needs .* cycles a packet, .* measured again' "$LOGS/primary" ||
		fail "it was never taken for slow: it proves nothing"
	nothing_lost
}

@test "the same program passes where its slowdown is allowed" {
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	upgrade slow --watch 2 --max-slowdown 100
	same "$STATUS" 0 "exit status"
	result_is '.result == "upgraded"'
	nothing_lost
}

@test "a program of another segment layout is refused, and nothing is changed" {
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	upgrade layout
	same "$STATUS" 1 "exit status"
	result_is '.result == "refused" and (.reason | test("its segment layout is 999"))'
	same "$(status_of '.lanes[0].generation')" 1 "owners of the lane"
	only_worker_is "$WORKER" || fail "$(status_of .workers)"
	nothing_lost
}

# begin_upgrade OPTION...: in the background, until the new worker has the lane. Sets CTL_PID.
begin_upgrade() {
	"$HF_CTL" --instance "$INSTANCE" --json upgrade --binary "$PROGRAMS/good/holdfast-worker" \
		"$@" >"$LOGS/upgrade" 2>"$LOGS/upgrade.err" 3>&- &
	CTL_PID=$!
	hf_wait_for 10 status_is '.lanes[0].generation == 2' || fail "lane 0 was not handed over"
}

@test "an interrupt of holdfastctl takes all back, and so does its death; restart is refused" {
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	begin_upgrade --watch 30 --max-slowdown 100
	run -1 ctl restart all
	[[ $output == *"an upgrade is under way"* ]] || fail "$output"
	kill -INT "$CTL_PID" || fail "no holdfastctl"
	STATUS=0
	wait "$CTL_PID" || STATUS=$?
	rolled_back "$WORKER"
	result_is '.reason | test("interrupted")'
	ctl restart 0 && fail "nobody waits, but it was restarted"
	"$HF_CTL" --instance "$INSTANCE" upgrade --binary "$PROGRAMS/good/holdfast-worker" \
		--watch 30 --max-slowdown 100 >/dev/null 2>&1 3>&- &
	CTL_PID=$!
	hf_wait_for 10 status_is '.lanes[0].generation == 4' || fail "lane 0 was not handed over"
	kill -KILL "$CTL_PID"
	hf_wait_for 5 runs 0 "$WORKER" || fail "lane 0 is not back"
	hf_wait_for 5 only_worker_is "$WORKER" || fail "$(status_of .workers)"
	nothing_lost
}

@test "a worker with --respawn is replaced by one with --respawn; the new one is restarted then" {
	local new
	start_forwarder 1
	hf_spawn worker "$LOGS/worker-w0" "$HF_WORKER" --instance "$INSTANCE" --name w0 --lanes 0 \
		--respawn
	hf_wait_for 10 status_is '.lanes[0].state == "running"' || fail "no worker"
	wire_go
	upgrade good --watch 1 --max-slowdown 10
	same "$STATUS" 0 "exit status"
	hf_pids_wait 5 "$HF_PID" || fail "the old parent lives"
	new=$(status_of '.lanes[0].owner_pid')
	kill -KILL "$new"
	hf_wait_for 5 status_is ".lanes[0] | .state == \"running\" and
		.owner_pid != null and .owner_pid != $new" ||
		fail "the new worker was not started again"
	kill "$(ps -o ppid= -p "$(status_of '.lanes[0].owner_pid')")" # its parent hands it on
}

@test "too little traffic is told" {
	RATE=20 start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	upgrade good --watch 1 --max-slowdown 1000
	same "$STATUS" 0 "exit status"
	result_is '.warning | test("only [0-9]+ packets came during the trial")'
	nothing_lost
}

@test "bad input: exit 2 and one line that says what is wrong" {
	start_forwarder 1
	start_worker w0 --lanes 0
	wire_go
	run -2 ctl upgrade
	[[ $output == *"which program? (--binary PATH)"* ]] || fail "$output"
	run -2 ctl upgrade --binary /nowhere/worker
	[[ $output == *"--binary /nowhere/worker: No such file or directory"* ]] || fail "$output"
	run -2 ctl upgrade --binary /tmp
	[[ $output == *"--binary /tmp: not a file"* ]] || fail "$output"
	run -2 ctl upgrade --binary "$CONFIG"
	[[ $output == *"--binary $CONFIG: not executable"* ]] || fail "$output"
	run -2 ctl upgrade --binary /bin/true
	[[ $output == *"--binary /bin/true: no holdfast-worker"* ]] || fail "$output"
	run -2 ctl upgrade --binary "$HF_WORKER" --canary 7
	[[ $output == *"--canary 7: no such lane: there are 0 to 0"* ]] || fail "$output"
	run -2 ctl upgrade --binary "$HF_WORKER" --watch no
	[[ $output == *"--watch no: not a number from 0.1 to 86400"* ]] || fail "$output"
	run -2 ctl upgrade --binary "$HF_WORKER" --max-slowdown 0.5
	run -2 ctl upgrade --binary "$HF_WORKER" --max-drop-ratio 2
	run -2 ctl restart all --binary "$HF_WORKER"
	run -1 "$HF_CTL" --instance nowhere-$$ upgrade --binary "$HF_WORKER"
	[[ $output == *"instance nowhere-$$: no primary runs"* ]] || fail "$output"
	same "$(status_of '.lanes[0].generation')" 1 "owners of the lane"
	nothing_lost
}
