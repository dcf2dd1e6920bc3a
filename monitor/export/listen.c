/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads an address to listen at. Opens nothing and looks nothing up.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

/* Cuts text at the colon before its port. Returns the port's text, or NULL: there is none. */
static char *
split(char *text)
{
	char *colon = strrchr(text, ':');

	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (end == NULL || (end[1] != ':' && end[1] != '\0'))
			return NULL;
		colon = end[1] == ':' ? end + 1 : NULL;
	}
	if (colon == NULL)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int
set_address(struct hf_listen *l, char *host)
{
	size_t n = strlen(host);

	*l = (struct hf_listen){.addr.v4.sin_family = AF_INET};
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		l->addr.v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host + 1, &l->addr.v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	if (n == 0 || strcmp(host, "localhost") == 0) {
		l->addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return 0;
	}
	return inet_pton(AF_INET, host, &l->addr.v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static void
set_port(struct hf_listen *l, uint16_t port)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (l->addr.any.sa_family == AF_INET6) {
		l->addr.v6.sin6_port = htons(port);
		inet_ntop(AF_INET6, &l->addr.v6.sin6_addr, host, sizeof(host));
		snprintf(l->text, sizeof(l->text), "[%s]:%u", host, port);
	} else {
		l->addr.v4.sin_port = htons(port);
		inet_ntop(AF_INET, &l->addr.v4.sin_addr, host, sizeof(host));
		snprintf(l->text, sizeof(l->text), "%s:%u", host, port);
	}
}

static int
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int
listen_parse(struct hf_listen *l, const char *text)
{
	char copy[LISTEN_TEXT_LEN] = "", none[] = "", *host = copy, *port;
	uint64_t number = LISTEN_PORT_DEFAULT;

	if (text != NULL && (size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
		return -EINVAL;
	port = is_number(copy) ? copy : split(copy);
	if (port == copy)
		host = none;
	if (set_address(l, host) != 0)
		return -EINVAL;
	if (port != NULL && !is_number(port))
		return -EINVAL;
	if (port != NULL && hf_parse_u64(port, 1, UINT16_MAX, &number) != 0)
		return -ERANGE;
	set_port(l, (uint16_t)number);
	return 0;
}
