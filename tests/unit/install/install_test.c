// SPDX-License-Identifier: Apache-2.0
/* install and uninstall on trees that look like hosts. */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/install/install.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define DAEMON "etc/docker/daemon.json"
#define CONTAINERD "etc/containerd/config.toml"
#define HOOKS "usr/share/containers/oci/hooks.d"
#define CRI2 "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes"
#define REEVE2                                                                                     \
	"# Added by reeve install; reeve uninstall takes it away.\n" CRI2 ".reeve]\n"              \
	"  runtime_type = \"io.containerd.runc.v2\"\n"

#define CRI3 "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes"
#define RUNC3 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc"
#define REEVE3                                                                                     \
	"# Added by reeve install; reeve uninstall takes it away.\n" CRI3 ".reeve]\n"              \
	"  runtime_type = \"io.containerd.runc.v2\"\n  " CRI3                                     \
	".reeve.options]\n    BinaryName = \"/usr/local/bin/reeve-runc\"\n"

static struct dir host(void)
{
	struct dir d = dir_make();
	static const char *const files[] = {"usr/local/bin/reeve-hook", "usr/local/bin/reeve-runc",
					    "opt/reeve/bin/reeve-hook", "opt/reeve/bin/reeve-runc",
					    "usr/bin/podman",		"usr/bin/crio",
					    "usr/sbin/dockerd",		"usr/bin/containerd"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = dir_path(&d, files[i]);

		dir_file(&d, files[i], "");
		chmod(path, 0755);
	}
	return d;
}

static bool yes(void *arg)
{
	(void)arg;
	return true;
}

struct said {
	int r;
	char error[INSTALL_ERROR_MAX];
	char *out;
	size_t out_len;
};

static struct said run(const struct dir *d, const char *runtime, const char *prefix, bool dry_run)
{
	struct said s = {0};
	struct install_options o = {.root = d->path,
				    .prefix = prefix,
				    .runtime = runtime ? runtime : "",
				    .dry_run = dry_run,
				    .agree = yes,
				    .out = open_memstream(&s.out, &s.out_len)};

	s.r = runtime ? install(&o, s.error, sizeof(s.error))
		      : uninstall(&o, s.error, sizeof(s.error));
	fclose(o.out);
	return s;
}

/* Status 0, and nothing in error. */
static bool done(const struct dir *d, const char *runtime)
{
	struct said s = run(d, runtime, "/usr/local", false);
	bool good = CHECK_INT(s.r, 0) && CHECK_STR(s.error, "");

	free(s.out);
	return good;
}

static void refused(const struct dir *d, const char *runtime, const char *why)
{
	struct said s = run(d, runtime, "/usr/local", false);

	CHECK(s.r < 0);
	CHECK_STR(s.error, why);
	free(s.out);
}

