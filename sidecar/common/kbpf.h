/* SPDX-License-Identifier: Apache-2.0 */
/* The few bpf(2) commands the long-lived programs need, without libbpf, ELF or BTF. Every call
 * returns an fd or 0, or -errno as the kernel gave it. */
#pragma once
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a pinned map, program or link. */
int kbpf_obj_get(const char *path);
/* Pins an fd. The name must hold no dot (bpffs refuses it with EPERM). */
int kbpf_obj_pin(int fd, const char *path);

/* One-entry mappable array (value_size bytes) and ring buffer (size bytes, a power of two). */
int kbpf_create_state(const char *name, size_t value_size);
int kbpf_create_ring(const char *name, size_t size);
/* One-entry array of value_size bytes, and what is in it. */
int kbpf_create_value(const char *name, const void *value, size_t value_size);

int kbpf_map_lookup(int map_fd, const void *key, void *ret_value);
/* flags: BPF_ANY, BPF_EXIST or BPF_NOEXIST. */
int kbpf_map_update(int map_fd, const void *key, const void *value, uint64_t flags);
/* n keys and values side by side, one grace period for all of them. */
int kbpf_map_update_batch(int map_fd, const void *keys, const void *values, uint32_t n);
int kbpf_map_delete(int map_fd, const void *key);
/* The key after key (NULL: the first). -ENOENT after the last. */
int kbpf_map_next(int map_fd, const void *key, void *ret_next);

/* Runs a program of type syscall with arg, size bytes; *ret_value: what it returned. */
int kbpf_prog_run(int prog_fd, void *arg, size_t size, uint32_t *ret_value);

/* Attaches a cgroup-scoped LSM program to a cgroup directory. EINVAL also means: the kernel's ten
 * hook slots are taken. */
int kbpf_link_cgroup(int prog_fd, int cgroup_fd);
/* Attaches an LSM program for the whole node; it can be attached once. */
int kbpf_link_lsm(int prog_fd);

/* The next object id above id: BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID or BPF_LINK_GET_NEXT_ID.
 * -ENOENT after the last. */
int kbpf_next_id(int cmd, uint32_t id, uint32_t *ret_id);
/* cmd: BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID or BPF_LINK_GET_FD_BY_ID. */
int kbpf_fd_by_id(int cmd, uint32_t id);
/* Fills struct bpf_prog_info, bpf_map_info or bpf_link_info (zeroed here first). */
int kbpf_info(int fd, void *ret_info, size_t size);
