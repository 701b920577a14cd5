/* SPDX-License-Identifier: Apache-2.0 */
/* See seal.h. It is smaller than a sector: a power cut leaves the old one or the new one. */
#include "sidecar/node/seal.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"

static const char magic[8] = {'r', 'e', 'e', 'v', 'e', 's', 'l', '1'};

struct image {
	char magic[sizeof(magic)];
	struct seal seal;
	uint8_t check[CRYPT_DIGEST];
};
_Static_assert(sizeof(struct image) <= 512, "in one sector");

static void check_of(const struct image *i, uint8_t ret[static CRYPT_DIGEST])
{
	const struct crypt_part part = {i, offsetof(struct image, check)};

	crypt_hash(&part, 1, ret, CRYPT_DIGEST);
}

static void fill(struct image *ret, const struct seal *s)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->magic, magic, sizeof(magic));
	ret->seal = *s;
	check_of(ret, ret->check);
}

static int load(const char *path, int mode, struct seal *ret, int *ret_fd)
{
	_close_ int fd = open(path, mode | O_CLOEXEC | O_NOFOLLOW);
	uint8_t check[CRYPT_DIGEST];
	struct image image = {};
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, &image, sizeof(image), 0);
	if (n < 0)
		return -errno;
	check_of(&image, check);
	if (n != (ssize_t)sizeof(image) || memcmp(image.magic, magic, sizeof(magic)) != 0 ||
	    memcmp(image.check, check, sizeof(check)) != 0)
		return -EUCLEAN;
	*ret = image.seal;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	crypt_wipe(&image, sizeof(image));
	return 0;
}

int seal_open(const char *path, struct seal *ret, int *ret_fd)
{
	return load(path, O_RDWR, ret, ret_fd);
}

int seal_read(const char *path, struct seal *ret)
{
	return load(path, O_RDONLY, ret, NULL);
}

int seal_make(const char *path, const struct seal *s, int *ret_fd)
{
	struct image image;
	int fd, r;

	fill(&image, s);
	r = util_write_file(path, &image, sizeof(image), 0600);
	crypt_wipe(&image, sizeof(image));
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int seal_put(int fd, const struct seal *s, bool sync)
{
	struct image image;
	ssize_t n;

	fill(&image, s);
	n = pwrite(fd, &image, sizeof(image), 0);
	crypt_wipe(&image, sizeof(image));
	if (n != (ssize_t)sizeof(image))
		return n < 0 ? -errno : -EIO;
	return sync && fdatasync(fd) < 0 ? -errno : 0;
}
