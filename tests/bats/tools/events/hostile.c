/* SPDX-License-Identifier: Apache-2.0 */
/* What a container can put into a record to break a format or forge a line: see formats.bats. Each
 * string becomes a comm, a path, an argument, an environment variable and a socket's name; they are
 * printed as hex, one a line. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "say.h"

static const char *const hostile[] = {
    "new\nline",
    "\n2026-01-01T00:00:00.000000000Z web #0     open       allowed        pid=1      comm=x read /f",
    "\ntype=SYSCALL msg=audit(1.000:1): arch=c000003e syscall=59",
    "}\n{\"kind\":\"exec\"}",
    "esc\033[2J\033]0;title\007",
    "c1\302\233" "2J",
    "quote\"and'and\\",
    "rtl\342\200\256gpj.exe",
    "isolate\342\201\246x\342\201\251",
    "zero\342\200\213width\357\273\277",
    "line\342\200\250separator",
    "bad\377\376utf8\300\257",
    "surrogate\355\240\200",
    "cut\342\200",
    "tab\tand\rcarriage",
    "del\177",
    " leading and trailing ",
    "$(reboot) `x` ${y} %s %n",
    "(null)",
    "a=b key=\"x\" verdict=denied",
    "=HYPERLINK(\"http://x\",\"y\")",
    "\357\274\235" "1+1,2",
    "'-quoted",
};

static void one(const char *s)
{
	char path[300] = "", *slash;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char *argv[] = {"ev-hostile", "ran", (char *)s, NULL}, *env[] = {(char *)s, NULL};
	int fd, status;
	pid_t pid;

	prctl(PR_SET_NAME, s);
	snprintf(path, sizeof(path), "/tmp/%s", s);
	for (slash = path + 5; *slash; slash++)
		if (*slash == '/')
			*slash = '_';
	fd = open(path, O_CREAT | O_RDWR, 0600);
	MUST(fd >= 0);
	close(fd);
	MUST(unlink(path) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	to.sun_path[0] = 0;
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	pid = fork();
	if (pid == 0) {
		execve("/ev-hostile", argv, env);
		_exit(99);
	}
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
	for (const unsigned char *c = (const unsigned char *)s; *c; c++)
		printf("%02x", *c);
	putchar('\n');
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "ran") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		one(hostile[i]);
	return 0;
}
