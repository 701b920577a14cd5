// SPDX-License-Identifier: Apache-2.0
/*
 * seedrng.c: fill the kernel's random pool from fixed bytes, so that two boots of
 * the counting guest (ICOUNT=1) draw the same numbers. Runs in the initramfs before
 * anything else. Never for a machine whose secrets matter.
 */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define SEED_BYTES 64

int main(void)
{
	struct {
		struct rand_pool_info info;
		unsigned char bytes[SEED_BYTES];
	} seed = { .info = { .entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES } };
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	for (unsigned i = 0; i < SEED_BYTES; i++)
		seed.bytes[i] = (unsigned char)(i * 7 + 1);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &seed) < 0 || ioctl(fd, RNDRESEEDCRNG, 0) < 0) {
		perror("seedrng: seeding /dev/urandom");
		return 1;
	}
	return 0;
}
