/* SPDX-License-Identifier: Apache-2.0 */
/* What is going to be changed, before anything is: each runtime's file says which file shall hold
 * what. Private to sidecar/install. */
#pragma once
#include "receipt.h"
#include "rootfs.h"

#define PLAN_EDITS_MAX 16
#define PLAN_NOTES_MAX 16
#define PLAN_TEXT_MAX 512
#define PLAN_PATH_MAX 512

struct edit {
	char *path;
	struct rootfs_file now;	   /* what is there */
	struct rootfs_file before; /* what shall be there again after uninstall */
	bool removes;		   /* the file goes */
	bool restores;		   /* owner, mode and times of before as well */
	char *after;
	size_t after_len;
};

struct plan {
	const struct rootfs *root;
	struct receipt *receipt;
	const char *prefix;
	struct edit edits[PLAN_EDITS_MAX];
	size_t edits_n;
	char notes[PLAN_NOTES_MAX][PLAN_TEXT_MAX];
	size_t notes_n;
	char *error;
	size_t error_size;
};

void plan_release(struct plan *p);
#define _plan_ __attribute__((cleanup(plan_release)))

/* The file without what an earlier install put into it, as long as nobody else has changed it
 * since. */
int plan_read(struct plan *p, const char *path, struct rootfs_file *ret);
/* path shall hold that; nothing when it does. */
int plan_put(struct plan *p, const char *path, const char *after, size_t len);
/* PREFIX/bin/NAME, which must be a program on that host. ret has PLAN_PATH_MAX bytes. */
int plan_program(struct plan *p, const char *name, const char *runtime, char *ret);

void plan_note(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts the reason where the caller of install finds it; returns r. */
int plan_refuse(struct plan *p, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Each runtime's. */
int hooks_plan_podman(struct plan *p);
int hooks_plan_crio(struct plan *p);
int docker_plan(struct plan *p);
int containerd_plan(struct plan *p);
