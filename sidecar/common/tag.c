/* SPDX-License-Identifier: Apache-2.0 */
/* See tag.h. */
#include "tag.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "kbpf.h"
#include "paths.h"
#include "slot.h"
#include "utf8.h"
#include "util.h"

#define BTF_VMLINUX "/sys/kernel/btf/vmlinux"
#define LOCK_DEADLINE_MS 3000
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

/* Under the lock: who is killed between the two steps leaves it to the next. */
static int attach(const char *pin)
{
	_close_ int prog = kbpf_obj_get(PATH_PIN_PROGS "/reeve_tag");
	_close_ int link = -1;

	if (prog < 0)
		return prog == -ENOENT ? 0 : prog;
	link = kbpf_link_lsm(prog);
	return link < 0 ? link : kbpf_obj_pin(link, pin);
}

int tag_need(uint64_t kinds, uint32_t asked)
{
	static const char pin[] = PATH_PIN_LINKS "/reeve_tag";
	_close_ int lock = -1;
	int r;

	if (!(kinds >> RV_KIND_OPEN & 1) && !(asked >> RV_SUBJECT_FILE & 1))
		return 0;
	if (access(pin, F_OK) == 0 || access(PATH_PIN_PROGS "/reeve_tag", F_OK) < 0)
		return 0;
	r = slot_lock(LOCK_DEADLINE_MS, &lock);
	if (r == 0 && access(pin, F_OK) < 0)
		r = attach(pin);
	return r;
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
