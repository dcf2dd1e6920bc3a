/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int
hf_names_path(char *buf, size_t len, const char *instance, const char *file)
{
	int n;

	if (file == NULL || file[0] == '\0')
		n = snprintf(buf, len, "%s/%s", HF_RUN_DIR, instance);
	else
		n = snprintf(buf, len, "%s/%s/%s", HF_RUN_DIR, instance, file);
	return n < 0 || (size_t)n >= len ? -ENAMETOOLONG : 0;
}

int
hf_names_check_instance(const char *instance)
{
	size_t i, n = strlen(instance);

	if (n == 0 || n >= HF_INSTANCE_LEN || instance[0] == '-')
		return -EINVAL;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)instance[i]) && instance[i] != '_' &&
		    instance[i] != '-')
			return -EINVAL;
	return 0;
}

/* A PCI address as one number. Returns 0, or -EINVAL for what is none. */
static int
parse_pci(const char *device, uint64_t *address)
{
	unsigned int dom = 0, bus, dev, fn;

	if (sscanf(device, "%4x:%2x:%2x.%1x", &dom, &bus, &dev, &fn) != 4) {
		dom = 0;
		if (sscanf(device, "%2x:%2x.%1x", &bus, &dev, &fn) != 3)
			return -EINVAL;
	}
	*address = (uint64_t)dom << 32 | bus << 16 | dev << 8 | fn;
	return 0;
}

int
hf_names_is_pci(const char *device)
{
	uint64_t address;

	return parse_pci(device, &address) == 0;
}

int
hf_names_same_pci(const char *a, const char *b)
{
	uint64_t x, y;

	return parse_pci(a, &x) == 0 && parse_pci(b, &y) == 0 && x == y;
}
