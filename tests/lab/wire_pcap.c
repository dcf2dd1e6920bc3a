/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows from a capture: who talks to whom, in which order and in which sizes. Runs in holdfast-wire
 * before anything is sent. Keeps no payload: packets carry our own.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "reasons.h"
#include "wire_flows.h"
#include "wire_frame.h"

#define PROTO_TCP  6
#define PROTO_UDP  17
#define PROTO_SCTP 132

struct entry {
	struct hf_flow_key key;
	uint32_t position;
	uint32_t size;
};

struct list {
	struct entry *entry;
	size_t n, room;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(&((const struct entry *)a)->key, &((const struct entry *)b)->key,
		      sizeof(struct hf_flow_key));
}

static int
has_ports(const struct hf_packet *p)
{
	return p->skip == HF_SKIP_NONE && !p->fragment &&
	       (p->key.proto == PROTO_TCP || p->key.proto == PROTO_UDP ||
		p->key.proto == PROTO_SCTP);
}

static int
append(struct list *l, const struct hf_packet *p, uint32_t len)
{
	uint32_t min = wire_frame_min(p->key.family);

	if (l->n == l->room) {
		size_t room = l->room == 0 ? 4096 : 2 * l->room;
		struct entry *grown = realloc(l->entry, room * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		l->entry = grown;
		l->room = room;
	}
	l->entry[l->n].key = p->key;
	l->entry[l->n].key.proto = PROTO_UDP;
	l->entry[l->n].position = (uint32_t)l->n;
	l->entry[l->n++].size = len < min ? min : len > WIRE_SIZE_MAX ? WIRE_SIZE_MAX : len;
	return 0;
}

static int
read_all(pcap_t *pcap, struct wire_flows *f, struct list *l)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	struct hf_packet p;
	int rc, err = 0;

	while (err == 0 && l->n < UINT32_MAX && (rc = pcap_next_ex(pcap, &header, &data)) == 1) {
		hf_packet_parse(data, header->caplen, &p);
		if (has_ports(&p))
			err = append(l, &p, header->len);
		else
			f->skipped++;
	}
	return err;
}

/* Ids in the order of keys; the order of packets stays. */
static int
number(struct wire_flows *f, struct list *l)
{
	f->key = malloc(l->n * sizeof(*f->key));
	f->record = calloc(l->n, sizeof(*f->record));
	if (f->key == NULL || f->record == NULL)
		return -ENOMEM;
	qsort(l->entry, l->n, sizeof(*l->entry), compare);
	f->n = 0;
	f->n_records = l->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct entry *e = &l->entry[i];

		if (i == 0 || compare(e - 1, e) != 0)
			f->key[f->n++] = e->key;
		f->record[e->position].flow = f->n - 1;
		f->record[e->position].size = (uint16_t)e->size;
	}
	return 0;
}

int
wire_flows_load_pcap(struct wire_flows *f, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, why);
	struct list l = {0};
	int err;

	if (pcap == NULL) {
		hf_err("%s: open: %s", path, why);
		return -EINVAL;
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		hf_err("%s: link type %d: not Ethernet", path, pcap_datalink(pcap));
		pcap_close(pcap);
		return -EINVAL;
	}
	err = read_all(pcap, f, &l);
	pcap_close(pcap);
	if (err == 0 && l.n == 0) {
		hf_err("%s: flows: none with UDP, TCP or SCTP ports in it", path);
		err = -EINVAL;
	}
	if (err == 0)
		err = number(f, &l);
	free(l.entry);
	return err;
}
