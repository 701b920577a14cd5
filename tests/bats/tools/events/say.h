/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this directory share: one binary a family of kinds, one verb a kind. A verb
 * does the act and prints, as JSON lines for tests/bats/events.py, what the record must say: from
 * what the kernel told the program itself, never from reeve's code. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../must.h"

/* Inode of one of our namespaces ("mnt", "pid_for_children", ...), as /proc/self/ns says. */
static inline unsigned long ns_of(const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	MUST(stat(path, &st) == 0);
	return (unsigned long)st.st_ino;
}

/* Who acts, as the container sees it; goes into every expectation. Call it in the acting process. */
static inline const char *who(void)
{
	static char text[256];
	char comm[17] = "";
	int fd = open("/proc/self/comm", O_RDONLY);
	ssize_t n = read(fd, comm, 16);

	close(fd);
	if (n > 0)
		comm[n - 1] = 0;
	snprintf(text, sizeof(text),
		 "\"process\":{\"ns_pid\":%d,\"ns_tid\":%ld,\"uid\":%d,\"gid\":%d,\"euid\":%d,"
		 "\"egid\":%d,\"comm\":\"%s\"}",
		 getpid(), syscall(SYS_gettid), getuid(), getgid(), geteuid(), getegid(), comm);
	return text;
}

/* "dev":"8:1","ino":7 of a path. */
static inline const char *dev_ino(const char *path)
{
	static char text[8][96];
	static unsigned at;
	char *to = text[at++ % 8];
	struct stat st;

	MUST(lstat(path, &st) == 0);
	snprintf(to, 96, "\"dev\":\"%u:%u\",\"ino\":%lu", major(st.st_dev), minor(st.st_dev),
		 (unsigned long)st.st_ino);
	return to;
}

struct verb {
	const char *name;
	int (*run)(char **argv); /* argv[0]: the first argument behind the verb */
	const char *with; /* capabilities it needs, with blanks; "" none; NULL: the suite calls it itself */
};

/* main() of each family: VERB [ARGUMENT...]; "list": the verbs that need nothing but capabilities. */
static inline int run_verbs(const struct verb *verbs, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct verb *v = verbs; v->name && argc > 1; v++) {
		if (strcmp(argv[1], "list") == 0 && v->with)
			printf("%s %s\n", v->name, v->with);
		else if (strcmp(v->name, argv[1]) == 0)
			return v->run(argv + 2);
	}
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return 0;
	fprintf(stderr, "usage: %s VERB [ARGUMENT]...\n", argv[0]);
	return 98;
}
