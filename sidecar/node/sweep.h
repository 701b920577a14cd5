/* SPDX-License-Identifier: Apache-2.0 */
/* What lies around after agents that died: who owns it is asked of their lock files, and only what
 * nobody can still be about to use is removed. */
#pragma once
#include <stdbool.h>
#include "sidecar/common/paths.h"

struct node;

/* KEY from a directory entry KEY or KEY.spool. */
bool sweep_key(const char *name, const char *suffix, char ret_key[KEY_SIZE]);
/* No agent holds KEY's lock and none is about to. path: the thing found, for its age. */
bool sweep_unattended(const char *key, const char *path);
/* Removes empty agents' cgroups and run directories of the dead; ends lives nothing is left of. */
void sweep_all(struct node *n);
