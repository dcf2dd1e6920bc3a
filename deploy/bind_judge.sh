# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# May a device be bound to vfio-pci? Part of bind: uses its options FORCE and ALLOW_NOIOMMU and its
# list ADDRESSES. Only reads.
# shellcheck disable=SC2034 # VERDICT and WHY are read by bind

# judge ADDRESS: sets VERDICT to bind, keep or refuse, and WHY. Each of the judges below has its say
# until one returns 1.
judge() {
	VERDICT=refuse WHY=''
	judge_kind "$1" && judge_route "$1" && judge_use "$1" && judge_iommu "$1" && VERDICT=bind
	return 0
}

judge_kind() {
	local driver
	driver=$(hf_pci_driver "$1")
	if hf_pci_bifurcated "$1"; then
		case $driver in
		mlx*)
			VERDICT=keep
			WHY="stays on $driver: DPDK's mlx drivers work beside the kernel's"
			;;
		*) WHY="mlx devices need their kernel driver, this one is on ${driver:-none}" ;;
		esac
		return 1
	fi
	if [ "$driver" = vfio-pci ]; then
		VERDICT=keep WHY="is on vfio-pci"
		return 1
	fi
	[ -n "$FORCE" ] || hf_pci_is_nic "$1" || {
		WHY="class $(hf_pci_read "$1" class) is no network controller"
		return 1
	}
}

# Not even --force takes this one.
judge_route() {
	local dev above
	for dev in $(hf_pci_netdevs "$1"); do
		for above in $(hf_net_above "$dev"); do
			hf_net_default_route "$above" || continue
			WHY="$dev carries the default route$(through "$dev" "$above"): the machine would be cut off"
			return 1
		done
	done
}

through() {
	[ "$1" = "$2" ] || echo " through $2"
}

judge_use() {
	local dev users
	users=$(hf_pci_users "$1" | paste -sd' ')
	if [ -n "$users" ]; then
		WHY="in use by process $users: end it first"
		return 1
	fi
	[ -z "$FORCE" ] || return 0
	if hf_pci_netdevs_away "$1"; then
		WHY="its interface is in another network namespace (--force takes it all the same)"
		return 1
	fi
	for dev in $(hf_pci_netdevs "$1"); do
		judge_interface "$dev" || return 1
	done
}

judge_interface() {
	local above address master
	if master=$(hf_net_master "$1"); then
		WHY="$1 is a member of $master (--force takes it all the same)"
		return 1
	fi
	for above in $(hf_net_above "$1"); do
		address=$(hf_net_address "$above")
		[ -n "$address" ] || continue
		WHY="$1 has the address $address$(through "$1" "$above") (--force takes it all the same)"
		return 1
	done
}

judge_iommu() {
	[ ! -e "$HF_PCI_DEVICES/$1/iommu_group" ] || return 0
	[ -z "$ALLOW_NOIOMMU" ] && ! hf_noiommu_on || return 0
	WHY="in no IOMMU group: switch the IOMMU on in firmware and kernel line (intel_iommu=on iommu=pt), or see --no-iommu"
	return 1
}

# group_note ADDRESS: devices that keep VFIO from opening its group, unless they are bound as well.
group_note() {
	local dir other driver
	for dir in "$HF_PCI_DEVICES/$1"/iommu_group/devices/*; do
		other=${dir##*/}
		[[ -e $dir && " ${ADDRESSES[*]} " != *" $other "* ]] || continue
		[[ $(hf_pci_read "$other" class) != 0x06* ]] || continue
		driver=$(hf_pci_driver "$other")
		case $driver in
		'' | vfio-pci | pci-stub) ;;
		*) echo "; $other on $driver is in the same IOMMU group: bind it too, or DPDK cannot open either" ;;
		esac
	done
}
