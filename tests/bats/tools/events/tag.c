/* SPDX-License-Identifier: Apache-2.0 */
/* Security tags: see say.h. Which attribute the kernel reads, and what it holds, is told by the
 * suite: ATTRIBUTE VALUE, both "null" where there is nothing to be seen. */
#include <sys/wait.h>
#include <sys/xattr.h>
#include "say.h"

#define PLAIN 10 /* files without a tag, each opened right after one with */

static const char *word(const char *s)
{
	static char text[4][300];
	static unsigned at;
	char *to = text[at++ % 4];

	if (strcmp(s, "null") == 0)
		return s;
	snprintf(to, sizeof(text[0]), "\"%s\"", s);
	return to;
}

static void say_open(const char *path, const char *access, int flags, const char *source,
		     const char *tag)
{
	struct stat st;

	MUST(stat(path, &st) == 0);
	printf("{\"kind\":\"open\",%s,%s,\"access\":[\"%s\"],\"flags\":%d,\"mode\":\"0%o\","
	       "\"path_state\":\"ok\",\"path\":\"%s\",\"tag_source\":%s,\"tag\":%s}\n",
	       who(), dev_ino(path), access, flags, st.st_mode, path, word(source), word(tag));
}

static void look(const char *path, const char *source, const char *tag)
{
	int fd = open(path, O_RDONLY);

	MUST(fd >= 0);
	say_open(path, "read", fcntl(fd, F_GETFL), source, tag);
	close(fd);
}

/* /tagged, /tagged-too, /dir and /only-write hold the tag, /plain* do not. */
static int open_(char **argv)
{
	char path[32];
	int fd;

	look("/tagged", argv[0], argv[1]);
	look("/dir", argv[0], argv[1]);
	for (int i = 0; i < PLAIN; i++) {
		fd = open("/tagged-too", O_RDONLY);
		MUST(fd >= 0);
		close(fd); /* the next file may get its place in memory */
		snprintf(path, sizeof(path), "/plain%d", i);
		fd = open(path, O_CREAT, 0644);
		MUST(fd >= 0);
		close(fd);
		look(path, "null", "null");
	}
	/* The kernel reads with the task's rights, and these do not suffice. */
	MUST(setgid(1000) == 0 && setuid(1000) == 0);
	fd = open("/only-write", O_WRONLY);
	MUST(fd >= 0);
	say_open("/only-write", "write", fcntl(fd, F_GETFL),
		 strcmp(argv[0], "null") ? "unreadable" : "null", "null");
	return 0;
}

/* Also a file of overlayfs's lower layer, and the copy of it that a write makes. */
static int copy_up(char **argv)
{
	int fd;

	look("/tagged", argv[0], argv[1]);
	fd = open("/tagged", O_WRONLY | O_APPEND);
	MUST(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	fd = open("/tagged", O_RDONLY | O_NOATIME);
	MUST(fd >= 0);
	say_open("/tagged", "read", fcntl(fd, F_GETFL), argv[0], argv[1]);
	printf("{\"kind\":\"setxattr\",\"times\":0,\"name\":\"user.reeve.tag\"}\n");
	printf("{\"kind\":\"setxattr\",\"times\":0,\"name\":\"security.bpf.reeve\"}\n");
	return 0;
}

/* What is not about the tag of an exec's record is start.bats's. */
static void say_exec(pid_t pid, const char *path, const char *name, const char *source,
		     const char *tag)
{
	struct stat st;

	MUST(stat(path, &st) == 0);
	printf("{\"kind\":\"exec\",\"process\":{\"ns_pid\":%d},%s,\"mode\":\"0%o\",\"filename\":\"%s\","
	       "\"path\":\"%s\",\"path_state\":\"ok\",\"tag_source\":%s,\"tag\":%s,"
	       "\"verdict\":\"allowed\",\"any\":[\"args_len\",\"args_missing\",\"argc\",\"envc\","
	       "\"args_state\",\"origin\",\"script\",\"script_state\"]}\n",
	       pid, dev_ino(path), st.st_mode, name, path, word(source), word(tag));
}

static void run(const char *name, const char *path, const char *source, const char *tag)
{
	pid_t pid = fork();
	int status;

	MUST(pid >= 0);
	if (pid == 0) {
		execl(name, name, "none", NULL);
		_exit(97);
	}
	MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 97);
	say_exec(pid, path, name, source, tag);
}

/* /program has a tag; /script's own is not that of the program that runs it; /closed may be
 * executed, but not read, by others. */
static int exec_(char **argv)
{
	run("/program", "/program", argv[0], argv[1]);
	run("/ev-tag", "/ev-tag", "null", "null");
	run("/script", "/ev-tag", "null", "null");
	run("/tagged-script", "/program", argv[0], argv[1]);
	MUST(setgid(1000) == 0 && setuid(1000) == 0);
	run("/closed", "/closed", strcmp(argv[0], "null") ? "unreadable" : "null", "null");
	return 0;
}

