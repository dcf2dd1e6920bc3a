/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration reader: every key arrives in its field, every mistake gives its one line, what
 * is dumped reads back the same, and the examples in conf/ load. Run in the source folder.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_file.h"

#define PORT "ports:\n- device: net_null0\n"

static int
load(const char *yaml)
{
	return load_bytes(yaml, strlen(yaml));
}

static void
load_good(const char *yaml)
{
	int ret = load(yaml);

	if (ret != 0)
		fail_msg("%s", err);
}

static void
defaults_are_as_documented(void **state)
{
	load_good(PORT);
	assert_string_equal(cfg.instance, "holdfast");
	assert_int_equal(cfg.queues, HF_QUEUES_AUTO);
	assert_int_equal(cfg.n_lanes, 1);
	assert_int_equal(cfg.lanes[0].cpu, -1);
	assert_int_equal(cfg.n_io, 1);
	assert_int_equal(cfg.io_cpu[0], -1);
	assert_int_equal(cfg.ring_size, 16384);
	assert_int_equal(cfg.pool_size, 65535);
	assert_int_equal(cfg.pool_cache, 256);
	assert_int_equal(cfg.mbuf_bytes, 2048);
	assert_int_equal(cfg.census_ms, 2000);
	assert_int_equal(cfg.memory_mb, 0);
	assert_string_equal(cfg.hugepage_dir, "/dev/hugepages");
	assert_int_equal(cfg.burst, 32);
	assert_int_equal(cfg.idle, HF_IDLE_PAUSE);
	assert_int_equal(cfg.idle_sleep_us, 50);
	assert_int_equal(cfg.tx_retry_us, 100);
	assert_int_equal(cfg.lane_return_ms, 1000);
	assert_int_equal(cfg.l2_mode, HF_L2_WIRE);
	assert_int_equal(cfg.stage_flow, 1);
	assert_int_equal(cfg.flow_capacity, 65536);
	assert_int_equal(cfg.flow_idle_s, 60);
	assert_string_equal(cfg.rss_key_name, "symmetric");
	assert_int_equal(cfg.rss_key_len, 40);
	assert_int_equal(cfg.rss_fields, 31);
	assert_int_equal(cfg.reta_size, 128);
	assert_string_equal(cfg.log_level, "notice");
	assert_string_equal(cfg.group, "holdfast");
}

static void
port_defaults_are_as_documented(void **state)
{
	const struct hf_config_port *p = &cfg.ports[0];

	load_good(PORT);
	assert_int_equal(cfg.n_ports, 1);
	assert_string_equal(p->name, "net_null0");
	assert_string_equal(p->peer, "");
	assert_int_equal(p->peer_index, -1);
	assert_int_equal(p->rx_desc, 1024);
	assert_int_equal(p->tx_desc, 1024);
	assert_int_equal(p->mtu, 0);
	assert_int_equal(p->promiscuous, 1);
	assert_int_equal(p->offload_checksum, 0);
	assert_int_equal(p->offload_rss_hash, 0);
	assert_int_equal(p->tx_pthresh, -1);
	assert_int_equal(p->tx_hthresh, -1);
	assert_int_equal(p->tx_wthresh, -1);
	assert_int_equal(p->tx_free_thresh, -1);
	assert_int_equal(p->tx_rs_thresh, -1);
	assert_int_equal(p->io, 0);
	assert_int_equal(p->line, 2);
}

/* Every key, none with its default. */
static const char every_key[] =
	"instance: edge-1\nqueues: software\nlanes: [{cpu: 2}, {cpu: 3}, {cpu: any}]\n"
	"io: [{cpu: 0}, {cpu: 1}]\nring: {size: 512}\n"
	"pool: {size: 2047, cache: 0, mbuf_bytes: 4096, census_ms: never}\nmemory_mb: 300\nhugepage_dir: /mnt/huge\n"
	"burst: 64\nidle: sleep\nidle_sleep_us: 7\nlane_return_ms: never\ntx: {retry_us: 0}\nl2: {mode: macswap}\n"
	"flow: {enabled: off, capacity: 0x800, idle_timeout_s: never}\n"
	"rss:\n  key: default\n  fields: [ipv6, tcp]\n  reta_size: 16\n"
	"  reta: [2,1,0,2, 1,0,2,1, 0,2,1,0, 2,1,0,0]\n"
	"log_level: debug\ngroup: net\n"
	"ports:\n"
	"- device: \"net_tap0,iface=a b\\\"\\\\\"\n  name: left\n  peer: right\n  rx_desc: 256\n"
	"  tx_desc: 512\n  mtu: 9000\n  promiscuous: no\n  io: 1\n"
	"  offloads: {checksum: true, rss_hash: yes}\n"
	"  tx: {pthresh: 1, hthresh: 2, wthresh: 3, free: 400, rs: 500}\n"
	"- {device: net_tap1, name: right, peer: right, io: 0}\n"
	"- {device: '0000:01:00.0', peer: none}\n";

