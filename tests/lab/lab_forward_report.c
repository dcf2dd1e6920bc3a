/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `holdfast-lab forward` prints: medians, least and most of the rounds, and ratios to testpmd
 * macswap on the same source in the same round.
 */
#include <jansson.h>
#include <stdio.h>

#include "lab_forward.h"

/* A figure of the report and where it comes from. */
struct figure {
	const char *key;
	enum forward_source source;
	enum forward_engine engine;
	size_t series; /* offset in struct forward_result */
};

#define SERIES(member) offsetof(struct forward_result, member)

static const struct figure figures[] = {
	{"testpmd_io_mpps", FORWARD_PCAP, FORWARD_TESTPMD_IO, SERIES(tx)},
	{"testpmd_macswap_mpps", FORWARD_PCAP, FORWARD_TESTPMD, SERIES(tx)},
	{"software_io_mpps", FORWARD_PCAP, FORWARD_L2, SERIES(tx)},
	{"software_ratio", FORWARD_PCAP, FORWARD_L2, SERIES(ratio)},
	{"software_io_ns_per_pkt", FORWARD_PCAP, FORWARD_L2, SERIES(io)},
	{"worker_l2_ns_per_pkt", FORWARD_PCAP, FORWARD_L2, SERIES(worker)},
	{"worker_ns_per_pkt", FORWARD_PCAP, FORWARD_L2_FLOW, SERIES(worker)},
	/* hardware: on virtio-user, which has a generator at its other end */
	{"hardware_mpps", FORWARD_VIRTIO, FORWARD_L2, SERIES(tx)},
	{"hardware_ratio", FORWARD_VIRTIO, FORWARD_L2, SERIES(ratio)},
	{"hardware_flow_ratio", FORWARD_VIRTIO, FORWARD_L2_FLOW, SERIES(ratio)},
	{"hardware_l2_ns_per_pkt", FORWARD_VIRTIO, FORWARD_L2, SERIES(worker)},
	{"hardware_flow_ns_per_pkt", FORWARD_VIRTIO, FORWARD_L2_FLOW, SERIES(worker)},
	{"null_mpps", FORWARD_NULL, FORWARD_L2, SERIES(tx)},
	{"null_ratio", FORWARD_NULL, FORWARD_L2, SERIES(ratio)},
	{"null_l2_ns_per_pkt", FORWARD_NULL, FORWARD_L2, SERIES(worker)},
	{"null_flow_ns_per_pkt", FORWARD_NULL, FORWARD_L2_FLOW, SERIES(worker)},
};

static const struct lab_series *
find_series(const struct forward_run *r, const struct figure *f)
{
	for (uint32_t i = 0; i < r->n_results; i++) {
		const struct forward_result *res = &r->result[i];

		if (res->what->source == f->source && res->what->engine == f->engine)
			return (const struct lab_series *)((const char *)res + f->series);
	}
	return NULL;
}

static int
is_lane(const struct forward_result *res)
{
	return res->what->engine == FORWARD_L2 || res->what->engine == FORWARD_L2_FLOW;
}

static void
print_owner(const struct forward_result *res)
{
	if (is_lane(res))
		printf(" %9.1f %6.0f%%", lab_median(&res->worker), 100 * lab_median(&res->busy));
	if (is_lane(res) && res->what->source == FORWARD_PCAP)
		printf(" %7.1f", lab_median(&res->io));
}

/* What a packet costs the I/O thread, step by step. */
static void
print_steps(const struct forward_run *r)
{
	for (uint32_t i = 0; i < r->n_results; i++) {
		const struct forward_result *res = &r->result[i];

		if (!is_lane(res) || res->what->source != FORWARD_PCAP)
			continue;
		printf("%s: I/O ns:", res->what->name);
		for (uint32_t k = 0; k < HF_IO_STEPS; k++)
			printf(" %s %.1f", hf_io_step_name(k), lab_median(&res->io_step[k]));
		putchar('\n');
	}
}

void
forward_print_text(const struct forward_run *r)
{
	printf("%-34s %7s %15s %6s %13s %9s %7s %7s\n", "CASE", "MPPS", "(min - max)", "RATIO",
	       "(min - max)", "OWNER ns", "BUSY", "I/O ns");
	for (uint32_t i = 0; i < r->n_results; i++) {
		const struct forward_result *res = &r->result[i];

		printf("%-34s %7.2f %6.2f - %6.2f %6.3f %5.3f - %5.3f", res->what->name,
		       lab_median(&res->tx), lab_least(&res->tx), lab_most(&res->tx),
		       lab_median(&res->ratio), lab_least(&res->ratio), lab_most(&res->ratio));
		print_owner(res);
		putchar('\n');
	}
	putchar('\n');
	print_steps(r);
	printf("%u rounds of %.1f s. RATIO: to testpmd macswap on the same source, in the same "
	       "round.\nns: busy time a packet. A cache line from CPU 0 to CPU 1 and back: %.0f ns "
	       "(%.0f - %.0f).\n",
	       r->rounds, r->seconds, lab_median(&r->line), lab_least(&r->line),
	       lab_most(&r->line));
}

static json_t *
spread(const struct lab_series *s)
{
	return json_pack("[f, f]", lab_least(s), lab_most(s));
}

static json_t *
steps_json(const struct forward_result *res)
{
	json_t *o = json_object();

	for (uint32_t k = 0; k < HF_IO_STEPS; k++)
		json_object_set_new(o, hf_io_step_name(k), json_real(lab_median(&res->io_step[k])));
	return o;
}

static json_t *
case_json(const struct forward_result *res)
{
	json_t *o = json_pack("{s:s, s:f, s:o, s:f, s:f, s:o}", "name", res->what->name, "mpps",
			      lab_median(&res->tx), "mpps_spread", spread(&res->tx), "rx_mpps",
			      lab_median(&res->rx), "ratio", lab_median(&res->ratio),
			      "ratio_spread", spread(&res->ratio));

	if (is_lane(res)) {
		json_object_set_new(o, "owner_ns_per_pkt", json_real(lab_median(&res->worker)));
		json_object_set_new(o, "owner_busy", json_real(lab_median(&res->busy)));
	}
	if (is_lane(res) && res->what->source == FORWARD_PCAP) {
		json_object_set_new(o, "io_ns_per_pkt", json_real(lab_median(&res->io)));
		json_object_set_new(o, "io_steps_ns_per_pkt", steps_json(res));
	}
	return o;
}

void
forward_print_json(const struct forward_run *r)
{
	json_t *all = json_pack("{s:i, s:f}", "rounds", (int)r->rounds, "seconds", r->seconds);
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const struct lab_series *s = find_series(r, &figures[i]);
		char key[64];

		snprintf(key, sizeof(key), "%s_spread", figures[i].key);
		json_object_set_new(all, figures[i].key,
				    s != NULL ? json_real(lab_median(s)) : json_null());
		json_object_set_new(all, key, s != NULL ? spread(s) : json_null());
	}
	for (uint32_t i = 0; i < r->n_results; i++)
		json_array_append_new(list, case_json(&r->result[i]));
	json_object_set_new(all, "line_round_trip_ns", json_real(lab_median(&r->line)));
	json_object_set_new(all, "line_round_trip_ns_spread", spread(&r->line));
	json_object_set_new(all, "cases", list);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(all);
}
