/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One value of a configuration: from the text of a node to its field. Knows the types of the table,
 * not the keys. Reads untrusted text; whatever goes into a message is made safe first.
 */
#include "config_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "units.h"

#define SHOW_MAX 48 /* bytes of a file's text that a message repeats */
#define KIND_MAX 96

/* What a message shows of a byte that may be anything. */
static char
printable(char c)
{
	return (char)(isprint((unsigned char)c) ? c : '?');
}

const char *
config_safe_text(char *buf, size_t len, const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < len; i++)
		buf[i] = printable(text[i]);
	buf[i] = '\0';
	if (text[i] != '\0' && len > 4)
		memcpy(buf + len - 4, "...", 4);
	return buf;
}

int
config_fail(struct config_reader *r, int line, const char *key, const char *fmt, ...)
{
	char reason[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	for (char *c = reason; *c != '\0'; c++) /* what it repeats may hold anything */
		*c = printable(*c);
	snprintf(r->err, r->err_len, "%s:%d: %s: %s", r->path, line, key, reason);
	return -EINVAL;
}

static int
fail_kind(struct config_reader *r, const struct config_row *row, const char *shown,
	  const struct config_node *node)
{
	char kind[KIND_MAX], text[SHOW_MAX];

	config_row_kind(row, kind, sizeof(kind));
	if (node->kind == CONFIG_NODE_LIST)
		return config_fail(r, node->line, shown, "must be %s, not a list", kind);
	if (node->kind == CONFIG_NODE_MAP)
		return config_fail(r, node->line, shown, "must be %s, not a mapping", kind);
	if (node->text[0] == '\0')
		return config_fail(r, node->line, shown, "must be %s, not empty", kind);
	return config_fail(r, node->line, shown, "must be %s, not '%s'", kind,
			   config_safe_text(text, sizeof(text), node->text));
}

static int
is_scalar(const struct config_node *node)
{
	return node->kind == CONFIG_NODE_SCALAR;
}

/* Is it this word, written without quotes? */
static int
is_word(const struct config_node *node, const char *word)
{
	return is_scalar(node) && node->plain && strcmp(node->text, word) == 0;
}

static int
word_index(const char *const *words, const struct config_node *node)
{
	for (int i = 0; words[i] != NULL; i++)
		if (is_scalar(node) && strcmp(node->text, words[i]) == 0)
			return i;
	return -1;
}

void
config_value_put(char *base, const struct config_row *row, int64_t value)
{
	uint16_t u16 = (uint16_t)value;
	int32_t i32 = (int32_t)value;

	if (row->size == sizeof(u16))
		memcpy(base + row->off, &u16, sizeof(u16));
	else
		memcpy(base + row->off, &i32, sizeof(i32));
}

int64_t
config_value_get(const char *base, const struct config_row *row)
{
	uint16_t u16;
	int32_t i32;

	if (row->size == sizeof(u16)) {
		memcpy(&u16, base + row->off, sizeof(u16));
		return u16;
	}
	memcpy(&i32, base + row->off, sizeof(i32));
	return i32;
}

/*
 * A whole number, plain, decimal or 0x, without leading zeros (YAML 1.1 would read those as octal).
 * Returns 0, -EINVAL when it is none, -ERANGE when it is far too large.
 */
static int
parse_integer(const struct config_node *node, int64_t *out)
{
	const char *digits = node->text;
	int negative;
	uint64_t v;
	int err;

	if (!is_scalar(node) || !node->plain)
		return -EINVAL;
	negative = digits[0] == '-';
	digits += negative;
	if (digits[0] == '0' && isdigit((unsigned char)digits[1]))
		return -EINVAL;
	err = hf_parse_u64(digits, 0, INT32_MAX, &v);
	if (err == 0)
		*out = negative ? -(int64_t)v : (int64_t)v;
	return err;
}

static int
read_integer(struct config_reader *r, const struct config_row *row, const char *shown,
	     const struct config_node *node, int64_t *out)
{
	char range[KIND_MAX], text[SHOW_MAX];
	int64_t v = 0;
	int err;

	if (row->word != NULL && is_word(node, row->word)) {
		*out = row->word_value;
		return 0;
	}
	err = parse_integer(node, &v);
	if (err == -EINVAL)
		return fail_kind(r, row, shown, node);
	config_row_range(row, range, sizeof(range));
	config_safe_text(text, sizeof(text), node->text);
	if (err == 0 && row->word != NULL && v == row->word_value) {
		*out = v;
		return 0;
	}
	if (err != 0 || v < row->min || v > row->max)
		return config_fail(r, node->line, shown, "%s is out of range (%s)", text, range);
	if (row->power_of_two && (v & (v - 1)) != 0)
		return config_fail(r, node->line, shown, "%s is not a power of two (%s)", text,
				   range);
	*out = v;
	return 0;
}

static int
read_bool(struct config_reader *r, const struct config_row *row, const char *shown,
	  const struct config_node *node, int64_t *out)
{
	static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};

	for (int i = 0; i < 6; i++) {
		if (is_word(node, words[i])) {
			*out = i >= 3;
			return 0;
		}
	}
	return fail_kind(r, row, shown, node);
}

