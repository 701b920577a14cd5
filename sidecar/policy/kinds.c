/* SPDX-License-Identifier: Apache-2.0 */
/* See kinds.h. They follow from the event table: a kind is decided where an LSM hook makes it, one
 * that can refuse, and where no other subject has it. A new one appears here by itself. */
#include "kinds.h"
#include <stdbool.h>
#include <string.h>
#include "bpf/abi.h"
#include "policy.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/util.h"

/* What they return is not asked for by the kernel, or comes too late. */
static const char *const void_hooks[] = {"bprm_committed_creds", "sock_graft",
					 "bpf_prog_free_security", "bpf_prog_free"};

/* Kinds whose hooks ask about an object of another subject. */
static const char *const elsewhere[RV_KIND_MAX] = {
    [RV_KIND_ARMED] = "\"subject\": \"exec\"",
    [RV_KIND_EXEC] = "\"subject\": \"exec\"",
    [RV_KIND_OPEN] = "\"subject\": \"file\"",
    [RV_KIND_CREATE] = "\"subject\": \"file\", \"access\": \"create\"",
    [RV_KIND_UNLINK] = "\"subject\": \"file\", \"access\": \"delete\"",
    [RV_KIND_RENAME] = "\"subject\": \"file\", \"access\": \"link\"",
    [RV_KIND_LINK] = "\"subject\": \"file\", \"access\": \"link\"",
    [RV_KIND_SYMLINK] = "\"subject\": \"file\", \"access\": \"create\"",
    [RV_KIND_CHMOD] = "\"subject\": \"file\", \"access\": \"attributes\"",
    [RV_KIND_CHOWN] = "\"subject\": \"file\", \"access\": \"attributes\"",
    [RV_KIND_UTIME] = "\"subject\": \"file\", \"access\": \"attributes\"",
    [RV_KIND_TRUNCATE] = "\"subject\": \"file\", \"access\": \"write\"",
    [RV_KIND_SETXATTR] = "\"subject\": \"file\", \"access\": \"attributes\"",
    [RV_KIND_REMOVEXATTR] = "\"subject\": \"file\", \"access\": \"attributes\"",
    [RV_KIND_IOCTL] = "\"subject\": \"file\", \"access\": \"ioctl\"",
    [RV_KIND_MMAP] = "\"subject\": \"memory\"",
    [RV_KIND_MPROTECT] = "\"subject\": \"memory\"",
    [RV_KIND_CONNECT] = "\"subject\": \"network\" or \"unix\"",
    [RV_KIND_BIND] = "\"subject\": \"network\" or \"unix\"",
    [RV_KIND_SEND] = "\"subject\": \"network\" or \"unix\"",
    [RV_KIND_CAPABILITY] = "\"subject\": \"capability\"",
    [RV_KIND_BPF_LOAD] = "\"kind\": \"bpf\", which loads it",
};

static bool refuses(const struct event_hook *hook)
{
	if (strncmp(hook->attach, "lsm", strlen("lsm")) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(void_hooks); i++)
		if (strcmp(hook->hook, void_hooks[i]) == 0)
			return false;
	return true;
}

uint64_t kinds_decided(void)
{
	uint64_t kinds = 0;

	for (unsigned h = 0; h < RV_HOOK_MAX; h++) {
		const struct event_hook *hook = event_hook(h);

		if (hook && refuses(hook))
			kinds |= hook->kinds;
	}
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (elsewhere[k])
			kinds &= ~(1ull << k);
	return kinds;
}

bool policy_kind_decided(unsigned kind)
{
	return kind < RV_KIND_MAX && (kinds_decided() >> kind & 1);
}

const char *kinds_fault(unsigned kind)
{
	if (kinds_decided() >> kind & 1)
		return NULL;
	return elsewhere[kind] ? elsewhere[kind]
			       : "another kind: the kernel has no hook there that can refuse";
}
