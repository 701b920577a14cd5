/* SPDX-License-Identifier: Apache-2.0 */
/* Policy text -> checked rules -> one table for the kernel. Pure functions: nothing here opens a
 * file, a socket or a map. The language is described in docs/policy.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"

#define POLICY_TEXT_MAX (4u << 20) /* bytes of one file */
#define POLICY_RULES_MAX 16384	   /* in one file */
#define POLICY_WHEN_MAX 31	   /* different "when" of all policies of a container */
#define POLICY_TAG_MAX 31	   /* different "tag", likewise */
#define POLICY_LIST_MAX 16	   /* policies on one container */
#define POLICY_REASON_MAX 256	   /* bytes, NUL included */
#define POLICY_ERROR_MAX 512	   /* bytes that hold any message of ours, NUL included */

/* What a rule is about; the numbers are the kernel's. */
enum policy_subject {
	POLICY_EXEC = RV_SUBJECT_EXEC,
	POLICY_FILE = RV_SUBJECT_FILE,
	POLICY_UNIX = RV_SUBJECT_UNIX,
	POLICY_NETWORK = RV_SUBJECT_NETWORK,
	POLICY_MEMORY = RV_SUBJECT_MEMORY,
	POLICY_CAPABILITY = RV_SUBJECT_CAPABILITY,
	POLICY_KERNEL = RV_SUBJECT_KERNEL,
};

/* Ascending strictness. */
enum policy_action { POLICY_ALLOW, POLICY_AUDIT, POLICY_DENY };

/* {"exec": GLOB, "children": true|false}: rules that name it apply to processes of that executable,
 * and with children to all that they start. */
struct policy_when {
	char *exec;
	bool children;
	int line, column;
};

/* "tag": a checked glob of tags of files. */
struct policy_tag {
	char *glob;
	int line;
};

struct policy_rule {
	enum policy_subject subject;
	enum policy_action action;
	int error;	 /* errno of a deny, positive */
	uint32_t access; /* RV_DO_* of the subject; not 0 */
	char *path;	 /* exec, file, unix: a checked glob; NULL any */
	uint16_t family; /* network: AF_INET, AF_INET6 (never a mapped IPv4 range), 0 both */
	uint8_t prefix;	 /* bits of addr that count; 0 with family 0 */
	uint8_t protocol; /* IPPROTO_*, 0 any */
	uint8_t addr[16]; /* bits behind the prefix are zero */
	uint16_t port_min, port_max; /* host order, 0..65535 any */
	uint64_t which;		     /* capability: a bit per CAP_*; kernel: per RV_KIND_* */
	char *reason;		     /* NULL none */
	uint32_t when;		     /* 1 + index into policy.whens, 0 always */
	uint32_t tag;		     /* exec, file: 1 + index into policy.tags, 0 any file */
	int line, column;	     /* where the rule starts */
};

struct policy_default {
	enum policy_action action; /* what becomes of an act that no rule names */
	int error;
};

/* What a policy of the node says of the containers it is for: all of it must hold. */
enum policy_identity {
	POLICY_NAME, /* what people call the container, or its id */
	POLICY_IMAGE,
	POLICY_NAMESPACE, /* Kubernetes */
	POLICY_POD,
	POLICY_ANNOTATION,
	POLICY_IDENTITIES,
};
struct policy_match {
	enum policy_identity what;
	char *key;  /* POLICY_ANNOTATION: which one */
	char *glob; /* as fnmatch(3), "*" also for "/" */
};

struct policy {
	char name[64];
	uint32_t flags; /* RV_POLICY_ENFORCE, _UNRESOLVABLE_DENY, _UNRECORDED_DENY, _EACH */
	bool selectable;	     /* a container's annotation may name it in place of the node's */
	bool fail_closed;	     /* "fail": no container without its guard */
	bool tenants;		     /* not of its text: a container's annotation asked for it */
	bool unsure;		     /* likewise: its "match" fits what is not known */
	struct policy_match *matches; /* "match"; NULL: it is for those that are told to use it */
	size_t matches_n;
	struct policy_default defaults[RV_SUBJECT_MAX];
	struct policy_when *whens;
	size_t whens_n;
	struct policy_tag *tags;
	size_t tags_n;
	struct policy_rule *rules;
	size_t rules_n;
};

