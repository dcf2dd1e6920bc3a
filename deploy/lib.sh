# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What quickstart, tests/run and the bats tests share: packages, hugepages, namespaces, processes,
# and their removal. Sourced by bash; defines functions and HF_* variables, does nothing by itself.
#
# A *run* is one use of the machine. Its folder /run/holdfast-runs/NAME lists what it owns, written
# before or together with the thing itself, so that hf_run_end can undo all of it at any moment, and
# so that the next run can undo what a killed one left (hf_runs_sweep). Files in it:
#   owner      pid and start time of the script; hf_run_end and the sweep go by it
#   pids       one line a process: pid, start time, role
#   netns      namespaces
#   instances  names of Holdfast instances: files in /run, /var/run/dpdk and hugetlbfs
#   pages      hugepages this run added
#   keep       present: outlives its script (quickstart --keep)
# Pages are added and later subtracted, never set, so that runs do not disturb one another.

HF_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HF_RUNS=/run/holdfast-runs
HF_HUGE_DIR=/dev/hugepages
HF_RUN=''           # name of this script's run, once begun
HF_UNINTERRUPTED='' # command that a signal must not cut short
HF_SIGNALLED=''     # exit status of a signal that came meanwhile

if [ -t 1 ]; then
	HF_BOLD=$'\e[1m' HF_RED=$'\e[1;31m' HF_PLAIN=$'\e[0m'
else
	HF_BOLD='' HF_RED='' HF_PLAIN=''
fi

# hf_say OBJECT TEXT...: one line of progress.
hf_say() {
	local object=$1
	shift
	printf '%s%s:%s %s\n' "$HF_BOLD" "$object" "$HF_PLAIN" "$*"
}

# hf_fail OBJECT TEXT...: one line on stderr. The caller decides what follows.
hf_fail() {
	local object=$1
	shift
	printf '%s%s:%s %s\n' "$HF_RED" "$object" "$HF_PLAIN" "$*" >&2
}

# hf_need_root NAME
hf_need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	hf_fail "$1" "must run as root: it uses hugepages and network namespaces"
	return 1
}

# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$HF_TOP/deploy/packages.sh"
# shellcheck source-path=SCRIPTDIR source=machine.sh
. "$HF_TOP/deploy/machine.sh"

# --- processes ----------------------------------------------------------------------------------

# hf_proc_stat PID: "state start-time", nothing when there is no such process.
hf_proc_stat() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	# shellcheck disable=SC2086 # the fields after "pid (name) " are wanted one by one
	set -- ${line##*) }
	echo "$1 ${20}"
}

hf_proc_start() {
	local stat
	stat=$(hf_proc_stat "$1") || return 1
	echo "${stat#* }"
}

# hf_proc_alive PID [START]: lives, is no zombie, and is the one that started then.
hf_proc_alive() {
	local stat
	stat=$(hf_proc_stat "$1") || return 1
	case $stat in
	[ZX]*) return 1 ;;
	esac
	[ -z "${2:-}" ] || [ "${stat#* }" = "$2" ]
}

# hf_spawn ROLE LOG COMMAND...: starts it in the background in a session of its own, listed in the
# run. Sets HF_PID.
hf_spawn() {
	local role=$1 log=$2
	shift 2
	setsid "$@" </dev/null >>"$log" 2>&1 3>&- 4>&- &
	HF_PID=$!
	hf_run_record pids "$HF_PID" "$(hf_proc_start "$HF_PID")" "$role"
}

# hf_pids_signal SIGNAL PID...: to each one's process group, or to it alone when it has none.
hf_pids_signal() {
	local signal=$1 pid
	shift
	for pid; do
		kill -"$signal" -- "-$pid" 2>/dev/null || kill -"$signal" "$pid" 2>/dev/null
	done
	return 0
}

# hf_pids_wait SECONDS PID...: until all have ended. 1 when some are left after that time, or up to
# a second more.
hf_pids_wait() {
	local limit=$((SECONDS + $1 + 1)) pid
	shift
	for pid; do
		while hf_proc_alive "$pid"; do
			[ $SECONDS -lt "$limit" ] || return 1
			sleep 0.02
		done
	done
}

