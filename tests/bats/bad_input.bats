#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Bad input: one clear line, the right exit status, nothing started or changed.
load lib

# refused STATUS TEXT COMMAND...: one line that has TEXT in it, and no instance afterwards.
refused() {
	local status_wanted=$1 text=$2
	shift 2
	run "-$status_wanted" timeout -k 1 20 "$@"
	one_line "$text"
	if [ -z "$(hf_run_pids primary)" ]; then
		[ ! -e "/run/holdfast/$INSTANCE/control" ] || fail "an instance was started"
		run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
	fi
}

# config_refused TEXT LINE...: a good configuration and these lines on top are refused.
config_refused() {
	local text=$1
	shift
	EXTRA=$(printf '%s\n' "$@") write_config 1 net_null0 net_null1
	refused 2 "$text" "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	refused 2 "$CONFIG:" "$HF_PRIMARY" --check -c "$CONFIG"
}

start_forwarder() {
	write_config 1 net_null0,no-rx=1 net_null1,no-rx=1
	start_primary
}

@test "configuration: unknown key" {
	config_refused speed 'speed: 9'
	config_refused rss.colour 'rss: {colour: red}'
}

@test "configuration: wrong type" {
	config_refused burst 'burst: many'
	config_refused rss 'rss: [1, 2]'
}

@test "configuration: out of range" {
	config_refused burst 'burst: 129'
	config_refused rss.reta_size 'rss: {reta_size: 100}'
	config_refused idle_sleep_us 'idle_sleep_us: 0'
	config_refused tx.retry_us 'tx: {retry_us: 10001}'
}

@test "configuration: the line number is that of the mistake" {
	EXTRA='burst: 129' write_config 1 net_null0 net_null1
	run -2 "$HF_PRIMARY" --check -c "$CONFIG"
	[[ $output == *"$CONFIG:$(grep -n burst "$CONFIG" | cut -d: -f1): burst: "* ]]
}

@test "configuration: a port twice" {
	write_config 1 net_null0 net_null0
	refused 2 net_null0 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
}

@test "configuration: two ports on one interface or socket, one PCI function in two spellings" {
	write_config 1 net_tap0,iface=x0 net_tap1,iface=x0
	refused 2 'iface=x0 is already that of ports[0]' "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	write_config 1 net_virtio_user0,path=/tmp/x net_virtio_user1,path=/tmp/x
	refused 2 'path=/tmp/x is already' "$HF_PRIMARY" --check -c "$CONFIG"
	write_config 1 0000:ff:00.0 ff:00.0
	refused 2 'ff:00.0 is already the device of ports[0]' "$HF_PRIMARY" --check -c "$CONFIG"
}

@test "configuration: a pool that cannot fill the ports is refused, one that cannot fill the rings warned of" {
	POOL=1023 write_config 1 net_null0 net_null1
	refused 2 'pool.size: 1023 is less than the ports have receive descriptors (2048)' \
		"$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	RING=4096 POOL=4095 write_config 2 net_null0 net_null1
	run -0 --separate-stderr "$HF_PRIMARY" --check -c "$CONFIG"
	same "$output" "$CONFIG: good" stdout
	# shellcheck disable=SC2154 # bats sets stderr
	[[ $stderr == *'pool.size: 4095 is less than rings and descriptors of software lanes hold (12288)'* ]] ||
		fail "$stderr"
	EXTRA='queues: hardware' RING=4096 POOL=1023 write_config 2 net_null0 net_null1
	run -0 --separate-stderr "$HF_PRIMARY" --check -c "$CONFIG"
	same "$stderr" "" "warning for hardware lanes"
}

@test "configuration: the examples and the demo's are good, without a warning" {
	local file
	for file in "$HF_TOP"/conf/*.yaml; do
		run -0 "$HF_PRIMARY" --check -c "$file"
		same "$output" "$file: good" "$file"
	done
}

@test "configuration: a lane that is not configured" {
	config_refused 'lane 5' 'rss:' '  reta_size: 16' '  reta: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,5]'
}

@test "configuration: a file that is none" {
	printf '\0\1\2 ] not yaml' >"$CONFIG"
	refused 2 "$CONFIG" "$HF_PRIMARY" -c "$CONFIG"
	refused 1 "$CONFIG.none" "$HF_PRIMARY" -c "$CONFIG.none"
}

@test "-h and --help, -V and --version: the same in every program, exit 0" {
	local program help version
	for program in "$HF_PRIMARY" "$HF_WORKER" "$HF_MONITOR" "$HF_CTL"; do
		help=$("$program" --help)
		[[ $help == *"-h, --help "*"-V, --version "* ]] || fail "$program: $help"
		same "$("$program" -h)" "$help" "$program -h"
		version=$("$program" --version)
		[[ $version == "${program##*/} "[0-9]* ]] || fail "$program: $version"
		same "$("$program" -V)" "$version" "$program -V"
	done
}

