/* SPDX-License-Identifier: Apache-2.0 */
/* See verify.h: what was found out, for people and for programs, and what an anchor is made of. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/node/verify_inside.h"

#define HEX_SIZE (2 * CRYPT_HASH + 1)

static void put_hex(char ret[static HEX_SIZE], const uint8_t *data)
{
	for (unsigned i = 0; i < CRYPT_HASH; i++)
		snprintf(ret + 2 * i, 3, "%02x", data[i]);
}

static bool read_hex(const char *s, uint8_t *ret)
{
	if (strlen(s) != HEX_SIZE - 1)
		return false;
	for (unsigned i = 0; i < CRYPT_HASH; i++) {
		unsigned byte;

		if (!isxdigit((unsigned char)s[2 * i]) || !isxdigit((unsigned char)s[2 * i + 1]) ||
		    sscanf(s + 2 * i, "%2x", &byte) != 1)
			return false;
		ret[i] = (uint8_t)byte;
	}
	return true;
}

static void put_time(char *ret, size_t size, int64_t wall_ns)
{
	time_t s = (time_t)(wall_ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&s, &tm) || strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(ret, size, "-");
}

bool verify_intact(const struct verify *v)
{
	return v->findings.total == 0;
}

static void put_cuts(const struct verify *v, struct json_out *o)
{
	json_out_key(o, "cuts");
	json_out_open_array(o);
	for (size_t i = 0; i < v->cuts_n; i++) {
		char when[32];

		put_time(when, sizeof(when), v->cuts[i].wall_ns);
		json_out_open_object(o);
		json_out_member_unsigned(o, "from", v->cuts[i].from);
		json_out_member_unsigned(o, "to", v->cuts[i].to);
		json_out_member_string(o, "why", v->cuts[i].why);
		json_out_member_string(o, "time", when);
		json_out_close_object(o);
	}
	json_out_close_array(o);
}

static void print_trimmed(const struct verify *v, FILE *f)
{
	char when[32];

	if (!v->trim_told)
		return;
	put_time(when, sizeof(when), v->trim_ns);
	fprintf(f,
		"trimmed      links 1 to %" PRIu64 ", by the node at %s: their records are cut, or in a "
		"later link\n",
		v->trimmed, when);
}

/* Of one piece of work: the same link and the same word, one line. */
static void print_cuts(const struct verify *v, FILE *f)
{
	for (size_t i = 0, end; i < v->cuts_n; i = end) {
		const struct verify_cut *c = &v->cuts[i];
		char when[32], why[4 * CHAIN_WHY_MAX + 1];
		uint64_t records = 0;

		for (end = i; end < v->cuts_n && v->cuts[end].link == c->link &&
			      strcmp(v->cuts[end].why, c->why) == 0;
		     end++)
			records += v->cuts[end].to - v->cuts[end].from + 1;
		put_time(when, sizeof(when), c->wall_ns);
		utf8_escape(why, sizeof(why), c->why, strlen(c->why));
		if (strcmp(c->why, CUTS_WHY_FULL) == 0)
			fprintf(f,
				"dropped      %" PRIu64 " of %" PRIu64 " to %" PRIu64
				", by the node at %s: not stored, as the disk was full\n",
				records, c->from, v->cuts[end - 1].to, when);
		else
			fprintf(f,
				"cut          %" PRIu64 " of %" PRIu64 " to %" PRIu64
				", by the node at %s: %s\n",
				records, c->from, v->cuts[end - 1].to, when, why);
	}
}

void verify_to_json(const struct verify *v, const char *id, struct json_out *o)
{
	char hex[HEX_SIZE];

	json_out_open_object(o);
	json_out_key(o, "id");
	id ? json_out_string(o, id, strlen(id)) : json_out_null(o);
	json_out_member_bool(o, "intact", verify_intact(v));
	json_out_member_bool(o, "ended", v->life->ended);
	json_out_member_unsigned(o, "links", v->links);
	json_out_member_unsigned(o, "trimmed", v->trim_told ? v->trimmed : 0);
	json_out_member_unsigned(o, "records", v->records);
	json_out_member_unsigned(o, "arguments", v->args);
	json_out_member_bool(o, "sealed", v->sealed);
	json_out_member_unsigned(o, "anchored", v->anchored);
	put_hex(hex, v->first_key);
	json_out_member_string(o, "first_key", v->links ? hex : "");
	put_hex(hex, v->head);
	json_out_member_string(o, "head", v->links ? hex : "");
	put_cuts(v, o);
	findings_to_json(&v->findings, o);
	json_out_close_object(o);
}

