/* SPDX-License-Identifier: Apache-2.0 */
/* reeve tag: the security tags of files, as extended attributes that the programs in the kernel
 * read. Which attribute: the one the running kernel reads first. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include "bpf/abi.h"
#include "sidecar/common/log.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define VALUE_MAX 4096 /* bytes shown of what somebody else may have put there */
#define DIRS_OPEN 32   /* while listing a tree */

/* In the order in which the kernel side looks. */
static const char *const attributes[] = {TAG_SECURITY, TAG_USER};

static const char *why(int r, const char *attribute)
{
	switch (r) {
	case -EOPNOTSUPP:
		return "the file system keeps no such attributes";
	case -EPERM:
	case -EACCES:
		return strcmp(attribute, TAG_SECURITY) == 0
			   ? "not permitted: run as root, outside of containers"
			   : "not permitted: only regular files and directories can be tagged, by "
			     "who may write to them, and not from inside a container under reeve";
	case -ENOSPC:
	case -EDQUOT:
		return "no room for attributes on the file system or in the file's inode";
	default:
		return strerror(-r);
	}
}

static int set(const char *path, const char *value)
{
	const char *wrong = tag_wrong(value, strlen(value));
	int kernel = tag_kernel();
	const char *attribute = kernel == TAG_KERNEL_READS_BOTH ? TAG_SECURITY : TAG_USER;

	if (wrong)
		return log_err(-EINVAL, "tag %s: %s", path, wrong), 1;
	if (setxattr(path, attribute, value, strlen(value), 0) < 0)
		return log_err(0, "set %s of %s: %s", attribute, path, why(-errno, attribute)), 1;
	printf("%s set\n", attribute);
	if (kernel <= TAG_KERNEL_READS_NONE)
		fputs("this kernel lets no program read it: records will not show it "
		      "('reeve doctor')\n", stderr);
	return 0;
}

/* ATTRIBUTE VALUE [PATH], a line each. -ENODATA when there is none. */
static int show(const char *path, bool with_path)
{
	char value[VALUE_MAX];
	int found = -ENODATA;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		ssize_t n = with_path ? lgetxattr(path, attributes[i], value, sizeof(value))
				      : getxattr(path, attributes[i], value, sizeof(value));

		if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
			continue;
		if (n < 0)
			return log_err(0, "read %s of %s: %s", attributes[i], path, strerror(errno)),
			       -EIO;
		printf("%-18s ", attributes[i]);
		quote_word(stdout, value, (size_t)n);
		if (with_path) {
			putchar(' ');
			quote_word(stdout, path, strlen(path));
		}
		putchar('\n');
		found = 0;
	}
	return found;
}

static int get(const char *path)
{
	int r = show(path, false);

	if (r == -ENODATA)
		log_err(0, "%s has no tag", path);
	return r < 0;
}

static bool list_failed;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_DNR || type == FTW_NS) {
		log_err(0, "look into %s: %s", path, strerror(errno));
		list_failed = true;
	}
	if ((type == FTW_F || type == FTW_D || type == FTW_DNR) && show(path, true) == -EIO)
		list_failed = true;
	return 0;
}

static int list(const char *path)
{
	list_failed = false;
	if (nftw(path, list_one, DIRS_OPEN, FTW_PHYS | FTW_MOUNT) < 0)
		return log_err(-errno, "list the tags below %s", path), 1;
	return list_failed;
}

static int remove_tag(const char *path)
{
	int removed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (removexattr(path, attributes[i]) == 0)
			removed += printf("%s removed\n", attributes[i]);
		else if (errno != ENODATA && errno != EOPNOTSUPP)
			return log_err(0, "remove %s of %s: %s", attributes[i], path,
				       why(-errno, attributes[i])), 1;
	}
	if (!removed)
		log_err(0, "%s has no tag", path);
	return !removed;
}

int verb_tag(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 4 && strcmp(what, "set") == 0)
		return set(argv[2], argv[3]);
	if (argc == 3 && strcmp(what, "get") == 0)
		return get(argv[2]);
	if (argc == 3 && strcmp(what, "list") == 0)
		return list(argv[2]);
	if (argc == 3 && strcmp(what, "remove") == 0)
		return remove_tag(argv[2]);
	return verb_usage("tag");
}
