/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a configuration must fulfil beyond each value's own range, and the defaults that depend on
 * other keys. Runs after all keys are read.
 */
#include <ctype.h>
#include <string.h>

#include "config_table.h"

#define HANG_TIMEOUT_MIN_MS 20 /* the primary looks every 10 */

static int
line_of(const struct config_reader *r, const char *key)
{
	return config_tree_line(r->root, key);
}

/* "ports[1].name" */
static const char *
port_key(char *buf, uint32_t port, const char *key)
{
	snprintf(buf, CONFIG_PATH_MAX, "ports[%u].%s", port, key);
	return buf;
}

static int
check_globals(struct config_reader *r)
{
	struct hf_config *cfg = r->cfg;
	char text[HF_INSTANCE_LEN];

	if (hf_names_check_instance(cfg->instance) != 0)
		return config_fail(r, line_of(r, "instance"), "instance",
				   "'%s' is not 1 to 31 of A-Z a-z 0-9 _ -, not starting with -",
				   config_safe_text(text, sizeof(text), cfg->instance));
	if (cfg->hugepage_dir[0] != '/')
		return config_fail(r, line_of(r, "hugepage_dir"), "hugepage_dir",
				   "must be an absolute path");
	if (cfg->hang_timeout_ms > 0 && cfg->hang_timeout_ms < HANG_TIMEOUT_MIN_MS)
		return config_fail(r, line_of(r, "supervise.hang_timeout"),
				   "supervise.hang_timeout", "%u is neither 0 nor %d to 60000",
				   cfg->hang_timeout_ms, HANG_TIMEOUT_MIN_MS);
	return 0;
}

void
config_reta_even(uint16_t *reta, uint32_t size, uint32_t n_lanes)
{
	for (uint32_t i = 0; i < size; i++)
		reta[i] = (uint16_t)(i % n_lanes);
}

static int
check_reta(struct config_reader *r)
{
	struct hf_config *cfg = r->cfg;
	char key[CONFIG_PATH_MAX];

	if (r->n_reta == 0) {
		config_reta_even(cfg->reta, cfg->reta_size, cfg->n_lanes);
		return 0;
	}
	if (r->n_reta != cfg->reta_size)
		return config_fail(r, line_of(r, "rss.reta"), "rss.reta",
				   "has %zu entries, but rss.reta_size is %u", r->n_reta,
				   cfg->reta_size);
	for (uint32_t i = 0; i < cfg->reta_size; i++) {
		if (cfg->reta[i] < cfg->n_lanes)
			continue;
		snprintf(key, sizeof(key), "rss.reta[%u]", i);
		return config_fail(r, line_of(r, key), key, "lane %u is not configured (lanes: %u)",
				   cfg->reta[i], cfg->n_lanes);
	}
	return 0;
}

/* Length of "net_tap0" in "net_tap0,iface=a"; of all of "bus=pci,addr=..." */
static size_t
device_name_len(const char *device)
{
	size_t len = strcspn(device, ",");

	return memchr(device, '=', len) != NULL ? strlen(device) : len;
}

/* A name must do as a word in YAML, JSON and a terminal. */
static int
name_is_usable(const char *name)
{
	if (name[0] == '\0' || strcmp(name, "none") == 0)
		return 0;
	for (size_t i = 0; name[i] != '\0'; i++)
		if (!isgraph((unsigned char)name[i]) || strchr("\"'\\,", name[i]) != NULL)
			return 0;
	return 1;
}

static int
check_name(struct config_reader *r, uint32_t i)
{
	struct hf_config_port *p = &r->cfg->ports[i];
	char key[CONFIG_PATH_MAX], text[48];
	size_t len = strcspn(p->device, ",");

	port_key(key, i, "name");
	if (p->name[0] == '\0') {
		if (len >= sizeof(p->name))
			return config_fail(
				r, p->line, key,
				"missing (the device's own is longer than 31 characters)");
		memcpy(p->name, p->device, len);
		p->name[len] = '\0';
	}
	if (!name_is_usable(p->name))
		return config_fail(r, line_of(r, key), key, "'%s' cannot be a port's name",
				   config_safe_text(text, sizeof(text), p->name));
	return 0;
}

/*
 * The argument of a device string that names what is behind the port: "iface=a", "path=/a.sock". A
 * path in /dev is shared by many. Returns its length, 0 if there is none.
 */
