/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receiving half of holdfast-wire: from the ports to the judge. One thread, the one that sends.
 */
#ifndef HF_WIRE_RECEIVE_H
#define HF_WIRE_RECEIVE_H

#include <stdint.h>

#include "wire_check.h"
#include "wire_ports.h"

/* Takes a burst from every queue of every port, has it checked and frees it. Returns packets. */
uint32_t wire_receive(const struct wire_ports *ports, struct wire_check *check);

#endif
