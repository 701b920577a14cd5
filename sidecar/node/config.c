/* SPDX-License-Identifier: Apache-2.0 */
/* See config.h. */
#include "sidecar/node/config.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/reader.h"
#include "sidecar/common/util.h"

#define AGE_DEFAULT_S (90ull * 86400)
#define CONTAINER_DEFAULT (1ull << 30)
#define NODE_DEFAULT (8ull << 30)
#define KEEP_DEFAULT 1000
#define AGE_MIN_S 10
#define BYTES_MIN (1ull << 20)
#define KEEP_MIN 100
#define KEEP_MAX 1000000000

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit times[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {}};
static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40},
    {}};

#define AGE_EXPECTED "a time of \"10s\" or more, such as \"36h\" or \"30d\", or null for no bound"
#define BYTES_EXPECTED                                                                             \
	"a size of \"1MiB\" or more, such as \"256MiB\" or \"8GiB\", or null for no bound"
#define KEEP_EXPECTED "a number from 100 to 1000000000"

void config_default(struct config *c)
{
	*c = (struct config){.age_s = AGE_DEFAULT_S,
			     .container_bytes = CONTAINER_DEFAULT,
			     .node_bytes = NODE_DEFAULT,
			     .keep = KEEP_DEFAULT,
			     .free_bytes = CONFIG_FREE_AUTO};
}

void config_nothing(struct config *c)
{
	config_default(c);
	c->age_s = c->container_bytes = c->node_bytes = CONFIG_NONE;
}

/* Digits and a unit, nothing else. */
static bool parse_amount(const char *text, const struct unit *units, uint64_t *ret)
{
	char *end;
	unsigned long long n;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (; units->name && errno == 0; units++) {
		if (strcmp(end, units->name) != 0)
			continue;
		if (n > INT64_MAX / units->factor)
			return false;
		*ret = n * units->factor;
		return true;
	}
	return false;
}

static int read_amount(struct reader *r, const struct json *object, const char *key,
		       const struct unit *units, uint64_t min, const char *expected, uint64_t *ret)
{
	const struct json *m = json_get(object, key);
	uint64_t n;

	if (!m)
		return 0;
	if (m->type == JSON_NULL) {
		*ret = CONFIG_NONE;
		return 0;
	}
	if (m->type != JSON_STRING || !parse_amount(m->string, units, &n) || n < min)
		return reader_expected(r, m, expected);
	*ret = n;
	return 0;
}

static int read_retention(struct reader *r, const struct json *root, struct config *c)
{
	static const char *const keys[] = {"age", "container_bytes", "node_bytes", "keep", NULL};
	const struct json *j = json_get(root, "retention"), *keep;
	int err;

	if (!j)
		return 0;
	if (j->type != JSON_OBJECT)
		return reader_expected(r, j, "{\"age\": ..., \"container_bytes\": ..., ...}");
	err = reader_keys(r, j, keys);
	if (err == 0)
		err = read_amount(r, j, "age", times, AGE_MIN_S, AGE_EXPECTED, &c->age_s);
	if (err == 0)
		err = read_amount(r, j, "container_bytes", sizes, BYTES_MIN, BYTES_EXPECTED,
				  &c->container_bytes);
	if (err == 0)
		err = read_amount(r, j, "node_bytes", sizes, BYTES_MIN, BYTES_EXPECTED,
				  &c->node_bytes);
	keep = json_get(j, "keep");
	if (err < 0 || !keep)
		return err;
	if (keep->type != JSON_NUMBER || keep->number < KEEP_MIN || keep->number > KEEP_MAX)
		return reader_expected(r, keep, KEEP_EXPECTED);
	c->keep = (uint64_t)keep->number;
	return 0;
}

static int read_disk(struct reader *r, const struct json *root, struct config *c)
{
	static const char *const keys[] = {"free_bytes", NULL};
	const struct json *j = json_get(root, "disk");
	const struct json *m = json_get(j, "free_bytes");
	int err;

	if (!j)
		return 0;
	if (j->type != JSON_OBJECT)
		return reader_expected(r, j, "{\"free_bytes\": \"512MiB\"}");
	err = reader_keys(r, j, keys);
	if (err < 0 || !m)
		return err;
	if (m->type == JSON_NULL)
		return reader_expected(
		    r, m,
		    "a size of \"1MiB\" or more, such as \"512MiB\"; left out: 5 % of the disk");
	return read_amount(r, j, "free_bytes", sizes, BYTES_MIN,
			   "a size of \"1MiB\" or more, such as \"512MiB\"", &c->free_bytes);
}

static int read_document(struct reader *r, const struct json *root, struct config *c)
{
	static const char *const keys[] = {"retention", "disk", NULL};
	int err;

	if (root->type != JSON_OBJECT)
		return reader_expected(r, root, "{\"retention\": {...}, \"disk\": {...}}");
	err = reader_keys(r, root, keys);
	if (err == 0)
		err = read_retention(r, root, c);
	return err < 0 ? err : read_disk(r, root, c);
}

int config_parse(const char *text, size_t len, const char *file, struct config *ret, char *error,
		 size_t error_size)
{
	struct reader r = {.file = file, .error = error, .error_size = error_size};
	char reason[CONFIG_ERROR_MAX - 128] = "";
	_json_ struct json *root = NULL;
	struct config c;
	int err;

	if (len > CONFIG_TEXT_MAX)
		return util_refuse(-E2BIG, error, error_size,
				   "%s:1:1: found %zu bytes, expected at most %u", file, len,
				   CONFIG_TEXT_MAX);
	err = json_parse(text, len, true, &root, reason, sizeof(reason));
	if (err < 0)
		return util_refuse(err, error, error_size, "%s:%s", file, reason);
	config_default(&c);
	err = read_document(&r, root, &c);
	if (err == 0)
		*ret = c;
	return err;
}

int config_read(const char *file, struct config *ret, char *error, size_t error_size)
{
	_free_ char *text = NULL;
	size_t len;
	int r = util_read_file(AT_FDCWD, file, CONFIG_TEXT_MAX, &text, &len);

	if (r == -ENOENT) {
		config_default(ret);
		return 0;
	}
	if (r < 0)
		return util_refuse(r, error, error_size, "%s: %s", file, strerror(-r));
	return config_parse(text, len, file, ret, error, error_size);
}

static void print(FILE *to, const char *key, uint64_t n, const char *unit, const char *none)
{
	if (n == CONFIG_NONE)
		fprintf(to, "%-26s %s\n", key, none);
	else
		fprintf(to, "%-26s %" PRIu64 " %s\n", key, n, unit);
}

void config_print(const struct config *c, FILE *to)
{
	print(to, "retention.age", c->age_s, "s", "no bound");
	print(to, "retention.container_bytes", c->container_bytes, "bytes", "no bound");
	print(to, "retention.node_bytes", c->node_bytes, "bytes", "no bound");
	print(to, "retention.keep", c->keep, "records", "");
	print(to, "disk.free_bytes", c->free_bytes, "bytes", "5 % of the disk, at most 1 GiB");
}
