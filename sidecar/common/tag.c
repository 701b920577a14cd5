/* SPDX-License-Identifier: Apache-2.0 */
/* See tag.h. */
#include "tag.h"
#include <fcntl.h>
#include <string.h>
#include "bpf/abi.h"
#include "utf8.h"
#include "util.h"

#define BTF_VMLINUX "/sys/kernel/btf/vmlinux"
#define BTF_MAX (64u << 20) /* bytes; a distribution's is 5 to 10 MiB */

/* Every name in BTF is in its table of strings, between NULs. */
static bool has_name(const char *btf, size_t len, const char *name)
{
	char key[64] = "";
	size_t n = strlen(name);

	memcpy(key + 1, name, n);
	return memmem(btf, len, key, n + 2) != NULL;
}

int tag_kernel(void)
{
	_free_ char *btf = NULL;
	size_t len;
	int r = util_read_file(AT_FDCWD, BTF_VMLINUX, BTF_MAX, &btf, &len);

	if (r < 0)
		return r;
	if (!has_name(btf, len, TAG_KERNEL_USER))
		return TAG_KERNEL_READS_NONE;
	return has_name(btf, len, TAG_KERNEL_SECURITY) ? TAG_KERNEL_READS_BOTH
						       : TAG_KERNEL_READS_USER;
}

const char *tag_wrong(const char *value, size_t len)
{
	if (len == 0)
		return "it is empty";
	if (len > RV_TAG_MAX)
		return "it is longer than 256 bytes";
	for (size_t at = 0, n; at < len; at += n) {
		n = utf8_printable(value + at, len - at);
		if (n == 0)
			return "it is not printable UTF-8";
	}
	return NULL;
}
RV_ASSERT(RV_TAG_MAX == 256);
