// SPDX-License-Identifier: Apache-2.0
/* See wire.h. A buffer grows with the bytes that came, never with the length a peer claims. */
#include "wire.h"
#include "util.h"
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define FILL_MIN (64u << 10)  /* bytes of room offered to one recv */
#define BUF_KEEP (256u << 10) /* bytes an emptied buffer may keep */
#define BUF_FRAME_MAX (sizeof(struct wire_head) + WIRE_PAYLOAD_MAX)

_Static_assert(sizeof(struct wire_head) == 32, "the head as it goes on the wire");

void wire_encode_head(const struct wire_head *head, uint8_t *out)
{
	struct wire_head h = {
	    .magic = htole32(head->magic),
	    .version = htole16(head->version),
	    .type = htole16(head->type),
	    .length = htole32(head->length),
	    .reserved = htole32(head->reserved),
	    .stream = htole64(head->stream),
	    .position = htole64(head->position),
	};

	memcpy(out, &h, sizeof(h));
}

long wire_decode(const uint8_t *data, size_t len, struct wire_frame *ret)
{
	struct wire_head h;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	h = (struct wire_head){
	    .magic = le32toh(h.magic),
	    .version = le16toh(h.version),
	    .type = le16toh(h.type),
	    .length = le32toh(h.length),
	    .reserved = le32toh(h.reserved),
	    .stream = le64toh(h.stream),
	    .position = le64toh(h.position),
	};
	if (h.magic != WIRE_MAGIC)
		return -EPROTO;
	if (h.version != WIRE_VERSION)
		return -EPROTONOSUPPORT;
	if (h.length > WIRE_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (len - sizeof(h) < h.length)
		return 0;
	ret->head = h;
	ret->payload = data + sizeof(h);
	return (long)(sizeof(h) + h.length);
}

void wire_buf_release(struct wire_buf *b)
{
	free(b->data);
	*b = (struct wire_buf){};
}

/* Room for more bytes behind b->len; moves what is left to the front first. */
static int reserve(struct wire_buf *b, size_t more)
{
	size_t size = b->size ? b->size : 4096;
	uint8_t *data;

	if (b->done > 0 && b->size - b->len < more) {
		memmove(b->data, b->data + b->done, b->len - b->done);
		b->len -= b->done;
		b->done = 0;
	}
	if (b->data && b->size - b->len >= more)
		return 0;
	while (size - b->len < more)
		size *= 2;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

static void forget_done(struct wire_buf *b)
{
	if (b->done < b->len)
		return;
	if (b->size > BUF_KEEP)
		wire_buf_release(b);
	b->done = b->len = 0;
}

int wire_put(struct wire_buf *b, uint16_t type, uint64_t stream, uint64_t position,
	     const void *payload, size_t len)
{
	struct wire_head head = {
	    .magic = WIRE_MAGIC,
	    .version = WIRE_VERSION,
	    .type = type,
	    .length = (uint32_t)len,
	    .stream = stream,
	    .position = position,
	};
	int r;

	if (len > WIRE_PAYLOAD_MAX)
		return -EMSGSIZE;
	r = reserve(b, sizeof(head) + len);
	if (r < 0)
		return r;
	wire_encode_head(&head, b->data + b->len);
	if (len > 0)
		memcpy(b->data + b->len + sizeof(head), payload, len);
	b->len += sizeof(head) + len;
	return 0;
}

int wire_put_bytes(struct wire_buf *b, const void *data, size_t len)
{
	int r = reserve(b, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int wire_fill(struct wire_buf *b, int fd)
{
	ssize_t n;
	int r;

	forget_done(b);
	if (b->len - b->done >= BUF_FRAME_MAX)
		return -ENOBUFS; /* the caller does not take its frames out */
	r = reserve(b, FILL_MIN);
	if (r < 0)
		return r;
	do
		n = recv(fd, b->data + b->len, b->size - b->len, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	b->len += (size_t)n;
	return 1;
}

int wire_next(struct wire_buf *b, struct wire_frame *ret)
{
	long n = b->data ? wire_decode(b->data + b->done, b->len - b->done, ret) : 0;

	if (n <= 0)
		return (int)n;
	b->done += (size_t)n;
	return 1;
}

int wire_flush(struct wire_buf *b, int fd)
{
	while (b->done < b->len) {
		ssize_t n = send(fd, b->data + b->done, b->len - b->done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 1 : -errno;
		b->done += (size_t)n;
	}
	forget_done(b);
	return 0;
}
