/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's command line.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "units.h"
#include "version.h"
#include "worker.h"

static const char help[] =
	"Usage: holdfast-worker --instance NAME (--lanes LIST | --standby) [options]\n"
	"\n"
	"Attaches to a running holdfast-primary and forwards packets. Any number of workers may "
	"be\n"
	"started for a lane; one runs it, the others wait and take over when it ends or dies.\n"
	"\n"
	"  --instance NAME    instance of the primary (default: holdfast)\n"
	"  --lanes LIST       lanes that are this worker's, such as 0,2 or 0-3\n"
	"  --standby          wait for every lane, to take over when its owner goes\n"
	"  --name NAME        name shown to people (default: made from the slot)\n"
	"  --respawn          stay: start again after a crash, and attach to the next primary when\n"
	"                     this one has gone; end with SIGTERM, drain or stop\n"
	"  --wait SECONDS     how long to wait for the primary (default: without end)\n"
	"  --log-level LEVEL  error, warning, notice, info or debug (default: notice)\n"
	"  -h, --help         this text\n"
	"  -V, --version      version\n"
	"\n"
	"SIGTERM and SIGINT give the lanes back and end the worker with status 0.\n"
	"Exit status: 0 ended as asked, 1 failed, 2 bad usage.\n";

enum {
	OPT_INSTANCE = 256,
	OPT_LANES,
	OPT_STANDBY,
	OPT_NAME,
	OPT_RESPAWN,
	OPT_WAIT,
	OPT_LOG,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{"instance", required_argument, NULL, OPT_INSTANCE},
	{"lanes", required_argument, NULL, OPT_LANES},
	{"standby", no_argument, NULL, OPT_STANDBY},
	{"name", required_argument, NULL, OPT_NAME},
	{"respawn", no_argument, NULL, OPT_RESPAWN},
	{"wait", required_argument, NULL, OPT_WAIT},
	{"log-level", required_argument, NULL, OPT_LOG},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static int
bad(const char *option, const char *value, const char *reason)
{
	hf_err("--%s: '%s': %s", option, value, reason);
	return -EINVAL;
}

static int
take_name(struct hf_worker_options *opt, const char *value)
{
	if (hf_names_check_instance(value) != 0)
		return bad("name", value, "not a name of 1 to 31 letters, digits, _ or -");
	snprintf(opt->name, sizeof(opt->name), "%s", value);
	return 0;
}

static int
take_one(struct hf_worker_options *opt, int c)
{
	enum hf_log_level level;

	switch (c) {
	case OPT_INSTANCE:
		if (hf_names_check_instance(optarg) != 0)
			return bad("instance", optarg,
				   "not a name of 1 to 31 letters, digits, _ or -");
		opt->instance = optarg;
		return 0;
	case OPT_LANES:
		if (hf_parse_set(optarg, HF_MAX_LANES, &opt->lanes) != 0)
			return bad("lanes", optarg, "not a list of lanes such as 0,2 or 0-3");
		return 0;
	case OPT_STANDBY:
		opt->standby = 1;
		return 0;
	case OPT_NAME:
		return take_name(opt, optarg);
	case OPT_RESPAWN:
		opt->respawn = 1;
		return 0;
	case OPT_WAIT:
		if (hf_parse_seconds(optarg, 0, 1e9, &opt->wait_s) != 0)
			return bad("wait", optarg, "not a number of seconds");
		return 0;
	case OPT_LOG:
		if (hf_log_parse_level(optarg, &level) != 0)
			return bad("log-level", optarg,
				   "not one of error, warning, notice, info, debug");
		hf_log_set_level(level);
		return 0;
	case 'h':
	case OPT_HELP:
		fputs(help, stdout);
		return 1;
	case 'V':
	case OPT_VERSION:
		printf("holdfast-worker %s (segment layout %u)\n", HF_VERSION, HF_LAYOUT_VERSION);
		return 1;
	default:
		hf_err("bad option: see holdfast-worker --help");
		return -EINVAL;
	}
}

/* What getopt_long() has just refused. */
static int
refuse(int c, char **argv)
{
	if (c == ':')
		hf_err("%s: value missing: see holdfast-worker --help", argv[optind - 1]);
	else if (optopt > 0 && optopt < 256)
		hf_err("-%c: unknown option: see holdfast-worker --help", optopt);
	else
		hf_err("%s: unknown option or needless value: see holdfast-worker --help",
		       argv[optind - 1]);
	return -EINVAL;
}

int
options_parse(int argc, char **argv, struct hf_worker_options *opt)
{
	int c, rc;

	*opt = (struct hf_worker_options){.instance = HF_INSTANCE_DEFAULT, .wait_s = -1};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return refuse(c, argv);
		rc = take_one(opt, c);
		if (rc != 0)
			return rc;
	}
	if (optind < argc) {
		hf_err("%s: unexpected argument: see holdfast-worker --help", argv[optind]);
		return -EINVAL;
	}
	if (opt->respawn && opt->wait_s >= 0) {
		hf_err("usage: --respawn waits for a primary without end: it excludes --wait");
		return -EINVAL;
	}
	if (opt->standby == (opt->lanes != 0)) {
		hf_err("usage: exactly one of --lanes LIST and --standby is needed");
		return -EINVAL;
	}
	return 0;
}
