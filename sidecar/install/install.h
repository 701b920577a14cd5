/* SPDX-License-Identifier: Apache-2.0 */
/* `reeve install` and `reeve uninstall`: makes the runtimes of a host start reeve, and takes that
 * back. Nothing is changed before it was shown and agreed to. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define INSTALL_ERROR_MAX 1024

struct install_options {
	const char *root;    /* "/", or where an image lies */
	const char *prefix;  /* PREFIX/bin has the programs, as seen from root */
	const char *runtime; /* auto, podman, crio, docker, containerd */
	bool dry_run;
	/* Asked once, after the changes were printed on out. */
	bool (*agree)(void *arg);
	void *arg;
	FILE *out;
};

/* 0; 1: not agreed to. On failure -errno, with the reason in error and nothing changed, except
 * where the reason says so. */
int install(const struct install_options *o, char *error, size_t error_size);
/* prefix and runtime are not looked at: everything goes. */
int uninstall(const struct install_options *o, char *error, size_t error_size);
/* A NULL-ended list. */
extern const char *const install_runtimes[];
