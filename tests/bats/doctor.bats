#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# deploy/doctor on fabricated machines, with configurations that the real primary reads.
load lib
load fake_machine
load doctor

setup() {
	test_begin
	fake_machine
}

# clean: all OK. clean_but CHECK: nothing but that check is not.
clean_but() {
	same "$(jq -r --arg check "$1" '[.[] | select(.level != "OK" and .check != $check)
		| "\(.check): \(.text)"] | join("; ")' <<<"$output")" '' "other findings"
}

clean() {
	clean_but ''
}

# nic_config IDLE LANE-CPUS IO-CPUS ADDRESS...: a configuration over NICs.
nic_config() {
	local address
	{
		echo "instance: $INSTANCE"
		echo "lanes: [{cpu: ${2//,/\}, {cpu: }}]"
		echo "io: [{cpu: ${3//,/\}, {cpu: }}]"
		echo "idle: $1"
		echo "pool: {size: 32767}"
		echo "ring: {size: 4096}"
		echo "ports:"
		for address in "${@:4}"; do
			echo "  - device: \"$address\""
		done
	} >"$CONFIG"
}

# needed_mb: what the primary says it needs on a node.
needed_pages() {
	"$HF_PRIMARY" -c "$CONFIG" --check -v |
		awk '/^# hugepages: / { print int(($3 * 1024 + 2047) / 2048) }'
}

two_nics() {
	fake_nic 0000:03:00.0 8086:1592 vfio-pci -
	fake_nic 0000:03:00.1 8086:1592 vfio-pci -
}

# --- a machine in order -------------------------------------------------------------------------

@test "a machine in order: all OK, status 0, with and without a configuration" {
	run -0 doctor --json
	clean
	two_nics
	nic_config sleep 0,1 2 0000:03:00.0 03:00.1
	run -0 doctor --json --config "$CONFIG"
	clean
	found OK config "instance $INSTANCE, 2 ports, 2 lanes, 1 I/O threads, idle: sleep"
	found OK port-driver "03:00.1: on vfio-pci"
}

@test "text: a line a finding, the mend on it, a sum at the end, no colour in a pipe" {
	fake_write proc/swaps "Filename Type Size Used Priority" "/dev/sda2 partition 1 0 -2"
	run -0 doctor
	[[ $output == *$'\nWARN  swap: on (/dev/sda2): '*"; mend: swapoff -a"$'\n'* ]] || fail "$output"
	[[ ${lines[-1]} =~ ^doctor:\ [0-9]+\ OK,\ 1\ WARN,\ 0\ FAIL$ ]]
	[[ $output != *$'\e'* ]]
}

@test "json: an array of check, level, text and mend, which is null when all is well" {
	run -0 doctor --json
	jq -e 'type == "array" and length > 8 and
		all(.[]; keys == ["check", "level", "mend", "text"]) and
		all(.[]; .level == "OK" and .mend == null)' <<<"$output" >/dev/null
}

# --- hugepages ----------------------------------------------------------------------------------

@test "two nodes, uneven hugepages: the node with the port counts, by the primary's own rule" {
	local need
	fake_node 0 0-1 1024
	fake_nic 0000:03:00.0 8086:1592 vfio-pci - 1
	nic_config sleep 2 3 0000:03:00.0
	need=$(needed_pages)
	fake_node 1 2-3 $((need - 1))
	run -1 doctor --json --config "$CONFIG"
	found FAIL hugepages "node 1: 1 of 2048 kB missing: $need needed, $((need - 1)) of $((need - 1)) free" \
		"echo $need >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
	found OK hugepages "node 0: 1024 of 1024"
	clean_but hugepages
	fake_node 1 2-3 "$need"
	run -0 doctor --json --config "$CONFIG"
	clean
}

@test "the segment counts for the sum of all nodes" {
	local need
	two_nics
	nic_config sleep 0,1 2 0000:03:00.0 0000:03:00.1
	need=$(needed_pages)
	fake_node 0 0-3 "$need"
	run -1 doctor --json --config "$CONFIG"
	found OK hugepages "node 0:"
	found FAIL hugepages "needed with the segment, $need free"
}

@test "two nodes without a configuration: a node without pages is a warning, none at all a failure" {
	fake_node 0 0-1 64
	fake_node 1 2-3 0
	run -0 doctor --json
	found WARN hugepages "node 1: none of 2048 kB"
	fake_node 0 0-1 0
	run -1 doctor --json
	found FAIL hugepages "none of 2048 kB is free"
}

