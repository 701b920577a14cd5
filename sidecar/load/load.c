/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecar/load/load.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"
#include "sidecar/load/object.h"

#define ATTACH_TRIES 50 /* a hook's slot frees up to 260 ms after its last user left */

static const struct {
	const char *prog, *attach;
	__u32 number;
	bool cgroup;
} hooks[] = {
#define H(NAME, number, attach, prog, kind, since) {prog, attach, number, true},
#define N(NAME, number, attach, prog, kind, since) {prog, attach, number, false},
    RV_HOOKS(H, N)
#undef H
#undef N
};

static char verifier[4096];

static int keep_last_words(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (getenv("REEVE_LOAD_DEBUG"))
		return vfprintf(stderr, fmt, args);
	if (level == LIBBPF_WARN)
		vsnprintf(verifier, sizeof(verifier), fmt, args);
	return 0;
}

static int pin_path(char *out, size_t size, const char *dir, const char *name)
{
	return snprintf(out, size, "%s/%s", dir, name) < (int)size ? 0 : -ENAMETOOLONG;
}

/* Programs that may sleep read files' tags for the cgroup-scoped ones. */
static bool sleeps(size_t i)
{
	return strncmp(hooks[i].attach, "lsm.s/", 6) == 0;
}

/* Which attributes a tag is read from is the kernel's to say: bpf_get_file_xattr came with user.*,
 * security.bpf.* together with the functions that write it. */
static int prepare_tags(struct bpf_object *obj, const struct btf *kernel)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, ".rodata.tag");
	__u32 security = btf__find_by_name_kind(kernel, TAG_KERNEL_SECURITY, BTF_KIND_FUNC) > 0;
	int r = -ENOENT;

	if (btf__find_by_name_kind(kernel, TAG_KERNEL_USER, BTF_KIND_FUNC) < 0) {
		for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
			if (sleeps(i))
				bpf_program__set_autoload(
				    bpf_object__find_program_by_name(obj, hooks[i].prog), false);
	}
	if (map)
		r = bpf_map__set_initial_value(map, &security, sizeof(security));
	return r ? log_err(r, "tell the programs which tags this kernel reads") : 0;
}

/* A place to attach that this kernel does not have: the program stays out, 'reeve events' and
 * 'doctor' say so. */
static int leave_out(struct bpf_object *obj)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	char name[128];
	int r;

	if (!kernel)
		return log_err(-errno, "read the kernel's BTF (/sys/kernel/btf/vmlinux)");
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(obj, hooks[i].prog);
		const char *slash = strchr(hooks[i].attach, '/');
		bool tracepoint = strncmp(hooks[i].attach, "tp_btf", 6) == 0;

		if (!p || strcmp(bpf_program__section_name(p), hooks[i].attach) != 0) {
			btf__free(kernel);
			return log_err(-EINVAL, "program %s is not in the object with section %s",
				       hooks[i].prog, hooks[i].attach);
		}
		snprintf(name, sizeof(name), "%s%s",
			 strncmp(hooks[i].attach, "lsm", 3) == 0 ? "bpf_lsm_"
			 : tracepoint				 ? "btf_trace_"
								 : "",
			 slash + 1);
		if (btf__find_by_name_kind(kernel, name,
					   tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC) < 0)
			bpf_program__set_autoload(p, false);
	}
	r = prepare_tags(obj, kernel);
	btf__free(kernel);
	return r;
}

/* reeve_progs: which id and tag a hook's records carry. */
static int tell_programs(struct bpf_object *obj)
{
	int map = bpf_object__find_map_fd_by_name(obj, "reeve_progs");

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(obj, hooks[i].prog);
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		struct rv_prog value = {};
		int r;

		if (!bpf_program__autoload(p))
			continue;
		r = bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len);
		if (r)
			return log_err(r, "ask for the id of program %s", hooks[i].prog);
		value.id = info.id;
		memcpy(value.tag, info.tag, sizeof(value.tag));
		r = bpf_map_update_elem(map, &hooks[i].number, &value, BPF_ANY);
		if (r)
			return log_err(r, "write reeve_progs[%u]", hooks[i].number);
	}
	return 0;
}

