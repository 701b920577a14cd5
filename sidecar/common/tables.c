/* SPDX-License-Identifier: Apache-2.0 */
/* See tables.h. */
#include "sidecar/common/tables.h"
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

static const char *const pins[TABLES_N] = {
#define TABLE_PIN(name, number, size) PATH_PIN_MAPS "/reeve_t_" #name,
    RV_TABLES(TABLE_PIN)};
static const uint32_t sizes[TABLES_N] = {
#define TABLE_SIZE(name, number, size) sizeof(struct rv_table) + (size) + RV_TABLE_SLACK,
    RV_TABLES(TABLE_SIZE)};

int tables_open(struct tables *t)
{
	for (unsigned i = 0; i < TABLES_N; i++) {
		t->fd[i] = kbpf_obj_get(pins[i]);
		if (t->fd[i] < 0)
			return t->fd[i];
	}
	return 0;
}

void tables_close(struct tables *t)
{
	for (unsigned i = 0; i < TABLES_N; i++)
		if (t->fd[i] >= 0)
			close(t->fd[i]);
}

int tables_put(const struct tables *t, uint32_t slot, unsigned number, const void *value,
	       uint32_t size)
{
	_close_ int fd = -1;

	if (number < 1 || number > TABLES_N || size != sizes[number - 1])
		return -EINVAL;
	fd = kbpf_create_value("reeve_table", value, size);
	return fd < 0 ? fd : kbpf_map_update(t->fd[number - 1], &slot, &fd, BPF_ANY);
}

int tables_drop(const struct tables *t, uint32_t slot, unsigned number)
{
	int r = number < 1 || number > TABLES_N ? -EINVAL
						: kbpf_map_delete(t->fd[number - 1], &slot);

	return r == -ENOENT ? 0 : r;
}

/* The inner map behind an outer one. */
static int inner(const struct tables *t, uint32_t slot, unsigned number)
{
	uint32_t id;
	int r = number < 1 || number > TABLES_N
		    ? -ENOENT
		    : kbpf_map_lookup(t->fd[number - 1], &slot, &id);

	return r ? r : kbpf_fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
}

/* The kernel returns from putting a map behind an outer one after a grace period; that it is the same
 * one makes no difference. */
int tables_wait(const struct tables *t, uint32_t slot, unsigned number)
{
	_close_ int fd = inner(t, slot, number);

	return fd < 0 ? fd : kbpf_map_update(t->fd[number - 1], &slot, &fd, BPF_ANY);
}

int tables_get(const struct tables *t, uint32_t slot, unsigned number, struct rv_table **ret)
{
	_free_ void *value = NULL;
	_close_ int fd = inner(t, slot, number);
	int r;

	if (fd < 0)
		return fd;
	value = malloc(sizes[number - 1]);
	if (!value)
		return -ENOMEM;
	r = kbpf_map_lookup(fd, &(uint32_t){0}, value);
	if (r)
		return r;
	*ret = TAKE_PTR(value);
	return 0;
}

uint32_t tables_asked(const struct rv_table *t)
{
	uint32_t asked = 0;

	for (unsigned s = 0; s < RV_SUBJECT_MAX; s++)
		asked |= t->asked[s] ? 1u << s : 0;
	return asked;
}
