/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps by which main() builds and takes down a primary, in that order. Each returns 0 or
 * -errno and has logged what failed. Main thread.
 */
#ifndef HF_PARTS_H
#define HF_PARTS_H

#include <sys/types.h>

#include "primary.h"
#include "rss.h"

/* --- instance.c ----------------------------------------------------------------------------- */

/* Group that may read; (gid_t)-1 when there is none of that name. */
gid_t instance_group(const struct hf_primary *p);

/* Makes the run folder and takes the lock. -EBUSY: another primary runs. */
int instance_lock(struct hf_primary *p, gid_t gid);

/* Ends workers of a dead primary of this instance. -EBUSY: one cannot be ended (logged). */
int predecessor_end_workers(const struct hf_primary *p);

/*
 * Ends workers and removes files that a dead primary of this instance left. -EBUSY: another DPDK
 * program uses the name as its file prefix.
 */
int instance_sweep(struct hf_primary *p);

/* Creates the segment, or adopts the one that was kept, and fills what the configuration says. */
int instance_create_segment(struct hf_primary *p, gid_t gid);

/* Removes everything the instance has in the file system. */
void instance_remove(struct hf_primary *p);

/* --- memory.c ------------------------------------------------------------------------------- */

/* MB of DPDK memory the configuration needs a node (memory_mb, or computed). */
uint32_t memory_needed_mb(const struct hf_config *cfg);

/*
 * Is the pool large enough for software lanes? Returns 0, after a warning when full rings and
 * descriptors would hold more; -EINVAL after a message when it does not do for the receive queues.
 */
int memory_pool_check(const struct hf_config *cfg);

/* mbufs in the pool of one hardware lane on one node: its share, or what its queues need. */
uint32_t memory_lane_pool_size(const struct hf_config *cfg);

/* What memory_check() asks for, as a comment for --check -v; holdfast-doctor reads it. */
void memory_print(const struct hf_config *cfg, FILE *out);

/* Are there hugepages enough for DPDK and the segment? -ENOMEM says how many are missing. */
int memory_check(const struct hf_primary *p);

/* --- eal.c ---------------------------------------------------------------------------------- */

/* Starts EAL with what the configuration asks for and extra arguments of the user. */
int eal_start(struct hf_primary *p, char *program, int extra_argc, char **extra_argv);

/*
 * Clears locks of EAL's shared configuration that a worker left when it died while attaching. Main
 * thread, which must hold none. 0; -EAGAIN: another worker has the attach lock, or locks have to be
 * looked at for some milliseconds more: call again later.
 */
int eal_repair(const struct hf_primary *p);

/* NUMA node of a device string by sysfs; 0 for virtual devices. */
int eal_device_node(const char *device);

/* --- ports.c, pools.c ----------------------------------------------------------------------- */

int ports_probe(struct hf_primary *p);
/* After an adoption: what the ports of the same names had counted goes on. n_old: ports then. */
void ports_adopt(struct hf_primary *p, uint32_t n_old);
int pools_create(struct hf_primary *p);
int ports_start(struct hf_primary *p);
void ports_close(struct hf_primary *p);

/* State of a port's link now, enum hf_link, and its speed; 0: not known. In port_link.c. */
uint32_t port_link_state(const struct hf_primary *p, uint32_t i, uint32_t *mbps);

/* Keep a port's counters over a restart that sets them to 0. Helper thread of a recovery. */
void ports_stats_keep(struct hf_primary *p, uint32_t i);
void ports_stats_resume(struct hf_primary *p, uint32_t i);

/* Index in p->pool[] of the pool on a node for a lane (software lanes share one: any lane). */
uint32_t pools_index(const struct hf_primary *p, int node, uint32_t lane);

/* --- kinds.c -------------------------------------------------------------------------------- */

/* Decides between hardware and software lanes; sets p->kind and p->port_why[]. After the probe. */
int kinds_decide(struct hf_primary *p);

/*
 * Says in the segment which of this process's files drivers write to from workers, too. Once all
 * devices are probed, before READY. 0 or -errno, logged: a number is too high, or no list.
 */
int kicks_publish(struct hf_primary *p);

/* --- cpus.c --------------------------------------------------------------------------------- */

/* May this process run on every CPU the configuration names? -EINVAL says which it may not. */
int cpus_check(const struct hf_config *cfg);

/* --- lanes.c -------------------------------------------------------------------------------- */

