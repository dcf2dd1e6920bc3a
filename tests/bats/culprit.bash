# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Workers that hang or crash when they are told to, on a lane with traffic. Loaded after lib and wire.

setup() {
	test_begin
	wire_begin
	GAPS_US=()
}

# start_traffic: two ports, for the primary to connect to; nothing_lost ends it. $RATE: packets a
# second.
start_traffic() {
	start_wire --idle sleep --rate "${RATE:-10000}" --flows 100 --seconds 600
}

# start_forwarder [LINE OF CONFIGURATION]: one lane, its worker, a standby, traffic. The lane is a
# software lane, where no death costs a packet. An owner that goes on sends thousands of packets at
# once: holdfast-wire, without a CPU just then, is waited for.
start_forwarder() {
	# shellcheck disable=SC2046 # words
	EXTRA="queues: software
l2: {mode: macswap}
tx: {retry_us: 10000}
${1:-}" RING=16384 POOL=32767 write_config 1 $(wire_devices)
	start_primary
	start_culprit w0 --lanes 0
	POINT_AT='' start_culprit w1 --standby
	wire_go
}

# start_culprit NAME OPTION...: a worker that can be made to misbehave. $CULPRIT_MB: its memory.
start_culprit() {
	local real=$HF_WORKER status=0
	cat >"$BATS_TEST_TMPDIR/worker" <<-END
		#!/bin/sh
		ulimit -c ${CORES:-0}
		echo 0x73 >/proc/self/coredump_filter # as somebody may want it
		cd "$BATS_TEST_TMPDIR" || exit 1
		exec env LD_PRELOAD="$HF_BUILD/tests/libmisbehave.so" HF_MISBEHAVE_MB="${CULPRIT_MB:-0}" \
			HF_POINT_AT="${POINT_AT:-}" "$real" "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/worker"
	HF_WORKER=$BATS_TEST_TMPDIR/worker
	start_worker "$@" || status=1
	HF_WORKER=$real
	return "$status"
}

# taken_over BEFORE: lane 0 has had more than BEFORE takeovers, and a packet since.
taken_over() {
	status_is ".lanes[0] | .takeovers > $1 and .state == \"running\" and
		.last_gap_kind == \"takeover\""
}

# misbehave_times N SIGNAL [thread]: N times, the owner (its lane's thread) gets SIGNAL and the lane
# is taken over. Adds to GAPS_US; of cores the last one stays.
misbehave_times() {
	local n=$1 signal=$2 what=${3:+owner_tid} i pid process takeovers
	for ((i = 1; i <= n; i++)); do
		rm -f "$BATS_TEST_TMPDIR"/core*
		somebody_waits
		process=$(status_of '.lanes[0].owner_pid')
		pid=$(status_of ".lanes[0].${what:-owner_pid}")
		takeovers=$(status_of '.lanes[0].takeovers')
		kill -"$signal" "$pid"
		hf_wait_for 10 taken_over "$takeovers" || fail "lane 0 was not taken over" || return 1
		sleep 0.2
		GAPS_US+=("$(status_of '.lanes[0].last_gap_us')")
		# A core of 512 MB may take seconds.
		hf_pids_wait 30 "$process" || fail "the worker $process lives" || return 1
		start_culprit "r${#GAPS_US[@]}" --standby || return 1
	done
	echo "# $signal: gaps in us: ${GAPS_US[*]}" >&3
}

# Where does the kernel put cores? Only a plain name is understood here.
cores_are_files() {
	[[ $(</proc/sys/kernel/core_pattern) != [\|/]* ]] && return 0
	echo "# Not supported here: core dumps go to $(</proc/sys/kernel/core_pattern)" >&3
	skip "core dumps are not written to the working directory"
}

core_mb() {
	local core
	core=$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'core*' -printf '%s %p\n' | sort -n | tail -n 1)
	[ -n "$core" ] && echo $((${core%% *} >> 20))
}
