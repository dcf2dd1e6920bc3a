/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Section header, interface description and one enhanced packet: all a quarantined packet needs.
 * rte_pcapng has no comments in DPDK 22.11, and writes from mbufs alone.
 */
#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SECTION   0x0a0d0d0aU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET    6U
#define ORDER_MAGIC     0x1a2b3c4dU
#define LINK_ETHERNET   1U

#define OPTION_END          0U
#define OPTION_COMMENT      1U
#define OPTION_IF_NAME      2U
#define OPTION_APPLICATION  4U
#define OPTION_IF_TSRESOL   9U
#define RESOLUTION_NS       9U
#define TEXT_MAX            512U
#define SECTION_FIXED_BYTES 24U
#define HEAD_BYTES          2048U /* of blocks and options around the packet, at most */

struct out {
	uint8_t *buf;
	size_t n;
	size_t block; /* where the block at hand began */
};

static void
put(struct out *o, const void *bytes, size_t n)
{
	memcpy(o->buf + o->n, bytes, n);
	o->n += n;
	while (o->n % 4 != 0)
		o->buf[o->n++] = 0;
}

static void
put_u32(struct out *o, uint32_t v)
{
	put(o, &v, sizeof(v));
}

static void
put_option(struct out *o, uint16_t code, const void *value, size_t len)
{
	uint16_t n = (uint16_t)(len < TEXT_MAX ? len : TEXT_MAX);

	put_u32(o, (uint32_t)code | (uint32_t)n << 16);
	put(o, value, n);
}

static void
put_text(struct out *o, uint16_t code, const char *text)
{
	if (text[0] != '\0')
		put_option(o, code, text, strlen(text));
}

static void
begin(struct out *o, uint32_t type)
{
	o->block = o->n;
	put_u32(o, type);
	put_u32(o, 0);
}

/* Both lengths of a block are known at its end. */
static void
end(struct out *o)
{
	uint32_t len = (uint32_t)(o->n - o->block + sizeof(len));

	memcpy(o->buf + o->block + 4, &len, sizeof(len));
	put_u32(o, len);
}

static void
put_section(struct out *o, const struct pcapng_packet *p)
{
	static const uint8_t unknown[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	begin(o, BLOCK_SECTION);
	put_u32(o, ORDER_MAGIC);
	put_u32(o, 1); /* version 1.0 */
	put(o, unknown, sizeof(unknown));
	put_text(o, OPTION_COMMENT, p->comment);
	put_text(o, OPTION_APPLICATION, p->application);
	put_u32(o, OPTION_END);
	end(o);
}

static void
put_interface(struct out *o, const struct pcapng_packet *p)
{
	static const uint8_t resolution = RESOLUTION_NS;

	begin(o, BLOCK_INTERFACE);
	put_u32(o, LINK_ETHERNET);
	put_u32(o, p->snap);
	put_text(o, OPTION_IF_NAME, p->port);
	put_option(o, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	put_u32(o, OPTION_END);
	end(o);
}

static void
put_packet(struct out *o, const struct pcapng_packet *p)
{
	begin(o, BLOCK_PACKET);
	put_u32(o, 0);
	put_u32(o, (uint32_t)(p->realtime_ns >> 32));
	put_u32(o, (uint32_t)p->realtime_ns);
	put_u32(o, p->n);
	put_u32(o, p->len);
	put(o, p->data, p->n);
	end(o);
}

int
pcapng_write(int fd, const struct pcapng_packet *packet)
{
	struct out o = {.buf = malloc(HEAD_BYTES + packet->n)};
	ssize_t written;
	int err = 0;

	if (o.buf == NULL)
		return -ENOMEM;
	put_section(&o, packet);
	put_interface(&o, packet);
	put_packet(&o, packet);
	written = write(fd, o.buf, o.n);
	if (written < 0)
		err = -errno;
	else if ((size_t)written != o.n)
		err = -EIO;
	free(o.buf);
	return err;
}

int
pcapng_comment(int fd, char *buf, size_t len)
{
	uint32_t word[(SECTION_FIXED_BYTES + 4 + TEXT_MAX) / 4] = {0};
	ssize_t got = pread(fd, word, sizeof(word), 0);
	uint32_t n;

	if (got < (ssize_t)SECTION_FIXED_BYTES + 4 || word[0] != BLOCK_SECTION ||
	    word[2] != ORDER_MAGIC)
		return -EPROTO;
	n = word[SECTION_FIXED_BYTES / 4] >> 16;
	if ((word[SECTION_FIXED_BYTES / 4] & 0xffff) != OPTION_COMMENT)
		return -ENOENT;
	if (n > (size_t)got - SECTION_FIXED_BYTES - 4)
		return -EPROTO;
	if (n >= len)
		n = (uint32_t)len - 1;
	memcpy(buf, (const uint8_t *)word + SECTION_FIXED_BYTES + 4, n);
	buf[n] = '\0';
	return 0;
}
