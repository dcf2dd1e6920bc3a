# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Versions, and what a configuration asks for. Part of doctor. The file is read by holdfast-primary
# itself (--check -v), so that defaults, ranges and the need for memory are the primary's own.
# shellcheck disable=SC2034 # the other parts of doctor read what is set here

# find_primary: a holdfast-primary beside this program, of a build, or in PATH.
find_primary() {
	local file
	for file in "${HF_BUILD:-/nowhere}/primary/holdfast-primary" \
		"$(dirname "$0")/holdfast-primary" \
		"$HF_TOP"/build/{release,gcc}/primary/holdfast-primary \
		"$(command -v holdfast-primary)"; do
		if [ -x "$file" ]; then
			echo "$file"
			return
		fi
	done
	return 1
}

check_versions() {
	local kernel dpdk
	kernel=$(hf_read /proc/sys/kernel/osrelease)
	if [ "$(printf '%s\n' 5.3 "$kernel" | sort -V | head -n 1)" = 5.3 ]; then
		finding OK kernel "Linux $kernel"
	else
		finding FAIL kernel "Linux ${kernel:-unknown}: 5.3 is the oldest that has pidfd_open" \
			"apt-get install linux-image-amd64"
	fi
	# shellcheck disable=SC2016 # dpkg-query's own variable
	dpdk=$(hf_tool dpkg-query -W -f '${Version}\n' 'librte-eal*' 2>/dev/null | sort -V |
		tail -n 1)
	[ -n "$dpdk" ] || dpdk=$(hf_tool pkg-config --modversion libdpdk 2>/dev/null)
	if [ -z "$dpdk" ]; then
		finding WARN dpdk "no DPDK library found" "apt-get install libdpdk-dev"
	elif [ "$(printf '%s\n' 22.11 "$dpdk" | sort -V | head -n 1)" = 22.11 ]; then
		finding OK dpdk "DPDK $dpdk"
	else
		finding FAIL dpdk "DPDK $dpdk: 22.11 is the oldest supported" "apt-get install libdpdk-dev"
	fi
}

# config_read: sets HAVE_CONFIG and, when it is 1, PORTS, PORT_IO, LANE_CPUS, IO_CPUS, IDLE, GROUP,
# HUGE_DIR, NODE_MB and SEGMENT_KB. Defaults otherwise. Hardware lanes have no I/O threads.
config_read() {
	local primary text
	HAVE_CONFIG=0 PORTS=() PORT_IO=() LANE_CPUS=() IO_CPUS=() IDLE='' QUEUES='' GROUP=holdfast
	HUGE_DIR=$HF_HUGE_DIR NODE_MB=0 SEGMENT_KB=0
	[ -n "$CONFIG" ] || return 0
	if ! primary=$(find_primary); then
		finding FAIL config "$CONFIG: cannot be read without holdfast-primary, and none is built or installed" "$HF_TOP/deploy/quickstart"
		return
	fi
	if ! text=$("$primary" -c "$CONFIG" ${INSTANCE:+--instance "$INSTANCE"} --check -v 2>&1); then
		finding FAIL config "${text##*$'\n'}" "\$EDITOR $CONFIG"
		return
	fi
	config_take <<<"$(config_words <<<"$text")"
	[ "$QUEUES" != hardware ] || IO_CPUS=()
	HAVE_CONFIG=1
	while read -r text; do
		finding WARN config "$text" "\$EDITOR $CONFIG"
	done < <(sed -n 's/^holdfast-primary: //p' <<<"$text")
	finding OK config "$CONFIG: instance $INSTANCE, ${#PORTS[@]} ports, ${#LANE_CPUS[@]} lanes, ${#IO_CPUS[@]} I/O threads, idle: $IDLE"
}

# config_words: the effective configuration as lines of a key and a value.
config_words() {
	awk '
		/^# hugepages: / { print "node_mb", $3; print "segment_kb", $(NF - 4); next }
		/^#/ { next }
		/^[a-z_]+:/ { section = $1 }
		/^(instance|queues|hugepage_dir|idle|group): / { print substr($1, 1, length($1) - 1), $2 }
		section == "lanes:" && /^  - cpu: / { print "lane_cpu", $3 }
		section == "io:" && /^  - cpu: / { print "io_cpu", $3 }
		section == "ports:" && /^  - device: / { sub(/^  - device: /, ""); print "port", $0 }
		section == "ports:" && /^    io: / { print "port_io", $2 }' | tr -d '"'
}

config_take() {
	local key value
	while read -r key value; do
		case $key in
		instance) : "${INSTANCE:=$value}" ;;
		hugepage_dir) HUGE_DIR=$value ;;
		idle) IDLE=$value ;;
		queues) QUEUES=$value ;;
		group) GROUP=$value ;;
		lane_cpu) LANE_CPUS+=("$value") ;;
		io_cpu) IO_CPUS+=("$value") ;;
		port) PORTS+=("$value") ;;
		port_io) PORT_IO+=("$value") ;;
		node_mb) NODE_MB=$value ;;
		segment_kb) SEGMENT_KB=$value ;;
		esac
	done
}

# config_pci: the ports that are PCI devices: address and position, one a line. The address is that
# in the file, made long, whether there is such a device or not.
config_pci() {
	local k address
	for k in "${!PORTS[@]}"; do
		address=${PORTS[k]%%,*}
		[[ $address =~ ^([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]$ ]] || continue
		[[ $address == *:*:* ]] || address=0000:$address
		echo "${address,,} $k"
	done
}

check_group() {
	if hf_tool getent group "$GROUP" >/dev/null; then
		finding OK group "$GROUP is there: its members may watch"
	else
		finding WARN group "$GROUP is not there: only root can watch and control" \
			"groupadd -r $GROUP"
	fi
}
