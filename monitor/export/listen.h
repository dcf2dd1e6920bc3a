/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address at which the exporter listens, as people write it. Pure functions; any thread.
 */
#ifndef HF_MONITOR_LISTEN_H
#define HF_MONITOR_LISTEN_H

#include <netinet/in.h>
#include <sys/socket.h>

#define LISTEN_PORT_DEFAULT 9478U
#define LISTEN_TEXT_LEN     64

struct hf_listen {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	char text[LISTEN_TEXT_LEN]; /* "127.0.0.1:9478", "[::1]:9478" */
};

/*
 * Parses "ADDR:PORT", "ADDR", ":PORT" or "PORT", NULL or "": 127.0.0.1 and LISTEN_PORT_DEFAULT
 * where one is missing. ADDR is IPv4, IPv6 in brackets, or "localhost" (127.0.0.1); names are not
 * looked up. Returns 0; -EINVAL: no such address; -ERANGE: the port is not 1 to 65535.
 */
int listen_parse(struct hf_listen *l, const char *text);

#endif
