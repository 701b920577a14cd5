/* SPDX-License-Identifier: Apache-2.0 */
/* See schema.h. */
#include "sidecar/cli/schema.h"
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"

unsigned schema_names(const struct event_field *f, const char *ret[static SCHEMA_NAMES_MAX])
{
	static const char *const counters[] = {"issued", "armed", "taken", "lost",
					       "merged", "merged_lost", "errors"};

	switch (f->view) {
	case VIEW_NONE:
		return 0;
	case VIEW_LOCAL:
		ret[0] = "laddr";
		ret[1] = "lport";
		return 2;
	case VIEW_FOREIGN:
		ret[0] = "faddr";
		ret[1] = "fport";
		return 2;
	case VIEW_COUNTERS:
		memcpy(ret, counters, sizeof(counters));
		return ARRAY_SIZE(counters);
	default:
		ret[0] = f->name;
		return 1;
	}
}

static void type(struct json_out *o, const char *name, const char *or_null)
{
	json_out_key(o, "type");
	if (or_null) {
		json_out_open_array(o);
		json_out_string(o, name, strlen(name));
		json_out_string(o, "null", 4);
		json_out_close_array(o);
	} else {
		json_out_string(o, name, strlen(name));
	}
}

/* doc: NULL where there is none to give. */
static void describe(struct json_out *o, const char *doc)
{
	if (doc)
		json_out_member_string(o, "description", doc);
}

static void simple(struct json_out *o, const char *key, const char *name, bool null,
		   const char *doc)
{
	json_out_key(o, key);
	json_out_open_object(o);
	describe(o, doc);
	type(o, name, null ? "null" : NULL);
	json_out_close_object(o);
}

static void array(struct json_out *o, const char *key, const char *items, bool null, const char *doc)
{
	json_out_key(o, key);
	json_out_open_object(o);
	describe(o, doc);
	type(o, "array", null ? "null" : NULL);
	simple(o, "items", items, false, NULL);
	json_out_close_object(o);
}

/* Counters by name. */
static void counts(struct json_out *o, const char *key)
{
	json_out_key(o, key);
	json_out_open_object(o);
	type(o, "object", NULL);
	simple(o, "additionalProperties", "integer", false, NULL);
	json_out_close_object(o);
}

static void pattern(struct json_out *o, const char *key, const char *regex, const char *doc)
{
	json_out_key(o, key);
	json_out_open_object(o);
	describe(o, doc);
	type(o, "string", NULL);
	json_out_member_string(o, "pattern", regex);
	json_out_close_object(o);
}

static void field(struct json_out *o, const struct event_field *f)
{
	switch (f->view) {
	case VIEW_NONE:
		return;
	case VIEW_LOCAL:
	case VIEW_FOREIGN:
		simple(o, f->view == VIEW_LOCAL ? "laddr" : "faddr", "string", true, f->doc);
		simple(o, f->view == VIEW_LOCAL ? "lport" : "fport", "integer", true, f->doc);
		return;
	case VIEW_COUNTERS:
		simple(o, "issued", "integer", false, "the last number given out");
		simple(o, "armed", "boolean", false, "number 0 was given");
		counts(o, "taken");
		counts(o, "lost");
		counts(o, "merged");
		counts(o, "merged_lost");
		counts(o, "errors");
		return;
	case VIEW_NUMBER:
	case VIEW_SIGNED:
		simple(o, f->name, "integer", false, f->doc);
		return;
	case VIEW_NUMBER_OR_NONE:
		simple(o, f->name, "integer", true, f->doc);
		return;
	case VIEW_BOOL:
		simple(o, f->name, "boolean", false, f->doc);
		return;
	case VIEW_HEX:
		pattern(o, f->name, "^0x[0-9a-f]+$", f->doc);
		return;
	case VIEW_DEV:
		pattern(o, f->name, "^[0-9]+:[0-9]+$", f->doc);
		return;
	case VIEW_MODE:
		pattern(o, f->name, "^0[0-7]*$", f->doc);
		return;
	case VIEW_SHA256:
	case VIEW_TAG8:
		pattern(o, f->name, "^[0-9a-f]+$", f->doc);
		return;
	case VIEW_NUMBERS:
		array(o, f->name, "integer", false, f->doc);
		return;
	case VIEW_KINDS:
		array(o, f->name, "string", false, f->doc);
		return;
	case VIEW_KIND:
	case VIEW_FAMILY:
	case VIEW_ARGS_STATE:
	case VIEW_PATH_STATE:
		simple(o, f->name, "string", false, f->doc);
		return;
	default:
		if (f->view >= VIEW_FIRST_BITS && f->view < VIEW_FIRST_ENUM)
			array(o, f->name, "string", false, f->doc);
		else
			simple(o, f->name, "string", true, f->doc);
	}
}

