/* SPDX-License-Identifier: Apache-2.0 */
/* See words.h. The order of the lists is that of the numbers in bpf/table.h. */
#include "words.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"

const char *const words_actions[] = {
    [POLICY_ALLOW] = "allow", [POLICY_AUDIT] = "audit", [POLICY_DENY] = "deny", NULL};

const char *const words_subjects[] = {"exec",	"file",	      "unix",	"network",
				      "memory", "capability", "kernel", NULL};
const enum policy_subject words_subject_of[] = {POLICY_EXEC,	POLICY_FILE,   POLICY_UNIX,
						POLICY_NETWORK, POLICY_MEMORY, POLICY_CAPABILITY,
						POLICY_KERNEL};
RV_ASSERT(ARRAY_SIZE(words_subject_of) + 1 == ARRAY_SIZE(words_subjects));

/* n words and the NULL behind them stand for all bits of a mask. */
#define NAMES_ALL(list, all) RV_ASSERT((1 << (ARRAY_SIZE(list) - 1)) - 1 == (all))

static const char *const exec[] = {"exec", NULL};
NAMES_ALL(exec, RV_DO_EXEC);
static const char *const file[] = {"read",	 "write", "create", "delete",
				   "attributes", "ioctl", "link",   NULL};
NAMES_ALL(file, RV_DO_FILE_ALL);
static const char *const socket[] = {"connect", "bind", "send", NULL};
NAMES_ALL(socket, RV_DO_SOCKET_ALL);
static const char *const memory[] = {"exec", "write-exec", "anonymous", NULL};
NAMES_ALL(memory, RV_DO_MAP_ALL);
static const char *const any[] = {"use", NULL};
NAMES_ALL(any, RV_DO_ANY);

const char *const *words_access(enum policy_subject subject)
{
	switch (subject) {
	case POLICY_EXEC:
		return exec;
	case POLICY_FILE:
		return file;
	case POLICY_UNIX:
	case POLICY_NETWORK:
		return socket;
	case POLICY_MEMORY:
		return memory;
	case POLICY_CAPABILITY:
	case POLICY_KERNEL:
		break;
	}
	return any;
}

uint32_t words_access_all(enum policy_subject subject)
{
	const char *const *words = words_access(subject);
	unsigned n = 0;

	while (words[n])
		n++;
	return (1u << n) - 1;
}

int words_error(enum policy_subject subject)
{
	return subject == POLICY_CAPABILITY || subject == POLICY_KERNEL ? EPERM : EACCES;
}

const char *policy_subject_name(unsigned subject)
{
	for (unsigned i = 0; i < ARRAY_SIZE(words_subject_of); i++)
		if (words_subject_of[i] == subject)
			return words_subjects[i];
	return NULL;
}

const char *policy_action_name(unsigned action)
{
	return action <= POLICY_DENY ? words_actions[action] : NULL;
}

const char *policy_access_name(unsigned subject, uint32_t bit)
{
	const char *const *words;

	if (!policy_subject_name(subject))
		return NULL;
	words = words_access(subject);
	for (unsigned i = 0; words[i]; i++)
		if (bit == 1u << i)
			return words[i];
	return NULL;
}
