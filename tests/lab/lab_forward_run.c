/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes and files of `holdfast-lab forward`. Owns the scratch folder and every process of the
 * run; ends processes by pid only.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_forward.h"
#include "log.h"

#define END_WAIT_S 5.0
#define NEED_MB    1000UL

static atomic_int stopped; /* writer: the signal handler */

static void
on_signal(int number)
{
	atomic_store(&stopped, number);
}

void
forward_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

int
forward_stopped(void)
{
	return atomic_load(&stopped) != 0;
}

double
forward_now(void)
{
	return (double)lab_now_ns() / 1e9;
}

int
forward_sleep(double seconds)
{
	double until = forward_now() + seconds;

	while (forward_now() < until) {
		double left = until - forward_now();

		if (forward_stopped())
			return -EINTR;
		usleep(left > 0.05 ? 50000 : (useconds_t)(left > 0 ? left * 1e6 : 0));
	}
	return forward_stopped() ? -EINTR : 0;
}

static void
log_path(const struct forward_run *r, const char *name, char *path, size_t len)
{
	snprintf(path, len, "%s/%s.log", r->scratch, name);
}

/* Priority against the whole machine: where the kernel groups sessions, that of the session too. */
static void
set_priority(int nice)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	setpriority(PRIO_PROCESS, 0, nice);
	if (fd < 0)
		return;
	dprintf(fd, "%d", nice);
	close(fd);
}

