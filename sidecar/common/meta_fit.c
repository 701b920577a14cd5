// SPDX-License-Identifier: Apache-2.0
/* How people name a container: one place for the node's verbs and those that ask the kernel. See
 * meta.h. */
#include "meta.h"
#include <stdio.h>
#include <string.h>

const char *const meta_said_by[META_SAID_N][4] = {
    [META_SAID_NAME] = {"io.kubernetes.cri.container-name", "io.kubernetes.container.name",
			"nerdctl/name"},
    [META_SAID_IMAGE] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
			 "io.kubernetes.cri-o.Image"},
    [META_SAID_NAMESPACE] = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"},
    [META_SAID_POD] = {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"},
};

void meta_address(const struct meta *m, char ret[static META_ADDRESS_MAX])
{
	snprintf(ret, META_ADDRESS_MAX, "%s%s%s%s%s", m->pod && m->namespace ? m->namespace : "",
		 m->pod && m->namespace ? "/" : "", m->pod ? m->pod : "", m->pod ? "/" : "",
		 m->name);
}

/* By the annotations of containerd's CRI and of CRI-O; podman has none, but a name. */
static bool is_sandbox(const struct meta *m)
{
	static const char *const keys[] = {"io.kubernetes.cri.container-type",
					   "io.kubernetes.cri-o.ContainerType"};
	size_t len = strlen(m->name);

	for (unsigned i = 0; i < 2; i++) {
		const struct meta_annotation *a = meta_annotation(m, keys[i]);

		if (a && a->value && strcmp(a->value, "sandbox") == 0)
			return true;
	}
	return len == 18 && strspn(m->name, "0123456789abcdef") == 12 &&
	       strcmp(m->name + 12, "-infra") == 0;
}

static bool is_pod(const struct meta *m, const char *word)
{
	size_t len = m->pod && m->namespace ? strlen(m->namespace) : 0;

	return len > 0 && strncmp(word, m->namespace, len) == 0 && word[len] == '/' &&
	       strcmp(word + len + 1, m->pod) == 0;
}

enum meta_fit meta_fits(const struct meta *m, const char *word)
{
	char address[META_ADDRESS_MAX];

	if (strcmp(m->id, word) == 0)
		return META_FIT_ID;
	meta_address(m, address);
	if (strcmp(m->name, word) == 0 || strcmp(address, word) == 0)
		return META_FIT_NAME;
	if (is_pod(m, word))
		return is_sandbox(m) ? META_FIT_SANDBOX : META_FIT_POD;
	return *word && strncmp(m->id, word, strlen(word)) == 0 ? META_FIT_PREFIX : META_FIT_NONE;
}

size_t meta_put_candidate(const struct meta *m, char *text, size_t size, size_t at)
{
	char address[META_ADDRESS_MAX];
	int n;

	meta_address(m, address);
	n = strcmp(address, m->id) == 0
		? snprintf(text + at, size - at, " %s", m->id)
		: snprintf(text + at, size - at, " %s (%s)", m->id, address);
	if (n > 0 && (size_t)n < size - at)
		return at + (size_t)n;
	text[at] = '\0';
	return at;
}
