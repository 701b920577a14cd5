/* SPDX-License-Identifier: Apache-2.0 */
/* Names and small conversions for event_text.c and event_json.c: one table per enumeration of
 * abi.h, so that both formats say the same word for the same number. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "event_view.h"
#include "util.h"
#include "when.h"

uint64_t event_view_number(const struct event *e, const struct event_field *f)
{
	const char *at = (const char *)&e->head + f->offset;
	uint64_t n64;
	uint32_t n32;

	if (f->size == 8) {
		memcpy(&n64, at, 8);
		return n64;
	}
	memcpy(&n32, at, 4);
	return n32;
}

void event_view_time(const struct event *e, const struct event_context *c,
		     char ret[static VIEW_TIME_SIZE])
{
	when_put(event_minus(e->head.tai_ns, c->tai_offset_ns), ret);
}

const char *event_view_args_state(const struct event *e)
{
	static const char *const names[] = {
	    [RV_ARGS_WHOLE] = "whole",	   [RV_ARGS_BULK] = "bulk",
	    [RV_ARGS_LOST] = "lost",	   [RV_ARGS_UNREADABLE] = "unreadable",
	    [RV_ARGS_CLAIMED] = "claimed", [RV_ARGS_CLAIMED_BULK] = "claimed-bulk",
	};
	RV_ASSERT(ARRAY_SIZE(names) == RV_ARGS_CLAIMED_BULK + 1);
	unsigned state = e->exec.args_state;

	if (state == RV_ARGS_BULK && e->block)
		state = e->exec.args_missing ? RV_ARGS_UNREADABLE : RV_ARGS_WHOLE;
	if (state == RV_ARGS_CLAIMED_BULK && e->block)
		state = RV_ARGS_CLAIMED;
	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

const char *event_view_phase(unsigned phase)
{
	static const char *const names[] = {
	    [RV_PHASE_NONE] = NULL, [RV_PHASE_SETUP] = "setup", [RV_PHASE_ARMED] = "armed"};

	return phase < ARRAY_SIZE(names) ? names[phase] : "unknown";
}

const char *event_view_family(unsigned family)
{
	static const char *const names[] = {
	    [AF_UNSPEC] = "unspec", [AF_UNIX] = "unix",		  [AF_INET] = "inet",
	    [AF_INET6] = "inet6",   [AF_NETLINK] = "netlink",	  [AF_PACKET] = "packet",
	    [AF_ALG] = "alg",	    [AF_BLUETOOTH] = "bluetooth", [AF_VSOCK] = "vsock",
	    [AF_XDP] = "xdp",	    [AF_TIPC] = "tipc",		  [AF_CAN] = "can",
	};

	return family < ARRAY_SIZE(names) ? names[family] : NULL;
}

const char *event_view_error_counter(unsigned i)
{
	static const char *const names[] = {
	    [RV_ERROR_SCRATCH] = "scratch", [RV_ERROR_PATH] = "path",
	    [RV_ERROR_STORAGE] = "storage", [RV_ERROR_ARGS] = "args",
	    [RV_ERROR_RING] = "ring",	    [RV_ERROR_NOTE] = "note",
	    [RV_ERROR_LOADED] = "loaded",
	};

	return i < ARRAY_SIZE(names) ? names[i] : NULL;
}

const char *event_view_errno(int error)
{
	if (error < 0 && error > -4096)
		error = -error;
	return error > 0 ? strerrorname_np(error) : NULL;
}

const char *event_view_signal(unsigned signal, char *buf, size_t size)
{
	const char *name;

	if (signal == 0)
		return NULL;
	name = signal < 65 ? sigabbrev_np((int)signal) : NULL;
	if (name)
		snprintf(buf, size, "SIG%s", name);
	else if (signal >= 34 && signal <= 64)
		snprintf(buf, size, "SIGRTMIN+%u", signal - 34);
	else
		snprintf(buf, size, "%u", signal);
	return buf;
}

bool event_view_has_port(const struct rv_address *a)
{
	return a->family == AF_INET || a->family == AF_INET6 || a->family == AF_VSOCK ||
	       a->family == AF_NETLINK || a->family == AF_PACKET;
}

bool event_view_address(const struct rv_address *a, char ret[static EVENT_ADDRESS_SIZE])
{
	uint32_t cid;
	size_t len;

	switch (a->family) {
	case AF_INET:
	case AF_INET6:
		if (!inet_ntop((int)a->family, a->addr, ret, EVENT_ADDRESS_SIZE))
			return false;
		len = strlen(ret);
		if (a->family == AF_INET6 && a->scope_id)
			snprintf(ret + len, EVENT_ADDRESS_SIZE - len, "%%%u", a->scope_id);
		return true;
	case AF_VSOCK:
		memcpy(&cid, a->addr, sizeof(cid));
		snprintf(ret, EVENT_ADDRESS_SIZE, "%u", cid);
		return true;
	case AF_PACKET:
		if (a->len == 0 || a->len > sizeof(a->addr))
			return false;
		for (unsigned i = 0; i < a->len; i++)
			snprintf(ret + 3 * i, 4, "%02x:", a->addr[i]);
		ret[3 * a->len - 1] = '\0';
		return true;
	default:
		return false;
	}
}

bool event_view_next_arg(const struct event *e, size_t *pos, const char **ret, size_t *ret_len)
{
	const char *s, *end;

	if (!e->block || *pos >= e->args_len)
		return false;
	s = e->block + *pos;
	end = memchr(s, '\0', e->args_len - *pos);
	*ret = s;
	*ret_len = end ? (size_t)(end - s) : e->args_len - *pos;
	*pos += *ret_len + 1;
	return true;
}
