/* SPDX-License-Identifier: Apache-2.0 */
/* See names.h. */
#include "sidecar/node/names.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/live/kept.h"
#include "sidecar/node/client.h"
#include "sidecar/node/node.h"
#include "sidecar/node/watch.h"

#define FORGOTTEN_S 600 /* a file of no container and no life we know goes after that long */
#define UNFINISHED_S 5	/* a change under way for so long: its maker was killed */
#define MODE_TAKEN 0400

static void release_version(struct names_version *v)
{
	free(v->text);
	free(v->lines);
	*v = (struct names_version){};
}

void names_release(struct names *n)
{
	for (unsigned i = 0; i < NAMES_VERSIONS; i++)
		release_version(&n->of[i]);
	json_free(n->last);
	n->last = NULL;
}

static void id_of(const struct life *l, struct kept_id *ret)
{
	ret->generation = l->meta.generation;
	snprintf(ret->key, sizeof(ret->key), "%.*s", KEY_SIZE - 1, l->meta.key);
}

static char *read_kept(const struct life *l, uint32_t version)
{
	_kept_ struct kept kept = {};
	struct kept_id id;

	id_of(l, &id);
	if (kept_read(&id, version, &kept) < 0)
		return NULL;
	return strndup(kept.names, kept.names_len);
}

/* Cuts the text into its lines. */
static int split(struct names_version *v)
{
	size_t n = 0;
	char *at = v->text;

	for (const char *c = v->text; *c; c++)
		n += *c == '\n';
	v->lines = malloc((n + 1) * sizeof(*v->lines));
	if (!v->lines)
		return -ENOMEM;
	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		v->lines[v->lines_n++] = at;
	}
	return 0;
}

static struct names_version *version_of(struct names *n, struct client *c, uint32_t version)
{
	struct names_version *v;

	for (unsigned i = 0; i < NAMES_VERSIONS; i++)
		if (n->of[i].version == version)
			return &n->of[i];
	v = &n->of[n->next++ % NAMES_VERSIONS];
	release_version(v);
	v->version = version;
	if (store_get_names(c->store, c->life, version, &v->text) < 0)
		v->text = read_kept(c->life, version);
	if (v->text && split(v) < 0)
		release_version(v);
	return v;
}

void names_find(struct names *n, struct client *c, const struct event *e, struct event_context *ret)
{
	const struct names_version *v;
	char error[128];

	if (!e->head.rule || !e->head.policy_version)
		return;
	v = version_of(n, c, e->head.policy_version);
	if (e->head.rule > v->lines_n)
		return;
	json_free(n->last);
	n->last = NULL;
	if (json_parse(v->lines[e->head.rule - 1], strlen(v->lines[e->head.rule - 1]), false,
		       &n->last, error, sizeof(error)) < 0)
		return;
	ret->policy = json_get_string(n->last, "policy", NULL);
	ret->policy_line = (unsigned)json_get_number(n->last, "line", 0);
	ret->reason = json_get_string(n->last, "reason", NULL);
}

static int take(struct node *n, struct life *l, uint32_t version)
{
	_free_ char *text = read_kept(l, version);
	int r;

	if (!text)
		return -ENOENT;
	r = store_begin(&n->store, l);
	if (r < 0)
		return r;
	r = store_put_names(l, version, text);
	if (r < 0)
		store_abort(&n->store, l);
	else
		r = store_commit(&n->store, l);
	return r;
}

static bool guarded(const char *key)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", PATH_PIN_CONTAINERS, key);
	return access(path, F_OK) == 0;
}

static void look_at(void *arg, const struct kept_file *f)
{
	struct node *n = arg;
	struct life *l = lives_by_generation(&n->lives, f->id.generation,
					     strtoull(f->id.key, NULL, 16));
	time_t age_s = time(NULL) - f->st.st_mtim.tv_sec;
	bool taken = (f->st.st_mode & 07777) == MODE_TAKEN;

	if (f->changing && guarded(f->id.key)) {
		if (age_s >= UNFINISHED_S)
			watch_soon(n);
	} else if (l && f->version && !f->changing && !taken) {
		/* A life's first transaction is its stream's: nothing is to be there before its meta. */
		if (l->any && take(n, l, f->version) == 0 &&
		    fchmodat(f->dir_fd, f->name, MODE_TAKEN, 0) < 0)
			log_err(-errno, "mark %s as taken", f->name);
	} else if (l ? l->ended : age_s >= FORGOTTEN_S && !guarded(f->id.key)) {
		(void)unlinkat(f->dir_fd, f->name, 0);
	}
}

void names_sweep(struct node *n)
{
	kept_each(look_at, n);
}
