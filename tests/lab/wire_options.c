/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options are rows of one table: name, what it takes, who takes it, help. Runs before EAL; starts
 * and opens nothing.
 */
#include "wire_options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "units.h"
#include "version.h"

/* Takes a value; name: of the option, for messages. Returns 0, 1: end well, or -EINVAL (logged). */
typedef int take_fn(struct wire_options *o, const char *name, const char *value);

enum kind { KIND_TAKE, KIND_NUMBER, KIND_SECONDS, KIND_TEXT };

struct row {
	const char *name;
	const char *value; /* its name in the help; NULL: takes none */
	const char *help;
	enum kind kind;
	uint32_t offset, bytes; /* of the field; not for KIND_TAKE */
	uint64_t min, max;      /* of a number */
	take_fn *take;          /* for KIND_TAKE */
};

static int
refuse(const char *name, const char *value, const char *want)
{
	hf_err("--%s: '%s': not %s", name, value, want);
	return -EINVAL;
}

static int
take_number(const char *name, const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	if (hf_parse_u64(value, min, max, out) == 0)
		return 0;
	hf_err("--%s: '%s': not a number from %llu to %llu", name, value, (unsigned long long)min,
	       (unsigned long long)max);
	return -EINVAL;
}

static int
take_row(struct wire_options *o, const struct row *r, const char *value)
{
	uint8_t *field = (uint8_t *)o + r->offset;
	uint64_t number = 0;
	double seconds = 0;

	switch (r->kind) {
	case KIND_NUMBER:
		if (take_number(r->name, value, r->min, r->max, &number) != 0)
			return -EINVAL;
		memcpy(field, &number, r->bytes); /* little-endian, as all of this program */
		return 0;
	case KIND_SECONDS:
		if (hf_parse_seconds(value, 0, 1e6, &seconds) != 0)
			return refuse(r->name, value, "a number of seconds");
		memcpy(field, &seconds, sizeof(seconds));
		return 0;
	case KIND_TEXT:
		memcpy(field, &value, sizeof(value));
		return 0;
	default:
		return r->take(o, r->name, value);
	}
}

static int
take_port(struct wire_options *o, const char *name, const char *value)
{
	if (o->n_ports == WIRE_PORTS_MAX) {
		hf_err("--%s: '%s': more than %d ports", name, value, WIRE_PORTS_MAX);
		return -EINVAL;
	}
	o->device[o->n_ports++] = value;
	return 0;
}

static int
take_return(struct wire_options *o, const char *name, const char *value)
{
	o->same_port = strcmp(value, "same") == 0;
	o->return_given = 1;
	return o->same_port || strcmp(value, "peer") == 0 ? 0 : refuse(name, value, "peer or same");
}

static int
take_expect(struct wire_options *o, const char *name, const char *value)
{
	o->expect = strcmp(value, "wire") == 0 ? WIRE_EXPECT_WIRE : WIRE_EXPECT_MACSWAP;
	return o->expect == WIRE_EXPECT_WIRE || strcmp(value, "macswap") == 0
		       ? 0
		       : refuse(name, value, "macswap or wire");
}

static int
take_ip(struct wire_options *o, const char *name, const char *value)
{
	o->family = strcmp(value, "4") == 0 ? 4 : strcmp(value, "6") == 0 ? 6 : 0;
	return o->family != 0 || strcmp(value, "mixed") == 0 ? 0
							     : refuse(name, value, "4, 6 or mixed");
}

static int
take_size(struct wire_options *o, const char *name, const char *value)
{
	char text[512], *at = text, *word;
	uint64_t n;

	if (snprintf(text, sizeof(text), "%s", value) >= (int)sizeof(text))
		return refuse(name, value, "that long");
	o->n_sizes = 0;
	while ((word = strsep(&at, ",")) != NULL) {
		if (o->n_sizes == WIRE_SIZES_MAX)
			return refuse(name, value, "a list of up to 64 sizes");
		if (take_number(name, word, WIRE_SIZE_MIN4, WIRE_SIZE_MAX, &n) != 0)
			return -EINVAL;
		o->size[o->n_sizes++] = (uint16_t)n;
	}
	return 0;
}

static int
take_distribution(struct wire_options *o, const char *name, const char *value)
{
	char *end;

	if (strcmp(value, "uniform") == 0)
		o->pick = WIRE_PICK_UNIFORM;
	else if (strcmp(value, "sequential") == 0)
		o->pick = WIRE_PICK_SEQUENTIAL;
	else if (strncmp(value, "zipf=", 5) == 0) {
		o->pick = WIRE_PICK_ZIPF;
		o->zipf = strtod(value + 5, &end);
		if (end == value + 5 || *end != '\0' || !(o->zipf >= 0 && o->zipf <= 10))
			return refuse(name, value, "zipf=S with S from 0 to 10");
	} else
		return refuse(name, value, "uniform, sequential or zipf=S");
	return 0;
}

