/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers to text. Owns nothing, changes nothing. Runs when the traffic is over, but for the
 * progress line.
 */
#include "wire_report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "units.h"
#include "wire_run.h"

static const char *const fault_names[WIRE_FAULT_COUNT] = {
	[WIRE_FAULT_NONE] = "none",
	[WIRE_FAULT_LENGTH] = "length",
	[WIRE_FAULT_MACS] = "macs",
	[WIRE_FAULT_HEADERS] = "headers",
	[WIRE_FAULT_PAYLOAD] = "payload",
	[WIRE_FAULT_NEVER_SENT] = "never_sent",
	[WIRE_FAULT_WRONG_PORT] = "wrong_port",
};

static const struct {
	const char *name;
	double part;
} quantiles[] = {{"min", 0}, {"p50", 0.5}, {"p99", 0.99}, {"max", 1}};

static double
seconds(const struct wire *w)
{
	return (double)(w->stop_tsc - w->start_tsc) / (double)w->hz;
}

static double
achieved_pps(const struct wire *w)
{
	return seconds(w) > 0 ? (double)w->generator.tx_pkts / seconds(w) : 0;
}

static double
offered_pps(const struct wire *w)
{
	return w->options.rate != 0 && w->options.turn <= 0 ? (double)w->options.rate
							    : achieved_pps(w);
}

static double
latency_us(const struct wire *w, double part)
{
	const struct wire_latency *l = &w->check.latency;
	uint64_t ticks = part <= 0 ? l->min : part >= 1 ? l->max : wire_latency_quantile(l, part);

	return (double)ticks * 1e6 / (double)w->hz;
}

void
wire_report_progress(const struct wire *w, uint64_t now)
{
	double s = (double)(now - w->start_tsc) / (double)w->hz;
	const struct wire_totals *t = &w->check.totals;
	char tx[16], rx[16];

	fprintf(stderr, "\r%6.1f s  %s sent, %s/s  %s received  %" PRIu64 " wrong\033[K", s,
		hf_format_si(tx, sizeof(tx), (double)w->generator.tx_pkts),
		hf_format_si(rx, sizeof(rx), (double)w->generator.tx_pkts / s),
		hf_format_si((char[16]){0}, 16, (double)t->rx_pkts),
		t->duplicated + t->reordered + t->content_errors);
	fflush(stderr);
}

static void
print_faults(const struct wire_totals *t)
{
	for (int i = 1; i < WIRE_FAULT_COUNT; i++)
		if (t->fault[i] > 0)
			printf("  %-16s %14" PRIu64 "\n", fault_names[i], t->fault[i]);
}

static void
print_table(const struct wire *w)
{
	const struct wire_totals *t = &w->check.totals;

	printf("sent               %14" PRIu64 " packets in %.3f s, %.0f/s of %.0f/s\n",
	       w->generator.tx_pkts, seconds(w), achieved_pps(w), offered_pps(w));
	printf("received           %14" PRIu64 "\n", t->rx_pkts);
	printf("lost               %14" PRIu64 "\n", t->lost);
	printf("duplicated         %14" PRIu64 "\n", t->duplicated);
	printf("reordered          %14" PRIu64 "\n", t->reordered);
	printf("content errors     %14" PRIu64 "\n", t->content_errors);
	print_faults(t);
	printf("foreign            %14" PRIu64 "\n", t->foreign);
	printf("flows              %14" PRIu32 ", %" PRIu64 " came on several queues\n", w->flows.n,
	       t->flows_on_several_queues);
	printf("latency us         min %.1f  p50 %.1f  p99 %.1f  max %.1f\n", latency_us(w, 0),
	       latency_us(w, 0.5), latency_us(w, 0.99), latency_us(w, 1));
	printf("received by queue ");
	for (uint16_t q = 0; q < w->ports.n_queues; q++)
		printf(" %" PRIu64, t->queue_rx[q]);
	putchar('\n');
	puts(wire_check_good(&w->check, w->options.allow_loss) ? "traffic was right"
							       : "traffic was WRONG");
}

