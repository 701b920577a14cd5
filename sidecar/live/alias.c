/* SPDX-License-Identifier: Apache-2.0 */
/* See alias.h. The looking is done by a child: it enters the container's mount namespace, and can be
 * killed where a file system does not answer. */
#include "alias.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sidecar/common/json.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/policy/glob.h"

#define CONFIG_MAX (16u << 20) /* bytes of a config.json */

struct look {
	const struct alias_of *of;
	int map, prog, root;
	unsigned looked, found;
};

/* The byte an item stands for, -1: it may be another. */
static int only_byte(const struct glob_item *item)
{
	int byte = -1;

	if (item->type != GLOB_SET)
		return -1;
	for (int i = 0; i < 256; i++) {
		if (!(item->set[i / 8] >> i % 8 & 1))
			continue;
		if (byte >= 0)
			return -1;
		byte = i;
	}
	return byte;
}

static int put(struct look *k, const struct rv_inode *inode, const char *path, size_t len)
{
	struct rv_alias_key key = {.slot = k->of->slot, .dev = inode->dev, .ino = inode->ino};
	struct rv_alias now, value = {.generation = k->of->generation,
				      .inode_generation = inode->generation,
				      .version = k->of->version,
				      .len = (uint32_t)len};
	int r;

	memcpy(value.path, path, len);
	for (; key.nth < RV_ALIAS_PATHS; key.nth++) {
		r = kbpf_map_lookup(k->map, &key, &now);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && now.generation == value.generation && now.version == value.version &&
		    now.inode_generation == value.inode_generation) {
			if (now.len == len && memcmp(now.path, path, len) == 0)
				return 0;
			continue;
		}
		r = kbpf_map_update(k->map, &key, &value, BPF_ANY);
		k->found += r == 0;
		return r;
	}
	return -E2BIG;
}

static int look_at(struct look *k, const char *path, size_t len)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	_close_ int fd = (int)syscall(SYS_openat2, k->root, path, &how, sizeof(how));
	struct rv_inode inode = {.fd = (uint32_t)fd};
	struct stat st;
	uint32_t result = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode) || st.st_nlink < 2)
		return 0;
	r = kbpf_prog_run(k->prog, &inode, sizeof(inode), &result);
	if (r == 0)
		r = (int)result;
	return r < 0 ? r : put(k, &inode, path, len);
}

static int look_at_glob(void *arg, const struct glob_item *items, size_t n)
{
	struct look *k = arg;
	char path[RV_ALIAS_MAX];

	if (n == 0 || n >= sizeof(path) || only_byte(&items[0]) != '/')
		return 0;
	for (size_t i = 0; i < n; i++) {
		int byte = only_byte(&items[i]);

		if (byte <= 0)
			return 0;
		path[i] = (char)byte;
	}
	path[n] = '\0';
	if (k->looked++ == ALIAS_LOOKED_MAX)
		return -E2BIG;
	return look_at(k, path, n);
}

static int count_glob(void *arg, const struct glob_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (only_byte(&items[i]) <= 0)
			return 0;
	++*(unsigned *)arg;
	return 0;
}

static int each_glob(const struct list *l, int (*each)(void *, const struct glob_item *, size_t),
		     void *arg)
{
	const char *why;
	size_t at;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < l->n; i++) {
		const struct policy *p = l->of[i].policy;

		for (size_t j = 0; r == 0 && j < p->rules_n; j++) {
			const char *glob = p->rules[j].path;

			if (p->rules[j].action == POLICY_DENY && glob && *glob != '@' &&
			    !strpbrk(glob, "*?"))
				r = glob_parse(glob, strlen(glob), each, arg, &at, &why);
		}
	}
	return r;
}

/* The child: its answer is *found or -errno. */
static int look(const struct alias_of *of, const struct list *l, int pidfd, const char *root)
{
	_close_ int map = kbpf_obj_get(PATH_PIN_MAPS "/reeve_aliases");
	_close_ int prog = kbpf_obj_get(PATH_PIN_PROGS "/reeve_inode");
	_close_ int dir = -1;
	struct look k = {.of = of, .map = map, .prog = prog};
	int r;

	if (map < 0 || prog < 0)
		return map < 0 ? map : prog;
	if (setns(pidfd, CLONE_NEWNS) < 0)
		return -errno;
	k.root = dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = each_glob(l, look_at_glob, &k);
	return r < 0 ? r : k.found > 0;
}

