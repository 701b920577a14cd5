/* SPDX-License-Identifier: Apache-2.0 */
/* See made.h. */
#include "tests/unit/learn/made.h"
#include <string.h>

struct event made(unsigned kind, uint64_t seq, uint32_t pid, const char *path, const char *second,
		  const char *third)
{
	const char *strings[] = {path, second, third};
	struct event e = {.head = {.kind = (uint16_t)kind,
				   .seq = seq,
				   .pid = pid,
				   .exec_seq = 1,
				   .phase = RV_PHASE_ARMED,
				   .verdict = RV_VERDICT_ALLOWED}};

	for (unsigned i = 0; i < 3; i++)
		if (strings[i])
			e.strings[i] = (struct event_string){strings[i], strlen(strings[i])};
	e.path = path;
	e.path_len = e.strings[0].len;
	return e;
}

struct event made_open(uint64_t seq, uint32_t pid, const char *path, uint32_t access)
{
	struct event e = made(RV_KIND_OPEN, seq, pid, path, NULL, NULL);

	e.open.access = access;
	return e;
}

struct event made_exec(uint64_t seq, uint32_t pid, const char *path, const char *script)
{
	struct event e = made(RV_KIND_EXEC, seq, pid, path, path, script);

	e.head.hook = RV_HOOK_EXEC_DONE;
	return e;
}

unsigned made_below(unsigned n)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}
