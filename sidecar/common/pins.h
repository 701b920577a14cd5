/* SPDX-License-Identifier: Apache-2.0 */
/* What stands under PATH_PINS: which build is loaded, who is there, and taking it all away. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct rv_state;

/* Build of the loaded programs, as reeve_meta says. -ENOENT: nothing is loaded. */
int pins_build(char *ret, size_t size);
/* Their RV_ABI_VERSION. */
int pins_abi(unsigned *ret);

/* How many containers have pins (live, or waiting for a successor of their agent). */
int pins_count_containers(unsigned *ret);

/* The state of KEY's container as it is now. -ENOENT: it has none; else what kept it from being read. */
int pins_state(const char *key, struct rv_state *ret);

/* Whether the container of KEY is configured: its programs decide, with or without an agent. */
bool pins_guarded(const char *key);

/* Unlinks everything under PATH_PINS and PATH_PINS itself: links, programs and maps then go
 * with their last user. Best effort; returns the first error. Absent is fine. */
int pins_remove_all(void);

/* Unlinks one directory of pins and the directory. */
int pins_remove_dir(const char *path);
