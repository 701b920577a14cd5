/* SPDX-License-Identifier: Apache-2.0 */
/* struct rv_counters as JSON, by the names of bpf/abi.h's table: what the meta table keeps and
 * `reeve ledger --json` shows. */
#pragma once
#include <stdbool.h>
#include "bpf/abi.h"
#include "sidecar/common/json.h"

/* Writes one object: issued, armed, taken{kind}, lost{kind}, merged{kind}, merged_lost{kind},
 * errors[]; zero kinds are left out. */
void counters_to_json(const struct rv_counters *c, struct json_out *o);
/* What is missing or no number counts as 0. */
void counters_from_json(const struct json *j, struct rv_counters *ret);

/* A number per kind as an object, zeros left out; and back. */
void counters_kinds(const char *key, const __u64 *n, struct json_out *o);
void counters_kinds_from(const struct json *j, __u64 ret[static RV_KIND_MAX]);
/* A number per kind of RV_MERGES as an object, zeros left out. */
void counters_merges(const char *key, const uint64_t *n, struct json_out *o);
void counters_merges_from(const struct json *j, __u64 ret[static RV_MERGE_MAX]);
/* Where a kind's repetitions are counted; RV_MERGE_MAX: they are not. And back; 0: no kind's. */
unsigned counters_merge(unsigned kind);
unsigned counters_merge_kind(unsigned index);

bool counters_known(unsigned kind); /* it has a name */
/* RV_KIND_* of a kind's name in the store, 0 unknown. */
unsigned counters_kind(const char *name);
