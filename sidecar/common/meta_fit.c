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

bool meta_is_infra(const char *name)
{
	return strlen(name) == 18 && strspn(name, "0123456789abcdef") == 12 &&
	       strcmp(name + 12, "-infra") == 0;
}

/* The pod's author writes annotations into its containers, CRI-O its own over them: those it does
 * not write are the author's. */
bool meta_crio_says(const char *key)
{
	return strncmp(key, "io.kubernetes.cri.", 18) != 0 && strncmp(key, "nerdctl/", 8) != 0;
}

static bool says(const struct meta *m, const char *key, const char *value)
{
	const struct meta_annotation *a = meta_annotation(m, key);

	return a && a->value && strcmp(a->value, value) == 0;
}

/* By the annotations of containerd's CRI and of CRI-O; podman has none, but a name. */
static bool is_sandbox(const struct meta *m)
{
	return (!says(m, META_CRIO_ID, m->id) &&
		says(m, "io.kubernetes.cri.container-type", "sandbox")) ||
	       says(m, "io.kubernetes.cri-o.ContainerType", "sandbox") || meta_is_infra(m->name);
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
	if (strcmp(m->key, word) == 0)
		return META_FIT_KEY;
	meta_address(m, address);
	if (strcmp(m->name, word) == 0 || strcmp(address, word) == 0)
		return META_FIT_NAME;
	if (is_pod(m, word))
		return is_sandbox(m) ? META_FIT_SANDBOX : META_FIT_POD;
	return *word && strncmp(m->id, word, strlen(word)) == 0 ? META_FIT_PREFIX : META_FIT_NONE;
}

const char *meta_fits_several(enum meta_fit fit)
{
	return fit == META_FIT_ID ? "is the id of several containers, give a key instead"
				  : "fits several containers, give more of it or an id";
}

size_t meta_put_candidate(const struct meta *m, enum meta_fit fit, char *text, size_t size,
			  size_t at)
{
	const char *name = m->id, *what = m->runtime ? m->runtime : "?";
	char address[META_ADDRESS_MAX];
	int n;

	meta_address(m, address);
	if (fit == META_FIT_ID)
		name = m->key;
	else
		what = strcmp(address, m->id) == 0 ? NULL : address;
	n = what ? snprintf(text + at, size - at, " %s (%s)", name, what)
		 : snprintf(text + at, size - at, " %s", name);
	if (n > 0 && (size_t)n < size - at)
		return at + (size_t)n;
	text[at] = '\0';
	return at;
}
