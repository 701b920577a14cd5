// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Security tags: extended attributes of files, read where the kernel lets us. */
