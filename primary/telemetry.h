/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of what hf_telemetry_register() in primary.h begins. */
#ifndef HF_TELEMETRY_H
#define HF_TELEMETRY_H

/*
 * From here on the commands answer null. Waits for those under way, so that the segment may be
 * unmapped afterwards. Primary, main thread, before hf_segment_close(); harmless if nothing was
 * registered.
 */
void hf_telemetry_close(void);

#endif
