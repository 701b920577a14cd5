/* SPDX-License-Identifier: Apache-2.0 */
/* Files: names of every kind and length, by our own walk and by the kernel's d_path. See say.h. */
#include "files.h"

/* The end of a path that the record holds: whole names, no more than 4,095 bytes. */
static const char *end_of(const char *path)
{
	while (strlen(path) > 4095)
		path = strchr(path + 1, '/');
	return path;
}

static void say_made(int fd, const char *path)
{
	const char *state = strlen(path) > 4095 ? "too-long" : "ok";
	struct stat st;
	int have = fcntl(fd, F_GETFL);

	MUST(fstat(fd, &st) == 0);
	/* the kernel's own answer for an open; our walk for the rest */
	say("open", "%s,\"mode\":\"0100600\",\"access\":[\"write\",\"create\"],\"flags\":%d,"
	    "\"path_state\":\"%s\",\"path\":%s,\"tag\":null,\"tag_source\":null", st_dev_ino(&st),
	    have | O_CREAT | O_EXCL, state, quoted(end_of(path)));
	say("create", "\"mode\":\"0100600\",\"rdev\":\"0:0\",\"path_state\":\"%s\",\"path\":%s", state,
	    quoted(end_of(path)));
	say("chmod", "%s,\"mode\":\"0100600\",\"new_mode\":\"0600\",\"path_state\":\"%s\",\"path\":%s",
	    st_dev_ino(&st), state, quoted(end_of(path)));
	say("unlink", "%s,\"mode\":\"0100600\",\"path_state\":\"%s\",\"path\":%s", st_dev_ino(&st), state,
	    quoted(end_of(path)));
}

/* In the working directory, which is called dir: a file of that name, made and removed. */
static void try_name(const char *dir, const char *name)
{
	static char path[3 * 4096];
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	MUST(fd >= 0 && fchmod(fd, 0600) == 0 && unlink(name) == 0);
	say_made(fd, path);
	close(fd);
}

/* Goes down by names of that length until the directory's own is len bytes. Each makes a record as
 * long as its path: not faster than they can be taken away. */
static const char *descend(const char *base, size_t each, size_t len)
{
	static char path[3 * 4096], name[256];
	size_t at = strlen(strcpy(path, base));

	MUST(chdir(base) == 0);
	for (unsigned i = 0; at < len; i++) {
		size_t n = len - at - 1 < each ? len - at - 1 : each;

		if (len - at - 1 - n == 1) /* nothing to put behind the last slash */
			n--;
		memset(name, 'a' + (int)(i % 26), n);
		name[n] = 0;
		MUST(mkdir(name, 0755) == 0 && chdir(name) == 0);
		at += (size_t)sprintf(path + at, "/%s", name);
		if (i % 16 == 15)
			usleep(30000);
	}
	return path;
}

static int bytes(char **argv)
{
	static char longest[256], low[128], high[129];
	char *to = low;

	(void)argv;
	MUST(chdir("/tmp") == 0);
	for (char c = 1; c > 0 && c < 127; c++)
		if (c != '/')
			*to++ = c;
	for (int i = 0; i < 128; i++)
		high[i] = (char)(128 + i);
	try_name("/tmp", low);
	try_name("/tmp", high);
	try_name("/tmp", "\177");
	try_name("/tmp", "\n");
	try_name("/tmp", "\033[2J");
	try_name("/tmp", "\302\233");
	try_name("/tmp", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	try_name("/tmp", "\xed\xa0\x80\xc0\xaf\xff half \xe2\x82");
	try_name("/tmp", " (deleted)");
	memset(longest, 'n', 255);
	try_name("/tmp", longest);
	return 0;
}

static int lengths(char **argv)
{
	const char *dir;

	(void)argv;
	MUST(mkdir("/tmp/wide", 0755) == 0 && mkdir("/tmp/deep", 0755) == 0);
	dir = descend("/tmp/wide", 255, 4095 - 11);
	try_name(dir, "0123456789");  /* 4,095 bytes */
	try_name(dir, "0123456789x"); /* one more */
	dir = descend(dir, 200, 8000);
	try_name(dir, "beyond");
	dir = descend("/tmp/deep", 1, 4095 - 2);
	try_name(dir, "x");
	return 0;
}

static int deleted(char **argv)
{
	struct stat st;
	int fd, dir;

	(void)argv;
	fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
	MUST(fd >= 0 && fstat(fd, &st) == 0 && unlink("/tmp/f") == 0 && fchmod(fd, 0640) == 0);
	say("chmod", "%s,\"mode\":\"0100600\",\"new_mode\":\"0640\",\"path_state\":\"deleted\","
	    "\"path\":\"/tmp/f\"", st_dev_ino(&st));
	MUST(mkdir("/tmp/d", 0755) == 0 && (dir = open("/tmp/d", O_RDONLY)) >= 0 && rmdir("/tmp/d") == 0);
	MUST(fstat(dir, &st) == 0 && fchmod(dir, 0700) == 0);
	say("chmod", "%s,\"mode\":\"040755\",\"new_mode\":\"0700\",\"path_state\":\"deleted\","
	    "\"path\":\"/tmp/d\"", st_dev_ino(&st));
	MUST(mkdirat(dir, "never", 0700) == -1 && errno == ENOENT);
	absent("create", "/tmp/d/never"); /* the kernel looks no name up in there */
	/* a file that says so of itself, and is not */
	fd = open("/tmp/f (deleted)", O_CREAT | O_EXCL | O_WRONLY, 0600);
	MUST(fd >= 0 && fstat(fd, &st) == 0 && fchmod(fd, 0640) == 0);
	say("chmod", "%s,\"mode\":\"0100600\",\"new_mode\":\"0640\",\"path_state\":\"ok\","
	    "\"path\":\"/tmp/f (deleted)\"", st_dev_ino(&st));
	return 0;
}

static int all(char **argv)
{
	return bytes(argv) | deleted(argv);
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"bytes", all}, {"lengths", lengths}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
