// SPDX-License-Identifier: Apache-2.0
/* See call.h. runc reads its line by Go's rules (-bundle X, -bundle=X), crun by getopt's (-bX,
 * --bun X); both take "--bundle X", "--bundle=X" and "-b X", options before and behind the
 * container's id, and of several the last. What only one of them takes is read as that one would.
 */
#include "call.h"
#include <stddef.h>
#include <string.h>
#include "sidecar/common/util.h"

struct option {
	const char *name;
	char letter;
};

/* Those with a value, which may look like anything. */
static const struct option global[] = {
    {"log", 0},	 {"log-format", 0}, {"log-level", 0},	   {"root", 0},
    {"criu", 0}, {"rootless", 0},   {"cgroup-manager", 0},
};
static const struct option of_verb[] = {
    {"bundle", 'b'}, {"config", 'f'},	  {"console-socket", 0},
    {"pid-file", 0}, {"pidfd-socket", 0}, {"preserve-fds", 0},
};
/* So that the value of an option nobody told us of is not taken for the verb. */
static const char *const verbs[] = {
    "checkpoint", "create", "delete", "events", "exec",	 "features", "help",
    "init",	  "kill",   "list",   "mounts", "pause", "ps",	     "restore",
    "resume",	  "run",    "spec",   "start",	"state", "update",
};

static bool is_verb(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i], word) == 0)
			return true;
	return false;
}

/* The option that word names, and where its value stands in it: NULL, it is the next word. */
static const struct option *find(const struct option *table, size_t n, const char *word,
				 const char **ret_value)
{
	const char *name = word + (word[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
	const char *letter = word + 1 + strspn(word + 1, "d"); /* "-db X": detached as well */
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *begun = NULL;

	*ret_value = equals ? equals + 1 : NULL;
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &table[i];

		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
		if (word[1] == '-') { /* getopt takes a beginning, too */
			if (!begun && len > 0 && strncmp(o->name, name, len) == 0)
				begun = o;
		} else if (o->letter && o->letter == *letter) {
			letter += letter[1] == '=' ? 2 : 1;
			*ret_value = *letter ? letter : NULL;
			return o;
		}
	}
	return begun;
}

/* "-" alone is a word as any other. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static void take_global(struct call *c, const struct option *o, const char *value)
{
	if (strcmp(o->name, "log") == 0)
		c->log = value;
	else if (strcmp(o->name, "log-format") == 0)
		c->log_json = strcmp(value, "json") == 0;
}

/* Up to the verb; returns the place behind it. */
static int parse_global(int argc, char **argv, struct call *c)
{
	bool unknown = false; /* the word before was an option that may take this one */
	int at;

	for (at = 1; at < argc && !c->verb; at++) {
		const struct option *o;
		const char *value;

		if (!is_option(argv[at])) {
			if (!unknown || is_verb(argv[at]))
				c->verb = argv[at];
			unknown = false;
			continue;
		}
		if (strcmp(argv[at], "--") == 0) {
			unknown = false;
			continue;
		}
		o = find(global, ARRAY_SIZE(global), argv[at], &value);
		unknown = !o && !value;
		if (o && !value && ++at < argc)
			value = argv[at];
		if (o && value)
			take_global(c, o, value);
	}
	return at;
}

static bool is_help(const char *word)
{
	static const char *const words[] = {"-h", "--h", "-help", "--help", "-?", "--usage"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void parse_verb(int argc, char **argv, int at, struct call *c)
{
	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		const struct option *o;
		const char *value;

		if (!is_option(argv[at]))
			continue;
		c->asks_help |= is_help(argv[at]);
		o = find(of_verb, ARRAY_SIZE(of_verb), argv[at], &value);
		if (o && !value && ++at < argc)
			value = argv[at];
		if (!o || !value)
			continue;
		if (o->letter == 'b')
			c->bundle = *value ? value : "."; /* as runc has it; crun refuses it */
		else if (o->letter == 'f')
			c->config = value;
	}
}

void call_parse(int argc, char **argv, struct call *ret)
{
	int at;

	*ret = (struct call){.bundle = ".", .config = "config.json"};
	at = parse_global(argc, argv, ret);
	if (call_makes(ret))
		parse_verb(argc, argv, at, ret);
}

bool call_makes(const struct call *c)
{
	return c->verb && !c->asks_help &&
	       (strcmp(c->verb, "create") == 0 || strcmp(c->verb, "run") == 0);
}
