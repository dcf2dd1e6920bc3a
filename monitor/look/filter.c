/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks a filter about a flow. It runs once for each new flow of a scan: no calls but to itself, and
 * no more of an expression than its result needs.
 */
#include "filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static int
in_range(const struct hf_filter_node *n, uint32_t value)
{
	return value >= n->low && value <= n->high;
}

static int
match_port(const struct hf_filter_node *n, const struct hf_flow_key *key)
{
	if (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP && key->proto != IPPROTO_SCTP)
		return 0;
	return ((n->sides & HF_FILTER_SRC) != 0 && in_range(n, ntohs(key->sport_be))) ||
	       ((n->sides & HF_FILTER_DST) != 0 && in_range(n, ntohs(key->dport_be)));
}

static int
in_net(const struct hf_filter_node *n, const uint8_t address[16])
{
	uint64_t word[2];

	memcpy(word, address, sizeof(word));
	return (word[0] & n->mask[0]) == n->value[0] && (word[1] & n->mask[1]) == n->value[1];
}

static int
match_net(const struct hf_filter_node *n, const struct hf_flow_key *key)
{
	if (key->family != n->low)
		return 0;
	return ((n->sides & HF_FILTER_SRC) != 0 && in_net(n, key->src)) ||
	       ((n->sides & HF_FILTER_DST) != 0 && in_net(n, key->dst));
}

/* Goes down as deep as the tree is: at most HF_FILTER_NODES. */
static int
match_node(const struct hf_filter *f, uint32_t at, const struct hf_flow_key *key, uint32_t lane)
{
	const struct hf_filter_node *n = &f->nodes[at];

	switch ((enum hf_filter_op)n->op) {
	case HF_FILTER_NOT:
		return !match_node(f, n->left, key, lane);
	case HF_FILTER_AND:
		return match_node(f, n->left, key, lane) && match_node(f, n->right, key, lane);
	case HF_FILTER_OR:
		return match_node(f, n->left, key, lane) || match_node(f, n->right, key, lane);
	case HF_FILTER_FAMILY:
		return key->family == n->low;
	case HF_FILTER_PROTO:
		return key->proto == n->low;
	case HF_FILTER_PORT:
		return match_port(n, key);
	case HF_FILTER_LANE:
		return in_range(n, lane);
	case HF_FILTER_NET:
		return match_net(n, key);
	}
	return 0;
}

int
filter_match(const struct hf_filter *f, const struct hf_flow_key *key, uint32_t lane)
{
	return f->n_nodes == 0 || match_node(f, f->root, key, lane);
}
