/* SPDX-License-Identifier: Apache-2.0 */
/* The policy that was learned, as text: a rule a line. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "seen.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/json.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"

#define EXAMPLE_MAX 160 /* bytes of a reason's example */

static void put_access(struct json_out *o, const struct learned *rule, const char *key)
{
	json_out_key(o, key);
	json_out_open_array(o);
	for (uint32_t bit = 1; bit && bit <= rule->access; bit <<= 1) {
		const char *name = policy_access_name(rule->subject, bit);

		if (name && rule->access & bit)
			json_out_string(o, name, strlen(name));
	}
	json_out_close_array(o);
}

static void put_network(struct json_out *o, const struct learned *rule)
{
	char cidr[INET6_ADDRSTRLEN + 4], ports[16];

	inet_ntop(rule->family, rule->addr, cidr, sizeof(cidr));
	if (rule->wider && rule->prefix != 32 && rule->prefix != 128)
		sprintf(cidr + strlen(cidr), "/%u", rule->prefix);
	json_out_member_string(o, "cidr", cidr);
	snprintf(ports, sizeof(ports), "%u-%u", rule->port_min, rule->port_max);
	if (rule->port_min == rule->port_max)
		json_out_member_unsigned(o, "port", rule->port_min);
	else
		json_out_member_string(o, "port", ports);
	if (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP)
		json_out_member_string(o, "protocol",
				       rule->protocol == IPPROTO_TCP ? "tcp" : "udp");
	else if (rule->protocol)
		json_out_member_unsigned(o, "protocol", rule->protocol);
	put_access(o, rule, "direction");
}

static void put_match(struct json_out *o, const struct learned *rule)
{
	switch (rule->subject) {
	case RV_SUBJECT_EXEC:
		json_out_member_string(o, "path", rule->path);
		break;
	case RV_SUBJECT_FILE:
	case RV_SUBJECT_UNIX:
		json_out_member_string(o, "path", rule->path);
		put_access(o, rule, "access");
		break;
	case RV_SUBJECT_NETWORK:
		put_network(o, rule);
		break;
	case RV_SUBJECT_MEMORY:
		put_access(o, rule, "access");
		break;
	case RV_SUBJECT_CAPABILITY:
		json_out_member_string(o, "capability",
				       event_view_name(VIEW_CAPABILITY, rule->which));
		break;
	case RV_SUBJECT_KERNEL:
		json_out_member_string(o, "kind", event_kind(rule->which)->name);
	}
}

/* "12 records, as of /proc/17/stat" */
static void put_reason(struct json_out *o, const struct learned *rule)
{
	char example[EXAMPLE_MAX + 1], object[ASKED_OBJECT_MAX], reason[POLICY_REASON_MAX];
	const struct seen *as = rule->as;
	size_t len;

	snprintf(reason, sizeof(reason), "%" PRIu64 " record%s", rule->records,
		 rule->records == 1 ? "" : "s");
	if (rule->wider) {
		len = asked_object(as->subject, as->which, as->protocol, as->text, as->len, object);
		utf8_escape(example, sizeof(example), object, len);
		snprintf(reason + strlen(reason), sizeof(reason) - strlen(reason), ", as of %s",
			 example);
	}
	json_out_member_string(o, "reason", reason);
}

static void put_rule(struct json_out *o, const struct learned *rule)
{
	json_out_open_object(o);
	json_out_member_string(o, "subject", policy_subject_name(rule->subject));
	put_match(o, rule);
	json_out_member_string(o, "action", "allow");
	if (rule->records)
		put_reason(o, rule);
	json_out_close_object(o);
}

/* Kinds that this container's profile leaves out: nothing can be said about them. */
static void put_unrecorded(struct json_out *o, uint64_t kinds)
{
	json_out_open_object(o);
	json_out_member_string(o, "subject", "kernel");
	json_out_key(o, "kind");
	json_out_open_array(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kinds >> k & 1)
			json_out_string(o, event_kind(k)->name, strlen(event_kind(k)->name));
	json_out_close_array(o);
	json_out_member_string(o, "action", "allow");
	json_out_member_string(o, "reason", "was not recorded, so not learned");
	json_out_close_object(o);
}

static int put_line(FILE *f, struct json_out *o, bool *first)
{
	const char *text;
	size_t len;
	int r = json_out_text(o, &text, &len);

	if (r < 0)
		return r;
	fprintf(f, "%s\n    %s", *first ? "" : ",", text);
	*first = false;
	json_out_reset(o);
	return 0;
}

static void put_head(FILE *f, const struct learn_options *o)
{
	bool first = true;

	fprintf(f, "{\n  \"name\": \"%s\",\n  \"mode\": \"%s\",\n  \"defaults\": {", o->name,
		o->enforce ? "enforce" : "audit");
	for (unsigned s = 0; s < RV_SUBJECT_MAX; s++) {
		if (!(o->subjects >> s & 1))
			continue;
		fprintf(f, "%s \"%s\": \"deny\"", first ? "" : ",", policy_subject_name(s));
		first = false;
	}
	fprintf(f, " },\n  \"on_unresolvable\": \"deny\",\n  \"rules\": [");
}

int learned_write(const struct learn *l, const struct learn_options *o, char **ret, size_t *ret_len)
{
	_json_out_ struct json_out *line = json_out_new();
	uint64_t unrecorded = asked_kinds(RV_SUBJECT_KERNEL) & ~o->recorded;
	char *text = NULL;
	bool first = true;
	size_t len = 0;
	FILE *f = line ? open_memstream(&text, &len) : NULL;
	int r = 0;

	if (!f)
		return -ENOMEM;
	put_head(f, o);
	for (size_t i = 0; r == 0 && i < l->rules_n; i++) {
		put_rule(line, &l->rules[i]);
		r = put_line(f, line, &first);
	}
	if (r == 0 && unrecorded && o->subjects >> RV_SUBJECT_KERNEL & 1) {
		put_unrecorded(line, unrecorded);
		r = put_line(f, line, &first);
	}
	fputs("\n  ]\n}\n", f);
	if (fclose(f) != 0)
		r = -ENOMEM;
	if (r == 0) {
		*ret = TAKE_PTR(text);
		*ret_len = len;
	}
	free(text);
	return r;
}