/* The whole tree as text: kind, mode, owner, time, name, content. */
static FILE *seen;
static size_t seen_skip;
static int see(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	fprintf(seen, "%d %o %d:%d %s", type, st->st_mode, (int)st->st_uid, (int)st->st_gid,
		path + seen_skip);
	if (type == FTW_F) {
		_free_ char *text = NULL;
		size_t len;

		fprintf(seen, " %lld.%09ld ", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
		if (CHECK_INT(util_read_file(AT_FDCWD, path, 1 << 20, &text, &len), 0))
			fwrite(text, 1, len, seen);
	}
	fputc('\n', seen);
	return 0;
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, as directories list in any order. */
static char *snapshot(const struct dir *d)
{
	_free_ char *text = NULL;
	char *lines[4096], *ret = NULL;
	size_t len, n = 0;
	FILE *f;

	seen = open_memstream(&text, &len);
	seen_skip = strlen(d->path);
	nftw(d->path, see, 16, FTW_PHYS);
	fclose(seen);
	for (char *line = strtok(text, "\n"); line && n < ARRAY_SIZE(lines);
	     line = strtok(NULL, "\n"))
		lines[n++] = line;
	qsort(lines, n, sizeof(lines[0]), by_line);
	f = open_memstream(&ret, &len);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\n", lines[i]);
	fclose(f);
	return ret;
}

static char *content(const struct dir *d, const char *name)
{
	_free_ char *path = dir_path(d, name);
	char *text = NULL;
	size_t len;

	return util_read_file(AT_FDCWD, path, 1 << 20, &text, &len) == 0 ? text : NULL;
}

static void holds(const struct dir *d, const char *name, const char *text)
{
	_free_ char *now = content(d, name);

	CHECK_STR(now ? now : "(absent)", text);
}

/* There, there again without a change, and back to the byte. want: what the file then holds, or
 * NULL. */
static void there_and_back(const struct dir *d, const char *runtime, const char *file,
			   const char *want)
{
	_free_ char *before = snapshot(d), *installed = NULL, *again = NULL, *after = NULL;

	REQUIRE(done(d, runtime));
	installed = snapshot(d);
	CHECK(strcmp(before, installed) != 0);
	if (want)
		holds(d, file, want);
	CHECK(done(d, runtime));
	again = snapshot(d);
	CHECK_STR(again, installed);
	CHECK(done(d, NULL));
	after = snapshot(d);
	CHECK_STR(after, before);
	CHECK(done(d, NULL));
}

static const struct {
	const char *before, *after;
} daemons[] = {
    {NULL,
     "{\n  \"runtimes\": {\n    \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n  }\n}\n"},
    {"{}",
     "{\n  \"runtimes\": {\n    \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n  }\n}"},
    {"{\n}\n", NULL},
    {"{\"debug\":true}",
     "{\"runtimes\": {\"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}}, \"debug\":true}"},
    {"{\n    \"log-driver\": \"journald\",\n    \"x\": [1, 2]\n}\n",
     "{\n    \"runtimes\": {\n        \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n    "
     "},\n"
     "    \"log-driver\": \"journald\",\n    \"x\": [1, 2]\n}\n"},
    {"{\n\t\"runtimes\": {\n\t\t\"kata\": {\"path\": \"/k\"}\n\t}\n}\n",
     "{\n\t\"runtimes\": {\n\t\t\"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"},\n"
     "\t\t\"kata\": {\"path\": \"/k\"}\n\t}\n}\n"},
    {"{\r\n  \"a\": \"\\u00e9 \303\251\",\r\n  \"runtimes\": {}\r\n}\r\n", NULL},
    {"{ \"runtimes\": { \"kata\": {} }, \"b\": {\"runtimes\": {}} }  \n\n",
     "{ \"runtimes\": { \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}, \"kata\": {} }, "
     "\"b\": {\"runtimes\": {}} }  \n\n"},
    {"\n\n  {\n  \"runtimes\": {\n  }\n  }", NULL},
};

TEST("docker: one entry comes and goes, every other byte stays")
{
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++) {
		_dir_ struct dir d = host();
		_free_ char *path = dir_path(&d, DAEMON);
		struct timespec old[2] = {{.tv_sec = 1000000000, .tv_nsec = 123456789},
					  {.tv_sec = 1000000000, .tv_nsec = 123456789}};

		if (daemons[i].before) {
			dir_file(&d, DAEMON, daemons[i].before);
			chmod(path, 0640);
			utimensat(AT_FDCWD, path, old, 0);
		}
		there_and_back(&d, "docker", DAEMON, daemons[i].after);
	}
}

static const struct {
	const char *text, *error;
} bad_daemons[] = {
    {"", "/etc/docker/daemon.json:1:1: "},
    {"{\"a\": 1,}", "/etc/docker/daemon.json:1:10: "},
    {"{\n \"a\": 1,\n \"a\": 2}", "/etc/docker/daemon.json:3:"},
    {"[]", "/etc/docker/daemon.json:1:1: expected an object, as dockerd does"},
    {"{\"runtimes\": []}",
     "/etc/docker/daemon.json:1:14: expected an object of runtimes, as dockerd does"},
    {"{\"runtimes\": {\"reeve\": {\"path\": \"/x\"}}}",
     "/etc/docker/daemon.json:1:24: there is a runtime \"reeve\" already, which is '/x' and not "
     "/usr/local/bin/reeve-runc: take it out, then run this again"},
    {"{\"a\": \"\377\"}",
     "/etc/docker/daemon.json:1:1: found bytes that are no text, expected UTF-8"},
};

