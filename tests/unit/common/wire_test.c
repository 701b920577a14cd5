// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/common/wire.h"
#include "tests/unit/tap.h"

static void release(struct wire_buf *b)
{
	wire_buf_release(b);
}
#define _buf_ __attribute__((cleanup(release)))

static const uint8_t golden[32] = {
    'R', 'E', 'V', 'E', 1, 0, 3, 0, 5, 0, 0, 0, 0, 0, 0, 0,
    8,	 7,   6,   5,	4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8,
};

static struct wire_head golden_head(void)
{
	return (struct wire_head){.magic = WIRE_MAGIC,
				  .version = WIRE_VERSION,
				  .type = WIRE_STATE,
				  .length = 5,
				  .stream = 0x0102030405060708u,
				  .position = 0x0807060504030201u};
}

TEST("the head's bytes on the wire are fixed")
{
	struct wire_head head = golden_head();
	uint8_t out[sizeof(head)];

	wire_encode_head(&head, out);
	CHECK(memcmp(out, golden, sizeof(out)) == 0);
}

TEST("decode: any cut asks for more, the whole gives the frame")
{
	uint8_t data[sizeof(golden) + 5];
	struct wire_frame f = {};

	memcpy(data, golden, sizeof(golden));
	memcpy(data + sizeof(golden), "hello", 5);
	for (size_t len = 0; len < sizeof(data); len++)
		CHECK_INT(wire_decode(data, len, &f), 0);
	CHECK(f.payload == NULL);
	CHECK_INT(wire_decode(data, sizeof(data), &f), sizeof(data));
	CHECK_INT(f.head.type, WIRE_STATE);
	CHECK_INT(f.head.length, 5);
	CHECK(f.head.stream == 0x0102030405060708u && f.head.position == 0x0807060504030201u);
	CHECK(memcmp(f.payload, "hello", 5) == 0);
}

static long decode_with(size_t offset, uint8_t value)
{
	uint8_t data[sizeof(golden) + 5] = {};
	struct wire_frame f;

	memcpy(data, golden, sizeof(golden));
	data[offset] = value;
	return wire_decode(data, sizeof(data), &f);
}

TEST("decode: other magic and version are refused, other types are not")
{
	CHECK_INT(decode_with(0, 'X'), -EPROTO);
	CHECK_INT(decode_with(3, 0), -EPROTO);
	CHECK_INT(decode_with(4, 2), -EPROTONOSUPPORT);
	CHECK_INT(decode_with(5, 1), -EPROTONOSUPPORT);
	CHECK_INT(decode_with(6, 200), 37);
}

TEST("decode: length at and over its bound")
{
	size_t size = sizeof(struct wire_head) + WIRE_PAYLOAD_MAX;
	_free_ uint8_t *data = calloc(1, size);
	struct wire_head head = golden_head();
	struct wire_frame f;

	head.length = WIRE_PAYLOAD_MAX;
	wire_encode_head(&head, data);
	CHECK_INT(wire_decode(data, size, &f), (long long)size);
	CHECK_INT(wire_decode(data, size - 1, &f), 0);
	head.length++;
	wire_encode_head(&head, data);
	CHECK_INT(wire_decode(data, size, &f), -EMSGSIZE);
	CHECK_INT(wire_decode(data, sizeof(head), &f), -EMSGSIZE);
}

TEST("put: payload at and over its bound")
{
	_buf_ struct wire_buf b = {};
	_free_ char *payload = calloc(1, WIRE_PAYLOAD_MAX + 1);

	CHECK_INT(wire_put(&b, 1, 0, 0, payload, WIRE_PAYLOAD_MAX + 1), -EMSGSIZE);
	CHECK_INT(b.len, 0);
	CHECK_INT(wire_put(&b, 1, 0, 0, payload, WIRE_PAYLOAD_MAX), 0);
	CHECK_INT(wire_put(&b, 2, 0, 0, NULL, 0), 0);
	CHECK_INT(b.len, WIRE_PAYLOAD_MAX + 64);
}

TEST("frames travel over a socket in order, whatever their size")
{
	static char payload[300000];
	_buf_ struct wire_buf out = {}, in = {};
	struct wire_frame f;
	size_t next = 0, sizes[] = {0, 1, 31, 4096, 65536, 300000, 7, 0};
	int pair[2], left = 1;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (char)(i * 31);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		CHECK_INT(wire_put(&out, (uint16_t)i, 9, i, payload, sizes[i]), 0);
	CHECK_INT(wire_fill(&in, pair[1]), 0);
	for (int rounds = 0; rounds < 10000 && next < ARRAY_SIZE(sizes); rounds++) {
		if (left)
			left = wire_flush(&out, pair[0]);
		REQUIRE(left >= 0);
		REQUIRE(wire_fill(&in, pair[1]) >= 0);
		while (wire_next(&in, &f) == 1) {
			CHECK_INT(f.head.type, (long long)next);
			CHECK_INT(f.head.length, (long long)sizes[next]);
			CHECK(memcmp(f.payload, payload, sizes[next]) == 0);
			next++;
		}
	}
	CHECK_INT(next, ARRAY_SIZE(sizes));
	CHECK_INT(out.len, 0);
	close(pair[0]);
	CHECK_INT(wire_fill(&in, pair[1]), -ECONNRESET);
	CHECK_INT(wire_put(&out, 1, 0, 0, "x", 1), 0);
	CHECK(wire_flush(&out, pair[1]) < 0);
	close(pair[1]);
}

TEST("a reader that never takes its frames out is bounded")
{
	static const char chunk[65536];
	_buf_ struct wire_buf in = {};
	int pair[2], r = 1;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	for (int i = 0; i < 1000 && r >= 0; i++) {
		(void)!send(pair[0], chunk, sizeof(chunk), MSG_NOSIGNAL);
		r = wire_fill(&in, pair[1]);
	}
	CHECK_INT(r, -ENOBUFS);
	CHECK(in.size <= 4 * (size_t)WIRE_PAYLOAD_MAX);
	close(pair[0]);
	close(pair[1]);
}

TEST("a bad head stops the stream")
{
	_buf_ struct wire_buf in = {};
	struct wire_frame f;
	int pair[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	CHECK_INT(wire_next(&in, &f), 0);
	CHECK_INT(send(pair[0], "0123456789abcdef0123456789abcdef", 32, 0), 32);
	CHECK_INT(wire_fill(&in, pair[1]), 1);
	CHECK_INT(wire_next(&in, &f), -EPROTO);
	close(pair[0]);
	close(pair[1]);
}

static bool put_twice(void)
{
	static const char payload[5000];
	_buf_ struct wire_buf b = {};

	return wire_put(&b, 1, 0, 0, payload, 10) == 0 &&
	       wire_put(&b, 1, 0, 0, payload, sizeof(payload)) == 0;
}

TEST("put: every allocation may fail")
{
	tap_each_malloc(put_twice);
}
