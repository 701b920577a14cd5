/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of addresses and ports as lines of the automaton. Private to sidecar/policy. */
#pragma once
#include "policy.h"
#include "automaton.h"

/* Every line that the rule's range stands for, by number. 0.0.0.0 and ::, which the kernel takes
 * for loopback, are in a range that holds loopback. */
int address_add(struct builder *b, const struct policy_rule *rule, uint32_t number);
