/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames made by hand, and a place to parse them in that ends where an inaccessible page begins.
 * For the tests of the packet parser.
 */
#ifndef HF_TEST_PACKET_FRAMES_H
#define HF_TEST_PACKET_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow_key.h"
#include "packet_fast.h"
#include "reasons.h"

#define FRAME_MAX 4096

/* A frame under construction. */
struct frame {
	uint8_t data[FRAME_MAX];
	uint32_t len;
};

static inline uint8_t *
put(struct frame *f, const void *bytes, uint32_t n)
{
	uint8_t *at = f->data + f->len;

	assert_true(f->len + n <= FRAME_MAX);
	memcpy(at, bytes, n);
	f->len += n;
	return at;
}

static inline void
put_be16(struct frame *f, uint32_t v)
{
	put(f, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void
put_zeroes(struct frame *f, uint32_t n)
{
	assert_true(f->len + n <= FRAME_MAX);
	memset(f->data + f->len, 0, n);
	f->len += n;
}

static inline void
put_ether(struct frame *f, uint32_t type)
{
	f->len = 0;
	put(f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	put_be16(f, type);
}

static inline void
put_vlan(struct frame *f, uint32_t tci, uint32_t type)
{
	put_be16(f, tci);
	put_be16(f, type);
}

/* An IPv4 header from 10.1.2.3 to 192.0.2.9 with n_options bytes of options. */
static inline uint8_t *
put_ipv4(struct frame *f, uint32_t proto, uint32_t n_options, uint32_t frag, uint32_t payload)
{
	uint8_t *ip = f->data + f->len;

	put(f, (uint8_t[]){(uint8_t)(0x45 + n_options / 4), 0}, 2);
	put_be16(f, 20 + n_options + payload);
	put_be16(f, 0x1234);
	put_be16(f, frag);
	put(f, (uint8_t[]){64, (uint8_t)proto, 0, 0}, 4);
	put(f, "\x0a\x01\x02\x03\xc0\x00\x02\x09", 8);
	put_zeroes(f, n_options);
	return ip;
}

/* An IPv6 header from 2001:db8::1 to 2001:db8::2. */
static inline uint8_t *
put_ipv6(struct frame *f, uint32_t next, uint32_t payload)
{
	uint8_t *ip = f->data + f->len;

	put(f, "\x60\0\0\0", 4);
	put_be16(f, payload);
	put(f, (uint8_t[]){(uint8_t)next, 64}, 2);
	put(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	put(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
	return ip;
}

/* An extension header of n bytes; len: what its length field says. */
static inline void
put_extension(struct frame *f, uint32_t next, uint32_t len, uint32_t n)
{
	put(f, (uint8_t[]){(uint8_t)next, (uint8_t)len}, 2);
	put_zeroes(f, n - 2);
}

static inline void
put_fragment(struct frame *f, uint32_t next, uint32_t offset_m)
{
	put(f, (uint8_t[]){(uint8_t)next, 0}, 2);
	put_be16(f, offset_m);
	put_be16(f, 0xabcd);
	put_be16(f, 0x0123);
}

/* Source port 1000, destination port 2000, and more of the header. */
static inline void
put_l4(struct frame *f, uint32_t n)
{
	put_be16(f, 1000);
	put_be16(f, 2000);
	put_zeroes(f, n - 4);
}

/* FRAME_MAX readable bytes before a page that faults; returns where that begins. */
static inline uint8_t *
map_edge(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (FRAME_MAX + page - 1) / page * page;
	uint8_t *at =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	assert_int_equal(mprotect(at + room, page, PROT_NONE), 0);
	return at + room;
}

/*
 * Parses a copy that ends at edge, where the forbidden page begins; by the short way as well, which
 * must come to the same.
 */
static inline struct hf_packet
parse_cut(uint8_t *edge, const struct frame *f, uint32_t len)
{
	struct hf_packet p, fast;

	memset(&p, 0xa5, sizeof(p));
	memset(&fast, 0x5a, sizeof(fast));
	memcpy(edge - len, f->data, len);
	hf_packet_parse(edge - len, len, &p);
	hf_packet_parse_fast(edge - len, len, &fast);
	assert_memory_equal(&fast, &p, sizeof(p));
	return p;
}

#endif
