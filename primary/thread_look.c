/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/task/TID/stat and schedstat. Where the kernel keeps no schedstat, CPU time comes from
 * stat in clock ticks, and time without a CPU counts as 0.
 */
#include "thread_look.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
read_file(int32_t pid, int32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	buf[n] = '\0';
	return 0;
}

/* The nth word of a line, from 1; an empty text when there are fewer. */
static const char *
word(const char *line, unsigned int n)
{
	line += strspn(line, " ");
	for (; n > 1; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

int
thread_look(int32_t pid, int32_t tid, struct thread_look *look)
{
	char buf[512], *p;
	unsigned long user, kernel;
	int err = read_file(pid, tid, "stat", buf, sizeof(buf));

	memset(look, 0, sizeof(*look));
	if (err != 0)
		return err;
	p = strrchr(buf, ')'); /* the name may hold anything; fields 3.. of proc(5) follow it */
	if (p == NULL || sscanf(word(p + 1, 1), "%c", &look->state) != 1 ||
	    sscanf(word(p + 1, 12), "%lu %lu", &user, &kernel) != 2 ||
	    sscanf(word(p + 1, 37), "%d", &look->cpu) != 1)
		return -EPROTO;
	err = read_file(pid, tid, "schedstat", buf, sizeof(buf));
	if (err == 0 && sscanf(buf, "%" SCNu64 " %" SCNu64, &look->run_ns, &look->wait_ns) == 2)
		return 0;
	look->run_ns = (user + kernel) * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	return 0;
}
