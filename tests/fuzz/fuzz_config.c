/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the configuration reader. An input is a file. A refusal is one printable line that
 * names the file; what is accepted is dumped, and the dump read back gives the same configuration.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"

/* The file, in memory; reused for all inputs. */
struct file {
	int fd;
	char path[32];
};

static void
write_file(struct file *f, const void *bytes, size_t n)
{
	if (f->fd < 0) {
		f->fd = memfd_create("holdfast.yaml", MFD_CLOEXEC);
		fuzz_check(f->fd >= 0, "memfd");
		snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	}
	fuzz_check(ftruncate(f->fd, 0) == 0, "truncate");
	fuzz_check(pwrite(f->fd, bytes, n, 0) == (ssize_t)n, "write");
}

static void
check_refusal(const struct file *f, const char *err)
{
	size_t n = strlen(f->path);

	fuzz_check(strncmp(err, f->path, n) == 0 && err[n] == ':', "message without the file");
	for (; *err != '\0'; err++)
		fuzz_check(*err >= ' ' && *err <= '~', "message is not printable");
}

/* The dump without its comments depends on the configuration alone. */
static char *
dump(const struct hf_config *cfg)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	fuzz_check(out != NULL, "no memory");
	hf_config_dump(cfg, out);
	fclose(out);
	return text;
}

static void
forget_lines(struct hf_config *cfg)
{
	for (uint32_t i = 0; i < HF_MAX_PORTS; i++)
		cfg->ports[i].line = 0;
	for (uint32_t i = 0; i < HF_MAX_LANES; i++)
		cfg->lanes[i].line = 0;
}

static void
check_round_trip(struct file *f, struct hf_config *cfg)
{
	static struct hf_config again;
	char *text = dump(cfg), *text_again;
	char err[512];

	fuzz_check(cfg->n_ports >= 1 && cfg->n_ports <= HF_MAX_PORTS, "ports");
	fuzz_check(cfg->n_lanes >= 1 && cfg->n_lanes <= HF_MAX_LANES, "lanes");
	fuzz_check(cfg->n_io >= 1 && cfg->n_io <= HF_MAX_IO, "I/O threads");
	for (uint32_t i = 0; i < cfg->reta_size; i++)
		fuzz_check(cfg->reta[i] < cfg->n_lanes, "RETA names a lane that is none");
	write_file(f, text, strlen(text));
	if (hf_config_load(&again, f->path, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n%s", err, text);
		fuzz_check(0, "the dump is refused");
	}
	text_again = dump(&again);
	if (strcmp(text, text_again) != 0)
		fprintf(stderr, "%s---\n%s", text, text_again);
	fuzz_check(strcmp(text, text_again) == 0, "the dump of the dump differs");
	forget_lines(cfg);
	forget_lines(&again);
	fuzz_check(memcmp(cfg, &again, sizeof(again)) == 0, "the dump gives another configuration");
	free(text);
	free(text_again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file f = {.fd = -1};
	static struct hf_config cfg;
	char err[512] = "";
	int rc;

	write_file(&f, data, size);
	rc = hf_config_load(&cfg, f.path, err, sizeof(err));
	if (rc == 0) {
		check_round_trip(&f, &cfg);
		return 0;
	}
	fuzz_check(rc == -EINVAL, "a bad file is not -EINVAL");
	check_refusal(&f, err);
	return 0;
}
