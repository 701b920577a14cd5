/* SPDX-License-Identifier: Apache-2.0 */
/* What reeve knows of a container besides its records. Made by the hook, kept by the agent in
 * /run/reeve/c/KEY/meta, sent in WIRE_HELLO, kept by the node in the store. One JSON object. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "json.h"

#define META_SIZE_MAX (96u << 10) /* bytes of JSON */
#define META_ID_MAX 256		  /* bytes, NUL included */
#define META_NAME_MAX 256
#define META_WORD_MAX 512 /* image, pod, namespace: a reference by digest can be 330 long */

#define META_ANNOTATIONS_MAX 128
#define META_ANNOTATION_KEY_MAX 320   /* bytes, NUL included */
#define META_ANNOTATION_VALUE_MAX 1024
#define META_ANNOTATIONS_SIZE (24u << 10) /* of all of them */
#define META_LABELS_MAX 64
#define META_LABELS_SIZE (4u << 10) /* of all of them */

struct meta_annotation {
	char *key;
	char *value; /* NULL: too long, no printable text, or there were several */
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
	char *image;		  /* what its engine says of it: NULL where it says nothing */
	char *pod;
	char *namespace;	  /* the pod's, of Kubernetes */
	struct meta_annotation *labels;
	size_t labels_n;
	bool labels_cut; /* as below */
	struct meta_annotation *annotations;
	size_t annotations_n;
	bool annotations_cut; /* there were more, or longer keys */
};

/* Checks what it reads: id's characters, key = cgroup_id, lengths. -EINVAL with a reason in error.
 */
int meta_from_json(const struct json *j, struct meta *ret, char *error, size_t error_size);
int meta_to_json(const struct meta *m, struct json_out *o);
/* Labels or annotations as an object. */
void meta_put_pairs(struct json_out *o, const struct meta_annotation *list, size_t n);
void meta_release(struct meta *m);
/* Takes an object's members as the annotations, up to the bounds above. -ENOMEM. */
int meta_take_annotations(struct meta *m, const struct json *annotations);
/* The same of labels, with bounds of their own. */
int meta_take_labels(struct meta *m, const struct json *labels);
/* A copy of text that people may see on one line and that is shorter than META_WORD_MAX; anything else, and
 * "", is nothing and leaves *ret as it is. -ENOMEM. */
int meta_take_word(const char *text, char **ret);
/* An annotation, or NULL. */
const struct meta_annotation *meta_annotation(const struct meta *m, const char *key);
/* 1 when id is a container id as the OCI runtimes allow them and shorter than META_ID_MAX. */
int meta_id_valid(const char *id);

/* By which annotations engines say it: containerd's CRI, CRI-O, nerdctl. Each list ends with NULL. A tenant may
 * be able to write those that its engine does not; CRI-O puts its own over them, and its container's id beside. */
enum meta_said { META_SAID_NAME, META_SAID_IMAGE, META_SAID_NAMESPACE, META_SAID_POD, META_SAID_N };
extern const char *const meta_said_by[META_SAID_N][4];

/* How a word names a container; the greater is the better. */
enum meta_fit {
	META_FIT_NONE,
	META_FIT_PREFIX,  /* it is the beginning of the id */
	META_FIT_SANDBOX, /* it is namespace/pod, and this is what holds the pod's namespaces */
	META_FIT_POD,	  /* it is namespace/pod */
	META_FIT_NAME,	  /* it is the name, namespace/pod/name, or pod/name without a namespace */
	META_FIT_KEY,	  /* it is the key, which no other running container has */
	META_FIT_ID,
};
/* Whether the name is what podman calls a pod's infra container. */
bool meta_is_infra(const char *name);
/* The annotation in which CRI-O says the id of a container it made. */
#define META_CRIO_ID "io.kubernetes.cri-o.ContainerID"
/* Whether an annotation with that key is believed of a container of CRI-O's. */
bool meta_crio_says(const char *key);
enum meta_fit meta_fits(const struct meta *m, const char *word);

#define META_ADDRESS_MAX (2 * META_WORD_MAX + META_NAME_MAX)
/* The name, behind its pod and namespace where it has them: "payments/web-7/app". */
void meta_address(const struct meta *m, char ret[static META_ADDRESS_MAX]);
/* Appends " ID (ADDRESS)", of those that the id fits " KEY (RUNTIME)", to the text at at as far as there is room,
 * returns the new end. */
size_t meta_put_candidate(const struct meta *m, enum meta_fit fit, char *text, size_t size, size_t at);
/* What to do where several fit that well. */
const char *meta_fits_several(enum meta_fit fit);
