/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: software RSS on any bytes. An input is four bytes (fields, forms, frames in the
 * burst, cut) and a frame. What the parser takes for one flow has the hash of that flow's tuple; a
 * burst hashes as its packets do, in every form.
 */
#include <rte_mbuf.h>

#include "flow_key.h"
#include "fuzz.h"
#include "reasons.h"
#include "rss.h"

#define N_FIELDS 32
#define BURST    70 /* more than one bulk */

static const uint8_t key[HF_CONFIG_KEY_MAX] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* One for each set of fields, made when it is first asked for: tables take long to fill. */
static struct hf_rss *
rss_of(uint32_t fields)
{
	static struct hf_rss *made[N_FIELDS];
	uint16_t reta[16] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};

	if (made[fields] == NULL) {
		made[fields] = malloc(sizeof(struct hf_rss));
		fuzz_check(made[fields] != NULL, "no memory");
		fuzz_check(hf_rss_init(made[fields], key, 40, fields, reta, 16) == 0, "init");
	}
	return made[fields];
}

/* The arguments of hf_rss_init() as bytes say; it refuses exactly what its contract says. */
static void
check_init(struct fuzz_input *in)
{
	static struct hf_rss rss;
	uint16_t reta[HF_CONFIG_RETA_MAX + 1];
	uint32_t key_len = fuzz_u8(in) % 64, fields = fuzz_u8(in) % 64;
	uint32_t size = fuzz_u8(in) % 16 == 0 ? fuzz_u8(in) : 1U << fuzz_u8(in) % 11;
	uint16_t lane = fuzz_u8(in) % 80;
	int good = key_len >= HF_RSS_KEY_MIN && key_len <= HF_CONFIG_KEY_MAX && fields < N_FIELDS &&
		   size > 0 && size <= HF_CONFIG_RETA_MAX && (size & (size - 1)) == 0 &&
		   lane < HF_MAX_LANES;

	for (uint32_t i = 0; i <= HF_CONFIG_RETA_MAX; i++)
		reta[i] = lane;
	fuzz_check(strlen(hf_rss_form_name(lane)) > 0, "a form without a name");
	fuzz_check((hf_rss_init(&rss, key, key_len, fields, reta, size) == 0) == good,
		   "init does not keep its contract");
}

static int
has_ports(const struct hf_rss *rss, uint8_t proto)
{
	return (proto == 6 && (rss->fields & HF_RSS_TCP) != 0) ||
	       (proto == 17 && (rss->fields & HF_RSS_UDP) != 0) ||
	       (proto == 132 && (rss->fields & HF_RSS_SCTP) != 0);
}

static uint32_t
hash_of_flow(const struct hf_rss *rss, const struct hf_flow_key *k)
{
	uint8_t tuple[HF_RSS_TUPLE_MAX];
	uint32_t n = k->family == 4 ? 4 : 16;

	if ((rss->fields & (k->family == 4 ? HF_RSS_IPV4 : HF_RSS_IPV6)) == 0)
		return 0;
	memcpy(tuple, k->src + 16 - n, n);
	memcpy(tuple + n, k->dst + 16 - n, n);
	memcpy(tuple + 2 * n, &k->sport_be, 2);
	memcpy(tuple + 2 * n + 2, &k->dport_be, 2);
	return hf_rss_hash_tuple(rss, tuple, 2 * n + (has_ports(rss, k->proto) ? 4 : 0));
}

static uint32_t
check_frame(const struct hf_rss *rss, const uint8_t *frame, size_t len)
{
	uint8_t *exact = fuzz_exact(frame, len);
	uint32_t hash = hf_rss_hash_packet(rss, exact, (uint32_t)len);
	struct hf_packet p;

	hf_packet_parse(exact, (uint32_t)len, &p);
	if (p.skip == HF_SKIP_NONE)
		fuzz_check(hash == hash_of_flow(rss, &p.key), "hash is not that of the flow");
	fuzz_check(hf_rss_lane(rss, hash) < 4, "no such lane");
	free(exact);
	return hash;
}

/* n mbufs with the frame, each cut bytes shorter than the one before. */
static void
check_burst(const struct hf_rss *rss, const uint8_t *frame, size_t len, uint32_t n, uint32_t cut)
{
	static struct rte_mbuf mbuf[BURST];
	struct rte_mbuf *list[BURST];
	uint8_t *exact = fuzz_exact(frame, len);
	uint32_t hash[BURST + 1];

	hash[n] = 0xa5a5a5a5;
	for (uint32_t i = 0; i < n; i++) {
		mbuf[i].buf_addr = exact;
		mbuf[i].data_off = 0;
		mbuf[i].data_len = (uint16_t)(i * cut < len ? len - i * cut : 0);
		list[i] = &mbuf[i];
	}
	hf_rss_hash_burst(rss, list, n, hash);
	for (uint32_t i = 0; i < n; i++)
		fuzz_check(hash[i] == hf_rss_hash_packet(rss, exact, mbuf[i].data_len),
			   "burst differs from its packets");
	fuzz_check(hash[n] == 0xa5a5a5a5, "burst wrote past its end");
	free(exact);
}

/* Any bytes as a tuple of words words, in the form that is asked for. */
static void
check_tuple(const struct hf_rss *rss, uint32_t form, const uint8_t *bytes, uint32_t words)
{
	uint8_t *exact = fuzz_exact(bytes, 4 * words);
	const uint8_t *tuple = exact;
	uint32_t hash;

	if (!hf_rss_form_usable(form))
		form = HF_RSS_TABLE;
	hf_rss_hash_bulk(rss, form, &tuple, 4 * words, 1, &hash);
	fuzz_check(hash == hf_rss_hash_tuple(rss, exact, 4 * words), "forms differ");
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint32_t fields = fuzz_u8(&in), forms = fuzz_u8(&in), n = fuzz_u8(&in) % (BURST + 1);
	uint32_t cut = fuzz_u8(&in);
	struct hf_rss *rss = rss_of(fields % N_FIELDS);

	if ((fields & 0x80) != 0) {
		check_init(&in);
		return 0;
	}
	if (in.left > UINT16_MAX)
		return 0;
	rss->form_ipv4 = forms % HF_RSS_FORMS;
	rss->form_ipv6 = forms / HF_RSS_FORMS % HF_RSS_FORMS;
	if (!hf_rss_form_usable(rss->form_ipv4) || !hf_rss_form_usable(rss->form_ipv6))
		rss->form_ipv4 = rss->form_ipv6 = HF_RSS_SCALAR;
	if (in.left >= HF_RSS_TUPLE_MAX)
		check_tuple(rss, forms % HF_RSS_FORMS, in.at + in.left - HF_RSS_TUPLE_MAX,
			    1 + cut % (HF_RSS_TUPLE_MAX / 4));
	check_frame(rss, in.at, in.left);
	check_burst(rss, in.at, in.left, n, cut % 32);
	return 0;
}
