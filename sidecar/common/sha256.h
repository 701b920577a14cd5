/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), for naming a policy by its content. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, uint8_t ret[static SHA256_SIZE]);
