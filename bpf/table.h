/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A policy as the kernel reads it: one map value that holds all of one version, so that one pointer
 * publishes it. Included by abi.h alone.
 *
 * data is a region of 32-bit words; every offset is in bytes from its beginning. In it lie
 *   cells    of 8 bytes: struct rv_step, one a state, and struct rv_entry, its exceptions behind it, rows
 *            shifted into each other,
 *   lists    a count, then as many offsets of rules,
 *   rules    struct rv_rule, 8-aligned.
 * A state is the offset of the cell behind its rv_step. A text is matched by one step a byte from its
 * subject's start:
 *   e = entry at state + 8 * classes[byte];  state = e.check == state ? e.next : step.other
 * and the state it ends in says by which list it is decided (0: the subject's default). In the place of
 * a check an rv_step has a list's offset, which is no state's. */
#pragma once

/* Sizes a table comes in: an inner map's value must have its template's size.
 * X(name, number, bytes of data, a power of two) */
#define RV_TABLES(X) X(small, 1, 1u << 14) X(medium, 2, 1u << 19) X(large, 3, 1u << 24)
#define RV_TABLE_SLACK 32 /* bytes readable behind data: offsets are masked, not compared */
#define RV_LIST_MAX 64	  /* rules that may have to be asked about one text */

/* What a rule is about. The first four are matched by their text: a path, a socket's name ("@name":
 * abstract), or an address, see RV_ADDRESS_TEXT. The others by a number. */
#define RV_SUBJECT_EXEC 1
#define RV_SUBJECT_FILE 2
#define RV_SUBJECT_UNIX 3
#define RV_SUBJECT_NETWORK 4
#define RV_SUBJECT_WHEN 5   /* no rule's: executables of "when", the list is a mask */
#define RV_SUBJECT_TAG 6    /* no rule's: tags of files, likewise */
#define RV_SUBJECT_TEXTS 7  /* subjects below have an automaton */
#define RV_SUBJECT_MEMORY 7
#define RV_SUBJECT_CAPABILITY 8
#define RV_SUBJECT_KERNEL 9
#define RV_SUBJECT_MAX 10

/* What is done to the object. */
#define RV_DO_READ 1	   /* file: open for reading, directories too */
#define RV_DO_WRITE 2	   /* file: open for writing, truncate */
#define RV_DO_CREATE 4	   /* file: also mkdir, mknod, symlink, the new name of a link or rename */
#define RV_DO_DELETE 8	   /* file: unlink, rmdir, the old name of a rename, one replaced by it */
#define RV_DO_ATTRIBUTES 16 /* file: mode, owner, times, extended attributes, ACLs */
#define RV_DO_IOCTL 32	   /* file: ioctl on a device */
#define RV_DO_LINK 64	   /* file: the source of a link, rename or bind mount */
#define RV_DO_FILE_ALL 127
#define RV_DO_EXEC 1 /* exec */
#define RV_DO_CONNECT 1 /* network, unix */
#define RV_DO_BIND 2
#define RV_DO_SEND 4 /* a message with an address */
#define RV_DO_SOCKET_ALL 7
#define RV_DO_MAP_EXEC 1	/* memory: a file mapped, or made, executable */
#define RV_DO_MAP_WRITE_EXEC 2	/* writable and executable at a time, or one after the other */
#define RV_DO_MAP_ANONYMOUS 4	/* executable and of no file with a name */
#define RV_DO_MAP_ALL 7
#define RV_DO_ANY 1 /* capability, kernel: there is one thing to do with them */

#define RV_ACT_ALLOW 0
#define RV_ACT_AUDIT 1	    /* goes on, and is recorded whatever the profile */
#define RV_ACT_WOULD_DENY 2 /* what deny means in audit mode */
#define RV_ACT_DENY 3

#define RV_POLICY_ENFORCE 1
#define RV_POLICY_UNRESOLVABLE_DENY 2
#define RV_POLICY_UNRECORDED_DENY 4
#define RV_POLICY_EACH 8 /* no repetition is merely counted */
#define RV_POLICY_OVERRULED 16 /* the container's annotation asked for more than the node allows */

/* rule.flags */
#define RV_RULE_DEFAULT 1 /* what a policy says of everything else */

/* What is known of the file's tag: rules about tags hold, or not, by that. */
#define RV_TAG_BESIDE 0	 /* the act leaves the file its tag: they say nothing about it */
#define RV_TAG_KNOWN 1	 /* the bits of rv_rule.tag that match it; a file without a tag has none */
#define RV_TAG_SETTLED 2 /* they decided at the open, and nothing behind them does now */
#define RV_TAG_UNKNOWN 3
#define RV_TAG_MISSED 4	 /* unknown, and a rule was asked that wants to know */

/* rv_table.asked[RV_SUBJECT_TAG]: RV_DO_READ, RV_DO_WRITE of files, and this: */
#define RV_TAG_ASKED_EXEC 4

#define RV_DEAD 8 /* the state out of which nothing leads; where a subject has no automaton, its start */
struct rv_step {
	__u32 list;  /* RV_SUBJECT_WHEN, _TAG: of one number, the bits of rv_rule.when, .tag */
	__u32 other; /* where a byte without an exception leads */
};
struct rv_entry {
	__u32 check; /* the state whose exception this is */
	__u32 next;
};
/* In a list all rules of one policy follow each other, in the order they are asked; the strictest
 * answer of all policies counts. */
struct rv_rule {
	__u32 number; /* 1-based, through all policies; 0 a default */
	__u32 access; /* RV_DO_* */
	__s32 error;  /* of a deny, positive */
	__u32 when;   /* bits of rv_task.when of which one must be set; 0 always */
	__u8 action;  /* RV_ACT_* */
	__u8 policy;  /* which of the list, from 0 */
	__u8 protocol; /* network: IPPROTO_*, 0 any */
	__u8 flags;
	__u32 tag; /* bits of the file's tag of which one must be set; 0 any file */
	__u64 hits; /* the kernel's: decisions it took part in */
};

struct rv_table {
	__u32 flags;   /* RV_POLICY_*: of all together; ENFORCE: of one at least */
	__u32 version; /* non-zero: the first bytes of sha256 */
	__u8 sha256[32];
	char name[64];
	__u32 rules_n;	 /* rules lie one after the other from rules */
	__u32 rules;
	__u32 used;	 /* bytes of data */
	__u32 states_n, entries_n;
	__u32 whens_n, tags_n;
	__u32 children; /* bits of rv_task.when that a process passes on through its execs */
	__u32 when_set; /* which set of "when" the bits are of: equal sets have equal numbers */
	__u32 asked[RV_SUBJECT_MAX];  /* RV_DO_* about which there is a rule or a default but allow */
	__u32 start[RV_SUBJECT_TEXTS];	   /* state */
	__u32 otherwise[RV_SUBJECT_TEXTS]; /* list where no pattern matches; 0 allowed */
	__u32 memory;			   /* lists; 0 allowed */
	__u32 capability[64];
	__u32 kernel[RV_KIND_MAX];
	__u8 classes[RV_SUBJECT_TEXTS][256];
};

/* An address as the automaton reads it: the family (4 or 6), 16 address bytes in network order (IPv4,
 * also in its IPv6 form: four, then zeroes), the port's high and its low byte. */
#define RV_ADDRESS_TEXT 19
