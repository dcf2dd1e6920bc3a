# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What bind and doctor know about PCI devices and the interfaces on them. Only reads. Part of neither
# quickstart nor tests/run; sourced after lib.sh.
#
# HF_SYSFS is the root of the tree that is looked at, empty for the machine itself. With it set,
# commands too come from that tree (HF_SYSFS/bin), so that a fabricated tree never meets the machine.

HF_SYSFS=${HF_SYSFS:-}
HF_PCI_DEVICES=$HF_SYSFS/sys/bus/pci/devices
# shellcheck disable=SC2034 # read by bind and doctor
HF_UIO_WHY="when a secondary process ends, it clears bus mastering and the port stops for everyone"

# hf_tool NAME ARGUMENT...: a command of the machine, or of the fabricated tree.
hf_tool() {
	local name=$1
	shift
	"${HF_SYSFS:+$HF_SYSFS/bin/}$name" "$@"
}

# hf_read FILE: its first line; nothing when there is none.
hf_read() {
	local line=''
	{ read -r line <"$HF_SYSFS$1"; } 2>/dev/null
	[ -n "$line" ] && printf '%s\n' "$line"
}

# --- PCI devices --------------------------------------------------------------------------------

# hf_pci_resolve NAME: the full address of a device named by its address, long or short, or by an
# interface on it. 1 when there is none.
hf_pci_resolve() {
	local address=${1,,} dir
	[[ $address =~ ^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$ ]] && address=0000:$address
	if [[ $address =~ ^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$ ]]; then
		[ -d "$HF_PCI_DEVICES/$address" ] && echo "$address"
		return
	fi
	[[ $1 != */* ]] && dir=$(readlink -e "$HF_SYSFS/sys/class/net/$1/device") || return 1
	# A virtio interface hangs below its PCI device.
	while [ "$dir" != / ]; do
		if [ -d "$HF_PCI_DEVICES/${dir##*/}" ]; then
			echo "${dir##*/}"
			return
		fi
		dir=$(dirname "$dir")
	done
	return 1
}

# hf_pci_read ADDRESS FILE
hf_pci_read() {
	hf_read "/sys/bus/pci/devices/$1/$2"
}

# hf_pci_link ADDRESS NAME: what a link in the device's folder points to, without its path.
hf_pci_link() {
	local target
	target=$(readlink "$HF_PCI_DEVICES/$1/$2") && echo "${target##*/}"
}

hf_pci_driver() {
	hf_pci_link "$1" driver
}

# hf_pci_id ADDRESS: "8086:1592"
hf_pci_id() {
	local vendor device
	vendor=$(hf_pci_read "$1" vendor)
	device=$(hf_pci_read "$1" device)
	echo "${vendor#0x}:${device#0x}"
}

# hf_pci_node ADDRESS: its NUMA node; 0 when the machine does not say.
hf_pci_node() {
	local node
	node=$(hf_pci_read "$1" numa_node)
	[ "${node:--1}" -ge 0 ] && echo "$node" || echo 0
}

# hf_pci_netdevs ADDRESS: its interfaces in this network namespace.
hf_pci_netdevs() {
	local dir
	for dir in "$HF_PCI_DEVICES/$1"/net/* "$HF_PCI_DEVICES/$1"/virtio*/net/*; do
		[ ! -e "$dir" ] || echo "${dir##*/}"
	done
}

# hf_pci_netdevs_away ADDRESS: it has an interface, but in another network namespace: the kernel
# keeps the folder and hides what is in it.
hf_pci_netdevs_away() {
	[ -z "$(hf_pci_netdevs "$1")" ] &&
		{ [ -d "$HF_PCI_DEVICES/$1/net" ] ||
			compgen -G "$HF_PCI_DEVICES/$1/virtio*/net" >/dev/null; }
}

# hf_pci_is_nic ADDRESS: a network controller, or something that carries an interface.
hf_pci_is_nic() {
	[[ $(hf_pci_read "$1" class) == 0x02* ]] || [ -n "$(hf_pci_netdevs "$1")" ] ||
		hf_pci_netdevs_away "$1"
}

