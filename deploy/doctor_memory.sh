# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Hugepages on each NUMA node, hugetlbfs, the limit of locked memory. Part of doctor.

# page_kb: size of the pages hugetlbfs is mounted with.
page_kb() {
	local options size
	options=$(awk -v dir="$HUGE_DIR" '$2 == dir && $3 == "hugetlbfs" { print $4 }' \
		"$HF_SYSFS/proc/mounts" | tail -n 1)
	[[ $options =~ pagesize=([0-9]+)([KMG]) ]] || {
		awk '$1 == "Hugepagesize:" { print $2 }' "$HF_SYSFS/proc/meminfo"
		return
	}
	size=${BASH_REMATCH[1]}
	case ${BASH_REMATCH[2]} in
	K) echo "$size" ;;
	M) echo $((size * 1024)) ;;
	G) echo $((size * 1024 * 1024)) ;;
	esac
}

# nodes: the NUMA nodes, by number. A kernel that knows none has one.
nodes() {
	local dir
	for dir in "$HF_SYSFS"/sys/devices/system/node/node[0-9]*; do
		[ -d "$dir" ] && echo "${dir##*/node}" || echo 0
	done | sort -n
}

# node_pages NODE KB: the folder of its page counts.
node_pages() {
	local dir=/sys/devices/system/node/node$1/hugepages/hugepages-$2kB
	[ -d "$HF_SYSFS$dir" ] || dir=/sys/kernel/mm/hugepages/hugepages-$2kB
	echo "$dir"
}

# port_nodes: nodes on which the configuration has ports; virtual ones count for node 0, as the
# primary has it.
port_nodes() {
	local address pci=0
	while read -r address _; do
		pci=$((pci + 1))
		hf_pci_node "$address"
	done < <(config_pci)
	[ "$pci" -eq ${#PORTS[@]} ] || echo 0
}

check_hugepages() {
	local kb
	if ! awk -v dir="$HUGE_DIR" '$2 == dir && $3 == "hugetlbfs" { found = 1 }
		END { exit !found }' "$HF_SYSFS/proc/mounts"; then
		finding FAIL hugetlbfs "not mounted on $HUGE_DIR" \
			"mkdir -p $HUGE_DIR && mount -t hugetlbfs hugetlbfs $HUGE_DIR"
	else
		finding OK hugetlbfs "mounted on $HUGE_DIR"
	fi
	kb=$(page_kb)
	if [ -z "$kb" ]; then
		finding FAIL hugepages "the kernel has none (CONFIG_HUGETLBFS)" \
			"apt-get install linux-image-amd64"
	elif [ "$HAVE_CONFIG" = 1 ] && instance_lives "$INSTANCE"; then
		finding OK hugepages "instance $INSTANCE runs: it has what it needs"
	else
		check_nodes "$kb"
	fi
}

# check_nodes KB: pages of every node, against what the configuration needs there. The segment comes
# on top; the kernel takes its pages where there are any, so that it counts for the sum.
check_nodes() {
	local kb=$1 node nr free need used sum=0 wanted=0 dir
	used=" $(port_nodes | sort -u | paste -sd' ') "
	for node in $(nodes); do
		dir=$(node_pages "$node" "$kb")
		nr=$(hf_read "$dir/nr_hugepages")
		free=$(hf_read "$dir/free_hugepages")
		need=0
		[[ $HAVE_CONFIG = 0 || $used != *" $node "* ]] || need=$(((NODE_MB * 1024 + kb - 1) / kb))
		check_node "$node" "$kb" "${nr:-0}" "${free:-0}" "$need"
		sum=$((sum + ${free:-0})) wanted=$((wanted + need))
	done
	if [ "$HAVE_CONFIG" = 0 ]; then
		[ "$sum" -gt 0 ] || finding FAIL hugepages "none of $kb kB is free" \
			"echo 512 >/proc/sys/vm/nr_hugepages"
		return
	fi
	wanted=$((wanted + (SEGMENT_KB + kb - 1) / kb))
	if [ "$sum" -ge "$wanted" ]; then
		finding OK hugepages "all nodes: $wanted of $kb kB needed with the segment, $sum free"
	else
		finding FAIL hugepages "all nodes: $((wanted - sum)) of $kb kB missing: $wanted needed with the segment, $sum free" \
			"echo $((nr + wanted - sum)) >$dir/nr_hugepages"
	fi
}

# check_node NODE KB ALL FREE NEEDED
check_node() {
	local file
	file=$(node_pages "$1" "$2")/nr_hugepages
	if [ "$4" -lt "$5" ]; then
		finding FAIL hugepages "node $1: $(($5 - $4)) of $2 kB missing: $5 needed, $4 of $3 free" \
			"echo $(($3 + $5 - $4)) >$file"
	elif [ "$3" -eq 0 ] && [ "$HAVE_CONFIG" = 0 ]; then
		finding WARN hugepages "node $1: none of $2 kB: a port there cannot start" "echo 512 >$file"
	else
		finding OK hugepages "node $1: $4 of $3 pages of $2 kB free, $5 needed by ports"
	fi
}

# The limit holds for whoever has not CAP_IPC_LOCK (bit 14), as root has outside of containers.
check_memlock() {
	local limit caps
	limit=$(awk '/^Max locked memory/ { print $4 }' "$HF_SYSFS/proc/self/limits")
	caps=$(awk '$1 == "CapEff:" { print $2 }' "$HF_SYSFS/proc/self/status")
	if [ "$limit" = unlimited ]; then
		finding OK memlock "unlimited"
	elif (((16#${caps:-0} >> 14) & 1)); then
		finding OK memlock "${limit:-0} bytes; CAP_IPC_LOCK is not bound by it"
	else
		finding WARN memlock "${limit:-0} bytes without CAP_IPC_LOCK: VFIO cannot pin the packet buffers" \
			"ulimit -l unlimited (systemd: LimitMEMLOCK=infinity)"
	fi
}
