#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The checks that guard packets and buffers can fail: programs with one fault built in are caught.
# Each mutant is a copy of the tree with one line changed; this tree is never touched.
load lib

# make_tree TREE: a copy of this tree. What the mutant before changed in it is put back, and nothing
# else is touched: it alone is built anew.
make_tree() {
	local file
	if [ ! -d "$1" ]; then
		mkdir -p "$1"
		cp -pR "$HF_TOP"/{meson.build,meson_options.txt,shared,primary,secondary,monitor,conf,docs,deploy} \
			"$1"
		return
	fi
	while read -r file; do
		cmp -s "$1/$file" "$HF_TOP/$file" || cp "$HF_TOP/$file" "$1/$file"
	done < <(cd "$1" && find shared primary secondary -name '*.[ch]')
}

# build_mutant FILE SED [FILE SED]...: the programs of a copy of the tree in which each SED has changed
# its FILE.
build_mutant() {
	local tree=$BATS_FILE_TMPDIR/tree build=$BATS_FILE_TMPDIR/build
	make_tree "$tree"
	while [ $# -gt 0 ]; do
		sed -i "$2" "$tree/$1"
		! cmp -s "$tree/$1" "$HF_TOP/$1" || fail "the mutation does not match $1"
		shift 2
	done
	# None of them is measured: what is quick to build will do.
	[ -d "$build" ] || meson setup "$build" "$tree" -Dtests=false -Dwerror=false \
		-Dbuildtype=plain >"$LOGS/meson" 2>&1 || fail "meson setup failed"
	ninja -C "$build" >"$LOGS/ninja" 2>&1 || fail "the mutant does not build"
	hf_programs "$build"
}

# Two TAP hosts, one lane, a worker that waits behind the owner; some packets have passed.
start_mutant() {
	# shellcheck disable=SC2046
	write_config 1 $(tap_devices)
	start_primary
	start_tap_hosts
	start_workers 0
	in_a ping -q -c 20 -i 0.01 -W 1 "$HOST_B" >"$LOGS/ping" || true
}

# The balance is this file's subject: it is wrong on purpose.
teardown() {
	[ "${BATS_TEST_COMPLETED:-}" = 1 ] || print_logs
	hf_run_stop
}

lost_is_one() {
	! assert_balance 2>"$LOGS/balance" && grep -q ': 1 of' "$LOGS/balance"
}

@test "a build that drops one packet in a hot restart prints 1 packets lost" {
	build_mutant secondary/stage_l2.c \
		's|b->verdict\[i\] = l2_verdict(run, b->port\[i\], b->data_len\[i\]);|{ static int once; b->verdict[i] = l2_verdict(run, b->port[i], b->data_len[i]); if (atomic_load(\&ctx->lane->generation) > 1 \&\& !once++) b->verdict[i] = HF_VERDICT_DROP(HF_DROP_TOO_SHORT); }|'
	local pinger
	start_mutant
	start_worker fresh --lanes 0
	in_a ping -q -c 300 -i 0.01 -W 1 "$HOST_B" >"$LOGS/ping" &
	pinger=$!
	sleep 0.5
	run ctl restart w0
	wait "$pinger" || true
	[[ $output == *"1 packets lost"* ]] || fail "printed: $output"
}

@test "a build that forgets one buffer shows 1 unaccounted" {
	build_mutant primary/io_tx.c \
		's|^	struct hf_io_port \*port;$|&\n	static int once;\n\n	if (r->sum.tx_pkts > 5 \&\& !once++)\n		return;|'
	start_mutant
	hf_wait_for 3 lost_is_one || fail "unaccounted is $(status_of '.pools[0].unaccounted')"
	same "$(status_of '.pools[0].unaccounted')" 1 unaccounted
}

@test "a build that drops one packet without freeing its buffer shows 1 unaccounted" {
	build_mutant primary/io_tx.c \
		's|^	struct hf_io_port \*port;$|&\n	static int once;\n\n	if (r->sum.tx_pkts > 5 \&\& !once++) {\n		r->sum.drop[0]++;\n		hf_mark_set(m, 0);\n		return;\n	}|'
	start_mutant
	hf_wait_for 3 lost_is_one || fail "unaccounted is $(status_of '.pools[0].unaccounted')"
	same "$(status_of '.pools[0].unaccounted')" 1 unaccounted
}

# Two virtio-user ports, whose far ends holdfast-wire holds; some packets have passed.
start_virtio_mutant() {
	EXTRA="queues: $1" write_config 1 "net_virtio_user0,path=$BATS_TEST_TMPDIR/a,queue_size=256" \
		"net_virtio_user1,path=$BATS_TEST_TMPDIR/b,queue_size=256"
	hf_spawn wire "$LOGS/wire" "$HF_BUILD/tests/lab/holdfast-wire" \
		--port "net_vhost0,iface=$BATS_TEST_TMPDIR/a" \
		--port "net_vhost1,iface=$BATS_TEST_TMPDIR/b" \
		--expect wire --return peer --idle sleep --rate 2000 --packets 4000 --json
	hf_wait_for 10 test -S "$BATS_TEST_TMPDIR/b"
	start_primary
	start_workers 0
	hf_wait_for 20 status_is '.lanes[0].rx_pkts >= 3000'
}

twice_is_one() {
	status_is '.pools[0].twice == 1 and any(.warnings[]; contains("twice"))'
}

@test "a build that puts one buffer into its pool twice shows 1 that is there twice" {
	build_mutant primary/io_tx.c \
		's|^	struct hf_io_port \*port;$|&\n	static int once;\n\n	if (r->sum.tx_pkts > 5 \&\& !once++) {\n		void *two[2] = {m, m};\n\n		hf_mark_set(m, 0);\n		rte_mempool_ops_enqueue_bulk(m->pool, two, 2);\n		r->freed++;\n		r->sum.drop[0]++;\n		return;\n	}|'
	start_mutant
	hf_wait_for 3 twice_is_one || fail "pools: $(status_of '.pools')"
}

@test "virtio-user, software lane: a build that says sent and forgets the buffer shows 1 unaccounted" {
	build_mutant primary/io_tx.c \
		's|^	struct hf_io_port \*port;$|&\n	static int once;\n\n	if (r->sum.tx_pkts > 500 \&\& !once++) {\n		r->sum.tx_pkts++;\n		t->given++;\n		hf_mark_set(m, 0);\n		return;\n	}|'
	start_virtio_mutant software
	hf_wait_for 5 status_is '.pools[0] | .unaccounted == 1 and .exact' ||
		fail "pools: $(status_of '.pools')"
}

@test "virtio-user, hardware lane: a build that drops without freeing shows 1 unaccounted" {
	build_mutant secondary/kind_hardware.c \
		's|^	rte_pktmbuf_free(m);$|	static int once;\n\n	if (once++)\n		rte_pktmbuf_free(m);|' \
		secondary/stage_l2.c \
		's|b->verdict\[i\] = l2_verdict(run, b->port\[i\], b->data_len\[i\]);|{ static int n; b->verdict[i] = n++ == 500 ? HF_VERDICT_DROP(HF_DROP_TOO_SHORT) : l2_verdict(run, b->port[i], b->data_len[i]); }|'
	start_virtio_mutant hardware
	hf_wait_for 5 status_is '.pools[0] | .unaccounted == 1 and .exact' ||
		fail "pools: $(status_of '.pools')"
}

@test "a build that skips one counter fails the balance" {
	build_mutant primary/io_tx.c \
		's|^\t*sum->tx_pkts++;|		static int once;\n		sum->tx_pkts += once++ != 7;|'
	start_mutant
	run assert_balance
	[ "$status" -ne 0 ] || fail "the balance holds"
	[[ $output == *"lane 0: rx"* ]] || fail "said: $output"
}