TEST("docker: a file that is spoiled is named with its place and left alone")
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_daemons); i++) {
		_dir_ struct dir d = host();
		_free_ char *before = NULL, *after = NULL;
		struct said s;

		dir_file(&d, DAEMON, bad_daemons[i].text);
		before = snapshot(&d);
		s = run(&d, "auto", "/usr/local", false);
		CHECK(s.r < 0);
		CHECK(strncmp(s.error, bad_daemons[i].error, strlen(bad_daemons[i].error)) == 0 ||
		      CHECK_STR(s.error, bad_daemons[i].error));
		free(s.out);
		after = snapshot(&d);
		CHECK_STR(after, before);
	}
}

TEST("docker: runtimes on dockerd's command line are named, and nothing is changed")
{
	_dir_ struct dir d = host();

	dir_file(&d, "etc/default/docker",
		 "# --add-runtime x=y\nA=1\nDOCKER_OPTS=\"--add-runtime x=y\"\n");
	refused(&d, "docker",
		"/etc/default/docker:3:14: starts dockerd with --add-runtime, beside which it "
		"takes no \"runtimes\" in "
		"/etc/docker/daemon.json: move that runtime there, then run this again");
}

TEST("what was there is nobody's to read but root's")
{
	_dir_ struct dir d = host();
	_free_ char *path = dir_path(&d, "var/lib/reeve/install.json");
	struct stat st;

	dir_file(&d, DAEMON, "{}");
	REQUIRE(done(&d, "docker"));
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
}

static const struct {
	const char *before, *after;
} tomls[] = {
    {NULL, "version = 2\n\n" REEVE2 "  " CRI2
	   ".reeve.options]\n    BinaryName = \"/usr/local/bin/reeve-runc\"\n" CRI2
	   ".runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"},
    {"# nothing\n", NULL},
    {"version = 2\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    sandbox_image = 'x'",
     "version = 2\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    sandbox_image = "
     "'x'\n\n" REEVE2 "  " CRI2
     ".reeve.options]\n    BinaryName = \"/usr/local/bin/reeve-runc\"\n" CRI2
     ".runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"},
    {"version = 2\n" CRI2
     ".runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  snapshotter = 'overlayfs' # ours\n" CRI2
     ".runc.options]\n  SystemdCgroup = true\n  BinaryName = \"\"\n",
     "version = 2\n" CRI2
     ".runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  snapshotter = 'overlayfs' # ours\n" CRI2
     ".runc.options]\n  SystemdCgroup = true\n  BinaryName = \"\"\n\n" REEVE2
     "  snapshotter = 'overlayfs'\n  " CRI2
     ".reeve.options]\n    BinaryName = \"/usr/local/bin/reeve-runc\"\n    SystemdCgroup = true\n"},
    {"version = 3\n",
     "version = 3\n\n# Added by reeve install; reeve uninstall takes it away.\n"
     "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.reeve]\n"
     "  runtime_type = \"io.containerd.runc.v2\"\n"
     "  [plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.reeve.options]\n"
     "    BinaryName = \"/usr/local/bin/reeve-runc\"\n"
     "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.runc]\n"
     "  runtime_type = \"io.containerd.runc.v2\"\n"},
    /* What version 3 knows by itself need not be there; the plugin of the old name has the server. */
    {"version = 3\n[plugins.'io.containerd.grpc.v1.cri']\n  disable_tcp_service = true\n" RUNC3
     ".options]\n  BinaryName = ''\n  SystemdCgroup = true\n",
     "version = 3\n[plugins.'io.containerd.grpc.v1.cri']\n  disable_tcp_service = true\n" RUNC3
     ".options]\n  BinaryName = ''\n  SystemdCgroup = true\n\n" REEVE3
     "    SystemdCgroup = true\n"},
};

TEST("containerd: the handler comes and goes, every other byte stays")
{
	for (size_t i = 0; i < ARRAY_SIZE(tomls); i++) {
		_dir_ struct dir d = host();

		if (tomls[i].before)
			dir_file(&d, CONTAINERD, tomls[i].before);
		there_and_back(&d, "containerd", CONTAINERD, tomls[i].after);
	}
}

