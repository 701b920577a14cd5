/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON schema (draft 7) of one line of `reeve logs --json`, from the event table. Every member
 * is required and no other is allowed, so that a document that validates is one of ours. */
#pragma once
#include "sidecar/common/event_table.h"
#include "sidecar/common/json.h"

#define SCHEMA_NAMES_MAX 8

/* The JSON members a field becomes; 0 for one that is not shown. */
unsigned schema_names(const struct event_field *f, const char *ret[static SCHEMA_NAMES_MAX]);
void schema_put(struct json_out *o);
