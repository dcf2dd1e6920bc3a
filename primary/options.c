/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of the primary. Opens nothing; whether the file is any good is for
 * hf_config_load() to say.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "names.h"
#include "version.h"

enum { OPT_INSTANCE = 256, OPT_CHECK, OPT_LOG, OPT_HELP_CONFIG };

static const char help[] =
	"Usage: holdfast-primary -c FILE [options] [-- EAL options]\n"
	"\n"
	"Owns the ports, packet buffers and lanes of an instance. Workers attach to it and\n"
	"forward; they may come and go while it runs.\n"
	"\n"
	"  -c, --config FILE  configuration, see holdfast.yaml(5)\n"
	"  --instance NAME    name of the instance, in place of the file's\n"
	"  --check            check the file, start nothing\n"
	"  -v, --verbose      with --check: print the effective configuration\n"
	"  --log-level LEVEL  error, warning, notice, info or debug, in place of the file's\n"
	"  --help-config      list of all configuration keys\n"
	"  -h, --help         this text\n"
	"  -V, --version      version\n"
	"\n"
	"What stands behind -- goes to DPDK as it is.\n"
	"Exit status: 0 ended as asked, 1 failed at run time, 2 bad usage or configuration.\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"instance", required_argument, NULL, OPT_INSTANCE},
	{"check", no_argument, NULL, OPT_CHECK},
	{"verbose", no_argument, NULL, 'v'},
	{"log-level", required_argument, NULL, OPT_LOG},
	{"help-config", no_argument, NULL, OPT_HELP_CONFIG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static int
take_instance(struct hf_primary_options *o, const char *value)
{
	if (hf_names_check_instance(value) != 0) {
		hf_err("--instance: '%s': not 1 to %d of A-Z a-z 0-9 _ -, not starting with -",
		       value, HF_INSTANCE_LEN - 1);
		return -EINVAL;
	}
	o->instance = value;
	return 0;
}

static int
take_log_level(struct hf_primary_options *o, const char *value)
{
	if (hf_log_parse_level(value, &o->log_level) != 0) {
		hf_err("--log-level: '%s': not one of error, warning, notice, info, debug", value);
		return -EINVAL;
	}
	o->has_log_level = 1;
	return 0;
}

static int
take_option(struct hf_primary_options *o, int option, char *value)
{
	switch (option) {
	case 'c':
		o->config_path = value;
		return 0;
	case OPT_INSTANCE:
		return take_instance(o, value);
	case OPT_CHECK:
		o->check = 1;
		return 0;
	case 'v':
		o->verbose = 1;
		return 0;
	case OPT_LOG:
		return take_log_level(o, value);
	case OPT_HELP_CONFIG:
		hf_config_print_keys(stdout, 0);
		return 1;
	case 'h':
		fputs(help, stdout);
		return 1;
	default:
		puts("holdfast-primary " HF_VERSION);
		return 1;
	}
}

/* What getopt_long() has just refused. */
static int
refuse(int option, char **argv)
{
	const char *text = argv[optind - 1];

	if (option == ':')
		hf_err("%s: value missing: see holdfast-primary --help", text);
	else if (optopt != 0 && optopt < 256 && text[1] != '-')
		hf_err("-%c: unknown option: see holdfast-primary --help", optopt);
	else
		hf_err("%s: unknown option: see holdfast-primary --help", text);
	return -EINVAL;
}

/* Options of DPDK that are the primary's own to set, or would end it. */
static int
refuse_eal(const char *word)
{
	static const char *const owned[] = {
		"--file-prefix",
		"--proc-type",
		"--huge-dir",
		"--socket-mem",
		"--socket-limit",
		"--in-memory",
		"--no-huge",
		"--lcores",
		"--base-virtaddr",
		"--no-shconf",
		"--huge-unlink",
		"--legacy-mem",
		"--help",
		"--version",
		"--main-lcore",
		"-l",
		"-c",
		"-m",
		"-h",
		"-v",
	};

	for (unsigned int i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		size_t n = strlen(owned[i]);

		if (strncmp(word, owned[i], n) != 0 || (word[n] != '\0' && word[n] != '='))
			continue;
		hf_err("%s: not for the user: the configuration decides it", word);
		return -EINVAL;
	}
	return 0;
}

/* Options of our own end at "--" or at the first word that is none; the latter is an error. */
static int
take_rest(struct hf_primary_options *o, int argc, char **argv, const char *last_value)
{
	int separated =
		optind > 1 && argv[optind - 1] != last_value && strcmp(argv[optind - 1], "--") == 0;

	if (optind < argc && !separated) {
		hf_err("%s: unexpected argument: DPDK's options go behind --", argv[optind]);
		return -EINVAL;
	}
	for (int i = optind; i < argc; i++)
		if (refuse_eal(argv[i]) != 0)
			return -EINVAL;
	if (optind < argc && argv[optind][0] != '-') {
		hf_err("%s: no option of DPDK: see holdfast-primary --help", argv[optind]);
		return -EINVAL;
	}
	o->eal_argv = argv + optind;
	o->eal_argc = argc - optind;
	if (o->config_path == NULL) {
		hf_err("-c FILE: missing: see holdfast-primary --help");
		return -EINVAL;
	}
	return 0;
}

int
options_parse(int argc, char **argv, struct hf_primary_options *o)
{
	const char *last_value = NULL;
	int option, ret;

	*o = (struct hf_primary_options){0};
	opterr = 0;
	/* 0 makes glibc scan a new vector; '+' leaves the order of the arguments alone. */
	optind = 0;
	while ((option = getopt_long(argc, argv, "+:c:vhV", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return refuse(option, argv);
		last_value = optarg;
		ret = take_option(o, option, optarg);
		if (ret != 0)
			return ret;
	}
	return take_rest(o, argc, argv, last_value);
}
