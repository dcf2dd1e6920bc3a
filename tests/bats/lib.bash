# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every bats file loads: its run (one a file, so that all it made is removed), an instance of
# its own for each test, the programs, hosts in network namespaces, and the balance that is checked
# after each test while the primary lives. HF_BUILD names the build whose programs are tested.
# HF_SOAK=1 asks for the long forms.
#
# shellcheck disable=SC2015 # in "a && b || fail" fail is meant for both
bats_require_minimum_version 1.5.0

# shellcheck source-path=SCRIPTDIR source=../../deploy/lib.sh
. "${BATS_TEST_DIRNAME}/../../deploy/lib.sh"
HF_RUN=${HF_FILE_RUN:-} # a test belongs to the run of its file

setup_file() {
	file_begin
}

teardown_file() {
	file_end
}

setup() {
	test_begin
}

teardown() {
	test_end
}

# file_begin: the run of this file, with hugepages if nobody has reserved them (PAGES_MB of them, 768
# by default), and the group that may watch.
file_begin() {
	hf_need_root "${BATS_TEST_FILENAME##*/}" || return 1
	: "${HF_BUILD:=$HF_TOP/build/gcc}"
	hf_run_begin "bats-$(basename "$BATS_TEST_FILENAME" .bats)-$$"
	export HF_FILE_RUN=$HF_RUN HF_BUILD
	if ! getent group holdfast >/dev/null; then
		groupadd -rf holdfast
		export HF_GROUP_MADE=1
	fi
	[ -n "${HF_PAGES_RESERVED:-}" ] && return 0
	{ hf_hugetlbfs_mount && hf_hugepages_reserve "${PAGES_MB:-768}"; } >&2
}

file_end() {
	hf_run_end
	[ -z "${HF_GROUP_MADE:-}" ] || ! getent group holdfast >/dev/null || groupdel holdfast
}

# test_begin: names of this test. $$ is a process of its own for each test.
test_begin() {
	hf_programs "$HF_BUILD"
	INSTANCE=t-$$
	CONFIG=$BATS_TEST_TMPDIR/holdfast.yaml
	LOGS=$BATS_TEST_TMPDIR/logs
	NS_A=hf-$$-a NS_B=hf-$$-b NS_F=hf-$$-f
	IFACE_A=hf$$a IFACE_B=hf$$b
	mkdir -p "$LOGS"
	hf_run_record instances "$INSTANCE"
}

# test_end: a test that passed must balance; one that failed shows its logs.
test_end() {
	local status=0
	if [ -n "$(hf_run_pids primary)" ]; then
		assert_balance || status=1
	fi
	[ "$status" -eq 0 ] && [ "${BATS_TEST_COMPLETED:-}" = 1 ] || print_logs
	hf_run_stop
	return "$status"
}

print_logs() {
	local log
	[ -n "${LOGS:-}" ] || return 0 # setup did not come so far
	for log in "$LOGS"/*; do
		[ -s "$log" ] || continue
		echo "--- ${log##*/}"
		tail -n 30 "$log" | cut -c 1-300
	done
}

# soak LONG SHORT: LONG in a soak, else SHORT.
soak() {
	[ "${HF_SOAK:-0}" = 1 ] && echo "$1" || echo "$2"
}

# judged TIME...: the longest in a soak, else the median, for other tests may run at the same time.
judged() {
	printf '%s\n' "$@" | sort -n | sed -n "$(soak $# $((($# + 1) / 2)))p"
}

fail() {
	echo "$*" >&2
	return 1
}

# same GOT WANTED WHAT
same() {
	[ "$1" = "$2" ] || fail "$3: is $1, should be $2"
}

