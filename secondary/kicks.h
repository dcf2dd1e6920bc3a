/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The eventfds by which virtio-user wakes its peer, in a worker.
 */
#ifndef HF_KICKS_H
#define HF_KICKS_H

#include "worker.h"

/*
 * Takes the primary's eventfds that the segment lists under the numbers they have there; a file of
 * this process that has such a number is closed. Main thread, with the attach lock, before the
 * process opens files it keeps. Returns 0 or -errno, logged: no more files may be open, or the
 * primary has gone. Where they may not be shared it warns, and takes files that nobody reads, so
 * that no other is written to.
 */
int kicks_take(struct hf_worker_process *w);

#endif
