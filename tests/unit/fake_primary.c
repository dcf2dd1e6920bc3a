/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_primary.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_upgrade fake;

struct fake_upgrade *
fake_upgrade_get(void)
{
	return &fake;
}

void
fake_worker(struct hf_segment *seg, uint32_t slot, const char *name)
{
	struct hf_worker *w = &seg->workers[slot];

	atomic_store(&w->state, HF_WORKER_RUNNING);
	atomic_store(&w->pid, getpid());
	snprintf(w->name, sizeof(w->name), "%s", name);
}

int
hf_supervisor_find(struct hf_primary *p, const char *name)
{
	for (int s = 0; s < HF_MAX_WORKERS; s++)
		if (atomic_load(&p->seg->workers[s].state) != HF_WORKER_FREE &&
		    strcmp(p->seg->workers[s].name, name) == 0)
			return s;
	return -1;
}

int
upgrade_begin(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len)
{
	if (p->upgrade != NULL || fake.begin_fails) {
		snprintf(why, why_len, "upgrade: it cannot be");
		return -EBUSY;
	}
	if (fake.asked != NULL)
		fake.asked(r);
	p->upgrade = calloc(1, sizeof(*p->upgrade));
	assert(p->upgrade != NULL);
	p->upgrade->limits = r->limits;
	p->upgrade->canary = p->upgrade->lane = r->canary;
	p->upgrade->more = r->more;
	fake.polls = 3;
	fake.steps = 0;
	return 0;
}

int
upgrade_add(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len)
{
	if (p->upgrade != NULL && p->upgrade->more && r->n_pairs > 0) {
		p->upgrade->more = 0;
		return 0;
	}
	snprintf(why, why_len, "upgrade: none is wanted");
	return -EINVAL;
}

void
upgrade_cancel(struct hf_primary *p, const char *reason)
{
	if (p->upgrade == NULL)
		return;
	p->upgrade->failed = 1;
	snprintf(p->upgrade->reason, sizeof(p->upgrade->reason), "upgrade: %s", reason);
}

int
upgrade_step(struct hf_primary *p)
{
	struct hf_upgrade *u = p->upgrade;

	u->phase = u->more && !u->failed ? UPGRADE_MORE : UPGRADE_WATCH;
	if (fake.steps++ == fake.late_after && fake.late_after != 0)
		upgrade_cancel(p, "late");
	if (u->phase == UPGRADE_MORE || (!u->failed && fake.polls-- > 0))
		return 0;
	u->phase = UPGRADE_OVER;
	u->moved = 1;
	return 1;
}

const struct hf_upgrade *
upgrade_get(const struct hf_primary *p)
{
	return p->upgrade;
}

void
upgrade_forget(struct hf_primary *p)
{
	free(p->upgrade);
	p->upgrade = NULL;
}
