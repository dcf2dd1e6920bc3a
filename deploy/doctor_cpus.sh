# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# CPUs of lanes and I/O threads: online, unshared, isolated, at full clock; and what else runs on the
# machine that disturbs them. Part of doctor.

# cpus_expand LIST: "0-2,5" as one number a line.
cpus_expand() {
	local part
	for part in ${1//,/ }; do
		[[ $part =~ ^[0-9]+(-[0-9]+)?$ ]] && seq "${part%-*}" "${part#*-}"
	done
}

# cpus_list: numbers, one a line, as "0-2,5".
cpus_list() {
	sort -nu | awk '
		NR > 1 && $1 == last + 1 { last = $1; next }
		NR > 1 { out() }
		{ first = last = $1 }
		function out() { printf "%s%s", n++ ? "," : "", first == last ? first : first "-" last }
		END { if (NR) out(); print "" }'
}

# threads: "CPU name" of every lane and I/O thread that names a CPU.
threads() {
	local k
	for k in "${!LANE_CPUS[@]}"; do
		[ "${LANE_CPUS[k]}" = any ] || echo "${LANE_CPUS[k]} lane $k"
	done
	for k in "${!IO_CPUS[@]}"; do
		[ "${IO_CPUS[k]}" = any ] || echo "${IO_CPUS[k]} I/O thread $k"
	done
}

named_cpus() {
	threads | cut -d' ' -f1 | sort -nu
}

check_cpus() {
	if [ "$HAVE_CONFIG" = 1 ]; then
		check_online
		check_shared
		check_siblings
		check_isolation
		check_distance
	fi
	check_governor
}

check_online() {
	local cpu who online present bad=''
	online=$(cpus_expand "$(hf_read /sys/devices/system/cpu/online)")
	present=$(cpus_expand "$(hf_read /sys/devices/system/cpu/present)")
	while read -r cpu who; do
		! grep -qx "$cpu" <<<"$online" || continue
		bad=1
		if grep -qx "$cpu" <<<"$present"; then
			finding FAIL cpu-online "$who: CPU $cpu is offline" \
				"echo 1 >/sys/devices/system/cpu/cpu$cpu/online"
		else
			finding FAIL cpu-online "$who: this machine has no CPU $cpu" "\$EDITOR $CONFIG"
		fi
	done < <(threads)
	[ -n "$bad" ] || finding OK cpu-online "all CPUs of lanes and I/O threads are online"
}

# Two threads on one CPU take turns: harmless when they sleep, a pause of a time slice when they poll.
check_shared() {
	local cpu who before='' bad='' n floating level=WARN
	[ "$IDLE" != sleep ] || level=OK
	while read -r cpu who; do
		[[ -z $before || ${before%% *} != "$cpu" ]] || {
			bad=1
			finding $level cpu-shared "CPU $cpu: ${before#* } and $who share it, idle: $IDLE" \
				"$([ $level = OK ] || echo "\$EDITOR $CONFIG")"
		}
		before="$cpu $who"
	done < <(threads | sort -n -k1,1)
	n=$((${#LANE_CPUS[@]} + ${#IO_CPUS[@]}))
	floating=$((n - $(threads | wc -l)))
	[ "$floating" -eq 0 ] || [ $level = OK ] || {
		bad=1
		finding WARN cpu-shared "$floating of $n lanes and I/O threads name no CPU: the scheduler moves them about" \
			"\$EDITOR $CONFIG"
	}
	[ -n "$bad" ] || finding OK cpu-shared "no CPU has two lanes or I/O threads of their own"
}

# Two CPUs of one core halve each other's rate.
check_siblings() {
	local cpu other bad='' named
	named=$(named_cpus)
	for cpu in $named; do
		for other in $(cpus_expand \
			"$(hf_read "/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list")"); do
			[ "$other" -gt "$cpu" ] || continue
			grep -qx "$other" <<<"$named" || continue
			bad=1
			finding WARN cpu-siblings "CPUs $cpu and $other are one core" "\$EDITOR $CONFIG"
		done
	done
	[ -n "$bad" ] || [ -z "$named" ] || finding OK cpu-siblings "each thread has a core of its own"
}

check_isolation() {
	local list missing
	list=$(named_cpus | cpus_list)
	if [ -z "$list" ] || [ "$IDLE" = sleep ]; then
		finding OK isolation "not needed: $([ -z "$list" ] && echo "no CPU is named" || echo "idle: sleep")"
		return
	fi
	missing=$(isolation_missing "$list")
	if [ -z "$missing" ]; then
		finding OK isolation "CPUs $list are isolated"
	else
		finding WARN isolation "CPUs $list: not all in $missing of the kernel line" \
			"kernel line: isolcpus=$list nohz_full=$list rcu_nocbs=$list"
	fi
}

# isolation_missing LIST: the kernel parameters that do not cover it. nohz_full implies rcu_nocbs.
isolation_missing() {
	local isolated nohz nocbs missing=()
	isolated=$(hf_read /sys/devices/system/cpu/isolated)
	nohz=$(hf_read /sys/devices/system/cpu/nohz_full)
	nocbs=$(hf_read /proc/cmdline | tr ' ' '\n' | sed -n 's/^rcu_nocbs=//p')
	cpus_cover "$isolated" "$1" || missing+=(isolcpus)
	if ! cpus_cover "$nohz" "$1"; then
		missing+=(nohz_full)
		cpus_cover "$nocbs" "$1" || missing+=(rcu_nocbs)
	fi
	(
		IFS=,
		echo "${missing[*]}"
	)
}

# cpus_cover LIST WANTED: is every CPU of WANTED in LIST?
cpus_cover() {
	[ -z "$(comm -13 <(cpus_expand "$1" | sort) <(cpus_expand "$2" | sort))" ]
}

check_governor() {
	local file cpus='' governor cpu
	for file in "$HF_SYSFS"/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor; do
		[ -e "$file" ] || continue
		governor=$(<"$file")
		cpu=${file%/cpufreq/*}
		cpu=${cpu##*/cpu}
		[ "$governor" != performance ] || continue
		[ -z "$(named_cpus)" ] || named_cpus | grep -qx "$cpu" || continue
		cpus=$cpus$cpu$'\n'
	done
	if [ -n "$cpus" ]; then
		cpus=$(grep . <<<"$cpus" | cpus_list)
		finding WARN governor "CPUs $cpus: the clock follows the load" \
			"cpupower -c $cpus frequency-set -g performance"
	elif compgen -G "$HF_SYSFS/sys/devices/system/cpu/cpu*/cpufreq" >/dev/null; then
		finding OK governor "performance"
	else
		finding OK governor "no frequency scaling to be seen here"
	fi
}

# --- what else runs -----------------------------------------------------------------------------

check_machine() {
	local swaps thp
	if grep -qsx irqbalance "$HF_SYSFS"/proc/[0-9]*/comm; then
		finding WARN irqbalance "runs: it may move interrupts to the lanes' CPUs" \
			"systemctl disable --now irqbalance"
	else
		finding OK irqbalance "does not run"
	fi
	swaps=$(awk 'NR > 1 { print $1 }' "$HF_SYSFS/proc/swaps" 2>/dev/null | paste -sd' ')
	if [ -n "$swaps" ]; then
		finding WARN swap "on ($swaps): a page of a worker may have to be read from disk" "swapoff -a"
	else
		finding OK swap "off"
	fi
	thp=$(hf_read /sys/kernel/mm/transparent_hugepage/enabled)
	if [[ $thp == *'[always]'* ]]; then
		finding WARN transparent-hugepages "always: khugepaged moves pages of running programs" \
			"echo madvise >/sys/kernel/mm/transparent_hugepage/enabled"
	else
		finding OK transparent-hugepages "not forced on programs"
	fi
	if [ "$(hf_read /proc/sys/kernel/numa_balancing)" = 1 ] && [ "$(nodes | wc -l)" -gt 1 ]; then
		finding WARN numa-balancing "on: the kernel unmaps pages to see who uses them" \
			"sysctl -w kernel.numa_balancing=0"
	fi
}
