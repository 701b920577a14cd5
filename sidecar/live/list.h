/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of one container, in the order in which their rules are numbered: files and their
 * texts, read and checked, and what becomes of them together. Changes nothing anywhere. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/json.h"
#include "sidecar/policy/policy.h"

struct list_entry {
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
int list_add_file(struct list *l, const char *file, char *error, size_t error_size);
int list_add_text(struct list *l, const char *file, const char *text, size_t len, char *error,
		  size_t error_size);
/* Takes the host's default out again where some policy of the list is selectable. */
void list_select(struct list *l, const char *default_file);
/* Puts the host's default first, if there is one. Not when it is there already, nor when some policy
 * of the list is selectable: that one stands in its place. */
int list_add_default(struct list *l, const char *file, char *error, size_t error_size);

int list_compile(const struct list *l, struct policy_image *ret, char *error, size_t error_size);

/* The policy and the rule of it that a number of the compiled table names; false: none does. */
bool list_rule(const struct list *l, uint32_t number, const struct policy **ret_policy,
	       const struct policy_rule **ret_rule);
/* {"policy":NAME,"line":N,"reason":TEXT|null}, a line per rule in the order of their numbers: what a
 * record's rule is called. The caller frees *ret. */
int list_names(const struct list *l, char **ret, size_t *ret_len);
