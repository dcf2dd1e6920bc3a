#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# deploy/bind on fabricated machines, and what of it this machine allows: its own interface must be
# refused. Nothing here touches a driver of this machine.
load lib
load fake_machine

NIC=0000:03:00.0

setup_file() {
	hf_need_root bind.bats
}

teardown_file() {
	:
}

setup() {
	fake_machine
}

teardown() {
	:
}

bind() {
	timeout -k 1 20 "$HF_TOP/deploy/bind" "$@"
}

driver() {
	basename "$(readlink "$HF_SYSFS/sys/bus/pci/devices/$1/driver")"
}

# refused TEXT ARGUMENT...: status 1, one line with that text, nothing changed.
refused() {
	local text=$1
	shift
	run -1 bind "$@"
	[ "${#lines[@]}" -eq 1 ] || fail "${#lines[@]} lines instead of one: $output"
	[[ $output == "0000:"*": refused: "*"$text"* ]] || fail "no '$text' in: $output"
	same "$(fake_calls)" '' "calls"
	[ ! -e "$HF_SYSFS/var/lib/holdfast/bind/$NIC" ]
}

# --- binding and giving back --------------------------------------------------------------------

@test "an ice NIC goes to vfio-pci and back to ice, each in one line" {
	fake_nic $NIC 8086:1592 ice ens3
	run -0 bind $NIC
	same "$output" "$NIC: bound to vfio-pci, was on ice" output
	same "$(driver $NIC)" vfio-pci driver
	run -0 bind --undo $NIC
	same "$output" "$NIC: back on ice" output
	same "$(driver $NIC)" ice driver
	[ -z "$(ls -A "$HF_SYSFS/var/lib/holdfast/bind")" ]
}

@test "binding twice and undoing twice change nothing the second time" {
	fake_nic $NIC 8086:1592 ice ens3
	bind $NIC
	run -0 bind $NIC
	same "$output" "$NIC: is on vfio-pci" output
	bind --undo $NIC
	run -0 bind --undo $NIC
	same "$output" "$NIC: on ice, nothing to undo" output
	same "$(fake_calls | wc -l)" 2 "number of changes"
}

@test "a device is named by long or short address or by interface, and done once" {
	fake_nic $NIC 8086:1592 ice ens3
	run -0 bind 03:00.0 ens3 $NIC
	same "$output" "$NIC: bound to vfio-pci, was on ice" output
}

@test "upper-case addresses are understood" {
	fake_nic 0000:af:00.0 8086:1592 ice ens3
	run -0 bind --dry-run AF:00.0
	same "$output" "0000:af:00.0: would go from ice to vfio-pci" output
}

@test "a virtio interface, one folder deeper, leads to its PCI device" {
	fake_nic $NIC 1af4:1041 virtio-pci -
	mkdir -p "$HF_SYSFS/sys/bus/pci/devices/$NIC/virtio2/net/eth7" "$HF_SYSFS/sys/class/net/eth7"
	ln -s ../../../bus/pci/devices/$NIC/virtio2 "$HF_SYSFS/sys/class/net/eth7/device"
	run -0 bind --dry-run eth7
	same "$output" "$NIC: would go from virtio-pci to vfio-pci" output
}

@test "--undo alone gives back all, each to the driver it had, one to none" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_nic 0000:03:00.1 8086:1521 igb ens4
	fake_nic 0000:03:00.2 8086:1521 - -
	run -0 bind 03:00.0 03:00.1 03:00.2
	same "${lines[2]}" "0000:03:00.2: bound to vfio-pci, was on no driver" "third line"
	run -0 bind --undo
	same "${#lines[@]}" 3 lines
	same "$(driver $NIC) $(driver 0000:03:00.1)" "ice igb" drivers
	[ ! -e "$HF_SYSFS/sys/bus/pci/devices/0000:03:00.2/driver" ]
}

@test "--dry-run says what would be done, and changes nothing" {
	fake_nic $NIC 8086:1592 ice ens3
	run -0 bind --dry-run $NIC
	same "$output" "$NIC: would go from ice to vfio-pci" output
	[ ! -e "$HF_SYSFS/var/lib" ]
	bind $NIC
	run -0 bind --undo --dry-run
	same "$output" "$NIC: would go from vfio-pci back to ice" output
	same "$(driver $NIC)" vfio-pci driver
}

