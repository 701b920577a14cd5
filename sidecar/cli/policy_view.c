/* SPDX-License-Identifier: Apache-2.0 */
/* See policy_view.h. */
#include "policy_view.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/live/change.h"

static const struct {
	const char *name;
	uint32_t data;
} sizes[] = {
#define SIZE(name, number, size) {#name, size},
    RV_TABLES(SIZE)};

void policy_view_release(struct policy_view *v)
{
	list_release(&v->list);
	kept_release(&v->kept);
	free(v->rules);
	free(v->table);
	target_release(&v->target);
}

/* The counters, by number. Offsets come from the kernel's map, which agents can write to. */
static int count(struct policy_view *v, uint32_t data_size)
{
	const struct rv_table *t = v->table;
	const struct rv_rule *rules = (const void *)((const char *)(t + 1) + t->rules);

	if (t->rules % 8 || t->rules > data_size ||
	    t->rules_n > (data_size - t->rules) / sizeof(*rules))
		return -EBADMSG;
	for (uint32_t i = 0; i < t->rules_n; i++)
		if (rules[i].number > t->rules_n)
			return -EBADMSG;
		else if (rules[i].number > v->rules_n)
			v->rules_n = rules[i].number;
	v->rules = calloc(v->rules_n + 1, sizeof(*v->rules));
	if (!v->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->rules_n; i++) {
		struct policy_view_rule *r = &v->rules[rules[i].number];

		if (rules[i].number == 0)
			v->default_hits += rules[i].hits;
		r->hits += rules[i].hits;
		r->action = rules[i].action;
		r->used = true;
	}
	return 0;
}

static int read_text(struct policy_view *v)
{
	int r = kept_read(&v->target.id, v->table->version, &v->kept);

	if (r < 0)
		return util_refuse(r, v->problem, sizeof(v->problem), "its text is not kept: %s",
				   strerror(-r));
	for (unsigned i = 0; r == 0 && i < v->kept.n; i++)
		r = list_add_text(&v->list, v->kept.of[i].from, v->kept.of[i].file,
				  v->kept.of[i].text, v->kept.of[i].len, v->problem, sizeof(v->problem));
	if (r < 0)
		list_release(&v->list);
	return r;
}

/* By compiling it again: the text's own word about its hash proves nothing. */
static void compare(struct policy_view *v)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	const struct rv_table *made;

	if (list_compile(&v->list, &image, v->problem, sizeof(v->problem)) < 0)
		return;
	made = image.value;
	if (memcmp(made->sha256, v->table->sha256, sizeof(made->sha256)) != 0)
		snprintf(v->problem, sizeof(v->problem), "it compiles to another sha256");
}

int policy_view_open(const char *word, bool check, struct policy_view *v)
{
	uint32_t number;
	int r = target_find(word, &v->target);

	if (r < 0)
		return r;
	(void)change_finish(&v->target); /* else what it shows would be of no record yet */
	number = v->target.state->policy;
	r = target_table(&v->target, &v->table);
	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return log_err(r, "read the policy of container %s", v->target.meta.id);
	v->size = sizes[number - 1].name;
	v->bytes = (uint32_t)sizeof(struct rv_table) + sizes[number - 1].data + RV_TABLE_SLACK;
	v->table->name[sizeof(v->table->name) - 1] = '\0';
	r = count(v, sizes[number - 1].data);
	if (r < 0)
		return log_err(r, "understand the policy of container %s", v->target.meta.id);
	if (read_text(v) == 0 && check)
		compare(v);
	return 0;
}

void policy_view_container(const struct policy_view *v, struct json_out *o)
{
	json_out_key(o, "container");
	json_out_open_object(o);
	json_out_member_string(o, "id", v->target.meta.id);
	json_out_member_string(o, "name", v->target.meta.name);
	json_out_close_object(o);
}

void policy_view_sha256(const struct policy_view *v, char ret[static 65])
{
	for (size_t i = 0; i < sizeof(v->table->sha256); i++)
		snprintf(ret + 2 * i, 3, "%02x", v->table->sha256[i]);
}

void policy_view_since(const struct policy_view *v, char ret[static 64])
{
	time_t s = (time_t)(v->kept.since_wall_ns / 1000000000);
	struct tm tm;

	if (!v->kept.since_wall_ns || !gmtime_r(&s, &tm) ||
	    strftime(ret, 64, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(ret, "unknown");
}

int policy_view_print(struct json_out *o)
{
	const char *text;
	size_t len;
	int r = json_out_text(o, &text, &len);

	if (r < 0)
		return log_err(r, "write the answer"), 1;
	return printf("%.*s\n", (int)len, text) < 0;
}
