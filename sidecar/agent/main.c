/* SPDX-License-Identifier: Apache-2.0 */
/* reeve-agent: one per container. Attaches the pinned programs, gives up every privilege, moves
 * records from the container's rings to the node, leaves with the container. Started by the hook,
 * by reeve run, or by the node when its predecessor died; never by hand. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/jail.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/record.h"
#include "sidecar/common/util.h"

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
	    {"ready-fd", 1, NULL, 'r'},
	    {"cgroup-fd", 1, NULL, 'c'},
	    {"init-fd", 1, NULL, 'i'},
	    {"meta-fd", 1, NULL, 'm'},
	    {"policy", 1, NULL, 'p'},
	    {"annotated", 1, NULL, 'n'},
	    {"annotated-fd", 1, NULL, 'd'},
	    {"adopt", 1, NULL, 'a'},
	    {"fail", 1, NULL, 'f'},
	    {"record", 1, NULL, 'k'},
	    {"repeat", 1, NULL, 'e'},
	    {"version", 0, NULL, 'v'},
	    {"help", 0, NULL, 'h'},
	    {},
	};
	const char *repeat = NULL;
	char error[256];
	int c;

	*o = (struct options){.ready_fd = -1,
			      .cgroup_fd = -1,
			      .init_fd = -1,
			      .meta_fd = -1,
			      .annotated_fd = -1,
			      .record = record_default()};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->ready_fd = atoi(optarg);
			break;
		case 'c':
			o->cgroup_fd = atoi(optarg);
			break;
		case 'i':
			o->init_fd = atoi(optarg);
			break;
		case 'm':
			o->meta_fd = atoi(optarg);
			break;
		case 'p':
			if (o->policies_n == AGENT_POLICIES_MAX)
				return log_err(-E2BIG, "more than %d policies", AGENT_POLICIES_MAX);
			o->policies[o->policies_n++] = optarg;
			break;
		case 'n':
			o->annotated = optarg;
			break;
		case 'd':
			o->annotated_fd = atoi(optarg);
			break;
		case 'a':
			o->adopt = optarg;
			break;
		case 'k':
			if (record_parse(optarg, &o->record, error, sizeof(error)))
				return log_err(-EINVAL, "%s", error);
			break;
		case 'e':
			repeat = optarg;
			break;
		case 'f':
			o->fail_closed = strcmp(optarg, "closed") == 0;
			break;
		case 'v':
			printf("reeve-agent %s\n", REEVE_BUILD);
			exit(0);
		case 'h':
			puts("usage: reeve-agent [--version | --help]");
			exit(0);
		default:
			return -EINVAL;
		}
	}
	if (repeat && record_repeat(repeat, &o->record, error, sizeof(error)))
		return log_err(-EINVAL, "%s", error);
	if (o->ready_fd < 0 ||
	    (!o->adopt && (o->cgroup_fd < 0 || o->init_fd < 0 || o->meta_fd < 0)))
		return log_err(-EINVAL, "started by hand? The hook and 'reeve run' start agents");
	if (o->adopt && (strlen(o->adopt) != KEY_SIZE - 1 ||
			 strspn(o->adopt, "0123456789abcdef") != KEY_SIZE - 1))
		return log_err(-EINVAL, "--adopt wants a cgroup id of 16 hex digits, found '%s'",
			       o->adopt);
	return 0;
}

static int read_meta(int fd, struct meta *ret)
{
	struct json *j __attribute__((cleanup(json_free_p))) = NULL;
	_free_ char *text = NULL;
	char error[256] = "";
	size_t len;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return log_err(-errno, "rewind the container's description");
	r = util_read_all(fd, META_SIZE_MAX, 0, &text, &len);
	if (!r)
		r = json_parse(text, len, false, &j, error, sizeof(error));
	if (!r)
		r = meta_from_json(j, ret, error, sizeof(error));
	return r ? log_err(r, "read the container's description: %s", error) : 0;
}

static void say(int fd, const char *word, const char *detail)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s%s\n", word, detail);

	if (n > 0)
		util_write_all(fd, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
	close(fd);
}

static int prepare(struct agent *a, struct options *o)
{
	int r = o->adopt ? setup_adopt(a, o->adopt) : read_meta(o->meta_fd, &a->meta);

	if (!o->adopt && !r)
		r = setup_new(a, o);
	return r;
}

#define AGENT_GID 65534 /* nogroup */

static int jail(struct agent *a)
{
	uid_t uid;
	gid_t gid;
	int r = util_user_ids(REEVE_USER, &uid, &gid);

	if (r)
		return r;
	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll_fd < 0)
		return log_err(-errno, "make an epoll instance");
	/* Not the user's own group: its members may query every container's record. */
	return jail_enter(uid, AGENT_GID);
}

int main(int argc, char **argv)
{
	struct agent a = {.maps = {-1, -1, -1, -1, TABLES_NONE},
			  .own = {-1, -1, ""},
			  .lock_fd = -1,
			  .run_fd = -1,
			  .pins_fd = -1,
			  .spool_dir_fd = -1,
			  .events_fd = -1,
			  .ring_fd = -1,
			  .lane_fd = -1,
			  .repeats_fd = -1,
			  .epoll_fd = -1,
			  .node_fd = -1,
			  .spool = {.fd = -1}};
	struct options o;
	int r;

	signal(SIGPIPE, SIG_IGN);
	log_open("reeve-agent", true);
	if (parse(argc, argv, &o))
		return 2;
	r = prepare(&a, &o);
	if (r == 1)
		return say(o.ready_fd, "exists", ""), 0;
	if (!r && !a.slot && !a.spool.head) { /* a half-made start was cleared away, that is all */
		finish_run(&a);
		return say(o.ready_fd, "ready", ""), 0;
	}
	if (!r)
		r = jail(&a);
	if (r) {
		say(o.ready_fd, o.fail_closed ? "closed: " : "error: ", log_last());
		if (!o.adopt)
			setup_undo(&a);
		return 1;
	}
	util_close_p(&o.cgroup_fd);
	util_close_p(&o.init_fd);
	util_close_p(&o.meta_fd);
	util_close_p(&o.annotated_fd);
	say(o.ready_fd, "ready", "");
	r = pump_run(&a);
	if (r == 0) {
		finish_spool(&a);
		finish_run(&a);
	}
	return r ? 1 : 0;
}
