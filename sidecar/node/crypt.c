/* SPDX-License-Identifier: Apache-2.0 */
/* See crypt.h. */
#include "sidecar/node/crypt.h"
#include <errno.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(((struct crypt_key *)0)->secret) == crypto_sign_SECRETKEYBYTES, "");
_Static_assert(CRYPT_HASH == SHA256_DIGEST_SIZE && CRYPT_SEED == CRYPT_HASH, "");
_Static_assert(CRYPT_KEY == crypto_sign_PUBLICKEYBYTES, "");
_Static_assert(CRYPT_SEED == crypto_sign_SEEDBYTES, "");
_Static_assert(CRYPT_DIGEST >= crypto_generichash_BYTES_MIN, "");
_Static_assert(CRYPT_SIGNATURE == crypto_sign_BYTES, "");

int crypt_init(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

void crypt_random(void *ret, size_t len)
{
	randombytes_buf(ret, len);
}

void crypt_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

void crypt_digest(const struct crypt_part *parts, unsigned n, uint8_t ret[static CRYPT_DIGEST])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, CRYPT_DIGEST);
	for (unsigned i = 0; i < n; i++)
		if (parts[i].len > 0)
			crypto_generichash_update(&h, parts[i].data, parts[i].len);
	crypto_generichash_final(&h, ret, CRYPT_DIGEST);
}

void crypt_hash(const struct crypt_part *parts, unsigned n, uint8_t *ret, size_t size)
{
	struct sha256_ctx h;

	sha256_init(&h);
	for (unsigned i = 0; i < n; i++)
		if (parts[i].len > 0)
			sha256_update(&h, parts[i].len, parts[i].data);
	sha256_digest(&h, size, ret);
	sodium_memzero(&h, sizeof(h)); /* it may have been a seed */
}

void crypt_next(uint8_t seed[static CRYPT_SEED])
{
	static const char label[] = "reeve chain, next key 1";
	const struct crypt_part parts[] = {{label, sizeof(label)}, {seed, CRYPT_SEED}};
	uint8_t next[CRYPT_SEED];

	crypt_hash(parts, 2, next, sizeof(next));
	memcpy(seed, next, sizeof(next));
	sodium_memzero(next, sizeof(next));
}

void crypt_key_of(const uint8_t seed[static CRYPT_SEED], struct crypt_key *ret)
{
	crypto_sign_seed_keypair(ret->public, ret->secret, seed);
}

void crypt_sign(const struct crypt_key *k, const uint8_t hash[static CRYPT_HASH],
		uint8_t ret[static CRYPT_SIGNATURE])
{
	crypto_sign_detached(ret, NULL, hash, CRYPT_HASH, k->secret);
}

bool crypt_verify(const uint8_t public[static CRYPT_KEY], const uint8_t hash[static CRYPT_HASH],
		  const uint8_t signature[static CRYPT_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, hash, CRYPT_HASH, public) == 0;
}
