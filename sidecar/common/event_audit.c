/* SPDX-License-Identifier: Apache-2.0 */
/* An event as audit log lines: SYSCALL (event_audit_syscall.c) for who did it and what came of it,
 * UNKNOWN[1427] with all the record says (event_audit_fields.c), and here the lines the kernel's
 * audit would add: BPF, EXECVE, SOCKADDR, PATH, PROCTITLE. Driven by the event table: a kind
 * without a word here is an act all the same. What is not known is left out. */
#include "event_audit.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "quote.h"
#include "util.h"

#define EXECVE_PART 7500   /* digits of an argument in a line, as the kernel does it */

void audit_begin(struct audit_lines *l, const char *type)
{
	l->len = 0;
	audit_printf(l, "type=%s %s", type, l->stamp);
}

void audit_end(struct audit_lines *l)
{
	putc_unlocked('\n', l->f);
}

void audit_printf(struct audit_lines *l, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vfprintf(l->f, fmt, args);
	va_end(args);
	if (n > 0)
		l->len += (size_t)n;
}

void audit_bytes(struct audit_lines *l, const char *key, const char *s, size_t len)
{
	audit_printf(l, " %s=", key);
	l->len += quote_audit(l->f, s, len);
}

/* Whether the kind has a number of that name. */
static bool number_named(const struct event *e, const char *name, uint64_t *ret)
{
	const struct event_kind *k = event_kind(e->head.kind);

	for (unsigned i = 0; k && i < k->fields_n; i++) {
		const struct event_field *f = &k->fields[i];

		if (!f->string && f->size <= 8 && strcmp(f->name, name) == 0) {
			*ret = event_view_number(e, f);
			return true;
		}
	}
	return false;
}

/* Records about the record itself: nobody's act. */
static bool is_account(const struct event *e)
{
	unsigned kind = e->head.kind;

	return kind == 0 || kind == RV_KIND_ARMED || kind == RV_KIND_CHECKPOINT ||
	       kind == RV_KIND_CLOSE || kind == RV_KIND_REPEAT || kind == RV_KIND_POLICY;
}

/* nth: of the event's paths. */
static const char *nametype(const struct event *e, unsigned nth)
{
	switch (e->head.kind) {
	case RV_KIND_UNLINK:
		return "DELETE";
	case RV_KIND_RENAME:
		return nth == 0 ? "DELETE" : "CREATE";
	case RV_KIND_LINK:
		return nth == 0 ? "NORMAL" : "CREATE";
	case RV_KIND_CREATE:
	case RV_KIND_SYMLINK:
	case RV_KIND_BIND:
		return "CREATE";
	default:
		return "NORMAL";
	}
}

/* inode and the rest are of the first path, and of the other name of the same file. */
static void put_inode(struct audit_lines *l, unsigned nth)
{
	const struct event *e = l->e;
	uint64_t ino, dev, n;

	if (nth > 0 && e->head.kind != RV_KIND_RENAME && e->head.kind != RV_KIND_LINK)
		return;
	if (number_named(e, "ino", &ino) && number_named(e, "dev", &dev) && ino)
		audit_printf(l, " inode=%llu dev=%02x:%02x", (unsigned long long)ino,
			     event_view_major((unsigned)dev), event_view_minor((unsigned)dev));
	if (number_named(e, "mode", &n))
		audit_printf(l, " mode=%#llo", (unsigned long long)n);
	if (number_named(e, "old_uid", &n))
		audit_printf(l, " ouid=%llu", (unsigned long long)n);
	if (number_named(e, "old_gid", &n))
		audit_printf(l, " ogid=%llu", (unsigned long long)n);
	if (number_named(e, "rdev", &n))
		audit_printf(l, " rdev=%02x:%02x", event_view_major((unsigned)n),
			     event_view_minor((unsigned)n));
}

