/* SPDX-License-Identifier: Apache-2.0 */
/* See terms.h. */
#include "sidecar/node/terms.h"
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/cidr.h"

struct giving {
	uint32_t mask;
	terms_each each;
	void *arg;
};

static void give(const struct giving *g, enum term t, const void *value, size_t len)
{
	if (g->mask & TERM_BIT(t))
		g->each(g->arg, t, value, len);
}

static void give_number(const struct giving *g, enum term t, uint32_t n)
{
	const uint8_t v[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	give(g, t, v, sizeof(v));
}

/* An address that is neither IPv4 nor IPv6 is no term. */
static void give_address(const struct giving *g, const struct event *e, const struct event_field *field)
{
	uint8_t v[TERM_ADDRESS_SIZE] = {};
	struct rv_address a;
	int family;

	memcpy(&a, (const char *)e + field->offset, sizeof(a));
	family = (int)a.family;
	if (family != AF_INET && family != AF_INET6)
		return;
	memcpy(v + 1, a.addr, family == AF_INET ? 4 : sizeof(a.addr));
	if (family == AF_INET6)
		family = cidr_unmap(v + 1);
	if (family == AF_INET)
		memset(v + 5, 0, 12);
	v[0] = family == AF_INET ? 4 : 6;
	v[17] = (uint8_t)(a.port >> 8);
	v[18] = (uint8_t)a.port;
	give(g, TERM_ADDRESS, v, sizeof(v));
}

static void give_fields(const struct giving *g, const struct event *e)
{
	const struct event_kind *k = event_kind(e->head.kind);
	unsigned at = 0;

	for (unsigned i = 0; k && i < k->fields_n; i++) {
		const struct event_field *field = &k->fields[i];
		const struct event_string *s;

		if (field->view == VIEW_LOCAL || field->view == VIEW_FOREIGN)
			give_address(g, e, field);
		if (!field->string)
			continue;
		s = &e->strings[at++];
		if (s->len > 0 && field->view == VIEW_PATH)
			give(g, TERM_PATH, s->s, s->len);
		else if (s->len > 0 && field->view == VIEW_TEXT && strcmp(field->name, "tag") == 0)
			give(g, TERM_TAG, s->s, s->len);
	}
}

void terms_of(const struct event *e, const char *exe, size_t exe_len, uint32_t mask, terms_each each,
	      void *arg)
{
	const struct giving g = {mask, each, arg};
	const struct rv_head *h = &e->head;

	give(&g, TERM_KIND, &(uint8_t){h->kind < 256 ? (uint8_t)h->kind : 255}, 1);
	give(&g, TERM_VERDICT, &h->verdict, 1);
	give_number(&g, TERM_PID, h->pid);
	if (h->ns_pid != h->pid)
		give_number(&g, TERM_PID, h->ns_pid);
	give_number(&g, TERM_UID, h->uid);
	if (h->euid != h->uid)
		give_number(&g, TERM_UID, h->euid);
	give_number(&g, TERM_RULE, h->rule);
	if (exe && exe_len > 0)
		give(&g, TERM_EXEC, exe, exe_len);
	if (h->kind == RV_KIND_EXEC && e->path_len > 0)
		give(&g, TERM_EXEC, e->path, e->path_len);
	if (mask & (TERM_BIT(TERM_PATH) | TERM_BIT(TERM_TAG) | TERM_BIT(TERM_ADDRESS)))
		give_fields(&g, e);
}