/* Keys of counted acts: nobody may build two acts with the same one. */
static int draw_secret(struct bpf_object *obj)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, ".rodata.reeve");
	__u64 secret[3];
	int r;

	if (!map || bpf_map__value_size(map) != sizeof(secret))
		return log_err(-EINVAL, "find the secret in the object");
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return log_err(-errno, "draw a secret");
	secret[1] |= 1;
	secret[2] |= 1;
	r = bpf_map__set_initial_value(map, secret, sizeof(secret));
	return r ? log_err(r, "write the secret") : 0;
}

static int pin_program(struct bpf_object *obj, const char *name)
{
	char path[256];
	int r = pin_path(path, sizeof(path), PATH_PIN_PROGS, name);

	if (r == 0)
		r = bpf_program__pin(bpf_object__find_program_by_name(obj, name), path);
	return r ? log_err(r, "pin program %s at %s", name, path) : 0;
}

static int pin_programs(struct bpf_object *obj)
{
	char path[256];
	int r = pin_program(obj, "reeve_repeats");

	if (r == 0)
		r = pin_program(obj, "reeve_policy");
	if (r == 0)
		r = pin_program(obj, "reeve_inode");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(hooks); i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(obj, hooks[i].prog);

		if (!bpf_program__autoload(p))
			continue;
		r = pin_program(obj, hooks[i].prog);
		if (r)
			return r;
		if (hooks[i].cgroup || sleeps(i))
			continue;
		struct bpf_link *link = bpf_program__attach(p);

		if (!link)
			return log_err(-errno, "attach node-wide program %s", hooks[i].prog);
		pin_path(path, sizeof(path), PATH_PIN_LINKS, hooks[i].prog);
		r = bpf_link__pin(link, path);
		bpf_link__destroy(link);
		if (r)
			return log_err(r, "pin the link of %s at %s", hooks[i].prog, path);
	}
	return r;
}

static int pin_maps(struct bpf_object *obj)
{
	struct bpf_map *map, *meta = NULL;
	char path[256];
	int r;

	bpf_object__for_each_map(map, obj)
	{
		const char *name = bpf_map__name(map);

		if (strncmp(name, "reeve_", 6) != 0)
			continue;
		if (strcmp(name, "reeve_meta") == 0) {
			meta = map;
			continue;
		}
		pin_path(path, sizeof(path), PATH_PIN_MAPS, name);
		r = bpf_map__pin(map, path);
		if (r)
			return log_err(r, "pin map %s at %s", name, path);
	}
	struct rv_meta value = {.abi_version = RV_ABI_VERSION};
	__u32 zero = 0;

	strncpy(value.build, REEVE_BUILD, sizeof(value.build) - 1);
	r = bpf_map_update_elem(bpf_map__fd(meta), &zero, &value, BPF_ANY);
	/* Its pin says: everything else is in place. */
	return r ? r : bpf_map__pin(meta, PATH_PIN_MAPS "/reeve_meta");
}

static int make_places(void)
{
	static const char *const dirs[] = {PATH_PINS,	       PATH_PIN_PROGS,	PATH_PIN_MAPS,
					   PATH_PIN_LINKS,     PATH_PIN_ANCHOR, PATH_PIN_POOL,
					   PATH_PIN_CONTAINERS};
	uid_t uid;
	gid_t gid;
	int r = util_user_ids(REEVE_USER, &uid, &gid);

	if (r)
		return log_err(r, "find user %s: make it with 'adduser --system --group %s'",
			       REEVE_USER, REEVE_USER);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], i ? 0700 : 0711) < 0 && errno != EEXIST)
			return log_err(-errno, "make %s: is bpffs mounted at %s?", dirs[i],
				       PATH_BPFFS);
	/* An agent takes its own directory away when its container has ended. */
	if (chown(PATH_PIN_CONTAINERS, uid, gid) < 0)
		return log_err(-errno, "give %s to user %s", PATH_PIN_CONTAINERS, REEVE_USER);
	return 0;
}

