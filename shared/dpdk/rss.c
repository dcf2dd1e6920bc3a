/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software RSS: where in a frame the tuple is, and the hash of a burst of frames. Owns nothing: a
 * struct hf_rss is the caller's. Runs in the I/O threads of the primary. Must not allocate, log, or
 * change a packet; never reads past the bytes it is told of.
 */
#include "rss.h"

#include <errno.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "rss_forms.h"

#define FIELDS_ALL (HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_TCP | HF_RSS_UDP | HF_RSS_SCTP)

#define PREFETCH_AHEAD 4

#define ETHER_BYTES     14
#define ETHER_TYPE_OFF  12
#define TAG_BYTES       4
#define TAGS_MAX        2
#define TYPE_IPV4       0x0800
#define TYPE_IPV6       0x86dd
#define IPV4_BYTES      20
#define IPV4_ADDR_OFF   12
#define IPV4_ADDR_BYTES 8
#define IPV4_FRAG_MASK  0x3fff /* more fragments, or an offset (RFC 791) */
#define IPV6_BYTES      40
#define IPV6_ADDR_OFF   8
#define IPV6_FRAG_MASK  0xfff9 /* an offset, or more fragments (RFC 8200 section 4.5) */
#define IPV6_ADDR_BYTES 32
#define EXTENSIONS_MAX  8
#define EXTENSION_BYTES 8 /* the shortest */
#define PORTS_BYTES     4
#define PROTO_HOPOPTS   0
#define PROTO_TCP       6
#define PROTO_UDP       17
#define PROTO_ROUTING   43
#define PROTO_FRAGMENT  44
#define PROTO_AH        51
#define PROTO_DSTOPTS   60
#define PROTO_SCTP      132

static inline uint32_t
load_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

void
rss_fields_set(struct hf_rss *rss, uint32_t fields)
{
	int ipv4 = (fields & HF_RSS_IPV4) != 0;

	rss->fields = fields;
	rss->plain[PROTO_TCP] = ipv4 && (fields & HF_RSS_TCP) != 0;
	rss->plain[PROTO_UDP] = ipv4 && (fields & HF_RSS_UDP) != 0;
	rss->plain[PROTO_SCTP] = ipv4 && (fields & HF_RSS_SCTP) != 0;
}

int
hf_rss_init(struct hf_rss *rss, const uint8_t *key, uint32_t key_len, uint32_t fields,
	    const uint16_t *reta, uint32_t reta_size)
{
	if (key_len < HF_RSS_KEY_MIN || key_len > HF_CONFIG_KEY_MAX)
		return -EINVAL;
	if (reta_size == 0 || reta_size > HF_CONFIG_RETA_MAX || (reta_size & (reta_size - 1)) != 0)
		return -EINVAL;
	if ((fields & ~(uint32_t)FIELDS_ALL) != 0)
		return -EINVAL;
	for (uint32_t i = 0; i < reta_size; i++) {
		if (reta[i] >= HF_MAX_LANES)
			return -EINVAL;
	}
	memset(rss, 0, sizeof(*rss));
	memcpy(rss->key, key, key_len);
	rss->key_len = key_len;
	rss_fields_set(rss, fields);
	memcpy(rss->reta, reta, reta_size * sizeof(reta[0]));
	rss->reta_mask = reta_size - 1;
	rss->form_ipv4 = rss->form_ipv6 = HF_RSS_TABLE;
	rss_forms_prepare(rss);
	return 0;
}

/* Where the bytes of a frame's tuple are. */
struct parts {
	const uint8_t *addr;
	const uint8_t *ports; /* NULL: they do not count */
	uint32_t addr_bytes;  /* 0: nothing to hash */
};

static inline int
ports_count(const struct hf_rss *rss, uint32_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return (rss->fields & HF_RSS_TCP) != 0;
	case PROTO_UDP:
		return (rss->fields & HF_RSS_UDP) != 0;
	case PROTO_SCTP:
		return (rss->fields & HF_RSS_SCTP) != 0;
	default:
		return 0;
	}
}

/* ip: IPv4 header; room: bytes that may be read from there. */
static inline void
locate_ipv4(const struct hf_rss *rss, const uint8_t *ip, uint32_t room, struct parts *out)
{
	uint32_t header;

	if (room < IPV4_BYTES || ip[0] >> 4 != 4 || (rss->fields & HF_RSS_IPV4) == 0)
		return;
	header = (ip[0] & 0xfU) * 4;
	if (header < IPV4_BYTES || header > room)
		return;
	out->addr = ip + IPV4_ADDR_OFF;
	out->addr_bytes = IPV4_ADDR_BYTES;
	if ((load_be16(ip + 6) & IPV4_FRAG_MASK) == 0 && room - header >= PORTS_BYTES &&
	    ports_count(rss, ip[9]))
		out->ports = ip + header;
}

