/* SPDX-License-Identifier: Apache-2.0 */
/* Security tags as user space sees them: which attributes hold one, and which of them the running
 * kernel lets the programs read. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAG_USER "user.reeve.tag"
#define TAG_SECURITY "security.bpf.reeve"

/* Functions of the kernel: where there is the first it lets programs read user.*, where there is
 * the second security.bpf.* as well (they came together). */
#define TAG_KERNEL_USER "bpf_get_file_xattr"
#define TAG_KERNEL_SECURITY "bpf_set_dentry_xattr"

enum tag_kernel {
	TAG_KERNEL_READS_NONE,
	TAG_KERNEL_READS_USER,
	TAG_KERNEL_READS_BOTH, /* the security one first */
};

/* From the kernel's BTF, readable by everyone. enum tag_kernel, or -errno. */
int tag_kernel(void);

/* Tags of opened files are read from now on, until reeve is unloaded, if that is what a container needs
 * which records these kinds and asks these subjects (bits, as in its state page). The program is not
 * attached before: every open of the host passes it. As root, without the load lock; 0 also where the
 * kernel reads none. -ETIMEDOUT, or as the kernel gave it. */
int tag_need(uint64_t kinds, uint32_t asked);

/* Why a value cannot be a tag, or NULL: 1..RV_TAG_MAX bytes of printable UTF-8. */
const char *tag_wrong(const char *value, size_t len);