static void
every_key_arrives(void **state)
{
	load_good(every_key);
	assert_string_equal(cfg.instance, "edge-1");
	assert_int_equal(cfg.queues, HF_QUEUES_SOFTWARE);
	assert_int_equal(cfg.n_lanes, 3);
	assert_int_equal(cfg.lanes[0].cpu, 2);
	assert_int_equal(cfg.lanes[0].line, 3);
	assert_int_equal(cfg.lanes[1].cpu, 3);
	assert_int_equal(cfg.lanes[2].cpu, -1);
	assert_int_equal(cfg.n_io, 2);
	assert_int_equal(cfg.io_cpu[0], 0);
	assert_int_equal(cfg.io_cpu[1], 1);
	assert_int_equal(cfg.ring_size, 512);
	assert_int_equal(cfg.pool_size, 2047);
	assert_int_equal(cfg.pool_cache, 0);
	assert_int_equal(cfg.mbuf_bytes, 4096);
	assert_int_equal(cfg.census_ms, 0);
	assert_int_equal(cfg.memory_mb, 300);
	assert_string_equal(cfg.hugepage_dir, "/mnt/huge");
	assert_int_equal(cfg.burst, 64);
	assert_int_equal(cfg.idle, HF_IDLE_SLEEP);
	assert_int_equal(cfg.idle_sleep_us, 7);
	assert_int_equal(cfg.tx_retry_us, 0);
	assert_int_equal(cfg.lane_return_ms, 0);
	assert_int_equal(cfg.l2_mode, HF_L2_MACSWAP);
	assert_int_equal(cfg.stage_flow, 0);
	assert_int_equal(cfg.flow_capacity, 2048);
	assert_int_equal(cfg.flow_idle_s, 0);
	assert_string_equal(cfg.rss_key_name, "default");
	assert_int_equal(cfg.rss_fields, HF_RSS_IPV6 | HF_RSS_TCP);
	assert_int_equal(cfg.reta_size, 16);
	assert_int_equal(cfg.reta[0], 2);
	assert_int_equal(cfg.reta[14], 0);
	assert_string_equal(cfg.log_level, "debug");
	assert_string_equal(cfg.group, "net");
}

static void
every_port_key_arrives(void **state)
{
	const struct hf_config_port *p = &cfg.ports[0];

	load_good(every_key);
	assert_int_equal(cfg.n_ports, 3);
	assert_string_equal(p->device, "net_tap0,iface=a b\"\\");
	assert_string_equal(p->name, "left");
	assert_string_equal(p->peer, "right");
	assert_int_equal(p->peer_index, 1);
	assert_int_equal(p->rx_desc, 256);
	assert_int_equal(p->tx_desc, 512);
	assert_int_equal(p->mtu, 9000);
	assert_int_equal(p->promiscuous, 0);
	assert_int_equal(p->io, 1);
	assert_int_equal(p->offload_checksum, 1);
	assert_int_equal(p->offload_rss_hash, 1);
	assert_int_equal(p->tx_pthresh, 1);
	assert_int_equal(p->tx_hthresh, 2);
	assert_int_equal(p->tx_wthresh, 3);
	assert_int_equal(p->tx_free_thresh, 400);
	assert_int_equal(p->tx_rs_thresh, 500);
	assert_int_equal(cfg.ports[1].peer_index, 1);
	assert_string_equal(cfg.ports[2].name, "0000:01:00.0");
	assert_int_equal(cfg.ports[2].peer_index, -1);
	assert_string_equal(cfg.ports[2].peer, "");
	assert_int_equal(cfg.ports[2].io, 0);
}

static void
two_ports_are_peers_and_io_goes_round(void **state)
{
	load_good("io: 2\nports:\n- device: net_null0\n- device: net_null1\n");
	assert_int_equal(cfg.ports[0].peer_index, 1);
	assert_string_equal(cfg.ports[0].peer, "net_null1");
	assert_int_equal(cfg.ports[1].peer_index, 0);
	assert_int_equal(cfg.ports[0].io, 0);
	assert_int_equal(cfg.ports[1].io, 1);
	load_good("ports: [{device: a}, {device: b, peer: none}]\n");
	assert_int_equal(cfg.ports[0].peer_index, 1);
	assert_int_equal(cfg.ports[1].peer_index, -1);
	load_good("ports: [{device: a}, {device: b}, {device: c}]\n");
	assert_int_equal(cfg.ports[0].peer_index, -1);
}