static inline int
is_extension(uint32_t next)
{
	return next == PROTO_HOPOPTS || next == PROTO_ROUTING || next == PROTO_DSTOPTS ||
	       next == PROTO_AH || next == PROTO_FRAGMENT;
}

/*
 * Walks the extension headers (RFC 8200 section 4). Returns the offset of the upper-layer header
 * from ip and sets *proto; 0 for a fragment and for headers that end past room. A fragment header
 * that says "whole datagram" is walked over (RFC 6946).
 */
static inline uint32_t
upper_ipv6(const uint8_t *ip, uint32_t room, uint32_t *proto)
{
	uint32_t off = IPV6_BYTES, next = ip[6];

	for (uint32_t i = 0; i < EXTENSIONS_MAX && is_extension(next); i++) {
		const uint8_t *ext = ip + off;

		if (room < off + EXTENSION_BYTES)
			return 0;
		if (next == PROTO_FRAGMENT && (load_be16(ext + 2) & IPV6_FRAG_MASK) != 0)
			return 0;
		if (next == PROTO_FRAGMENT)
			off += EXTENSION_BYTES;
		else
			off += next == PROTO_AH ? (ext[1] + 2U) * 4 : (ext[1] + 1U) * 8;
		next = ext[0];
	}
	*proto = next;
	return off;
}

static inline void
locate_ipv6(const struct hf_rss *rss, const uint8_t *ip, uint32_t room, struct parts *out)
{
	uint32_t proto, off;

	if (room < IPV6_BYTES || ip[0] >> 4 != 6 || (rss->fields & HF_RSS_IPV6) == 0)
		return;
	out->addr = ip + IPV6_ADDR_OFF;
	out->addr_bytes = IPV6_ADDR_BYTES;
	off = upper_ipv6(ip, room, &proto);
	if (off != 0 && room >= off + PORTS_BYTES && ports_count(rss, proto))
		out->ports = ip + off;
}

static inline int
is_tag(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static inline struct parts
locate(const struct hf_rss *rss, const uint8_t *data, uint32_t len)
{
	struct parts out = {NULL, NULL, 0};
	uint32_t type, off = ETHER_BYTES;

	if (len < ETHER_BYTES)
		return out;
	type = load_be16(data + ETHER_TYPE_OFF);
	for (uint32_t i = 0; i < TAGS_MAX && is_tag(type); i++) {
		if (len < off + TAG_BYTES)
			return out;
		type = load_be16(data + off + 2);
		off += TAG_BYTES;
	}
	if (type == TYPE_IPV4)
		locate_ipv4(rss, data + off, len - off, &out);
	else if (type == TYPE_IPV6)
		locate_ipv6(rss, data + off, len - off, &out);
	return out;
}

/* By the table; constant lengths, so that the loops are unrolled. */
static inline uint32_t
hash_parts(const struct hf_rss *rss, const struct parts *p)
{
	uint32_t hash;

	if (p->addr_bytes == 0)
		return 0;
	if (p->addr_bytes == IPV4_ADDR_BYTES)
		hash = rss_table_hash(rss->table, p->addr, IPV4_ADDR_BYTES);
	else
		hash = rss_table_hash(rss->table, p->addr, IPV6_ADDR_BYTES);
	if (p->ports != NULL)
		hash ^= rss_table_hash(&rss->table[p->addr_bytes], p->ports, PORTS_BYTES);
	return hash;
}

uint32_t
hf_rss_hash_packet(const struct hf_rss *rss, const uint8_t *data, uint32_t len)
{
	struct parts p = locate(rss, data, len);

	return hash_parts(rss, &p);
}

/* Tuples of one length that lie in their frames in one piece. */
struct bulk {
	uint32_t n;
	const uint8_t *tuple[HF_RSS_BULK_MAX];
	uint32_t at[HF_RSS_BULK_MAX]; /* place in the burst */
};

static inline void
bulk_add(struct bulk *b, const uint8_t *tuple, uint32_t at)
{
	b->tuple[b->n] = tuple;
	b->at[b->n++] = at;
}

/* n: packets of the burst. */
static void
bulk_hash(const struct hf_rss *rss, enum hf_rss_form form, const struct bulk *b, uint32_t len,
	  unsigned int n, uint32_t *hash)
{
	uint32_t value[HF_RSS_BULK_MAX];

	if (b->n == n) { /* all of it, so each at its own place */
		hf_rss_hash_bulk(rss, form, b->tuple, len, n, hash);
		return;
	}
	hf_rss_hash_bulk(rss, form, b->tuple, len, b->n, value);
	for (uint32_t i = 0; i < b->n; i++)
		hash[b->at[i]] = value[i];
}

static inline void
fetch_ahead(struct rte_mbuf *const *mbuf, unsigned int i, unsigned int n)
{
	if (i + PREFETCH_AHEAD < n)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i + PREFETCH_AHEAD], const void *));
}

