# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a run takes from the machine: hugepages, hugetlbfs, network namespaces. Part of lib.sh.

# --- hugepages ----------------------------------------------------------------------------------

hf_meminfo() {
	awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}

# hf_locked FUNCTION...: under the lock of all runs, in a subshell that no signal cuts short.
hf_locked() {
	(
		trap '' INT TERM HUP
		mkdir -p "$HF_RUNS"
		exec 9</run # a lock that leaves no file
		flock 9
		"$@"
	)
}

# hf_hugetlbfs_mount: mounts it when it is not. The last run to end unmounts it again.
hf_hugetlbfs_mount() {
	hf_locked hf_hugetlbfs_mount_locked
}

hf_hugetlbfs_mounted() {
	awk -v dir="$HF_HUGE_DIR" '$2 == dir && $3 == "hugetlbfs" { found = 1 }
		END { exit !found }' /proc/mounts
}

hf_hugetlbfs_mount_locked() {
	if hf_hugetlbfs_mounted; then
		hf_say hugetlbfs "mounted on $HF_HUGE_DIR"
		return 0
	fi
	if ! mkdir -p "$HF_HUGE_DIR" || ! mount -t hugetlbfs hugetlbfs "$HF_HUGE_DIR"; then
		hf_fail hugetlbfs "cannot be mounted on $HF_HUGE_DIR"
		return 1
	fi
	: >"$HF_RUNS/.mounted"
	hf_say hugetlbfs "mounted on $HF_HUGE_DIR, until the end"
}

hf_hugetlbfs_unmount() {
	[ ! -d "$HF_RUNS" ] || hf_locked hf_hugetlbfs_unmount_locked
}

hf_hugetlbfs_unmount_locked() {
	[ -z "$(hf_run_others)" ] || return 0
	if [ -e "$HF_RUNS/.mounted" ] && hf_hugetlbfs_mounted; then
		umount "$HF_HUGE_DIR" 2>/dev/null || return 0
	fi
	rm -f "$HF_RUNS/.mounted"
}

# hf_hugepages_reserve MEGABYTES: makes that much free for this run.
hf_hugepages_reserve() {
	hf_locked hf_hugepages_reserve_locked "$1"
}

hf_hugepages_reserve_locked() {
	local kb need before free add now
	kb=$(hf_meminfo Hugepagesize)
	need=$((($1 * 1024 + kb - 1) / kb))
	before=$(</proc/sys/vm/nr_hugepages)
	free=$(($(hf_meminfo HugePages_Free) - $(hf_meminfo HugePages_Rsvd)))
	[ -z "$(hf_run_others)" ] || free=0 # they may be promised to another run
	add=$((need > free ? need - free : 0))
	if [ "$add" -eq 0 ]; then
		hf_say hugepages "$need of $kb kB needed, $free free: none added"
		return 0
	fi
	echo $((before + add)) >/proc/sys/vm/nr_hugepages
	now=$(</proc/sys/vm/nr_hugepages)
	echo $((now - before)) >"$HF_RUNS/$HF_RUN/pages"
	if [ $((now - before)) -lt "$add" ]; then
		hf_fail hugepages "$add of $kb kB wanted, $((now - before)) could be had: memory is" \
			"short or fragmented"
		return 1
	fi
	hf_say hugepages "$add of $kb kB added: $before before, $now now, $before again at the end"
}

hf_hugepages_release() {
	hf_locked hf_hugepages_release_locked
}

hf_hugepages_release_locked() {
	local added now
	added=$(cat "$HF_RUNS/$HF_RUN/pages" 2>/dev/null) || return 0
	now=$(</proc/sys/vm/nr_hugepages)
	rm -f "$HF_RUNS/$HF_RUN/pages"
	[ "$now" -lt "$added" ] || echo $((now - added)) >/proc/sys/vm/nr_hugepages
}

# --- namespaces ---------------------------------------------------------------------------------

# hf_netns_add NAME: a namespace of the run, with its loopback up.
hf_netns_add() {
	hf_run_record netns "$1"
	ip netns add "$1" && ip -n "$1" link set lo up
}

hf_netns_remove() {
	local pids
	ip netns list 2>/dev/null | awk '{ print $1 }' | grep -qx "$1" || return 0
	mapfile -t pids < <(ip netns pids "$1" 2>/dev/null)
	[ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || true
	ip netns del "$1" 2>/dev/null || true
}

# hf_netns_host NAMESPACE INTERFACE ADDRESS...: gives an interface of that namespace addresses
# (IPv4 and IPv6, with prefix length) and brings it up, without the noise of autoconfiguration.
hf_netns_host() {
	local ns=$1 dev=$2 address
	shift 2
	# shellcheck disable=SC2016 # $1 is the inner shell's
	ip netns exec "$ns" sh -c 'cd "/proc/sys/net/ipv6/conf/$1" 2>/dev/null || exit 0
		echo 0 >accept_ra; echo 0 >accept_dad; echo 0 >router_solicitations
		echo 1 >addr_gen_mode' sh "$dev" || return 1
	for address; do
		case $address in
		*:*)
			[ -e /proc/net/if_inet6 ] || continue
			ip -n "$ns" address add "$address" dev "$dev" nodad || return 1
			;;
		*) ip -n "$ns" address add "$address" dev "$dev" || return 1 ;;
		esac
	done
	ip -n "$ns" link set "$dev" up
}

# hf_netns_adopt NAMESPACE INTERFACE ADDRESS...: moves an interface there, then hf_netns_host.
hf_netns_adopt() {
	# A TAP's queue of the default 1,000 packets drops bursts of TCP before DPDK sees them.
	ip link set "$2" txqueuelen 8192 && ip link set "$2" netns "$1" && hf_netns_host "$@"
}

# hf_netns_listens NAMESPACE PORT: somebody accepts TCP connections there.
hf_netns_listens() {
	[ -n "$(ip netns exec "$1" ss -Hltn "sport = :$2")" ]
}
