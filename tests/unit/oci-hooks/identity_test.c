// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oci-hooks/identity.h"
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define ID "5707838cadff"
#define POD "d0450e212d57"

static char error[300];

/* A state with that bundle below d and those annotations, and what can be told of it. */
static int find(const struct dir *d, const char *bundle, const char *annotations, struct state *ret)
{
	_free_ char *text = NULL;
	int r;

	if (asprintf(&text, "{\"id\":\"" ID "\",\"pid\":2,\"bundle\":\"%s/%s\",\"annotations\":%s}",
		     d->path, bundle, annotations) < 0)
		return -ENOMEM;
	r = state_parse(text, strlen(text), ret, error, sizeof(error));
	return r < 0 ? r : identity_find(ret);
}

TEST("Kubernetes, by the annotations of containerd and of CRI-O")
{
	_dir_ struct dir d = dir_make();
	_state_ struct state c = {}, o = {};

	REQUIRE(find(&d, "b",
		     "{\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.image-"
		     "name\":\"reg/app:1\","
		     "\"io.kubernetes.cri.sandbox-name\":\"web-7\",\"io.kubernetes.cri.sandbox-"
		     "namespace\":\"pay\"}",
		     &c) == 0);
	CHECK_STR(c.name, "app");
	CHECK_STR(c.annotated.image, "reg/app:1");
	CHECK_STR(c.annotated.pod, "web-7");
	CHECK_STR(c.annotated.namespace, "pay");
	CHECK(c.annotated.labels == NULL);
	REQUIRE(
	    find(&d, "b",
		 "{\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.cri-o.Image\":\"reg/"
		 "app:2\","
		 "\"io.kubernetes.pod.name\":\"web-8\",\"io.kubernetes.pod.namespace\":\"shop\","
		 "\"io.container.manager\":\"cri-o\","
		 "\"io.kubernetes.cri-o.Labels\":\"{\\\"tier\\\":\\\"back\\\",\\\"n\\\":5}\"}",
		 &o) == 0);
	CHECK_STR(o.annotated.image, "reg/app:2");
	CHECK_STR(o.annotated.namespace, "shop");
	REQUIRE(o.annotated.labels_n == 2);
	CHECK_STR(o.annotated.labels[0].key, "tier");
	CHECK_STR(o.annotated.labels[0].value, "back");
	CHECK(o.annotated.labels[1].value == NULL);
}

static void podman_files(const struct dir *d)
{
	dir_file(d, "o/containers.json",
		 "[{\"id\":\"other\",\"metadata\":\"{\\\"name\\\":\\\"no\\\"}\"},{\"id\":\"" ID
		 "\",\"flags\":{\"x\":1.5},\"names\":[\"web\"],"
		 "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/"
		 "bb:latest\\\",\\\"name\\\":\\\"before-rename\\\"}\"}]");
	dir_file(d, "o/infra1/userdata/config.json", "{\"hostname\":\"shop\"}");
}

TEST("podman: its list of containers, whatever annotations say; the pod by its infra container")
{
	_dir_ struct dir d = dir_make();
	_state_ struct state s = {}, other = {};

	podman_files(&d);
	REQUIRE(
	    find(
		&d, "o/" ID "/userdata",
		"{\"io.container.manager\":\"x\",\"io.kubernetes.cri-o.SandboxID\":\"infra1\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"kube-system\",\"io.kubernetes.pod.name\":\"etcd\","
		"\"io.kubernetes.cri.container-name\":\"forged\",\"io.kubernetes.cri.image-name\":"
		"\"forged\"}",
		&s) == 0);
	CHECK_STR(s.name, "web");
	CHECK_STR(s.annotated.image, "localhost/bb:latest");
	CHECK_STR(s.annotated.pod, "shop");
	CHECK(s.annotated.namespace == NULL);
	/* A directory that is not called by the id is not podman's. */
	REQUIRE(find(&d, "o/x/userdata", "{\"io.container.manager\":\"libpod\"}", &other) == 0);
	CHECK_STR(other.name, ID);
}

TEST("podman: the list of those with --rm; a sandbox that leads out of the directory")
{
	_dir_ struct dir d = dir_make();
	_state_ struct state s = {};

	dir_file(&d, "o/volatile-containers.json",
		 "[{\"id\":\"" ID "\",\"metadata\":\"{\\\"name\\\":\\\"brief\\\"}\"}]");
	dir_file(&d, "o/" ID "/x", "");
	dir_file(&d, "userdata/config.json", "{\"hostname\":\"out\"}");
	REQUIRE(
	    find(&d, "o/" ID "/userdata",
		 "{\"io.container.manager\":\"libpod\",\"io.kubernetes.cri-o.SandboxID\":\"..\"}",
		 &s) == 0);
	CHECK_STR(s.name, "brief");
	CHECK(s.annotated.pod == NULL && s.annotated.image == NULL);
}