static void print_proof(const struct verify *v, FILE *f)
{
	char hex[HEX_SIZE];

	put_hex(hex, v->first_key);
	fprintf(f, "first key    %s\n", hex);
	fprintf(f, "seal         %s\n",
		v->sealed		  ? "fits"
		: v->anchored == v->links ? "none that fits, and none is needed: see the anchor"
					  : "none that fits");
	if (v->anchored)
		fprintf(f, "anchor       of link %" PRIu64 " fits\n", v->anchored);
	else
		fprintf(f,
			"anchor       none: that this is the only chain there was, this host alone "
			"says\n");
}

static void print_verdict(const struct verify *v, FILE *f)
{
	if (verify_intact(v))
		fprintf(f, "intact: yes (%" PRIu64 " records as they were stored%s)\n", v->records,
			v->cuts_n || v->trimmed ? ", but for the cuts" : ", none missing");
	else
		fprintf(f, "intact: no (%" PRIu64 " findings)\n", v->findings.total);
}

char *verify_to_text(const struct verify *v, const char *id)
{
	char first[32], last[32], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	if (id)
		fprintf(f, "container    %s\nstate        %s\n", id,
			v->life->ended ? "ended" : "running");
	else
		fprintf(f, "log          the node's own\n");
	if (v->links) {
		put_time(first, sizeof(first), v->first_ns);
		put_time(last, sizeof(last), v->last_ns);
		fprintf(f, "chain        %" PRIu64 " links, %" PRIu64 " records, %s to %s\n",
			v->links, v->records, first, last);
		print_proof(v, f);
		print_trimmed(v, f);
		print_cuts(v, f);
	}
	findings_print(&v->findings, f);
	print_verdict(v, f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int verify_anchor_json(struct store *s, struct life *l, const char *id, struct json_out *o,
		       uint64_t *ret_links)
{
	uint8_t head[CRYPT_HASH] = {};
	struct db_link link = {};
	char hex[HEX_SIZE], when[32];
	uint64_t number = 0;
	struct db *db;
	int r = store_db(s, l, &db);

	if (r == 0)
		r = db_last_link(db, &number);
	if (r == 0 && number)
		r = db_get_link(db, number, &link);
	store_end(l);
	if (r == 0) {
		if (number)
			chain_head(&link, head);
		put_hex(hex, head);
		put_time(when, sizeof(when), (int64_t)util_wall_ns());
		json_out_open_object(o);
		json_out_member_string(o, "anchor", id ? id : "");
		json_out_member_unsigned(o, "generation", l->meta.generation);
		json_out_member_unsigned(o, "started_wall_ns", l->meta.started_wall_ns);
		json_out_member_unsigned(o, "links", link.number);
		json_out_member_unsigned(o, "records", link.records);
		json_out_member_string(o, "head", hex);
		json_out_member_string(o, "time", when);
		json_out_close_object(o);
		*ret_links = link.number;
	}
	db_link_release(&link);
	return r;
}

int verify_anchors_read(const struct json *list,
			struct verify_anchor ret[static VERIFY_ANCHORS_MAX], unsigned *ret_n,
			char *error, size_t error_size)
{
	unsigned n = 0;

	if (list && (list->type != JSON_ARRAY || list->count > VERIFY_ANCHORS_MAX))
		return util_refuse(-EINVAL, error, error_size,
				   "\"anchors\": expected an array of at most %u",
				   VERIFY_ANCHORS_MAX);
	for (const struct json *j = list ? list->child : NULL; j; j = j->next, n++) {
		int64_t links = json_get_number(j, "links", 0);

		if (links <= 0 || !read_hex(json_get_string(j, "head", ""), ret[n].head))
			return util_refuse(-EINVAL, error, error_size,
					   "anchor %u: expected \"links\", a number above 0, and "
					   "\"head\", %d hex digits",
					   n + 1, HEX_SIZE - 1);
		ret[n].links = (uint64_t)links;
	}
	*ret_n = n;
	return 0;
}
