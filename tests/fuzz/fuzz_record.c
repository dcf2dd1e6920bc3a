/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the reader of recordings. An input is a list of steps that make two files: good
 * samples with places overwritten before they are packed, chunks whose checksums are right and
 * whose contents are the input's, raw bytes, cuts and damage. Whatever they are, the reader ends,
 * and a sample that it returns can be shown by every view that writes: printable, within its rows.
 */
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chunk.h"
#include "fuzz.h"
#include "history.h"
#include "view.h"

#define STEPS_MAX 12
#define FILE_MAX  (256UL << 10)
#define FLOWS     3U

struct file {
	uint8_t bytes[FILE_MAX];
	size_t n;
};

/* All that is made once. */
struct world {
	char dir[32], path[64], old[64];
	struct file file[2];
	struct hf_packer packer;
	struct hf_sample in, out;
	char *text;
	size_t text_len;
	FILE *stream;
};

static struct world world;

static void
clean_up(void)
{
	unlink(world.path);
	unlink(world.old);
	rmdir(world.dir);
}

static void
make_world(struct world *w)
{
	if (w->stream != NULL)
		return;
	snprintf(w->dir, sizeof(w->dir), "/dev/shm/hf-fuzz-XXXXXX");
	fuzz_check(mkdtemp(w->dir) != NULL, "no folder");
	snprintf(w->path, sizeof(w->path), "%s/tape", w->dir);
	snprintf(w->old, sizeof(w->old), "%s/tape.1", w->dir);
	atexit(clean_up);
	fuzz_check(packer_init(&w->packer, FLOWS) == 0, "no memory");
	fuzz_check(sample_init(&w->in, FLOWS) == 0, "no memory");
	fuzz_check(sample_init(&w->out, FLOWS - 1) == 0, "no memory");
	w->stream = open_memstream(&w->text, &w->text_len);
	fuzz_check(w->stream != NULL, "no stream");
}

static uint32_t
fuzz_u32(struct fuzz_input *in)
{
	uint32_t v = fuzz_u8(in);

	for (unsigned int i = 0; i < 3; i++)
		v = v << 8 | fuzz_u8(in);
	return v;
}

static void
add(struct file *f, const void *bytes, size_t n)
{
	if (n > FILE_MAX - f->n)
		n = FILE_MAX - f->n;
	memcpy(f->bytes + f->n, bytes, n);
	f->n += n;
}

static void
add_chunk(struct file *f, uint32_t type, const void *payload, uint32_t bytes)
{
	static const uint8_t zeros[8];
	struct hf_chunk c;

	chunk_make(&c, (enum hf_chunk_type)type, payload, bytes);
	add(f, &c, sizeof(c));
	add(f, payload, bytes);
	add(f, zeros, chunk_length(&c) - sizeof(c) - bytes);
}

/* Bytes of the input over a place of a sample. */
static void
patch(struct fuzz_input *in, void *memory, size_t size)
{
	uint32_t at = fuzz_u32(in) % (uint32_t)size, n = fuzz_u8(in);

	for (uint32_t i = 0; i < n && at + i < size; i++)
		((uint8_t *)memory)[at + i] = fuzz_u8(in);
}

/* Counts that say there is something in every table, of bytes that are no text. */
static void
fill(struct hf_sample *s, uint8_t byte)
{
	struct hf_flow_row *rows = s->flows.rows;

	memset(s, byte, sizeof(*s));
	s->flows.rows = rows;
	s->flows.top = FLOWS;
	s->state = HF_SAMPLE_LIVE;
	memset(rows, byte, FLOWS * sizeof(*rows));
}

static void
start_sample(struct hf_sample *s, uint32_t n)
{
	struct hf_flow_row *rows = s->flows.rows;

	memset(s, 0, sizeof(*s));
	memset(rows, 0, FLOWS * sizeof(*rows));
	s->flows.rows = rows;
	s->flows.top = FLOWS;
	s->flows.n = n % (FLOWS + 1);
	s->state = HF_SAMPLE_LIVE;
	s->n_lanes = 2;
	s->n_ports = 1;
	s->n_workers = 1;
	s->n_events = 2;
}

/*
 * A sample that is packed well, and its lengths maybe not so well after that: what = 3.
 */
