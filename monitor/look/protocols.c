/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IP protocols that have a name. Constants alone.
 */
#include "protocols.h"

#include <errno.h>
#include <strings.h>

static const struct {
	uint8_t number;
	const char *name;
} known[] = {{1, "icmp"},  {2, "igmp"},   {6, "tcp"},   {17, "udp"},   {41, "ipv6"},
	     {47, "gre"},  {50, "esp"},   {51, "ah"},   {58, "icmp6"}, {89, "ospf"},
	     {103, "pim"}, {112, "vrrp"}, {132, "sctp"}};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

const char *
protocol_name(uint8_t number)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		if (known[i].number == number)
			return known[i].name;
	return NULL;
}

int
protocol_number(const char *name)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		if (strcasecmp(known[i].name, name) == 0)
			return known[i].number;
	return -ENOENT;
}