/* Writes the PATH lines, or (l NULL) counts them. An abstract socket's name is no path. */
static unsigned put_paths(struct audit_lines *l, const struct event *e)
{
	const struct event_kind *k = event_kind(e->head.kind);
	const struct event_string *s = e->strings;
	unsigned n = 0, nth = 0;

	for (unsigned i = 0; k && i < k->fields_n; i++) {
		const struct event_field *f = &k->fields[i];
		const struct event_string *path = f->string ? s++ : NULL;

		if (!path || f->view != VIEW_PATH)
			continue;
		if (path->len > 0 && path->s[0] != '\0') {
			if (l) {
				audit_begin(l, "PATH");
				audit_printf(l, " item=%u", n);
				audit_bytes(l, "name", path->s, path->len);
				put_inode(l, nth);
				audit_printf(l, " nametype=%s", nametype(e, nth));
				audit_end(l);
			}
			n++;
		}
		nth++;
	}
	return n;
}

static bool is_bpf(unsigned kind)
{
	return kind == RV_KIND_BPF_LOAD || kind == RV_KIND_BPF_UNLOAD;
}

static void put_bpf(struct audit_lines *l)
{
	if (!is_bpf(l->e->head.kind))
		return;
	audit_begin(l, "BPF");
	audit_printf(l, " prog-id=%u op=%s", l->e->bpf_load.id,
		     l->e->head.kind == RV_KIND_BPF_LOAD ? "LOAD" : "UNLOAD");
	audit_end(l);
}

/* The address as the caller's struct sockaddr had it. Returns its size, 0: none, or one that
 * ausearch drops the event for (an empty unix name). */
static size_t sockaddr_of(const struct event *e, struct sockaddr_storage *ret)
{
	bool local = e->head.kind == RV_KIND_BIND || e->head.kind == RV_KIND_LISTEN;
	const struct rv_address *a = local ? &e->connect.local : &e->connect.peer;
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	struct sockaddr_un *un = (void *)ret;
	struct sockaddr_nl *nl = (void *)ret;
	struct sockaddr_ll *ll = (void *)ret;
	struct sockaddr_vm *vm = (void *)ret;
	size_t len = e->path_len;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)a->family;
	switch (e->connect.family == AF_UNIX ? AF_UNIX : a->family) {
	case AF_UNIX:
		if (len == 0 || (e->path[0] == '\0' && (len == 1 || e->path[1] == '\0')))
			return 0;
		ret->ss_family = AF_UNIX;
		len = len < sizeof(un->sun_path) ? len : sizeof(un->sun_path);
		memcpy(un->sun_path, e->path, len);
		if (e->path[0] != '\0' && len < sizeof(un->sun_path))
			len++;
		return offsetof(struct sockaddr_un, sun_path) + len;
	case AF_INET:
		in->sin_port = htons((uint16_t)a->port);
		memcpy(&in->sin_addr, a->addr, sizeof(in->sin_addr));
		return sizeof(*in);
	case AF_INET6:
		in6->sin6_port = htons((uint16_t)a->port);
		memcpy(&in6->sin6_addr, a->addr, sizeof(in6->sin6_addr));
		in6->sin6_scope_id = a->scope_id;
		return sizeof(*in6);
	case AF_NETLINK:
		nl->nl_pid = a->port;
		nl->nl_groups = e->connect.groups;
		return sizeof(*nl);
	case AF_PACKET:
		ll->sll_protocol = htons((uint16_t)a->port);
		ll->sll_ifindex = (int)e->connect.netif;
		ll->sll_halen = (unsigned char)(a->len < sizeof(ll->sll_addr) ? a->len : sizeof(ll->sll_addr));
		memcpy(ll->sll_addr, a->addr, ll->sll_halen);
		return sizeof(*ll);
	case AF_VSOCK:
		vm->svm_port = a->port;
		memcpy(&vm->svm_cid, a->addr, sizeof(vm->svm_cid));
		return sizeof(*vm);
	default:
		return 0;
	}
}

static void put_sockaddr(struct audit_lines *l)
{
	const struct event_kind *k = event_kind(l->e->head.kind);
	struct sockaddr_storage address;
	size_t len;

	if (!k || strcmp(k->cause, "socket") != 0)
		return;
	len = sockaddr_of(l->e, &address);
	if (len == 0)
		return;
	audit_begin(l, "SOCKADDR");
	audit_printf(l, " saddr=");
	quote_hex(l->f, (const char *)&address, len);
	audit_end(l);
}

