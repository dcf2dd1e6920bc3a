# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A machine made of files, for bind and doctor: sysfs, proc, dev, and the commands they call. Loaded
# after lib. fake_machine makes one that is in order: one NUMA node, four CPUs, an IOMMU, vfio-pci,
# no NIC; a test then adds NICs and takes things away.

# fake_machine: sets and exports HF_SYSFS.
fake_machine() {
	local cpu
	export HF_SYSFS=$BATS_TEST_TMPDIR/machine
	mkdir -p "$HF_SYSFS"/{bin,dev/hugepages,proc/self,run,var/run} \
		"$HF_SYSFS"/sys/{class/net,kernel/iommu_groups/0,module} \
		"$HF_SYSFS"/sys/bus/pci/{devices,drivers/vfio-pci} \
		"$HF_SYSFS/sys/devices/system/cpu"
	fake_write proc/sys/kernel/osrelease 6.1.0-fake
	fake_write proc/mounts "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0"
	fake_write proc/meminfo "Hugepagesize:       2048 kB"
	fake_write proc/self/limits "Max locked memory         unlimited unlimited bytes"
	fake_write proc/self/status "CapEff: 000001ffffffffff"
	fake_write proc/swaps "Filename Type Size Used Priority"
	fake_write proc/locks
	fake_write proc/cmdline "quiet"
	fake_write proc/cpuinfo "vendor_id : GenuineIntel"
	fake_write sys/kernel/mm/transparent_hugepage/enabled "always [madvise] never"
	fake_write sys/devices/system/cpu/present 0-3
	fake_write sys/devices/system/cpu/online 0-3
	for cpu in 0 1 2 3; do
		fake_write "sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list" "$cpu"
	done
	fake_node 0 0-3 1024
	fake_commands
}

# fake_write FILE LINE...
fake_write() {
	local file=$HF_SYSFS/$1
	shift
	mkdir -p "${file%/*}"
	printf '%s\n' "$@" >"$file"
}

# fake_node NODE CPUS PAGES: a NUMA node with free pages of 2 MB.
fake_node() {
	local dir=sys/devices/system/node/node$1 cpu
	fake_write "$dir/hugepages/hugepages-2048kB/nr_hugepages" "$3"
	fake_write "$dir/hugepages/hugepages-2048kB/free_hugepages" "$3"
	for cpu in $(seq "${2%-*}" "${2#*-}"); do
		rm -f "$HF_SYSFS/sys/devices/system/cpu/cpu$cpu"/node*
		ln -s ../../node/node"$1" "$HF_SYSFS/sys/devices/system/cpu/cpu$cpu/node$1"
	done
}

# fake_nic ADDRESS VENDOR:DEVICE DRIVER INTERFACE [NODE]: "-" for no driver or no interface. Each NIC
# is alone in its IOMMU group.
fake_nic() {
	local dir=$HF_SYSFS/sys/bus/pci/devices/$1 group=${1//[:.]/}
	mkdir -p "$dir" "$HF_SYSFS/sys/kernel/iommu_groups/$group/devices"
	echo 0x020000 >"$dir/class"
	echo "0x${2%:*}" >"$dir/vendor"
	echo "0x${2#*:}" >"$dir/device"
	echo "${5:-0}" >"$dir/numa_node"
	ln -s "../../../../kernel/iommu_groups/$group" "$dir/iommu_group"
	ln -s "../../../../bus/pci/devices/$1" "$HF_SYSFS/sys/kernel/iommu_groups/$group/devices/$1"
	[ "$3" = - ] || fake_driver "$1" "$3"
	[ "$4" = - ] || fake_interface "$1" "$4"
}

# fake_driver ADDRESS DRIVER
fake_driver() {
	mkdir -p "$HF_SYSFS/sys/bus/pci/drivers/$2"
	ln -sfn "../../drivers/$2" "$HF_SYSFS/sys/bus/pci/devices/$1/driver"
}

fake_interface() {
	mkdir -p "$HF_SYSFS/sys/bus/pci/devices/$1/net/$2" "$HF_SYSFS/sys/class/net/$2"
	ln -s "../../../bus/pci/devices/$1" "$HF_SYSFS/sys/class/net/$2/device"
}

# fake_upper LOWER UPPER [master]: UPPER is built on LOWER.
fake_upper() {
	mkdir -p "$HF_SYSFS/sys/class/net/$2"
	ln -s "../$2" "$HF_SYSFS/sys/class/net/$1/upper_$2"
	[ -z "${3:-}" ] || ln -s "../$2" "$HF_SYSFS/sys/class/net/$1/master"
}

# fake_default_route INTERFACE and fake_address INTERFACE ADDRESS [SCOPE]: what ip will say.
fake_default_route() {
	fake_write route.json "[{\"dst\": \"default\", \"gateway\": \"192.0.2.1\", \"dev\": \"$1\"}]"
}

fake_address() {
	fake_write address.json "[{\"ifname\": \"$1\", \"addr_info\": [{\"local\": \"$2\",
		\"prefixlen\": 24, \"scope\": \"${3:-global}\"}]}]"
}

# fake_command NAME: its text from standard input; $root is the machine.
fake_command() {
	{
		echo '#!/usr/bin/env bash'
		echo "root='$HF_SYSFS'"
		cat
	} >"$HF_SYSFS/bin/$1"
	chmod +x "$HF_SYSFS/bin/$1"
}

fake_commands() {
	fake_write route.json '[]'
	fake_write address.json '[]'
	fake_command ip <<'END'
case $2 in
route) cat "$root/route.json" ;;
*) cat "$root/address.json" ;;
esac
END
	fake_command getent <<'END'
[ "$2" = holdfast ] && [ ! -e "$root/no-group" ]
END
	fake_command dpkg-query <<'END'
echo "$(<"$root/dpdk-version")-1"
END
	fake_write dpdk-version 22.11.11
	fake_command pkg-config <<<'exit 1'
	fake_command modprobe <<'END'
echo "modprobe $*" >>"$root/calls"
[ ! -e "$root/no-modules" ] && mkdir -p "$root/sys/bus/pci/drivers/$1"
END
	# As the real one: the interface goes with the kernel's driver, and some failures end with 0.
	fake_command dpdk-devbind.py <<'END'
echo "dpdk-devbind.py $*" >>"$root/calls"
device=$root/sys/bus/pci/devices/${*: -1}
if [ -e "$root/no-bind" ]; then
	echo "Error: bind failed for ${*: -1}: no such luck"
	exit 0
fi
rm -f "$device/driver"
case $1 in
--bind=vfio-pci) rm -rf "$device/net" ;;
esac
[ "$1" = --unbind ] || ln -s "../../drivers/${1#--bind=}" "$device/driver"
END
}

# fake_calls: what was changed by command, one a line.
fake_calls() {
	cat "$HF_SYSFS/calls" 2>/dev/null || true
}
