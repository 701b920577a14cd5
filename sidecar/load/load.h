/* SPDX-License-Identifier: Apache-2.0 */
/* Loads every program once per node and pins all of it under PATH_PINS; attaches the node-wide
 * ones, and every cgroup-scoped one to the anchor cgroup, so that no container pays for a hook's
 * first attach (100 ms to 1.4 s). The one door to libbpf. Caller holds the load lock. */
#pragma once

/* 0: loaded now. -EEXIST: this build is loaded already. -ESTALE: another build is loaded.
 * Anything else: logged with the verifier's last words, nothing left behind. */
int load_all(void);

/* Attaches all cgroup-scoped programs to the anchor where that is not done yet. */
int load_anchor(void);
