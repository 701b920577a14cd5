/* SPDX-License-Identifier: Apache-2.0 */
/* See client.h. Places for clients: so many in all, so many of a user, and some that are root's alone. Who only
 * holds his, and takes nothing of his answer, keeps it until somebody else wants it. */
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"

/* Of those that take nothing, the one that has for longest. */
static struct client *find_stalled(struct node *n, bool of_uid, uid_t uid)
{
	uint64_t now = util_now_ns();
	struct client *found = NULL;

	for (struct client *c = n->clients; c; c = c->next)
		if ((!of_uid || c->uid == uid) && now - c->moved_ns > CLIENT_STALL_MS * 1000000ull &&
		    c->out.len > c->out.done && (!found || c->moved_ns < found->moved_ns))
			found = c;
	return found;
}

bool client_make_room(struct node *n, uid_t uid)
{
	unsigned same = 0, most = NODE_CLIENTS_MAX - (uid ? CLIENT_ROOT_MIN : 0);
	struct client *stalled;
	bool too_many_same;

	for (const struct client *c = n->clients; c; c = c->next)
		same += c->uid == uid;
	too_many_same = uid != 0 && same >= CLIENT_UID_MAX;
	if (!too_many_same && n->client_count < most)
		return true;
	stalled = find_stalled(n, too_many_same, uid);
	if (!stalled)
		return false;
	n->query_counts.stalled++;
	client_free(stalled);
	return n->client_count < most;
}
