/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's configuration as it is: config.toml, what it imports, and what of both counts.
 * Private to sidecar/install. */
#pragma once
#include "plan.h"
#include "toml.h"

#define CONTAINERD_FILES_MAX 32
/* plugins.A.B..., a buffer of the caller's block */
#define CONTAINERD_PATH(...)                                                                       \
	containerd_path((const char *const[]){"plugins", __VA_ARGS__, NULL},                       \
			(char[TOML_PATH_MAX]){0})

struct containerd_file {
	char path[PLAN_PATH_MAX];
	struct rootfs_file f;
	struct toml toml;
};

struct containerd {
	struct plan *p;
	char program[PLAN_PATH_MAX];			    /* reeve-runc */
	struct containerd_file files[CONTAINERD_FILES_MAX]; /* config.toml, then what it imports */
	size_t n;
	const char *cri; /* the plugin, by the version */
	int64_t version;
	char drop_ins[PLAN_PATH_MAX];	  /* a directory that is imported, or "" */
	const char *handler;		  /* the default handler's name */
	const struct containerd_file *of; /* the last file that says something of it, or NULL */
};

/* p and program are the caller's. 1: nothing to do, and a note says why. */
int containerd_read(struct containerd *c);
void containerd_release(struct containerd *c);
#define _containerd_ __attribute__((cleanup(containerd_release)))

const char *containerd_path(const char *const *parts, char *ret);
/* What counts for a key of the default handler, and the file it is in; NULL: nobody says. */
const struct toml_item *containerd_find(const struct containerd *c, const char *path,
					const struct containerd_file **ret_file);
/* -EINVAL, with the place. */
int containerd_refuse(struct plan *p, const struct containerd_file *f, const struct toml_item *item,
		      const char *what);