/* Formats lane blocks and leases, warns about NUMA distance, makes the I/O threads. */
int lanes_create(struct hf_primary *p, struct hf_rss *rss);

/* --- census.c ------------------------------------------------------------------------------- */

/* Notes what drivers hold once their queues are set up and nothing moves. Before I/O starts. 0 or
 * -ENOMEM (logged). */
int census_baseline(struct hf_primary *p);

/*
 * Goes on with the walk of a census, if there is one: half a millisecond at most; begins one when
 * pool.census_ms have gone by. Main loop.
 */
void census_tick(struct hf_primary *p);

/* A recovery sets ports up anew, or has done so: a census under way is given up. Main thread. */
void census_ports_changed(struct hf_primary *p);

/* --- handover.c ----------------------------------------------------------------------------- */

/* Slot of the lane's living owner, or -1. */
int handover_owner(const struct hf_primary *p, uint32_t lane);

/*
 * Does a worker's main thread show signs of life? A stopped process still stands in the lease's
 * queue.
 */
int handover_awake(const struct hf_primary *p, const struct hf_worker *w);

/* The best of those that wait for a lane of the worker in slot owner: a slot, -1: nobody waits. */
int handover_choose(const struct hf_primary *p, uint32_t lane, uint32_t owner);

/* --- hurry.c -------------------------------------------------------------------------------- */

/*
 * Before the owner of lane is asked to hand over: the worker of slot, which waits for it, comes
 * before other threads, for 50 ms at most. Where the kernel does not allow it all goes on as usual.
 */
void hurry_begin(struct hf_primary *p, uint32_t lane, uint32_t slot);

/* It is not to be the owner any more, or is it. */
void hurry_end(struct hf_primary *p, uint32_t lane);

/* Ends those whose time is over; every 10 ms or so. */
void hurry_tick(struct hf_primary *p);

/* --- owners.c ------------------------------------------------------------------------------- */

int owners_start(struct hf_primary *p);

/* Looks for lanes without service and for lanes that shall go home; every 10 ms or so. */
void owners_tick(struct hf_primary *p);

/* --- supervise.c ---------------------------------------------------------------------------- */

int supervisor_start(struct hf_primary *p);

/* Makes the worker of a slot look at it now. */
void supervisor_wake(struct hf_primary *p, uint32_t slot);

/* Looks at slots, lanes and ports; every 10 ms or so. */
void supervisor_tick(struct hf_primary *p);

/* Asks all workers to leave, waits two seconds at most, kills the rest. */
void supervisor_end_workers(struct hf_primary *p);

/* Kills a worker by the descriptor that was opened for it. 0; -ESRCH it lives no more; -errno. */
int supervisor_kill(struct hf_primary *p, uint32_t slot);

/* --- hang.c --------------------------------------------------------------------------------- */

/* Looks at all heartbeats and kills who hangs. Each turn of the main loop. */
void hang_look(struct hf_primary *p);

/* Was the worker of a slot, as pid, killed for hanging? *lane: on which; -1 its main thread. */
int hang_killed(uint32_t slot, int32_t pid, int *lane);

/* ms until the next look is due; -1: at the ordinary tick. */
int hang_wait_ms(const struct hf_primary *p);

/* --- crash_watch.c -------------------------------------------------------------------------- */

/* What was reported before this primary is no news. Once, before workers may attach. */
void crash_watch_begin(const struct hf_primary *p);

/* Writes an event and a log line for each new crash report. Each turn of the main loop. */
void crash_watch(struct hf_primary *p);

/* --- quarantine.c --------------------------------------------------------------------------- */

/* Writes packets that lanes have quarantined to files. Each turn of the main loop. */
void quarantine_tick(struct hf_primary *p);

/* --- recovery.c ----------------------------------------------------------------------------- */

/* Prepares for deaths of hardware lanes' owners inside drivers; nothing on software lanes. */
int recovery_start(struct hf_primary *p);

/*
 * Looks for lanes to be made whole and goes on with those it found. Each turn of the main loop.
 * Returns ms until it wants to be called again, -1: any time.
 */
int recovery_tick(struct hf_primary *p);

/* Waits for a repair under way. Returns 0; -EBUSY: it does not end, leave the ports alone. */
int recovery_end(struct hf_primary *p);

/* --- loop.c --------------------------------------------------------------------------------- */

/* Opens epoll and the signals. */
int loop_open(struct hf_primary *p);

/* Announces READY, serves until stopped. */
void loop_run(struct hf_primary *p);

#endif
