# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The ports: their drivers, VFIO and the IOMMU, their NUMA nodes. Part of doctor.

# bind_command: how bind is called here.
bind_command() {
	case $0 in
	*holdfast-doctor) echo holdfast-bind ;;
	*) echo "$(dirname "$0")/bind" ;;
	esac
}

# Sets NEED_VFIO: 1 yes, 0 no, empty unknown, as no configuration says.
check_ports() {
	local address k
	NEED_VFIO=''
	if [ "$HAVE_CONFIG" = 1 ]; then
		NEED_VFIO=0
		while read -r address k; do
			check_port "${PORTS[k]%%,*}" "$address"
		done < <(config_pci)
		check_tun
		return
	fi
	for address in $(hf_pci_addresses); do
		case $(hf_pci_driver "$address") in
		uio_pci_generic | igb_uio) check_port "$address" "$address" ;;
		vfio-pci) NEED_VFIO=1 ;;
		esac
	done
}

# check_port NAME ADDRESS
check_port() {
	local driver
	driver=$(hf_pci_driver "$2")
	if [ ! -d "$HF_PCI_DEVICES/$2" ]; then
		finding FAIL port-driver "$1: no such PCI device" "$(bind_command) --list"
	elif hf_pci_bifurcated "$2"; then
		if [[ $driver == mlx* ]]; then
			finding OK port-driver "$1: on $driver, where DPDK's mlx drivers want it"
		else
			finding FAIL port-driver "$1: on ${driver:-no driver}, mlx devices need their kernel driver" \
				"$(bind_command) --undo $2"
		fi
	else
		check_port_driver "$1" "$2" "$driver"
	fi
}

check_port_driver() {
	NEED_VFIO=1
	case $3 in
	vfio-pci) finding OK port-driver "$1: on vfio-pci" ;;
	uio_pci_generic | igb_uio)
		finding FAIL port-driver "$1: on $3: $HF_UIO_WHY" "$(bind_command) $2"
		;;
	*) finding FAIL port-driver "$1: on ${3:-no driver}, DPDK cannot have it" "$(bind_command) $2" ;;
	esac
}

check_tun() {
	[[ " ${PORTS[*]}" == *" net_tap"* ]] || return 0
	if [ -e "$HF_SYSFS/dev/net/tun" ]; then
		finding OK tun "/dev/net/tun is there for the net_tap ports"
	else
		finding FAIL tun "/dev/net/tun is missing, net_tap ports need it" "modprobe tun"
	fi
}

# vfio_level: what it means when VFIO does not work.
vfio_level() {
	[ "$NEED_VFIO" = 1 ] && echo FAIL || echo WARN
}

check_vfio() {
	if [ "$NEED_VFIO" = 0 ]; then
		finding OK vfio "not needed: no port of the configuration is bound to it"
		return
	fi
	if hf_driver_there vfio-pci; then
		finding OK vfio "vfio-pci is loaded"
	else
		finding "$(vfio_level)" vfio "vfio-pci is not loaded" "modprobe vfio-pci"
	fi
	if hf_iommu_on; then
		finding OK iommu "on"
	elif hf_noiommu_on; then
		finding WARN iommu "off, and VFIO works without it: a NIC can write anywhere in memory" \
			"$(iommu_mend)"
	else
		finding "$(vfio_level)" iommu "off: VFIO opens no device" "$(iommu_mend)"
	fi
}

iommu_mend() {
	if grep -qs AuthenticAMD "$HF_SYSFS/proc/cpuinfo"; then
		echo "switch on AMD-Vi in the firmware; kernel line: iommu=pt"
	else
		echo "switch on VT-d in the firmware; kernel line: intel_iommu=on iommu=pt"
	fi
}

# node_of_cpu CPU
node_of_cpu() {
	local link
	for link in "$HF_SYSFS/sys/devices/system/cpu/cpu$1"/node[0-9]*; do
		[ ! -e "$link" ] || echo "${link##*/node}"
	done
}

# check_distance: ports on another node than the I/O thread that serves them, if one does, or than a
# lane, as any lane may get packets of any port.
check_distance() {
	local address k node io bad=''
	while read -r address k; do
		[ -d "$HF_PCI_DEVICES/$address" ] || continue
		node=$(hf_pci_node "$address")
		if [ ${#IO_CPUS[@]} -gt 0 ]; then
			io=${PORT_IO[k]}
			[ "$io" != auto ] || io=$((k % ${#IO_CPUS[@]}))
			distance "$address" "$node" "${IO_CPUS[io]}" "I/O thread $io" || bad=1
		fi
		for io in "${!LANE_CPUS[@]}"; do
			distance "$address" "$node" "${LANE_CPUS[io]}" "lane $io" || bad=1
		done
	done < <(config_pci)
	[ -n "$bad" ] || finding OK nic-numa "no port is on another NUMA node than its threads"
}

# distance ADDRESS NODE CPU THREAD
distance() {
	local there
	[ "$3" != any ] && there=$(node_of_cpu "$3") && [ -n "$there" ] || return 0
	[ "$there" != "$2" ] || return 0
	finding WARN nic-numa "$1 is on node $2, $4 on node $there (CPU $3)" "\$EDITOR $CONFIG"
	return 1
}