@test "vfio-pci is loaded when it is not; a failure to load changes nothing" {
	fake_nic $NIC 8086:1592 ice ens3
	rmdir "$HF_SYSFS/sys/bus/pci/drivers/vfio-pci"
	touch "$HF_SYSFS/no-modules"
	run -1 bind $NIC
	same "$output" "vfio-pci: cannot be loaded: modprobe vfio-pci says why" output
	same "$(driver $NIC)" ice driver
	rm "$HF_SYSFS/no-modules"
	run -0 bind $NIC
	same "$(driver $NIC)" vfio-pci driver
}

@test "a bind that fails with status 0 is seen, and forgotten" {
	fake_nic $NIC 8086:1592 ice ens3
	touch "$HF_SYSFS/no-bind"
	run -1 bind $NIC
	[[ $output == "$NIC: could not be bound to vfio-pci: Error: bind failed"* ]]
	[ ! -e "$HF_SYSFS/var/lib/holdfast/bind/$NIC" ]
	rm "$HF_SYSFS/no-bind"
	bind $NIC
	touch "$HF_SYSFS/no-bind"
	run -1 bind --undo $NIC
	[[ $output == "$NIC: could not be given back to ice: Error"* ]]
	[ -e "$HF_SYSFS/var/lib/holdfast/bind/$NIC" ]
}

@test "an igb on uio_pci_generic is moved to vfio-pci, and not given back to uio_pci_generic" {
	fake_nic $NIC 8086:1521 uio_pci_generic -
	run -0 bind $NIC
	same "$output" "$NIC: bound to vfio-pci, was on uio_pci_generic" output
	run -1 bind --undo $NIC
	[[ $output == "$NIC: refused: was on uio_pci_generic: "*"clears bus mastering"* ]]
	same "$(driver $NIC)" vfio-pci driver
}

@test "one device refused does not keep the others" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_nic 0000:03:00.1 8086:1592 ice ens4
	fake_address ens3 10.0.0.1
	run -1 bind 03:00.0 03:00.1
	same "${#lines[@]}" 2 lines
	same "$(driver $NIC) $(driver 0000:03:00.1)" "ice vfio-pci" drivers
}

@test "devices of one IOMMU group: the one left behind is named" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_nic 0000:03:00.1 8086:1592 ice ens4
	ln -s ../../../../bus/pci/devices/0000:03:00.1 \
		"$HF_SYSFS/sys/kernel/iommu_groups/000003000/devices/0000:03:00.1"
	run -0 bind --dry-run 03:00.0
	[[ $output == *"; 0000:03:00.1 on ice is in the same IOMMU group"* ]]
	run -0 bind --dry-run 03:00.0 03:00.1
	[[ $output != *"same IOMMU group"* ]]
}

# --- left alone ---------------------------------------------------------------------------------

@test "mlx5 stays on its kernel driver, and that is success" {
	fake_nic $NIC 15b3:1017 mlx5_core ens3
	run -0 bind $NIC
	[[ $output == "$NIC: stays on mlx5_core: DPDK's mlx drivers work beside the kernel's" ]]
	same "$(fake_calls)" '' calls
}

@test "mlx5 on vfio-pci is an error: DPDK needs the kernel's driver there" {
	fake_nic $NIC 15b3:1017 vfio-pci -
	refused "mlx devices need their kernel driver, this one is on vfio-pci" $NIC
}

# --- refusals -----------------------------------------------------------------------------------

@test "refused: the default route, with --force too" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_default_route ens3
	refused "ens3 carries the default route: the machine would be cut off" $NIC
	refused "carries the default route" --force $NIC
	refused "carries the default route" --dry-run --force ens3
}

@test "refused: the default route through a bond, a VLAN on a bond, and several next hops" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_upper ens3 bond0 master
	fake_upper bond0 bond0.7
	fake_default_route bond0.7
	refused "ens3 carries the default route through bond0.7" --force $NIC
	fake_write route.json '[{"dst": "default", "nexthops": [{"dev": "x"}, {"dev": "bond0"}]}]'
	refused "ens3 carries the default route through bond0" --force $NIC
}

