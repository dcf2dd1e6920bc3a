/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pcapng file of one packet, with a comment in its section header (draft-ietf-opsawg-pcapng,
 * sections 3.5, 4.1, 4.2 and 4.3). Any thread; keeps nothing.
 */
#ifndef HF_PCAPNG_H
#define HF_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

struct pcapng_packet {
	const char *comment;     /* of the section */
	const char *application; /* that wrote it */
	const char *port;        /* it came in by */
	uint64_t realtime_ns;
	const uint8_t *data; /* an Ethernet frame */
	uint32_t n;          /* bytes there are */
	uint32_t len;        /* bytes of the frame, at least n */
	uint32_t snap;       /* bytes that would have been kept */
};

/* Writes the file. Texts are cut at 512 bytes. 0; -ENOMEM; -errno of write(2), -EIO if it was cut
 * short. */
int pcapng_write(int fd, const struct pcapng_packet *packet);

/*
 * Reads the comment of the first section of a file of this machine's byte order, from its start.
 * 0; -ENOENT there is none; -EPROTO it is no such file.
 */
int pcapng_comment(int fd, char *buf, size_t len);

#endif
