/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of one or several policies to the kernel's tables. The hash covers a canonical text of what
 * the tables say, so that equal tables have equal versions on every machine. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "policy.h"
#include "sidecar/common/sha256.h"
#include "sidecar/common/util.h"

#define KEY_HEAD (2 * sizeof(__u32)) /* policy and subject, which prefixlen counts as well */
#define ALIASES 2		     /* address entries one rule can make */

static int check_list(const struct policy *const *list, size_t n, char *error, size_t error_size)
{
	if (n == 0 || n > POLICY_LIST_MAX) {
		snprintf(error, error_size, "%zu policies for one container, expected 1 to %d", n,
			 POLICY_LIST_MAX);
		return -EINVAL;
	}
	for (size_t i = 1; i < n; i++) {
		if (!((list[0]->flags ^ list[i]->flags) & RV_POLICY_ENFORCE))
			continue;
		snprintf(
		    error, error_size,
		    "policies %s (%s) and %s (%s) cannot apply together; give both the same mode",
		    list[0]->name, list[0]->flags & RV_POLICY_ENFORCE ? "enforce" : "audit",
		    list[i]->name, list[i]->flags & RV_POLICY_ENFORCE ? "enforce" : "audit");
		return -EINVAL;
	}
	return 0;
}

/* "a+b+c"; names that do not fit any more are counted at the end. */
static void join_names(const struct policy *const *list, size_t n, char ret[static 64])
{
	const size_t tail = sizeof("+16 more") - 1;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]->name) + (i > 0);

		if (at + len + (i + 1 < n ? tail : 0) >= 64 && i > 0) {
			snprintf(ret + at, 64 - at, "+%zu more", n - i);
			return;
		}
		at += (size_t)snprintf(ret + at, 64 - at, "%s%s", i ? "+" : "", list[i]->name);
		if (at >= 64)
			at = 63;
	}
}

static void add_path(struct policy_image *image, const struct policy_rule *rule, uint32_t number)
{
	struct policy_path *p = &image->paths[image->paths_n];
	size_t len = strlen(rule->path) + (rule->subtree ? 0 : 1);

	*p = (struct policy_path){.rule = {.number = number, .error = rule->error}};
	p->key.subject = rule->subject == POLICY_EXEC ? RV_SUBJECT_EXEC : RV_SUBJECT_FILE;
	p->key.prefixlen = (__u32)((KEY_HEAD + len) * 8);
	memcpy(p->key.path, rule->path, len);
	for (size_t i = 0; i < image->paths_n; i++)
		if (memcmp(&image->paths[i].key, &p->key, sizeof(p->key)) == 0)
			return;
	image->paths_n++;
}

static void add_addr(struct policy_image *image, const struct policy_rule *rule,
		     const uint8_t addr[16], uint16_t family, uint32_t number)
{
	struct policy_addr *a = &image->addrs[image->addrs_n];

	*a = (struct policy_addr){.rule = {.number = number, .error = rule->error}};
	a->key.family = family;
	a->key.port = rule->port;
	memcpy(a->key.addr, addr, sizeof(a->key.addr));
	for (size_t i = 0; i < image->addrs_n; i++)
		if (memcmp(&image->addrs[i].key, &a->key, sizeof(a->key)) == 0)
			return;
	image->addrs_n++;
}

static bool is_loopback(const struct policy_rule *rule)
{
	static const uint8_t v4[16] = {127, 0, 0, 1};
	static const uint8_t v6[16] = {[15] = 1};

	return memcmp(rule->addr, rule->family == AF_INET ? v4 : v6, 16) == 0;
}

static void add_rule(struct policy_image *image, const struct policy_rule *rule, uint32_t number)
{
	static const uint8_t unspecified[16];

	if (rule->subject != POLICY_NETWORK) {
		add_path(image, rule, number);
		return;
	}
	add_addr(image, rule, rule->addr, rule->family, number);
	if (!is_loopback(rule))
		return;
	/* The kernel takes a connect to 0.0.0.0 or :: as one to loopback, and one to :: from a
	 * socket bound to a mapped IPv4 address as one to 127.0.0.1. */
	add_addr(image, rule, unspecified, AF_INET6, number);
	if (rule->family == AF_INET)
		add_addr(image, rule, unspecified, AF_INET, number);
}

static void hash_line(struct sha256 *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void hash_line(struct sha256 *h, const char *fmt, ...)
{
	char line[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	sha256_add(h, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* Name, flags, then the tables in order: numbers are decimal, keys are raw bytes. */
static void seal(struct policy_image *image)
{
	struct rv_policy *head = &image->head;
	struct sha256 h;

	sha256_init(&h);
	hash_line(&h, "reeve policy 1\nname %s\nflags %u\n", head->name, head->flags);
	for (size_t i = 0; i < image->paths_n; i++) {
		const struct policy_path *p = &image->paths[i];

		hash_line(&h, "path %u %u %d %u ", p->key.subject, p->rule.number, p->rule.error,
			  p->key.prefixlen);
		sha256_add(&h, p->key.path, p->key.prefixlen / 8 - KEY_HEAD);
		hash_line(&h, "\n");
	}
	for (size_t i = 0; i < image->addrs_n; i++) {
		const struct policy_addr *a = &image->addrs[i];

		hash_line(&h, "address %u %d %u %u ", a->rule.number, a->rule.error, a->key.family,
			  a->key.port);
		sha256_add(&h, a->key.addr, sizeof(a->key.addr));
		hash_line(&h, "\n");
	}
	sha256_end(&h, head->sha256);
	memcpy(&head->version, head->sha256, sizeof(head->version));
	if (head->version == 0)
		head->version = 1;
}

int policy_compile(const struct policy *const *list, size_t n, struct policy_image *ret,
		   char *error, size_t error_size)
{
	struct policy_image image = {0};
	uint32_t number = 0;
	size_t rules = 0;
	int r = check_list(list, n, error, error_size);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		rules += list[i]->rules_n;
	/* One more than needed: a duplicate is written before it is dropped, and never size 0. */
	image.paths = calloc(rules + 1, sizeof(*image.paths));
	image.addrs = calloc(rules * ALIASES + 1, sizeof(*image.addrs));
	if (!image.paths || !image.addrs) {
		policy_image_release(&image);
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		image.head.flags |= list[i]->flags;
		for (size_t k = 0; k < list[i]->rules_n; k++)
			add_rule(&image, &list[i]->rules[k], ++number);
	}
	join_names(list, n, image.head.name);
	seal(&image);
	*ret = image;
	return 0;
}

void policy_image_release(struct policy_image *image)
{
	if (!image)
		return;
	free(image->paths);
	free(image->addrs);
	*image = (struct policy_image){0};
}
