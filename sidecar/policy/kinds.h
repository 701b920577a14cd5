/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of events that rules of the subject "kernel" may name. Private to sidecar/policy. */
#pragma once
#include <stdint.h>

/* A bit per RV_KIND_*. */
uint64_t kinds_decided(void);

/* Why a kind is not among them; NULL: it is. */
const char *kinds_fault(unsigned kind);
