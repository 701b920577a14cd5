/* SPDX-License-Identifier: Apache-2.0 */
/* One question and its answer over a socket pair. tests/node asks the real node, with what others do to it. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "tests/unit/tap.h"

struct talk {
	struct node n;
	struct loop_timer stop;
	int fd; /* the client's end */
	char said[8192];
};

static void stop(void *arg)
{
	struct talk *t = arg;

	loop_stop(&t->n.loop);
}

static void life(struct lives *all, const char *id)
{
	struct meta meta = {.generation = all->count + 1, .cgroup_id = all->count + 1};

	snprintf(meta.id, sizeof(meta.id), "%s", id);
	snprintf(meta.name, sizeof(meta.name), "%s", id);
	lives_add(all, life_new(&meta));
}

static bool begin(struct talk *t)
{
	int pair[2];

	*t = (struct talk){.fd = -1};
	t->stop.expired = stop;
	t->stop.arg = t;
	store_init(&t->n.store, "/nonexistent", "/nonexistent");
	if (loop_init(&t->n.loop) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	t->fd = pair[0];
	return client_open(&t->n, pair[1]) == 0;
}

/* Until the node has had its time. */
static const char *say(struct talk *t, const char *text)
{
	ssize_t n;

	(void)!write(t->fd, text, strlen(text));
	t->n.loop.stopped = false;
	loop_timer_set(&t->n.loop, &t->stop, 50);
	loop_run(&t->n.loop);
	n = read(t->fd, t->said, sizeof(t->said) - 1);
	t->said[n > 0 ? n : 0] = '\0';
	return t->said;
}

static void end(struct talk *t)
{
	clients_release(&t->n);
	lives_release(&t->n.lives);
	loop_release(&t->n.loop);
	close(t->fd);
}

TEST("a question in lines has its answer in lines, and the end is one")
{
	struct talk t;

	REQUIRE(begin(&t));
	life(&t.n.lives, "one");
	CHECK_STR(say(&t, "{\"verb\":"), "");
	CHECK(strncmp(say(&t, "\"ps\",\"all\":true}\n"), "[{\"id\":\"one\",", 13) == 0);
	CHECK(strstr(t.said, "}]\n{\"status\":0}\n"));
	CHECK_INT(t.n.client_count, 0);
	end(&t);
}

TEST("what a verb does not have is refused, not passed over")
{
	struct talk t;

	REQUIRE(begin(&t));
	CHECK_STR(say(&t, "{\"verb\":\"ps\",\"al\":true}\n"),
		  "{\"status\":22,\"error\":\"ps has no \\\"al\\\"; it has: all\"}\n");
	end(&t);
	REQUIRE(begin(&t));
	CHECK_STR(say(&t, "{\"verb\":\"logs\",\"format\":\"raw\",\"id\":\"x\"}\n"),
		  "{\"status\":22,\"error\":\"logs has no format 'raw' in lines\"}\n");
	end(&t);
}

TEST("an answer that takes too much of the node's time ends, and says so")
{
	struct talk t;

	REQUIRE(begin(&t));
	life(&t.n.lives, "one");
	life(&t.n.lives, "two");
	t.n.clients->work_ns = CLIENT_WORK_MAX_S * 1000000000ull;
	CHECK(strstr(say(&t, "{\"verb\":\"stats\"}\n"), "\n{\"status\":62,\"error\":\"this took 600 s"));
	CHECK_INT(t.n.client_count, 0);
	end(&t);
}

/* As client_open does for whoever the kernel says it is. */
static void add_client(struct talk *t, uid_t uid)
{
	struct client *c = calloc(1, sizeof(*c));

	*c = (struct client){.node = &t->n, .fd = -1, .uid = uid, .moved_ns = util_now_ns(), .next = t->n.clients};
	t->n.clients = c;
	t->n.client_count++;
}

TEST("places: of one user so many, some of root's alone, none that is held for nothing")
{
	struct talk t;

	REQUIRE(begin(&t));
	t.n.clients->uid = 0;
	for (unsigned uid = 1; uid < 5; uid++) {
		for (int i = 0; i < CLIENT_UID_MAX && client_make_room(&t.n, uid); i++)
			add_client(&t, uid);
		CHECK(!client_make_room(&t.n, uid));
	}
	CHECK_INT(t.n.client_count, NODE_CLIENTS_MAX - CLIENT_ROOT_MIN);
	CHECK(!client_make_room(&t.n, 77));
	while (client_make_room(&t.n, 0))
		add_client(&t, 0);
	CHECK_INT(t.n.client_count, NODE_CLIENTS_MAX);
	/* One has an answer that it does not take. */
	t.n.clients->moved_ns = 0;
	CHECK(!client_make_room(&t.n, 0));
	CHECK_INT(wire_put(&t.n.clients->out, WIRE_DATA, 0, 0, "x", 1), 0);
	CHECK(client_make_room(&t.n, 0));
	CHECK_INT(t.n.client_count, NODE_CLIENTS_MAX - 1);
	CHECK_INT(t.n.query_counts.stalled, 1);
	end(&t);
}
