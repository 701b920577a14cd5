// SPDX-License-Identifier: Apache-2.0
/* See host.h. Every check reads one place under /proc or /sys. */
#include "host.h"
#include "paths.h"
#include "util.h"
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#define SECURITYFS "/sys/kernel/security"
/* podman takes what is mounted below /sys/kernel away from the runtime, and so from the hook, of a container
 * with a user namespace: init still has it. */
#define SECURITYFS_OF_INIT "/proc/1/root" SECURITYFS
#define BTF_VMLINUX "/sys/kernel/btf/vmlinux"
#define SMALL_FILE_MAX 4096 /* bytes */

static bool is_mounted(const char *path, unsigned long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

bool host_kernel_at_least(const char *release, int major, int minor)
{
	int have_major = 0, have_minor = 0;

	if (sscanf(release, "%d.%d", &have_major, &have_minor) != 2)
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}

bool host_lsm_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t part = strcspn(list, ",\n");

		if (part == len && memcmp(list, name, len) == 0)
			return true;
		list += part + (list[part] != '\0');
	}
	return false;
}

bool host_uid_map_is_host(const char *text)
{
	unsigned long inside, outside, count;

	return sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == 4294967295ul;
}

enum host_cgroup host_cgroup_kind(const char *root)
{
	_free_ char *unified = NULL;

	if (is_mounted(root, CGROUP2_SUPER_MAGIC))
		return HOST_CGROUP_V2;
	if (!is_mounted(root, TMPFS_MAGIC) && !is_mounted(root, CGROUP_SUPER_MAGIC))
		return HOST_CGROUP_NONE;
	if (asprintf(&unified, "%s/unified", root) < 0) {
		unified = NULL;
		return HOST_CGROUP_V1;
	}
	return is_mounted(unified, CGROUP2_SUPER_MAGIC) ? HOST_CGROUP_HYBRID : HOST_CGROUP_V1;
}

static int check_privilege(char *text)
{
	_free_ char *map = NULL;
	size_t len;
	int r;

	if (geteuid() != 0) {
		snprintf(text, HOST_TEXT_MAX,
			 "running as uid %u, expected root: rootless containers cannot be guarded, "
			 "start the container as root",
			 geteuid());
		return -EPERM;
	}
	r = util_read_file(AT_FDCWD, "/proc/self/uid_map", SMALL_FILE_MAX, &map, &len);
	if (r < 0 || !host_uid_map_is_host(map)) {
		snprintf(text, HOST_TEXT_MAX,
			 "running in a user namespace, expected the host's root: rootless "
			 "containers cannot be guarded, start the container as root");
		return r < 0 ? r : -EPERM;
	}
	snprintf(text, HOST_TEXT_MAX, "root");
	return 0;
}

static int check_kernel(char *text)
{
	struct utsname name;

	if (uname(&name) < 0)
		return -errno;
	if (!host_kernel_at_least(name.release, HOST_KERNEL_MAJOR, HOST_KERNEL_MINOR)) {
		snprintf(text, HOST_TEXT_MAX, "kernel %.60s, expected %d.%d or newer: update it",
			 name.release, HOST_KERNEL_MAJOR, HOST_KERNEL_MINOR);
		return -EOPNOTSUPP;
	}
	snprintf(text, HOST_TEXT_MAX, "%.60s", name.release);
	return 0;
}

/* Where securityfs is; NULL: nowhere. */
static const char *securityfs(void)
{
	if (is_mounted(SECURITYFS, SECURITYFS_MAGIC))
		return SECURITYFS;
	return is_mounted(SECURITYFS_OF_INIT, SECURITYFS_MAGIC) ? SECURITYFS_OF_INIT : NULL;
}

static int check_securityfs(char *text)
{
	const char *at = securityfs();

	if (!at) {
		snprintf(text, HOST_TEXT_MAX,
			 "securityfs is not mounted at " SECURITYFS
			 ", so whether BPF LSM is active cannot be told: "
			 "mount -t securityfs securityfs " SECURITYFS);
		return -ENODEV;
	}
	snprintf(text, HOST_TEXT_MAX, "%s", at);
	return 0;
}

static int check_lsm(char *text)
{
	_free_ char *list = NULL;
	size_t len;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "%s/lsm", securityfs() ?: SECURITYFS);
	r = util_read_file(AT_FDCWD, path, SMALL_FILE_MAX, &list, &len);
	if (r < 0) {
		snprintf(text, HOST_TEXT_MAX, "cannot read " SECURITYFS "/lsm (%s)", strerror(-r));
		return r;
	}
	list[strcspn(list, "\n")] = '\0';
	if (!host_lsm_listed(list, "bpf")) {
		snprintf(text, HOST_TEXT_MAX,
			 "BPF LSM is not active (" SECURITYFS "/lsm is \"%.80s\"): "
			 "boot with lsm=%.80s%sbpf",
			 list, list, *list ? "," : "");
		return -EOPNOTSUPP;
	}
	snprintf(text, HOST_TEXT_MAX, "%.120s", list);
	return 0;
}

static int check_btf(char *text)
{
	if (access(BTF_VMLINUX, R_OK) < 0) {
		int r = -errno;

		snprintf(text, HOST_TEXT_MAX,
			 "no kernel BTF at " BTF_VMLINUX
			 " (%s): use a kernel built with CONFIG_DEBUG_INFO_BTF",
			 strerror(-r));
		return r;
	}
	snprintf(text, HOST_TEXT_MAX, BTF_VMLINUX);
	return 0;
}

static int check_cgroup(char *text)
{
	static const char *const found[] = {
	    [HOST_CGROUP_V2] = NULL,
	    [HOST_CGROUP_HYBRID] = "a hybrid of cgroup v1 and v2 is mounted",
	    [HOST_CGROUP_V1] = "only cgroup v1 is mounted",
	    [HOST_CGROUP_NONE] = "no cgroup file system is mounted",
	};
	enum host_cgroup kind = host_cgroup_kind(PATH_CGROUP_ROOT);

	if (kind != HOST_CGROUP_V2) {
		snprintf(text, HOST_TEXT_MAX,
			 "%s at " PATH_CGROUP_ROOT ", expected cgroup v2 alone: "
			 "boot with systemd.unified_cgroup_hierarchy=1",
			 found[kind]);
		return -EOPNOTSUPP;
	}
	snprintf(text, HOST_TEXT_MAX, "cgroup v2 at " PATH_CGROUP_ROOT);
	return 0;
}

static int check_bpffs(char *text)
{
	if (!is_mounted(PATH_BPFFS, BPF_FS_MAGIC)) {
		snprintf(text, HOST_TEXT_MAX,
			 "bpffs is not mounted at " PATH_BPFFS ": mount -t bpf bpf " PATH_BPFFS);
		return -ENODEV;
	}
	snprintf(text, HOST_TEXT_MAX, PATH_BPFFS);
	return 0;
}

/* In the order in which a failure explains the later ones. */
const struct host_check host_checks[] = {
    {"privileges", check_privilege}, {"kernel", check_kernel}, {"securityfs", check_securityfs},
    {"bpf-lsm", check_lsm},	     {"btf", check_btf},       {"cgroup", check_cgroup},
    {"bpffs", check_bpffs},
};
const size_t host_checks_count = ARRAY_SIZE(host_checks);

int host_ready(char *text)
{
	for (size_t i = 0; i < host_checks_count; i++) {
		int r = host_checks[i].check(text);

		if (r < 0)
			return r;
	}
	return 0;
}