int load_all(void)
{
	size_t len;
	const void *bytes = object_bytes(&len);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "reeve");
	struct bpf_object *obj;
	char build[sizeof(((struct rv_meta *)0)->build)];
	int r = pins_build(build, sizeof(build));

	if (r == 0)
		return strcmp(build, REEVE_BUILD) == 0 ? -EEXIST : -ESTALE;
	libbpf_set_print(keep_last_words);
	pins_remove_all(); /* of a loader that was killed half-way */
	r = make_places();
	if (r)
		return r;
	obj = bpf_object__open_mem(bytes, len, &opts);
	if (!obj) {
		r = log_err(-errno, "open the embedded programs (%s)", verifier);
		pins_remove_all();
		return r;
	}
	r = leave_out(obj);
	if (!r)
		r = draw_secret(obj);
	if (!r)
		r = bpf_object__load(obj);
	if (r)
		log_err(r, "load the programs (%s)", verifier);
	if (!r)
		r = tell_programs(obj);
	if (!r)
		r = pin_programs(obj);
	if (!r)
		r = pin_maps(obj);
	bpf_object__close(obj);
	if (r)
		pins_remove_all();
	return r;
}

static int anchor_one(const char *prog, int cgroup_fd)
{
	char path[256], pin[256];
	_close_ int fd = -1;
	_close_ int link = -1;
	int r;

	pin_path(pin, sizeof(pin), PATH_PIN_ANCHOR, prog);
	if (access(pin, F_OK) == 0)
		return 0;
	pin_path(path, sizeof(path), PATH_PIN_PROGS, prog);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return log_err(fd, "open program %s", path);
	for (int i = 0; i < ATTACH_TRIES; i++) {
		link = bpf_link_create(fd, cgroup_fd, BPF_LSM_CGROUP, NULL);
		if (link != -EINVAL)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	if (link < 0)
		return log_err(link,
			       "attach %s to the anchor cgroup (the kernel carries %d cgroup LSM "
			       "hooks at a time; 'reeve doctor' shows who holds them)",
			       prog, RV_SLOTS_KERNEL);
	r = bpf_obj_pin(link, pin);
	return r ? log_err(r, "pin the anchor link at %s", pin) : 0;
}

/* Behind the anchor's links, so that it runs before the cgroup-scoped program of the same place:
 * the kernel calls first what was attached last. That one stays attached, to the anchor, however
 * many containers come and go. The one for opens waits for a container that needs it: tag_need(). */
static int attach_sleeper(const char *prog)
{
	char path[256], pin[256];
	_close_ int fd = -1;
	_close_ int link = -1;
	int r;

	pin_path(pin, sizeof(pin), PATH_PIN_LINKS, prog);
	pin_path(path, sizeof(path), PATH_PIN_PROGS, prog);
	if (access(pin, F_OK) == 0 || access(path, F_OK) < 0)
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return log_err(fd, "open program %s", path);
	link = bpf_link_create(fd, 0, BPF_LSM_MAC, NULL);
	if (link < 0)
		return log_err(link, "attach node-wide program %s", prog);
	r = bpf_obj_pin(link, pin);
	return r ? log_err(r, "pin the link of %s at %s", prog, pin) : 0;
}

int load_anchor(void)
{
	_close_ int cgroup =
	    open(PATH_CGROUP_ROOT "/" CGROUP_ANCHOR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		return log_err(-errno, "open the anchor cgroup");
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		int r = hooks[i].cgroup ? anchor_one(hooks[i].prog, cgroup) : 0;

		if (r)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		bool now = sleeps(i) && hooks[i].number != RV_HOOK_TAG;
		int r = now ? attach_sleeper(hooks[i].prog) : 0;

		if (r)
			return r;
	}
	return 0;
}