# hf_pci_bifurcated ADDRESS: works with DPDK beside its kernel driver (mlx4, mlx5).
hf_pci_bifurcated() {
	[ "$(hf_pci_read "$1" vendor)" = 0x15b3 ]
}

# hf_pci_addresses: all devices.
hf_pci_addresses() {
	local dir
	for dir in "$HF_PCI_DEVICES"/*; do
		[ ! -e "$dir/vendor" ] || echo "${dir##*/}"
	done
}

# hf_pci_nodes ADDRESS: the files in /dev by which a process holds it.
hf_pci_nodes() {
	local dir group
	group=$(hf_pci_link "$1" iommu_group) && printf '%s\n' "/dev/vfio/$group" \
		"/dev/vfio/noiommu-$group"
	for dir in "$HF_PCI_DEVICES/$1"/uio/*; do
		[ ! -e "$dir" ] || echo "/dev/${dir##*/}"
	done
	for dir in "$HF_PCI_DEVICES/$1"/vfio-dev/*; do
		[ ! -e "$dir" ] || echo "/dev/vfio/devices/${dir##*/}"
	done
}

# hf_pci_users ADDRESS: processes that hold it, by VFIO or UIO.
hf_pci_users() {
	local node names=()
	for node in $(hf_pci_nodes "$1"); do
		names+=(-o -lname "$node")
	done
	[ ${#names[@]} -gt 0 ] || return 0
	find "$HF_SYSFS"/proc/[0-9]*/fd "${names[@]:1}" 2>/dev/null |
		sed 's|/fd/[^/]*$||; s|.*/||' | sort -un
}

# hf_iommu_on: the kernel has put devices into IOMMU groups; those that VFIO makes up in its mode
# without an IOMMU do not count.
hf_iommu_on() {
	local dir
	for dir in "$HF_SYSFS"/sys/kernel/iommu_groups/*/; do
		[ -d "$dir" ] || continue
		grep -qsx vfio-noiommu "$dir/name" || return 0
	done
	return 1
}

# hf_noiommu_on: VFIO's mode without IOMMU.
hf_noiommu_on() {
	[[ $(hf_read /sys/module/vfio/parameters/enable_unsafe_noiommu_mode) == [Y1] ]]
}

# hf_driver_there NAME: loaded or built in.
hf_driver_there() {
	[ -d "$HF_SYSFS/sys/bus/pci/drivers/$1" ]
}

# --- interfaces ---------------------------------------------------------------------------------

# hf_net_read: what `ip` knows, once, for the functions below. 1 when it cannot be had: not to know is
# not the same as no route.
hf_net_read() {
	HF_ROUTES=$(hf_tool ip -j route show table all default) &&
		HF_ADDRESSES=$(hf_tool ip -j address show) || return 1
	: "${HF_ROUTES:=[]}" "${HF_ADDRESSES:=[]}" # some releases print nothing for none
	jq -es 'all(type == "array")' <<<"$HF_ROUTES $HF_ADDRESSES" >/dev/null 2>&1
}

# hf_net_above INTERFACE: the interface and all that is built on it (bridges, bonds, VLANs).
hf_net_above() {
	local up
	echo "$1"
	for up in "$HF_SYSFS/sys/class/net/$1"/upper_*; do
		[[ $up == *'*' ]] || hf_net_above "${up##*/upper_}"
	done
}

# hf_net_master INTERFACE: the bridge, bond or team it is a member of.
hf_net_master() {
	local target
	target=$(readlink "$HF_SYSFS/sys/class/net/$1/master") && echo "${target##*/}"
}

# hf_net_default_route INTERFACE: is the default route, or one of them, out of it?
hf_net_default_route() {
	jq -e --arg dev "$1" 'any(.[] | (.dev, (.nexthops[]?.dev)); . == $dev)' \
		<<<"$HF_ROUTES" >/dev/null
}

# hf_net_address INTERFACE: its first address that is more than link-local.
hf_net_address() {
	jq -r --arg dev "$1" 'first(.[] | select(.ifname == $dev) | .addr_info[]?
		| select(.scope != "link") | "\(.local)/\(.prefixlen)")' <<<"$HF_ADDRESSES"
}
