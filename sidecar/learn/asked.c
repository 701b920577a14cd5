/* SPDX-License-Identifier: Apache-2.0 */
/* See asked.h. Each function stands for a program in bpf/; where the two differ, a dry run and the
 * kernel would. */
#include "asked.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "sidecar/common/cidr.h"
#include "sidecar/policy/policy.h"

#define RENAME_EXCHANGE_FLAG 2
#define DOES_RENAME (RV_DO_DELETE | RV_DO_READ | RV_DO_WRITE)
#define DOES_LINK (RV_DO_LINK | RV_DO_READ | RV_DO_WRITE)

/* judge_path */
static bool untold(unsigned state)
{
	return state != RV_PATH_OK && state != RV_PATH_DELETED && state != RV_PATH_ANON;
}

static void of_path(struct asked *q, unsigned subject, uint32_t access, unsigned state,
		    const struct event_string *path)
{
	q->subject = subject;
	q->access = access;
	q->untold = untold(state);
	q->text = path->s;
	q->len = path->len;
}

static unsigned of_file(struct asked *q, uint32_t access, unsigned state, const struct event *e)
{
	of_path(q, RV_SUBJECT_FILE, access, state, &e->strings[0]);
	return 1;
}

/* tag_ask */
static void of_tag(struct asked *q, uint32_t source, const struct event_string *tag)
{
	q->tag_state = source == RV_TAG_UNREADABLE ? RV_TAG_UNKNOWN : RV_TAG_KNOWN;
	q->tag = tag->s;
	q->tag_len = source ? tag->len : 0;
}

/* open_does; that it made the file is a record of its own. */
static unsigned of_open(struct asked *q, const struct event *e)
{
	uint32_t access = e->open.access, does = 0;

	if (access & RV_ACCESS_READ)
		does |= RV_DO_READ;
	if (access & (RV_ACCESS_WRITE | RV_ACCESS_TRUNCATE))
		does |= RV_DO_WRITE;
	if (!does)
		return 0;
	q->also = access & RV_ACCESS_CREATE ? RV_DO_CREATE : 0;
	of_tag(q, e->open.tag_source, &e->strings[1]);
	return of_file(q, does, e->open.path_state, e);
}

static unsigned of_rename(struct asked *q, const struct event *e)
{
	const struct rv_rename *r = &e->rename;
	bool exchange = r->flags & RENAME_EXCHANGE_FLAG;
	uint32_t target = exchange ? DOES_RENAME | RV_DO_CREATE : RV_DO_CREATE;

	if (!exchange && r->new_ino)
		target |= RV_DO_DELETE;
	of_file(&q[0], DOES_RENAME, r->path_state, e);
	of_path(&q[1], RV_SUBJECT_FILE, target, r->new_path_state, &e->strings[1]);
	q[1].also = RV_DO_DELETE;
	return 2;
}

static unsigned of_link(struct asked *q, const struct event *e)
{
	of_file(&q[0], DOES_LINK, e->link.path_state, e);
	of_path(&q[1], RV_SUBJECT_FILE, RV_DO_CREATE, e->link.new_path_state, &e->strings[1]);
	return 2;
}

/* memory_does */
static unsigned of_memory(struct asked *q, const struct event *e)
{
	const struct rv_mmap *r = &e->mmap;
	bool file = r->ino || r->dev || e->strings[0].len;
	uint32_t prot = r->protection;

	if (e->head.kind == RV_KIND_MPROTECT)
		prot |= ((const struct rv_mprotect *)r)->was & PROT_WRITE;
	q->subject = RV_SUBJECT_MEMORY;
	q->access = file ? RV_DO_MAP_EXEC : RV_DO_MAP_ANONYMOUS;
	if (r->path_state == RV_PATH_ANON)
		q->access |= RV_DO_MAP_ANONYMOUS;
	if (prot & PROT_WRITE || r->was & RV_WAS_WRITTEN)
		q->access |= RV_DO_MAP_WRITE_EXEC;
	return 1;
}

/* detour_step */
static bool has_detour(const char *name, size_t len)
{
	unsigned dots = 0;

	for (size_t i = 0; i <= len; i++) {
		char c = i < len ? name[i] : '\0';

		if (c == '/' || !c) {
			if (i > 0 && dots <= 2)
				return true;
			dots = 0;
		} else {
			dots = c == '.' ? dots + 1 : 3;
		}
	}
	return false;
}

