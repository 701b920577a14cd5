/* SPDX-License-Identifier: Apache-2.0 */
/* See exes.h. */
#include "sidecar/node/exes.h"
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

static struct exe *slot_of(struct exes *x, uint64_t seq)
{
	return &x->slots[seq % EXES_SIZE];
}

void exes_release(struct exes *x)
{
	for (unsigned i = 0; i < EXES_SIZE; i++)
		free(x->slots[i].path);
}

void exes_remember(struct exes *x, const struct event *exec)
{
	struct exe *slot = slot_of(x, exec->head.seq);
	size_t len = exec->path_len;
	char *copy = len ? malloc(len) : NULL;
	const char *title;

	if (!copy)
		return;
	memcpy(copy, exec->path, len);
	free(slot->path);
	*slot = (struct exe){.seq = exec->head.seq, .path = copy, .len = len};
	title = event_title(exec, &slot->title_len);
	if (slot->title_len > 0)
		memcpy(slot->title, title, slot->title_len);
}

const struct exe *exes_find(struct exes *x, struct store *s, struct life *l, const struct event *e)
{
	uint64_t seq = e->head.exec_seq;
	_free_ uint8_t *record = NULL;
	struct event exec;
	size_t len;

	if (seq == 0)
		return NULL;
	if (slot_of(x, seq)->seq != seq && store_get_record(s, l, seq, &record, &len) == 0 &&
	    event_decode(record, len, &exec) > 0 && exec.head.kind == RV_KIND_EXEC)
		exes_remember(x, &exec);
	return slot_of(x, seq)->seq == seq ? slot_of(x, seq) : NULL;
}