@test "hugetlbfs is not mounted where the configuration wants it" {
	fake_write proc/mounts "none /mnt/huge hugetlbfs rw,pagesize=1024M 0 0"
	run -1 doctor --json
	found FAIL hugetlbfs "not mounted on /dev/hugepages" "mount -t hugetlbfs"
	nic_config sleep 0 1 net_null0
	echo 'hugepage_dir: /mnt/huge' >>"$CONFIG"
	run -1 doctor --json --config "$CONFIG"
	found OK hugetlbfs "mounted on /mnt/huge"
	found FAIL hugepages "of 1048576 kB missing"
}

# --- ports --------------------------------------------------------------------------------------

@test "igb on uio_pci_generic fails, named by a configuration or not" {
	fake_nic 0000:03:00.0 8086:1521 uio_pci_generic -
	run -1 doctor --json
	found FAIL port-driver "on uio_pci_generic: when a secondary process ends" "bind 0000:03:00.0"
	nic_config sleep 0 1 03:00.0
	run -1 doctor --json --config "$CONFIG"
	found FAIL port-driver "03:00.0: on uio_pci_generic" "bind 0000:03:00.0"
	clean_but port-driver
}

@test "a port on the kernel's driver, on none, or not there at all" {
	fake_nic 0000:03:00.0 8086:1592 ice ens3
	fake_nic 0000:03:00.1 8086:1592 - -
	nic_config sleep 0 1 0000:03:00.0 0000:03:00.1 0000:09:00.0
	run -1 doctor --json --config "$CONFIG"
	found FAIL port-driver "0000:03:00.0: on ice, DPDK cannot have it" "bind 0000:03:00.0"
	found FAIL port-driver "0000:03:00.1: on no driver"
	found FAIL port-driver "0000:09:00.0: no such PCI device"
}

@test "mlx5 belongs on its kernel driver, and needs neither VFIO nor IOMMU" {
	fake_nic 0000:03:00.0 15b3:1017 mlx5_core ens3
	rm -r "$HF_SYSFS"/sys/kernel/iommu_groups/* "$HF_SYSFS/sys/bus/pci/drivers/vfio-pci"
	nic_config sleep 0 1 0000:03:00.0
	run -0 doctor --json --config "$CONFIG"
	found OK port-driver "on mlx5_core"
	found OK vfio "not needed"
	fake_driver 0000:03:00.0 vfio-pci
	run -1 doctor --json --config "$CONFIG"
	found FAIL port-driver "mlx devices need their kernel driver"
}

@test "no IOMMU, no vfio-pci: a failure where a port needs them, else a warning" {
	two_nics
	rm -r "$HF_SYSFS"/sys/kernel/iommu_groups/* "$HF_SYSFS/sys/bus/pci/drivers/vfio-pci"
	nic_config sleep 0,1 2 0000:03:00.0 0000:03:00.1
	run -1 doctor --json --config "$CONFIG"
	found FAIL iommu "off: VFIO opens no device" "intel_iommu=on iommu=pt"
	found FAIL vfio "vfio-pci is not loaded" "modprobe vfio-pci"
	rm -r "$HF_SYSFS"/sys/bus/pci/devices/*
	fake_write proc/cpuinfo "vendor_id : AuthenticAMD"
	run -0 doctor --json
	found WARN iommu "off" "AMD-Vi"
	found WARN vfio "not loaded"
}

@test "VFIO without an IOMMU is a warning; the groups it makes up are no IOMMU" {
	two_nics
	rm -r "$HF_SYSFS"/sys/kernel/iommu_groups/*
	fake_write sys/kernel/iommu_groups/0/name vfio-noiommu
	fake_write sys/module/vfio/parameters/enable_unsafe_noiommu_mode Y
	nic_config sleep 0,1 2 0000:03:00.0 0000:03:00.1
	run -0 doctor --json --config "$CONFIG"
	found WARN iommu "a NIC can write anywhere in memory"
	clean_but iommu
}

@test "a pool smaller than rings and descriptors is a warning" {
	nic_config sleep 0 1 net_null0 net_null1
	sed -i 's/^pool: .*/pool: {size: 4095}/' "$CONFIG"
	run -0 doctor --json --config "$CONFIG"
	found WARN config "pool.size: 4095 is less than rings and descriptors"
	clean_but config
}

@test "net_tap ports need /dev/net/tun" {
	nic_config sleep 0 1 net_tap0,iface=x
	run -1 doctor --json --config "$CONFIG"
	found FAIL tun "/dev/net/tun is missing" "modprobe tun"
	fake_write dev/net/tun
	run -0 doctor --json --config "$CONFIG"
	clean
}

