#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The checks that guard packets and buffers can fail: programs with one fault built in are caught.
# Each mutant is a copy of the tree with one line changed; this tree is never touched.
load lib

# build_mutant FILE SED: the programs of a copy of the tree in which SED has changed FILE.
build_mutant() {
	local tree=$BATS_FILE_TMPDIR/tree build=$BATS_FILE_TMPDIR/build
	mkdir -p "$tree"
	cp -pR "$HF_TOP"/{meson.build,meson_options.txt,shared,primary,secondary,monitor,conf,docs,deploy} \
		"$tree"
	touch "$tree"/*/*.c
	sed -i "$2" "$tree/$1"
	! cmp -s "$tree/$1" "$HF_TOP/$1" || fail "the mutation does not match $1"
	[ -d "$build" ] || meson setup "$build" "$tree" -Dtests=false -Dwerror=false \
		>"$LOGS/meson" 2>&1 || fail "meson setup failed"
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
		's|b->verdict\[i\] = l2_verdict(ctx->run, b->mbuf\[i\]);|{ static int once; b->verdict[i] = l2_verdict(ctx->run, b->mbuf[i]); if (atomic_load(\&ctx->lane->generation) > 1 \&\& !once++) b->verdict[i] = HF_VERDICT_DROP(HF_DROP_TOO_SHORT); }|'
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

@test "a build that skips one counter fails the balance" {
	build_mutant primary/io_tx.c \
		's|^\t*sum->tx_pkts++;|		static int once;\n		sum->tx_pkts += once++ != 7;|'
	start_mutant
	run assert_balance
	[ "$status" -ne 0 ] || fail "the balance holds"
	[[ $output == *"lane 0: rx"* ]] || fail "said: $output"
}
