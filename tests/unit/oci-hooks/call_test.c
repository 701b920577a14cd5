// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include "oci-hooks/runc/call.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define ARGS_MAX 16

/* The line's words, by one blank each; they live in text. */
static struct call parse(char *text)
{
	char *argv[ARGS_MAX] = {0};
	struct call c;
	int argc = 0;

	for (char *word = strtok(text, " "); word && argc < ARGS_MAX - 1; word = strtok(NULL, " "))
		argv[argc++] = word;
	call_parse(argc, argv, &c);
	return c;
}

TEST("the bundle, as runc and crun would find it")
{
	static const struct {
		const char *line, *bundle, *config;
	} rows[] = {
	    {"runc create c", ".", "config.json"},
	    {"runc create --bundle /b c", "/b", "config.json"},
	    {"runc create --bundle=/b c", "/b", "config.json"},
	    {"runc create -b /b c", "/b", "config.json"},
	    {"runc create -b=/b c", "/b", "config.json"},
	    {"crun create -b/b c", "/b", "config.json"},
	    {"crun create -b/a=b c", "/a=b", "config.json"},
	    {"crun run -db /b c", "/b", "config.json"},
	    {"crun run -d -b /b c", "/b", "config.json"},
	    {"runc create -bundle /b c", "/b", "config.json"},
	    {"runc create -bundle=/b c", "/b", "config.json"},
	    {"crun create --bun /b c", "/b", "config.json"},
	    {"runc create c --bundle /b", "/b", "config.json"},
	    {"runc create --bundle /a --bundle /b c", "/b", "config.json"},
	    {"runc create --pid-file --bundle --bundle /b c", "/b", "config.json"},
	    {"runc create --console-socket -b c", ".", "config.json"},
	    {"runc create --no-subreaper --no-pivot -b /b c", "/b", "config.json"},
	    {"runc create -- --bundle", ".", "config.json"},
	    {"runc create --bundle", ".", "config.json"},
	    {"runc create --bundle= c", ".", "config.json"},
	    {"runc create --pid-file --help c", ".", "config.json"},
	    {"runc run - --bundle /b", "/b", "config.json"},
	    {"crun run --config other.json -b /b c", "/b", "other.json"},
	    {"crun run -f other.json c", ".", "other.json"},
	    {"runc --root create --log delete create -b /b c", "/b", "config.json"},
	    {"runc --root=/r --systemd-cgroup create -b /b c", "/b", "config.json"},
	    {"runc --debug --unknown value create -b /b c", "/b", "config.json"},
	    {"runc --unknown create -b /b c", "/b", "config.json"},
	    {"runc --unknown=x -- create -b /b c", "/b", "config.json"},
	    {"runc -log /l create -b /b c", "/b", "config.json"},
	    {"crun --cgroup-manager disabled create -b /b c", "/b", "config.json"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[200];
		struct call c;
		bool good;

		snprintf(text, sizeof(text), "%s", rows[i].line);
		c = parse(text);
		good = CHECK(call_makes(&c));
		good &= CHECK_STR(c.bundle, rows[i].bundle);
		good &= CHECK_STR(c.config, rows[i].config);
		if (!good)
			printf("#   line %s\n", rows[i].line);
	}
}

TEST("what makes no container is none of our business")
{
	static const char *const lines[] = {
	    "runc",
	    "runc --version",
	    "runc start create",
	    "runc delete --force run",
	    "runc --log /l --log-format json state c",
	    "runc exec c create",
	    "runc restore -b /b c",
	    "runc --root create",
	    "runc --root create list",
	    "runc spec --bundle /b",
	    "runc creat c",
	    "runc create --help",
	    "crun run -h c",
	    "crun run c --usage",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[200];
		struct call c;

		snprintf(text, sizeof(text), "%s", lines[i]);
		c = parse(text);
		if (!CHECK(!call_makes(&c)) || !CHECK_STR(c.bundle, "."))
			printf("#   line %s\n", lines[i]);
	}
}

TEST("where the engine reads errors")
{
	char with[] = "runc --root /r --log /l --log-format json create -b /b c";
	char text[] = "runc --log=/l create c", none[] = "runc create --log /l c";
	struct call c = parse(with);

	CHECK_STR(c.log, "/l");
	CHECK(c.log_json);
	c = parse(text);
	CHECK_STR(c.log, "/l");
	CHECK(!c.log_json);
	c = parse(none);
	CHECK(c.log == NULL);
}
