/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many of each a segment has room for. Part of the layout: see segment.h.
 */
#ifndef HF_SEGMENT_LIMITS_H
#define HF_SEGMENT_LIMITS_H

#define HF_MAX_PORTS   16
#define HF_MAX_LANES   64
#define HF_MAX_WORKERS 64
#define HF_MAX_IO      8
#define HF_MAX_POOLS   128
#define HF_MAX_RXQ     128 /* of a port */
#define HF_MAX_TXQ     64
#define HF_KICK_FILES  1024 /* file descriptors below it can be shared with workers */
#define HF_MAX_EVENTS  1024
#define HF_MAX_PASTS   128 /* names of workers that are remembered */

#endif