/* In the child: never returns. */
static void
become(const struct forward_run *r, const char *log, int input, char *const args[])
{
	int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	set_priority(r->nice);
	if (out < 0 || dup2(input, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	execvp(args[0], args);
	dprintf(2, "%s: start: %s\n", args[0], strerror(errno));
	_exit(127);
}

int
forward_spawn(struct forward_run *r, const char *name, char *const args[])
{
	struct forward_process *p = &r->proc[r->n_proc];
	char log[128];
	int fd[2];

	log_path(r, name, log, sizeof(log));
	if (pipe2(fd, O_CLOEXEC) != 0)
		return -errno;
	p->pid = fork();
	if (p->pid < 0) {
		hf_err("%s: start: %s", args[0], strerror(errno));
		close(fd[0]);
		close(fd[1]);
		return -EAGAIN;
	}
	if (p->pid == 0)
		become(r, log, fd[0], args);
	close(fd[0]);
	p->input = fd[1]; /* open as long as it runs: testpmd ends at the end of its input */
	snprintf(p->name, sizeof(p->name), "%s", name);
	r->n_proc++;
	return 0;
}

static void
show_log(const struct forward_run *r, const char *name)
{
	char path[128], line[512];
	FILE *f;

	log_path(r, name, path, sizeof(path));
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		fprintf(stderr, "%s: %s", name, line);
	if (f != NULL)
		fclose(f);
}

int
forward_alive(struct forward_run *r)
{
	if (forward_stopped())
		return -EINTR;
	for (uint32_t i = 0; i < r->n_proc; i++) {
		struct forward_process *p = &r->proc[i];
		int status;

		if (p->pid == 0 || waitpid(p->pid, &status, WNOHANG) == 0)
			continue;
		p->pid = 0;
		if (WIFSIGNALED(status))
			hf_err("%s: run: ended by signal %d", p->name, WTERMSIG(status));
		else
			hf_err("%s: run: it ended with status %d", p->name, WEXITSTATUS(status));
		show_log(r, p->name);
		return -ECHILD;
	}
	return 0;
}

static void
end_process(struct forward_process *p)
{
	double until = forward_now() + END_WAIT_S;

	if (p->pid != 0)
		kill(p->pid, SIGTERM);
	while (p->pid != 0 && waitpid(p->pid, NULL, WNOHANG) == 0) {
		if (forward_now() > until)
			kill(p->pid, SIGKILL);
		usleep(5000);
	}
	if (p->input >= 0)
		close(p->input);
	p->pid = 0;
	p->input = -1;
}

static void
remove_matching(const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		remove(found.gl_pathv[i]);
	globfree(&found);
}

/* What a DPDK process leaves behind when it is killed. */
static void
remove_prefix(const char *prefix)
{
	char path[160];

	snprintf(path, sizeof(path), "/dev/hugepages/%smap_*", prefix);
	remove_matching(path);
	snprintf(path, sizeof(path), "/dev/hugepages/holdfast-%s.segment", prefix);
	remove(path);
	snprintf(path, sizeof(path), "/var/run/dpdk/%s/*", prefix);
	remove_matching(path);
	snprintf(path, sizeof(path), "/var/run/dpdk/%s", prefix);
	rmdir(path);
	snprintf(path, sizeof(path), "/run/holdfast/%s/*", prefix);
	remove_matching(path);
	snprintf(path, sizeof(path), "/run/holdfast/%s", prefix);
	rmdir(path);
}

void
forward_end_all(struct forward_run *r)
{
	char path[128];

	while (r->n_proc > 0)
		end_process(&r->proc[--r->n_proc]);
	for (uint32_t i = 0; i < FORWARD_PROCS_MAX; i++) {
		if (r->prefix[i][0] != '\0')
			remove_prefix(r->prefix[i]);
		r->prefix[i][0] = '\0';
	}
	if (r->instance[0] != '\0')
		remove_prefix(r->instance);
	r->instance[0] = '\0';
	if (r->scratch[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s/*.sock", r->scratch);
	remove_matching(path);
}

static unsigned long
free_hugepages_mb(void)
{
	unsigned long pages = 0, kb = 0, v;
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "HugePages_Free: %lu", &v) == 1)
			pages = v;
		else if (sscanf(line, "Hugepagesize: %lu", &v) == 1)
			kb = v;
	}
	if (f != NULL)
		fclose(f);
	return pages * kb / 1024;
}

static int
in_path(const char *program)
{
	char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : ""), *next = path, *dir;
	int found = 0;

	while (path != NULL && (dir = strsep(&next, ":")) != NULL) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", dir, program);
		found |= access(file, X_OK) == 0;
	}
	free(path);
	return found;
}

/* Says what this machine lacks. 0 or -ENOTSUP. */
static int
check_machine(void)
{
	unsigned long mb = free_hugepages_mb();

	if (geteuid() != 0)
		printf("Not supported here: measuring without root\n");
	else if (!in_path("dpdk-testpmd"))
		printf("Not supported here: no dpdk-testpmd (package dpdk)\n");
	else if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		printf("Not supported here: one CPU only, two are needed\n");
	else if (access("/dev/hugepages", W_OK) != 0 || mb < NEED_MB)
		printf("Not supported here: %lu MB of hugepages are free, %lu are needed\n", mb,
		       NEED_MB);
	else
		return 0;
	return -ENOTSUP;
}

/* The build's folder: two above the one this program is in. */
static int
find_build(struct forward_run *r)
{
	ssize_t n = readlink("/proc/self/exe", r->build, sizeof(r->build) - 1);
	char *cut;

	for (int i = 0; i < 3 && n > 0; i++) {
		cut = strrchr(r->build, '/');
		if (cut != NULL)
			*cut = '\0';
	}
	snprintf(r->pcap, sizeof(r->pcap), "%s/tests/lab/forward.pcap", r->build);
	if (access(r->pcap, R_OK) == 0)
		return 0;
	hf_err("%s: read: %s", r->pcap, strerror(errno));
	return -ENOENT;
}

int
forward_prepare(struct forward_run *r)
{
	int err = check_machine();

	if (err == 0)
		err = find_build(r);
	if (err != 0)
		return err;
	snprintf(r->scratch, sizeof(r->scratch), "/tmp/holdfast-lab-%d", getpid());
	if (mkdir(r->scratch, 0700) == 0)
		return 0;
	hf_err("%s: make folder: %s", r->scratch, strerror(errno));
	r->scratch[0] = '\0';
	return -EIO;
}

void
forward_remove(struct forward_run *r)
{
	char path[128];

	if (r->scratch[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s/*", r->scratch);
	remove_matching(path);
	rmdir(r->scratch);
}
