/* SPDX-License-Identifier: Apache-2.0 */
/* The policies in force as text: what the kernel holds is compiled, and says neither which file a
 * rule stands in nor why. A file per container and version in a directory of root's alone, written
 * before the kernel decides by it; an agent, which is user reeve, can neither change nor remove it.
 * The node takes the rules' names into the container's database and removes files of the ended.
 *   KEY-GENERATION-VERSION       one JSON line, the rules' names (list.h), the policies' texts;
 *                                mode 0400: the node has taken the names
 *   KEY-GENERATION-VERSION.new   the same of a change under way
 *   KEY-GENERATION.refused       why the last change of that container was refused */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include "list.h"
#include "sidecar/common/json.h"
#include "sidecar/common/paths.h"

#define KEPT_HEAD_MAX (256u << 10)  /* bytes of the JSON line */
#define KEPT_NAMES_MAX (32u << 20)  /* bytes; of more rules the names are not kept */
#define KEPT_SIZE_MAX (KEPT_HEAD_MAX + KEPT_NAMES_MAX + POLICY_LIST_MAX * POLICY_TEXT_MAX)
#define KEPT_REFUSED_MAX 1024 /* bytes, NUL included */
#define KEPT_VERSIONS_MAX 64  /* files of one container, the oldest goes first */

/* A life of a container. */
struct kept_id {
	char key[KEY_SIZE];
	uint64_t generation;
};

struct kept {
	char *data;
	struct json *head;
	uint32_t version, old_version;
	uint64_t since_wall_ns; /* when it came into force */
	char sha256[65];
	const char *names;
	size_t names_len;
	struct {
		enum list_from from;
		const char *file, *text;
		size_t len;
	} of[POLICY_LIST_MAX];
	unsigned n;
};

void kept_release(struct kept *k);
#define _kept_ __attribute__((cleanup(kept_release)))

/* From a file's bytes, which it takes over. -EBADMSG. */
int kept_parse(char *data, size_t len, struct kept *ret);
/* The file of that version, or the one of the change under way to it. -ENOENT. */
int kept_read(const struct kept_id *id, uint32_t version, struct kept *ret);

struct kept_new {
	const struct kept_id *id;
	const struct list *list;
	const struct rv_table *table; /* version and sha256 */
	uint32_t old_version;
	uint64_t since_wall_ns;
	bool changing; /* not in force yet */
};
int kept_write(const struct kept_new *n);
/* The change of that version is in force, or (made false) was never made. */
int kept_settle(const struct kept_id *id, uint32_t version, bool made);
/* Version of a change that was begun. -ENOENT: none. */
int kept_changing(const struct kept_id *id, uint32_t *ret_version);
/* Leaves the newest KEPT_VERSIONS_MAX. */
void kept_prune(const struct kept_id *id);

/* Notes why a change was refused; NULL: it is no more. */
void kept_refuse(const struct kept_id *id, const char *why);
/* 0 and the text, or -ENOENT. */
int kept_refused(const struct kept_id *id, char ret[static KEPT_REFUSED_MAX]);

/* Every file there is. */
struct kept_file {
	struct kept_id id;
	uint32_t version; /* 0: KEY-GENERATION.refused */
	bool changing;
	int dir_fd;
	const char *name;
	struct stat st;
};
void kept_each(void (*each)(void *arg, const struct kept_file *f), void *arg);