/* Reads one policy. file is only named in messages. The caller frees *ret with policy_free().
 * -EINVAL, -E2BIG, -EILSEQ with "FILE:LINE:COLUMN: found X, expected Y; hint" in error; -ENOMEM. */
int policy_parse(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		 size_t error_size);
void policy_free(struct policy *p);
static inline void policy_free_p(struct policy **p)
{
	policy_free(*p);
}
#define _policy_ __attribute__((cleanup(policy_free_p)))

/* "match" alone, of a text whose rules nobody has looked at yet: the rest of *ret is not filled in. */
int policy_parse_match(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		       size_t error_size);

/* Names of the language, by their numbers in the kernel; NULL: there is none. */
const char *policy_subject_name(unsigned subject);
const char *policy_action_name(unsigned action);
/* The name of the one RV_DO_* bit of that subject. */
const char *policy_access_name(unsigned subject, uint32_t bit);
/* Number of "tcp", "6" and the like, 1..255; 0: there is none. */
uint8_t policy_protocol(const char *name);
/* Whether "kernel" has a word about a kind of event. */
bool policy_kind_decided(unsigned kind);

/* The compiled form of the policies of one container, as the kernel gets it. */
struct policy_image {
	unsigned table; /* number of RV_TABLES it fits in */
	uint32_t size;	/* bytes of value */
	void *value;	/* struct rv_table, then the data */
	uint32_t rules_n; /* of all policies, numbered from 1 in their order */
	uint32_t loosens; /* the first rule by which a tenant allows what the node denies: in vain. 0: none */
};

/* n policies (1..POLICY_LIST_MAX) to one table. Each decides by itself, the strictest answer counts.
 * -EINVAL (n), -E2BIG with the rule that went over a limit in error, -ENOMEM. */
int policy_compile(const struct policy *const *list, size_t n, struct policy_image *ret,
		   char *error, size_t error_size);
void policy_image_release(struct policy_image *image);

/* What is asked of an image, and the answer: the kernel's decision, here for tests and for
 * `reeve policy test`. */
struct policy_question {
	unsigned subject; /* RV_SUBJECT_* */
	uint32_t access;  /* RV_DO_* */
	uint32_t which;	  /* capability or kind */
	uint8_t protocol; /* network */
	uint32_t when;	  /* bits of "when" that hold: policy_when() */
	uint32_t tag;	  /* exec, file: bits of "tag" that match: policy_tag() */
	uint32_t tag_state; /* RV_TAG_*; 0: rules with "tag" say nothing */
	const void *text; /* exec, file, unix: the name; network: RV_ADDRESS_TEXT bytes */
	size_t len;
};
struct policy_answer {
	unsigned action; /* RV_ACT_* */
	uint32_t rule;	 /* 1-based number, 0: a default or nothing */
	int error;
	int policy; /* whose rule or default, by its place in the list; -1: nothing said a word */
	bool tag_missed; /* RV_TAG_UNKNOWN, and a rule was asked that wants to know */
};
struct policy_answer policy_decide(const struct policy_image *image,
				   const struct policy_question *q);
/* The bits of "when" that hold for a process: by its executable, and by those before it. */
uint32_t policy_when(const struct policy_image *image, uint32_t before, const char *exec,
		     size_t len);
/* The bits of "tag" that match a tag. */
uint32_t policy_tag(const struct policy_image *image, const char *tag, size_t len);
/* The first rule of that policy with "tag"; NULL: there is none. */
const struct policy_rule *policy_tag_rule(const struct policy *p);
/* The text of an address. family: AF_INET, AF_INET6; port in host order. */
void policy_address(int family, const uint8_t addr[16], uint16_t port,
		    uint8_t ret[RV_ADDRESS_TEXT]);
