// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who a process is: user and group ids, capabilities, prctl, seccomp. */
