/* SPDX-License-Identifier: Apache-2.0 */
/* A list of records' numbers. Zeroed is empty; its owner frees `of`. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct seqs {
	uint64_t *of;
	size_t n, size;
};
int seqs_add(struct seqs *list, uint64_t number); /* -ENOMEM */
