/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each mistake in a configuration gives one line "file:line: key: reason", exactly this one, and
 * -EINVAL; and whatever bytes a file holds, the reader answers and ends.
 */
#include <errno.h>
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

#define PORT "ports: [{device: a}]\n" /* one line */
#define TEN  "0123456789"

struct mistake {
	const char *yaml;
	const char *line; /* the message behind "file:" */
};

static void
check_all(const struct mistake *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (load_bytes(m[i].yaml, strlen(m[i].yaml)) != -EINVAL)
			fail_msg("accepted: %s", m[i].yaml);
		assert_string_equal(err, m[i].line);
	}
}

#define CHECK(list) check_all(list, sizeof(list) / sizeof((list)[0]))

static void
unknown_and_repeated_keys(void **state)
{
	static const struct mistake list[] = {
		{PORT "rign: {size: 1}\n", "2: rign: unknown key (did you mean ring?)"},
		{PORT "ring:\n  sise: 512\n",
		 "3: ring.sise: unknown key (did you mean ring.size?)"},
		{"ports:\n- device: a\n  tx:\n    pthres: 1\n",
		 "4: ports[0].tx.pthres: unknown key (did you mean ports[].tx.pthresh?)"},
		{PORT "mbuf_bytes: 2048\n",
		 "2: mbuf_bytes: unknown key (did you mean pool.mbuf_bytes?)"},
		{PORT "lanes:\n- cpus: 1\n",
		 "3: lanes[0].cpus: unknown key (did you mean lanes[].cpu?)"},
		{PORT "completely: different\n", "2: completely: unknown key"},
		{PORT "ring.size: 512\n", "2: ring.size: unknown key (no key contains a dot)"},
		{PORT "\"a\\nb\": 1\n", "2: a?b: unknown key"},
		{PORT TEN TEN TEN TEN TEN TEN ": 1\n", "2: " TEN TEN TEN "012345...: unknown key"},
		{PORT "burst: 8\nburst: 9\n", "3: burst: given twice (first in line 2)"},
		{PORT "ring: {}\nring: {}\n", "3: ring: given twice (first in line 2)"},
		{"ports:\n- device: a\n  mtu: 70\n  mtu: 80\n",
		 "4: ports[0].mtu: given twice (first in line 3)"},
	};

	CHECK(list);
}

static void
wrong_types(void **state)
{
	static const struct mistake list[] = {
		{PORT "burst: abc\n", "2: burst: must be an integer, not 'abc'"},
		{PORT "burst: '32'\n", "2: burst: must be an integer, not '32'"},
		{PORT "burst: 010\n", "2: burst: must be an integer, not '010'"},
		{PORT "burst: 3.5\n", "2: burst: must be an integer, not '3.5'"},
		{PORT "burst:\n", "2: burst: must be an integer, not empty"},
		{PORT "burst: [1]\n", "2: burst: must be an integer, not a list"},
		{PORT "burst: {a: 1}\n", "2: burst: must be an integer, not a mapping"},
		{PORT "memory_mb: much\n", "2: memory_mb: must be an integer or auto, not 'much'"},
		{PORT "lanes: {cpu: 1}\n",
		 "2: lanes: must be an integer or a list of mappings, not a mapping"},
		{PORT "lanes: many\n",
		 "2: lanes: must be an integer or a list of mappings, not 'many'"},
		{PORT "lanes: [1]\n", "2: lanes[0]: must be a mapping of keys"},
		{PORT "ring: 512\n", "2: ring: must be a mapping of keys"},
		{"ports: a\n", "1: ports: must be a list of mappings, not 'a'"},
		{"ports: {device: a}\n", "1: ports: must be a list of mappings, not a mapping"},
		{"ports:\n- a\n", "2: ports[0]: must be a mapping of keys"},
		{"ports: [{device: [a]}]\n", "1: ports[0].device: must be text, not a list"},
		{"ports: [{device: ''}]\n", "1: ports[0].device: must be text, not empty"},
		{"ports: [{device: ~}]\n", "1: ports[0].device: must be text, not '~'"},
		{PORT "flow: {enabled: 1}\n", "2: flow.enabled: must be true or false, not '1'"},
		{PORT "idle: doze\n", "2: idle: must be one of poll, pause, sleep, not 'doze'"},
		{PORT "l2: {mode: route}\n",
		 "2: l2.mode: must be one of wire, macswap, not 'route'"},
		{PORT "queues: hw\n",
		 "2: queues: must be one of software, hardware, auto, not 'hw'"},
		{PORT "log_level: loud\n",
		 "2: log_level: must be one of error, warning, notice, info, debug, not 'loud'"},
		{"- a\n", "1: yaml: must be a mapping of keys"},
		{"a\n", "1: yaml: must be a mapping of keys"},
	};

	CHECK(list);
}

