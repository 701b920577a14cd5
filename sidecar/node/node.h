/* SPDX-License-Identifier: Apache-2.0 */
/* What the rooms of the node share: one thread, one loop, one registry, one store. */
#pragma once
#include <sys/types.h>
#include "sidecar/common/loop.h"
#include "sidecar/node/adopt.h"
#include "sidecar/node/bulk.h"
#include "sidecar/node/disk.h"
#include "sidecar/node/http.h"
#include "sidecar/node/life.h"
#include "sidecar/node/listen.h"
#include "sidecar/node/metrics.h"
#include "sidecar/node/nodelog.h"
#include "sidecar/node/retention.h"
#include "sidecar/node/source.h"
#include "sidecar/node/store.h"
#include "sidecar/node/turns.h"
#include "sidecar/node/watch.h"

#define NODE_STREAMS_MAX (RV_SLOT_MAX + 64) /* agents, successors of the dying included */
#define NODE_CLIENTS_MAX 64

/* Of the query socket, since the node started. */
struct query_counts {
	uint64_t asked, turned_away, stalled, silent, malformed;
	uint64_t work_ns;
	uint64_t said_ns; /* when the log last heard of one turned away */
};

struct pool {
	struct loop_timer timer;
	int pidfd; /* the reeve-load at work, -1 none */
};

struct node {
	struct loop loop;
	struct store store;
	struct lives lives;
	struct listener agents, queries;
	struct stream *streams;
	struct turns turns; /* of streams that have more than one transaction's worth to tell */
	unsigned stream_count;
	unsigned stalled_count; /* streams whose store cannot be written */
	struct client *clients;
	unsigned client_count;
	struct query_counts query_counts;
	struct metrics metrics;
	struct http http;
	uint64_t refused_peers;
	uint64_t refused_said_ns; /* anybody could fill the log with them */
	struct bulk bulk;
	struct nodelog nodelog;
	struct adopt adopt;
	struct pool pool;
	struct watch watch;
	struct source source;
	struct retention retention;
	struct disk disk;
	struct loop_timer watchdog; /* see notify.h */
	uid_t uid; /* of REEVE_USER */
	gid_t gid; /* of REEVE_GROUP */
};
