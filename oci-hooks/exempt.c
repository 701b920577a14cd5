// SPDX-License-Identifier: Apache-2.0
/* See exempt.h. */
#include "exempt.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <string.h>

#define EXEMPT_SIZE_MAX (64u << 10) /* bytes */
#define NAMESPACE_MAX 63	    /* characters, as Kubernetes has it */

/* NULL: not known, or not beyond doubt. */
static const char *namespace_of(const struct meta *m)
{
	const char *const *said_by = meta_said_by[META_SAID_NAMESPACE], *name = NULL;

	for (size_t i = 0; said_by[i]; i++) {
		const struct meta_annotation *a = meta_annotation(m, said_by[i]);

		if (!a)
			continue;
		if (!a->value || (name && strcmp(name, a->value) != 0))
			return NULL;
		name = a->value;
	}
	return m->annotations_cut ? NULL : name;
}

static bool is_name(const char *at, size_t len)
{
	return len <= NAMESPACE_MAX && strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

bool exempt_names(const char *text, const struct meta *annotated, unsigned *ret_bad_line)
{
	const char *wanted = namespace_of(annotated);
	unsigned line = 0;
	bool found = false;

	*ret_bad_line = 0;
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t len;

		line++;
		at += strspn(at, " \t");
		len = strcspn(at, " \t\r\n#");
		if (!is_name(at, len) || !strchr("\r\n#", at[len + strspn(at + len, " \t")])) {
			*ret_bad_line = *ret_bad_line ? *ret_bad_line : line;
			continue;
		}
		found |=
		    len > 0 && wanted && strlen(wanted) == len && strncmp(at, wanted, len) == 0;
	}
	return found;
}

bool exempt(const struct meta *annotated, const char *id)
{
	_free_ char *text = NULL;
	unsigned bad_line;
	size_t len;
	int r = util_read_file(AT_FDCWD, PATH_EXEMPT, EXEMPT_SIZE_MAX, &text, &len);
	bool found;

	if (r == -ENOENT)
		return false;
	if (r < 0) {
		log_warn(r, "read " PATH_EXEMPT ": no namespace is exempt");
		return false;
	}
	found = exempt_names(text, annotated, &bad_line);
	if (bad_line)
		log_warn(0, PATH_EXEMPT ":%u: expected the name of one namespace, or a comment",
			 bad_line);
	if (found)
		log_info("container %s: not guarded, its namespace %s is in " PATH_EXEMPT, id,
			 namespace_of(annotated));
	return found;
}
