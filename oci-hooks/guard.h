/* SPDX-License-Identifier: Apache-2.0 */
/* From the OCI state to a ready agent: init alive, bundle there, host able, cgroup found, policies
 * chosen, programs loaded, agent started. */
#pragma once
#include <stdint.h>
#include "options.h"
#include "state.h"

#define GUARD_TEXT_MAX 1024 /* bytes, NUL included */

/* 0 once an agent guards the container; -errno with a reason in why (GUARD_TEXT_MAX bytes) that
 * says what was found and what to do. until_ns: by util_now_ns. o->fail_closed is set where a policy asks for
 * it. */
int guard(struct options *o, struct state *s, uint64_t until_ns, char *why);
