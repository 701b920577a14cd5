// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "oci-hooks/exempt.h"
#include "tests/unit/tap.h"

static bool says(const char *text, const char *annotations)
{
	struct json *j _json_ = NULL;
	struct meta m = {};
	char error[128];
	unsigned line;
	bool found = false;

	if (CHECK_INT(json_parse(annotations, strlen(annotations), false, &j, error, sizeof(error)),
		      0) &&
	    CHECK_INT(meta_take_annotations(&m, j), 0)) {
		found = exempt_names(text, &m, &line);
		CHECK_INT(line, 0);
	}
	meta_release(&m);
	return found;
}

#define CRIO(ns) "{\"io.kubernetes.pod.namespace\": \"" ns "\"}"
#define CONTAINERD(ns) "{\"io.kubernetes.cri.sandbox-namespace\": \"" ns "\"}"

TEST("exempt: by the namespace, whole, of either engine")
{
	CHECK(says("reeve\n", CRIO("reeve")));
	CHECK(says("reeve", CONTAINERD("reeve")));
	CHECK(says("# ours\n\n  kube-system # theirs\r\nreeve\n", CRIO("kube-system")));
	CHECK(!says("reeve\n", CRIO("reeve-2")) && !says("reeve\n", CRIO("reev")));
	CHECK(!says("# reeve\n", CRIO("reeve")) && !says("", CRIO("reeve")));
	CHECK(!says("\n\n", CRIO("")) && !says("reeve\n", "{}"));
}

TEST("exempt: not by what a tenant adds")
{
	CHECK(!says("reeve\n", "{\"io.kubernetes.pod.namespace\": \"shop\","
			       " \"io.kubernetes.cri.sandbox-namespace\": \"reeve\"}"));
	CHECK(!says("reeve\n", "{\"io.kubernetes.cri.sandbox-namespace\": \"shop\","
			       " \"io.kubernetes.pod.namespace\": \"reeve\"}"));
	CHECK(says("reeve\n", "{\"io.kubernetes.cri.sandbox-namespace\": \"reeve\","
			      " \"io.kubernetes.pod.namespace\": \"reeve\"}"));
	CHECK(!says("reeve\n", "{\"io.kubernetes.pod.namespace\": \"reeve\\u0001\"}"));
}

TEST("exempt: not when an annotation may have been crowded out")
{
	char value[] = CRIO("reeve");
	struct json *j _json_ = NULL;
	struct meta m = {};
	char error[128];
	unsigned line;

	REQUIRE(json_parse(value, strlen(value), false, &j, error, sizeof(error)) == 0);
	REQUIRE(meta_take_annotations(&m, j) == 0);
	CHECK(exempt_names("reeve", &m, &line));
	m.annotations_cut = true;
	CHECK(!exempt_names("reeve", &m, &line));
	meta_release(&m);
}

TEST("exempt: a line that is no name is told and passed over")
{
	struct meta_annotation a = {.key = "io.kubernetes.pod.namespace", .value = "reeve"};
	struct meta m = {.annotations = &a, .annotations_n = 1};
	unsigned line;

	CHECK(exempt_names("kube-*\nreeve\n", &m, &line));
	CHECK_INT(line, 1);
	CHECK(!exempt_names("a\nreeve kube-system\nB\n", &m, &line));
	CHECK_INT(line, 2);
	CHECK(!exempt_names("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &m,
			    &line));
	CHECK_INT(line, 1);
}
