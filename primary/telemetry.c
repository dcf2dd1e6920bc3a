/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The read-only commands under /holdfast/ of DPDK's telemetry socket: the JSON of status.h turned
 * into telemetry data.
 *
 * Primary; the callbacks run on DPDK's telemetry threads. They read the segment as it is, and must
 * not count mbufs, sample ports or touch hand-overs: those belong to the main thread.
 *
 * What DPDK 22.11 can hold bounds the form. It has no null: unknown figures are left out. An array
 * holds numbers or strings only: a list of objects becomes an object keyed "0", "1" ... by place.
 * There are no fractions: they are rounded. An answer ends at 16 KiB: what would not fit is left
 * off from the end of the longest list, and "omitted" says how many objects that were; a parameter
 * picks one (/holdfast/lanes,3), or for flows says how many.
 */
#include "telemetry.h"
#include "compat.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>

#include "log.h"
#include "primary.h"
#include "status.h"
#include "units.h"

/* DPDK's 16 KiB less the command's name, and the keys that stand for places in a list. */
#define ANSWER_BYTES 15000
#define PLACE_BYTES  6

static struct {
	pthread_mutex_t lock;         /* main thread and telemetry threads of this process */
	const struct hf_segment *seg; /* under lock; NULL: nothing to read (any more) */
} telemetry = {PTHREAD_MUTEX_INITIALIZER, NULL};

static void add_members(struct rte_tel_data *d, const json_t *object);

static json_int_t
whole(const json_t *value)
{
	if (json_is_real(value))
		return (json_int_t)(json_real_value(value) + 0.5);
	return json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
}

static void
add_integer(struct rte_tel_data *d, const char *name, json_int_t n)
{
	if (n >= 0)
		hf_telemetry_dict_uint(d, name, (uint64_t)n);
	else
		rte_tel_data_add_dict_int(d, name, n < INT_MIN ? INT_MIN : (int)n);
}

/* A list of numbers or strings. */
static void
fill_array(struct rte_tel_data *d, const json_t *list)
{
	int strings = json_is_string(json_array_get(list, 0));
	const json_t *value;
	size_t i;

	rte_tel_data_start_array(d, strings ? RTE_TEL_STRING_VAL : HF_TELEMETRY_UINT);
	json_array_foreach(list, i, value)
	{
		if (strings)
			rte_tel_data_add_array_string(d, json_string_value(value));
		else
			hf_telemetry_array_uint(d, (uint64_t)whole(value));
	}
}

static void
fill_places(struct rte_tel_data *d, const json_t *list)
{
	json_t *places = json_object(), *value;
	char place[24];
	size_t i;

	json_array_foreach(list, i, value)
	{
		snprintf(place, sizeof(place), "%zu", i);
		json_object_set(places, place, value);
	}
	rte_tel_data_start_dict(d);
	add_members(d, places);
	json_decref(places);
}

static void
add_container(struct rte_tel_data *d, const char *name, const json_t *value)
{
	struct rte_tel_data *inner = rte_tel_data_alloc();

	if (inner == NULL)
		return;
	if (json_is_object(value)) {
		rte_tel_data_start_dict(inner);
		add_members(inner, value);
	} else if (json_is_object(json_array_get(value, 0))) {
		fill_places(inner, value);
	} else {
		fill_array(inner, value);
	}
	/* DPDK frees it when it has written the answer. */
	if (rte_tel_data_add_dict_container(d, name, inner, 0) < 0)
		rte_tel_data_free(inner);
}

static void
add_member(struct rte_tel_data *d, const char *name, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		break;
	case JSON_STRING:
		rte_tel_data_add_dict_string(d, name, json_string_value(value));
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		add_container(d, name, value);
		break;
	default:
		add_integer(d, name, whole(value));
		break;
	}
}

/* What DPDK has no room for is left out; a text longer than its 128 bytes is cut. */
static void
add_members(struct rte_tel_data *d, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) add_member(d, name, value);
}

static size_t
answer_bytes(const json_t *root)
{
	size_t n = json_dumpb(root, NULL, 0, JSON_COMPACT);
	json_t *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)root, name, value) n +=
		json_array_size(value) * PLACE_BYTES;
	return n;
}