@test "refused: an address in use, unless --force; a link-local one is none" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_address ens3 10.9.8.7
	refused "ens3 has the address 10.9.8.7/24 (--force" $NIC
	run -0 bind --force $NIC
	same "$(fake_calls)" "dpdk-devbind.py --bind=vfio-pci --force $NIC" calls
	bind --undo $NIC
	fake_interface $NIC ens9
	fake_address ens9 fe80::1 link
	run -0 bind --dry-run $NIC
}

@test "refused: an address of a VLAN on the interface" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_upper ens3 ens3.5
	fake_address ens3.5 10.9.8.7
	refused "ens3 has the address 10.9.8.7/24 through ens3.5" $NIC
}

@test "refused: a member of a bridge or bond, unless --force" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_upper ens3 br0 master
	refused "ens3 is a member of br0" $NIC
	run -0 bind --force --dry-run $NIC
}

@test "refused: an interface in another network namespace, unless --force" {
	fake_nic $NIC 8086:1592 ice -
	mkdir "$HF_SYSFS/sys/bus/pci/devices/$NIC/net"
	refused "another network namespace" $NIC
	run -0 bind --force --dry-run $NIC
}

@test "refused: no IOMMU group" {
	fake_nic $NIC 8086:1592 ice ens3
	rm "$HF_SYSFS/sys/bus/pci/devices/$NIC/iommu_group"
	refused "in no IOMMU group: switch the IOMMU on" $NIC
	refused "in no IOMMU group" --force $NIC
}

@test "--no-iommu switches the mode on, says what it means, and --undo switches it off" {
	local file=sys/module/vfio/parameters/enable_unsafe_noiommu_mode
	fake_nic $NIC 8086:1592 ice ens3
	rm "$HF_SYSFS/sys/bus/pci/devices/$NIC/iommu_group"
	run -1 bind --no-iommu $NIC
	[[ $output == "no-IOMMU: cannot be switched on: this kernel has no such mode"* ]]
	same "$(driver $NIC)" ice driver
	fake_write $file N
	run -0 bind --no-iommu $NIC
	[[ ${lines[0]} == "no-IOMMU: is on: the devices bound can read and write all memory"* ]]
	same "$(<"$HF_SYSFS/$file")" Y mode
	run -0 bind --undo
	same "$(<"$HF_SYSFS/$file")" N mode
}

@test "--no-iommu is not switched on for a device that is refused anyway" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_default_route ens3
	fake_write sys/module/vfio/parameters/enable_unsafe_noiommu_mode N
	refused "carries the default route" --no-iommu $NIC
	same "$(<"$HF_SYSFS/sys/module/vfio/parameters/enable_unsafe_noiommu_mode")" N mode
}

@test "refused: --driver uio_pci_generic and igb_uio, with the reason; any other driver" {
	local name
	fake_nic $NIC 8086:1521 igb ens3
	for name in uio_pci_generic igb_uio; do
		run -2 bind --driver $name $NIC
		[[ $output == "bind: $name: refused: "*"clears bus mastering and the port stops for everyone"* ]]
	done
	run -2 bind --driver igb $NIC
	same "$(fake_calls)" '' calls
	run -0 bind --driver vfio-pci --dry-run $NIC
}

@test "refused: what is no network controller, unless --force" {
	fake_nic $NIC 8086:1592 nvme -
	fake_write "sys/bus/pci/devices/$NIC/class" 0x010802
	refused "class 0x010802 is no network controller" $NIC
	run -0 bind --force --dry-run $NIC
}

@test "refused: undo while a process has the device open, with its pid" {
	fake_nic $NIC 8086:1592 ice ens3
	bind $NIC
	mkdir -p "$HF_SYSFS/proc/4242/fd"
	ln -s /dev/vfio/000003000 "$HF_SYSFS/proc/4242/fd/7"
	run -1 bind --undo $NIC
	same "$output" "$NIC: refused: in use by process 4242: end it first" output
	same "$(driver $NIC)" vfio-pci driver
}

@test "refused: a device that a process drives by UIO, with --force too" {
	fake_nic $NIC 8086:1521 uio_pci_generic -
	mkdir -p "$HF_SYSFS/sys/bus/pci/devices/$NIC/uio/uio0" "$HF_SYSFS/proc/4242/fd"
	ln -s /dev/uio0 "$HF_SYSFS/proc/4242/fd/9"
	refused "in use by process 4242: end it first" $NIC
	refused "in use by process 4242" --force $NIC
	rm "$HF_SYSFS/proc/4242/fd/9"
	run -0 bind --dry-run $NIC
}

