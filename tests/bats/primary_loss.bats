#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The primary is killed: what goes on without it, who leaves, and what the next one finds. Hardware
# lanes on net_null; on real NICs: not supported here (no such device).
load lib

# start_null QUEUES [LINE]: two lanes on two net_null ports.
start_null() {
	POOL=4095 EXTRA="queues: $1"$'\n'"${2:-}" write_config 2 net_null0 net_null1
	start_primary
}

# start_keeper NAME OPTION...: a worker that is started again. Sets KEEPER to its parent's pid.
start_keeper() {
	local name=$1
	shift
	hf_spawn worker "$LOGS/worker-$name" "$HF_WORKER" --instance "$INSTANCE" --name "$name" \
		--respawn "$@"
	KEEPER=$HF_PID
	hf_wait_for 10 keeper_runs "$name" || fail "worker $name does not run"
}

keeper_runs() {
	status_is "any(.workers[]; .name == \"$1\" and .state == \"running\")"
}

worker_pid() {
	status_of "[.workers[] | select(.name == \"$1\")][0].pid"
}

kill_primary() {
	kill -KILL "$PRIMARY"
	hf_pids_wait 5 "$PRIMARY"
}

monitor_json() {
	"$HF_MONITOR" --instance "$INSTANCE" --json --once
}

# ends_with STATUS PID: a child of this test has ended, or does so now.
ends_with() {
	local status=0
	wait "$2" || status=$?
	same "$status" "$1" "exit status of $2"
}

# lanes_forward: every lane has an owner, and packets leave. Software lanes: all of net_null's
# packets are the same, and go to one lane.
lanes_forward() {
	local before
	status_is 'all(.lanes[]; .state == "running")' || return 1
	before=$(status_of '[.lanes[] | select(.tx_pkts > 0 or .kind == "hardware") | .tx_pkts]')
	sleep 0.05
	[ "$before" != '[]' ] || return 1
	status_of '[.lanes[] | select(.tx_pkts > 0 or .kind == "hardware") | .tx_pkts]' |
		jq -es --argjson before "$before" \
			'.[0] | to_entries | all(.[]; .value > $before[.key])' >/dev/null
}

# alone: lanes' packets sent as the monitor sees them while there is no primary.
alone() {
	monitor_json >"$LOGS/alone.json"
	jq -ec 'if .primary_gone and .state != "stale" then [.lanes[].tx_pkts] else empty end' \
		"$LOGS/alone.json" || fail "the monitor does not say so: $(cut -c 1-300 "$LOGS/alone.json")"
}

# goes_on_alone: every lane sends packets without a primary. Sets ALONE to their counts.
goes_on_alone() {
	local first second
	first=$(alone)
	sleep 0.1
	second=$(alone)
	jq -en --argjson a "$first" --argjson b "$second" \
		'[$a, $b] | transpose | all(.[]; .[1] > .[0])' >/dev/null ||
		fail "without a primary: $first, later $second"
	ALONE=$second
}

# serve_again KIND: kills the primary, starts the next one, and waits until each lane moves packets.
# Sets TOOK_MS: from the start of the new primary.
serve_again() {
	local began
	kill_primary
	ALONE=[]
	[ "$1" = software ] || goes_on_alone
	began=$(date +%s%N)
	start_primary
	until lanes_forward 2>/dev/null; do
		[ $((($(date +%s%N) - began) / 1000000)) -lt 10000 ] || fail "no packets flow" || return 1
		sleep 0.02
	done
	TOOK_MS=$((($(date +%s%N) - began) / 1000000))
}

