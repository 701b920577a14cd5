/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs `ps` and `status`: what the node knows without looking into any database. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "sidecar/live/kept.h"
#include "sidecar/node/client.h"

/* The last change of its policy was refused, and none has succeeded since. */
static bool refused(const struct life *l, char why[static KEPT_REFUSED_MAX])
{
	struct kept_id id = {.generation = l->meta.generation};

	memcpy(id.key, l->meta.key, sizeof(id.key) - 1);
	return !l->ended && kept_refused(&id, why) == 0;
}

static void put_word(struct json_out *o, const char *key, const char *word)
{
	json_out_key(o, key);
	if (word)
		json_out_string(o, word, strlen(word));
	else
		json_out_null(o);
}

/* What its engine says of it. */
static void put_said(const struct meta *m, struct json_out *o)
{
	put_word(o, "image", m->image);
	put_word(o, "pod", m->pod);
	put_word(o, "namespace", m->namespace);
	json_out_key(o, "labels");
	meta_put_pairs(o, m->labels, m->labels_n);
	json_out_member_bool(o, "labels_cut", m->labels_cut);
}

static void put_json(const struct life *l, struct json_out *o)
{
	char when[WHEN_SIZE], why[KEPT_REFUSED_MAX];

	json_out_open_object(o);
	json_out_member_string(o, "id", l->meta.id);
	json_out_member_string(o, "name", l->meta.name);
	put_said(&l->meta, o);
	json_out_member_string(o, "state", life_state(l));
	json_out_member_bool(o, "armed", l->armed);
	json_out_key(o, "policy");
	if (l->meta.policy[0])
		json_out_string(o, l->meta.policy, strlen(l->meta.policy));
	else
		json_out_null(o);
	json_out_key(o, "policy_refused");
	if (refused(l, why))
		json_out_string(o, why, strlen(why));
	else
		json_out_null(o);
	json_out_member_unsigned(o, "lost", life_lost(l));
	json_out_member_unsigned(o, "cut", cuts_cut(&l->cuts));
	json_out_member_unsigned(o, "dropped", cuts_dropped(&l->cuts));
	when_put((int64_t)l->meta.started_wall_ns, when);
	json_out_member_string(o, "started", when);
	json_out_key(o, "ended");
	when_put((int64_t)l->ended_wall_ns, when);
	if (l->ended)
		json_out_string(o, when, strlen(when));
	else
		json_out_null(o);
	json_out_member_unsigned(o, "issued", l->counters.issued);
	json_out_key(o, "since_node_start");
	json_out_open_object(o);
	json_out_member_unsigned(o, "stored", l->stored);
	json_out_member_unsigned(o, "denied", l->denied);
	json_out_member_unsigned(o, "would_deny", l->would_deny);
	json_out_close_object(o);
	json_out_member_string(o, "key", l->meta.key);
	json_out_member_string(o, "cgroup", l->meta.cgroup ? l->meta.cgroup : "");
	json_out_member_string(o, "runtime", l->meta.runtime ? l->meta.runtime : "");
	json_out_member_bool(o, "agent", l->stream != NULL);
	json_out_close_object(o);
}

static int put_text(struct client *c, const struct life *l)
{
	char when[WHEN_SIZE], why[KEPT_REFUSED_MAX], shown[2 * KEPT_REFUSED_MAX];
	char address[META_ADDRESS_MAX];
	int r;

	meta_address(&l->meta, address);
	when_put((int64_t)l->meta.started_wall_ns, when);
	when[19] = '\0';
	r = client_printf(c, "%-24s %-20s %-10s %-9s %-16s %8" PRIu64 " %-5s %sZ %s\n", l->meta.id,
			     address, life_state(l), l->armed ? "armed" : "NOT ARMED",
			     l->meta.policy[0] ? l->meta.policy : "-", life_lost(l),
			     l->stream ? "yes" : "no", when, l->meta.image ? l->meta.image : "-");
	if (r == 0 && (cuts_cut(&l->cuts) || cuts_dropped(&l->cuts)))
		r = client_printf(c, "  %" PRIu64 " records cut by retention, %" PRIu64
				     " dropped by a full disk\n",
				  cuts_cut(&l->cuts), cuts_dropped(&l->cuts));
	if (r < 0 || !refused(l, why))
		return r;
	utf8_escape(shown, sizeof(shown), why, strlen(why));
	return client_printf(c, "  policy change refused: %s\n", shown);
}

