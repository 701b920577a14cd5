/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, by what names in them mean. */
#include <string.h>
#include "sidecar/common/util.h"
#include "widen_part.h"

/* Directories whose files are told one by one, and those where that holds for all below. */
static const char *const kept_here[] = {
    "usr/bin",	 "usr/sbin",	  "usr/lib",	    "usr/lib64",     "usr/libexec",
    "usr/local", "usr/local/bin", "usr/local/sbin", "usr/local/lib", "var/lib",
    "var/log",	 "var/run",	  "var/spool",
};
static const char *const kept_below[] = {
    "etc", "root", "boot", "dev", "proc", "sys", "run/secrets", "var/run/secrets",
};
static const char *const kept_names[] = {".ssh", ".gnupg", ".aws", ".kube", ".docker"};
static const char *const scratch[] = {"tmp", "var/tmp", "dev/shm"};

bool part_is(const struct part *p, const char *s, size_t len)
{
	return p->len == len && memcmp(p->s, s, len) == 0;
}

/* Whether the parts begin with those of dir; how many that are. */
static size_t begins(const struct part *parts, size_t n, const char *dir)
{
	size_t i = 0;

	for (; *dir; i++) {
		size_t len = strcspn(dir, "/");

		if (i == n || !part_is(&parts[i], dir, len))
			return 0;
		dir += len + (dir[len] == '/');
	}
	return i;
}

enum name_place place_of(const struct part *parts, size_t depth)
{
	static const char *const numbered[] = {"task", "fd", "fdinfo"};

	for (size_t i = 0; i < ARRAY_SIZE(scratch); i++)
		if (begins(parts, depth, scratch[i]))
			return NAME_SCRATCH;
	if (!begins(parts, depth, "proc"))
		return NAME_PLAIN;
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++)
		if (part_is(&parts[depth - 1], numbered[i], strlen(numbered[i])))
			return NAME_PROCESS;
	return depth == 1 ? NAME_PROCESS : NAME_PLAIN;
}

bool place_may_star(const struct part *parts, size_t depth)
{
	if (place_of(parts, depth) == NAME_SCRATCH)
		return true;
	if (depth < WIDEN_DEPTH_MIN || (depth == 2 && begins(parts, depth, "home")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kept_here); i++)
		if (begins(parts, depth, kept_here[i]) == depth)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(kept_below); i++)
		if (begins(parts, depth, kept_below[i]))
			return false;
	for (size_t i = 0; i < depth; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kept_names); k++)
			if (part_is(&parts[i], kept_names[k], strlen(kept_names[k])))
				return false;
	return true;
}
