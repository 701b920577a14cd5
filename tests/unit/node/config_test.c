/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's configuration means, and what is said of one that has a mistake. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/node/config.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static struct config parse(const char *text, char error[static CONFIG_ERROR_MAX])
{
	struct config c = {.keep = 7};

	error[0] = '\0';
	(void)config_parse(text, strlen(text), "node.json", &c, error, CONFIG_ERROR_MAX);
	return c;
}

TEST("config: what is said holds, the rest is the default")
{
	char error[CONFIG_ERROR_MAX];
	struct config c, d;

	config_default(&d);
	c = parse("{}", error);
	CHECK(memcmp(&c, &d, sizeof(c)) == 0);
	c = parse("// how long\n{\"retention\": {\"age\": \"36h\", \"container_bytes\": \"256MiB\","
		  " \"node_bytes\": null, \"keep\": 100}, \"disk\": {\"free_bytes\": \"2GiB\"}}",
		  error);
	CHECK_STR(error, "");
	CHECK_INT((long long)c.age_s, 36 * 3600);
	CHECK_INT((long long)c.container_bytes, 256 << 20);
	CHECK(c.node_bytes == CONFIG_NONE);
	CHECK_INT((long long)c.keep, 100);
	CHECK_INT((long long)c.free_bytes, 2ll << 30);
}

TEST("config: a mistake has its place, what was found and what was expected, and changes nothing")
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"[]", "node.json:1:1: found an array, expected {\"retention\": {...}, \"disk\": {...}}"},
	    {"{\"retenton\": {}}",
	     "node.json:1:14: found key \"retenton\", expected a known one; did you mean "
	     "\"retention\"?"},
	    {"{\n \"retention\": {\n  \"age\": \"30 d\"}}",
	     "node.json:3:10: found \"30 d\", expected a time of \"10s\" or more, such as \"36h\" or "
	     "\"30d\", or null for no bound"},
	    {"{\"retention\": {\"age\": \"9s\"}}", "node.json:1:23: found \"9s\", expected a time"},
	    {"{\"retention\": {\"age\": 30}}", "node.json:1:23: found 30, expected a time"},
	    {"{\"retention\": {\"age\": \"99999999999999999999d\"}}", "node.json:1:23: found \"999"},
	    {"{\"retention\": {\"age\": \"106751991167301d\"}}", "node.json:1:23: found \"1067"},
	    {"{\"retention\": {\"node_bytes\": \"8GB\"}}",
	     "node.json:1:30: found \"8GB\", expected a size of \"1MiB\" or more"},
	    {"{\"retention\": {\"node_bytes\": \"-8GiB\"}}", "node.json:1:30: found \"-8GiB\""},
	    {"{\"retention\": {\"node_bytes\": \"\"}}", "node.json:1:30: found \"\""},
	    {"{\"retention\": {\"container_bytes\": \"1023KiB\"}}", "node.json:1:35: found"},
	    {"{\"retention\": {\"keep\": 99}}",
	     "node.json:1:24: found 99, expected a number from 100 to 1000000000"},
	    {"{\"retention\": {\"keep\": null}}", "node.json:1:24: found null, expected a number"},
	    {"{\"retention\": 5}", "node.json:1:15: found 5, expected {\"age\""},
	    {"{\"disk\": {\"free_byts\": \"1GiB\"}}",
	     "node.json:1:24: found key \"free_byts\", expected a known one; did you mean "
	     "\"free_bytes\"?"},
	    {"{\"disk\": {\"free_bytes\": null}}", "node.json:1:25: found null, expected a size"},
	    {"{\"retention\": {", "node.json:1:"},
	    {"", "node.json:1:1"},
	};
	char error[CONFIG_ERROR_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config c = parse(cases[i].text, error);

		CHECK_INT((long long)c.keep, 7);
		if (strncmp(error, cases[i].error, strlen(cases[i].error)) != 0)
			CHECK_STR(error, cases[i].error);
	}
}

TEST("config: a file that is not there is the default, one that is too long is refused")
{
	_dir_ struct dir d = dir_make();
	char *path = dir_path(&d, "node.json"), *text = malloc(CONFIG_TEXT_MAX + 2);
	char error[CONFIG_ERROR_MAX] = "";
	struct config c = {}, fallback;

	config_default(&fallback);
	CHECK_INT(config_read(path, &c, error, sizeof(error)), 0);
	CHECK(memcmp(&c, &fallback, sizeof(c)) == 0);
	memset(text, ' ', CONFIG_TEXT_MAX + 1);
	memcpy(text, "{}", 2);
	text[CONFIG_TEXT_MAX] = '\0';
	dir_file(&d, "node.json", text);
	CHECK_INT(config_read(path, &c, error, sizeof(error)), 0);
	text[CONFIG_TEXT_MAX] = ' ';
	text[CONFIG_TEXT_MAX + 1] = '\0';
	dir_file(&d, "node.json", text);
	CHECK(config_read(path, &c, error, sizeof(error)) < 0);
	CHECK(strstr(error, path) != NULL);
	free(path);
	free(text);
}