@test "a port on another NUMA node than its I/O thread and lanes" {
	fake_node 0 0-1 512
	fake_node 1 2-3 512
	fake_nic 0000:03:00.0 8086:1592 vfio-pci - 1
	fake_nic 0000:83:00.0 8086:1592 vfio-pci - 1
	nic_config sleep 0,2 3,1 0000:03:00.0 0000:83:00.0
	run -0 doctor --json --config "$CONFIG"
	found WARN nic-numa "0000:03:00.0 is on node 1, lane 0 on node 0 (CPU 0)"
	found WARN nic-numa "0000:83:00.0 is on node 1, I/O thread 1 on node 0 (CPU 1)"
	same "$(jq '[.[] | select(.check == "nic-numa")] | length' <<<"$output")" 3 "nic-numa findings"
	clean_but nic-numa
}

# --- CPUs ---------------------------------------------------------------------------------------

@test "a CPU that is offline, and one that does not exist" {
	fake_write sys/devices/system/cpu/online 0-2
	nic_config sleep 3 7 net_null0
	run -1 doctor --json --config "$CONFIG"
	found FAIL cpu-online "lane 0: CPU 3 is offline" "echo 1 >/sys/devices/system/cpu/cpu3/online"
	found FAIL cpu-online "I/O thread 0: this machine has no CPU 7"
	clean_but cpu-online
}

@test "lanes and I/O threads that share a CPU: a warning when they poll, none when they sleep" {
	fake_write sys/devices/system/cpu/isolated 1-3
	fake_write sys/devices/system/cpu/nohz_full 1-3
	nic_config poll 1,2,1 2 net_null0
	run -0 doctor --json --config "$CONFIG"
	found WARN cpu-shared "CPU 1: lane 0 and lane 2 share it"
	found WARN cpu-shared "CPU 2: "
	clean_but cpu-shared
	nic_config sleep 1,2,1 2 net_null0
	run -0 doctor --json --config "$CONFIG"
	clean
	nic_config poll 1,any 2 net_null0
	run -0 doctor --json --config "$CONFIG"
	found WARN cpu-shared "1 of 3 lanes and I/O threads name no CPU"
}

@test "hardware lanes have no I/O threads: their CPUs are not asked for" {
	fake_write sys/devices/system/cpu/isolated 1-2
	fake_write sys/devices/system/cpu/nohz_full 1-2
	two_nics
	nic_config poll 1,2 any 0000:03:00.0 0000:03:00.1
	run -0 doctor --json --config "$CONFIG"
	found WARN cpu-shared "1 of 3 lanes and I/O threads name no CPU"
	echo 'queues: hardware' >>"$CONFIG"
	run -0 doctor --json --config "$CONFIG"
	clean
	found OK config "2 lanes, 0 I/O threads"
}

@test "two CPUs of one core" {
	fake_write sys/devices/system/cpu/cpu1/topology/thread_siblings_list 1,3
	fake_write sys/devices/system/cpu/cpu3/topology/thread_siblings_list 1,3
	nic_config sleep 1 3 net_null0
	run -0 doctor --json --config "$CONFIG"
	found WARN cpu-siblings "CPUs 1 and 3 are one core"
	clean_but cpu-siblings
}

@test "CPUs that are not isolated: the kernel line that does it, for just those CPUs" {
	nic_config poll 1,3 2 net_null0
	run -0 doctor --json --config "$CONFIG"
	found WARN isolation "not all in isolcpus,nohz_full,rcu_nocbs" \
		"isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3"
	clean_but isolation
	nic_config poll 0 2,3 net_null0 net_null1
	fake_write sys/devices/system/cpu/isolated 0,2-3
	fake_write sys/devices/system/cpu/nohz_full 2-3
	run -0 doctor --json --config "$CONFIG"
	found WARN isolation "CPUs 0,2-3: not all in nohz_full,rcu_nocbs"
	fake_write sys/devices/system/cpu/nohz_full 0,2-3
	run -0 doctor --json --config "$CONFIG"
	clean
}

@test "a clock that follows the load: of the CPUs in use, or of all" {
	local cpu
	for cpu in 0 1 2; do
		fake_write sys/devices/system/cpu/cpu$cpu/cpufreq/scaling_governor powersave
	done
	fake_write sys/devices/system/cpu/cpu3/cpufreq/scaling_governor performance
	run -0 doctor --json
	found WARN governor "CPUs 0-2:" "cpupower -c 0-2 frequency-set -g performance"
	nic_config sleep 2 3 net_null0
	run -0 doctor --json --config "$CONFIG"
	found WARN governor "CPUs 2:"
	nic_config sleep 3 3 net_null0
	run -0 doctor --json --config "$CONFIG"
	clean
}

# --- the rest -----------------------------------------------------------------------------------