static int
parse_rate(const char *name, const char *value, uint64_t *rate)
{
	*rate = 0;
	return strcmp(value, "max") == 0 ? 0 : take_number(name, value, 1, WIRE_RATE_MAX, rate);
}

static int
take_rate(struct wire_options *o, const char *name, const char *value)
{
	return parse_rate(name, value, &o->rate);
}

static int
take_other_rate(struct wire_options *o, const char *name, const char *value)
{
	char number[8];
	uint64_t percent;
	size_t len = strlen(value);

	o->other_percent = 0;
	if (len < 2 || len > sizeof(number) || value[len - 1] != '%')
		return parse_rate(name, value, &o->other_rate);
	snprintf(number, sizeof(number), "%.*s", (int)len - 1, value);
	if (take_number(name, number, 1, 100, &percent) != 0)
		return -EINVAL;
	o->other_percent = (uint32_t)percent;
	return 0;
}

static int
take_idle(struct wire_options *o, const char *name, const char *value)
{
	o->idle_sleeps = strcmp(value, "sleep") == 0;
	return o->idle_sleeps || strcmp(value, "poll") == 0 ? 0
							    : refuse(name, value, "poll or sleep");
}

static int
take_hex_key(struct wire_options *o, const char *name, const char *value)
{
	size_t digits = strlen(value);
	unsigned int byte;

	if (digits % 2 != 0 || digits < 80 || digits > (size_t)2 * WIRE_KEY_MAX ||
	    strspn(value, "0123456789abcdefABCDEF") != digits)
		return refuse(name, value, "symmetric, default or 40 to 52 bytes in hexadecimal");
	o->key_len = (uint32_t)digits / 2;
	for (uint32_t i = 0; i < o->key_len; i++) {
		if (sscanf(value + (size_t)2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		o->key[i] = (uint8_t)byte;
	}
	return 0;
}

/* Symmetric: Woo and Park 2012. Default: of the published RSS verification suite. */
static int
take_rss_key(struct wire_options *o, const char *name, const char *value)
{
	if (strcmp(value, "symmetric") == 0)
		value = "6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a"
			"6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a";
	else if (strcmp(value, "default") == 0)
		value = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcb"
			"ae7b30b477cb2da38030f20c6a42b73bbeac01fa";
	return take_hex_key(o, name, value);
}

static int
take_version(struct wire_options *o, const char *name, const char *value)
{
	puts("holdfast-wire " HF_VERSION);
	return 1;
}

static int
take_json(struct wire_options *o, const char *name, const char *value)
{
	o->json = 1;
	return 0;
}

static int
take_verbose(struct wire_options *o, const char *name, const char *value)
{
	o->verbose = 1;
	return 0;
}

static take_fn take_help;

#define TAKE(fn)          KIND_TAKE, 0, 0, 0, 0, fn
#define FIELD(field)      offsetof(struct wire_options, field), sizeof(((struct wire_options *)0)->field)
#define NUMBER(f, lo, hi) KIND_NUMBER, FIELD(f), lo, hi, NULL
#define SECONDS(f)        KIND_SECONDS, FIELD(f), 0, 0, NULL
#define TEXT(f)           KIND_TEXT, FIELD(f), 0, 0, NULL

static const struct row rows[] = {
	{"port", "DEVICE", "a DPDK device string; once for each port", TAKE(take_port)},
	{"queues", "N", "receive and transmit queues of each port [1]", NUMBER(n_queues, 1, 64)},
	{"descriptors", "N", "of each queue [1024]", NUMBER(descriptors, 32, 32768)},
	{"return", "WHERE",
	 "peer: ports are pairs (0,1) (2,3), same: [same for one port, else peer]",
	 TAKE(take_return)},
	{"expect", "MODE", "macswap or wire: what becomes of MAC addresses [macswap]",
	 TAKE(take_expect)},
	{"ip", "VERSION", "4, 6 or mixed [4]", TAKE(take_ip)},
	{"size", "LIST", "bytes of a frame without FCS, taken in turn [70; IPv6 90]",
	 TAKE(take_size)},
	{"flows", "N", "1 to 16,777,216 [1024]", NUMBER(n_flows, 1, WIRE_FLOWS_MAX)},
	{"distribution", "D", "uniform, sequential or zipf=S [uniform]", TAKE(take_distribution)},
	{"pcap", "FILE", "flows, sizes and their order from a capture, repeated", TEXT(pcap)},
	{"seed", "N", "of what is random [1]", NUMBER(seed, 0, UINT64_MAX)},
	{"rate", "PPS", "packets a second over all ports, or max [max]", TAKE(take_rate)},
	{"other-rate", "PPS",
	 "the rate in every second turn, or N% of what the turn before sent [max]",
	 TAKE(take_other_rate)},
	{"turn", "S", "how long a rate is kept, in turn with the other; 0: always [0]",
	 SECONDS(turn)},
	{"burst", "N", "packets sent at a time, up to 32 [32; fewer at low rates]",
	 NUMBER(burst, 1, 32)},
	{"packets", "N", "ends after so many", NUMBER(packets, 1, UINT64_MAX)},
	{"seconds", "S", "ends after so long [10 without --packets]", SECONDS(seconds)},
	{"idle", "HOW", "poll or sleep, while there is nothing to do [poll]", TAKE(take_idle)},
	{"cpu", "N", "runs on this CPU [any]", NUMBER(cpu, 0, 1023)},
	{"rss-key", "KEY", "symmetric, default or hexadecimal [symmetric]", TAKE(take_rss_key)},
	{"start-when", "FILE", "sends once this file exists", TEXT(start_when)},
	{"settle", "S", "sends when all links have been up for so long [1]", SECONDS(settle)},
	{"wait", "S", "waits so long for that, then fails; 0: for ever [30]", SECONDS(wait)},
	{"drain", "S", "receives so long after the last packet [1]", SECONDS(drain)},
	{"allow-loss", "N", "so many lost packets are no failure [0]",
	 NUMBER(allow_loss, 0, UINT64_MAX)},
	{"per-flow", "FILE", "writes what was sent of each flow, as JSON", TEXT(per_flow)},
	{"json", NULL, "the result as one object", TAKE(take_json)},
	{"verbose", NULL, "DPDK's own messages too", TAKE(take_verbose)},
	{"help", NULL, "this text", TAKE(take_help)},
	{"version", NULL, "prints the version", TAKE(take_version)},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int
take_help(struct wire_options *o, const char *name, const char *value)
{
	char left[64];

	puts("usage: holdfast-wire --port DEVICE [--port DEVICE] [OPTION]... [-- EAL OPTION]...\n\n"
	     "Sends packets, receives what becomes of them and checks that each comes back once, in\n"
	     "order, unchanged and where it should.\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			 rows[i].value != NULL ? rows[i].value : "");
		printf("  %-20s %s\n", left, rows[i].help);
	}
	puts("\nExit status: 0 traffic was right, 3 it was wrong, 1 failed at run time, 2 bad usage.");
	return 1;
}

static int
parse_all(int argc, char **argv, struct wire_options *o)
{
	struct option options[N_ROWS + 1] = {0};
	const char *last_value = NULL;
	int option, err;

	for (size_t i = 0; i < N_ROWS; i++)
		options[i] = (struct option){rows[i].name, rows[i].value != NULL, NULL, (int)i};
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "+:hV", options, NULL)) != -1) {
		if (option == '?' || option == ':') {
			hf_err("%s: %s: see holdfast-wire --help", argv[optind - 1],
			       option == ':' ? "value missing" : "unknown option");
			return -EINVAL;
		}
		last_value = optarg;
		if (option == 'h')
			err = take_help(o, "help", NULL);
		else if (option == 'V')
			err = take_version(o, "version", NULL);
		else
			err = take_row(o, &rows[option], optarg);
		if (err != 0)
			return err;
	}
	if (optind < argc &&
	    (argv[optind - 1] == last_value || strcmp(argv[optind - 1], "--") != 0)) {
		hf_err("%s: unexpected argument: DPDK's options go behind --", argv[optind]);
		return -EINVAL;
	}
	o->eal_argv = argv + optind;
	o->eal_argc = argc - optind;
	return 0;
}

