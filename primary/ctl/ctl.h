/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of holdfastctl know of each other. One process, one thread, one request.
 */
#ifndef HF_CTL_H
#define HF_CTL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CTL_EXIT_FAILED 1 /* no primary, or it refused, or it failed */
#define CTL_EXIT_USAGE  2 /* bad arguments */

#define CTL_TIMEOUT_S         10.0
#define CTL_TIMEOUT_RESTART_S 300.0 /* up to 2.5 s a lane when no packets flow */
#define CTL_REAL_DIGITS       12    /* of numbers in --json */

/* What the command line says. Texts point into argv. */
struct ctl_options {
	const char *instance;
	double timeout_s; /* 0: the command's own */
	int json;
	int follow;             /* events: those to come, too */
	const char *top, *sort; /* NULL: not given */
	const char *binary, *canary, *watch, *max_slowdown, *max_drop_ratio; /* of upgrade */
	const char *name;                                                    /* of the command */
	const char *arg;                                                     /* NULL: not given */
	const char *arg2; /* likewise, the second */
};

struct ctl_command {
	const char *name;
	const char *arg;      /* what its argument is called, NULL: it takes none */
	const char *arg_name; /* the argument's key in the request */
	double timeout_s;
	const char *help;
	void (*print)(FILE *out, const json_t *reply, int colour);
	const char *arg2, *arg2_name; /* a second argument, NULL: it takes none */
	/* Instead of one request: the reply, or NULL with the exit status after a message. */
	json_t *(*run)(const struct ctl_options *o, int *status);
};

/* --- options.c ------------------------------------------------------------------------------ */

/* Fills o and *command. Returns -1 to go on, else the exit status (0 after --help). */
int ctl_options_parse(int argc, char **argv, struct ctl_options *o,
		      const struct ctl_command **command);

/* --- commands.c ----------------------------------------------------------------------------- */

const struct ctl_command *ctl_command_find(const char *name);
void ctl_command_help(FILE *out);

/* The request of a command line, NULL after a message about what is wrong with it. */
json_t *ctl_command_request(const struct ctl_command *command, const struct ctl_options *o);

/* --- client.c ------------------------------------------------------------------------------- */

/* Sends one request and returns the reply; NULL after a message. Waits timeout_s at most. */
json_t *ctl_client_ask(const char *instance, const json_t *request, double timeout_s);

/* The same; calls tick every few hundred ms while the reply is waited for, and after a signal. */
json_t *ctl_client_ask_watching(const char *instance, const json_t *request, double timeout_s,
				void (*tick)(void *arg), void *arg);

/* --- upgrade.c ------------------------------------------------------------------------------ */

/* The whole of `upgrade`. Returns its result, or NULL with the exit status after a message. */
json_t *ctl_upgrade(const struct ctl_options *o, int *status);

/* --- events.c ------------------------------------------------------------------------------- */

/*
 * `events`. Returns the reply to be printed; with --follow it has printed all of them, and returns
 * NULL with the exit status, or a refusal.
 */
json_t *ctl_events(const struct ctl_options *o, int *status);

/* --- print.c, table.c ----------------------------------------------------------------------- */

void ctl_print_status(FILE *out, const json_t *reply, int colour);
void ctl_print_lanes(FILE *out, const json_t *reply, int colour);
void ctl_print_workers(FILE *out, const json_t *reply, int colour);
void ctl_print_ports(FILE *out, const json_t *reply, int colour);
void ctl_print_pools(FILE *out, const json_t *reply, int colour);
void ctl_print_events(FILE *out, const json_t *reply, int colour);
void ctl_print_flows(FILE *out, const json_t *reply, int colour);
void ctl_print_restart(FILE *out, const json_t *reply, int colour);
void ctl_print_drain(FILE *out, const json_t *reply, int colour);
void ctl_print_clear(FILE *out, const json_t *reply, int colour);
void ctl_print_loglevel(FILE *out, const json_t *reply, int colour);
void ctl_print_stop(FILE *out, const json_t *reply, int colour);
void ctl_print_supervise(FILE *out, const json_t *reply, int colour);
void ctl_print_quarantine(FILE *out, const json_t *reply, int colour);
void ctl_print_upgrade(FILE *out, const json_t *reply, int colour);
void ctl_print_version(FILE *out, const json_t *reply, int colour);

enum ctl_format {
	CTL_TEXT,     /* left */
	CTL_STATE,    /* left, coloured by what it says */
	CTL_LANES,    /* left, a list of numbers as "0,2-5" */
	CTL_NAMES,    /* left, a list of texts with commas */
	CTL_YES,      /* left, "yes" or "-" */
	CTL_PROTOCOL, /* left, an IP protocol by name */
	CTL_NUMBER,   /* right */
	CTL_BAD,      /* right, red unless 0 */
	CTL_SI,       /* right, 12.3M */
	CTL_PERCENT,  /* right */
	CTL_AGE_MS,   /* right, a duration in ms as 1:02:03 */
	CTL_SINCE,    /* right, likewise, from a moment in seconds to the table's now */
};

struct ctl_column {
	const char *title, *key;
	enum ctl_format format;
};

/* Prints a list of objects, one a line, columns aligned; "-" for what is not known. */
void ctl_table_print(FILE *out, const json_t *list, const struct ctl_column *columns,
		     size_t n_columns, double now_s, int colour);

/* May standard output be coloured: a terminal that can, and nobody who objects? */
int ctl_use_colour(void);

/* "1:02:03", or "2d 1:02:03". Returns buf. */
const char *ctl_format_duration(char *buf, size_t len, double seconds);

#endif
