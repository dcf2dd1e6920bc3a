#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# deploy/doctor on this machine, beside a primary that runs. Nobody else's may start or die meanwhile.
load lib
load doctor

@test "this machine: an instance is alive while its primary runs, and stale after SIGKILL" {
	write_config 1 net_null0,no-rx=1 net_null1,no-rx=1
	run doctor --json --config "$CONFIG"
	found OK hugepages "needed with the segment"
	start_primary
	run -0 doctor --json --config "$CONFIG"
	found OK hugepages "instance $INSTANCE runs"
	found OK stale "alive: $INSTANCE"
	hf_pids_signal KILL "$PRIMARY"
	hf_pids_wait 5 "$PRIMARY"
	run -0 doctor --json --config "$CONFIG"
	found WARN stale "$INSTANCE: no process of it lives"
	# What it says mends it, mends it.
	bash -c "$(jq -r '.[] | select(.check == "stale").mend' <<<"$output")"
	run -0 doctor --json --config "$CONFIG"
	found OK stale "no files of dead instances"
	run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
}

@test "this machine: the doctor and the primary agree on what is missing" {
	local missing
	write_config 1 net_null0,no-rx=1 net_null1,no-rx=1
	echo 'memory_mb: 1000000' >>"$CONFIG"
	# Somebody else may take or free pages between the two.
	for _ in 1 2 3; do
		run -1 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
		[[ $output =~ hugepages:\ ([0-9]+\ of\ [0-9]+\ kB)\ are\ missing ]] || fail "$output"
		missing=${BASH_REMATCH[1]}
		run -1 doctor --json --config "$CONFIG"
		found FAIL hugepages "all nodes: $missing missing" && return
	done
	false
}

@test "this machine: who is not root is told that stale files cannot be seen" {
	local copy=/tmp/hf-doctor-$$
	unset HF_BUILD
	mkdir "$copy" && cp -r "$HF_TOP/deploy" "$copy"
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$copy/deploy/doctor" --json
	rm -r "$copy"
	found WARN stale "only root sees" sudo
}
