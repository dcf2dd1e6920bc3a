/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into a worker (LD_PRELOAD), makes the thread that gets a signal misbehave: SIGUSR1, it
 * loops for ever; SIGUSR2, it sleeps for ever; SIGURG, it reads address 0x10. HF_MISBEHAVE_MB: so
 * many MB of private memory are made and written to, for a large core dump; in huge pages where the
 * kernel has some, for a hundred thousand small ones may take half a minute. Tests only.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
misbehave(int signum)
{
	_Atomic(int) *nowhere = (_Atomic(int) *)(uintptr_t)0x10;

	if (signum == SIGURG)
		atomic_load(nowhere);
	for (;;) {
		atomic_signal_fence(memory_order_seq_cst);
		if (signum == SIGUSR2)
			pause();
	}
}

__attribute__((constructor)) static void
prepare(void)
{
	const char *mb = getenv("HF_MISBEHAVE_MB");
	size_t bytes = mb != NULL ? strtoul(mb, NULL, 10) << 20 : 0;
	void *memory = bytes > 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
				 : MAP_FAILED;

	if (memory != MAP_FAILED) {
		madvise(memory, bytes, MADV_HUGEPAGE);
		explicit_bzero(memory, bytes); /* which no compiler leaves out */
	}
	signal(SIGUSR1, misbehave);
	signal(SIGUSR2, misbehave);
	signal(SIGURG, misbehave);
}