@test "irqbalance, transparent hugepages, NUMA balancing, the limit of locked memory, the group" {
	fake_write proc/77/comm irqbalance
	fake_write sys/kernel/mm/transparent_hugepage/enabled "[always] madvise never"
	fake_node 0 0-1 64
	fake_node 1 2-3 64
	fake_write proc/sys/kernel/numa_balancing 1
	fake_write proc/self/limits "Max locked memory         8388608 8388608 bytes"
	fake_write proc/self/status "CapEff: 0000000000000400"
	touch "$HF_SYSFS/no-group"
	run -0 doctor --json
	found WARN irqbalance runs "systemctl disable --now irqbalance"
	found WARN transparent-hugepages always "echo madvise"
	found WARN numa-balancing "on" "sysctl -w kernel.numa_balancing=0"
	found WARN memlock "8388608 bytes without CAP_IPC_LOCK" "ulimit -l unlimited"
	found WARN group "holdfast is not there" "groupadd -r holdfast"
	same "$(jq '[.[] | select(.level != "OK")] | length' <<<"$output")" 5 "findings"
}

@test "kernel and DPDK too old" {
	fake_write proc/sys/kernel/osrelease 4.19.0
	fake_write dpdk-version 21.11.2
	run -1 doctor --json
	found FAIL kernel "5.3 is the oldest"
	found FAIL dpdk "22.11 is the oldest"
}

@test "files of dead instances: each with the command that removes it; --instance looks at one" {
	fake_write run/holdfast/alpha/primary.lock 4711
	fake_write var/run/dpdk/alpha/config x
	fake_write dev/hugepages/alphamap_0 x
	fake_write dev/hugepages/holdfast-beta.segment x
	run -0 doctor --json
	found WARN stale "alpha: no process of it lives" \
		"rm -f /dev/hugepages/alphamap_* /dev/hugepages/holdfast-alpha.segment; rm -rf /run/holdfast/alpha; rm -rf /var/run/dpdk/alpha"
	found WARN stale "beta: no process"
	run -0 doctor --json --instance gamma
	found OK stale "no files"
	run -0 doctor --json --instance beta
	same "$(jq '[.[] | select(.check == "stale")] | length' <<<"$output")" 1 "stale findings"
}

@test "files of an instance that holds a lock or maps a page are not stale" {
	local file=$BATS_TEST_TMPDIR/machine/var/run/dpdk/alpha/config device
	fake_write var/run/dpdk/alpha/config x
	fake_write dev/hugepages/betamap_0 x
	device=$(stat -c %D "$file")
	fake_write proc/locks "$(printf '1: POSIX  ADVISORY  WRITE 4711 %02x:%02x:%s 0 EOF' \
		$(((16#$device >> 8) & 0xfff)) $((16#$device & 0xff)) "$(stat -c %i "$file")")"
	fake_write proc/4712/maps "7f0000000000-7f0000200000 rw-s 00000000 00:0f 1234  /dev/hugepages/betamap_0"
	run -0 doctor --json
	found OK stale "alive: alpha beta"
	rm "$HF_SYSFS/proc/4712/maps"
	run -0 doctor --json
	found WARN stale "beta: no process"
}

@test "a configuration that the primary refuses is a failure, with the primary's words" {
	write_config 1 net_null0
	echo 'speed: 9' >>"$CONFIG"
	run -1 doctor --json --config "$CONFIG"
	found FAIL config "speed: "
}

@test "bad usage: one line, status 2" {
	local arguments
	for arguments in --colour --config "--config /nowhere.yaml" "--instance a/b" "extra"; do
		# shellcheck disable=SC2086
		run -2 doctor $arguments
		same "${#lines[@]}" 1 "lines of '$arguments'"
	done
}

# --- installed ------------------------------------------------------------------------------------

@test "installed: sbin/holdfast-bind and sbin/holdfast-doctor find their parts" {
	local sbin
	DESTDIR=$BATS_TEST_TMPDIR/root meson install -C "$HF_BUILD" --no-rebuild >"$LOGS/install"
	sbin=$(dirname "$(find "$BATS_TEST_TMPDIR/root" -name holdfast-doctor)")
	run -0 "$sbin/holdfast-bind" --help
	fake_nic 0000:03:00.0 8086:1592 ice ens3
	run -0 "$sbin/holdfast-bind" --dry-run ens3
	nic_config sleep 0 1 0000:03:00.0
	run -1 env -u HF_BUILD "$sbin/holdfast-doctor" --json --config "$CONFIG"
	found FAIL port-driver "on ice" "holdfast-bind 0000:03:00.0"
	found OK config "$CONFIG"
}