/* Loud: whoever asks for the containers must know that their records are not whole. */
static int put_degraded(struct client *c)
{
	const struct node *n = c->node;

	if (n->store.from_class == CLASS_ACTS)
		return 0;
	return client_printf(c,
			     "DEGRADED: the disk of %s is %s; records before class '%s' are counted "
			     "and not stored\n",
			     n->store.dir, disk_level_name(n->disk.level),
			     class_name(n->store.from_class));
}

static int ps_write(struct client *c, struct life *const *lives, size_t count)
{
	_json_out_ struct json_out *o = NULL;
	int r = 0;

	if (!c->json) {
		r = client_printf(c, "%-24s %-20s %-10s %-9s %-16s %8s %-5s %-20s %s\n", "ID", "NAME",
				  "STATE", "ARMED", "POLICY", "LOST", "AGENT", "STARTED", "IMAGE");
		for (size_t i = 0; i < count && r == 0; i++)
			r = put_text(c, lives[i]);
		return r < 0 ? r : put_degraded(c);
	}
	o = json_out_new();
	if (!o)
		return -ENOMEM;
	json_out_open_array(o);
	for (size_t i = 0; i < count; i++)
		put_json(lives[i], o);
	json_out_close_array(o);
	return client_write_json(c, o);
}

static int ps_start(struct client *c, const struct json *query)
{
	bool ended = json_is_true(query, "all");
	_free_ struct life **list = calloc(c->node->lives.count + 1, sizeof(struct life *));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (struct life *l = c->node->lives.first; l; l = l->next)
		if (ended || !l->ended)
			list[n++] = l;
	qsort(list, n, sizeof(*list), life_by_start);
	return ps_write(c, list, n);
}

static int nothing_more(struct client *c)
{
	(void)c;
	return 0;
}

const struct verb verb_ps = {"ps", ps_start, nothing_more, NULL};

static uint64_t count_running(const struct node *n)
{
	uint64_t running = 0;

	for (const struct life *l = n->lives.first; l; l = l->next)
		running += !l->ended;
	return running;
}

static int status_start(struct client *c, const struct json *query)
{
	const struct node *n = c->node;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	    {"containers", n->lives.count},
	    {"running", count_running(n)},
	    {"agents", n->stream_count},
	    {"waiting_for_store", n->stalled_count},
	    {"clients", n->client_count},
	    {"stores_open", n->store.open_count},
	    {"refused_peers", n->refused_peers},
	    {"adopted", n->adopt.started},
	    {"bulk_attached", n->bulk.mapped},
	    {"bulk_blocks", n->bulk.blocks},
	    {"bulk_bytes", n->bulk.bytes},
	    {"bulk_dropped", n->bulk.dropped},
	    {"log_attached", n->nodelog.life != NULL},
	    {"log_dropped", n->nodelog.dropped},
	    {"disk_free_bytes", n->disk.free},
	    {"disk_floor_bytes", n->disk.floor},
	    {"disk_spilled_bytes", n->disk.spill.end - n->disk.spill.begin},
	    {"records_dropped", disk_dropped(n)},
	    {"records_cut", n->retention.cut},
	    {"stores_removed", n->retention.removed},
	};
	_json_out_ struct json_out *o = json_out_new();
	int r = 0;

	(void)query;
	if (!o)
		return -ENOMEM;
	json_out_open_object(o);
	json_out_member_string(o, "version", REEVE_BUILD);
	json_out_member_string(o, "disk", disk_level_name(n->disk.level));
	json_out_member_string(o, "stored_from_class", class_name(n->store.from_class));
	json_out_member_string(o, "config_refused", n->retention.refused);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		json_out_member_unsigned(o, rows[i].name, rows[i].value);
	json_out_close_object(o);
	if (c->json)
		return client_write_json(c, o);
	r = client_printf(c, "%-18s %s\n", "version", REEVE_BUILD);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && r == 0; i++)
		r = client_printf(c, "%-18s %" PRIu64 "\n", rows[i].name, rows[i].value);
	if (r == 0)
		r = client_printf(c, "%-18s %s\n", "disk", disk_level_name(n->disk.level));
	if (r == 0 && n->retention.refused[0])
		r = client_printf(c, "REFUSED: %s\n", n->retention.refused);
	return r < 0 ? r : put_degraded(c);
}

const struct verb verb_status = {"status", status_start, nothing_more, NULL};
