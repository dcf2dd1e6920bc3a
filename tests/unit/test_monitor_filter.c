/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters of the monitor: what each test and each joining word means, against computations that
 * share no code with the filter.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"

#define FLOWS 2000

/* A flow as the test knows it; the key is made from it. */
struct known {
	int family, proto, lane;
	uint16_t sport, dport;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct hf_flow_key key;
};

static struct known flows[FLOWS];

static void
set_address(uint8_t out[16], int family, const char *text)
{
	if (family == 4)
		out[10] = out[11] = 0xff;
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, text,
				   family == 4 ? out + 12 : out),
			 1);
}

static void
draw_address(char *out, size_t len, int family)
{
	if (family == 4)
		snprintf(out, len, "10.%d.%d.%d", rand() % 3, rand() % 4, rand() % 8);
	else
		snprintf(out, len, "2001:db8:%x::%x", rand() % 3, rand() % 8);
}

static int
draw_flows(void **state)
{
	static const int protos[] = {1, 6, 17, 47, 58, 132};

	(void)state;
	srand(7);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct known *k = &flows[i];
		int ports;

		*k = (struct known){.family = rand() % 3 == 0 ? 6 : 4,
				    .proto = protos[rand() % 6],
				    .lane = rand() % 4};
		ports = k->proto == 6 || k->proto == 17 || k->proto == 132;
		k->sport = ports ? (uint16_t)(rand() % 100) : 0;
		k->dport = ports ? (uint16_t)(rand() % 100) : (uint16_t)(rand() % 2 * 80);
		draw_address(k->src, sizeof(k->src), k->family);
		draw_address(k->dst, sizeof(k->dst), k->family);
		k->key = (struct hf_flow_key){.sport_be = htons(k->sport),
					      .dport_be = htons(k->dport),
					      .proto = (uint8_t)k->proto,
					      .family = (uint8_t)k->family};
		set_address(k->key.src, k->family, k->src);
		set_address(k->key.dst, k->family, k->dst);
	}
	return 0;
}

static int
has_ports(const struct known *k)
{
	return k->proto == 6 || k->proto == 17 || k->proto == 132;
}

/* Tests of a filter, each with what it means, told by the texts and numbers of a known flow. */
static int
is_tcp(const struct known *k)
{
	return k->proto == 6;
}
static int
is_udp(const struct known *k)
{
	return k->proto == 17;
}
static int
is_icmp(const struct known *k)
{
	return k->proto == 1;
}
static int
is_47(const struct known *k)
{
	return k->proto == 47;
}
static int
is_ip(const struct known *k)
{
	return k->family == 4;
}
static int
is_ip6(const struct known *k)
{
	return k->family == 6;
}
static int
in_lane_2(const struct known *k)
{
	return k->lane == 2;
}
static int
in_lanes(const struct known *k)
{
	return k->lane >= 1 && k->lane <= 2;
}
static int
port_80(const struct known *k)
{
	return has_ports(k) && (k->sport == 80 || k->dport == 80);
}
static int
port_range(const struct known *k)
{
	return has_ports(k) &&
	       ((k->sport >= 20 && k->sport <= 29) || (k->dport >= 20 && k->dport <= 29));
}
static int
src_port(const struct known *k)
{
	return has_ports(k) && k->sport == 7;
}
static int
dst_port(const struct known *k)
{
	return has_ports(k) && k->dport <= 50;
}
static int
host(const struct known *k)
{
	return strcmp(k->src, "10.1.2.3") == 0 || strcmp(k->dst, "10.1.2.3") == 0;
}
static int
src_host(const struct known *k)
{
	return strcmp(k->src, "10.0.0.1") == 0;
}
static int
dst_net(const struct known *k)
{
	return strncmp(k->dst, "10.2.", 5) == 0;
}
static int
net_30(const struct known *k) /* 10.1.2.4/30: .4 to .7 */
{
	return (strncmp(k->src, "10.1.2.", 7) == 0 && k->src[7] >= '4') ||
	       (strncmp(k->dst, "10.1.2.", 7) == 0 && k->dst[7] >= '4');
}
static int
net6(const struct known *k)
{
	return strncmp(k->src, "2001:db8:1:", 11) == 0 || strncmp(k->dst, "2001:db8:1:", 11) == 0;
}
static int
host6(const struct known *k)
{
	return strcmp(k->src, "2001:db8:2::5") == 0;
}
static int
anything(const struct known *k)
{
	return k->family == 4;
}

static const struct {
	const char *text;
	int (*holds)(const struct known *k);
} tests[] = {
	{"tcp", is_tcp},
	{"UDP", is_udp},
	{"icmp", is_icmp},
	{"proto 47", is_47},
	{"proto gre", is_47},
	{"gre", is_47},
	{"ip", is_ip},
	{"ip6", is_ip6},
	{"lane 2", in_lane_2},
	{"lane 1-2", in_lanes},
	{"port 80", port_80},
	{"port 20-29", port_range},
	{"src port 7", src_port},
	{"dst port 0-50", dst_port},
	{"10.1.2.3", host},
	{"host 10.1.2.3", host},
	{"src 10.0.0.1", src_host},
	{"src host 10.0.0.1/32", src_host},
	{"dst net 10.2.0.0/16", dst_net},
	{"dst 10.2.3.4/16", dst_net},
	{"10.1.2.4/30", net_30},
	{"10.1.2.6/30", net_30},
	{"2001:db8:1::/48", net6},
	{"src 2001:DB8:2::5", host6},
	{"0.0.0.0/0", anything},
};
#define N_TESTS (sizeof(tests) / sizeof(tests[0]))

