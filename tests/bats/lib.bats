#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The tools the other tests rely on: they fail when they should, and leave nothing behind.
# shellcheck disable=SC2153 # HF_RUNS is set by lib.sh
load lib

setup() {
	NAME=lib-$$
	LOGS=$BATS_TEST_TMPDIR
}

teardown() {
	hf_run_stop
}

status_json() {
	cat <<'END'
{"lanes": [{"id": 0, "rx_pkts": 10, "tx_pkts": 7, "drops": {"tx_full": 2}, "held_pkts": 1},
	{"id": 1, "rx_pkts": 0, "tx_pkts": 0, "drops": {}, "held_pkts": 0}],
 "pools": [{"name": "p", "size": 100, "unaccounted": 0}]}
END
}

@test "a status that balances passes, whether packets were dropped or not" {
	run -0 balance_errors < <(status_json)
	[ -z "$output" ]
}

@test "a counter that missed one packet fails the balance, whichever it is" {
	local change
	for change in '.lanes[0].rx_pkts += 1' '.lanes[0].tx_pkts -= 1' \
		'.lanes[0].drops.tx_full -= 1' '.lanes[1].held_pkts += 1'; do
		run -0 balance_errors < <(status_json | jq "$change")
		[[ $output == "lane "* ]] || fail "not noticed: $change"
	done
}

@test "a buffer that is nowhere fails the balance" {
	run -0 balance_errors < <(status_json | jq '.pools[0].unaccounted = 3')
	[ "$output" = "pool p: 3 of 100 buffers unaccounted" ]
}

@test "ping's reports are added up, duplicates counted" {
	printf '%s\n' '5 packets transmitted, 4 received, +2 duplicates, 20% packet loss' >"$LOGS/a"
	printf '%s\n' '5 packets transmitted, 5 received, 0% packet loss, time 4ms' >"$LOGS/b"
	[ "$(ping_counts "$LOGS/a" "$LOGS/b")" = "10 9 2" ]
}

@test "hugepages: what a run adds is taken away when it ends, others' pages stay" {
	local before after mb=8
	before=$(</proc/sys/vm/nr_hugepages)
	hf_run_begin "$NAME"
	# Free pages will do, but where other runs are: then they are theirs.
	[ -n "$(hf_run_others)" ] ||
		mb=$((mb + $(hf_meminfo HugePages_Free) * $(hf_meminfo Hugepagesize) / 1024))
	hf_hugepages_reserve "$mb"
	after=$(</proc/sys/vm/nr_hugepages)
	hf_run_end
	[ "$after" -gt "$before" ]
	same "$(</proc/sys/vm/nr_hugepages)" "$before" nr_hugepages
	[ ! -e "$HF_RUNS/$NAME" ]
}

@test "a run whose script was killed is undone by the next one" {
	local pid before
	before=$(</proc/sys/vm/nr_hugepages)
	bash -c '. "$1/deploy/lib.sh"
		hf_run_begin "$2"
		hf_hugepages_reserve 16
		hf_netns_add "$2"
		hf_spawn worker /dev/null sleep 300
		hf_run_record instances "$2"
		mkdir -p "/run/holdfast/$2" "/var/run/dpdk/$2"
		: >"$HF_HUGE_DIR/$2map_0"
		echo $HF_PID >"$3"
		kill -KILL $$' bash "$HF_TOP" "$NAME" "$LOGS/pid" || true
	pid=$(<"$LOGS/pid")
	hf_proc_alive "$pid"
	hf_runs_sweep
	! hf_proc_alive "$pid" || fail "process $pid is left"
	! ip netns list | grep -qw "$NAME" || fail "namespace is left"
	[ ! -e "/run/holdfast/$NAME" ] && [ ! -e "/var/run/dpdk/$NAME" ]
	[ ! -e "$HF_HUGE_DIR/${NAME}map_0" ] && [ ! -e "$HF_RUNS/$NAME" ]
	same "$(</proc/sys/vm/nr_hugepages)" "$before" nr_hugepages
}

@test "a process that ignores SIGTERM is killed" {
	hf_spawn worker /dev/null bash -c 'trap "" TERM; while :; do sleep 1; done'
	local pid=$HF_PID
	sleep 0.3
	hf_pids_end "$pid"
	run ! hf_proc_alive "$pid"
}

@test "packages.txt: every line is a package with a reason, in a known section" {
	run -1 grep -vE '^(#.*|\[(run|build|test)\]|[a-z0-9.+-]+  # .+|)$' "$HF_TOP/deploy/packages.txt"
	[ "$(hf_packages_list run build test | sort | uniq -d)" = '' ]
	[ "$(hf_packages_list run build | wc -l)" -gt 10 ]
}

@test "results: cases are counted, and a program that crashed counts as failed" {
	mkdir -p "$LOGS/b/meson-logs"
	cat >"$LOGS/b/meson-logs/testlog.json" <<'END'
{"name": "a / one", "result": "OK", "stdout": "1..3\nok 1 - x\nok 2 y\nok 3 z # skip no net\n"}
{"name": "a / two", "result": "FAIL", "stdout": "1..2\nok 1 - x\nnot ok 2 - y\n"}
{"name": "a / three", "result": "ERROR", "stdout": "1..2\nok 1 - x\n"}
{"name": "a / four", "result": "OK"}
END
	run -1 "$HF_TOP/tests/tools/results.py" "$LOGS/b/meson-logs/testlog.json"
	same "${lines[-1]}" "5 passed, 2 failed, 1 skipped" "last line"
}