static const struct {
	const char *text, *error;
} bad_tomls[] = {
    {"version = \n",
     "/etc/containerd/config.toml:1:11: found the end of the line, expected a value"},
    {"root = '/x'\n",
     "/etc/containerd/config.toml:1:1: found no version, which means 1: expected version = 2 or 3; "
     "'containerd config migrate' makes one"},
    {"version = 4\n", "/etc/containerd/config.toml:1:1: expected version = 2 or 3; 'containerd "
		      "config migrate' makes one"},
    {"version = 2\nimports = ['/a/*/x.toml']\n",
     "/etc/containerd/config.toml:2:1: expected imports of FILE or DIRECTORY/*.toml: which other "
     "files decide "
     "cannot be told"},
    {"version = 2\nplugins = {}\n", "/etc/containerd/config.toml:2:1: expected a table in "
				    "brackets, to which one can be added at the end of the "
				    "file: write it so, then run this again"},
    {"version = 2\n" CRI2 ".reeve]\nruntime_type = 'x'\n",
     "/etc/containerd/config.toml:2:1: there is a handler \"reeve\" already, which is not "
     "/usr/local/bin/reeve-runc: take it out, then run this again"},
    {"version = 2\n[plugins.\"io.containerd.cri.v1.runtime\"]\n",
     "/etc/containerd/config.toml:2:1: this plugin is of another version of the file than "
     "config.toml is: make "
     "them agree first"},
    {"version = 3\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\n",
     "/etc/containerd/config.toml:2:1: this plugin is of another version of the file than "
     "config.toml is: make them agree first"},
    {"version = 3\n" RUNC3 "]\noptions = { SystemdCgroup = true }\n",
     "/etc/containerd/config.toml:3:1: expected the options as a table in brackets, which can be "
     "copied: write it so, then run this again"},
};

TEST("containerd: what cannot be added to is named with its place and left alone")
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_tomls); i++) {
		_dir_ struct dir d = host();

		dir_file(&d, CONTAINERD, bad_tomls[i].text);
		refused(&d, "containerd", bad_tomls[i].error);
		holds(&d, CONTAINERD, bad_tomls[i].text);
	}
}

TEST("containerd: the file that decides gets it, whatever imports what")
{
	static const char main2[] = "version = 2\nimports = ['conf.d/*.toml', '/etc/more.toml']\n";
	static const char decides[] = "[plugins.'io.containerd.grpc.v1.cri'.cni]\nbin_dir='/x'\n";
	_dir_ struct dir d = host(), three = host();
	_free_ char *now = NULL, *drop_in = NULL;

	dir_file(&d, CONTAINERD, main2);
	dir_file(&d, "etc/containerd/conf.d/a.toml", decides);
	dir_file(&d, "etc/containerd/conf.d/b.toml", "[debug]\nlevel='info'\n");
	there_and_back(&d, "containerd", CONTAINERD, main2);
	REQUIRE(done(&d, "containerd"));
	now = content(&d, "etc/containerd/conf.d/a.toml");
	CHECK(now && strncmp(now, decides, strlen(decides)) == 0 &&
	      strstr(now, ".runtimes.reeve]"));

	dir_file(&three, CONTAINERD, "version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\n");
	dir_file(&three, "etc/containerd/conf.d/other.toml", "version = 3\n");
	there_and_back(&three, "containerd", CONTAINERD,
		       "version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\n");
	REQUIRE(done(&three, "containerd"));
	drop_in = content(&three, "etc/containerd/conf.d/reeve.toml");
	CHECK(drop_in && strncmp(drop_in, "version = 3\n", 12) == 0);
}

