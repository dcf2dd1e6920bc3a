/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user asked of the monitor, read from its command line alone.
 */
#ifndef HF_MONITOR_OPTIONS_H
#define HF_MONITOR_OPTIONS_H

#include <stdint.h>

#include "flows.h"
#include "instances.h"
#include "listen.h"
#include "names.h"
#include "past.h"
#include "table.h"

#define OPTIONS_TOP_DEFAULT 10U
#define OPTIONS_TOP_SCREEN  256U /* kept for scrolling when --top was not given */
#define OPTIONS_TOP_MAX     4096U

/* What is written where there is no screen. */
enum hf_form { HF_FORM_TEXT, HF_FORM_JSON, HF_FORM_CSV, HF_FORM_PROMETHEUS };

struct hf_options {
	char instance[HF_INSTANCE_LEN];
	struct hf_instance_names named; /* all that were named; n is 0 when none was */
	int batch;
	int once;
	int wait;          /* go on although there is no instance yet */
	enum hf_form form; /* in batch */
	enum hf_table_id csv_table;
	struct hf_listen listen; /* for HF_FORM_PROMETHEUS */
	int no_color;
	int exact;
	double interval_s;
	uint64_t count; /* blocks or refreshes, 0: for ever */
	uint32_t top;   /* flows a sample keeps */
	struct hf_flow_query query;
	struct hf_past past;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_BAD };

/*
 * Reads the command line. OPTIONS_RUN: *o is complete. OPTIONS_DONE: --help or --version was
 * answered on stdout. OPTIONS_BAD: one line went to stderr; the exit status is 2. Main thread.
 */
enum options_result options_parse(struct hf_options *o, int argc, char **argv);

/*
 * What a program begins with: the log, and options_parse(). Returns -1 to go on with *o, else the
 * exit status. Main thread.
 */
int options_begin(struct hf_options *o, int argc, char **argv);

#endif
