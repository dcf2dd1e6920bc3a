#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# point_names.sh SOURCE...: prints C that lists every HF_POINT() and HF_POINT_LOOSE() in these files, for points.c.
set -eu

cat <<'END'
/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "points.h"

const char *const *
hf_point_names(void)
{
	static const char *const names[] = {
END
cat "$@" | sed -n 's/.*HF_POINT\(_LOOSE\)\{0,1\}(\("[^"]*"\)).*/\t\t\2,/p' | sort -u
cat <<'END'
		NULL,
	};

	return names;
}
END