TEST("containerd: version 3 puts a handler together from all files, the last one first")
{
	static const char main3[] = "version = 3\nimports = ['conf.d/*.toml']\n" RUNC3
				    "]\n  runtime_type = 'io.containerd.runc.v2'\n"
				    "  snapshotter = 'a'\n  cgroup_writable = true\n";
	_dir_ struct dir d = host();
	struct said s;

	dir_file(&d, CONTAINERD, main3);
	dir_file(&d, "etc/containerd/conf.d/10.toml",
		 "version = 3\n" RUNC3 "]\n  snapshotter = 'b'\n" RUNC3
		 ".options]\n  SystemdCgroup = true\n");
	there_and_back(&d, "containerd", CONTAINERD, main3);
	s = run(&d, "containerd", "/usr/local", false);
	CHECK_INT(s.r, 0);
	CHECK(strstr(s.out, "BinaryName of its own") == NULL);
	free(s.out);
	holds(&d, "etc/containerd/conf.d/reeve.toml",
	      "version = 3\n\n# Added by reeve install; reeve uninstall takes it away.\n" CRI3
	      ".reeve]\n  runtime_type = \"io.containerd.runc.v2\"\n  cgroup_writable = true\n"
	      "  snapshotter = 'b'\n  " CRI3
	      ".reeve.options]\n    BinaryName = \"/usr/local/bin/reeve-runc\"\n"
	      "    SystemdCgroup = true\n");

	REQUIRE(done(&d, NULL));
	dir_file(&d, "etc/containerd/conf.d/20.toml",
		 "version = 3\n" RUNC3 ".options]\n  BinaryName = '/usr/bin/crun'\n");
	s = run(&d, "containerd", "/usr/local", true);
	CHECK(strstr(s.out, "runc has a BinaryName of its own") != NULL);
	free(s.out);
}

TEST("containerd: with its CRI plugin off there is nothing to change")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL;

	dir_file(&d, CONTAINERD, "disabled_plugins = [\"cri\"]\n");
	before = snapshot(&d);
	CHECK(done(&d, "containerd"));
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("podman and CRI-O: the hook's file, where they read, as deploy/hooks.d has it")
{
	_dir_ struct dir d = host(), other = host();
	_free_ char *want = NULL;
	size_t len;

	REQUIRE(util_read_file(AT_FDCWD, "deploy/hooks.d/reeve.json", 1 << 16, &want, &len) == 0);
	there_and_back(&d, "podman", HOOKS "/reeve.json", want);
	dir_file(&d, HOOKS "/other.json", "{");
	there_and_back(&d, "podman", HOOKS "/reeve.json", want);
	there_and_back(&d, "crio", HOOKS "/reeve.json", want);

	dir_file(&other, "etc/containers/containers.conf", "[engine]\nhooks_dir = ['/no']\n");
	dir_file(&other, "etc/containers/containers.conf.d/10.conf",
		 "[engine]\nhooks_dir = ['/srv/hooks', '/x']\n");
	dir_file(&other, "etc/crio/crio.conf.d/10.conf",
		 "[crio.runtime]\nhooks_dir = [\n'/srv/crio', # ours\n]\n");
	there_and_back(&other, "podman", "srv/hooks/reeve.json", want);
	there_and_back(&other, "crio", "srv/crio/reeve.json", want);
}

TEST("podman: settings that are spoiled, and another reeve's file, are named")
{
	_dir_ struct dir d = host();

	dir_file(&d, "etc/containers/containers.conf",
		 "[engine]\nhooks_dir = ['/a', {append=true}]\n");
	refused(&d, "podman",
		"/etc/containers/containers.conf:2:1: expected hooks_dir = [\"DIRECTORY\", ...] "
		"with nothing but "
		"strings: which directories podman reads cannot be told");
	dir_file(&d, "etc/containers/containers.conf", "[engine\n");
	refused(&d, "podman",
		"/etc/containers/containers.conf:1:8: found the end of the line, expected ']'");
	dir_file(&d, "etc/containers/containers.conf", "");
	dir_file(&d, HOOKS "/reeve.json", "{\n");
	refused(&d, "podman",
		"/usr/share/containers/oci/hooks.d/reeve.json:2:1: found no JSON (parse error: "
		"premature EOF), expected JSON");
	dir_file(&d, HOOKS "/reeve.json", "{\"hook\": {\"path\": \"/opt/reeve/bin/reeve-hook\"}}");
	refused(&d, "podman",
		"/usr/share/containers/oci/hooks.d/reeve.json:1:19: starts "
		"/opt/reeve/bin/reeve-hook already: "
		"remove the file, or say --prefix /opt/reeve");
}

