/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of holdfastctl. Options may stand before or after the command.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "ctl.h"
#include "log.h"
#include "names.h"
#include "units.h"
#include "version.h"

enum { OPT_BINARY = 256, OPT_CANARY, OPT_WATCH, OPT_SLOWDOWN, OPT_DROPS, OPT_FOLLOW };

static const struct option long_options[] = {
	{"instance", required_argument, NULL, 'i'},
	{"json", no_argument, NULL, 'j'},
	{"timeout", required_argument, NULL, 't'},
	{"top", required_argument, NULL, 'n'},
	{"sort", required_argument, NULL, 's'},
	{"follow", no_argument, NULL, OPT_FOLLOW},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"binary", required_argument, NULL, OPT_BINARY},
	{"canary", required_argument, NULL, OPT_CANARY},
	{"watch", required_argument, NULL, OPT_WATCH},
	{"max-slowdown", required_argument, NULL, OPT_SLOWDOWN},
	{"max-drop-ratio", required_argument, NULL, OPT_DROPS},
	{NULL, 0, NULL, 0},
};

static void
print_help(void)
{
	printf("Usage: holdfastctl [OPTION]... COMMAND [ARGUMENT]\n"
	       "Asks the primary of an instance over its control socket.\n\n"
	       "Options:\n"
	       "  --instance NAME  which instance (default: %s)\n"
	       "  --json           print the reply as one JSON object on one line\n"
	       "  --timeout S      wait S seconds for the reply (default: %.0f, restart %.0f)\n"
	       "  --top N          flows: how many (1 to 1000, default: 10); events: the last N\n"
	       "  --follow         events: go on with those to come; --json: one a line\n"
	       "  --sort KEY       flows: by packets (default) or bytes\n"
	       "  --binary PATH    upgrade: the new holdfast-worker\n"
	       "  --canary LANE    upgrade: which lane tries it (default: the first with an owner)\n"
	       "  --watch S        upgrade: for how long (default: 5)\n"
	       "  --max-slowdown X upgrade: cycles a packet, times those before (default: 1.5)\n"
	       "  --max-drop-ratio Y\n"
	       "                   upgrade: share of packets dropped, more than before (default:\n"
	       "                   0.001)\n"
	       "  -h, --help       print this\n"
	       "  -V, --version    print the version of this program\n\n"
	       "Commands:\n",
	       HF_INSTANCE_DEFAULT, CTL_TIMEOUT_S, CTL_TIMEOUT_RESTART_S);
	ctl_command_help(stdout);
	printf("\nExit status: 0 done; 1 no primary runs, or it refused or failed; 2 bad "
	       "arguments.\n");
}

static int
parse_timeout(struct ctl_options *o, const char *text)
{
	if (hf_parse_seconds(text, 0.01, 86400, &o->timeout_s) == 0)
		return -1;
	hf_err("--timeout %s: not a number of seconds from 0.01 to 86400", text);
	return CTL_EXIT_USAGE;
}

static int
parse_instance(struct ctl_options *o, const char *text)
{
	o->instance = text;
	if (hf_names_check_instance(text) == 0)
		return -1;
	hf_err("--instance %s: not 1 to %d of letters, digits, _ and -", text, HF_INSTANCE_LEN - 1);
	return CTL_EXIT_USAGE;
}

static int
bad_option(char **argv, int opt)
{
	/* A short option has no place in argv of its own; a long one is the last that was read. */
	if (optopt > 0 && optopt < 256 && opt == '?' && strchr("itnsjhV", optopt) == NULL)
		hf_err("-%c: unknown option (see --help)", optopt);
	else if (opt == ':')
		hf_err("%s: the option needs a value", argv[optind - 1]);
	else
		hf_err("%s: unknown option or needless value (see --help)", argv[optind - 1]);
	return CTL_EXIT_USAGE;
}

/* Options of upgrade; their values are looked at by that command. */
static int
parse_upgrade(struct ctl_options *o, int opt, char **argv)
{
	switch (opt) {
	case OPT_BINARY:
		o->binary = optarg;
		return -1;
	case OPT_CANARY:
		o->canary = optarg;
		return -1;
	case OPT_WATCH:
		o->watch = optarg;
		return -1;
	case OPT_SLOWDOWN:
		o->max_slowdown = optarg;
		return -1;
	case OPT_DROPS:
		o->max_drop_ratio = optarg;
		return -1;
	default:
		return bad_option(argv, opt);
	}
}

static int
parse_option(struct ctl_options *o, int opt, char **argv)
{
	switch (opt) {
	case 'i':
		return parse_instance(o, optarg);
	case 'j':
		o->json = 1;
		return -1;
	case 't':
		return parse_timeout(o, optarg);
	case 'n':
		o->top = optarg;
		return -1;
	case 's':
		o->sort = optarg;
		return -1;
	case OPT_FOLLOW:
		o->follow = 1;
		return -1;
	case 'h':
		print_help();
		return 0;
	case 'V':
		printf("holdfastctl %s\n", HF_VERSION);
		return 0;
	default:
		return parse_upgrade(o, opt, argv);
	}
}

int
ctl_options_parse(int argc, char **argv, struct ctl_options *o, const struct ctl_command **command)
{
	int opt, status, most;

	*o = (struct ctl_options){.instance = HF_INSTANCE_DEFAULT};
	while ((opt = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1) {
		status = parse_option(o, opt, argv);
		if (status >= 0)
			return status;
	}
	o->name = optind < argc ? argv[optind] : NULL;
	o->arg = optind + 1 < argc ? argv[optind + 1] : NULL;
	o->arg2 = optind + 2 < argc ? argv[optind + 2] : NULL;
	if (o->name == NULL) {
		hf_err("no command (see --help)");
		return CTL_EXIT_USAGE;
	}
	*command = ctl_command_find(o->name);
	if (*command == NULL) {
		hf_err("%s: unknown command (see --help)", o->name);
		return CTL_EXIT_USAGE;
	}
	most = optind + ((*command)->arg2 != NULL ? 3 : 2);
	if (most < argc) {
		hf_err("%s: one argument too many: %s", o->name, argv[most]);
		return CTL_EXIT_USAGE;
	}
	return -1;
}
