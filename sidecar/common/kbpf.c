/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) by hand: a zeroed attribute union, one command, -errno. */
#include "sidecar/common/kbpf.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int call(int cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int kbpf_obj_get(const char *path)
{
	union bpf_attr a = {};

	a.pathname = ptr(path);
	return call(BPF_OBJ_GET, &a);
}

int kbpf_obj_pin(int fd, const char *path)
{
	union bpf_attr a = {};

	a.pathname = ptr(path);
	a.bpf_fd = (uint32_t)fd;
	return call(BPF_OBJ_PIN, &a);
}

static int create_array(const char *name, size_t value_size, uint32_t flags)
{
	union bpf_attr a = {};

	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = 4;
	a.value_size = (uint32_t)value_size;
	a.max_entries = 1;
	a.map_flags = flags;
	strncpy(a.map_name, name, sizeof(a.map_name) - 1);
	return call(BPF_MAP_CREATE, &a);
}

int kbpf_create_state(const char *name, size_t value_size)
{
	return create_array(name, value_size, BPF_F_MMAPABLE);
}

int kbpf_create_value(const char *name, const void *value, size_t value_size)
{
	int fd = create_array(name, value_size, 0), r;

	if (fd < 0)
		return fd;
	r = kbpf_map_update(fd, &(uint32_t){0}, value, BPF_ANY);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int kbpf_create_ring(const char *name, size_t size)
{
	union bpf_attr a = {};

	a.map_type = BPF_MAP_TYPE_RINGBUF;
	a.max_entries = (uint32_t)size;
	strncpy(a.map_name, name, sizeof(a.map_name) - 1);
	return call(BPF_MAP_CREATE, &a);
}

int kbpf_map_lookup(int map_fd, const void *key, void *ret_value)
{
	union bpf_attr a = {};

	a.map_fd = (uint32_t)map_fd;
	a.key = ptr(key);
	a.value = ptr(ret_value);
	return call(BPF_MAP_LOOKUP_ELEM, &a);
}

int kbpf_map_update(int map_fd, const void *key, const void *value, uint64_t flags)
{
	union bpf_attr a = {};

	a.map_fd = (uint32_t)map_fd;
	a.key = ptr(key);
	a.value = ptr(value);
	a.flags = flags;
	return call(BPF_MAP_UPDATE_ELEM, &a);
}

int kbpf_map_update_batch(int map_fd, const void *keys, const void *values, uint32_t n)
{
	union bpf_attr a = {};

	a.batch.map_fd = (uint32_t)map_fd;
	a.batch.keys = ptr(keys);
	a.batch.values = ptr(values);
	a.batch.count = n;
	return call(BPF_MAP_UPDATE_BATCH, &a);
}

int kbpf_map_delete(int map_fd, const void *key)
{
	union bpf_attr a = {};

	a.map_fd = (uint32_t)map_fd;
	a.key = ptr(key);
	return call(BPF_MAP_DELETE_ELEM, &a);
}

int kbpf_map_next(int map_fd, const void *key, void *ret_next)
{
	union bpf_attr a = {};

	a.map_fd = (uint32_t)map_fd;
	a.key = ptr(key);
	a.next_key = ptr(ret_next);
	return call(BPF_MAP_GET_NEXT_KEY, &a);
}

int kbpf_prog_run(int prog_fd, void *arg, size_t size, uint32_t *ret_value)
{
	union bpf_attr a = {};
	int r;

	a.test.prog_fd = (uint32_t)prog_fd;
	a.test.ctx_in = ptr(arg);
	a.test.ctx_size_in = (uint32_t)size;
	r = call(BPF_PROG_TEST_RUN, &a);
	if (r == 0)
		*ret_value = a.test.retval;
	return r;
}

int kbpf_link_cgroup(int prog_fd, int cgroup_fd)
{
	union bpf_attr a = {};

	a.link_create.prog_fd = (uint32_t)prog_fd;
	a.link_create.target_fd = (uint32_t)cgroup_fd;
	a.link_create.attach_type = BPF_LSM_CGROUP;
	return call(BPF_LINK_CREATE, &a);
}

int kbpf_link_lsm(int prog_fd)
{
	union bpf_attr a = {};

	a.link_create.prog_fd = (uint32_t)prog_fd;
	a.link_create.attach_type = BPF_LSM_MAC;
	return call(BPF_LINK_CREATE, &a);
}

int kbpf_next_id(int cmd, uint32_t id, uint32_t *ret_id)
{
	union bpf_attr a = {};
	int r;

	a.start_id = id;
	r = call(cmd, &a);
	if (r == 0)
		*ret_id = a.next_id;
	return r;
}

int kbpf_fd_by_id(int cmd, uint32_t id)
{
	union bpf_attr a = {};

	a.prog_id = id; /* prog_id, map_id and link_id share one place */
	return call(cmd, &a);
}

int kbpf_info(int fd, void *ret_info, size_t size)
{
	union bpf_attr a = {};

	memset(ret_info, 0, size);
	a.info.bpf_fd = (uint32_t)fd;
	a.info.info_len = (uint32_t)size;
	a.info.info = ptr(ret_info);
	return call(BPF_OBJ_GET_INFO_BY_FD, &a);
}