/* C0, DEL, and in UTF-8 the C1 block and the two separators at which YAML breaks lines. */
static int
has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (iscntrl(*c) || (c[0] == 0xc2 && c[1] < 0xa0))
			return 1;
		if (c[0] == 0xe2 && c[1] == 0x80 && (c[2] & 0xfe) == 0xa8)
			return 1;
	}
	return 0;
}

static int
read_text(struct config_reader *r, const struct config_row *row, char *base, const char *shown,
	  const struct config_node *node)
{
	size_t len;

	if (!is_scalar(node) || node->text[0] == '\0' || is_word(node, "~") ||
	    is_word(node, "null"))
		return fail_kind(r, row, shown, node);
	len = strlen(node->text);
	if (len >= row->size)
		return config_fail(r, node->line, shown, "longer than %u characters",
				   row->size - 1);
	if (has_control(node->text))
		return config_fail(r, node->line, shown, "contains a control character");
	memset(base + row->off, 0, row->size);
	memcpy(base + row->off, node->text, len);
	return 0;
}

static int
read_word(struct config_reader *r, const struct config_row *row, char *base, const char *shown,
	  const struct config_node *node)
{
	int i = word_index(row->words, node);

	if (i < 0)
		return fail_kind(r, row, shown, node);
	if (row->store_text)
		return read_text(r, row, base, shown, node);
	config_value_put(base, row, i);
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of a hex string, 0 if it is none or too long. A colon may stand between two bytes. */
static uint32_t
parse_hex(const char *text, uint8_t *out, uint32_t max)
{
	uint32_t n = 0;

	while (n < max) {
		int hi = hex_digit(text[0]);
		int lo = hi < 0 ? -1 : hex_digit(text[1]);

		if (lo < 0)
			return 0;
		out[n++] = (uint8_t)(hi << 4 | lo);
		text += 2;
		if (*text == '\0')
			return n;
		text += *text == ':';
	}
	return 0;
}

/*
 * The two keys with names. Symmetric: Woo and Park, "Scalable TCP session monitoring with
 * symmetric receive-side scaling". Default: the RSS specification's.
 */
static int
named_rss_key(struct hf_config *cfg, const char *name)
{
	static const uint8_t standard[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	int symmetric = strcmp(name, "symmetric") == 0;

	if (!symmetric && strcmp(name, "default") != 0)
		return -EINVAL;
	memset(cfg->rss_key, 0, sizeof(cfg->rss_key));
	for (size_t i = 0; i < sizeof(standard); i++)
		cfg->rss_key[i] = symmetric ? standard[i % 2] : standard[i];
	cfg->rss_key_len = sizeof(standard);
	snprintf(cfg->rss_key_name, sizeof(cfg->rss_key_name), "%s",
		 symmetric ? "symmetric" : "default");
	return 0;
}

static int
read_rss_key(struct config_reader *r, const struct config_row *row, const char *shown,
	     const struct config_node *node)
{
	struct hf_config *cfg = r->cfg;
	uint8_t key[HF_CONFIG_KEY_MAX] = {0};
	uint32_t n;

	if (!is_scalar(node))
		return fail_kind(r, row, shown, node);
	if (named_rss_key(cfg, node->text) == 0)
		return 0;
	n = parse_hex(node->text, key, sizeof(key));
	if (n != 40 && n != 52)
		return fail_kind(r, row, shown, node);
	memcpy(cfg->rss_key, key, sizeof(key));
	cfg->rss_key_len = n;
	snprintf(cfg->rss_key_name, sizeof(cfg->rss_key_name), "hex");
	return 0;
}

static int
read_rss_fields(struct config_reader *r, const struct config_row *row, char *base,
		const char *shown, const struct config_node *node)
{
	uint32_t bits = 0, all = HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_TCP | HF_RSS_UDP | HF_RSS_SCTP;
	char item[CONFIG_PATH_MAX];
	int n = 0;

	if (is_word(node, "all")) {
		config_value_put(base, row, all);
		return 0;
	}
	if (node->kind != CONFIG_NODE_LIST)
		return fail_kind(r, row, shown, node);
	for (const struct config_node *c = node->child; c != NULL; c = c->next, n++) {
		int i = word_index(row->words, c);

		snprintf(item, sizeof(item), "%s[%d]", shown, n);
		if (i < 0)
			return fail_kind(r, row, item, c);
		if ((bits >> i & 1) != 0)
			return config_fail(r, c->line, item, "%s is given twice", row->words[i]);
		bits |= UINT32_C(1) << i;
	}
	if ((bits & (HF_RSS_IPV4 | HF_RSS_IPV6)) == 0)
		return config_fail(r, node->line, shown, "must name ipv4 or ipv6 or both");
	config_value_put(base, row, bits);
	return 0;
}

/* Whether the lanes exist is known later: config_check(). */
static int
read_rss_reta(struct config_reader *r, const struct config_row *row, const char *shown,
	      const struct config_node *node)
{
	static const struct config_row entry = {.type = CONFIG_INT,
						.min = 0,
						.max = HF_MAX_LANES - 1};
	char item[CONFIG_PATH_MAX];
	int64_t lane = 0;
	size_t n = 0;

	r->n_reta = 0;
	if (is_word(node, "even"))
		return 0;
	if (node->kind != CONFIG_NODE_LIST)
		return fail_kind(r, row, shown, node);
	if (node->n == 0)
		return config_fail(r, node->line, shown, "the list is empty");
	if (node->n > HF_CONFIG_RETA_MAX)
		return config_fail(r, node->line, shown, "more than %d entries",
				   HF_CONFIG_RETA_MAX);
	for (const struct config_node *c = node->child; c != NULL; c = c->next, n++) {
		snprintf(item, sizeof(item), "%s[%zu]", shown, n);
		if (read_integer(r, &entry, item, c, &lane) != 0)
			return -EINVAL;
		r->cfg->reta[n] = (uint16_t)lane;
	}
	r->n_reta = n;
	return 0;
}

int
config_value_read(struct config_reader *r, const struct config_row *row, char *base,
		  const char *shown, const struct config_node *node)
{
	int64_t v = 0;
	int err = 0;

	switch (row->type) {
	case CONFIG_TEXT:
		return read_text(r, row, base, shown, node);
	case CONFIG_WORD:
		return read_word(r, row, base, shown, node);
	case CONFIG_RSS_KEY:
		return read_rss_key(r, row, shown, node);
	case CONFIG_RSS_FIELDS:
		return read_rss_fields(r, row, base, shown, node);
	case CONFIG_RSS_RETA:
		return read_rss_reta(r, row, shown, node);
	case CONFIG_INT:
		err = read_integer(r, row, shown, node, &v);
		break;
	case CONFIG_BOOL:
		err = read_bool(r, row, shown, node, &v);
		break;
	default:
		return fail_kind(r, row, shown, node);
	}
	if (err == 0)
		config_value_put(base, row, v);
	return err;
}