/* An argument that no line holds whole: hex, in numbered parts. */
static void put_parts(struct audit_lines *l, unsigned i, const char *s, size_t len)
{
	for (size_t at = 0, n, part = 0; at < len; at += n, part++) {
		n = len - at < EXECVE_PART / 2 ? len - at : EXECVE_PART / 2;
		if (l->len + 2 * n + 64 > AUDIT_LINE_MAX) {
			audit_end(l);
			audit_begin(l, "EXECVE");
		}
		if (part == 0)
			audit_printf(l, " a%u_len=%zu", i, 2 * len);
		audit_printf(l, " a%u[%zu]=", i, part);
		quote_hex(l->f, s + at, n);
		l->len += 2 * n;
	}
}

static void put_execve(struct audit_lines *l)
{
	const struct event *e = l->e;
	size_t pos = 0, len;
	const char *s;

	audit_begin(l, "EXECVE");
	audit_printf(l, " argc=%u", e->exec.argc);
	for (unsigned i = 0; i < e->exec.argc && event_view_next_arg(e, &pos, &s, &len); i++) {
		size_t size = quote_audit_size(s, len);
		char key[16];

		if (size > EXECVE_PART) {
			put_parts(l, i, s, len);
			continue;
		}
		if (l->len + size + sizeof(key) > AUDIT_LINE_MAX) {
			audit_end(l);
			audit_begin(l, "EXECVE");
		}
		snprintf(key, sizeof(key), "a%u", i);
		audit_bytes(l, key, s, len);
	}
	audit_end(l);
}

const char *event_title(const struct event *e, size_t *ret_len)
{
	size_t pos = 0, len;
	const char *s;

	for (unsigned i = 0; i < e->exec.argc && pos < EVENT_TITLE_MAX; i++)
		if (!event_view_next_arg(e, &pos, &s, &len))
			break;
	len = pos < EVENT_TITLE_MAX ? pos : EVENT_TITLE_MAX;
	while (len > 0 && (len > e->args_len || e->block[len - 1] == '\0'))
		len--;
	*ret_len = len;
	return e->block;
}

/* What an exec makes the title, or the acting program's. A BPF event has one in any case, as the
 * kernel's own has: where the arguments are not known, it is the comm. */
static void put_proctitle(struct audit_lines *l)
{
	const struct event *e = l->e;
	size_t len = l->c->title_len;
	const char *title = l->c->title;

	if (e->head.kind == RV_KIND_EXEC) {
		title = event_title(e, &len);
	} else if (!title && is_bpf(e->head.kind)) {
		title = e->head.comm;
		len = strnlen(title, sizeof(e->head.comm));
	}
	if (!title || len == 0)
		return;
	audit_begin(l, "PROCTITLE");
	audit_bytes(l, "proctitle", title, len);
	audit_end(l);
}

static void put_event(struct audit_lines *l)
{
	bool exec = l->e->head.kind == RV_KIND_EXEC && l->e->block;

	if (!is_account(l->e))
		audit_syscall(l, put_paths(NULL, l->e));
	audit_fields(l);
	put_bpf(l);
	if (exec)
		put_execve(l);
	put_sockaddr(l);
	put_paths(l, l->e);
	if (!is_account(l->e))
		put_proctitle(l);
}

char *event_to_audit(const struct event *e, const struct event_context *c)
{
	uint64_t wall = (uint64_t)event_minus(e->head.tai_ns, c->tai_offset_ns);
	char *text = NULL;
	size_t size = 0;
	struct audit_lines l = {.f = open_memstream(&text, &size), .e = e, .c = c};
	bool failed;

	if (!l.f)
		return NULL;
	snprintf(l.stamp, sizeof(l.stamp),
		 "msg=audit(%llu.%03u:%llu):", (unsigned long long)(wall / 1000000000u),
		 (unsigned)(wall / 1000000u % 1000u), (unsigned long long)e->head.seq);
	put_event(&l);
	failed = ferror(l.f) != 0;
	if (fclose(l.f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
