/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a configuration file: bytes, tree, then key by key by the table. Primary, main thread, and
 * tests. Changes nothing but the struct it fills.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_table.h"

#define FILE_MAX 262144 /* bytes; sixteen ports and a full RETA need a twentieth of it */
#define KEY_MAX  40     /* no key is longer */

/* Where in the file the reader stands. */
struct place {
	char table[CONFIG_PATH_MAX]; /* as in the table: "ports[].tx" */
	char shown[CONFIG_PATH_MAX]; /* as in messages: "ports[1].tx" */
	char *base;                  /* what rows of this level are offsets into */
};

static int read_mapping(struct config_reader *r, const struct place *at,
			const struct config_node *map);

/* Room for one byte more than FILE_MAX shows a file that is too large. */
static int
read_bytes(const char *path, char *buf, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	for (*len = 0; *len <= FILE_MAX; *len += (size_t)n) {
		n = read(fd, buf + *len, FILE_MAX + 1 - *len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			break;
	}
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

/* --- defaults ------------------------------------------------------------------------------- */

/* The list a row belongs to; NULL for a row outside lists. */
static const struct config_row *
list_of(const struct config_row *row)
{
	const char *bracket = strstr(row->path, "[]");
	char list[CONFIG_PATH_MAX];

	if (bracket == NULL)
		return NULL;
	snprintf(list, sizeof(list), "%.*s", (int)(bracket - row->path), row->path);
	return config_table_find(list);
}

/* Rows without a default in the table stay 0 and are config_check()'s business. */
static void
set_default(struct config_reader *r, const struct config_row *row)
{
	const struct config_row *list = list_of(row);
	struct config_node node = {.kind = CONFIG_NODE_SCALAR, .plain = 1, .text = row->def};
	char *base = (char *)r->cfg;

	if (row->def == NULL)
		return;
	if (row->type == CONFIG_COUNT) {
		uint32_t n = (uint32_t)strtoul(row->def, NULL, 10);

		memcpy(base + row->count_off, &n, sizeof(n));
		return;
	}
	if (list == NULL) {
		config_value_read(r, row, base, row->path, &node);
		return;
	}
	for (int64_t i = 0; i < list->max; i++)
		config_value_read(r, row, base + list->off + (size_t)i * list->elem_size, row->path,
				  &node);
}

static void
set_defaults(struct config_reader *r)
{
	size_t n;
	const struct config_row *rows = config_table_rows(&n);

	memset(r->cfg, 0, sizeof(*r->cfg));
	for (size_t i = 0; i < n; i++)
		set_default(r, &rows[i]);
}

/* --- keys ----------------------------------------------------------------------------------- */

/* Writes "at.key", or "key" at the top. */
static void
join(char *buf, const char *at, const char *key)
{
	snprintf(buf, CONFIG_PATH_MAX, "%.*s%s%.*s", CONFIG_PATH_MAX / 2, at,
		 at[0] != '\0' ? "." : "", KEY_MAX, key);
}

static int
fail_unknown(struct config_reader *r, const struct place *at, const struct config_node *node)
{
	char key[KEY_MAX], shown[CONFIG_PATH_MAX], table[CONFIG_PATH_MAX], near[CONFIG_PATH_MAX];

	config_safe_text(key, sizeof(key), node->key);
	join(shown, at->shown, key);
	join(table, at->table, key);
	config_table_nearest(table, near, sizeof(near));
	if (strpbrk(node->key, ".[") != NULL)
		return config_fail(r, node->line, shown, "unknown key (no key contains a dot)");
	if (near[0] == '\0')
		return config_fail(r, node->line, shown, "unknown key");
	return config_fail(r, node->line, shown, "unknown key (did you mean %s?)", near);
}

/* Keys before this one are all known and different, so there are few. */
static const struct config_node *
earlier(const struct config_node *map, const struct config_node *node)
{
	for (const struct config_node *c = map->child; c != node; c = c->next)
		if (strcmp(c->key, node->key) == 0)
			return c;
	return NULL;
}

static int
read_element(struct config_reader *r, const struct config_row *row, const struct place *at,
	     uint32_t i, const struct config_node *node)
{
	struct place in = {.base = at->base + row->off + (size_t)i * row->elem_size};

	snprintf(in.table, sizeof(in.table), "%s[]", row->path);
	snprintf(in.shown, sizeof(in.shown), "%s[%u]", row->path, i);
	if (row->line_plus1 != 0)
		memcpy(in.base + row->line_plus1 - 1, &node->line, sizeof(node->line));
	return read_mapping(r, &in, node);
}

static int
read_list(struct config_reader *r, const struct config_row *row, const struct place *at,
	  const struct config_node *list)
{
	uint32_t i = 0;

	if (list->n < (size_t)row->min || list->n > (size_t)row->max)
		return config_fail(r, list->line, row->path,
				   "has %zu entries, which is out of range (%lld to %lld)", list->n,
				   (long long)row->min, (long long)row->max);
	for (const struct config_node *c = list->child; c != NULL; c = c->next)
		if (read_element(r, row, at, i++, c) != 0)
			return -EINVAL;
	memcpy(at->base + row->count_off, &i, sizeof(i));
	return 0;
}

/* "lanes: 4": elements with defaults alone. */
static int
read_count(struct config_reader *r, const struct config_row *row, const struct place *at,
	   const struct config_node *node)
{
	struct config_row count = *row;

	if (node->kind == CONFIG_NODE_MAP)
		return config_value_read(r, row, at->base, row->path, node);
	count.type = CONFIG_INT;
	count.off = row->count_off;
	count.size = sizeof(uint32_t);
	return config_value_read(r, &count, at->base, row->path, node);
}

static int
read_entry(struct config_reader *r, const struct place *at, const struct config_node *map,
	   const struct config_node *node)
{
	const struct config_row *row;
	const struct config_node *twin;
	struct place in = {.base = at->base};

	if (strlen(node->key) >= KEY_MAX || strpbrk(node->key, ".[") != NULL)
		return fail_unknown(r, at, node);
	join(in.table, at->table, node->key);
	join(in.shown, at->shown, node->key);
	row = config_table_find(in.table);
	if (row == NULL && !config_table_is_section(in.table))
		return fail_unknown(r, at, node);
	twin = earlier(map, node);
	if (twin != NULL)
		return config_fail(r, node->line, in.shown, "given twice (first in line %d)",
				   twin->line);
	if (row == NULL)
		return read_mapping(r, &in, node);
	if (row->elem_size != 0 && node->kind == CONFIG_NODE_LIST)
		return read_list(r, row, at, node);
	if (row->type == CONFIG_COUNT)
		return read_count(r, row, at, node);
	return config_value_read(r, row, at->base, in.shown, node);
}

static int
read_mapping(struct config_reader *r, const struct place *at, const struct config_node *map)
{
	if (map->kind != CONFIG_NODE_MAP)
		return config_fail(r, map->line, at->shown[0] != '\0' ? at->shown : "yaml",
				   "must be a mapping of keys");
	for (const struct config_node *c = map->child; c != NULL; c = c->next)
		if (read_entry(r, at, map, c) != 0)
			return -EINVAL;
	return 0;
}

/* --- file ----------------------------------------------------------------------------------- */

static int
read_root(struct config_reader *r, const struct config_node *root)
{
	struct place top = {.base = (char *)r->cfg};
	int err;

	if (root == NULL || (root->kind == CONFIG_NODE_SCALAR && root->text[0] == '\0'))
		return config_fail(r, 1, "yaml", "the file is empty");
	r->root = root;
	err = read_mapping(r, &top, root);
	return err != 0 ? err : config_check(r);
}

static int
read_tree(struct config_reader *r, const char *yaml, size_t len)
{
	struct config_tree tree;
	struct config_problem why = {1, "not YAML"};
	int err = config_tree_load(&tree, yaml, len, &why);

	if (err == 0)
		err = read_root(r, tree.root);
	else if (err == -ENOMEM)
		snprintf(r->err, r->err_len, "%s: cannot read: out of memory", r->path);
	else
		config_fail(r, why.line, "yaml", "%s", why.text);
	config_tree_free(&tree);
	return err;
}

int
hf_config_load(struct hf_config *cfg, const char *path, char *err, size_t err_len)
{
	struct config_reader r = {.cfg = cfg, .path = path, .err = err, .err_len = err_len};
	char *yaml = malloc(FILE_MAX + 1);
	size_t len = 0;
	int ret;

	if (yaml == NULL) {
		snprintf(err, err_len, "%s: cannot read: out of memory", path);
		return -ENOMEM;
	}
	set_defaults(&r);
	snprintf(cfg->file, sizeof(cfg->file), "%s", path);
	ret = read_bytes(path, yaml, &len);
	if (ret != 0)
		snprintf(err, err_len, "%s: cannot read: %s", path, strerror(-ret));
	else if (len > FILE_MAX)
		ret = config_fail(&r, 1, "yaml", "the file is larger than %d bytes", FILE_MAX);
	else
		ret = read_tree(&r, yaml, len);
	free(yaml);
	return ret;
}
