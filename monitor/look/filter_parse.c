/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a filter expression: words, then a recursive descent that appends nodes. Memory of the
 * caller alone; whatever the text is, the nodes are at most HF_FILTER_NODES and the descent at most
 * HF_FILTER_DEPTH deep.
 */
#include "filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocols.h"
#include "segment.h"
#include "units.h"

#define WORD_LEN 64

struct parser {
	const char *next;    /* what was not read yet */
	const char *text;    /* the whole of it */
	uint32_t at;         /* where the word began, from 1 */
	char word[WORD_LEN]; /* the word to be looked at, "" at the end */
	uint32_t depth;
	struct hf_filter *f;
	char *why;
	size_t len;
};

static int parse_or(struct parser *p);

/* Says what is wrong with the word at hand. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) static int
refuse(struct parser *p, const char *reason, ...)
{
	char said[160];
	va_list ap;

	va_start(ap, reason);
	vsnprintf(said, sizeof(said), reason, ap);
	va_end(ap);
	if (p->word[0] == '\0')
		snprintf(p->why, p->len, "character %u: the end: %s", p->at, said);
	else
		snprintf(p->why, p->len, "character %u: %s: %s", p->at, p->word, said);
	return -EINVAL;
}

/* A character that is a word of its own, or a part of one; what cannot be printed is said as '?'.
 */