static void
out_of_range(void **state)
{
	static const struct mistake list[] = {
		{PORT "burst: 0\n", "2: burst: 0 is out of range (1 to 128)"},
		{PORT "burst: 129\n", "2: burst: 129 is out of range (1 to 128)"},
		{PORT "burst: -1\n", "2: burst: -1 is out of range (1 to 128)"},
		{PORT "burst: 99999999999999999999999\n",
		 "2: burst: 99999999999999999999999 is out of range (1 to 128)"},
		{PORT "lanes: 65\n", "2: lanes: 65 is out of range (1 to 64)"},
		{PORT "lanes: []\n", "2: lanes: has 0 entries, which is out of range (1 to 64)"},
		{PORT "io: 9\n", "2: io: 9 is out of range (1 to 8)"},
		{PORT "lanes:\n- cpu: 1024\n",
		 "3: lanes[0].cpu: 1024 is out of range (0 to 1023, or any)"},
		{PORT "ring: {size: 128}\n", "2: ring.size: 128 is out of range (256 to 262144)"},
		{PORT "ring: {size: 1000}\n",
		 "2: ring.size: 1000 is not a power of two (256 to 262144)"},
		{PORT "flow: {capacity: 3000}\n",
		 "2: flow.capacity: 3000 is not a power of two (1024 to 16777216)"},
		{PORT "rss: {reta_size: 100}\n",
		 "2: rss.reta_size: 100 is not a power of two (16 to 512)"},
		{PORT "pool: {size: 1022}\n",
		 "2: pool.size: 1022 is out of range (1023 to 4194303)"},
		{"ports:\n- device: a\n  mtu: 67\n",
		 "3: ports[0].mtu: 67 is out of range (68 to 16128, or driver)"},
		{"ports:\n- device: a\n  tx: {rs: -2}\n",
		 "3: ports[0].tx.rs: -2 is out of range (0 to 32768, or driver)"},
		{"ports: []\n", "1: ports: has 0 entries, which is out of range (1 to 16)"},
		{PORT "instance: " TEN TEN TEN TEN "\n", "2: instance: longer than 31 characters"},
	};

	CHECK(list);
}

static void
keys_that_do_not_fit_together(void **state)
{
	static const struct mistake list[] = {
		{"burst: 32\n", "1: ports: missing (at least one port is needed)"},
		{"ports:\n- name: a\n", "2: ports[0].device: missing"},
		{"ports:\n- device: a\n- device: a\n",
		 "3: ports[1].device: a is already the device of ports[0]"},
		{"ports:\n- device: net_tap0,iface=x\n- name: y\n  device: net_tap0,iface=y\n",
		 "4: ports[1].device: net_tap0 is already the device of ports[0]"},
		{"ports:\n- device: net_tap0,iface=x\n- device: net_tap1,mac=fixed,iface=x\n",
		 "3: ports[1].device: iface=x is already that of ports[0]"},
		{"ports:\n- device: \"net_virtio_user0,path=/a\"\n"
		 "- device: \"net_virtio_user1,path=/b\"\n"
		 "- device: \"net_virtio_user2,path=/a,queues=1\"\n",
		 "4: ports[2].device: path=/a is already that of ports[0]"},
		{"ports:\n- device: net_tap0,iface=\xc3\xa9\n- device: net_tap1,iface=\xc3\xa9\n",
		 "3: ports[1].device: iface=?? is already that of ports[0]"},
		{"ports:\n- {device: \xc3\xa9, name: x}\n- {device: \xc3\xa9, name: y}\n",
		 "3: ports[1].device: ?? is already the device of ports[0]"},
		{"ports:\n- device: \"0000:01:00.0\"\n- device: \"01:00.0,arg=1\"\n",
		 "3: ports[1].device: 01:00.0 is already the device of ports[0]"},
		{"ports:\n- device: a\n- device: b\n  name: a\n",
		 "4: ports[1].name: a is already the name of ports[0]"},
		{"ports:\n- device: a\n  peer: b\n", "3: ports[0].peer: no port has the name 'b'"},
		{"ports:\n- device: a\n  io: 1\n",
		 "3: ports[0].io: I/O thread 1 is not configured (io: 1)"},
		{"ports:\n- device: a\n  name: none\n",
		 "3: ports[0].name: 'none' cannot be a port's name"},
		{"ports:\n- device: a\n  name: a b\n",
		 "3: ports[0].name: 'a b' cannot be a port's name"},
		{"ports:\n- device: " TEN TEN TEN TEN "\n",
		 "2: ports[0].name: missing (the device's own is longer than 31 characters)"},
		{PORT "instance: a/b\n",
		 "2: instance: 'a/b' is not 1 to 31 of A-Z a-z 0-9 _ -, not starting with -"},
		{PORT "hugepage_dir: mnt\n", "2: hugepage_dir: must be an absolute path"},
	};

	CHECK(list);
}

