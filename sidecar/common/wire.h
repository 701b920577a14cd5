/* SPDX-License-Identifier: Apache-2.0 */
/* The framed protocol on both unix sockets: a fixed little-endian head, then length bytes.
 * One decoder for every reader, and it is a fuzz target. An unknown type is skipped by its
 * length, an unknown version or magic is refused. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC 0x45564552u /* "REVE" */
#define WIRE_VERSION 1
#define WIRE_PAYLOAD_MAX (8u << 20) /* bytes */

enum wire_type {
	/* agent -> node */
	WIRE_HELLO = 1, /* JSON, the container's meta (meta.h); first frame of a stream */
	WIRE_RECORDS =
	    2, /* ring records, each padded to 8 bytes; position: spool offset behind them */
	WIRE_STATE = 3, /* struct rv_counters as of now */
	WIRE_END = 4,	/* the cgroup is empty, CLOSE has been sent; answered by an ACK */
	/* node -> agent */
	WIRE_WELCOME = 16, /* the hello is accepted */
	WIRE_ACK = 17, /* position: everything up to it is committed; END: its position echoed */
	WIRE_REFUSED = 18, /* text: why; the node closes the stream */
	/* client -> node */
	WIRE_QUERY = 32, /* JSON object: {"verb":"logs|ps|ledger|status", ...} (node/query.h) */
	/* node -> client */
	WIRE_DATA = 48, /* a piece of the answer's bytes */
	WIRE_DONE =
	    49, /* JSON object {"status":0} or {"status":errno,"error":"..."}; the last frame */
};

struct wire_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint32_t length; /* payload bytes */
	uint32_t reserved;
	uint64_t stream; /* rv_state.generation; 0 for queries */
	uint64_t position;
};

struct wire_frame {
	struct wire_head head; /* host order */
	const uint8_t *payload;
};

/* Writes the head as it goes on the wire. out: sizeof(struct wire_head) bytes. */
void wire_encode_head(const struct wire_head *head, uint8_t *out);

/* Decodes the frame at the start of data. Returns the bytes it takes, 0 when more are needed,
 * -EPROTO (bad magic), -EPROTONOSUPPORT (version), -EMSGSIZE (length over WIRE_PAYLOAD_MAX).
 * The payload points into data. */
long wire_decode(const uint8_t *data, size_t len, struct wire_frame *ret);

/* A growing receive buffer and a send buffer for one non-blocking socket. */
struct wire_buf {
	uint8_t *data;
	size_t len;  /* bytes in use */
	size_t done; /* bytes already consumed or sent from the front */
	size_t size;
};
void wire_buf_release(struct wire_buf *b);
/* Appends a frame. -ENOMEM. */
int wire_put(struct wire_buf *b, uint16_t type, uint64_t stream, uint64_t position,
	     const void *payload, size_t len);
/* Appends bytes that are no frame. -ENOMEM. */
int wire_put_bytes(struct wire_buf *b, const void *data, size_t len);
/* Reads what is there. 1: got bytes, 0: nothing now, -ECONNRESET: peer closed, else -errno. */
int wire_fill(struct wire_buf *b, int fd);
/* Next whole frame in the buffer: 1, or 0 when there is none, or wire_decode's error. The
 * payload stays valid until the next wire_fill. */
int wire_next(struct wire_buf *b, struct wire_frame *ret);
/* Sends what it can (MSG_NOSIGNAL). 0: all sent, 1: some left, else -errno. */
int wire_flush(struct wire_buf *b, int fd);
