/* SPDX-License-Identifier: Apache-2.0 */
/* What a question wants of records. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/node/filter.h"
#include "tests/unit/tap.h"

static char error[512];

static int read_filter(const char *text, struct filter *ret)
{
	_json_ struct json *j = NULL;

	if (json_parse(text, strlen(text), false, &j, error, sizeof(error)) < 0)
		return 1;
	return filter_read(j, ret, error, sizeof(error));
}

static bool wants(const char *text, const struct event *e)
{
	struct filter f;
	bool fits = read_filter(text, &f) == 0 && filter_fits(&f, e, "/bin/sh", 7);

	filter_release(&f);
	return fits;
}

static struct event decoded(const void *record, size_t len)
{
	struct event e = {};

	CHECK(event_decode(record, len, &e) > 0);
	return e;
}

TEST("filter: who, how it ended, which rule")
{
	struct rv_open o = {.head = {.len = sizeof(o), .kind = RV_KIND_OPEN, .seq = 7, .pid = 100,
				     .ns_pid = 5, .uid = 1000, .euid = 0, .rule = 3,
				     .verdict = RV_VERDICT_DENIED}};
	struct event e = decoded(&o, sizeof(o));

	CHECK(wants("{}", &e));
	CHECK(wants("{\"pid\":100}", &e) && wants("{\"pid\":5}", &e) && !wants("{\"pid\":6}", &e));
	CHECK(wants("{\"uid\":1000}", &e) && wants("{\"uid\":0}", &e) && !wants("{\"uid\":1}", &e));
	CHECK(wants("{\"rule\":3}", &e) && !wants("{\"rule\":2}", &e));
	CHECK(wants("{\"verdicts\":[\"denied\"]}", &e));
	CHECK(wants("{\"verdicts\":[\"allowed\",\"denied\"]}", &e));
	CHECK(!wants("{\"verdicts\":[\"allowed\"]}", &e));
	CHECK(!wants("{\"pid\":100,\"rule\":2}", &e));
	CHECK(wants("{\"exec\":\"/bin/*\"}", &e) && !wants("{\"exec\":\"/sbin/*\"}", &e));
	CHECK(!wants("{\"path\":\"**\"}", &e));
	CHECK(!wants("{\"address\":\"0.0.0.0/0\"}", &e) && !wants("{\"port\":0}", &e));
}

TEST("filter: any path of a record, and its tag")
{
	struct {
		struct rv_rename r;
		char text[16];
	} b = {.r = {.head = {.len = sizeof(b), .kind = RV_KIND_RENAME}, .path_len = 4, .new_path_len = 6},
	       .text = "/old/new/x"};
	struct {
		struct rv_open o;
		char text[16];
	} t = {.o = {.head = {.len = sizeof(t), .kind = RV_KIND_OPEN}, .path_len = 2, .tag_len = 3},
	       .text = "/ared"};
	struct event e = decoded(&b, sizeof(b));

	CHECK(wants("{\"path\":\"/old\"}", &e) && wants("{\"path\":\"/new/*\"}", &e));
	CHECK(!wants("{\"path\":\"/new\"}", &e) && !wants("{\"path\":\"/old/new/x\"}", &e));
	CHECK(!wants("{\"tag\":\"**\"}", &e));
	e = decoded(&t, sizeof(t));
	CHECK(wants("{\"tag\":\"r*\"}", &e) && !wants("{\"tag\":\"/a\"}", &e));
	CHECK(wants("{\"path\":\"/a\",\"tag\":\"red\"}", &e));
}

TEST("filter: an address and its port")
{
	struct rv_connect c = {.head = {.len = sizeof(c), .kind = RV_KIND_CONNECT}};
	struct event e;

	c.peer = (struct rv_address){.family = AF_INET6, .port = 443};
	inet_pton(AF_INET6, "::ffff:10.1.2.3", c.peer.addr);
	e = decoded(&c, sizeof(c));
	CHECK(wants("{\"address\":\"10.0.0.0/8\"}", &e) && wants("{\"address\":\"10.1.2.3\",\"port\":443}", &e));
	CHECK(wants("{\"address\":\"::ffff:10.1.0.0/112\"}", &e) && wants("{\"port\":443}", &e));
	CHECK(!wants("{\"address\":\"10.1.2.3\",\"port\":80}", &e) && !wants("{\"address\":\"10.1.2.4\"}", &e));
	CHECK(!wants("{\"address\":\"::/0\"}", &e) && wants("{\"address\":\"10.1.2.0/23\"}", &e));
	CHECK(!wants("{\"address\":\"10.1.4.0/23\"}", &e));
	inet_pton(AF_INET6, "2001:db8::1", c.peer.addr);
	e = decoded(&c, sizeof(c));
	CHECK(wants("{\"address\":\"2001:db8::/33\"}", &e) && !wants("{\"address\":\"2001:db8:8000::/33\"}", &e));
	CHECK(wants("{\"address\":\"::/0\"}", &e) && !wants("{\"address\":\"0.0.0.0/0\"}", &e));
}

TEST("filter: what the columns say")
{
	struct filter f;

	CHECK_INT(read_filter("{\"since\":10,\"until\":20,\"kinds\":[\"open\",\"exec\"]}", &f), 0);
	CHECK(filter_fits_row(&f, RV_KIND_OPEN, 10) && filter_fits_row(&f, RV_KIND_EXEC, 19));
	CHECK(!filter_fits_row(&f, RV_KIND_OPEN, 9) && !filter_fits_row(&f, RV_KIND_OPEN, 20));
	CHECK(!filter_fits_row(&f, RV_KIND_EXIT, 15) && !filter_fits_row(&f, 0, 15));
	filter_release(&f);
}

TEST("filter: what is none")
{
	static const char *const bad[] = {
	    "{\"since\":\"x\"}", "{\"kinds\":\"open\"}", "{\"kinds\":[]}", "{\"kinds\":[\"opens\"]}",
	    "{\"kinds\":[1]}", "{\"verdicts\":[\"deny\"]}", "{\"path\":1}", "{\"path\":\"/[a\"}",
	    "{\"exec\":\"/{a\"}", "{\"pid\":-1}", "{\"pid\":4294967296}", "{\"port\":65536}",
	    "{\"address\":\"x\"}", "{\"address\":\"10.0.0.0/33\"}", "{\"address\":\"10.0.0.0/\"}",
	    "{\"address\":\"10.0.0.0/8x\"}", "{\"address\":7}",
	    "{\"path\":\"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\"}"};
	struct filter f;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error[0] = '\0';
		CHECK(read_filter(bad[i], &f) < 0);
		CHECK(error[0] != '\0');
		filter_release(&f);
	}
}
