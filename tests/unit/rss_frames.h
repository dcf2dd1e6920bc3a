/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the RSS test: from a tuple to the bytes on the wire, whole or damaged. Test programs
 * only. Random, but the same in every run.
 */
#ifndef HF_TEST_RSS_FRAMES_H
#define HF_TEST_RSS_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "random.h"

#define TUPLE_MAX 36
#define FRAME_MAX 256

enum { ICMP = 1, TCP = 6, UDP = 17, FRAGMENT = 44, ICMPV6 = 58, SCTP = 132 };

/* A tuple as it is hashed: addresses and ports in network order, without a gap. */
struct tuple {
	uint8_t family;
	uint8_t proto;
	uint8_t addr_bytes; /* of both addresses: 8 or 32 */
	uint8_t bytes[TUPLE_MAX];
};

static inline void
fill_random(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)next_random();
}

static inline struct tuple
random_tuple(uint8_t family, uint8_t proto)
{
	struct tuple t = {.family = family, .proto = proto, .addr_bytes = family == 4 ? 8 : 32};

	fill_random(t.bytes, t.addr_bytes + 4U);
	return t;
}

static inline struct tuple
reversed(const struct tuple *t)
{
	struct tuple r = *t;
	uint32_t half = t->addr_bytes / 2U;
	const uint8_t *ports = t->bytes + t->addr_bytes;

	memcpy(r.bytes, t->bytes + half, half);
	memcpy(r.bytes + half, t->bytes, half);
	memcpy(r.bytes + t->addr_bytes, ports + 2, 2);
	memcpy(r.bytes + t->addr_bytes + 2, ports, 2);
	return r;
}

static inline uint32_t
put_ethernet(uint8_t *frame, uint16_t type, unsigned int tags)
{
	static const uint16_t tag_type[] = {0x88a8, 0x8100};
	uint32_t off = 12;

	for (unsigned int i = 0; i < tags; i++) {
		frame[off++] = (uint8_t)(tag_type[2 - tags + i] >> 8);
		frame[off++] = (uint8_t)tag_type[2 - tags + i];
		off += 2;
	}
	frame[off++] = (uint8_t)(type >> 8);
	frame[off++] = (uint8_t)type;
	return off;
}

/* A frame with 20 bytes of upper-layer header. Returns its length; *l3: where the IP header is. */
static inline uint32_t
make_frame(uint8_t frame[FRAME_MAX], const struct tuple *t, unsigned int tags, uint32_t *l3)
{
	uint32_t off;
	uint8_t *ip;

	memset(frame, 0, FRAME_MAX);
	off = put_ethernet(frame, t->family == 4 ? 0x0800 : 0x86dd, tags);
	*l3 = off;
	ip = frame + off;
	if (t->family == 4) {
		ip[0] = 0x45;
		ip[3] = 40;
		ip[9] = t->proto;
		memcpy(ip + 12, t->bytes, 8);
		off += 20;
	} else {
		ip[0] = 0x60;
		ip[5] = 20;
		ip[6] = t->proto;
		memcpy(ip + 8, t->bytes, 32);
		off += 40;
	}
	memcpy(frame + off, t->bytes + t->addr_bytes, 4);
	return off + 20;
}

/* Random bytes where structure is: lengths, next headers, fragment bits. */
static inline void
damage(uint8_t *frame, uint32_t len, uint32_t l3)
{
	static const uint8_t next[] = {0, 43, 44, 51, 60, TCP, UDP, SCTP, ICMPV6, 59};
	uint32_t n = next_random() % 6;

	for (uint32_t i = 0; i < n; i++)
		frame[next_random() % len] = (uint8_t)next_random();
	if (frame[l3] >> 4 == 4 && next_random() % 4 == 0) {
		frame[l3] = (uint8_t)(0x40 | (next_random() & 0xf));
		frame[l3 + 3] = (uint8_t)(len - l3);
	}
	if (frame[l3] >> 4 != 6 || next_random() % 4 == 0)
		return;
	frame[l3 + 5] = (uint8_t)(len - l3 - 40);
	frame[l3 + 6] = next[next_random() % sizeof(next)];
	for (uint32_t off = l3 + 40; off + 8 <= len; off += 8) {
		frame[off] = next[next_random() % sizeof(next)];
		frame[off + 1] = next_random() % 8 == 0;
		frame[off + 2] = 0;
		frame[off + 3] = next_random() % 8 == 0 ? (uint8_t)next_random() : 0;
	}
}

/* The frame ends where a page ends that nothing may read beyond. */
static inline uint8_t *
guarded_page(size_t *bytes)
{
	uint8_t *p;

	*bytes = (size_t)sysconf(_SC_PAGESIZE);
	p = mmap(NULL, 2 * *bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p + *bytes, *bytes, PROT_NONE) != 0)
		return NULL;
	return p;
}

#endif
