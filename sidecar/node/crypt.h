/* SPDX-License-Identifier: Apache-2.0 */
/* The cryptography of the chain, and the one door to it: BLAKE2b and Ed25519 of libsodium, with keys that
 * follow from one another and never back, and SHA-256 of nettle, which has the processor do it where it can.
 * Nothing here allocates, blocks or fails but crypt_init. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPT_DIGEST 16 /* bytes, of one record */
#define CRYPT_HASH 32
#define CRYPT_SEED 32
#define CRYPT_KEY 32 /* public */
#define CRYPT_SIGNATURE 64

struct crypt_key {
	uint8_t public[CRYPT_KEY];
	uint8_t secret[64];
};

/* -EIO: the system gives no random bytes. May be called again. */
int crypt_init(void);
void crypt_random(void *ret, size_t len);
void crypt_wipe(void *data, size_t len);

struct crypt_part {
	const void *data;
	size_t len;
};
/* BLAKE2b of CRYPT_DIGEST bytes, of the parts one after the other. */
void crypt_digest(const struct crypt_part *parts, unsigned n, uint8_t ret[static CRYPT_DIGEST]);
/* SHA-256, of the parts one after the other; size: CRYPT_HASH, or CRYPT_DIGEST for as many of its bytes. */
void crypt_hash(const struct crypt_part *parts, unsigned n, uint8_t *ret, size_t size);

/* The seed of the next key, in place of this one's: there is no way back. */
void crypt_next(uint8_t seed[static CRYPT_SEED]);
void crypt_key_of(const uint8_t seed[static CRYPT_SEED], struct crypt_key *ret);
void crypt_sign(const struct crypt_key *k, const uint8_t hash[static CRYPT_HASH],
		uint8_t ret[static CRYPT_SIGNATURE]);
bool crypt_verify(const uint8_t public[static CRYPT_KEY], const uint8_t hash[static CRYPT_HASH],
		  const uint8_t signature[static CRYPT_SIGNATURE]);