/* Members of every record: X(where to put them, is null allowed). */
static const struct {
	const char *name, *type;
	bool null;
} head[] = {
    {"kind", "string", false},	  {"cause", "string", true},
    {"seq", "integer", false},	  {"time", "string", false},
    {"boot_ns", "integer", false}, {"container", "object", false},
    {"process", "object", false}, {"namespaces", "object", false},
    {"hook", "string", true},	  {"prog_id", "integer", true},
    {"prog_tag", "string", false}, {"verdict", "string", false},
    {"error", "string", true},	  {"rule", "integer", true},
    {"policy_version", "integer", true}, {"policy", "string", true},
    {"policy_line", "integer", true}, {"reason", "string", true},
    {"phase", "string", true},
}, container[] = {
    {"id", "string", true},
    {"name", "string", true},
    {"image", "string", true},
    {"pod", "string", true},
    {"namespace", "string", true},
    {"labels", "object", true},
    {"cgroup_id", "integer", false},
    {"generation", "integer", false},
}, process[] = {
    {"pid", "integer", false},	    {"tid", "integer", false},	 {"ppid", "integer", false},
    {"ns_pid", "integer", false},   {"ns_tid", "integer", false}, {"uid", "integer", true},
    {"gid", "integer", true},	    {"euid", "integer", true},	 {"egid", "integer", true},
    {"loginuid", "integer", true},  {"session", "integer", true}, {"comm", "string", false},
    {"start_ns", "integer", false}, {"exec_seq", "integer", true}, {"exe", "string", true},
    {"exe_dev", "string", false},   {"exe_ino", "integer", false},
    {"cgroup_id", "integer", false},
}, namespaces[] = {
    {"mnt", "integer", false}, {"pid", "integer", false}, {"net", "integer", false},
    {"user", "integer", false}, {"uts", "integer", false}, {"ipc", "integer", false},
    {"cgroup", "integer", false}, {"time", "integer", false},
};

/* An object of exactly these members. */
#define OBJECT(o, key, table)                                                                      \
	json_out_key(o, key);                                                                      \
	json_out_open_object(o);                                                                   \
	type(o, "object", NULL);                                                                   \
	json_out_member_bool(o, "additionalProperties", false);                                    \
	json_out_key(o, "required");                                                               \
	json_out_open_array(o);                                                                    \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                             \
		json_out_string(o, table[i].name, strlen(table[i].name));                          \
	json_out_close_array(o);                                                                   \
	json_out_key(o, "properties");                                                             \
	json_out_open_object(o);                                                                   \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                             \
		simple(o, table[i].name, table[i].type, table[i].null, NULL);                            \
	json_out_close_object(o);                                                                  \
	json_out_close_object(o)

static void kind_required(struct json_out *o, const struct event_kind *kind, bool exec)
{
	json_out_key(o, "required");
	json_out_open_array(o);
	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		json_out_string(o, head[i].name, strlen(head[i].name));
	for (unsigned i = 0; i < kind->fields_n; i++) {
		const char *names[SCHEMA_NAMES_MAX];
		unsigned n = schema_names(&kind->fields[i], names);

		for (unsigned m = 0; m < n; m++)
			json_out_string(o, names[m], strlen(names[m]));
	}
	if (exec) {
		json_out_string(o, "argv", 4);
		json_out_string(o, "env", 3);
	}
	json_out_close_array(o);
}

static void kind_schema(struct json_out *o, unsigned k)
{
	const struct event_kind *kind = event_kind(k);

	json_out_key(o, kind->name);
	json_out_open_object(o);
	json_out_member_string(o, "description", kind->doc);
	type(o, "object", NULL);
	json_out_member_bool(o, "additionalProperties", false);
	kind_required(o, kind, k == RV_KIND_EXEC);
	json_out_key(o, "properties");
	json_out_open_object(o);
	json_out_key(o, "kind");
	json_out_open_object(o);
	json_out_member_string(o, "const", kind->name);
	json_out_close_object(o);
	for (size_t i = 1; i < ARRAY_SIZE(head); i++) {
		if (strcmp(head[i].type, "object") != 0) {
			simple(o, head[i].name, head[i].type, head[i].null, NULL);
			continue;
		}
		char ref[64];

		json_out_key(o, head[i].name);
		json_out_open_object(o);
		snprintf(ref, sizeof(ref), "#/definitions/part-%s", head[i].name);
		json_out_member_string(o, "$ref", ref);
		json_out_close_object(o);
	}
	for (unsigned i = 0; i < kind->fields_n; i++)
		field(o, &kind->fields[i]);
	if (k == RV_KIND_EXEC) {
		array(o, "argv", "string", true, "the arguments, whole");
		array(o, "env", "string", true, "the environment, whole");
	}
	json_out_close_object(o);
	json_out_close_object(o);
}

void schema_put(struct json_out *o)
{
	json_out_open_object(o);
	json_out_member_string(o, "$schema", "http://json-schema.org/draft-07/schema#");
	json_out_member_string(o, "title", "one line of `reeve logs --json`");
	json_out_key(o, "oneOf");
	json_out_open_array(o);
	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		char ref[64];

		if (!event_kind(k) || k == RV_KIND_ARGS)
			continue;
		snprintf(ref, sizeof(ref), "#/definitions/%s", event_kind(k)->name);
		json_out_open_object(o);
		json_out_member_string(o, "$ref", ref);
		json_out_close_object(o);
	}
	json_out_close_array(o);
	json_out_key(o, "definitions");
	json_out_open_object(o);
	OBJECT(o, "part-container", container);
	OBJECT(o, "part-process", process);
	OBJECT(o, "part-namespaces", namespaces);
	for (unsigned k = 1; k < RV_KIND_MAX; k++)
		if (event_kind(k) && k != RV_KIND_ARGS)
			kind_schema(o, k);
	json_out_close_object(o);
	json_out_close_object(o);
}