static struct hf_filter
parse(const char *text)
{
	struct hf_filter f;
	char why[240] = "";

	if (filter_parse(text, &f, why, sizeof(why)) != 0)
		fail_msg("%s: %s", text, why);
	return f;
}

static void
each_test_means_what_it_says(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TESTS; t++) {
		struct hf_filter f = parse(tests[t].text);
		uint32_t found = 0;

		for (uint32_t i = 0; i < FLOWS; i++) {
			int holds = tests[t].holds(&flows[i]);

			found += (uint32_t)holds;
			if (filter_match(&f, &flows[i].key, (uint32_t)flows[i].lane) != holds)
				fail_msg("%s: wrong for %s %u > %s %u proto %d lane %d",
					 tests[t].text, flows[i].src, flows[i].sport, flows[i].dst,
					 flows[i].dport, flows[i].proto, flows[i].lane);
		}
		assert_true(found > 0 && found < FLOWS); /* it proved something */
	}
}

static void
nothing_but_blanks_matches_every_flow(void **state)
{
	struct hf_filter f = parse(" \t\n ");

	(void)state;
	assert_string_equal(f.text, "");
	for (uint32_t i = 0; i < FLOWS; i++)
		assert_int_equal(filter_match(&f, &flows[i].key, 0), 1);
	f = parse("tcp\n or\tudp");
	assert_string_equal(f.text, "tcp  or udp"); /* one line */
}

/* --- expressions made at random, with their own evaluation ---------------------------------- */

enum kind { TEST, NOT, AND, OR };

struct tree {
	enum kind kind;
	size_t test;
	struct tree *left, *right;
};

static struct tree *
grow(struct tree *room, uint32_t *used, uint32_t depth)
{
	struct tree *t = &room[(*used)++];

	*t = (struct tree){.kind = depth == 0 ? TEST : (enum kind)(rand() % 4),
			   .test = (size_t)rand() % N_TESTS};
	if (t->kind != TEST)
		t->left = grow(room, used, depth - 1);
	if (t->kind == AND || t->kind == OR)
		t->right = grow(room, used, depth - 1);
	return t;
}

static int
evaluate(const struct tree *t, const struct known *k)
{
	switch (t->kind) {
	case TEST:
		return tests[t->test].holds(k);
	case NOT:
		return !evaluate(t->left, k);
	case AND:
		return evaluate(t->left, k) & evaluate(t->right, k);
	case OR:
		return evaluate(t->left, k) | evaluate(t->right, k);
	}
	return 0;
}

static const char *
one_of(const char *a, const char *b, const char *c)
{
	const char *all[] = {a, b, c};

	return all[rand() % 3];
}

/* Parentheses only where the grammar needs them (and sometimes where it does not). */
static void
write_tree(const struct tree *t, enum kind inside, char *out)
{
	int brackets = t->kind != TEST && (t->kind == OR ? inside != OR : inside == NOT);

	brackets = brackets || rand() % 8 == 0;
	strcat(out, brackets ? "(" : "");
	if (t->kind == TEST) {
		strcat(out, tests[t->test].text);
	} else if (t->kind == NOT) {
		strcat(out, one_of("not ", "!", "! "));
		write_tree(t->left, NOT, out);
	} else {
		write_tree(t->left, brackets ? TEST : t->kind, out);
		strcat(out, t->kind == AND ? one_of(" ", " and ", " && ")
					   : one_of(" or ", " || ", " OR  "));
		write_tree(t->right, brackets ? TEST : t->kind, out);
	}
	strcat(out, brackets ? ")" : "");
}

/* Outside parentheses an "or" needs none at the top: TEST stands for the top there. */
static void
random_expressions_match_their_evaluation(void **state)
{
	uint32_t mixed = 0;

	(void)state;
	for (uint32_t round = 0; round < 3000; round++) {
		struct tree room[64];
		uint32_t used = 0, found = 0;
		struct tree *t = grow(room, &used, 3);
		char text[4096] = "";
		struct hf_filter f;

		write_tree(t, t->kind == OR ? OR : TEST, text);
		if (strlen(text) >= HF_FILTER_LEN)
			continue;
		f = parse(text);
		for (uint32_t i = 0; i < 200; i++) {
			const struct known *k = &flows[(uint32_t)rand() % FLOWS];
			int holds = evaluate(t, k);

			found += (uint32_t)holds;
			if (filter_match(&f, &k->key, (uint32_t)k->lane) != holds)
				fail_msg("%s: wrong for %s %u > %s %u proto %d lane %d", text,
					 k->src, k->sport, k->dst, k->dport, k->proto, k->lane);
		}
		mixed += found > 0 && found < 200;
	}
	assert_true(mixed > 1000);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(each_test_means_what_it_says),
		cmocka_unit_test(nothing_but_blanks_matches_every_flow),
		cmocka_unit_test(random_expressions_match_their_evaluation),
	};

	return cmocka_run_group_tests_name("monitor_filter", all, draw_flows, NULL);
}