# hf_pids_end PID...: SIGTERM, then SIGKILL; returns when they are gone.
hf_pids_end() {
	[ $# -gt 0 ] || return 0
	hf_pids_signal TERM "$@"
	hf_pids_wait 5 "$@" && return 0
	hf_pids_signal KILL "$@"
	hf_pids_wait 5 "$@"
}

# hf_wait_for SECONDS COMMAND...: until the command succeeds. 1 when it did not in that time, or up
# to a second more.
hf_wait_for() {
	local limit=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt "$limit" ] || return 1
		sleep 0.05
	done
}

# hf_uninterrupted LOG COMMAND...: runs a command that is waited for even after a signal; the signal
# takes effect when it has ended.
hf_uninterrupted() {
	local log=$1 pid status
	shift
	HF_UNINTERRUPTED=$1
	setsid "$@" </dev/null >>"$log" 2>&1 3>&- &
	pid=$!
	wait "$pid"
	status=$?
	while hf_proc_alive "$pid"; do
		wait "$pid"
		status=$?
	done
	HF_UNINTERRUPTED=''
	[ -z "$HF_SIGNALLED" ] || hf_on_signal "$HF_SIGNALLED"
	return "$status"
}

# hf_step LOG COMMAND...: runs a command that a signal may cut short at once.
hf_step() {
	local log=$1 pid
	shift
	setsid "$@" </dev/null >>"$log" 2>&1 3>&- &
	pid=$!
	hf_run_record pids "$pid" "$(hf_proc_start "$pid")" step
	wait "$pid"
}

# --- runs ---------------------------------------------------------------------------------------

# hf_run_begin NAME: begins this script's run, after what dead ones left has been removed.
hf_run_begin() {
	mkdir -p "$HF_RUNS" || return 1
	hf_runs_sweep
	HF_RUN=$1
	mkdir -p "$HF_RUNS/$HF_RUN" || return 1
	echo "$$ $(hf_proc_start $$)" >"$HF_RUNS/$HF_RUN/owner"
}

# hf_run_traps: the run ends with the script, however that ends.
hf_run_traps() {
	trap 'trap "" INT TERM HUP; hf_run_end' EXIT
	trap 'hf_on_signal 130' INT
	trap 'hf_on_signal 143' TERM
	trap 'hf_on_signal 129' HUP
}

hf_on_signal() {
	if [ -n "$HF_UNINTERRUPTED" ]; then
		HF_SIGNALLED=$1
		hf_say "$HF_UNINTERRUPTED" "is brought to its end first"
		return 0
	fi
	trap '' INT TERM HUP
	exit "$1"
}

# hf_run_record FILE WORD...: one more line in a file of the run.
hf_run_record() {
	local file=$1
	shift
	[ -z "$HF_RUN" ] || echo "$*" >>"$HF_RUNS/$HF_RUN/$file"
}

hf_run_lines() {
	cat "$HF_RUNS/$HF_RUN/$1" 2>/dev/null
}

# hf_run_pids ROLE|not-ROLE: the run's living processes of a role, or of all others.
hf_run_pids() {
	local pid start role
	while read -r pid start role; do
		case $1 in
		not-*) [ "$role" != "${1#not-}" ] || continue ;;
		*) [ "$role" = "$1" ] || continue ;;
		esac
		! hf_proc_alive "$pid" "$start" || echo "$pid"
	done < <(hf_run_lines pids)
}

