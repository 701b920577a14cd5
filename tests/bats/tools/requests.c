/* SPDX-License-Identifier: Apache-2.0 */
/* requests PORT ROUNDS REQUEST...: a web client that is one process, however much it asks. A
 * REQUEST is "METHOD PATH STATUS LENGTH [BODY]": what is asked for, the status that has to come,
 * how long the answer's body has to be (-: any), and how many bytes are sent with it. Each is asked
 * in each round, on a connection of its own to 127.0.0.1. The first answer that is another ends it
 * with status 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (4 << 20)
#define TRIES 300 /* a tenth of a second apart, for the server to be there */

struct request {
	char method[16], path[256], length[16];
	int status, body;
};

static char answer[ANSWER_MAX + 1];

static int dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < TRIES; i++, usleep(100000)) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (void *)&to, sizeof(to)) == 0)
			return fd;
		close(fd);
	}
	perror("requests: connect");
	exit(1);
}

static void send_all(int fd, const char *s, size_t len)
{
	for (ssize_t n; len; s += n, len -= (size_t)n) {
		n = send(fd, s, len, MSG_NOSIGNAL);
		if (n < 0)
			return; /* the answer says it */
	}
}

/* The status; what the answer's body has is *ret_length bytes. */
static int ask(int port, const struct request *r, size_t *ret_length)
{
	static char body[1 << 20];
	char head[512], *end;
	size_t len = 0;
	int fd = dial(port), status = 0;
	ssize_t n;

	n = snprintf(head, sizeof(head), "%s %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n", r->method,
		     r->path, r->body);
	send_all(fd, head, (size_t)n);
	send_all(fd, body, (size_t)r->body);
	while (len < ANSWER_MAX && (n = recv(fd, answer + len, ANSWER_MAX - len, 0)) > 0)
		len += (size_t)n;
	close(fd);
	answer[len] = '\0';
	end = strstr(answer, "\r\n\r\n");
	if (!end || sscanf(answer, "HTTP/%*s %d", &status) != 1)
		return 0;
	*ret_length = len - (size_t)(end + 4 - answer);
	return status;
}

static int is_answered(int port, const char *text)
{
	struct request r = {0};
	size_t length = 0;
	int status;

	if (sscanf(text, "%15s %255s %d %15s %d", r.method, r.path, &r.status, r.length, &r.body) <
		4 ||
	    r.body < 0 || r.body > 1 << 20) {
		fprintf(stderr, "requests: not a request: %s\n", text);
		return 0;
	}
	status = ask(port, &r, &length);
	if (status == r.status && (r.length[0] == '-' || length == strtoul(r.length, NULL, 10)))
		return 1;
	fprintf(stderr, "requests: %s: answered %d, %zu bytes\n", text, status, length);
	return 0;
}

int main(int argc, char **argv)
{
	int n = 0;

	if (argc < 4)
		return fputs("usage: requests PORT ROUNDS REQUEST...\n", stderr), 2;
	for (int round = 0; round < atoi(argv[2]); round++)
		for (int i = 3; i < argc; i++, n++)
			if (!is_answered(atoi(argv[1]), argv[i]))
				return 1;
	printf("%d answered\n", n);
	return 0;
}