/* name_judge */
static unsigned of_unix(struct asked *q, const struct event *e)
{
	const struct event_string *path = &e->strings[0];

	if (path->len == 0 || path->len > sizeof(q->name))
		return 0;
	memcpy(q->name, path->s, path->len);
	q->untold = q->name[0] && (q->name[0] != '/' || (q->access & RV_DO_BIND &&
							  has_detour(q->name, path->len)));
	if (!q->name[0])
		q->name[0] = '@';
	q->subject = RV_SUBJECT_UNIX;
	q->text = q->name;
	q->len = path->len;
	return 1;
}

/* address_judge */
static unsigned of_address(struct asked *q, const struct rv_connect *r,
			   const struct rv_address *address)
{
	int family = (int)address->family;
	uint8_t addr[16] = {0};

	if (family == AF_INET) {
		memcpy(addr, address->addr, 4);
	} else if (family != AF_INET6) {
		return 0;
	} else {
		memcpy(addr, address->addr, sizeof(addr));
		family = cidr_unmap(addr);
	}
	RV_ASSERT(sizeof(q->name) >= RV_ADDRESS_TEXT);
	policy_address(family, addr, (uint16_t)address->port, (uint8_t *)q->name);
	q->subject = RV_SUBJECT_NETWORK;
	q->protocol = (uint8_t)r->protocol;
	q->text = q->name;
	q->len = RV_ADDRESS_TEXT;
	return 1;
}

static unsigned of_socket(struct asked *q, const struct event *e)
{
	const struct rv_connect *r = &e->connect; /* all socket kinds have its fields */
	bool bind = e->head.kind == RV_KIND_BIND;

	q->access = bind ? RV_DO_BIND : RV_DO_CONNECT;
	if (e->head.kind == RV_KIND_SEND)
		q->access = r->type == SOCK_STREAM ? RV_DO_SEND | RV_DO_CONNECT : RV_DO_SEND;
	if (r->family == AF_UNIX)
		return of_unix(q, e);
	if (r->family != AF_INET && r->family != AF_INET6)
		return 0;
	return of_address(q, r, bind ? &r->local : &r->peer);
}

static unsigned of_kernel(struct asked *q, const struct event *e)
{
	if (!policy_kind_decided(e->head.kind) ||
	    (e->head.kind == RV_KIND_MODULE && e->module.how == RV_MODULE_LOADED))
		return 0;
	q->subject = RV_SUBJECT_KERNEL;
	q->access = RV_DO_ANY;
	q->which = e->head.kind;
	return 1;
}

/* mount_judge: of a bind, as of a file that cannot be told. */
static unsigned of_mount(struct asked *q, const struct event *e)
{
	unsigned n = of_kernel(q, e);

	if (!(e->mount.flags & MS_BIND) || e->mount.flags & MS_REMOUNT)
		return n;
	of_path(&q[n], RV_SUBJECT_FILE, RV_DO_FILE_ALL, RV_PATH_IN_FS, &e->strings[0]);
	return n + 1;
}

static unsigned of_exec(struct asked *q, const struct event *e)
{
	unsigned n = 0;

	if (e->strings[2].len) {
		q[n].tag_state = RV_TAG_UNKNOWN;
		q[n].tag_unrecorded = true;
		of_path(&q[n++], RV_SUBJECT_EXEC, RV_DO_EXEC, e->exec.script_state, &e->strings[2]);
	}
	of_tag(&q[n], e->exec.tag_source, &e->strings[3]);
	of_path(&q[n++], RV_SUBJECT_EXEC, RV_DO_EXEC, e->exec.path_state, &e->strings[0]);
	return n;
}

bool asked_is_act(const struct event *e)
{
	return e->head.phase == RV_PHASE_ARMED && e->head.verdict != RV_VERDICT_NONE;
}