static void
wrong_rss(void **state)
{
	static const struct mistake list[] = {
		{PORT "rss: {key: 6d5a}\n",
		 "2: rss.key: must be symmetric, default or 40 or 52 bytes "
		 "in hex, not '6d5a'"},
		{PORT "rss: {fields: [ipv5]}\n", "2: rss.fields[0]: must be all or a list of ipv4, "
						 "ipv6, tcp, udp, sctp, not 'ipv5'"},
		{PORT "rss: {fields: [ipv4, ipv4]}\n", "2: rss.fields[1]: ipv4 is given twice"},
		{PORT "rss: {fields: [tcp]}\n", "2: rss.fields: must name ipv4 or ipv6 or both"},
		{PORT "rss: {reta: odd}\n",
		 "2: rss.reta: must be even or a list of lanes, not 'odd'"},
		{PORT "rss: {reta: []}\n", "2: rss.reta: the list is empty"},
		{PORT "rss: {reta: [0, 0]}\n",
		 "2: rss.reta: has 2 entries, but rss.reta_size is 128"},
		{PORT "rss: {reta: [0, 64]}\n", "2: rss.reta[1]: 64 is out of range (0 to 63)"},
		{PORT "lanes: 2\nrss:\n  reta_size: 16\n  reta:\n"
		      "  - 0\n  - 1\n  - 2\n  - 0\n  - 0\n  - 0\n  - 0\n  - 0\n"
		      "  - 0\n  - 0\n  - 0\n  - 0\n  - 0\n  - 0\n  - 0\n  - 0\n",
		 "8: rss.reta[2]: lane 2 is not configured (lanes: 2)"},
	};

	CHECK(list);
}

static void
not_a_configuration_at_all(void **state)
{
	static const struct mistake list[] = {
		{"", "1: yaml: the file is empty"},
		{"# nothing\n", "1: yaml: the file is empty"},
		{"---\n", "1: yaml: the file is empty"},
		{PORT "a: b: c\n", "2: yaml: mapping values are not allowed in this context"},
		{PORT "burst: [1\n", "3: yaml: did not find expected ',' or ']'"},
		{PORT "\tburst: 1\n", "2: yaml: found character that cannot start any token"},
		{PORT "---\n" PORT, "2: yaml: more than one document"},
		{PORT "burst: &a 1\n", "2: yaml: anchors and aliases are not supported"},
		{PORT "burst: *a\n", "2: yaml: anchors and aliases are not supported"},
		{PORT "burst: !!int 1\n", "2: yaml: tags are not supported"},
		{PORT "? [a]\n: b\n", "2: yaml: a key must be a word"},
		{PORT "burst: [[[[[[[[1]]]]]]]]\n", "2: yaml: nested too deeply"},
		{PORT "group: \"a\\0b\"\n", "2: yaml: a value contains a NUL byte"},
		{PORT "group: \"a\\tb\"\n", "2: group: contains a control character"},
		{PORT "group: \"a\\Nb\"\n", "2: group: contains a control character"},
		{PORT "group: \"a\\Lb\"\n", "2: group: contains a control character"},
		{PORT "group: \xff\n", "2: yaml: invalid leading UTF-8 octet"},
	};
	static const char nul[] = PORT "group: a\0b\n";

	CHECK(list);
	assert_int_equal(load_bytes(nul, sizeof(nul) - 1), -EINVAL);
	assert_string_equal(err, "2: yaml: control characters are not allowed");
}

static void
large_files_are_refused(void **state)
{
	size_t len = 300000;
	char *yaml = malloc(len);

	memset(yaml, 'a', len);
	assert_int_equal(load_bytes(yaml, len), -EINVAL);
	assert_string_equal(err, "1: yaml: the file is larger than 262144 bytes");
	assert_int_equal(load_bytes(yaml, 200000), -EINVAL);
	memcpy(yaml, "ports: [", 8);
	for (size_t i = 8; i + 2 <= len; i += 2)
		memcpy(yaml + i, "0,", 2);
	assert_int_equal(load_bytes(yaml, 200000), -EINVAL);
	assert_string_equal(err, "1: yaml: the file has too many values");
	free(yaml);
}

/* Every file that is a valid one cut short, or with one byte changed, gets an answer. */
static void
mutilated_files_are_survived(void **state)
{
	static const char good[] = "lanes: [{cpu: 1}, {}]\nrss:\n  fields: [ipv4]\n  reta: even\n"
				   "ports:\n- device: \"a,b=c\"\n  tx: {rs: 1}\n- {device: b}\n";
	static const char bytes[] = "\0\n\t -:[]{}&*!|>'\"%@`,#?~0a\x80\xff";
	char yaml[sizeof(good)];

	for (size_t len = 0; len < sizeof(good); len++)
		load_bytes(good, len);
	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		memcpy(yaml, good, sizeof(good));
		for (size_t b = 0; b + 1 < sizeof(bytes); b++) {
			int ret;

			yaml[i] = bytes[b];
			ret = load_bytes(yaml, sizeof(good) - 1);
			assert_true(ret == 0 || ret == -EINVAL);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_and_repeated_keys),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(keys_that_do_not_fit_together),
		cmocka_unit_test(wrong_rss),
		cmocka_unit_test(not_a_configuration_at_all),
		cmocka_unit_test(large_files_are_refused),
		cmocka_unit_test(mutilated_files_are_survived),
	};

	return cmocka_run_group_tests_name("config_errors", tests, NULL, NULL);
}
