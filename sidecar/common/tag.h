/* SPDX-License-Identifier: Apache-2.0 */
/* Security tags as user space sees them: which attributes hold one, and which of them the running
 * kernel lets the programs read. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

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

/* Why a value cannot be a tag, or NULL: 1..RV_TAG_MAX bytes of printable UTF-8. */
const char *tag_wrong(const char *value, size_t len);