# hf_run_stop: ends the run's processes, the primary last, and removes namespaces and files.
# Pages stay until hf_run_end.
hf_run_stop() {
	local name
	# A signal may have come before a process was listed: the shell's own list closes that gap.
	# shellcheck disable=SC2046 # pids are words
	hf_pids_end $({
		hf_run_pids not-primary
		jobs -p
	} | grep -vxF "$(hf_run_pids primary | grep . || echo none)" | sort -u)
	# shellcheck disable=SC2046
	hf_pids_end $(hf_run_pids primary)
	for name in $(hf_run_lines netns); do
		hf_netns_remove "$name"
	done
	for name in $(hf_run_lines instances); do
		hf_instance_sweep "$name"
	done
	rm -f "$HF_RUNS/$HF_RUN/"{pids,netns,instances}
}

# hf_run_end: undoes all the run did. May be called twice, and after a failure anywhere.
hf_run_end() {
	[ -n "$HF_RUN" ] && [ -d "$HF_RUNS/$HF_RUN" ] || return 0
	hf_run_stop
	hf_hugepages_release
	rm -rf "${HF_RUNS:?}/$HF_RUN"
	hf_hugetlbfs_unmount
	rmdir "$HF_RUNS" 2>/dev/null || true # other runs may be there
	HF_RUN=''
}

# hf_run_others: names of the other runs.
hf_run_others() {
	local dir
	for dir in "$HF_RUNS"/*/; do
		dir=${dir%/}
		[ ! -d "$dir" ] || [ "${dir##*/}" = "$HF_RUN" ] || echo "${dir##*/}"
	done
}

# hf_runs_sweep: ends the runs whose script was killed.
hf_runs_sweep() {
	local name pid start mine=$HF_RUN
	HF_RUN=''
	for name in $(hf_run_others); do
		[ ! -e "$HF_RUNS/$name/keep" ] || continue
		read -r pid start 2>/dev/null <"$HF_RUNS/$name/owner" || continue
		! hf_proc_alive "$pid" "$start" || continue
		HF_RUN=$name
		hf_run_end
		mkdir -p "$HF_RUNS"
	done
	HF_RUN=$mine
}

# hf_instance_sweep NAME: the files an instance leaves behind when it is killed.
hf_instance_sweep() {
	rm -f "$HF_HUGE_DIR/$1"map_* "$HF_HUGE_DIR/holdfast-$1.segment"
	rm -rf "/run/holdfast/${1:?}" "/var/run/dpdk/${1:?}"
	rmdir /run/holdfast /var/run/dpdk 2>/dev/null || true
}

# --- build --------------------------------------------------------------------------------------

# hf_build DIR MESON-OPTION...: configures if needed, builds $HF_TARGETS or all. Output goes to
# DIR.log, and is shown when it fails.
hf_build() {
	local dir=$1 log=$1.log began=$SECONDS
	shift
	mkdir -p "$(dirname "$dir")" && : >"$log" || return 1
	if [ ! -f "$dir/build.ninja" ]; then
		rm -rf "$dir"
		hf_step "$log" meson setup "$dir" "$HF_TOP" "$@" || hf_build_failed "$log" || return 1
	fi
	# shellcheck disable=SC2086 # targets are words
	hf_step "$log" ninja -C "$dir" ${HF_TARGETS:-} || hf_build_failed "$log" || return 1
	if grep -q 'no work to do' "$log"; then
		hf_say build "${dir#"$HF_TOP"/} is up to date"
	else
		hf_say build "${dir#"$HF_TOP"/} in $((SECONDS - began)) s"
	fi
}

hf_build_failed() {
	hf_fail build "failed: the end of $1 follows"
	tail -n 40 "$1" >&2
	return 1
}

# hf_programs DIR: sets HF_PRIMARY, HF_WORKER, HF_MONITOR and HF_CTL to the programs of a build.
hf_programs() {
	HF_PRIMARY=$1/primary/holdfast-primary
	HF_WORKER=$1/secondary/holdfast-worker
	HF_MONITOR=$1/monitor/holdfast-monitor
	HF_CTL=$1/primary/ctl/holdfastctl
	local program
	for program in "$HF_PRIMARY" "$HF_WORKER" "$HF_MONITOR" "$HF_CTL"; do
		[ -x "$program" ] && continue
		hf_fail "$program" "not built"
		return 1
	done
}