TEST("all runtimes at once, then one more, another prefix, and back")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL, *daemon = NULL;
	struct said s;

	dir_file(&d, DAEMON, "{ \"debug\": true }\n");
	dir_file(&d, CONTAINERD, "version = 2\n");
	before = snapshot(&d);
	REQUIRE(done(&d, "docker"));
	REQUIRE(done(&d, "auto"));
	s = run(&d, "auto", "/opt/reeve", false);
	CHECK_INT(s.r, 0);
	CHECK_STR(s.error, "");
	CHECK(strstr(s.out, "change /etc/docker/daemon.json\n") != NULL);
	free(s.out);
	daemon = content(&d, DAEMON);
	CHECK_STR(daemon, "{ \"runtimes\": {\"reeve\": {\"path\": \"/opt/reeve/bin/reeve-runc\"}}, "
			  "\"debug\": true }\n");
	CHECK(done(&d, NULL));
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("what will be changed is shown, and a dry run changes nothing")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL;
	struct said s;

	dir_file(&d, DAEMON, "{\n  \"debug\": true\n}\n");
	before = snapshot(&d);
	s = run(&d, "docker", "/usr/local", true);
	CHECK_INT(s.r, 0);
	CHECK_STR(s.out, "change /etc/docker/daemon.json\n"
			 "       1  {\n"
			 "  +    2    \"runtimes\": {\n"
			 "  +    3      \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n"
			 "  +    4    },\n"
			 "       5    \"debug\": true\n"
			 "docker: then run 'systemctl reload docker'; containers get it by 'docker "
			 "run --runtime "
			 "reeve', or all by \"default-runtime\": \"reeve\"\n");
	free(s.out);
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("uninstall after somebody's change: cut out, left, or refused with what to do")
{
	_dir_ struct dir d = host();

	dir_file(&d, DAEMON, "{\n  \"debug\": true\n}\n");
	REQUIRE(done(&d, "docker"));
	dir_file(
	    &d, DAEMON,
	    "{\n  \"runtimes\": {\n    \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n  },\n"
	    "  \"debug\": false,\n  \"new\": 1\n}\n");
	CHECK(done(&d, NULL));
	holds(&d, DAEMON, "{\n  \"debug\": false,\n  \"new\": 1\n}\n");

	REQUIRE(done(&d, "docker"));
	dir_file(&d, DAEMON,
		 "{\"runtimes\":{\"reeve\":{\"path\":\"/usr/local/bin/reeve-runc\"}}}\n");
	refused(&d, NULL,
		"/etc/docker/daemon.json:1:1: was changed since, and what reeve install wrote is "
		"not there as it was: "
		"take the entry of reeve out, then run this again; nothing is changed");
	dir_file(&d, DAEMON, "{}\n");
	CHECK(done(&d, NULL));
	holds(&d, DAEMON, "{}\n");

	REQUIRE(done(&d, "containerd"));
	dir_file(&d, CONTAINERD, "version = 2\n# reeve\n");
	refused(&d, NULL,
		"/etc/containerd/config.toml:2:1: was changed since, and what reeve install wrote "
		"is not there as it "
		"was: take the entry of reeve out, or remove the file, then run this again; "
		"nothing is changed");
}

TEST("a default-runtime that would dangle keeps uninstall from cutting")
{
	_dir_ struct dir d = host();
	_free_ char *now = NULL;

	dir_file(&d, DAEMON, "{\n  \"debug\": true\n}\n");
	REQUIRE(done(&d, "docker"));
	dir_file(
	    &d, DAEMON,
	    "{\n  \"runtimes\": {\n    \"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}\n  },\n"
	    "  \"default-runtime\": \"reeve\",\n  \"debug\": true\n}\n");
	now = snapshot(&d);
	refused(&d, NULL,
		"/etc/docker/daemon.json:3:1: was changed since, and what reeve install wrote is "
		"not there as it was: "
		"take the entry of reeve out, then run this again; nothing is changed");
}

TEST("links, programs that are not there, and a spoiled receipt are refused")
{
	_dir_ struct dir d = host();
	_free_ char *daemon = dir_path(&d, DAEMON), *other = dir_path(&d, "etc/docker/other"),
		    *runc = dir_path(&d, "usr/local/bin/reeve-runc");

	dir_file(&d, "etc/docker/other", "{}");
	CHECK(symlink("other", daemon) == 0);
	refused(&d, "docker",
		"/etc/docker/daemon.json is a symbolic link: what it leads to belongs to somebody "
		"else; put a file "
		"there, or add the entry where the link leads");
	unlink(daemon);
	CHECK(link(other, daemon) == 0);
	refused(&d, "docker",
		"/etc/docker/daemon.json has other names (hard links), which a new version would "
		"not reach: make it "
		"a file of its own ('cp --remove-destination')");
	unlink(daemon);
	unlink(runc);
	refused(&d, "docker",
		"/usr/local/bin/reeve-runc is no program there, and docker would start no "
		"container with it: install "
		"reeve first, or say where it is with --prefix");
	dir_file(&d, "var/lib/reeve/install.json", "{\"version\": 2}");
	refused(&d, NULL,
		"/var/lib/reeve/install.json:1:1: found no \"version\": 1: expected what 'reeve "
		"install' wrote; what "
		"it changed has to be taken back by hand, then remove this file");
}