# one_line TEXT: the last `run` said one line, with TEXT in it.
one_line() {
	# shellcheck disable=SC2154 # set by bats
	[[ ${#lines[@]} -eq 1 && $output == *"$1"* ]] || fail "not one line with '$1': $output"
}

# --- configuration ------------------------------------------------------------------------------

# write_config LANES DEVICE...: a configuration in $CONFIG. $EXTRA: more lines; RING, POOL: sizes;
# FLOW: keys of the flow table; LANE: of each lane; PAIRED: devices are peers two by two.
write_config() {
	local lanes=$1 i pair
	shift
	{
		echo "instance: $INSTANCE"
		echo "lanes: [$(yes "{${LANE:-}}" | head -n "$lanes" | paste -sd,)]"
		echo "ring: {size: ${RING:-4096}}"
		echo "pool: {size: ${POOL:-16383}}"
		echo "idle: sleep"
		echo "flow: {${FLOW:-capacity: 65536}}"
		[ -z "${EXTRA:-}" ] || echo "$EXTRA"
		echo "ports:"
		for ((i = 1; i <= $#; i++)); do
			pair=$((i % 2 == 1 ? i + 1 : i - 1))
			echo "  - {device: \"${!i}\"${PAIRED:+, peer: ${!pair%%,*}}}"
		done
	} >"$CONFIG"
}

# make_pcap FILE OPTION...: made-up traffic, with its truth in $TRUTH.
make_pcap() {
	local file=$1
	shift
	: "${TRUTH:=$BATS_TEST_TMPDIR/truth.json}"
	python3 "$HF_TOP/tests/tools/pcapgen.py" "$@" "$file" "$TRUTH"
}

# --- programs -----------------------------------------------------------------------------------

# start_primary [COMMAND PREFIX...]: with $CONFIG, and waits until it is ready.
# shellcheck disable=SC2120 # tests pass one
start_primary() {
	: >"$LOGS/primary" # a test may start a second one
	hf_spawn primary "$LOGS/primary" "$@" "$HF_PRIMARY" -c "$CONFIG" -- --no-pci
	PRIMARY=$HF_PID
	hf_wait_for 20 primary_settled && grep -q ': ready' "$LOGS/primary" ||
		fail "primary did not become ready"
}

# Ready or dead.
primary_settled() {
	grep -q ': ready' "$LOGS/primary" || ! hf_proc_alive "$PRIMARY"
}

# start_worker NAME OPTION...: and waits until it runs. Sets WORKER to its pid.
start_worker() {
	local name=$1
	shift
	hf_spawn worker "$LOGS/worker-$name" "$HF_WORKER" --instance "$INSTANCE" --name "$name" "$@"
	WORKER=$HF_PID
	hf_wait_for "${START_S:-10}" worker_runs "$WORKER" || fail "worker $name does not run"
}

worker_runs() {
	status_is "any(.workers[]; .pid == $1 and .state == \"running\")"
}

# start_workers N LANES...: one worker a list of lanes, named w0, w1 ..., and waits for owners.
start_workers() {
	local n=0 lanes
	for lanes; do
		start_worker "w$n" --lanes "$lanes"
		n=$((n + 1))
	done
	hf_wait_for 10 status_is 'all(.lanes[]; .state == "running")' || fail "a lane has no owner"
}

# start_two_lanes: over TAP between two hosts, a worker each, w0 and w1.
start_two_lanes() {
	# shellcheck disable=SC2046
	write_config 2 $(tap_devices)
	# shellcheck disable=SC2119
	start_primary
	start_tap_hosts
	start_workers 0 1
}

ctl() {
	"$HF_CTL" --instance "$INSTANCE" "$@"
}

# status_of FILTER: what jq makes of the status.
status_of() {
	ctl --json status | jq -r "$1"
}

# status_is CONDITION
status_is() {
	ctl --json status | jq -e "$1" >/dev/null
}

# as_nobody GROUP COMMAND...: as a user who is no other's, and in this group alone.
as_nobody() {
	setpriv --reuid nobody --regid "$1" --clear-groups "${@:2}"
}

# monitor_for_all: HF_MONITOR becomes a copy that every user may start, for the build may lie where
# some cannot look.
monitor_for_all() {
	local dir=$BATS_TEST_TMPDIR/public above
	mkdir "$dir"
	cp "$HF_MONITOR" "${HF_MONITOR%/*}/holdfast-exporter" "$dir"
	chmod 755 "$dir" "$dir"/*
	for ((above = 0; above < 8; above++)); do # from the test's folder up to that of all tests
		dir=${dir%/*}
		chmod a+x "$dir"
		[ "$dir" != "$BATS_RUN_TMPDIR" ] || break
	done
	HF_MONITOR=$BATS_TEST_TMPDIR/public/holdfast-monitor
}

# --- balance ------------------------------------------------------------------------------------

# balance_errors: reads a status from stdin, prints a line for each lane or pool that is wrong.
balance_errors() {
	jq -r '(.lanes[] | ([.drops[]] | add // 0) as $drops
			| select(.rx_pkts != .tx_pkts + $drops + .held_pkts)
			| "lane \(.id): rx \(.rx_pkts) != tx \(.tx_pkts) + drops \($drops) + held " +
			"\(.held_pkts)"),
		(.pools[] | select(.unaccounted != 0)
			| "pool \(.name): \(.unaccounted) of \(.size) buffers unaccounted"),
		(.pools[] | select((.twice // 0) != 0)
			| "pool \(.name): \(.twice) of \(.size) buffers there twice")'
}

# Every lane has an owner and somebody who waits for it.
somebody_waits() {
	# shellcheck disable=SC2016 # jq's variables
	hf_wait_for 10 status_is '. as $s | all(.lanes[]; .id as $lane | .state == "running" and
		any($s.workers[]; .state == "running" and (.waiting | index($lane)) != null))' ||
		fail "a lane has no owner or nobody who waits for it"
}

# counters_known: the caller's $status, asked for anew, has every lane's; not while their writer has
# no CPU.
counters_known() {
	status=$(ctl --json status) && jq -e 'all(.lanes[]; .rx_pkts != null)' <<<"$status"
}

# assert_balance: rx = tx + drops + held on every lane, no buffer lost.
assert_balance() {
	local status errors
	hf_wait_for 5 counters_known || fail "counters stand still: $status" || return 1
	errors=$(balance_errors <<<"$status") || fail "status is no JSON: $status" || return 1
	[ -z "$errors" ] || fail "$errors"
}

# --- hosts --------------------------------------------------------------------------------------

HOST_A=10.202.0.1 HOST_B=10.202.0.2 HOST6_A=fd00:202::1 HOST6_B=fd00:202::2

tap_devices() {
	echo "net_tap0,iface=$IFACE_A" "net_tap1,iface=$IFACE_B"
}

# Hosts at the far ends of the TAP ports of a primary that is ready.
start_tap_hosts() {
	hf_netns_add "$NS_A"
	hf_netns_add "$NS_B"
	hf_netns_adopt "$NS_A" "$IFACE_A" "$HOST_A/24" "$HOST6_A/64"
	hf_netns_adopt "$NS_B" "$IFACE_B" "$HOST_B/24" "$HOST6_B/64"
}

af_packet_devices() {
	echo "net_af_packet0,iface=${IFACE_A}f" "net_af_packet1,iface=${IFACE_B}f"
}

# Hosts at one end of veth pairs, whose other ends lie in a third namespace, for the primary.
start_veth_hosts() {
	hf_netns_add "$NS_A"
	hf_netns_add "$NS_B"
	hf_netns_add "$NS_F"
	start_veth_host "$NS_A" "$IFACE_A" "$HOST_A/24" "$HOST6_A/64"
	start_veth_host "$NS_B" "$IFACE_B" "$HOST_B/24" "$HOST6_B/64"
}

# The kernel would leave checksums and segmentation to the other end, which is no kernel.
start_veth_host() {
	local ns=$1 iface=$2
	ip -n "$ns" link add "$iface" type veth peer name "${iface}f" netns "$NS_F"
	ip netns exec "$ns" ethtool -K "$iface" tx off rx off tso off gso off gro off >/dev/null
	hf_netns_host "$@"
	hf_netns_host "$NS_F" "${iface}f"
}

in_a() {
	ip netns exec "$NS_A" "$@"
}

in_b() {
	ip netns exec "$NS_B" "$@"
}

start_iperf_server() {
	hf_spawn iperf3 "$LOGS/iperf3-server" ip netns exec "$NS_B" iperf3 -s
	hf_wait_for 5 hf_netns_listens "$NS_B" 5201 || fail "iperf3 does not listen"
}

# start_iperf NAME OPTION...: a client in the background, its report in $LOGS/NAME. Sets HF_PID.
start_iperf() {
	local name=$1
	shift
	hf_spawn iperf3 "$LOGS/$name" ip netns exec "$NS_A" iperf3 -J -c "$HOST_B" "$@"
}

# iperf_passed NAME: it came to its end and moved data.
iperf_passed() {
	jq -e '.error == null and (.end.sum_received // .end.sum).bytes > 0' "$LOGS/$1" >/dev/null ||
		fail "iperf3: $(jq -r '.error // "no data"' "$LOGS/$1")"
}

# ping_counts LOG...: "sent received duplicates" over the reports of ping.
ping_counts() {
	awk -F'[ ,]+' '/packets transmitted/ {
			sent += $1
			received += $4
			for (i = 1; i < NF; i++) if ($(i + 1) == "duplicates") { sub(/\+/, "", $i); dup += $i }
		}
		END { print sent + 0, received + 0, dup + 0 }' "$@"
}

# echo_counts: "sent received": echo requests and replies of host A's kernel, since it is there.
echo_counts() {
	# shellcheck disable=SC2016 # awk's fields
	in_a awk '$1 == "Icmp:" && n == 0 { n = split($0, name); next }
		$1 == "Icmp:" {
			for (i = 2; i <= n; i++) count[name[i]] = $i
			print count["OutEchos"], count["InEchoReps"]
		}' /proc/net/snmp
}

# echoes_since BEFORE: the same since then.
echoes_since() {
	local requests replies
	read -r requests replies <<<"$(echo_counts)"
	echo "$((requests - ${1% *})) $((replies - ${1#* }))"
}

# start_pings COUNT [SECONDS]: from host A to host B, one every so many seconds (default: 1 ms), in
# the background. Returns when they are under way. Sets PINGS.
start_pings() {
	PINGS_BEFORE=$(echo_counts)
	in_a ping -q -i "${2:-0.001}" -c "$1" -W 2 "$HOST_B" >"$LOGS/ping" &
	PINGS=$!
	sleep 0.3
}

# pings_passed COUNT: ends when they have ended; each was answered once. Host A's kernel says so:
# ping itself, without a CPU just then, loses some of hundreds of answers that come at once.
pings_passed() {
	local sent doubled
	wait "$PINGS" || true
	read -r sent _ doubled <<<"$(ping_counts "$LOGS/ping")"
	same "$sent $doubled" "$1 0" "pings sent, doubled" || return 1
	same "$(echoes_since "$PINGS_BEFORE")" "$1 $1" "pings sent, answered"
}
