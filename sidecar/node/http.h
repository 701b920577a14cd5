/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics for Prometheus: one document, read by GET /metrics, over whatever socket it is given. HTTP as far
 * as that needs (http_request.h); each connection has one request. A client costs bounded memory and time; when there are too many, the oldest goes.
 *
 * (libmicrohttpd would be the library. Debian's brings GnuTLS, of which no static build can be made, and the
 * node is one.) */
#pragma once
#include <stdint.h>
#include <sys/socket.h>
#include "sidecar/node/listen.h"

#define HTTP_LISTEN_MAX 4    /* sockets it listens on */
#define HTTP_CLIENTS_MAX 16  /* connections at a time */
#define HTTP_HEAD_MAX 8192   /* bytes of a request */
#define HTTP_TIME_MS 5000    /* for a request and its answer */
#define HTTP_BACKLOG 64
#define HTTP_PATH_MAX 108    /* sun_path */

struct http_client;

struct http {
	struct listener listeners[HTTP_LISTEN_MAX];
	unsigned listeners_n;
	struct http_client *clients; /* the newest first */
	unsigned client_count;
	char path[HTTP_PATH_MAX]; /* of our unix socket, "" none */
};

struct http_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/* "PORT", ":PORT" (both 127.0.0.1), "ADDRESS:PORT", "[ADDRESS]:PORT" or "unix:PATH". -EINVAL. */
int http_address_read(const char *text, struct http_address *ret);
/* Listens there, and on sockets that the service manager has passed. What fails is logged and does without:
 * the record is worth more than its numbers. at: NULL, nowhere of our own. */
void http_init(struct node *n, const char *at);
void http_release(struct node *n);
/* Takes fd over, also on failure. */
int http_open(struct node *n, int fd);
