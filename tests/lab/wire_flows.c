/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Made-up flows, and the choice of the next one. Runs in holdfast-wire, one thread; wire_pcap.c
 * fills the same struct from a capture. Must not allocate once initialised.
 */
#include "wire_flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROTO_UDP 17

static inline uint64_t
next_random(struct wire_flows *f)
{
	/* xorshift64* (Vigna 2016) */
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 0x2545f4914f6cdd1dULL;
}

/* Splits the cells into those below and above the average; returns how many are below. */
static uint32_t
split(const double *weight, uint32_t n, uint32_t *stack)
{
	uint32_t low = 0, high = n;

	for (uint32_t i = 0; i < n; i++) {
		if (weight[i] < 1.0)
			stack[low++] = i;
		else
			stack[--high] = i;
	}
	return low;
}

/* weight: n of them, on average 1. Low cells grow from the stack's bottom, high ones lie above. */
static void
fill_alias(struct wire_alias *alias, double *weight, uint32_t n, uint32_t *stack)
{
	uint32_t low = split(weight, n, stack), high = low;

	while (low > 0 && high < n) {
		uint32_t l = stack[--low], h = stack[high];

		alias[l].keep = (uint32_t)(weight[l] * UINT32_MAX);
		alias[l].alias = h;
		weight[h] -= 1.0 - weight[l];
		if (weight[h] < 1.0) {
			stack[low++] = h;
			high++;
		}
	}
	/* What rounding left over is full. */
	while (low > 0)
		alias[stack[--low]].keep = UINT32_MAX;
	for (; high < n; high++)
		alias[stack[high]].keep = UINT32_MAX;
}

static int
init_zipf(struct wire_flows *f, double s)
{
	double *weight = malloc(f->n * sizeof(*weight)), sum = 0;
	uint32_t *stack = malloc(f->n * sizeof(*stack));
	int err = -ENOMEM;

	f->alias = malloc(f->n * sizeof(*f->alias));
	if (weight == NULL || stack == NULL || f->alias == NULL)
		goto out;
	for (uint32_t i = 0; i < f->n; i++) {
		f->alias[i].alias = i;
		weight[i] = pow(i + 1.0, -s);
		sum += weight[i];
	}
	for (uint32_t i = 0; i < f->n; i++)
		weight[i] *= f->n / sum;
	fill_alias(f->alias, weight, f->n, stack);
	err = 0;
out:
	free(weight);
	free(stack);
	return err;
}

int
wire_flows_init(struct wire_flows *f, double zipf, uint64_t seed)
{
	f->random = seed * 0x9e3779b97f4a7c15ULL + 88172645463325252ULL;
	f->random = f->random == 0 ? 1 : f->random;
	f->next = 0;
	return f->pick == WIRE_PICK_ZIPF && f->record == NULL ? init_zipf(f, zipf) : 0;
}

void
wire_flows_close(struct wire_flows *f)
{
	free(f->alias);
	free(f->key);
	free(f->record);
	f->alias = NULL;
	f->key = NULL;
	f->record = NULL;
}

static void
put_ipv4(uint8_t address[16], uint32_t value)
{
	uint32_t be = htonl(value);

	address[10] = 0xff;
	address[11] = 0xff;
	memcpy(address + 12, &be, sizeof(be));
}

static void
put_ipv6(uint8_t address[16], uint8_t net, uint32_t value)
{
	uint32_t be = htonl(value);

	address[0] = 0xfd;
	address[3] = net;
	memcpy(address + 12, &be, sizeof(be));
}

/* Multiplication by an odd number is one to one: 24 bits become the address, 8 the port. */
static void
make_key(uint32_t id, uint8_t family, struct hf_flow_key *key)
{
	uint32_t m = id * 0x9e3779b1U, h = m ^ m >> 15;

	h *= 0x85ebca6bU;
	h ^= h >> 13;
	memset(key, 0, sizeof(*key));
	key->family = family;
	key->proto = PROTO_UDP;
	key->sport_be = htons((uint16_t)(10000 + (m & 0xff)));
	key->dport_be = htons((uint16_t)(20000 + (h >> 20)));
	if (family == 4) {
		put_ipv4(key->src, 10U << 24 | m >> 8);
		put_ipv4(key->dst, 172U << 24 | 16U << 16 | (h & 0xfffff));
	} else {
		put_ipv6(key->src, 1, m >> 8);
		put_ipv6(key->dst, 2, h & 0xfffff);
	}
}

void
wire_flow_key(const struct wire_flows *f, uint32_t id, struct hf_flow_key *key)
{
	if (f->key != NULL)
		*key = f->key[id];
	else
		make_key(id, f->family != 0 ? f->family : id % 2 == 0 ? 4 : 6, key);
}

static inline uint32_t
pick_zipf(struct wire_flows *f)
{
	uint64_t r = next_random(f);
	uint32_t i = (uint32_t)((r >> 32) * f->n >> 32);

	return (uint32_t)r <= f->alias[i].keep ? i : f->alias[i].alias;
}

uint32_t
wire_flows_next(struct wire_flows *f, uint16_t *size)
{
	uint64_t turn = f->next++;

	if (f->record != NULL) {
		const struct wire_record *r = &f->record[turn % f->n_records];

		*size = r->size;
		return r->flow;
	}
	*size = f->n_sizes == 1 ? f->size[0] : f->size[turn % f->n_sizes];
	switch (f->pick) {
	case WIRE_PICK_SEQUENTIAL:
		return (uint32_t)(turn % f->n);
	case WIRE_PICK_ZIPF:
		return pick_zipf(f);
	default:
		return (uint32_t)((next_random(f) >> 32) * f->n >> 32);
	}
}
