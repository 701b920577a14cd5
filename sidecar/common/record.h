/* SPDX-License-Identifier: Apache-2.0 */
/* Which kinds are recorded, as people write it: "all", "none", or kinds by name with commas
 * ("exec,exit,connect"). Record 0, denials and the closing ledger always are. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define RECORD_USAGE "all, none, or kinds with commas as in exec,exit,open,connect"

/* *ret: a bit per RV_KIND_*, for rv_state.record. -EINVAL with what was found and expected. */
int record_parse(const char *text, uint32_t *ret, char *error, size_t error_size);