static json_t *
longest_list(json_t *root)
{
	json_t *value, *longest = NULL;
	const char *name;

	json_object_foreach(root, name, value) if (json_array_size(value) >
						   json_array_size(longest)) longest = value;
	return longest;
}

/* Leaves off ends of lists until DPDK can print the whole. */
static void
shorten(json_t *root)
{
	json_int_t omitted = 0;
	json_t *list;

	while (answer_bytes(root) > ANSWER_BYTES && (list = longest_list(root)) != NULL) {
		json_array_remove(list, json_array_size(list) - 1);
		omitted++;
	}
	if (omitted > 0)
		json_object_set_new(root, "omitted", json_integer(omitted));
}

/* The object at the place that params names, or -EINVAL. */
static int
fill_one(struct rte_tel_data *d, const json_t *list, const char *params)
{
	uint64_t i;

	if (json_array_size(list) == 0 ||
	    hf_parse_u64(params, 0, json_array_size(list) - 1, &i) != 0)
		return -EINVAL;
	rte_tel_data_start_dict(d);
	add_members(d, json_array_get(list, (size_t)i));
	return 0;
}

/* Turns {"key": [...]} or any other object, which is stolen, into the answer. */
static int
answer(struct rte_tel_data *d, json_t *root, const char *key, const char *params)
{
	int err = 0;

	if (root == NULL)
		return -ENOENT;
	if (params != NULL && key != NULL) {
		err = fill_one(d, json_object_get(root, key), params);
	} else {
		shorten(root);
		rte_tel_data_start_dict(d);
		add_members(d, root);
	}
	json_decref(root);
	return err;
}

static json_t *
build(const struct hf_segment *seg, const char *cmd, const char *params)
{
	uint64_t top = HF_STATUS_FLOWS_DEFAULT;

	if (strcmp(cmd, "/holdfast/status") == 0)
		return hf_status_all(seg);
	if (strcmp(cmd, "/holdfast/lanes") == 0)
		return json_pack("{s:o}", "lanes", hf_status_lanes(seg));
	if (strcmp(cmd, "/holdfast/workers") == 0)
		return json_pack("{s:o}", "workers", hf_status_workers(seg));
	if (strcmp(cmd, "/holdfast/ports") == 0)
		return json_pack("{s:o}", "ports", hf_status_ports(seg));
	if (strcmp(cmd, "/holdfast/pools") == 0)
		return json_pack("{s:o}", "pools", hf_status_pools(seg));
	if (params != NULL && hf_parse_u64(params, 1, HF_STATUS_FLOWS_MAX, &top) != 0)
		return NULL;
	return hf_status_flows(seg, (uint32_t)top, HF_FLOW_SORT_PACKETS);
}

static const char *
list_key(const char *cmd)
{
	if (strcmp(cmd, "/holdfast/status") == 0 || strcmp(cmd, "/holdfast/flows") == 0)
		return NULL;
	return strrchr(cmd, '/') + 1;
}

static int
command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	json_t *root = NULL;

	pthread_mutex_lock(&telemetry.lock);
	if (telemetry.seg != NULL)
		root = build(telemetry.seg, cmd, params);
	pthread_mutex_unlock(&telemetry.lock);
	return answer(d, root, list_key(cmd), params);
}

int
hf_telemetry_register(struct hf_primary *p)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
		{"/holdfast/status", "The whole instance. No parameters"},
		{"/holdfast/lanes", "Lanes. Parameter: a lane's number (optional)"},
		{"/holdfast/workers", "Workers. Parameter: a place in the list (optional)"},
		{"/holdfast/ports", "Ports. Parameter: a port's number (optional)"},
		{"/holdfast/pools", "Mempools as last counted. Parameter: a place (optional)"},
		{"/holdfast/flows", "Flows with most packets. Parameter: how many (optional)"},
	};
	int err;

	pthread_mutex_lock(&telemetry.lock);
	telemetry.seg = p->seg;
	pthread_mutex_unlock(&telemetry.lock);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = rte_telemetry_register_cmd(rows[i].name, command, rows[i].help);
		if (err != 0) {
			hf_err("telemetry: register %s: %s", rows[i].name, strerror(-err));
			return err;
		}
	}
	return 0;
}

void
hf_telemetry_close(void)
{
	pthread_mutex_lock(&telemetry.lock);
	telemetry.seg = NULL;
	pthread_mutex_unlock(&telemetry.lock);
}
