/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table of configuration keys, and what its readers share. Private to shared/config. The
 * reader, the defaults, the dump, `--help-config` and the manual page all walk these rows.
 */
#ifndef HF_CONFIG_TABLE_H
#define HF_CONFIG_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "config_tree.h"

#define CONFIG_PATH_MAX 96 /* bytes of "ports[15].tx.pthresh" and the like, with room */

enum config_type {
	CONFIG_INT,
	CONFIG_BOOL,
	CONFIG_WORD,       /* one of words[]; stored as its index, or as text (store_text) */
	CONFIG_TEXT,       /* up to size - 1 bytes */
	CONFIG_LIST,       /* list of mappings whose rows begin with "<path>[]." */
	CONFIG_COUNT,      /* the same, or just how many elements there are */
	CONFIG_RSS_KEY,    /* "symmetric", "default" or a hex string */
	CONFIG_RSS_FIELDS, /* list of words[], stored as a bit set; or "all" */
	CONFIG_RSS_RETA,   /* list of lanes, or "even" */
};

struct config_row {
	const char *path; /* "ring.size", "ports[].tx.rs" */
	enum config_type type;
	uint32_t off; /* of the value: in struct hf_config, or in the list's element */
	uint32_t size;
	int64_t min, max; /* of a number, or of a list's length */
	int power_of_two;
	const char *word;   /* INT: a word for word_value; TEXT: the word for "nothing" */
	int64_t word_value; /* allowed beside min to max */
	const char *const *words;
	int store_text;
	int reloadable; /* may change while the instance runs */
	const char *unit;
	const char *def;          /* default, as one would write it; NULL: see default_help */
	const char *default_help; /* said of the default in place of def */
	const char *help;
	/* lists only */
	uint32_t count_off; /* of the uint32_t that counts the elements in use */
	uint32_t elem_size;
	uint32_t line_plus1; /* offset + 1 of the element's line; 0: it has none */
};

/* What one run of hf_config_load() knows. */
struct config_reader {
	struct hf_config *cfg;
	const struct config_node *root; /* NULL while defaults are set */
	const char *path;               /* of the file */
	char *err;
	size_t err_len;
	size_t n_reta; /* entries of rss.reta; 0: even */
};

/* --- config_table.c --- */

const struct config_row *config_table_rows(size_t *n);
const struct config_row *config_table_find(const char *path);

/* Do rows begin with "<path>."? */
int config_table_is_section(const char *path);

/* The key people most likely meant by an unknown one; "" if none is near. Returns buf. */
const char *config_table_nearest(const char *path, char *buf, size_t len);

/* "256 to 262144", "0 to 255, or driver". Returns buf. */
const char *config_row_range(const struct config_row *row, char *buf, size_t len);

/* What a value must be: "an integer", "one of wire, macswap" ... Returns buf. */
const char *config_row_kind(const struct config_row *row, char *buf, size_t len);

/* --- config_value.c --- */

/*
 * Reads one value to base + row->off. shown: the key as messages name it ("ports[1].mtu"). Returns
 * 0, or -EINVAL after config_fail().
 */
int config_value_read(struct config_reader *r, const struct config_row *row, char *base,
		      const char *shown, const struct config_node *node);

void config_value_put(char *base, const struct config_row *row, int64_t value);
int64_t config_value_get(const char *base, const struct config_row *row);

/* A copy of text that is safe in a message: one line, printable, short. Returns buf. */
const char *config_safe_text(char *buf, size_t len, const char *text);

/* Writes "file:line: key: reason" to the caller's buffer. Returns -EINVAL. */
int config_fail(struct config_reader *r, int line, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* --- config_check.c --- */

/* Checks what several keys say together and fills what follows from them. 0 or -EINVAL. */
int config_check(struct config_reader *r);

/* The round-robin RETA: entry i is lane i mod n_lanes. */
void config_reta_even(uint16_t *reta, uint32_t size, uint32_t n_lanes);

#endif
