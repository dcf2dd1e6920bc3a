#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# holdfast-lab: that it measures and leaves nothing behind; what it measures is no test.
load lib

setup() {
	test_begin
	LAB=$HF_BUILD/tests/lab/holdfast-lab
}

# left_behind: files and processes of measurements whose program has ended.
left_behind() {
	find /dev/hugepages /run/holdfast /var/run/dpdk /tmp -maxdepth 1 -name "*hflab$1*" \
		-o -maxdepth 1 -name "holdfast-lab-$1" 2>/dev/null
}

@test "lab forward gives every figure of its JSON, and nulls for sources left out" {
	"$LAB" forward --rounds 1 --seconds 0.2 --source null --nice 0 --json >"$LOGS/lab.json"
	! grep -q '^Not supported here' "$LOGS/lab.json" || skip "$(<"$LOGS/lab.json")"
	jq -e '.null_mpps > 0 and .null_ratio > 0 and .null_flow_ns_per_pkt > 0 and
		.null_mpps_spread[0] <= .null_mpps and .software_io_mpps == null and
		([.cases[].mpps] | length == 3 and all(. > 0))' "$LOGS/lab.json" >/dev/null ||
		fail "$(<"$LOGS/lab.json")"
}

@test "lab flow-table gives the cost of a flood against bulk, for each number of flows" {
	"$LAB" flow-table --flows 2K,4K --rounds 1 --json >"$LOGS/lab.json" 2>"$LOGS/lab"
	jq -e '.flow_table | .ns_2k > 0 and .flood_ns_2k > 0 and .flood_ratio_2k > 0 and
		.flood_ratio_4k > 0 and .ratio_4k > 0' "$LOGS/lab.json" >/dev/null ||
		fail "$(<"$LOGS/lab.json")"
}

@test "lab forward ends what it started and removes its files when it is interrupted" {
	local pid
	"$LAB" forward --seconds 60 --source null --nice 0 >"$LOGS/lab" 2>&1 &
	pid=$!
	sleep 0.2
	! grep -q '^Not supported here' "$LOGS/lab" || skip "$(<"$LOGS/lab")"
	hf_wait_for 10 test -d "/var/run/dpdk/hflab$pid-0"
	pgrep -P "$pid" >/dev/null || fail "it started nothing"
	kill -INT "$pid"
	hf_pids_wait 10 "$pid" || fail "it does not end"
	same "$(left_behind "$pid")" "" "left behind"
}

@test "lab forward: a bad option is one line and exit 2" {
	run -2 "$LAB" forward --rounds 0
	[ "${#lines[@]}" -eq 1 ] || fail "said: $output"
	run -2 "$LAB" forward --source nothing
	run -2 "$LAB" nothing
}
