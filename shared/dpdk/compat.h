/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between the DPDK releases the tree compiles on, 22.11 to 24.11: the only header with
 * version checks. Any file of the DPDK part may include it. It holds no state and calls nothing by
 * itself.
 *
 * Differences that need no code, because one spelling is right in all of these releases:
 *   mbuf        cacheline0 and the other markers went in 24.07: prefetch the mbuf's own address.
 *               buf_iova depends on a build option renamed in 23.03: rte_mbuf_iova_get() only.
 *   net         the addresses in rte_ipv6_hdr became structs in 24.11: take bytes at offsets.
 *   ethdev      since 23.11 rss_key_len must be set beside rss_key, and rte_eth_rss_conf has one
 *               field more: zero it first. In 24.11 the results of rte_eth_link_get*(),
 *               rte_eth_dev_info_get() and rte_eth_dev_conf_get() must be looked at.
 *   threads     rte_thread_setname() and rte_ctrl_thread_create() went in 23.11: pthreads.
 *   attributes  RTE_STD_C11 went in 23.11, the place of __rte_cache_aligned moved in 24.03:
 * alignas. linking     rte_log is a library of its own since 23.11; static links must name it.
 */
#ifndef HF_COMPAT_H
#define HF_COMPAT_H

#include <stdint.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#if RTE_VERSION < RTE_VERSION_NUM(22, 11, 0, 0)
#error "DPDK 22.11 or newer is needed"
#endif

/*
 * Unsigned numbers in telemetry are "uint" since 23.03, and "u64" is deprecated there (an error
 * here) and removed later. The signed calls take an int in 22.11 and truncate: use these for
 * counters. Telemetry callbacks. Return 0 or -errno, as the calls they stand for.
 */
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
#define HF_TELEMETRY_UINT RTE_TEL_U64_VAL /* for rte_tel_data_start_array() */
#else
#define HF_TELEMETRY_UINT RTE_TEL_UINT_VAL
#endif

static inline int
hf_telemetry_dict_uint(struct rte_tel_data *d, const char *name, uint64_t value)
{
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_dict_u64(d, name, value);
#else
	return rte_tel_data_add_dict_uint(d, name, value);
#endif
}

static inline int
hf_telemetry_array_uint(struct rte_tel_data *d, uint64_t value)
{
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_array_u64(d, value);
#else
	return rte_tel_data_add_array_uint(d, value);
#endif
}

/* EAL's shared configuration got one more lock in its head (private to EAL; see eal_repair.c). */
#define HF_EAL_HAS_ETHDEV_LOCK (RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0))

#endif