static void
add_sample(struct world *w, struct file *f, struct fuzz_input *in, uint8_t what)
{
	const struct hf_packed *packed;
	uint8_t *copy;

	start_sample(&w->in, what);
	if ((what & 3) == 1)
		fill(&w->in, fuzz_u8(in));
	w->in.time_s = fuzz_u8(in);
	for (uint8_t n = fuzz_u8(in) % 8; n > 0; n--)
		patch(in, (char *)&w->in, offsetof(struct hf_sample, flows));
	patch(in, w->in.flows.rows, FLOWS * sizeof(w->in.flows.rows[0]));
	if (w->in.n_lanes > HF_MAX_LANES || w->in.n_ports > HF_MAX_PORTS)
		w->in.n_lanes = w->in.n_ports = 1; /* a packer is given what was taken */
	w->in.flows.n = w->in.flows.n > FLOWS ? FLOWS : w->in.flows.n;
	if ((what & 4) != 0)
		packer_renew(&w->packer);
	packed = packer_pack(&w->packer, &w->in);
	fuzz_check(packed != NULL, "a sample that cannot be packed");
	copy = fuzz_exact((const uint8_t *)packed, packed->bytes);
	if ((what & 3) == 3)
		patch(in, copy, sizeof(*packed) + packed->digest_bytes);
	if ((what & 3) == 2 && (what & 8) != 0)
		patch(in, copy, packed->bytes);
	add_chunk(f, HF_CHUNK_SAMPLE, copy, packed->bytes);
	free(copy);
}

static void
step(struct world *w, struct file *f, struct fuzz_input *in)
{
	uint8_t what = fuzz_u8(in);
	size_t n;

	switch (what >> 5) {
	case 0: /* the input's bytes, with right checksums */
		n = fuzz_u8(in) < in->left ? 64 : in->left;
		n = n < in->left ? n : in->left;
		add_chunk(f, what & 3, in->at, (uint32_t)n);
		in->at += n;
		in->left -= n;
		break;
	case 1: /* as they are */
		n = (what & 31U) < in->left ? what & 31U : in->left;
		add(f, in->at, n);
		in->at += n;
		in->left -= n;
		break;
	case 2: /* a cut */
		n = fuzz_u32(in) % 2048;
		f->n -= n < f->n ? n : f->n;
		break;
	case 3: /* damage */
		if (f->n > 0)
			f->bytes[fuzz_u32(in) % f->n] ^= (uint8_t)(what | 1);
		break;
	default:
		add_sample(w, f, in, what & 31);
		break;
	}
}

static void
write_file(const char *path, const struct file *f)
{
	FILE *out;

	unlink(path);
	if (f->n == 0)
		return;
	out = fopen(path, "we");
	fuzz_check(out != NULL && fwrite(f->bytes, 1, f->n, out) == f->n && fclose(out) == 0,
		   "write");
}

static void
check_text(struct world *w)
{
	fuzz_check(fflush(w->stream) == 0, "flush");
	for (size_t i = 0; i < w->text_len; i++)
		fuzz_check((w->text[i] >= ' ' && w->text[i] <= '~') || w->text[i] == '\n',
			   "a view wrote what is not printable");
	rewind(w->stream);
}

/* One form of a sample. */
static void
show(struct world *w, const struct hf_sample *s, uint32_t form)
{
	enum hf_table_id table = (enum hf_table_id)(form / 4 % HF_TABLE_COUNT);
	uint64_t seen = 0;

	if (form % 4 == 0)
		view_text(w->stream, s, s->time_s, &seen);
	else if (form % 4 == 1)
		view_json(w->stream, s, s->time_s, &seen);
	else
		view_csv(w->stream, s, s->time_s, table, &seen);
	check_text(w);
}

static void
check_series(const struct hf_history *h, double end_s)
{
	static const struct hf_flow_key key;
	float v[4];

	for (int kind = 0; kind <= HF_SERIES_FLOW_PPS; kind++) {
		struct hf_series what = {.kind = (enum hf_series_kind)kind, .index = 1};

		what.flow = &key;
		history_series(h, &what, end_s, 0.5, v, 4);
	}
}

static void
check_history(struct world *w, struct hf_history *h, uint8_t form)
{
	uint32_t n = history_count(h);

	fuzz_check(n > 0, "a recording without samples");
	for (uint32_t i = 0; i < n; i++) {
		fuzz_check(i == 0 || history_time(h, i) >= history_time(h, i - 1),
			   "time goes back");
		fuzz_check(history_find(h, history_time(h, i)) >= i, "a moment is not found");
		if (history_get(h, i, &w->out) == 0)
			show(w, &w->out, form + i);
	}
	check_series(h, history_time(h, n - 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {.at = data, .left = size};
	struct world *w = &world;
	uint8_t both = fuzz_u8(&in);
	struct hf_history h;
	char note[512] = "";
	int err;

	make_world(w);
	w->file[0].n = w->file[1].n = 0;
	packer_renew(&w->packer);
	for (unsigned int i = 0; i < STEPS_MAX && in.left > 0; i++)
		step(w, &w->file[(both & 1) != 0 && i < (both >> 4)], &in);
	write_file(w->path, &w->file[0]);
	write_file(w->old, &w->file[1]);
	err = history_open(&h, w->path, note, sizeof(note));
	fuzz_check(strchr(note, '\n') == NULL, "a note of more than one line");
	fuzz_check((err == 0) || note[0] != '\0', "a refusal without a reason");
	if (err != 0)
		return 0;
	check_history(w, &h, both >> 1);
	history_free(&h);
	return 0;
}
