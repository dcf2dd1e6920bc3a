/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of two formats a scraper wants (RFC 9110, 12.5.1). Pure functions; any thread.
 */
#ifndef HF_MONITOR_ACCEPT_H
#define HF_MONITOR_ACCEPT_H

enum metrics_format {
	METRICS_TEXT,        /* Prometheus text, version 0.0.4 */
	METRICS_OPENMETRICS, /* OpenMetrics text, version 1.0.0 */
};

/* accept: the header's value, NULL: none. OpenMetrics only if it is asked for by name. */
enum metrics_format accept_parse(const char *accept);

/* The Content-Type of a format. */
const char *accept_content_type(enum metrics_format format);

#endif
