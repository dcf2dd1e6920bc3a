/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small tree of a YAML document, with line numbers. Private to shared/config. It knows nothing of
 * keys. What a configuration has no use for (aliases, anchors, tags, a second document, NUL bytes,
 * deep nesting) is an error here, so that the readers of the tree meet none of it.
 */
#ifndef HF_CONFIG_TREE_H
#define HF_CONFIG_TREE_H

#include <stddef.h>

#define CONFIG_TREE_DEPTH_MAX 8
#define CONFIG_TREE_NODES_MAX 20000

enum config_node_kind { CONFIG_NODE_SCALAR, CONFIG_NODE_LIST, CONFIG_NODE_MAP };

struct config_node {
	enum config_node_kind kind;
	int line;         /* from 1; of its key when it has one */
	int plain;        /* scalar without quotes */
	const char *text; /* scalar: its value, without NUL bytes inside */
	const char *key;  /* NULL unless the parent is a mapping */
	size_t n;         /* children */
	struct config_node *child, *next;
	/* while the tree is built, and to free it */
	struct config_node *parent, *last, *all_next;
	char *pending_key; /* mapping: a key whose value has not come yet */
	int pending_line;
};

struct config_tree {
	struct config_node *root; /* NULL: the file holds no document */
	struct config_node *all;
	size_t n;
};

struct config_problem {
	int line;
	const char *text; /* static */
};

/*
 * Parses len bytes of YAML. Returns 0; -EINVAL with *why filled; -ENOMEM. Call config_tree_free()
 * in any case. No side effects.
 */
int config_tree_load(struct config_tree *tree, const char *yaml, size_t len,
		     struct config_problem *why);
void config_tree_free(struct config_tree *tree);

/* Line of a key such as "ports[1].tx.rs"; of the innermost part that stands in the file. */
int config_tree_line(const struct config_node *root, const char *path);

#endif