/* What one option cannot know of another. */
static int
check_together(struct wire_options *o)
{
	uint16_t min = (uint16_t)wire_frame_min(o->family == 4 ? 4 : 6);

	if (o->n_ports == 0) {
		hf_err("--port DEVICE: missing: see holdfast-wire --help");
		return -EINVAL;
	}
	if (!o->return_given)
		o->same_port = o->n_ports == 1;
	if (!o->same_port && o->n_ports % 2 != 0) {
		hf_err("--return peer: %u ports: not pairs of ports", o->n_ports);
		return -EINVAL;
	}
	if (o->n_sizes == 0)
		o->size[o->n_sizes++] = min;
	for (uint16_t i = 0; i < o->n_sizes && o->pcap == NULL; i++)
		if (o->size[i] < min) {
			hf_err("--size: '%u': IPv6 needs %u bytes", o->size[i], min);
			return -EINVAL;
		}
	if (o->packets == 0 && o->seconds <= 0)
		o->seconds = 10;
	return 0;
}

int
wire_options_parse(int argc, char **argv, struct wire_options *o)
{
	int err;

	*o = (struct wire_options){.n_queues = 1,
				   .descriptors = 1024,
				   .family = 4,
				   .n_flows = 1024,
				   .cpu = -1,
				   .drain = 1,
				   .wait = 30,
				   .settle = 1,
				   .seed = 1};
	take_rss_key(o, "rss-key", "symmetric");
	err = parse_all(argc, argv, o);
	return err != 0 ? err : check_together(o);
}
