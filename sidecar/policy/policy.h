/* SPDX-License-Identifier: Apache-2.0 */
/* Policy text -> checked rules -> compiled tables. Pure functions: nothing here opens a file, a
 * socket or a map. The language is described in docs/policy.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"

#define POLICY_TEXT_MAX (1u << 20) /* bytes of one file */
#define POLICY_RULES_MAX 1024	   /* in one file */
#define POLICY_LIST_MAX 16	   /* policies on one container */
#define POLICY_ERROR_MAX 512	   /* bytes that hold any message of ours, NUL included */

enum policy_subject { POLICY_FILE, POLICY_EXEC, POLICY_NETWORK };

struct policy_rule {
	enum policy_subject subject;
	bool subtree;		     /* everything below path, which then ends in '/' */
	char path[RV_RULE_PATH_MAX]; /* file, exec */
	uint16_t family;	     /* network: AF_INET or AF_INET6, never a mapped address */
	uint16_t port;		     /* host order */
	uint8_t addr[16];
	int error; /* errno, positive */
	int line;  /* where the rule starts */
};

struct policy {
	char name[64];
	uint32_t flags; /* RV_POLICY_* with subjects */
	size_t rules_n;
	struct policy_rule rules[];
};

/* Reads one policy. file is only named in messages. The caller frees *ret with free().
 * -EINVAL, -E2BIG, -EILSEQ with "FILE:LINE:COLUMN: found X, expected Y; hint" in error; -ENOMEM. */
int policy_parse(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		 size_t error_size);

/* key.policy is 0 until whoever publishes the image knows its index. */
struct policy_path {
	struct rv_path_key key;
	struct rv_rule rule;
};
struct policy_addr {
	struct rv_addr_key key;
	struct rv_rule rule;
};
struct policy_image {
	struct rv_policy head;
	struct policy_path *paths;
	struct policy_addr *addrs;
	size_t paths_n;
	size_t addrs_n;
};

/* The union of n policies (1..POLICY_LIST_MAX): every deny rule of each applies, rules are numbered
 * through in list order, on_unresolvable and unrecorded deny if one says so. Of two rules for the
 * same object the first decides. -EINVAL with a reason in error (audit mixed with enforce, n). */
int policy_compile(const struct policy *const *list, size_t n, struct policy_image *ret,
		   char *error, size_t error_size);
void policy_image_release(struct policy_image *image);