static void
set_integer(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *
counts_to_json(const struct wire *w)
{
	const struct wire_totals *t = &w->check.totals;
	json_t *o = json_object();

	set_integer(o, "tx_pkts", w->generator.tx_pkts);
	set_integer(o, "tx_bytes", w->generator.tx_bytes);
	set_integer(o, "rx_pkts", t->rx_pkts);
	set_integer(o, "rx_bytes", t->rx_bytes);
	set_integer(o, "lost", t->lost);
	set_integer(o, "duplicated", t->duplicated);
	set_integer(o, "reordered", t->reordered);
	set_integer(o, "late", t->late);
	set_integer(o, "content_errors", t->content_errors);
	set_integer(o, "foreign", t->foreign);
	set_integer(o, "flows", w->flows.n);
	set_integer(o, "flows_on_several_queues", t->flows_on_several_queues);
	set_integer(o, "pcap_skipped", w->flows.skipped);
	return o;
}

static int
print_json(const struct wire *w)
{
	json_t *o = counts_to_json(w), *latency = json_object(), *queues = json_array();
	json_t *faults = json_object();
	int err;

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		json_object_set_new(latency, quantiles[i].name,
				    json_real(latency_us(w, quantiles[i].part)));
	for (uint16_t q = 0; q < w->ports.n_queues; q++)
		json_array_append_new(queues,
				      json_integer((json_int_t)w->check.totals.queue_rx[q]));
	for (int i = 1; i < WIRE_FAULT_COUNT; i++)
		set_integer(faults, fault_names[i], w->check.totals.fault[i]);
	json_object_set_new(o, "offered_pps", json_real(offered_pps(w)));
	json_object_set_new(o, "achieved_pps", json_real(achieved_pps(w)));
	json_object_set_new(o, "behind_seconds",
			    json_real((double)w->generator.skipped_tsc / (double)w->hz));
	json_object_set_new(o, "seconds", json_real(seconds(w)));
	json_object_set_new(o, "latency_us", latency);
	json_object_set_new(o, "per_queue_rx", queues);
	json_object_set_new(o, "faults", faults);
	json_object_set_new(o, "interrupted", json_boolean(w->interrupted));
	err = json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(o);
	return err == 0 ? 0 : -ENOMEM;
}

int
wire_report_print(const struct wire *w)
{
	int err = 0;

	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (w->options.json)
		err = print_json(w);
	else
		print_table(w);
	return fflush(stdout) != 0 ? -EIO : err;
}

static void
print_flow(FILE *f, const struct wire *w, uint32_t id, const char *separator)
{
	const struct wire_sent *s = &w->generator.sent[id];
	const struct wire_seen *seen = &w->check.seen[id];
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct hf_flow_key key;
	int family, skip;

	wire_flow_key(&w->flows, id, &key);
	family = key.family == 4 ? AF_INET : AF_INET6;
	skip = key.family == 4 ? 12 : 0;
	inet_ntop(family, key.src + skip, src, sizeof(src));
	inet_ntop(family, key.dst + skip, dst, sizeof(dst));
	fprintf(f,
		"%s\n{\"id\":%" PRIu32
		",\"src\":\"%s\",\"dst\":\"%s\",\"sport\":%u,\"dport\":%u,\"proto\":%u,"
		"\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"received\":%" PRIu64
		",\"queue\":%d}",
		separator, id, src, dst, ntohs(key.sport_be), ntohs(key.dport_be), key.proto,
		s->pkts, s->bytes, seen->pkts, seen->queue == WIRE_QUEUE_NONE ? -1 : seen->queue);
}

/* Written flow by flow: there may be millions. */
int
wire_report_flows(const struct wire *w, const char *path)
{
	FILE *f = fopen(path, "we");
	const char *separator = "";
	int err = 0;

	if (f != NULL) {
		fprintf(f,
			"{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
			",\"skipped\":{\"not_ip\":0,\"truncated\":0,\"malformed\":0},\"flows\":[",
			w->generator.tx_pkts, w->generator.tx_bytes);
		for (uint32_t i = 0; i < w->flows.n; i++) {
			if (w->generator.sent[i].pkts == 0)
				continue;
			print_flow(f, w, i, separator);
			separator = ",";
		}
		fputs("]}\n", f);
		err = ferror(f);
	}
	if (f == NULL || (fclose(f) | err) != 0) {
		err = errno != 0 ? -errno : -EIO;
		hf_err("%s: write: %s", path, strerror(-err));
		return err;
	}
	return 0;
}
