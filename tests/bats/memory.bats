#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Resident memory beside hugepages (VmRSS does not count those).
load lib

# resident_at_most PID MEGABYTES WHAT
resident_at_most() {
	local kb
	kb=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status")
	echo "# $3: $kb kB resident" >&3
	[ "$kb" -le $(($2 * 1024)) ] || fail "$3: $kb kB resident, at most $2 MB wanted"
}

@test "primary at most 64 MB, worker 48 MB, monitor 8 MB, under traffic" {
	# shellcheck disable=SC2046
	write_config 2 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0 1
	hf_spawn monitor "$LOGS/monitor" "$HF_MONITOR" --instance "$INSTANCE" --batch --interval 0.5
	local monitor=$HF_PID
	start_iperf_server
	start_iperf tcp -t 2
	wait "$HF_PID"
	resident_at_most "$PRIMARY" 64 primary
	resident_at_most "$WORKER" 48 worker
	resident_at_most "$monitor" 8 monitor
}