unsigned asked_of(const struct event *e, struct asked ret[static ASKED_MAX])
{
	memset(ret, 0, sizeof(ret[0]) * ASKED_MAX);
	switch (e->head.kind) {
	case RV_KIND_EXEC:
		return of_exec(ret, e);
	case RV_KIND_OPEN:
		return of_open(ret, e);
	case RV_KIND_CREATE:
		return of_file(ret, RV_DO_CREATE, e->create.path_state, e);
	case RV_KIND_SYMLINK:
		return of_file(ret, RV_DO_CREATE, e->symlink.path_state, e);
	case RV_KIND_UNLINK:
		return of_file(ret, RV_DO_DELETE, e->unlink.path_state, e);
	case RV_KIND_RENAME:
		return of_rename(ret, e);
	case RV_KIND_LINK:
		return of_link(ret, e);
	case RV_KIND_CHMOD:
		return of_file(ret, RV_DO_ATTRIBUTES, e->chmod.path_state, e);
	case RV_KIND_CHOWN:
		return of_file(ret, RV_DO_ATTRIBUTES, e->chown.path_state, e);
	case RV_KIND_SETXATTR:
		return of_file(ret, RV_DO_ATTRIBUTES, e->setxattr.path_state, e);
	case RV_KIND_REMOVEXATTR:
		return of_file(ret, RV_DO_ATTRIBUTES, e->removexattr.path_state, e);
	case RV_KIND_TRUNCATE:
		ret[0].tag_state =
		    e->head.hook == RV_HOOK_FTRUNCATE ? RV_TAG_SETTLED : RV_TAG_UNKNOWN;
		return of_file(ret, RV_DO_WRITE, e->truncate.path_state, e);
	case RV_KIND_IOCTL:
		return of_file(ret, RV_DO_IOCTL, e->ioctl.path_state, e);
	case RV_KIND_MMAP:
	case RV_KIND_MPROTECT:
		return of_memory(ret, e);
	case RV_KIND_CONNECT:
	case RV_KIND_BIND:
	case RV_KIND_SEND:
		return of_socket(ret, e);
	case RV_KIND_CAPABILITY:
		ret->subject = RV_SUBJECT_CAPABILITY;
		ret->access = RV_DO_ANY;
		ret->which = e->capability.capability;
		return 1;
	case RV_KIND_MOUNT:
		return of_mount(ret, e);
	}
	return of_kernel(ret, e);
}

static int put_address(uint8_t protocol, const char *text, char *ret, size_t size)
{
	unsigned port =
	    (unsigned)(uint8_t)text[RV_ADDRESS_TEXT - 2] << 8 | (uint8_t)text[RV_ADDRESS_TEXT - 1];
	char address[INET6_ADDRSTRLEN], number[8];
	const char *name = protocol == IPPROTO_TCP   ? "tcp"
			   : protocol == IPPROTO_UDP ? "udp"
						     : number;

	snprintf(number, sizeof(number), "%u", protocol);
	inet_ntop(text[0] == 4 ? AF_INET : AF_INET6, text + 1, address, sizeof(address));
	return snprintf(ret, size, text[0] == 4 ? "%s:%u/%s" : "[%s]:%u/%s", address, port, name);
}

size_t asked_object(unsigned subject, uint32_t which, uint8_t protocol, const char *text,
		    size_t len, char ret[static ASKED_OBJECT_MAX])
{
	const char *name = NULL;

	switch (subject) {
	case RV_SUBJECT_NETWORK:
		return (size_t)put_address(protocol, text, ret, ASKED_OBJECT_MAX);
	case RV_SUBJECT_CAPABILITY:
		name = event_view_name(VIEW_CAPABILITY, which);
		break;
	case RV_SUBJECT_KERNEL:
		name = event_kind_name(which);
		break;
	default:
		len = len < ASKED_OBJECT_MAX ? len : ASKED_OBJECT_MAX;
		if (len)
			memcpy(ret, text, len);
		return len;
	}
	return (size_t)snprintf(ret, ASKED_OBJECT_MAX, "%s", name ? name : "unknown");
}

uint64_t asked_kinds(unsigned subject)
{
#define BIT(NAME) (1ull << RV_KIND_##NAME)
	uint64_t kinds = 0;

	switch (subject) {
	case RV_SUBJECT_EXEC: /* a script whose exec fails is known by the open alone */
		return BIT(EXEC) | BIT(OPEN);
	case RV_SUBJECT_FILE:
		return BIT(OPEN) | BIT(CREATE) | BIT(UNLINK) | BIT(RENAME) | BIT(LINK) |
		       BIT(SYMLINK) | BIT(CHMOD) | BIT(CHOWN) | BIT(TRUNCATE) | BIT(SETXATTR) |
		       BIT(REMOVEXATTR) | BIT(IOCTL) | BIT(MOUNT);
	case RV_SUBJECT_UNIX:
	case RV_SUBJECT_NETWORK:
		return BIT(CONNECT) | BIT(BIND) | BIT(SEND);
	case RV_SUBJECT_MEMORY:
		return BIT(MMAP) | BIT(MPROTECT);
	case RV_SUBJECT_CAPABILITY:
		return BIT(CAPABILITY);
	case RV_SUBJECT_KERNEL:
		for (unsigned k = 0; k < RV_KIND_MAX; k++)
			if (policy_kind_decided(k))
				kinds |= 1ull << k;
	}
	return kinds;
}