static const char *attribute(const char *name, const char *verdict, const char *error)
{
	static char text[512];
	struct stat st;

	MUST(stat("/tagged", &st) == 0);
	snprintf(text, sizeof(text),
		 "%s,%s,\"mode\":\"0%o\",\"path_state\":\"ok\",\"path\":\"/tagged\","
		 "\"name\":\"%s\",\"verdict\":\"%s\",\"error\":%s",
		 who(), dev_ino("/tagged"), st.st_mode, name, verdict, word(error));
	return text;
}

static void say_set(const char *value, int flags, char **argv)
{
	printf("{\"kind\":\"setxattr\",%s,\"size\":%zu,\"flags\":%d,\"value\":\"%s\"}\n",
	       attribute(argv[2], argv[0], argv[1]), strlen(value), flags, value);
}

static void say_remove(int times, const char *name, const char *verdict, const char *error)
{
	printf("{\"kind\":\"removexattr\",\"times\":%d,%s}\n", times,
	       attribute(name, verdict, error));
}

/* set-N VERDICT ERROR NAME FREE: every way to change the attribute of /tagged, and none to change
 * FREE's, which is nobody's. */
static int set(char **argv)
{
	const char *name = argv[2], *verdict = argv[0], *error = argv[1]; /* in the record */
	int denied = strcmp(verdict, "denied") == 0, expected = denied ? -1 : 0;
	int fd = open("/tagged", O_RDONLY);
	char path[64];

	MUST(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
#define TRY(call)                                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		int got = (call);                                                                  \
		if (got != expected || errno != (denied ? EPERM : 0)) {                            \
			fprintf(stderr, "%s: %d, errno %d\n", #call, got, errno);                  \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)
	say_set("by-path", 0, argv);
	TRY(setxattr("/tagged", name, "by-path", 7, 0));
	say_set("by-link", XATTR_REPLACE, argv);
	TRY(lsetxattr("/tagged", name, "by-link", 7, XATTR_REPLACE));
	say_set("by-fd", 0, argv);
	TRY(fsetxattr(fd, name, "by-fd", 5, 0));
	say_set("by-proc", 0, argv);
	TRY(setxattr(path, name, "by-proc", 7, 0));
	say_remove(2, name, verdict, error);
	TRY(removexattr("/tagged", name));
	if (!denied)
		MUST(setxattr("/tagged", name, "again", 5, 0) == 0);
	MUST(setxattr("/tagged", argv[3], "free", 4, 0) == 0);
	MUST(removexattr("/tagged", argv[3]) == 0);
	say_remove(1, argv[3], "allowed", "null");
	TRY(fremovexattr(fd, name));
	return 0;
}

/* 126 and 127 are nobody's errno. */
static int try_exec(const char *path)
{
	pid_t pid = fork();
	int status;

	MUST(pid >= 0);
	if (pid == 0) {
		execl(path, path, "none", NULL);
		_exit(errno);
	}
	MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644), error = errno;

	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

static int try_ftruncate(const char *path)
{
	int fd = open(path, O_WRONLY), error;

	if (fd < 0)
		return errno;
	error = ftruncate(fd, 0) ? errno : 0;
	close(fd);
	return error;
}

static int try_one(char act, char *path)
{
	char *to = strchr(path, ',');

	if (to)
		*to++ = '\0';
	switch (act) {
	case 'r':
		return try_open(path, O_RDONLY);
	case 'w':
		return try_open(path, O_WRONLY | O_APPEND);
	case 'c':
		return try_open(path, O_WRONLY | O_CREAT);
	case 't':
		return truncate(path, 0) ? errno : 0;
	case 'f':
		return try_ftruncate(path);
	case 'm':
		return rename(path, to) ? errno : 0;
	case 'l':
		return link(path, to) ? errno : 0;
	case 'x':
		return try_exec(path);
	case 'u':
		return setgid(1000) || setuid(1000) ? errno : 0;
	}
	return 99;
}

/* try ACT:PATH...: does one after the other and says what came of each. */
static int try_(char **argv)
{
	for (; *argv; argv++) {
		int error = try_one((*argv)[0], *argv + 2);

		printf("%s\n", error ? strerrorname_np(error) : "0");
	}
	return 0;
}

static int none(char **argv)
{
	(void)argv;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"open", open_}, {"copy-up", copy_up}, {"exec", exec_},
					    {"none", none},  {"try", try_},
					    {"set-1", set},  {"set-2", set},	   {"set-3", set},
					    {"set-4", set},  {"set-5", set},	   {"set-6", set},  {0}};

	return run_verbs(verbs, argc, argv);
}
