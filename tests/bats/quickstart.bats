#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The demo: what it prints, that it ends well, and that nothing of it is left, whenever it is
# interrupted.
load lib

setup() {
	LOGS=$BATS_TEST_TMPDIR
	MARK=mark-$$-$BATS_TEST_NUMBER
	PAGES=$(</proc/sys/vm/nr_hugepages)
}

teardown() {
	[ "${BATS_TEST_COMPLETED:-}" = 1 ] || tail -n 60 "$LOGS"/* 2>/dev/null
	hf_run_stop
}

# start_quickstart [OPTION...]: in the background, all its processes marked. Sets QUICK.
start_quickstart() {
	hf_spawn quickstart "$LOGS/out" env --default-signal=INT,TERM,HUP HF_MARK="$MARK" \
		"$HF_TOP/deploy/quickstart" "$@"
	QUICK=$HF_PID
}

marked_pids() {
	grep -lzsx "HF_MARK=$MARK" /proc/[0-9]*/environ | cut -d/ -f3
}

none_is_marked() {
	[ -z "$(marked_pids)" ]
}

# Nothing is left: no process, namespace, interface, file or page.
nothing_left() {
	local pid=$1 what
	what=$(marked_pids)
	[ -z "$what" ] || fail "processes: $(ps -o pid,args -p "${what//$'\n'/,}")"
	what=$(ip netns list | grep "hf-$pid-") && fail "namespaces: $what"
	what=$(ip -br link | grep "^hf${pid}[ab]") && fail "interfaces: $what"
	what=$(compgen -G "$HF_HUGE_DIR/*quick-$pid*") && fail "hugepage files: $what"
	for what in "/run/holdfast/quick-$pid" "/var/run/dpdk/quick-$pid" "$HF_RUNS/quick-$pid"; do
		[ ! -e "$what" ] || fail "$what is left"
	done
	same "$(</proc/sys/vm/nr_hugepages)" "$PAGES" nr_hugepages
}

@test "without a terminal: shows traffic, a restart and a SIGKILL without loss, top flows, and exits 0" {
	local status=0
	start_quickstart
	hf_pids_wait 400 "$QUICK" || fail "does not end"
	wait "$QUICK" || status=$?
	same "$status" 0 "exit status"
	grep -qE '^hot restart: lane [0-9]+ handed over in [0-9]+ us, 0 packets lost' "$LOGS/out"
	grep -qE '^killed: lane [0-9]+ taken over in [1-9][0-9]* us, 0 packets lost$' "$LOGS/out"
	grep -qE '^lane [0-9]+: from .* \(pid [0-9]+, SIGKILL\) to .*' "$LOGS/out"
	grep -q '^iperf3 TCP: [1-9]' "$LOGS/out"
	grep -q '^iperf3 UDP: [1-9]' "$LOGS/out"
	grep -q '^ping: 20 packets to .*, 20 answered' "$LOGS/out"
	grep -q '^balance: .*, 0 buffers unaccounted' "$LOGS/out"
	[ "$(grep -c '10\.201\.0\.1' "$LOGS/out")" -ge 6 ] || fail "no flows in the batch view"
	nothing_left "$QUICK"
}

@test "Ctrl-C at a random moment leaves nothing" {
	local i rounds
	rounds=$(soak 30 2)
	for ((i = 0; i < rounds; i++)); do
		: >"$LOGS/out"
		start_quickstart
		sleep "$((RANDOM % 20)).$((RANDOM % 1000))"
		# The terminal sends it to the whole foreground group.
		kill -INT -- "-$QUICK" 2>/dev/null || true
		hf_pids_wait 30 "$QUICK" || fail "does not end"
		nothing_left "$QUICK" || fail "round $i: $(tail -n 3 "$LOGS/out")"
	done
}

@test "SIGTERM and SIGHUP to the script alone leave nothing" {
	local signal status
	for signal in TERM HUP; do
		status=0
		: >"$LOGS/out"
		start_quickstart
		hf_wait_for 400 grep -q '^workers:' "$LOGS/out"
		kill -"$signal" "$QUICK"
		hf_pids_wait 30 "$QUICK" || fail "does not end after SIG$signal"
		wait "$QUICK" || status=$?
		[ "$status" -gt 128 ] || fail "exit status $status after SIG$signal"
		nothing_left "$QUICK"
	done
}

@test "--keep leaves it running, --stop ends it" {
	local status=0
	start_quickstart --keep
	hf_pids_wait 400 "$QUICK" || fail "does not end"
	wait "$QUICK" || status=$?
	same "$status" 0 "exit status"
	[ -n "$(marked_pids)" ] || fail "nothing was left running"
	"$HF_TOP/deploy/quickstart" --stop "quick-$QUICK"
	nothing_left "$QUICK"
}

@test "on a terminal: the monitor opens and q ends everything" {
	local socket=$BATS_TEST_TMPDIR/tmux
	HF_MARK=$MARK tmux -S "$socket" new-session -d -x 120 -y 40 \
		"HF_MARK=$MARK $HF_TOP/deploy/quickstart; echo ended \$? >$LOGS/end"
	hf_wait_for 60 eval "tmux -S '$socket' capture-pane -p | grep -qi 'lane.*owner\|owner.*lane'" ||
		fail "no screen: $(tmux -S "$socket" capture-pane -p)"
	sleep 2
	tmux -S "$socket" send-keys q
	hf_wait_for 20 test -s "$LOGS/end" || fail "q did not end it"
	tmux -S "$socket" kill-server 2>/dev/null || true
	same "$(<"$LOGS/end")" "ended 0" quickstart
	hf_wait_for 5 none_is_marked || fail "processes are left: $(marked_pids)"
	same "$(</proc/sys/vm/nr_hugepages)" "$PAGES" nr_hugepages
}
