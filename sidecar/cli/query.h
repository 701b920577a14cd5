/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the node and its answer, over PATH_QUERY_SOCKET. What fails leaves in q->error
 * what to tell people; only query_print tells it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/json.h"
#include "sidecar/common/wire.h"

#define QUERY_FIRST_ANSWER_MS 5000 /* a node silent for longer is given up */
#define QUERY_NEXT_ANSWER_MS 60000 /* ... and one that pauses so long within an answer */

struct query {
	int fd;
	struct wire_buf in;
	bool answered; /* at least one frame has come */
	/* Unless NULL: what comes goes here instead; below 0 ends, with the reason in error. */
	int (*take)(void *arg, const void *data, size_t len);
	void *arg;
	char error[512];
};

/* Whether a node listens: 0, or -errno of the attempt. Silent. */
int query_probe(void);

/* Connects and sends the request (a JSON object). */
int query_open(struct query *q, struct json_out *request);

/* When q->fd is readable: writes what has come to out. 1: the answer is complete and good. 0: more
 * is to come. -EPIPE: nobody reads out any more (not logged). Else -errno, logged. */
int query_pump(struct query *q, int out);

/* Waits for the first frame, at most QUERY_FIRST_ANSWER_MS. 0 or -errno. */
int query_first_answer(struct query *q);

void query_release(struct query *q);

/* Opens, pumps to stdout until the end; returns the verb's exit status. follow: the answer may
 * pause for as long as the container does. */
int query_print(struct json_out *request, bool follow);

/* Asks, hands the answer to take piece by piece, until its end. 0, or -errno with the reason in error:
 * take's, the node's, or the connection's. Silent; frees the request. */
int query_each(struct json_out *request, int (*take)(void *arg, const void *data, size_t len),
	       void *arg, char *error, size_t error_size);

/* The same for an answer to keep: a text, NUL-terminated behind *ret_len bytes, at most 16 MiB. An answer
 * that came whole before the node's error is there, too: -EUCLEAN of a ledger that does not add up. */
int query_text(struct json_out *request, char **ret, size_t *ret_len, char *error, size_t error_size);

/* The same for an answer that is one JSON value. The caller frees *ret. Errors as of
 * query_text. */
int query_json(struct json_out *request, struct json **ret, char *error, size_t error_size);

/* {"verb":verb,"format":"text"|"json", and "id":id unless NULL: the caller adds what it needs and
 * closes the object. NULL without memory. */
struct json_out *query_request(const char *verb, const char *id, bool json);
/* Same, with any format the verb has. */
struct json_out *query_request_format(const char *verb, const char *id, const char *format);