static void
rss_keys_are_the_published_ones(void **state)
{
	static const uint8_t head[] = {0x6d, 0x5a, 0x56, 0xda}, tail[] = {0xbe, 0xac, 0x01, 0xfa};
	char yaml[256], hex[105];

	load_good(PORT "rss: {key: default}\n");
	assert_memory_equal(cfg.rss_key, head, 4);
	assert_memory_equal(cfg.rss_key + 36, tail, 4);
	load_good(PORT "rss: {key: symmetric}\n");
	for (int i = 0; i < 40; i += 2)
		assert_true(cfg.rss_key[i] == 0x6d && cfg.rss_key[i + 1] == 0x5a);
	for (int i = 0; i < 52; i++)
		snprintf(hex + 2 * i, 3, "%02X", i + 200);
	snprintf(yaml, sizeof(yaml), PORT "rss: {key: '%s'}\n", hex);
	load_good(yaml);
	assert_int_equal(cfg.rss_key_len, 52);
	assert_string_equal(cfg.rss_key_name, "hex");
	assert_int_equal(cfg.rss_key[51], 251);
	hex[80] = '\0';
	snprintf(yaml, sizeof(yaml), PORT "rss: {key: '%s'}\n", hex);
	load_good(yaml);
	assert_int_equal(cfg.rss_key_len, 40);
	hex[78] = '\0';
	snprintf(yaml, sizeof(yaml), PORT "rss: {key: '%s'}\n", hex);
	assert_int_equal(load(yaml), -EINVAL);
}

static void
even_reta_is_round_robin(void **state)
{
	load_good(PORT "lanes: 3\nrss: {reta: even, reta_size: 16}\n");
	for (int i = 0; i < 16; i++)
		assert_int_equal(cfg.reta[i], i % 3);
}

/* A dump read back, compared in all but file and lines. */
static void
assert_round_trip(void)
{
	struct hf_config first = cfg;
	char *yaml;
	size_t len;
	FILE *f = open_memstream(&yaml, &len);

	hf_config_dump(&cfg, f);
	fclose(f);
	load_good(yaml);
	memcpy(cfg.file, first.file, sizeof(cfg.file));
	for (uint32_t i = 0; i < HF_MAX_LANES; i++)
		cfg.lanes[i].line = first.lanes[i].line;
	for (uint32_t i = 0; i < HF_MAX_PORTS; i++)
		cfg.ports[i].line = first.ports[i].line;
	assert_memory_equal(&cfg, &first, sizeof(cfg));
	free(yaml);
}

static void
dump_reads_back_the_same(void **state)
{
	load_good(every_key);
	assert_round_trip();
	load_good(PORT);
	assert_round_trip();
	load_good(PORT "rss: {key: 6d5a6d5a6d5a6d5a6d5a:6d5a6d5a6d5a6d5a6d5a:"
		       "6d5a6d5a6d5a6d5a6d5a:6d5a6d5a6d5a6d5a6d5f}\n");
	assert_round_trip();
}

static void
examples_load(void **state)
{
	glob_t g;

	assert_int_equal(glob("conf/*.yaml", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 5);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		if (hf_config_load(&cfg, g.gl_pathv[i], err, sizeof(err)) != 0)
			fail_msg("%s", err);
		assert_string_equal(cfg.file, g.gl_pathv[i]);
		assert_round_trip();
	}
	globfree(&g);
}

static void
keys_are_printed_both_ways(void **state)
{
	for (int roff = 0; roff < 2; roff++) {
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		hf_config_print_keys(f, roff);
		fclose(f);
		assert_non_null(strstr(text, "ports[].tx.pthresh"));
		assert_non_null(strstr(text, "256 to 262144, power of two"));
		assert_int_equal(strncmp(text, ".TP\n", 4) == 0, roff);
		free(text);
	}
}

static void
unreadable_file_says_why(void **state)
{
	assert_int_equal(hf_config_load(&cfg, "/no/such/file", err, sizeof(err)), -ENOENT);
	assert_string_equal(err, "/no/such/file: cannot read: No such file or directory");
	assert_int_equal(hf_config_load(&cfg, "/", err, sizeof(err)), -EISDIR);
	assert_string_equal(err, "/: cannot read: Is a directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_as_documented),
		cmocka_unit_test(port_defaults_are_as_documented),
		cmocka_unit_test(every_key_arrives),
		cmocka_unit_test(every_port_key_arrives),
		cmocka_unit_test(two_ports_are_peers_and_io_goes_round),
		cmocka_unit_test(rss_keys_are_the_published_ones),
		cmocka_unit_test(even_reta_is_round_robin),
		cmocka_unit_test(dump_reads_back_the_same),
		cmocka_unit_test(examples_load),
		cmocka_unit_test(keys_are_printed_both_ways),
		cmocka_unit_test(unreadable_file_says_why),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
