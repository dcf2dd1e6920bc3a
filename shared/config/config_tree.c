/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From libyaml's events to a tree. Owns the tree's memory. Reads untrusted bytes: everything that
 * can grow has a limit, and nothing recurses.
 */
#include "config_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
	struct config_tree *tree;
	struct config_node *open; /* innermost list or mapping that is not closed yet */
	struct config_problem *why;
	int depth;
	int documents;
};

static int
refuse(struct builder *b, size_t line0, const char *text)
{
	b->why->line = (int)line0 + 1;
	b->why->text = text;
	return -EINVAL;
}

static struct config_node *
node_new(struct builder *b, enum config_node_kind kind, size_t line0)
{
	struct config_node *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->line = (int)line0 + 1;
	n->all_next = b->tree->all;
	b->tree->all = n;
	b->tree->n++;
	return n;
}

/* Hangs a node into the innermost open one. */
static void
node_attach(struct builder *b, struct config_node *n)
{
	struct config_node *p = b->open;

	n->parent = p;
	if (p == NULL) {
		b->tree->root = n;
		return;
	}
	if (p->kind == CONFIG_NODE_MAP) {
		n->key = p->pending_key;
		n->line = p->pending_line;
		p->pending_key = NULL;
	}
	if (p->last == NULL)
		p->child = n;
	else
		p->last->next = n;
	p->last = n;
	p->n++;
}

static int
node_add(struct builder *b, enum config_node_kind kind, size_t line0, struct config_node **out)
{
	if (b->tree->n >= CONFIG_TREE_NODES_MAX)
		return refuse(b, line0, "the file has too many values");
	*out = node_new(b, kind, line0);
	if (*out == NULL)
		return -ENOMEM;
	node_attach(b, *out);
	return 0;
}

/* Is the next node a key of the innermost mapping? */
static int
awaits_key(const struct builder *b)
{
	return b->open != NULL && b->open->kind == CONFIG_NODE_MAP && b->open->pending_key == NULL;
}

static int
on_scalar(struct builder *b, const yaml_event_t *e)
{
	size_t line0 = e->start_mark.line;
	size_t len = e->data.scalar.length;
	const char *value = (const char *)e->data.scalar.value;
	struct config_node *n;
	char *text;
	int err;

	if (e->data.scalar.anchor != NULL)
		return refuse(b, line0, "anchors and aliases are not supported");
	if (e->data.scalar.tag != NULL)
		return refuse(b, line0, "tags are not supported");
	if (memchr(value, '\0', len) != NULL)
		return refuse(b, line0, "a value contains a NUL byte");
	text = strndup(value, len);
	if (text == NULL)
		return -ENOMEM;
	if (awaits_key(b)) {
		b->open->pending_key = text;
		b->open->pending_line = (int)line0 + 1;
		return 0;
	}
	err = node_add(b, CONFIG_NODE_SCALAR, line0, &n);
	if (err != 0) {
		free(text);
		return err;
	}
	n->text = text;
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int
on_open(struct builder *b, enum config_node_kind kind, size_t line0, const void *anchor,
	const void *tag)
{
	struct config_node *n;
	int err;

	if (anchor != NULL)
		return refuse(b, line0, "anchors and aliases are not supported");
	if (tag != NULL)
		return refuse(b, line0, "tags are not supported");
	if (awaits_key(b))
		return refuse(b, line0, "a key must be a word");
	if (++b->depth > CONFIG_TREE_DEPTH_MAX)
		return refuse(b, line0, "nested too deeply");
	err = node_add(b, kind, line0, &n);
	if (err == 0)
		b->open = n;
	return err;
}

static void
on_close(struct builder *b)
{
	b->open = b->open->parent;
	b->depth--;
}

static int
on_event(struct builder *b, const yaml_event_t *e)
{
	size_t line0 = e->start_mark.line;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0)
			return refuse(b, line0, "more than one document");
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(b, line0, "anchors and aliases are not supported");
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, CONFIG_NODE_LIST, line0, e->data.sequence_start.anchor,
			       e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, CONFIG_NODE_MAP, line0, e->data.mapping_start.anchor,
			       e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_close(b);
		return 0;
	default:
		return 0;
	}
}

/* What libyaml has against the file. Its reader knows a byte offset only, not a line. */
static int
syntax_error(const yaml_parser_t *parser, const char *yaml, size_t len, struct config_problem *why)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	why->text = parser->problem != NULL ? parser->problem : "not YAML";
	why->line = (int)parser->problem_mark.line + 1;
	if (parser->error == YAML_READER_ERROR) {
		why->line = 1;
		for (size_t i = 0; i < len && i < parser->problem_offset; i++)
			why->line += yaml[i] == '\n';
	}
	return -EINVAL;
}

int
config_tree_load(struct config_tree *tree, const char *yaml, size_t len, struct config_problem *why)
{
	struct builder b = {.tree = tree, .why = why};
	yaml_parser_t parser;
	yaml_event_t event;
	int err = 0, end = 0;

	memset(tree, 0, sizeof(*tree));
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, len);
	while (err == 0 && !end) {
		if (!yaml_parser_parse(&parser, &event)) {
			err = syntax_error(&parser, yaml, len, why);
			break;
		}
		err = on_event(&b, &event);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}

void
config_tree_free(struct config_tree *tree)
{
	struct config_node *n, *next;

	for (n = tree->all; n != NULL; n = next) {
		next = n->all_next;
		free((char *)n->text);
		free((char *)n->key);
		free(n->pending_key);
		free(n);
	}
	memset(tree, 0, sizeof(*tree));
}

static const struct config_node *
child_by_key(const struct config_node *map, const char *key, size_t len)
{
	for (const struct config_node *c = map->child; c != NULL; c = c->next)
		if (c->key != NULL && strlen(c->key) == len && strncmp(c->key, key, len) == 0)
			return c;
	return NULL;
}

static const struct config_node *
child_by_index(const struct config_node *list, unsigned long index)
{
	const struct config_node *c = list->child;

	while (c != NULL && index-- > 0)
		c = c->next;
	return c;
}

int
config_tree_line(const struct config_node *root, const char *path)
{
	const struct config_node *at = root, *child;
	char *end;

	while (*path != '\0') {
		if (*path == '[') {
			child = child_by_index(at, strtoul(path + 1, &end, 10));
			path = end + 1;
		} else {
			size_t len = strcspn(path, ".[");

			child = child_by_key(at, path, len);
			path += len;
		}
		if (child == NULL)
			break;
		at = child;
		path += *path == '.';
	}
	return at->line;
}
