/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that becomes executable: see say.h. The kernel maps the program itself as well: what is
 * said here is told from that by file, flags or protection. */
#include <sys/mman.h>
#include "say.h"

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC
#define ANON "\"dev\":\"0:0\",\"ino\":0"

static size_t page;

static const char *bits(int prot)
{
	static char text[4][32];
	static unsigned at;
	char *to = text[at++ % 4];

	snprintf(to, 32, "[%s%s%s%s%s]", prot & R ? "\"read\"" : "",
		 prot & R && prot & (W | X) ? "," : "", prot & W ? "\"write\"" : "",
		 prot & W && prot & X ? "," : "", prot & X ? "\"exec\"" : "");
	return to;
}

static const char *quoted(const char *path)
{
	static char text[64];

	if (!path)
		return "null";
	snprintf(text, sizeof(text), "\"%s\"", path);
	return text;
}

static void say_mmap(int times, const char *file, const char *path, const char *state, int prot,
		     const char *flags)
{
	printf("{\"kind\":\"mmap\",\"times\":%d,%s,%s,\"protection\":%s,\"was\":[],\"flags\":[%s],"
	       "\"path_state\":\"%s\",\"path\":%s,\"verdict\":\"allowed\"}\n",
	       times, who(), file, bits(prot), flags, state, quoted(path));
}

static void say_mprotect(int times, const char *file, const char *path, const char *state, int was,
			 int prot)
{
	printf("{\"kind\":\"mprotect\",\"times\":%d,%s,%s,\"protection\":%s,\"was\":%s,\"flags\":[],"
	       "\"path_state\":\"%s\",\"path\":%s,\"verdict\":\"allowed\"}\n",
	       times, who(), file, bits(prot), bits(was), state, quoted(path));
}

static void *map(int fd, int prot, int flags)
{
	void *p = mmap(NULL, page, prot, flags, fd, 0);

	MUST(p != MAP_FAILED);
	return p;
}

static int make(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0755);

	MUST(fd >= 0 && ftruncate(fd, (off_t)page) == 0);
	return fd;
}

static const char *dev_ino_fd(int fd)
{
	static char text[96];
	struct stat st;

	MUST(fstat(fd, &st) == 0);
	snprintf(text, sizeof(text), "\"dev\":\"%u:%u\",\"ino\":%lu", major(st.st_dev),
		 minor(st.st_dev), (unsigned long)st.st_ino);
	return text;
}

static int files(char **argv)
{
	int fd = make("/tmp/lib"), other = make("/tmp/plain");
	void *p;

	(void)argv;
	map(fd, R | X, MAP_PRIVATE);
	say_mmap(1, dev_ino("/tmp/lib"), "/tmp/lib", "ok", R | X, "\"private\"");
	map(fd, R | W | X, MAP_SHARED);
	say_mmap(1, dev_ino("/tmp/lib"), "/tmp/lib", "ok", R | W | X, "\"shared\"");
	p = map(fd, R | W, MAP_PRIVATE);
	MUST(mprotect(p, page, R | X) == 0);
	say_mprotect(1, dev_ino("/tmp/lib"), "/tmp/lib", "ok", R | W, R | X);
	p = map(fd, R, MAP_SHARED);
	MUST(mprotect(p, page, X) == 0);
	say_mprotect(1, dev_ino("/tmp/lib"), "/tmp/lib", "ok", R, X);
	p = map(other, R | W, MAP_PRIVATE);
	MUST(mprotect(p, page, R) == 0 && mprotect(p, page, R | W) == 0);
	say_mmap(0, dev_ino("/tmp/plain"), "/tmp/plain", "ok", R | W, "\"private\"");
	say_mprotect(0, dev_ino("/tmp/plain"), "/tmp/plain", "ok", R, R | W);
	p = map(other, R | W, MAP_PRIVATE);
	say_mprotect(1, dev_ino("/tmp/plain"), "/tmp/plain", "deleted", R | W, R | X);
	MUST(unlink("/tmp/plain") == 0);
	MUST(mprotect(p, page, R | X) == 0);
	return 0;
}

/* Written once, so that it holds a page of its own, and not writable any more. */
static void written(void)
{
	char *p = map(-1, R | W, MAP_PRIVATE | MAP_ANONYMOUS);

	*p = 1;
	MUST(mprotect(p, page, R) == 0 && mprotect(p, page, R | X) == 0);
	printf("{\"kind\":\"mprotect\",\"times\":1,%s,%s,\"protection\":[\"read\",\"exec\"],"
	       "\"was\":[\"read\",\"written\"],\"flags\":[],\"path\":null,\"path_state\":\"anonymous\","
	       "\"verdict\":\"allowed\"}\n",
	       who(), ANON);
}

static int anonymous(char **argv)
{
	void *p;

	written();

	(void)argv;
	map(-1, R | X, MAP_PRIVATE | MAP_ANONYMOUS);
	say_mmap(1, ANON, NULL, "anonymous", R | X, "\"private\",\"anonymous\"");
	map(-1, R | W | X, MAP_PRIVATE | MAP_ANONYMOUS);
	say_mmap(1, ANON, NULL, "anonymous", R | W | X, "\"private\",\"anonymous\"");
	map(-1, X, MAP_SHARED | MAP_ANONYMOUS);
	say_mmap(1, ANON, NULL, "anonymous", X, "\"shared\",\"anonymous\"");
	p = map(-1, R | W, MAP_PRIVATE | MAP_ANONYMOUS);
	say_mmap(0, ANON, NULL, "anonymous", R | W, "\"private\",\"anonymous\"");
	MUST(mprotect(p, page, R | X) == 0);
	say_mprotect(1, ANON, NULL, "anonymous", R | W, R | X);
	MUST(mprotect(p, page, R | W | X) == 0);
	say_mprotect(1, ANON, NULL, "anonymous", R | X, R | W | X);
	MUST(mprotect(p, page, R | W | X) == 0 && mprotect(p, page, R | X) == 0);
	say_mprotect(0, ANON, NULL, "anonymous", R | W | X, R | W | X);
	say_mprotect(0, ANON, NULL, "anonymous", R | W | X, R | X);
	p = map(-1, R | W, MAP_PRIVATE | MAP_ANONYMOUS);
	MUST(mprotect(p, page, R | W | X) == 0);
	say_mprotect(1, ANON, NULL, "anonymous", R | W, R | W | X);
	return 0;
}

static int memfd(char **argv)
{
	int fd = memfd_create("evil", 0);
	void *p;

	(void)argv;
	MUST(fd >= 0 && ftruncate(fd, (off_t)page) == 0);
	map(fd, R | X, MAP_SHARED);
	say_mmap(1, dev_ino_fd(fd), "/memfd:evil (deleted)", "anonymous", R | X, "\"shared\"");
	p = map(fd, R | W, MAP_SHARED);
	MUST(mprotect(p, page, R | X) == 0);
	say_mprotect(1, dev_ino_fd(fd), "/memfd:evil (deleted)", "anonymous", R | W, R | X);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"files", files}, {"anonymous", anonymous}, {"memfd", memfd, ""}, {0}};

	page = (size_t)sysconf(_SC_PAGESIZE);
	return run_verbs(verbs, argc, argv);
}
