/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Named instants at which a test may end the running owner. In a normal build a point is only a
 * compiler barrier: it keeps the stores around it in program order, which is all that the next
 * owner of a lane needs (the lease orders the rest).
 */
#ifndef HF_POINTS_H
#define HF_POINTS_H

#include <stdatomic.h>

#ifdef HF_POINTS
/* Supplied by the test that is linked in; may not return (longjmp, SIGKILL). */
void hf_point_hit(const char *name);
#define HF_POINT(name)                                                                             \
	do {                                                                                       \
		atomic_signal_fence(memory_order_seq_cst);                                         \
		hf_point_hit(name);                                                                \
		atomic_signal_fence(memory_order_seq_cst);                                         \
	} while (0)
#else
#define HF_POINT(name) atomic_signal_fence(memory_order_seq_cst)
#endif

#endif
