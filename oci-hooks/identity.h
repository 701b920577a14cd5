/* SPDX-License-Identifier: Apache-2.0 */
/* What people call a container, by what its engine wrote down: annotations of the state, the
 * bundle's configuration, and of podman and docker their own files, which the bundle leads to. */
#pragma once
#include "state.h"

/* Fills name, image, pod, namespace and labels of s as far as they can be told; what cannot is left
 * as it is. Reads files of root's alone, each bounded. -ENOMEM. */
int identity_find(struct state *s);
