/* SPDX-License-Identifier: Apache-2.0 */
/* One question on the query socket and its answer, given piece by piece as the client reads it.
 *
 * A question is one WIRE_QUERY with a JSON object, the answer WIRE_DATA frames and one WIRE_DONE:
 *   {"verb":"ps","all":bool,"format":F}           the containers; all: ended ones as well
 *   {"verb":"logs","id":ID,"format":F,"follow":b} its records in order, one line each; "last":N, "reverse":b,
 *                                                 "fields":[NAME...], "colour":b for a terminal,
 *                                                 and what filter.h names.
 *                                                 instead of id, "all":true: those of all containers, by time
 *   {"verb":"ledger","id":ID,"format":F}          what is there, what is missing, and why
 *                                                 instead of id, "node":true: the node's own log
 *   {"verb":"stats","id":ID,"format":F}           its records in numbers; without id those of every one
 *   {"verb":"verify","id":ID,"format":F}          whether what is there is what was stored; "anchors":
 *                                                 [{"links":N,"head":HEX}], and "node" as above
 *   {"verb":"anchor","id":ID}                     one JSON object, of which verify wants "links" and "head";
 *                                                 "any":true: without a chain too, links 0
 *   {"verb":"status","format":F}                  the node's own
 *   {"verb":"metrics"}                            Prometheus' text; "containers":true: those that run as well
 * F is "text" or "json", of logs also "csv", "audit" and "raw" (sidecar/common/row.h). Done: {"status":0}, or
 * {"status":ERRNO,"error":TEXT}. A question that comes as a bare line is answered in lines, the last of which
 * is what Done says. docs/protocol.md tells it to others. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/json.h"
#include "sidecar/common/wire.h"
#include "sidecar/node/node.h"

#define CLIENT_QUERY_MAX (64u << 10) /* bytes of a question */
#define CLIENT_OUT_MAX (256u << 10)  /* bytes of answer that wait for the client to read on */
#define CLIENT_ASK_MS 5000	     /* to ask it */
#define CLIENT_UID_MAX 16	     /* clients of one user; root has no such bound */
#define CLIENT_ROOT_MIN 8	     /* places that nobody but root gets */
#define CLIENT_STALL_MS 10000	     /* one that took nothing for that long makes room for others */
#define CLIENT_WORK_MAX_S 600	     /* of the node's time for an answer, until it waits for new records */
#define CLIENT_LATE_MAX 65536	     /* records behind a follower's back */

struct client;

/* A verb. start reads the question; step writes a piece (a few milliseconds' work at most). Both
 * return 1: more to come, 0: that was all, -ENODATA: wait for clients_notify, -EAGAIN: or for
 * CLIENT_WAIT_MS, else -errno with the reason in client->error. */
struct verb {
	const char *name;
	int (*start)(struct client *c, const struct json *query);
	int (*step)(struct client *c);
	void (*release)(struct client *c);
};
extern const struct verb verb_ps, verb_logs, verb_logs_all, verb_ledger, verb_stats, verb_status, verb_verify,
    verb_anchor, verb_metrics;

#define CLIENT_WAIT_MS 100

struct client {
	struct node *node;
	struct client *next;
	int fd;
	struct loop_watch watch;
	struct loop_timer timer; /* the deadline to ask, then the next piece */
	struct wire_buf in, out;
	char *piece; /* what this turn's step has written; frames are made of it at its end */
	size_t piece_len, piece_size;
	const struct verb *verb; /* NULL before the question */
	bool json, csv, audit, raw; /* none: text */
	bool all;		    /* the answer is of several containers */
	bool done; /* closed once everything is sent */
	bool lines; /* the question is a line, and so is the end of the answer: no frames */
	uid_t uid;
	uint64_t moved_ns; /* when it last took something, or had nothing to take */
	uint64_t work_ns;
	struct life *life;
	struct store *store;   /* where that life is */
	const char *id, *name; /* the container's; NULL: the node's own log */
	struct client *next_follower;
	void *state; /* the verb's */
	char error[2048];
};

/* Takes fd over, also on failure. */
int client_open(struct node *n, int fd);
void clients_release(struct node *n);
/* Records of that life were stored, or it has ended: its followers go on. */
void clients_notify(struct life *l, const uint64_t *seqs, size_t count);

/* Whether there is a place for one more of that user; takes it from one that has stalled. */
bool client_make_room(struct node *n, uid_t uid);
void client_free(struct client *c);
/* Understands the question and starts its verb: as struct verb's start. */
int client_ask(struct client *c, const char *text, size_t len);

/* For verbs. The life a question is about, its store and names. */
int client_find_life(struct client *c, const struct json *query);
/* The same for a life of a container that is known already. */
void client_turn_to(struct client *c, struct life *l);
/* Whether the answer may grow by another line before the client has read on. */
bool client_has_room(const struct client *c);
int client_write(struct client *c, const void *data, size_t len);
int client_write_json(struct client *c, struct json_out *o); /* a line; o may be NULL: -ENOMEM */
int client_printf(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* logs.c: a follower remembers numbers below its place. */
void logs_notify(struct client *c, const uint64_t *seqs, size_t count);
/* logs_all.c: the same for those that follow every container. */
void logs_all_notify(struct node *n, const struct life *l, const uint64_t *seqs, size_t count);