TEST("what is only looked at may be a link, or have other names")
{
	_dir_ struct dir d = host();
	_free_ char *conf = dir_path(&d, "etc/containers/containers.conf"),
		    *object = dir_path(&d, "sysroot/object"),
		    *drop_in = dir_path(&d, "etc/containerd/conf.d/site.toml");

	dir_file(&d, "etc/containers/x", "");
	dir_file(&d, "sysroot/object", "[engine]\nhooks_dir = ['/srv/hooks']\n");
	CHECK(symlink("/sysroot/object", conf) == 0); /* the host's root */
	there_and_back(&d, "podman", "srv/hooks/reeve.json", NULL);
	unlink(conf);
	CHECK(link(object, conf) == 0);
	there_and_back(&d, "podman", "srv/hooks/reeve.json", NULL);

	dir_file(&d, CONTAINERD, "version = 3\nimports = ['conf.d/*.toml']\n");
	dir_file(&d, "etc/containerd/conf.d/x", "");
	dir_file(&d, "sysroot/site.toml", "version = 3\n" RUNC3 ".options]\nSystemdCgroup = true\n");
	CHECK(symlink("/sysroot/site.toml", drop_in) == 0);
	there_and_back(&d, "containerd", "etc/containerd/conf.d/reeve.toml",
		       "version = 3\n\n" REEVE3 "    SystemdCgroup = true\n");
}

TEST("a root is never left by its links")
{
	_dir_ struct dir d = dir_make(), outside = dir_make();
	_free_ char *etc = dir_path(&d, "etc"), *program = dir_path(&d, "usr/local/bin/reeve-runc");

	dir_file(&d, "usr/local/bin/reeve-runc", "");
	chmod(program, 0755);
	CHECK(symlink(outside.path, etc) == 0); /* leads to ROOT/tmp/..., which is not there */
	refused(&d, "docker", "make /etc: File exists");
	CHECK_INT(dir_count(&outside), 0);
}

TEST("one file that cannot be written takes the others back")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL;
	struct said s;

	/* In the way of the temporary. */
	dir_file(&d, "etc/docker/.daemon.json.reeve/x", "");
	before = snapshot(&d);
	s = run(&d, "auto", "/usr/local", false);
	CHECK(s.r < 0);
	CHECK_STR(s.error, "write /etc/docker/daemon.json: Is a directory");
	free(s.out);
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("interrupted anywhere, what is there can be taken back")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL,
		    *receipt = dir_path(&d, "var/lib/reeve/install.json"), *text = NULL;

	dir_file(&d, DAEMON, "{\n  \"debug\": true\n}\n");
	before = snapshot(&d);
	REQUIRE(done(&d, "auto"));
	/* As if it had ended before the last file, and uninstall after the first. */
	text = content(&d, HOOKS "/reeve.json");
	REQUIRE(text);
	{
		_free_ char *hook = dir_path(&d, HOOKS "/reeve.json"),
			    *kept = content(&d, "var/lib/reeve/install.json");

		unlink(hook);
		REQUIRE(kept);
		dir_file(&d, DAEMON, "{\n  \"debug\": true\n}\n");
	}
	CHECK(access(receipt, F_OK) == 0);
	CHECK(done(&d, NULL));
	CHECK(access(receipt, F_OK) < 0);
	after = snapshot(&d);
	/* The time of daemon.json alone is ours: we wrote it just now. */
	CHECK_INT((long long)strlen(after), (long long)strlen(before));
	CHECK(strstr(after, "reeve.json") == NULL);
}

/* Somebody else installs while this run waits for an answer. */
static bool meanwhile(void *arg)
{
	return done(arg, "podman");
}

