/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up every privilege, for good. The one door to libcap and libseccomp. */
#pragma once
#include <sys/types.h>

/* What an agent needs once it runs; anything else fails with EPERM. */
enum jail_kind { JAIL_AGENT };

/* In this order: no new privileges, empty bounding and ambient sets, no supplementary group, the
 * uid and gid, empty capability sets, the system call filter. Logs what failed; on failure the
 * process must end. */
int jail_enter(enum jail_kind kind, uid_t uid, gid_t gid);
