/* SPDX-License-Identifier: Apache-2.0 */
/* What a record can be asked for by, as short strings of bytes: the filter judges them one by one, the
 * index keeps where they are. Both by this one list. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/event.h"

enum term {
	TERM_KIND,    /* 1 byte, RV_KIND_* */
	TERM_VERDICT, /* 1 byte, RV_VERDICT_* */
	TERM_PID,     /* 4 bytes, as the others below the highest first; as host and container have it */
	TERM_UID,     /* 4 bytes, real and effective */
	TERM_RULE,    /* 4 bytes */
	TERM_PATH,    /* every path of the record */
	TERM_EXEC,    /* the acting executable, of an exec what is executed, too */
	TERM_TAG,     /* of the file */
	TERM_ADDRESS, /* TERM_ADDRESS_SIZE bytes: 4 or 6, the address (IPv4: 4 bytes and zeroes), the port */
	TERMS,
};

#define TERM_ADDRESS_SIZE 19
#define TERM_BIT(t) (1u << (t))

typedef void (*terms_each)(void *arg, enum term t, const uint8_t *value, size_t len);

/* Calls each for every value of the terms in mask; one may come twice. exe: of the acting process, NULL
 * unknown. */
void terms_of(const struct event *e, const char *exe, size_t exe_len, uint32_t mask, terms_each each,
	      void *arg);

static inline uint32_t terms_u32(const uint8_t v[static 4])
{
	return (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 | (uint32_t)v[2] << 8 | v[3];
}