/* What the child says within the time; it is gone then. */
static int answer(pid_t child, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t until = util_now_ns() + ALIAS_DEADLINE_MS * 1000000ull;
	int r, said = -EIO;

	do
		r = poll(&p, 1, util_left_ms(until));
	while (r < 0 && errno == EINTR);
	if (r == 0)
		said = -ETIMEDOUT;
	else if (r < 0 || read(fd, &said, sizeof(said)) != sizeof(said))
		said = -EIO;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return said;
}

int alias_put(const struct alias_of *of, const struct list *l, int pidfd, const char *bundle,
	      char *error, size_t error_size)
{
	char root[PATH_MAX] = "/";
	_close_ int in = -1;
	_close_ int out = -1;
	unsigned exact = 0;
	int fds[2], r;
	pid_t child;

	r = each_glob(l, count_glob, &exact);
	if (r < 0 || exact == 0)
		return r;
	r = bundle ? alias_rootfs(bundle, root) : 0;
	if (r < 0)
		return util_refuse(r, error, error_size, "\"root.path\" of %s/config.json: %s", bundle,
				   strerror(-r));
	if (pipe2(fds, O_CLOEXEC) < 0)
		return util_refuse(-errno, error, error_size, "make a pipe: %s", strerror(errno));
	in = fds[0];
	out = fds[1];
	child = fork();
	if (child == 0) {
		r = look(of, l, pidfd, root);
		_exit(write(out, &r, sizeof(r)) != sizeof(r));
	}
	if (child < 0)
		return util_refuse(-errno, error, error_size, "fork: %s", strerror(errno));
	util_close_p(&out);
	out = -1;
	r = answer(child, in);
	if (r == -E2BIG)
		return util_refuse(r, error, error_size,
				   "more than %d exact paths are denied, or more than %d of one file: "
				   "hard links of the others are not looked for",
				   ALIAS_LOOKED_MAX, RV_ALIAS_PATHS);
	if (r < 0)
		return util_refuse(r, error, error_size,
				   "look for hard links of files that are denied: %s", strerror(-r));
	return r;
}

int alias_drop(const struct alias_of *of)
{
	_close_ int map = kbpf_obj_get(PATH_PIN_MAPS "/reeve_aliases");
	struct rv_alias_key key, next;
	struct rv_alias value;
	int r = map < 0 ? map : kbpf_map_next(map, NULL, &next);

	while (r == 0) {
		key = next;
		/* Before it goes: behind one that is gone the walk begins anew. */
		r = kbpf_map_next(map, &key, &next);
		if (key.slot != of->slot || kbpf_map_lookup(map, &key, &value) < 0 ||
		    (value.generation == of->generation && value.version == of->version))
			continue;
		kbpf_map_delete(map, &key);
	}
	return r == -ENOENT ? 0 : r;
}

int alias_rootfs(const char *bundle, char ret[static PATH_MAX])
{
	char file[PATH_MAX + 16];
	_free_ char *text = NULL;
	_json_ struct json *config = NULL;
	const char *path;
	size_t len;
	int r;

	snprintf(file, sizeof(file), "%s/config.json", bundle);
	r = util_read_file(AT_FDCWD, file, CONFIG_MAX, &text, &len);
	if (r < 0)
		return r;
	if (json_parse_foreign(text, len, &config, NULL, 0) < 0)
		return -EINVAL;
	path = json_get_string(json_get(config, "root"), "path", "");
	if (!*path)
		return -EINVAL;
	if (*path == '/')
		bundle = "";
	return snprintf(ret, PATH_MAX, "%s/%s", bundle, path + (*path == '/')) >= PATH_MAX
		   ? -ENAMETOOLONG
		   : 0;
}
