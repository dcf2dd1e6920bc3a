/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-user wakes its peer ("kicks" it) by an eventfd, which it keeps in shared memory as a file
 * descriptor of the primary, and writes to that number in whichever process transmits. The segment
 * says which numbers these may be, so that workers have the same files under them. Main thread;
 * owns nothing: the files live as long as the device.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver_table.h"
#include "log.h"
#include "parts.h"

static int
has_peers(const struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++)
		if (driver_has_peer(p->seg->ports[i].driver))
			return 1;
	return 0;
}

/* All eventfds of this process: the drivers' are among them. 0, -EMFILE (one has too high a number)
 * or -errno. */
static int
list_eventfds(uint64_t *bits)
{
	const struct dirent *e;
	DIR *d = opendir("/proc/self/fd");
	char target[64];
	int err = 0;

	if (d == NULL)
		return -errno;
	while ((e = readdir(d)) != NULL) {
		ssize_t len = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		unsigned long n = strtoul(e->d_name, NULL, 10);

		target[len > 0 ? len : 0] = '\0';
		if (strcmp(target, "anon_inode:[eventfd]") != 0)
			continue;
		if (n < HF_KICK_FILES)
			bits[n / 64] |= UINT64_C(1) << n % 64;
		else
			err = -EMFILE;
	}
	closedir(d);
	return err;
}

int
kicks_publish(struct hf_primary *p)
{
	uint64_t *bits = p->seg->header.kick_files;
	int err = 0;

	memset(bits, 0, sizeof(p->seg->header.kick_files));
	if (p->kind == HF_LANE_HARDWARE && has_peers(p))
		err = list_eventfds(bits);
	if (err != 0)
		hf_err("instance %s: file descriptors by which virtio-user wakes its peer: %s",
		       p->cfg.instance, strerror(-err));
	return err;
}