static struct said run_beside(const struct dir *d, const char *runtime)
{
	struct said s = {0};
	struct install_options o = {.root = d->path,
				    .prefix = "/usr/local",
				    .runtime = runtime ? runtime : "",
				    .agree = meanwhile,
				    .arg = (void *)d,
				    .out = open_memstream(&s.out, &s.out_len)};

	s.r = runtime ? install(&o, s.error, sizeof(s.error))
		      : uninstall(&o, s.error, sizeof(s.error));
	fclose(o.out);
	free(s.out);
	return s;
}

TEST("of two runs that meet, the later one changes nothing, and all can be taken back")
{
	static const char busy[] =
	    "another reeve install or uninstall was at work meanwhile: run this again";
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL;
	struct said s;

	dir_file(&d, DAEMON, "{ \"debug\": true }\n");
	before = snapshot(&d);
	s = run_beside(&d, "docker");
	CHECK(s.r < 0);
	CHECK_STR(s.error, busy);
	holds(&d, DAEMON, "{ \"debug\": true }\n");
	CHECK(done(&d, NULL));
	after = snapshot(&d);
	CHECK_STR(after, before);

	REQUIRE(done(&d, "docker"));
	s = run_beside(&d, NULL);
	CHECK(s.r < 0);
	CHECK_STR(s.error, busy);
	CHECK(done(&d, NULL));
	free(after);
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("a temporary that is being written is left alone, one whose writer died is used")
{
	_dir_ struct dir d = host();
	_free_ char *temporary = dir_path(&d, "etc/docker/.daemon.json.reeve"), *before = NULL,
		    *after = NULL;
	_close_ int fd = -1;

	dir_file(&d, DAEMON, "{ \"debug\": true }\n");
	before = snapshot(&d);
	dir_file(&d, "etc/docker/.daemon.json.reeve", "half of it, and far more than all that will come");
	fd = open(temporary, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && flock(fd, LOCK_EX) == 0);
	refused(&d, "docker", "/etc/docker/daemon.json was changed by somebody meanwhile: run this again");
	CHECK(access(temporary, F_OK) == 0);
	CHECK(flock(fd, LOCK_UN) == 0);
	CHECK(done(&d, "docker"));
	holds(&d, DAEMON,
	      "{ \"runtimes\": {\"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}}, "
	      "\"debug\": true }\n");
	CHECK(done(&d, NULL));
	after = snapshot(&d);
	CHECK_STR(after, before);
}

TEST("an install that was interrupted between its note and its change can be taken back")
{
	_dir_ struct dir d = host();
	_free_ char *before = NULL, *after = NULL, *first = NULL;
	struct said s;

	dir_file(&d, DAEMON, "{ \"debug\": true }\n");
	before = snapshot(&d);
	REQUIRE(done(&d, "docker"));
	first = content(&d, DAEMON);
	REQUIRE(first);
	for (int again = 0; again < 2; again++) {
		s = run(&d, "docker", "/opt/reeve", false);
		CHECK_INT(s.r, 0);
		free(s.out);
		dir_file(&d, DAEMON, first); /* the change never came */
	}
	CHECK(done(&d, NULL));
	after = snapshot(&d);
	CHECK_STR(after, before);

	/* And with a change of somebody's besides. */
	REQUIRE(done(&d, "docker"));
	s = run(&d, "docker", "/opt/reeve", false);
	free(s.out);
	dir_file(&d, DAEMON,
		 "{ \"runtimes\": {\"reeve\": {\"path\": \"/usr/local/bin/reeve-runc\"}}, "
		 "\"debug\": false }\n");
	CHECK(done(&d, NULL));
	holds(&d, DAEMON, "{ \"debug\": false }\n");
}

TEST("what became of owner and mode since stays")
{
	_dir_ struct dir d = host();
	_free_ char *path = dir_path(&d, DAEMON);
	struct stat st;

	dir_file(&d, DAEMON, "{ \"debug\": true }\n");
	chmod(path, 0644);
	REQUIRE(done(&d, "docker"));
	CHECK(chmod(path, 0600) == 0);
	CHECK(done(&d, NULL));
	holds(&d, DAEMON, "{ \"debug\": true }\n");
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
}
