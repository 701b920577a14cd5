/* SPDX-License-Identifier: Apache-2.0 */
/* How `logs` answers in the format "raw": for each record this head, in host order, the record's
 * bytes as the kernel made them, and zeroes up to a multiple of 8. Both ends are of one build, on
 * one host. Argument blocks too big for their record are not there. */
#pragma once
#include <stdint.h>

struct row_head {
	int64_t wall_ns; /* when it was, on CLOCK_REALTIME */
	uint64_t seq;
	uint64_t len; /* of the record */
};

#define ROW_LEN_MAX (16u << 20) /* of a record; the decoder's own bound is lower */
#define ROW_SPACE(len) (((len) + 7) & ~(uint64_t)7)