@test "bad flags: every program, exit 2" {
	write_config 1 net_null0 net_null1
	refused 2 --colour "$HF_PRIMARY" -c "$CONFIG" --colour
	refused 2 -c "$HF_PRIMARY"
	refused 2 --colour "$HF_WORKER" --instance "$INSTANCE" --colour
	refused 2 --lanes "$HF_WORKER" --instance "$INSTANCE"
	refused 2 x "$HF_WORKER" --instance "$INSTANCE" --lanes x
	refused 2 --colour "$HF_MONITOR" --colour
	refused 2 --interval "$HF_MONITOR" --interval soon
	refused 2 colour "$HF_CTL" --instance "$INSTANCE" colour
	refused 2 --colour "$HF_CTL" --colour status
	refused 2 --colour "$HF_TOP/deploy/quickstart" --colour
	refused 2 --colour "$HF_TOP/tests/run" --colour
}

@test "check: a good file is said to be good, and nothing is started" {
	write_config 1 net_null0 net_null1
	run -0 "$HF_PRIMARY" --check -c "$CONFIG"
	[ ! -e "/run/holdfast/$INSTANCE" ]
}

@test "device that does not exist: exit 1" {
	write_config 1 net_nothing0 net_null1
	run -1 timeout 20 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	[[ ${lines[-1]} == *net_nothing0* ]] || fail "$output"
	run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
}

@test "second primary of the instance: exit 1, and the first goes on" {
	start_forwarder
	refused 1 "$INSTANCE" "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	hf_proc_alive "$PRIMARY"
	status_is '.state == "ready"'
}

@test "worker: a lane that is not configured is exit 2, no primary is exit 1" {
	refused 1 "$INSTANCE" "$HF_WORKER" --instance "$INSTANCE" --lanes 0 --wait 0
	start_forwarder
	refused 2 'lane 7' "$HF_WORKER" --instance "$INSTANCE" --lanes 7
}

@test "worker in another PID namespace: exit 1, both numbers are said" {
	start_forwarder
	refused 1 'PID namespace' unshare --fork --kill-child --pid --mount-proc \
		"$HF_WORKER" --instance "$INSTANCE" --lanes 0 --wait 2
}

@test "worker of another layout version: exit 1, both versions are said" {
	start_forwarder
	local file=$HF_HUGE_DIR/holdfast-$INSTANCE.segment version
	version=$(poke "$file" get)
	poke "$file" 999
	refused 1 999 "$HF_WORKER" --instance "$INSTANCE" --lanes 0
	refused 1 999 "$HF_MONITOR" --instance "$INSTANCE" --batch --once
	poke "$file" "$version"
}

# poke FILE get|VERSION: the layout version of a segment, byte 8 to 11 of its header.
poke() {
	python3 - "$@" <<'END'
import mmap, struct, sys
with open(sys.argv[1], "r+b") as f:
  with mmap.mmap(f.fileno(), 2 << 20) as m:
    if sys.argv[2] == "get":
      print(struct.unpack_from("<I", m, 8)[0])
    else:
      struct.pack_into("<I", m, 8, int(sys.argv[2]))
END
}

@test "too few hugepages: how many are missing and the command that adds them" {
	local pages
	pages=$(($(hf_meminfo HugePages_Free) * $(hf_meminfo Hugepagesize) / 1024 + 4000))
	EXTRA="memory_mb: $pages" write_config 1 net_null0 net_null1
	run -1 timeout 20 "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	[[ ${lines[-1]} == *nr_hugepages* ]] || fail "$output"
	run ! compgen -G "$HF_HUGE_DIR/*$INSTANCE*"
}

@test "no permission: each program says so in one line, exit 1" {
	start_forwarder
	local nobody=(setpriv --reuid nobody --regid nogroup --clear-groups) public
	# The build and the test's folder may lie where nobody cannot look.
	public=$(mktemp -d)
	chmod 755 "$public"
	cp "$HF_PRIMARY" "$HF_WORKER" "$HF_CTL" "$HF_MONITOR" "$CONFIG" "$public"
	cd "$public"
	refused 1 '' "${nobody[@]}" ./holdfast-worker --instance "$INSTANCE" --lanes 0
	refused 1 '' "${nobody[@]}" ./holdfastctl --instance "$INSTANCE" status
	refused 1 '' "${nobody[@]}" ./holdfast-monitor --instance "$INSTANCE" --batch --once
	refused 1 '' "${nobody[@]}" ./holdfast-primary -c holdfast.yaml --instance "$INSTANCE-x" \
		-- --no-pci
	cd /
	rm -r "$public"
}
