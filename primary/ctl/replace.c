/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting a worker in the place of another one: everything but the program is as the old worker
 * has it, by /proc. The new process outlives holdfastctl.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "upgrade.h"

#define LIST_BYTES      (256 * 1024)
#define LIST_MAX        4096
#define VERSION_WAIT_MS 3000
#define STOP_WAIT_MS    3000

/* What the new process gets of the old one. */
struct heritage {
	char *arg[LIST_MAX], *env[LIST_MAX];
	char *arg_text, *env_text;
	int out, err, folder, null; /* descriptors */
	cpu_set_t cpus;
	int has_cpus;
};

/* Texts one after the other, each with its NUL, as a list. Returns 0 or -errno. */
static int
read_list(pid_t pid, const char *name, char **text, char **list)
{
	size_t len = 0, n = 0;
	ssize_t got = 1;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*text = calloc(1, LIST_BYTES + 1);
	if (fd < 0 || *text == NULL) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? -errno : -ENOMEM;
	}
	while (len < LIST_BYTES && got > 0) {
		got = read(fd, *text + len, LIST_BYTES - len);
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (got < 0 || len == LIST_BYTES)
		return got < 0 ? -EIO : -E2BIG;
	for (char *at = *text; at < *text + len && n < LIST_MAX - 1; at += strlen(at) + 1)
		list[n++] = at;
	list[n] = NULL;
	return n > 0 || strcmp(name, "environ") == 0 ? 0 : -ESRCH;
}

/* The old worker's own descriptor n: the same file at the same place, or pipe, or socket. */
static int
copy_fd(pid_t pid, int n)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), fd;

	if (process < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, process, n, 0);
	if (fd < 0)
		fd = -errno;
	close(process);
	return fd == -EBADF ? open("/dev/null", O_WRONLY | O_CLOEXEC) : fd;
}

static void
let_go(struct heritage *h)
{
	const int fds[] = {h->out, h->err, h->folder, h->null};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(h->arg_text);
	free(h->env_text);
	free(h);
}

/* The CPUs a process was started on: its threads have shared them out among themselves. */
static int
cpus_of(pid_t pid, cpu_set_t *cpus)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;

	CPU_ZERO(cpus);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		cpu_set_t one;

		if (entry->d_name[0] != '.' &&
		    sched_getaffinity(atoi(entry->d_name), sizeof(one), &one) == 0)
			CPU_OR(cpus, cpus, &one);
	}
	if (tasks != NULL)
		closedir(tasks);
	return CPU_COUNT(cpus) > 0;
}

/* Returns NULL with errno set when the old worker cannot be looked at. */
static struct heritage *
inherit(pid_t old)
{
	struct heritage *h = calloc(1, sizeof(*h));
	char path[64];
	int err;

	if (h == NULL)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)old);
	h->out = copy_fd(old, STDOUT_FILENO);
	h->err = copy_fd(old, STDERR_FILENO);
	h->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	h->has_cpus = cpus_of(old, &h->cpus);
	err = read_list(old, "cmdline", &h->arg_text, h->arg);
	if (err == 0)
		err = read_list(old, "environ", &h->env_text, h->env);
	if (err == 0 && (h->out < 0 || h->err < 0))
		err = h->out < 0 ? h->out : h->err;
	if (err == 0)
		return h;
	let_go(h);
	errno = -err;
	return NULL;
}

/* In the child. */
static void __attribute__((noreturn)) become(struct heritage *h, const char *binary)
{
	sigset_t none;

	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (h->folder >= 0 && fchdir(h->folder) != 0)
		_exit(126);
	if (h->has_cpus)
		sched_setaffinity(0, sizeof(h->cpus), &h->cpus);
	if (dup2(h->null, STDIN_FILENO) < 0 || dup2(h->out, STDOUT_FILENO) < 0 ||
	    dup2(h->err, STDERR_FILENO) < 0)
		_exit(126);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(binary, h->arg, h->env);
	_exit(127);
}

int
replace_start(struct replacement *r, const char *binary, char *why, size_t why_len)
{
	static char program[4096];
	struct heritage *h = inherit(r->old);

	if (h == NULL) {
		snprintf(why, why_len, "pid %d: how it was started cannot be read: %s", (int)r->old,
			 strerror(errno));
		return -1;
	}
	snprintf(program, sizeof(program), "%s", binary);
	h->arg[0] = program;
	r->child = fork();
	if (r->child == 0)
		become(h, binary);
	if (r->child < 0)
		snprintf(why, why_len, "%s: start: %s", binary, strerror(errno));
	let_go(h);
	return r->child < 0 ? -1 : 0;
}

static void
pause_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

/* Reads up to a newline; what comes later than that is not looked at. */
static int
read_line(int fd, char *line, size_t len)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	while (n + 1 < len && poll(&pfd, 1, VERSION_WAIT_MS) > 0) {
		ssize_t got = read(fd, line + n, len - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		if (memchr(line, '\n', n) != NULL)
			break;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return n > 0 ? 0 : -1;
}

int
replace_ask_version(const char *binary, char *line, size_t len)
{
	int ends[2], rc;
	pid_t child;

	line[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl(binary, binary, "--version", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	rc = child > 0 ? read_line(ends[0], line, len) : -1;
	close(ends[0]);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return rc;
}

int
replace_ended(struct replacement *r, char *why, size_t why_len)
{
	int status;

	if (!r->ended && waitpid(r->child, &status, WNOHANG) == 0)
		return 0;
	if (!r->ended && WIFSIGNALED(status))
		snprintf(why, why_len, "the new worker was killed by signal %d before it attached",
			 WTERMSIG(status));
	else if (!r->ended)
		snprintf(
			why, why_len,
			"the new worker ended with status %d before it attached: its output, where "
			"the old one's goes, says why",
			WEXITSTATUS(status));
	r->ended = 1;
	return 1;
}

int
replace_is(const struct replacement *r, pid_t pid)
{
	char path[64], text[512];
	int parent = 0;
	FILE *f;

	if (pid == r->child)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) != NULL && strrchr(text, ')') != NULL &&
	    sscanf(strrchr(text, ')'), ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(f);
	return parent == r->child;
}

void
replace_stop(struct replacement *r)
{
	char why[160];

	if (r->child <= 0 || replace_ended(r, why, sizeof(why)))
		return;
	kill(r->child, SIGTERM);
	for (int ms = 0; ms < STOP_WAIT_MS && !replace_ended(r, why, sizeof(why)); ms += 20)
		pause_ms(20);
	if (r->ended)
		return;
	kill(r->child, SIGKILL);
	waitpid(r->child, NULL, 0);
	r->ended = 1;
}
