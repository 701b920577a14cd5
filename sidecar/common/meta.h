/* SPDX-License-Identifier: Apache-2.0 */
/* What reeve knows of a container besides its records. Made by the hook, kept by the agent in
 * /run/reeve/c/KEY/meta, sent in WIRE_HELLO, kept by the node in the store. One JSON object. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "json.h"

#define META_SIZE_MAX (64u << 10) /* bytes of JSON */
#define META_ID_MAX 256		  /* bytes, NUL included */
#define META_NAME_MAX 256

#define META_ANNOTATIONS_MAX 128
#define META_ANNOTATION_KEY_MAX 320   /* bytes, NUL included */
#define META_ANNOTATION_VALUE_MAX 1024
#define META_ANNOTATIONS_SIZE (24u << 10) /* of all of them */

struct meta_annotation {
	char *key;
	char *value; /* NULL: too long, or no printable text */
};

struct meta {
	char id[META_ID_MAX];	  /* the runtime's container id; [A-Za-z0-9_.+-] only */
	char name[META_NAME_MAX]; /* what people call it; the id where nothing better is known */
	char key[24];		  /* cgroup id, 16 hex digits */
	char policy[64];	  /* name of the policy in force, "" none */
	uint64_t generation;	  /* rv_state.generation */
	uint64_t cgroup_id;
	uint64_t started_wall_ns; /* when it was prepared */
	char *cgroup;		  /* path below the cgroup root; may be NULL */
	char *bundle;		  /* may be NULL */
	char *runtime;		  /* "crun", "reeve run", ...; may be NULL */
	struct meta_annotation *annotations;
	size_t annotations_n;
	bool annotations_cut; /* there were more, or longer keys */
};

/* Checks what it reads: id's characters, key = cgroup_id, lengths. -EINVAL with a reason in error.
 */
int meta_from_json(const struct json *j, struct meta *ret, char *error, size_t error_size);
int meta_to_json(const struct meta *m, struct json_out *o);
void meta_release(struct meta *m);
/* Takes an object's members as the annotations, up to the bounds above. -ENOMEM. */
int meta_take_annotations(struct meta *m, const struct json *annotations);
/* An annotation, or NULL. */
const struct meta_annotation *meta_annotation(const struct meta *m, const char *key);
/* 1 when id is a container id as the OCI runtimes allow them and shorter than META_ID_MAX. */
int meta_id_valid(const char *id);