# files_of_instance: how many there are, by place.
files_of_instance() {
	local place
	for place in "/dev/hugepages/$INSTANCE"map_* "/dev/hugepages/holdfast-$INSTANCE."* \
		"/var/run/dpdk/$INSTANCE"/* "/run/holdfast/$INSTANCE"/*; do
		[ ! -e "$place" ] || echo "${place%/*}"
	done | sort | uniq -c
}

@test "software lanes: the worker leaves at once, status 1, and says why" {
	local began took
	start_null software
	start_worker w0 --lanes 0-1
	began=$(date +%s%N)
	kill_primary
	hf_pids_wait 2 "$WORKER" || fail "the worker stays"
	took=$((($(date +%s%N) - began) / 1000000))
	echo "# it left after $took ms" >&3
	[ "$took" -le 500 ] || fail "it left after $took ms"
	ends_with 1 "$WORKER"
	grep -q 'the primary has died' "$LOGS/worker-w0"
}

@test "hardware lanes: packets go on without a primary, and the monitor says so" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	sleep 0.5
	monitor_json >"$LOGS/one.json"
	sleep 0.3
	monitor_json >"$LOGS/two.json"
	jq -e '.primary_gone and .state != "stale"' "$LOGS/one.json" >/dev/null
	jq -es '.[1].lanes[0].tx_pkts > .[0].lanes[0].tx_pkts and
		.[1].lanes[1].tx_pkts > .[0].lanes[1].tx_pkts' \
		"$LOGS/one.json" "$LOGS/two.json" >/dev/null || fail "packets stand still"
	"$HF_MONITOR" --instance "$INSTANCE" --batch --once |
		grep -q 'primary gone, forwarding without it'
	kill -TERM "$WORKER"
	ends_with 0 "$WORKER"
}

@test "hardware lanes, on_primary_loss: exit: the worker leaves with status 1" {
	start_null hardware 'on_primary_loss: exit'
	start_worker w0 --lanes 0-1
	kill_primary
	hf_pids_wait 2 "$WORKER" || fail "the worker stays"
	ends_with 1 "$WORKER"
}

@test "the next primary asks a worker without --respawn to leave, which it does by itself" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	start_primary
	ends_with 1 "$WORKER"
	run ! grep -q 'killed' "$LOGS/primary"
}

@test "a worker that is stopped when the next primary starts is killed" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill -STOP "$WORKER"
	kill_primary
	start_primary
	hf_pids_wait 1 "$WORKER"
	grep -q 'does not leave: killed' "$LOGS/primary"
}

@test "a worker whose slot is lost from the old segment is found by what it maps" {
	start_null hardware
	start_worker w0 --lanes 0-1
	kill_primary
	rm "/run/holdfast/$INSTANCE/segment"
	start_primary
	hf_pids_wait 1 "$WORKER" || fail "the old worker lives"
}

@test "--respawn: a worker that is killed is back, SIGTERM to its parent ends both" {
	local pid
	start_null software
	start_keeper w0 --lanes 0-1
	pid=$(worker_pid w0)
	kill -KILL "$pid"
	hf_wait_for 5 status_is "any(.workers[]; .name == \"w0\" and .pid != $pid)" || fail "not back"
	hf_wait_for 5 lanes_forward
	pid=$(worker_pid w0)
	kill -TERM "$KEEPER"
	ends_with 0 "$KEEPER"
	run ! hf_proc_alive "$pid"
}

@test "--respawn: holdfastctl stop, and drain, end the worker for good" {
	start_null software
	start_keeper w0 --lanes 0
	start_keeper w1 --lanes 0-1
	hf_wait_for 5 status_is '.lanes[0].waiting == ["w1"]' || fail "$(ctl lanes)"
	ctl drain w0 || ctl drain "$(worker_pid w0)"
	hf_wait_for 5 status_is 'all(.workers[]; .name != "w0")'
	ctl stop
	ends_with 0 "$KEEPER"
	hf_pids_wait 5 "$PRIMARY"
}

@test "--respawn: the worker goes when its parent is killed" {
	local pid
	start_null software
	start_keeper w0 --lanes 0-1
	pid=$(worker_pid w0)
	kill -KILL "$KEEPER"
	hf_pids_wait 3 "$pid" || fail "worker $pid is left"
}

@test "--respawn with --wait: one line, exit 2" {
	run -2 "$HF_WORKER" --instance "$INSTANCE" --lanes 0 --respawn --wait 1
	[ "${#lines[@]}" -eq 1 ]
}

# counted: packets that flow records, their accounts and skips stand for; then lanes, then ports.
counted() {
	local flows
	flows=$(ctl --json --top 1 flows | jq '.totals | .live_pkts + .evicted_pkts + .expired_pkts +
		([.skipped[]] | add)')
	ctl --json status | jq -c --argjson flows "$flows" \
		'[$flows, (.lanes[] | .rx_pkts, .tx_pkts), (.ports[] | .rx_pkts, .tx_pkts)]'
}

# none_fell BEFORE AFTER: two arrays of counters.
none_fell() {
	jq -en --argjson a "$1" --argjson b "$2" \
		'[$a, $b] | transpose | all(.[]; .[1] >= .[0])' >/dev/null || fail "$1 fell to $2"
}

# The last sample that the monitor has written is of the primary that runs.
monitor_follows() {
	[ "$(grep '^{.*}$' "$LOGS/monitor" | tail -n 1 | jq .primary_pid)" = "$PRIMARY" ]
}

# kill_and_serve KIND DEVICE...: with what is kept, under full load.
kill_and_serve() {
	local i files before kind=$1
	local -a times=()
	shift
	POOL=8191 EXTRA="queues: $kind"$'\nsegment: {persist: true}' write_config 2 "$@"
	start_primary
	start_keeper w0 --lanes 0
	start_keeper w1 --lanes 1
	hf_spawn monitor "$LOGS/monitor" "$HF_MONITOR" --instance "$INSTANCE" --json --interval 0.2
	hf_wait_for 10 lanes_forward
	files=$(files_of_instance)
	for ((i = 0; i < $(soak 20 3); i++)); do
		before=$(counted)
		serve_again "$kind"
		times+=("$TOOK_MS")
		none_fell "$before" "$(counted)"
		[ "$ALONE" = '[]' ] || none_fell "$ALONE" "$(status_of '[.lanes[].tx_pkts] | tojson')"
		assert_balance
		same "$(files_of_instance)" "$files" "files after kill $i"
	done
	same "$(status_of .adoptions)" "$i" "adoptions"
	hf_wait_for 5 monitor_follows || fail "the monitor's primary: $(grep '^{.*}$' "$LOGS/monitor" | tail -n 1)"
	echo "# $kind: packets flow after ${times[*]} ms" >&3
	[ "$(judged "${times[@]}")" -le 3000 ] || fail "packets flow after ${times[*]} ms"
}

@test "software lanes: killed again and again, the next one serves within 3 s, no count falls" {
	local in=$BATS_TEST_TMPDIR/in.pcap
	make_pcap "$in" --packets 400 --flows 50
	kill_and_serve software "net_pcap0,rx_pcap=$in,infinite_rx=1" "net_pcap1,tx_pcap=/dev/null"
}

@test "hardware lanes: killed again and again, the next one serves within 3 s, no count falls" {
	kill_and_serve hardware net_null0 net_null1
}

# start_kept PACKETS OPTION...: a primary that keeps its segment and reads so many packets.
start_kept() {
	local in=$BATS_TEST_TMPDIR/in.pcap
	make_pcap "$in" --packets "$1" --flows 50
	EXTRA="segment: {persist: true}" write_config 1 "net_pcap0,rx_pcap=$in" \
		"net_pcap1,tx_pcap=/dev/null"
	start_primary
}

# counted_flows: "key packets" of all flows, sorted.
counted_flows() {
	ctl --json --top 1000 flows | jq -r '.flows[]
		| "\(.src) \(.dst) \(.sport) \(.dport) \(.proto) \(.packets)"' | sort
}

all_sent() {
	status_is ".lanes[0] | .tx_pkts == $1 and .held_pkts == 0"
}

@test "segment.persist: flows go on exactly where they were, after a kill and after a stop" {
	start_kept 1000
	start_keeper w0 --lanes 0
	hf_wait_for 10 all_sent 1000
	counted_flows >"$LOGS/first"
	kill_primary
	start_primary
	hf_wait_for 10 all_sent 2000
	awk '{ $NF = 2 * $NF; print }' "$LOGS/first" | sort >"$LOGS/doubled"
	counted_flows | diff "$LOGS/doubled" - >&2 || fail "flows did not go on"
	ctl stop
	hf_pids_wait 10 "$PRIMARY" "$KEEPER"
	[ ! -e "/run/holdfast/$INSTANCE" ]
	start_primary
	start_keeper w1 --lanes 0
	hf_wait_for 10 all_sent 3000
	same "$(counted | jq '.[0]')" 3000 "packets of flows"
	same "$(status_of '.ports[0].rx_pkts')" 3000 "packets of the port"
}

@test "segment.persist: what lay in the rings is counted as primary_lost" {
	start_kept 1000
	hf_wait_for 10 status_is '.lanes[0].held_pkts == 1000'
	kill_primary
	start_primary
	hf_wait_for 10 status_is '.lanes[0] | .rx_pkts == 2000 and .held_pkts == 1000'
	status_is '.lanes[0].drops.primary_lost == 1000'
	grep -q '1000 packets were lost' "$LOGS/primary"
}

@test "segment.persist: another number of lanes starts afresh and says why, in one line" {
	start_kept 1000
	kill_primary
	sed -i 's/^lanes: .*/lanes: 2/' "$CONFIG"
	start_primary
	same "$(grep -c 'adopt segment: number of lanes differs: 1 in the kept segment, 2 wanted' \
		"$LOGS/primary")" 1 "lines that say why"
	same "$(status_of .adoptions)" 0 "adoptions"
}

@test "segment.persist: without the key what was kept goes, and the next start counts from 0" {
	start_kept 1000
	ctl stop
	hf_pids_wait 10 "$PRIMARY"
	[ -e "/dev/hugepages/holdfast-$INSTANCE.segment" ] || fail "nothing was kept"
	sed -i '/^segment:/d' "$CONFIG"
	start_primary
	hf_wait_for 10 status_is '.lanes[0].rx_pkts == 1000'
	ctl stop
	hf_pids_wait 10 "$PRIMARY"
	[ ! -e "/dev/hugepages/holdfast-$INSTANCE.segment" ]
}
