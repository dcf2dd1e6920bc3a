/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the control socket know of each other. Primary, main thread only.
 *
 * Protocol: a UNIX stream socket, one JSON object a line each way, replies in the order of the
 * requests. {"command": NAME, ...} is answered by {"ok": true, ...} or by
 * {"ok": false, "error": TEXT, "code": 1 (failed at run time) or 2 (bad request)}.
 */
#ifndef HF_CONTROL_H
#define HF_CONTROL_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "primary.h"

#define CONTROL_CLIENTS      32
#define CONTROL_LINE_BYTES   65536      /* of a request, its newline included */
#define CONTROL_REPLY_BYTES  (4U << 20) /* of a reply */
#define CONTROL_STALL_MS     5000       /* a reader that takes nothing for so long is dropped */
#define CONTROL_SCAN_RECORDS 8192       /* of flow tables, in a turn of the main loop */
#define CONTROL_CENSUS_MS    100        /* least time between two censuses */
#define CONTROL_RETRY_MS     100        /* after accept() failed for want of resources */
#define CONTROL_REAL_DIGITS  12         /* of numbers in replies */

struct control_client {
	struct hf_source source; /* fd -1: the place is free */
	pid_t pid;               /* peer, by SO_PEERCRED */
	uid_t uid;
	uint32_t events;           /* what epoll watches for now */
	int eof;                   /* the peer sends no more */
	int waiting;               /* its request is under way: no further one is served */
	struct hf_flow_scan *scan; /* the request is `flows`, and this far */
	int closing;               /* close once the reply is out */
	char *in;                  /* received and not yet served */
	size_t in_len, in_size;
	char *out; /* the one reply under way, NULL: none */
	size_t out_len, out_off;
	uint64_t moved_ms; /* when the peer last took some of it */
};

/* A `restart` under way: lane by lane, one hand-over at a time. */
struct control_restart {
	int active;
	struct control_client *client; /* NULL: it went away; the restart goes on */
	char target[64];
	int again;              /* 1: owners are to be looked up once more */
	int one_lane;           /* 1: the target is a lane; its old owner stays */
	uint64_t todo;          /* lanes not begun */
	uint64_t unmoved;       /* lanes not moved, failed ones included */
	uint64_t took_standby;  /* bit s: a lane of worker slot s went to no fresh worker */
	int slot[HF_MAX_LANES]; /* owners as they were at the request */
	int32_t pid[HF_MAX_LANES];
	int running; /* 1: h is under way */
	struct hf_handover h;
	char from_name[32];
	json_t *lanes, *failed; /* for the reply */
};

struct hf_control {
	struct hf_primary *p;
	struct hf_source listener;
	char path[108];
	uint64_t accept_ms; /* not 0: accept nothing before */
	uint64_t census_ms; /* when the last census ended, 0: none yet */
	int census_err;
	uint32_t scan_turn; /* client whose scan is looked at first in the next turn */
	struct control_client client[CONTROL_CLIENTS];
	struct control_restart restart;
	struct control_client *upgrader; /* who asked for the upgrade under way */
};

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t control_now_ms(void);

/* {"ok": false, "error": ..., "code": code}; NULL when memory ran out. */
json_t *control_error(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- control_client.c: one connection ------------------------------------------------------- */

/* Takes over fd, a connection just accepted, into a free place. Returns 0 or -errno. */
int control_client_open(struct hf_control *c, struct control_client *client, int fd);
void control_client_close(struct hf_control *c, struct control_client *client);

/* Sends a reply, as far as the socket takes it now. Steals reply; NULL: memory ran out. */
void control_client_reply(struct hf_control *c, struct control_client *client, json_t *reply);

/* Serves one request if a whole line is there and nothing is under way. */
void control_client_serve(struct hf_control *c, struct control_client *client);

/* ms until this client must be looked at again; -1: not before its socket is ready. Drops a reader
 * that stalls. */
int control_client_wait(struct hf_control *c, struct control_client *client);

/* --- control_commands.c: requests ----------------------------------------------------------- */

/* Runs one request. Returns the reply, or NULL when it was put off (client->waiting is set). */
json_t *control_command_run(struct hf_control *c, struct control_client *client, const char *line,
			    size_t len);

/*
 * One step of one client's `flows`, by turns, and the reply at its end. Returns 1 while there is
 * more to do. Once a turn of the main loop.
 */
int control_flows_step(struct hf_control *c);

/* --- control_events.c ----------------------------------------------------------------------- */

/* `events`: what the log holds, in the form of hf_status_events(), or a refusal. */
json_t *control_events_run(const struct hf_control *c, const json_t *request);

/* --- control_restart.c ---------------------------------------------------------------------- */

/* Begins a restart of a lane, a worker or all. Returns NULL, or the reply when it is refused. */
json_t *control_restart_begin(struct hf_control *c, struct control_client *client,
			      const char *target);

/* One step; answers the client at the end. Call about every millisecond while active. */
void control_restart_step(struct hf_control *c);

/* Forgets a restart under way; the lane's hand-over itself goes on in the worker. */
void control_restart_abandon(struct hf_control *c);

/* --- control_upgrade.c ---------------------------------------------------------------------- */

/* `upgrade`, by its action. Returns the reply, or NULL when it was put off. */
json_t *control_upgrade_run(struct hf_control *c, struct control_client *client,
			    const json_t *request);

/* One step; answers the client at the end. About every millisecond while p->upgrade is set. */
void control_upgrade_step(struct hf_control *c);

/* The client has gone: all goes back. Of any other client nothing happens. */
void control_upgrade_gone(struct hf_control *c, const struct control_client *client);

#endif
