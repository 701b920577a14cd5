/* SPDX-License-Identifier: Apache-2.0 */
/* How often this process waited for a disk: the linker leads every fsync and fdatasync of the program, SQLite's
 * as well, through here (--wrap in the Makefile). */
#pragma once
#include <stdint.h>

struct syncs {
	uint64_t count, ns;
};
struct syncs syncs_now(void);
