/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of one container, in the order in which their rules are numbered: files and their
 * texts, read and checked, and what becomes of them together. Changes nothing anywhere. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/json.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/paths.h"
#include "sidecar/policy/policy.h"

/* Whose word it is that a policy applies. */
enum list_from {
	LIST_HOST,    /* named by the host: its default, the hook's and agent's arguments, apply */
	LIST_MATCHED, /* its "match" fits the container */
	LIST_NAMED,   /* a file of the host's, which the container's annotation names */
	LIST_CHOSEN,  /* the same, and the host lets the container choose it (list_select) */
	LIST_INLINE,  /* the annotation itself */
};
extern const char *const list_from_names[]; /* NULL-ended */
#define LIST_INLINE_FILE "annotation:" REEVE_ANNOTATION_POLICY
#define LIST_INLINE_MAX (64u << 10) /* bytes of an annotation */

struct list_entry {
	enum list_from from;
	char *file; /* where it came from, absolute */
	char *text;
	size_t len;
	struct policy *policy;
};

struct list {
	struct list_entry of[POLICY_LIST_MAX];
	unsigned n;
};

void list_release(struct list *l);
#define _list_ __attribute__((cleanup(list_release)))

/* Its directory's own name, whatever links lead there, and the file's as it was given: what that links
 * to may change, and is then the next version. */
int list_absolute(const char *file, char ret[static PATH_MAX]);
/* Reads, checks and appends a file; or the text itself (copied). What is wrong is in error, with the
 * place: -E2BIG (more than POLICY_LIST_MAX, too long), -EINVAL, or of the file. */
int list_add_file(struct list *l, enum list_from from, const char *file, char *error,
		  size_t error_size);
int list_add_text(struct list *l, enum list_from from, const char *file, const char *text, size_t len,
		  char *error, size_t error_size);
/* Those of the directory whose "match" fits the container and that are not in the list, first
 * those that fit by what is known, each kind by name. A file that cannot be understood, and more than there
 * is room for, is an error; not strict: it is logged and passed over. */
int list_add_matching(struct list *l, const char *dir, const struct meta *m, bool strict, char *error,
		      size_t error_size);
/* Whether all that the policy's "match" asks holds; also without one. LIST_MAYBE: some of it is not known. */
enum list_fit { LIST_NO, LIST_MAYBE, LIST_FITS };
enum list_fit list_matches(const struct policy *p, const struct meta *m);
/* Whether it holds by what the container's engine says: annotations of other engines, which a pod's author may write,
 * bring policies that forbid (list_matches), but let it choose none. */
bool list_lets(const struct policy *p, const struct meta *m);
/* Puts the host's default first, if there is one. */
int list_add_default(struct list *l, const char *file, char *error, size_t error_size);
/* Takes the host's default out again where its "match" does not fit the container, or where some policy
 * that was named is selectable: that one stands in its place. */
void list_select(struct list *l, const char *default_file, const struct meta *m);
/* Takes out, from the end, all that a tenant asked for, or that only may be for the container. True: there
 * was something. */
bool list_drop_tenants(struct list *l);
bool list_drop_unsure(struct list *l);
/* To the host's own policies what it says besides: the default, those that match. error as
 * list_add_file. What a tenant asks for comes after that, then list_select(). */
int list_complete(struct list *l, const struct meta *m, bool strict, char *error, size_t error_size);

/* Whether that file is in it. */
bool list_has(const struct list *l, const char *file);
/* Whether one of them says so. */
bool list_fails_closed(const struct list *l);

/* Whether the running kernel can decide by these policies. -ENOTSUP with policy, line and what lacks. */
int list_check_kernel(const struct list *l, char *error, size_t error_size);
int list_compile(const struct list *l, struct policy_image *ret, char *error, size_t error_size);

/* The policy and the rule of it that a number of the compiled table names; false: none does. */
bool list_rule(const struct list *l, uint32_t number, const struct policy **ret_policy,
	       const struct policy_rule **ret_rule);
/* What people are told of policy_image.loosens; 0: "". */
void list_loosening(const struct list *l, uint32_t number, char *ret, size_t size);
/* {"policy":NAME,"line":N,"reason":TEXT|null}, a line per rule in the order of their numbers: what a
 * record's rule is called. The caller frees *ret. */
int list_names(const struct list *l, char **ret, size_t *ret_len);
