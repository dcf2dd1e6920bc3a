/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of IP protocols, as they are shown and as filters know them. Pure functions; any thread.
 */
#ifndef HF_MONITOR_PROTOCOLS_H
#define HF_MONITOR_PROTOCOLS_H

#include <stddef.h>
#include <stdint.h>

/* The name of an IANA protocol number, or NULL: it has none here. */
const char *protocol_name(uint8_t number);

/* The number of a name (any case), or -ENOENT. */
int protocol_number(const char *name);

#endif
