/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of the monitor. Bad input is one line on stderr; nothing is opened here.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "units.h"
#include "version.h"

/* clang-format off */
static const struct option long_options[] = {
	{"instance", required_argument, NULL, 'i'},
	{"batch", no_argument, NULL, 'b'},
	{"once", no_argument, NULL, '1'},
	{"interval", required_argument, NULL, 'd'},
	{"count", required_argument, NULL, 'n'},
	{"top", required_argument, NULL, 't'},
	{"sort", required_argument, NULL, 's'},
	{"by", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"csv", optional_argument, NULL, 'C'},
	{"wait", no_argument, NULL, 'w'},
	{"prometheus", optional_argument, NULL, 'P'},
	{"reverse", no_argument, NULL, 'r'},
	{"filter", required_argument, NULL, 'f'},
	{"exact", no_argument, NULL, 'x'},
	{"history", required_argument, NULL, 'H'},
	{"record", required_argument, NULL, 'R'},
	{"record-max", required_argument, NULL, 'M'},
	{"replay", required_argument, NULL, 'p'},
	{"at", required_argument, NULL, 'a'},
	{"no-color", no_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};
/* clang-format on */

static void
print_help(void)
{
	char keys[TABLE_KEYS_LEN];

	printf("Usage: holdfast-monitor [OPTION]...\n"
	       "Shows ports, lanes, workers, drops and flows of a Holdfast instance.\n"
	       "Reads only; needs membership of group %s, not root.\n\n"
	       "  --instance NAME[,NAME...]\n"
	       "                   instance to show (default %s); several: those to pick from\n"
	       "                   on a screen, by key i\n"
	       "  --batch          write text to stdout (the default when it is no terminal)\n"
	       "  --once           write one block, then end\n"
	       "  --interval S     seconds between samples, 0.1 to 3600 (default 1)\n"
	       "  --count N        end after N samples\n"
	       "  --top N          flows to show, 1 to %u (default %u; %u to scroll on a screen)\n"
	       "  --by KEY         order of flows: pps, bps, packets, bytes, age, idle (default pps;\n"
	       "                   --sort is the same)\n"
	       "  --reverse        the least first\n"
	       "  --filter EXPR    flows that match alone: tcp, udp, icmp, proto N, ip, ip6, lane N,\n"
	       "                   ADDRESS[/LENGTH], port N[-M], both also after src or dst; not, and,\n"
	       "                   or, parentheses, as in 'udp and not src port 53'\n"
	       "  --json           one JSON object a line instead of text\n"
	       "  --csv [TABLE]    one table as comma-separated values (default lanes), of\n"
	       "                   %s\n"
	       "  --wait           in batch: wait for an instance that is not there yet\n"
	       "  --prometheus [ADDR:PORT]\n"
	       "                   serve metrics over HTTP (default 127.0.0.1:%u)\n",
	       HF_GROUP, HF_INSTANCE_DEFAULT, OPTIONS_TOP_MAX, OPTIONS_TOP_DEFAULT,
	       OPTIONS_TOP_SCREEN, table_keys(keys, sizeof(keys)), LISTEN_PORT_DEFAULT);
	past_print_help();
	printf("  --exact          all digits on a screen, not 12.3M (key e)\n"
	       "  --no-color       no colours on a screen (also: NO_COLOR in the environment)\n"
	       "  -h, --help       this text\n"
	       "  -V, --version    the version\n\n"
	       "Keys on a screen: 1 to 9 and Tab change the view, ? tells all others, q quits.\n"
	       "Exit status: 0 done, 1 failed at run time (no primary), 2 wrong command line.\n");
}

static int
set_instance(struct hf_options *o, const char *name)
{
	char why[96];

	if (instances_parse(&o->named, name, why, sizeof(why)) != 0) {
		hf_err("--instance %s: %s", name, why);
		return -1;
	}
	snprintf(o->instance, sizeof(o->instance), "%s", o->named.name[0]);
	return 0;
}

static int
set_number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
	if (hf_parse_u64(text, 1, max, out) == 0)
		return 0;
	hf_err("%s %s: not usable: a number from 1 to %llu expected", option, text,
	       (unsigned long long)max);
	return -1;
}

static int
set_interval(struct hf_options *o, const char *text)
{
	if (hf_parse_seconds(text, 0.1, 3600, &o->interval_s) == 0)
		return 0;
	hf_err("--interval %s: not usable: seconds from 0.1 to 3600 expected", text);
	return -1;
}

static int
set_sort(struct hf_options *o, const char *text)
{
	if (flows_parse_sort(text, &o->query.sort) == 0)
		return 0;
	hf_err("--sort %s: unknown key: pps, bps, packets, bytes, age or idle expected", text);
	return -1;
}

static int
set_filter(struct hf_options *o, const char *text)
{
	char why[240];

	if (filter_parse(text, &o->query.filter, why, sizeof(why)) == 0)
		return 0;
	hf_err("--filter: %s", why);
	return -1;
}

static int
set_top(struct hf_options *o, const char *text)
{
	uint64_t n;

	if (set_number("--top", text, OPTIONS_TOP_MAX, &n) != 0)
		return -1;
	o->top = (uint32_t)n;
	return 0;
}

static int
set_form(struct hf_options *o, enum hf_form form)
{
	if (o->form != HF_FORM_TEXT && o->form != form) {
		hf_err("--json, --csv, --prometheus: more than one given: one form at a time");
		return -1;
	}
	o->form = form;
	o->batch = 1;
	return 0;
}

static int
set_csv(struct hf_options *o, const char *table)
{
	char keys[TABLE_KEYS_LEN];

	o->csv_table = HF_TABLE_LANES;
	if (table == NULL || table_parse(table, &o->csv_table) == 0)
		return set_form(o, HF_FORM_CSV);
	hf_err("--csv %s: no such table: one of %s expected", table,
	       table_keys(keys, sizeof(keys)));
	return -1;
}