/* A bundle that mounts that directory's hostname file. */
static void docker_files(const struct dir *d, const char *dir, const char *id)
{
	_free_ char *config = NULL, *own = NULL, *name = NULL;

	CHECK(asprintf(&name, "%s/config.v2.json", dir) > 0);
	CHECK(asprintf(&config,
		       "{\"mounts\":[{\"destination\":\"/proc\",\"source\":\"proc\"},"
		       "{\"destination\":\"/etc/hostname\",\"source\":\"%s/%s/hostname\"}],"
		       "\"process\":{\"rlimits\":[{\"hard\":18446744073709551615}]}}",
		       d->path, dir) > 0);
	dir_file(d, "b/config.json", config);
	CHECK(asprintf(&own,
		       "{\"ID\":\"%s\",\"Name\":\"/shop\",\"Config\":{\"Image\":\"nginx:1\","
		       "\"Labels\":{\"tier\":\"front\",\"a\\u0000b\":\"of the image\"}}}",
		       id) > 0);
	dir_file(d, name, own);
}

TEST("docker: its own file of the container")
{
	_dir_ struct dir d = dir_make();
	_state_ struct state s = {};

	docker_files(&d, "c/" ID, ID);
	REQUIRE(find(&d, "b", "{}", &s) == 0);
	CHECK_STR(s.name, "shop");
	CHECK_STR(s.annotated.image, "nginx:1");
	REQUIRE(s.annotated.labels_n == 1);
	CHECK_STR(s.annotated.labels[0].key, "tier");
	CHECK_STR(s.annotated.labels[0].value, "front");
}

TEST("docker: a container that joins another's network, whatever its annotations say")
{
	_dir_ struct dir d = dir_make();
	_free_ char *config = NULL;
	_state_ struct state s = {};

	docker_files(&d, "c/" ID, ID);
	REQUIRE(asprintf(&config,
			 "{\"id\":\"" ID "\",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"source\":\"%s/c/the-other/"
			 "resolv.conf\"}]}",
			 d.path) > 0);
	dir_file(&d, "b/config.json", config);
	REQUIRE(find(&d, "b",
		     "{\"io.container.manager\":\"libpod\",\"io.kubernetes.pod.namespace\":\"kube-system\","
		     "\"io.kubernetes.pod.name\":\"etcd\",\"nerdctl/name\":\"etcd\"}",
		     &s) == 0);
	CHECK_STR(s.name, "shop");
	CHECK_STR(s.annotated.image, "nginx:1");
	CHECK(!s.annotated.namespace && !s.annotated.pod);
}

TEST("CRI-O: what the pod's author writes in another engine's words is not believed")
{
	_dir_ struct dir d = dir_make();
	_state_ struct state s = {};

	REQUIRE(find(&d, "b",
		     "{\"io.kubernetes.cri.container-name\":\"etcd\",\"io.kubernetes.cri.image-name\":\"etcd:3\","
		     "\"io.kubernetes.cri.sandbox-name\":\"etcd-0\",\"io.kubernetes.cri.sandbox-namespace\":\"kube-system\","
		     "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.cri-o.ImageName\":\"app:2\","
		     "\"io.kubernetes.pod.name\":\"web-8\",\"io.kubernetes.pod.namespace\":\"shop\","
		     "\"io.kubernetes.cri-o.ContainerID\":\"" ID "\"}",
		     &s) == 0);
	CHECK_STR(s.name, "app");
	CHECK_STR(s.annotated.image, "app:2");
	CHECK_STR(s.annotated.pod, "web-8");
	CHECK_STR(s.annotated.namespace, "shop");
}

TEST("what a tenant mounts there is not believed: another directory, another id, a link")
{
	_dir_ struct dir d = dir_make(), e = dir_make(), f = dir_make();
	_state_ struct state s = {}, t = {}, u = {};

	docker_files(&d, "home/tenant", ID);
	REQUIRE(find(&d, "b", "{}", &s) == 0);
	CHECK_STR(s.name, ID);
	docker_files(&e, "c/" ID, "another");
	REQUIRE(find(&e, "b", "{}", &t) == 0);
	CHECK_STR(t.name, ID);
	docker_files(&f, "c/" ID, ID);
	renameat(f.fd, "c/" ID "/config.v2.json", f.fd, "real");
	REQUIRE(symlinkat("../../real", f.fd, "c/" ID "/config.v2.json") == 0);
	REQUIRE(find(&f, "b", "{}", &u) == 0);
	CHECK_STR(u.name, ID);
}

TEST("nothing to find, and what is no JSON, changes nothing")
{
	static const char *const texts[] = {
	    "",
	    "{",
	    "[]",
	    "{\"mounts\":5}",
	    "{\"mounts\":[5,{\"source\":\"x\"}]}",
	    "{\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/\"}]}"};
	_dir_ struct dir d = dir_make();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_state_ struct state s = {};

		dir_file(&d, "b/config.json", texts[i]);
		CHECK_INT(find(&d, "b", "{}", &s), 0);
		CHECK_STR(s.name, ID);
		CHECK(s.annotated.image == NULL && s.annotated.pod == NULL);
	}
}

static struct dir memory_dir;

static bool find_once(void)
{
	_state_ struct state s = {};

	return find(&memory_dir, "b", "{\"io.kubernetes.pod.name\":\"p\"}", &s) == 0 &&
	       s.annotated.labels_n == 1;
}

TEST("without memory it is told, or less is known")
{
	_dir_ struct dir d = dir_make();

	docker_files(&d, "c/" ID, ID);
	memory_dir = d;
	tap_each_malloc(find_once);
}
