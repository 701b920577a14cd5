/* SPDX-License-Identifier: Apache-2.0 */
/* See seqs.h. */
#include "sidecar/node/seqs.h"
#include <errno.h>
#include <stdlib.h>

int seqs_add(struct seqs *list, uint64_t number)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 64;
		uint64_t *grown = realloc(list->of, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->of = grown;
		list->size = size;
	}
	list->of[list->n++] = number;
	return 0;
}