/*
 * Most packets: an IPv4 header of 20 bytes right behind the Ethernet header, of no fragment, with
 * ports that count. What locate() would find out about it, in three comparisons.
 */
static inline int
is_plain_ipv4(const struct hf_rss *rss, const uint8_t *data, uint32_t len)
{
	const uint8_t *ip = data + ETHER_BYTES;
	uint32_t head; /* Ethertype, version and length, type of service */
	uint16_t frag;

	if (len < ETHER_BYTES + IPV4_BYTES + PORTS_BYTES)
		return 0;
	memcpy(&head, data + ETHER_TYPE_OFF, sizeof(head));
	memcpy(&frag, ip + 6, sizeof(frag));
	return ((head ^ RTE_BE32(TYPE_IPV4 << 16 | 0x4500U)) & RTE_BE32(0xffffff00U)) == 0 &&
	       (frag & RTE_BE16(IPV4_FRAG_MASK)) == 0 && rss->plain[ip[9]] != 0;
}

static inline struct parts
locate_mbuf(const struct hf_rss *rss, const struct rte_mbuf *m)
{
	return locate(rss, rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m));
}

/* Is the tuple in one piece, and its family's form one that wants many at a time? */
static inline int
wants_bulk(const struct hf_rss *rss, const struct parts *p)
{
	if (p->ports == NULL || p->ports != p->addr + p->addr_bytes)
		return 0;
	return (p->addr_bytes == IPV4_ADDR_BYTES ? rss->form_ipv4 : rss->form_ipv6) != HF_RSS_TABLE;
}

/* Without ports, with options or extension headers: by the table at once. */
static void
hash_any(const struct hf_rss *rss, const struct rte_mbuf *m, uint32_t at, struct bulk *v4,
	 struct bulk *v6, uint32_t *hash)
{
	struct parts p = locate_mbuf(rss, m);

	if (!wants_bulk(rss, &p))
		hash[at] = hash_parts(rss, &p);
	else
		bulk_add(p.addr_bytes == IPV4_ADDR_BYTES ? v4 : v6, p.addr, at);
}

static void
hash_in_bulk(const struct hf_rss *rss, struct rte_mbuf *const *mbuf, unsigned int n, uint32_t *hash)
{
	int plain = rss->form_ipv4 != HF_RSS_TABLE;
	struct bulk v4, v6;

	v4.n = v6.n = 0;
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);

		fetch_ahead(mbuf, i, n);
		if (plain && is_plain_ipv4(rss, data, rte_pktmbuf_data_len(mbuf[i])))
			bulk_add(&v4, data + ETHER_BYTES + IPV4_ADDR_OFF, i);
		else
			hash_any(rss, mbuf[i], i, &v4, &v6, hash);
	}
	if (v4.n > 0)
		bulk_hash(rss, rss->form_ipv4, &v4, IPV4_ADDR_BYTES + PORTS_BYTES, n, hash);
	if (v6.n > 0)
		bulk_hash(rss, rss->form_ipv6, &v6, IPV6_ADDR_BYTES + PORTS_BYTES, n, hash);
}

void
hf_rss_hash_burst(const struct hf_rss *rss, struct rte_mbuf *const *mbuf, unsigned int n,
		  uint32_t *hash)
{
	for (unsigned int i = 0; i < n && i < PREFETCH_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	if (rss->form_ipv4 == HF_RSS_TABLE && rss->form_ipv6 == HF_RSS_TABLE) {
		for (unsigned int i = 0; i < n; i++) {
			struct parts p = locate_mbuf(rss, mbuf[i]);

			fetch_ahead(mbuf, i, n);
			hash[i] = hash_parts(rss, &p);
		}
		return;
	}
	for (unsigned int i = 0; i < n; i += HF_RSS_BULK_MAX)
		hash_in_bulk(rss, mbuf + i, RTE_MIN(n - i, (unsigned int)HF_RSS_BULK_MAX),
			     hash + i);
}
