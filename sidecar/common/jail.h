/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up every privilege, for good. The one door to libcap and libseccomp. */
#pragma once
#include <sys/types.h>

/* In this order: no new privileges, empty bounding and ambient sets, no supplementary group, the
 * uid and gid, empty capability sets, the filter of an agent's system calls. Logs what failed; on
 * failure the process must end. */
int jail_enter(uid_t uid, gid_t gid);