static int
set_prometheus(struct hf_options *o, const char *address)
{
	switch (listen_parse(&o->listen, address)) {
	case 0:
		return set_form(o, HF_FORM_PROMETHEUS);
	case -ERANGE:
		hf_err("--prometheus %s: no such port: 1 to 65535 expected", address);
		return -1;
	default:
		hf_err("--prometheus %s: no such address: IPv4:PORT, [IPv6]:PORT or PORT expected",
		       address);
		return -1;
	}
}

/* The value of an option that may have one, in the same word or in the next. */
static const char *
optional_value(int argc, char **argv)
{
	if (optarg == NULL && optind < argc && argv[optind][0] != '-')
		return argv[optind++];
	return optarg;
}

static int
set_option(struct hf_options *o, int key, const char *arg)
{
	switch (key) {
	case 'i':
		return set_instance(o, arg);
	case 'd':
		return set_interval(o, arg);
	case 'n':
		return set_number("--count", arg, UINT32_MAX, &o->count);
	case 't':
		return set_top(o, arg);
	case 's':
		return set_sort(o, arg);
	case 'f':
		return set_filter(o, arg);
	case 'r':
		o->query.reverse = 1;
		return 0;
	case 'x':
		o->exact = 1;
		return 0;
	case 'H':
		return past_set_minutes(&o->past, arg);
	case 'R':
		return past_set_record(&o->past, arg);
	case 'M':
		return past_set_record_max(&o->past, arg);
	case 'p':
		return past_set_replay(&o->past, arg);
	case 'a':
		return past_set_at(&o->past, arg);
	case 'c':
		o->no_color = 1;
		return 0;
	case 'b':
		o->batch = 1;
		return 0;
	case 'j':
		return set_form(o, HF_FORM_JSON);
	case 'w':
		o->wait = 1;
		return 0;
	case 'C':
		return set_csv(o, arg);
	case 'P':
		return set_prometheus(o, arg);
	case '1':
		o->once = o->batch = 1;
		return 0;
	default:
		return -1;
	}
}

/* The option getopt_long() has just refused. */
static void
complain(int key, char **argv)
{
	const char *text = argv[optind - 1];

	if (key == ':')
		hf_err("%s: no value: this option needs one", text);
	else
		hf_err("%s: unknown option: see --help", text);
}

/* What asks something of an instance, and not of a recording. */
static const struct {
	int key;
	const char *name;
} live_options[] = {{'i', "--instance"},   {'d', "--interval"}, {'s', "--by"},
		    {'r', "--reverse"},    {'f', "--filter"},   {'w', "--wait"},
		    {'P', "--prometheus"}, {'H', "--history"},  {'R', "--record"}};

/* given[key] is 1 for each option that was given. Returns 0, or -1 after one line on stderr. */
static int
check_together(const struct hf_options *o, const char *given)
{
	for (size_t i = 0; i < sizeof(live_options) / sizeof(live_options[0]); i++) {
		if (o->past.replay == NULL || !given[live_options[i].key])
			continue;
		hf_err("%s: not with --replay: a recording is shown as it is",
		       live_options[i].name);
		return -1;
	}
	if (o->past.replay == NULL && given['a']) {
		hf_err("--at: not without --replay: it says where a replay begins");
		return -1;
	}
	if (o->past.record == NULL && given['M']) {
		hf_err("--record-max: not without --record: it limits what is recorded");
		return -1;
	}
	if (o->past.record != NULL && given['P']) {
		hf_err("--record: not with --prometheus: that keeps its own time");
		return -1;
	}
	return 0;
}

static void
settle(struct hf_options *o)
{
	if (!isatty(STDOUT_FILENO))
		o->batch = 1;
	if (o->once)
		o->count = 1;
	if (o->top == 0 && o->past.replay != NULL)
		o->top = OPTIONS_TOP_MAX; /* as many as were recorded */
	if (o->top == 0)
		o->top = o->batch ? OPTIONS_TOP_DEFAULT : OPTIONS_TOP_SCREEN;
}

enum options_result
options_parse(struct hf_options *o, int argc, char **argv)
{
	char given[128] = {0};
	int key;

	*o = (struct hf_options){.instance = HF_INSTANCE_DEFAULT,
				 .interval_s = 1,
				 .query = {.sort = HF_SORT_PPS}};
	past_init(&o->past);
	opterr = 0;
	while ((key = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1) {
		if (key == 'h') {
			print_help();
			return OPTIONS_DONE;
		}
		if (key == 'V') {
			printf("holdfast-monitor %s\n", HF_VERSION);
			return OPTIONS_DONE;
		}
		if (key == '?' || key == ':') {
			complain(key, argv);
			return OPTIONS_BAD;
		}
		if (set_option(o, key,
			       key == 'C' || key == 'P' ? optional_value(argc, argv) : optarg) != 0)
			return OPTIONS_BAD;
		given[key & 127] = 1;
	}
	if (optind < argc) {
		hf_err("%s: not expected: see --help", argv[optind]);
		return OPTIONS_BAD;
	}
	if (check_together(o, given) != 0)
		return OPTIONS_BAD;
	settle(o);
	if (o->batch && o->named.n > 1 && o->past.record != NULL) {
		hf_err("--record: several instances: a recording is of one");
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}

int
options_begin(struct hf_options *o, int argc, char **argv)
{
	hf_log_init("holdfast-monitor", HF_LOG_NOTICE);
	switch (options_parse(o, argc, argv)) {
	case OPTIONS_DONE:
		return fflush(stdout) == 0 ? 0 : 1;
	case OPTIONS_BAD:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	return -1;
}