@test "refused: undo of a device that has become another one" {
	fake_nic $NIC 8086:1592 ice ens3
	bind $NIC
	fake_write "sys/bus/pci/devices/$NIC/device" 0x1521
	run -1 bind --undo $NIC
	[[ $output == "$NIC: refused: is another device now (8086:1521, was 8086:1592)"* ]]
}

@test "refused: undo of what was bound by somebody else" {
	fake_nic $NIC 8086:1592 vfio-pci -
	run -1 bind --undo $NIC
	[[ $output == "$NIC: refused: no driver is remembered"* ]]
}

@test "routes that cannot be read are no licence" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_write route.json 'what?'
	run -1 bind $NIC
	same "$output" "bind: routes and addresses cannot be read: ip failed" output
	fake_command ip <<<'exit 1'
	run -1 bind $NIC
	same "$(fake_calls)" '' calls
}

# --- command line -------------------------------------------------------------------------------

@test "bad usage and unknown devices: status 2, nothing touched" {
	local arguments
	fake_nic $NIC 8086:1592 ice ens3
	for arguments in '' '--colour' '--driver' "--list $NIC"; do
		# shellcheck disable=SC2086
		run -2 bind $arguments
		same "${#lines[@]}" 1 "lines of '$arguments'"
	done
	for arguments in 09:00.0 ens7 ../ens3 03:00.9; do
		run -2 bind $NIC "$arguments"
		same "$output" "$arguments: no such device: neither a PCI device nor an interface on one" output
	done
	same "$(fake_calls)" '' calls
}

@test "--list: each NIC with driver, interface, node, group and what would become of it" {
	fake_nic $NIC 8086:1592 ice ens3
	fake_nic 0000:03:00.1 8086:1592 ice ens4
	fake_nic 0000:04:00.0 15b3:1017 mlx5_core ens5 1
	fake_nic 0000:05:00.0 8086:1592 nvme -
	fake_write sys/bus/pci/devices/0000:05:00.0/class 0x010802
	fake_default_route ens4
	run -0 bind --list
	same "${#lines[@]}" 4 lines
	[[ ${lines[1]} =~ ^$NIC\ +ice\ +ens3\ +0\ +000003000\ possible$ ]] || fail "${lines[1]}"
	[[ ${lines[2]} == *"refused: ens4 carries the default route"* ]]
	[[ ${lines[3]} =~ ens5\ +1\ .*"stays on mlx5_core" ]]
	bind $NIC
	run -0 bind --list
	[[ ${lines[1]} == *"is on vfio-pci; was on ice" ]]
}

# --- this machine -------------------------------------------------------------------------------

@test "this machine: the interface of its default route is refused, nothing else is asked of it" {
	local dev
	unset HF_SYSFS
	dev=$(ip -j route show default | jq -r 'first(.[].dev)')
	[ -n "$dev" ] && [ -e "/sys/class/net/$dev/device" ] ||
		skip "Not supported here: no default route out of a PCI device"
	run -1 bind --dry-run --force "$dev"
	[[ $output == *": refused: $dev carries the default route: "* ]] || fail "$output"
	run -0 bind --list
	[[ $output == *"refused: $dev carries the default route"* ]]
}

@test "this machine: a NIC that is free goes to vfio-pci and back (HF_FREE_NIC=ADDRESS)" {
	local before
	unset HF_SYSFS
	[ -n "${HF_FREE_NIC:-}" ] ||
		skip "Not supported here: HF_FREE_NIC names no NIC that may be taken"
	before=$(readlink -f "/sys/bus/pci/devices/$HF_FREE_NIC/driver")
	run -0 bind "$HF_FREE_NIC"
	same "$(readlink -f "/sys/bus/pci/devices/$HF_FREE_NIC/driver")" /sys/bus/pci/drivers/vfio-pci driver
	run -0 bind --undo "$HF_FREE_NIC"
	same "$(readlink -f "/sys/bus/pci/devices/$HF_FREE_NIC/driver")" "$before" driver
}
