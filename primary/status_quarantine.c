/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The quarantine's files as JSON.
 *
 * Primary, main thread (control socket). Reads the folder and the head of each file; writes
 * nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pcapng.h"
#include "status.h"

#define REASON_BYTES 513
#define FILES_MAX    2000 /* listed; others may have put more there */

static int
is_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 7 && strcmp(e->d_name + n - 7, ".pcapng") == 0;
}

/* A scribbled stage's name must not spoil the reply. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static json_t *
file_json(int dir, const char *name)
{
	char reason[REASON_BYTES] = "", when[32] = "";
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	struct tm tm;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return NULL;
	}
	if (pcapng_comment(fd, reason, sizeof(reason)) != 0)
		snprintf(reason, sizeof(reason), "unknown");
	close(fd);
	clean(reason);
	if (gmtime_r(&st.st_mtim.tv_sec, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_pack("{s:o, s:I, s:s, s:s}", "name", status_text(name, strlen(name)), "bytes",
			 (json_int_t)st.st_size, "time", when, "reason", reason);
}

json_t *
hf_status_quarantine(const char *instance, uint32_t max_files, uint32_t snap_bytes)
{
	json_t *files = json_array();
	struct dirent **list = NULL;
	char folder[128];
	int n, dir;

	snprintf(folder, sizeof(folder), HF_STATE_DIR "/%.*s/" HF_QUARANTINE_DIR,
		 HF_INSTANCE_LEN - 1, instance);
	n = scandir(folder, &list, is_file, alphasort);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < n; i++) {
		json_t *file = dir >= 0 && i < FILES_MAX ? file_json(dir, list[i]->d_name) : NULL;

		if (file != NULL)
			json_array_append_new(files, file);
		free(list[i]);
	}
	free(list);
	if (dir >= 0)
		close(dir);
	return json_pack("{s:s, s:I, s:I, s:o}", "folder", folder, "max_files",
			 (json_int_t)max_files, "snap_bytes", (json_int_t)snap_bytes, "files",
			 files);
}
