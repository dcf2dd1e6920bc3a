/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include <ctype.h>
#include <errno.h>
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

int
hf_names_is_pci(const char *device)
{
	unsigned int dom, bus, dev, fn;

	return sscanf(device, "%4x:%2x:%2x.%1x", &dom, &bus, &dev, &fn) == 4 ||
	       sscanf(device, "%2x:%2x.%1x", &bus, &dev, &fn) == 3;
}