static size_t
device_end(const char *device, const char **end)
{
	const char *at = strchr(device, ',');

	for (; at != NULL; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, "iface=", 6) != 0 &&
		    (strncmp(at, "path=", 5) != 0 || strncmp(at, "path=/dev/", 10) == 0))
			continue;
		*end = at;
		return strcspn(at, ",");
	}
	return 0;
}

/* Two ports of different names cannot have one interface or socket. */
static int
check_ends(struct config_reader *r, uint32_t i, uint32_t j)
{
	const struct hf_config_port *ports = r->cfg->ports;
	const char *mine, *other;
	size_t len = device_end(ports[i].device, &mine);
	char key[CONFIG_PATH_MAX];

	if (len == 0 || device_end(ports[j].device, &other) != len || memcmp(mine, other, len) != 0)
		return 0;
	return config_fail(r, line_of(r, port_key(key, i, "device")), key,
			   "%.*s is already that of ports[%u]", (int)len, mine, j);
}

static int
check_twins(struct config_reader *r, uint32_t i)
{
	const struct hf_config_port *p = &r->cfg->ports[i], *q = r->cfg->ports;
	size_t len = device_name_len(p->device);
	char key[CONFIG_PATH_MAX];
	int err;

	for (uint32_t j = 0; j < i; j++, q++) {
		if ((device_name_len(q->device) == len && memcmp(q->device, p->device, len) == 0) ||
		    hf_names_same_pci(q->device, p->device))
			return config_fail(r, line_of(r, port_key(key, i, "device")), key,
					   "%.*s is already the device of ports[%u]", (int)len,
					   p->device, j);
		if (strcmp(q->name, p->name) == 0)
			return config_fail(r, line_of(r, port_key(key, i, "name")), key,
					   "%s is already the name of ports[%u]", p->name, j);
		err = check_ends(r, i, j);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
check_port(struct config_reader *r, uint32_t i)
{
	struct hf_config_port *p = &r->cfg->ports[i];
	char key[CONFIG_PATH_MAX];
	int err;

	if (p->device[0] == '\0')
		return config_fail(r, p->line, port_key(key, i, "device"), "missing");
	err = check_name(r, i);
	if (err == 0)
		err = check_twins(r, i);
	if (err != 0)
		return err;
	if (p->io < 0)
		p->io = (int)(i % r->cfg->n_io);
	if ((uint32_t)p->io >= r->cfg->n_io)
		return config_fail(r, line_of(r, port_key(key, i, "io")), key,
				   "I/O thread %d is not configured (io: %u)", p->io, r->cfg->n_io);
	return 0;
}

static int
resolve_peer(struct config_reader *r, uint32_t i)
{
	struct hf_config *cfg = r->cfg;
	struct hf_config_port *p = &cfg->ports[i];
	char key[CONFIG_PATH_MAX], text[sizeof(p->peer)];

	p->peer_index = -1;
	if (strcmp(p->peer, "none") == 0) {
		memset(p->peer, 0, sizeof(p->peer));
		return 0;
	}
	if (p->peer[0] == '\0' && cfg->n_ports != 2)
		return 0;
	if (p->peer[0] == '\0')
		memcpy(p->peer, cfg->ports[1 - i].name, sizeof(p->peer));
	for (uint32_t j = 0; j < cfg->n_ports; j++)
		if (strcmp(cfg->ports[j].name, p->peer) == 0)
			p->peer_index = (int)j;
	if (p->peer_index < 0)
		return config_fail(r, line_of(r, port_key(key, i, "peer")), key,
				   "no port has the name '%s'",
				   config_safe_text(text, sizeof(text), p->peer));
	return 0;
}

int
config_check(struct config_reader *r)
{
	int err = check_globals(r);

	if (err == 0)
		err = check_reta(r);
	if (err == 0 && r->cfg->n_ports == 0)
		err = config_fail(r, line_of(r, "ports"), "ports",
				  "missing (at least one port is needed)");
	for (uint32_t i = 0; err == 0 && i < r->cfg->n_ports; i++)
		err = check_port(r, i);
	for (uint32_t i = 0; err == 0 && i < r->cfg->n_ports; i++)
		err = resolve_peer(r, i);
	return err;
}