static int
is_single(char c)
{
	return c == '(' || c == ')' || c == '!';
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word. What cannot be printed, and what is too long, becomes '?', which fits nowhere. */
static void
read_word(struct parser *p)
{
	size_t n = 0;

	while (is_blank(*p->next))
		p->next++;
	p->at = (uint32_t)(p->next - p->text) + 1;
	while (*p->next != '\0' && !is_blank(*p->next) && (n == 0 || !is_single(*p->next))) {
		char c = *p->next++;

		if (n + 1 < sizeof(p->word))
			p->word[n++] = c > ' ' && c <= '~' ? c : '?';
		else
			p->word[n - 1] = '?';
		if (is_single(c))
			break;
	}
	p->word[n] = '\0';
}

static int
is_word(const struct parser *p, const char *a, const char *b)
{
	return strcasecmp(p->word, a) == 0 || (b != NULL && strcasecmp(p->word, b) == 0);
}

/* Appends a node. Returns its number or -EINVAL. */
static int
append(struct parser *p, const struct hf_filter_node *node)
{
	if (p->f->n_nodes == HF_FILTER_NODES)
		return refuse(p, "too long: at most %d tests and words between them are possible",
			      HF_FILTER_NODES);
	p->f->nodes[p->f->n_nodes] = *node;
	return (int)p->f->n_nodes++;
}

static int
join(struct parser *p, enum hf_filter_op op, int left, int right)
{
	struct hf_filter_node node = {
		.op = (uint8_t)op,
		.left = (uint8_t)left,
		.right = (uint8_t)right,
	};

	return append(p, &node);
}

/* Appends a test that ends with the word at hand. */
static int
append_test(struct parser *p, const struct hf_filter_node *node)
{
	int at = append(p, node);

	if (at >= 0)
		read_word(p);
	return at;
}

static int
parse_number(const char *digits, uint64_t max, uint32_t *out)
{
	uint64_t value;

	if (digits[0] < '0' || digits[0] > '9' || hf_parse_u64(digits, 0, max, &value) != 0)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

/* N or N-M. what: "a port". */
static int
parse_range(struct parser *p, const char *what, uint32_t max, struct hf_filter_node *node)
{
	char low[WORD_LEN], *high;

	snprintf(low, sizeof(low), "%s", p->word);
	high = strchr(low, '-');
	if (high != NULL)
		*high++ = '\0';
	if (parse_number(low, max, &node->low) != 0 ||
	    parse_number(high != NULL ? high : low, max, &node->high) != 0)
		return refuse(p, "not %s: 0 to %u, or two of them as in 1-5, expected", what, max);
	if (node->low > node->high)
		return refuse(p, "not a range: its end is below its start");
	return append_test(p, node);
}

static int
parse_proto(struct parser *p)
{
	struct hf_filter_node node = {.op = HF_FILTER_PROTO};
	int number = protocol_number(p->word);

	if (number >= 0)
		node.low = (uint32_t)number;
	else if (parse_number(p->word, 255, &node.low) != 0)
		return refuse(p, "not a protocol: 0 to 255 or a name expected");
	return append_test(p, &node);
}

/* The first bits of mask are 1. */
static void
set_mask(struct hf_filter_node *node, uint32_t bits, const uint8_t address[16])
{
	uint8_t mask[16] = {0};

	memset(mask, 0xff, bits / 8);
	if (bits % 8 != 0)
		mask[bits / 8] = (uint8_t)(0xff00U >> bits % 8);
	memcpy(node->mask, mask, sizeof(mask));
	memcpy(node->value, address, sizeof(node->value));
	node->value[0] &= node->mask[0];
	node->value[1] &= node->mask[1];
}

static int
parse_net(struct parser *p, uint32_t sides)
{
	struct hf_filter_node node = {.op = HF_FILTER_NET, .sides = (uint8_t)sides, .low = 4};
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff}; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t bits, most = 32;
	char host[WORD_LEN], *length;

	snprintf(host, sizeof(host), "%s", p->word);
	length = strchr(host, '/');
	if (length != NULL)
		*length++ = '\0';
	if (inet_pton(AF_INET, host, address + 12) != 1) {
		if (inet_pton(AF_INET6, host, address) != 1)
			return refuse(p, "not an address: IPv4 or IPv6 expected");
		node.low = 6;
		most = 128;
	}
	bits = most;
	if (length != NULL && parse_number(length, most, &bits) != 0)
		return refuse(p, "not a prefix: a length from 0 to %u expected", most);
	set_mask(&node, bits + 128 - most, address);
	return append_test(p, &node);
}

/* What follows "src", "dst", or nothing. */
static int
parse_sided(struct parser *p, uint32_t sides)
{
	struct hf_filter_node node = {.op = HF_FILTER_PORT, .sides = (uint8_t)sides};

	if (is_word(p, "port", NULL)) {
		read_word(p);
		return parse_range(p, "a port", UINT16_MAX, &node);
	}
	if (is_word(p, "host", "net"))
		read_word(p);
	return parse_net(p, sides);
}

static int
parse_family(struct parser *p, uint32_t family)
{
	struct hf_filter_node node = {.op = HF_FILTER_FAMILY, .low = family};

	return append_test(p, &node);
}

static int
parse_test(struct parser *p)
{
	struct hf_filter_node lane = {.op = HF_FILTER_LANE};

	if (p->word[0] == '\0' || is_word(p, ")", NULL) || is_word(p, "and", "or"))
		return refuse(p, "a test is missing here");
	if (is_word(p, "ip", "ip4") || is_word(p, "ip6", NULL))
		return parse_family(p, is_word(p, "ip6", NULL) ? 6 : 4);
	if (is_word(p, "proto", NULL)) {
		read_word(p);
		return parse_proto(p);
	}
	if (is_word(p, "lane", NULL)) {
		read_word(p);
		return parse_range(p, "a lane", HF_MAX_LANES - 1, &lane);
	}
	if (is_word(p, "src", "dst")) {
		uint32_t side = is_word(p, "src", NULL) ? HF_FILTER_SRC : HF_FILTER_DST;

		read_word(p);
		return parse_sided(p, side);
	}
	if (is_word(p, "port", NULL) || is_word(p, "host", "net") ||
	    strpbrk(p->word, ".:/") != NULL)
		return parse_sided(p, HF_FILTER_SRC | HF_FILTER_DST);
	if (protocol_number(p->word) >= 0)
		return parse_proto(p);
	return refuse(p, "no such test: ip, ip6, tcp, udp, icmp, proto, port, src, dst, lane or an "
			 "address expected");
}

static int
parse_factor(struct parser *p)
{
	int inner;

	if (!is_word(p, "not", "!") && !is_word(p, "(", NULL))
		return parse_test(p);
	if (p->depth == HF_FILTER_DEPTH)
		return refuse(p, "too deep: at most %d within each other are possible",
			      HF_FILTER_DEPTH);
	p->depth++;
	if (is_word(p, "(", NULL)) {
		read_word(p);
		inner = parse_or(p);
		if (inner >= 0 && !is_word(p, ")", NULL))
			inner = refuse(p, "a closing parenthesis is missing here");
		if (inner >= 0)
			read_word(p);
	} else {
		read_word(p);
		inner = parse_factor(p);
		if (inner >= 0)
			inner = join(p, HF_FILTER_NOT, inner, 0);
	}
	p->depth--;
	return inner;
}

static int
parse_and(struct parser *p)
{
	int left = parse_factor(p);

	while (left >= 0 && p->word[0] != '\0' && !is_word(p, ")", NULL) &&
	       !is_word(p, "or", "||")) {
		int right;

		if (is_word(p, "and", "&&"))
			read_word(p);
		right = parse_factor(p);
		left = right < 0 ? right : join(p, HF_FILTER_AND, left, right);
	}
	return left;
}

static int
parse_or(struct parser *p)
{
	int left = parse_and(p);

	while (left >= 0 && is_word(p, "or", "||")) {
		int right;

		read_word(p);
		right = parse_and(p);
		left = right < 0 ? right : join(p, HF_FILTER_OR, left, right);
	}
	return left;
}

/* For one line: a line break is a blank like any other. */
static void
keep_text(struct hf_filter *f, const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		f->text[n] = is_blank(text[n]) ? ' ' : text[n];
	f->text[n] = '\0';
}

int
filter_parse(const char *text, struct hf_filter *f, char *why, size_t len)
{
	struct hf_filter made = {0};
	struct parser p = {.next = text, .text = text, .f = &made, .why = why, .len = len};
	int root = 0;

	if (strlen(text) >= HF_FILTER_LEN) {
		snprintf(why, len, "character %d: too long: at most %d characters are possible",
			 HF_FILTER_LEN, HF_FILTER_LEN - 1);
		return -EINVAL;
	}
	read_word(&p);
	if (p.word[0] != '\0') {
		keep_text(&made, text);
		root = parse_or(&p);
	}
	if (root >= 0 && p.word[0] != '\0')
		root = refuse(&p, "no parenthesis is open");
	if (root < 0)
		return root;
	made.root = (uint32_t)root;
	*f = made;
	return 0;
}
