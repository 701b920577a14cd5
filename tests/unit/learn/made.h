/* SPDX-License-Identifier: Apache-2.0 */
/* Events as the decoder would give them, for tests. */
#pragma once
#include "sidecar/common/event.h"

/* Of an armed container's own act, allowed, number seq, process pid; its strings in order. Valid
 * until the strings go. */
struct event made(unsigned kind, uint64_t seq, uint32_t pid, const char *path, const char *second,
		  const char *third);
struct event made_open(uint64_t seq, uint32_t pid, const char *path, uint32_t access);
struct event made_exec(uint64_t seq, uint32_t pid, const char *path, const char *script);

/* 0..n-1; the same sequence in every run, and nobody else's. */
unsigned made_below(unsigned n);
