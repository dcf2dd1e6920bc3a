# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Files that dead instances left: run folders, DPDK's folders, hugepages. Part of doctor. An instance
# is dead when nobody holds its locks and nobody maps its memory; no lock is tried, since that would
# turn away a primary that starts just then.

# locked FILE: does a process hold a lock on it? By device and inode, from /proc/locks.
locked() {
	local device inode
	read -r device inode < <(stat -c '%D %i' "$1" 2>/dev/null) || return 1
	device=$((16#$device))
	grep -qs "$(printf ' %02x:%02x:%s ' $(((device >> 8) & 0xfff)) \
		$(((device & 0xff) | ((device >> 12) & 0xfff00))) "$inode")" "$HF_SYSFS/proc/locks"
}

# mapped FILE: by any process.
mapped() {
	grep -qsF -- " ${1#"$HF_SYSFS"}" "$HF_SYSFS"/proc/[0-9]*/maps
}

# instance_pages NAME: its files in hugetlbfs.
instance_pages() {
	local file
	for file in "$HF_SYSFS$HUGE_DIR/$1"map_* "$HF_SYSFS$HUGE_DIR/holdfast-$1.segment"; do
		[ ! -e "$file" ] || echo "$file"
	done
}

# instance_lives NAME: a primary of Holdfast, or any DPDK process of that prefix. To whom the folder
# is closed, it lives.
instance_lives() {
	local file
	[[ -d $HF_SYSFS/run/holdfast/$1 && ! -x $HF_SYSFS/run/holdfast/$1 ]] && return
	locked "$HF_SYSFS/run/holdfast/$1/primary.lock" && return
	for file in "$HF_SYSFS/var/run/dpdk/$1"/*; do
		locked "$file" && return
	done
	while read -r file; do
		mapped "$file" && return
	done < <(instance_pages "$1")
	return 1
}

# instance_names: all that have left a trace.
instance_names() {
	local file name
	for file in "$HF_SYSFS"/run/holdfast/*/ "$HF_SYSFS"/var/run/dpdk/*/; do
		name=${file%/}
		[ ! -d "$file" ] || echo "${name##*/}"
	done
	for file in "$HF_SYSFS$HUGE_DIR"/*map_[0-9]*; do
		name=${file##*/}
		[ ! -e "$file" ] || echo "${name%map_*}"
	done
	for file in "$HF_SYSFS$HUGE_DIR"/holdfast-*.segment; do
		name=${file##*/holdfast-}
		[ ! -e "$file" ] || echo "${name%.segment}"
	done
}

# stale NAME: what a dead instance has left, as a finding.
stale() {
	local blocks=0 size file what='' mend=''
	while read -r file; do
		size=$(stat -c %b "$file")
		blocks=$((blocks + ${size:-0}))
		mend="rm -f $HUGE_DIR/$1map_* $HUGE_DIR/holdfast-$1.segment"
	done < <(instance_pages "$1")
	[ -z "$mend" ] || what=" $((blocks / 2048)) MB of hugepages"
	for file in "/run/holdfast/$1" "/var/run/dpdk/$1"; do
		[ -d "$HF_SYSFS$file" ] || continue
		what="$what $file"
		mend="${mend:+$mend; }rm -rf $file"
	done
	finding WARN stale "$1: no process of it lives, but it left$what" "$mend"
}

check_files() {
	local name bad='' names live=''
	if [ "$(id -u)" -ne 0 ]; then
		finding WARN stale "not looked for: only root sees who holds locks and pages" "sudo $0"
		return
	fi
	names=$(instance_names | sort -u)
	# With a configuration or a name, that instance alone is meant.
	[ -z "$INSTANCE" ] || names=$(grep -xF -- "$INSTANCE" <<<"$names")
	for name in $names; do
		if instance_lives "$name"; then
			live="$live $name"
		else
			bad=1
			stale "$name"
		fi
	done
	[ -n "$bad" ] || finding OK stale "no files of dead instances${live:+; alive:$live}"
}
