/* SPDX-License-Identifier: Apache-2.0 */
/* Network, the internet families: see say.h and network.h. */
#include "network.h"
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#define MPTCP 262
#define NOISE 77 /* bytes of what must not be recorded */

static char bytes[4096];

static int socket_(char **argv)
{
	int pair[2];

	(void)argv;
	say_socket("socket", "inet", "stream", 0, 1);
	sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	say_socket("socket", "inet6", "dgram", IPPROTO_UDP, 1);
	sock(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	say_socket("socket", "inet", "raw", IPPROTO_ICMP, 1);
	sock(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	say_socket("socket", "netlink", "raw", NETLINK_AUDIT, 1);
	sock(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
	say_socket("socket", "packet", "dgram", htons(0x0800), 1);
	sock(AF_PACKET, SOCK_DGRAM, htons(0x0800));
	/* A pair is two sockets. */
	say_socket("socket", "unix", "seqpacket", 0, 2);
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	/* The kernel's old habit: this is a packet socket. */
	say_socket("socket", "packet", "packet", htons(3), 1);
	MUST(socket(AF_INET, SOCK_PACKET, htons(3)) >= 0);
	/* Asked for, then found impossible. */
	say_socket("socket", "inet", "stream", IPPROTO_UDP, 1);
	MUST(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP) < 0 && errno == EPROTONOSUPPORT);
	say_socket("socket", "inet", "7", 77, 1);
	MUST(socket(AF_INET, 7, 77) < 0);
	/* Refused before anybody is asked. */
	say_none("socket", "protocol", 78);
	MUST(socket(AF_INET, 11, 78) < 0 && errno == EINVAL);
	/* Nothing but sockets makes a socket's record. */
	MUST(dup(pair[0]) >= 0);
	say_count("socket", "family", "\"unix\"", 2);
	return 0;
}

/* A server at address, which reads text, on a port of the kernel's choice; returns the port. */
static int serve(int family, int protocol, struct sockaddr *address, socklen_t len,
		 const char *text, int *ret_fd)
{
	int fd = sock(family, SOCK_STREAM, protocol);

	say(fd, (struct want){.kind = "bind", .laddr = text, .lport = PORT(0)});
	MUST(bind(fd, address, len) == 0);
	say(fd, (struct want){
		    .kind = "listen", .laddr = text, .lport = PORT(port_of(fd)), .backlog = 7});
	MUST(listen(fd, 7) == 0);
	*ret_fd = fd;
	return port_of(fd);
}

/* fd accepts; the server's and the client's address read local and foreign there. */
static int accept_of(int fd, int port, int client, const char *local, const char *foreign)
{
	int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	MUST(got >= 0);
	say(got, (struct want){.kind = "accept",
			       .laddr = local,
			       .lport = PORT(port),
			       .faddr = foreign,
			       .fport = PORT(port_of(client))});
	return got;
}

static void tcp_plain(int protocol)
{
	int server, port = serve(AF_INET, protocol, in("127.0.0.1", 0), IN, "127.0.0.1", &server);
	int client = sock(AF_INET, SOCK_STREAM, protocol), fd,
	    file = open("/bin/busybox", O_RDONLY);

	say(client, (struct want){.kind = "connect", .faddr = "127.0.0.1", .fport = PORT(port)});
	MUST(connect(client, in("127.0.0.1", port), IN) == 0);
	fd = accept_of(server, port, client, "127.0.0.1", "127.0.0.1");
	/* Down a connection, also with an address nobody looks at. */
	say_none("send", "size", NOISE);
	MUST(send(client, bytes, NOISE, 0) == NOISE);
	MUST(sendto(client, bytes, NOISE, 0, in("127.0.0.9", 9), IN) == NOISE);
	MUST(write(fd, bytes, NOISE) == NOISE);
	MUST(sendfile(client, file, NULL, NOISE) == NOISE);
	MUST(shutdown(client, SHUT_RDWR) == 0);
	say_count("accept", "lport", port_or_null(PORT(port)), 1);
	say_count("connect", "fport", port_or_null(PORT(port)), 1);
	close(client);
	close(fd);
	close(server);
}

static int tcp(char **argv)
{
	int server, port, client = sock(AF_INET, SOCK_STREAM, 0), fd, somaxconn = 0;
	struct sockaddr none = {.sa_family = AF_UNSPEC}, *odd;
	FILE *f = fopen("/proc/sys/net/core/somaxconn", "r");

	(void)argv;
	tcp_plain(0);
	tcp_plain(MPTCP);
	/* The wildcard, a client with an address of its own, an interface, a second connect. */
	port = serve(AF_INET, 0, in("0.0.0.0", 0), IN, "0.0.0.0", &server);
	MUST(setsockopt(client, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0);
	say(client, (struct want){.kind = "bind", .laddr = "127.0.0.2", .lport = PORT(0)});
	MUST(bind(client, in("127.0.0.2", 0), IN) == 0);
	say(client, (struct want){.kind = "connect",
				  .laddr = "127.0.0.2",
				  .lport = PORT(port_of(client)),
				  .faddr = "127.0.0.3",
				  .fport = PORT(port)});
	MUST(connect(client, in("127.0.0.3", port), IN) == 0);
	fd = accept_of(server, port, client, "127.0.0.3", "127.0.0.2");
	say(client,
	    (struct want){.kind = "connect", .laddr = "127.0.0.2", .lport = PORT(port_of(client))});
	MUST(connect(client, &none, sizeof(none)) == 0);
	close(fd);
	/* Refused by the other side, nobody having listened: still an attempt. */
	close(server);
	client = sock(AF_INET, SOCK_STREAM, 0);
	say(client, (struct want){.kind = "connect", .faddr = "127.0.0.4", .fport = PORT(port)});
	MUST(connect(client, in("127.0.0.4", port), IN) < 0 && errno == ECONNREFUSED);
	/* Never bound; the backlog's limit. */
	fd = sock(AF_INET, SOCK_STREAM, 0);
	MUST(f && fscanf(f, "%d", &somaxconn) == 1);
	say(fd, (struct want){.kind = "listen", .backlog = somaxconn});
	MUST(listen(fd, -1) == 0);
	/* AF_UNSPEC is AF_INET to bind, if the address is the wildcard. */
	fd = sock(AF_INET, SOCK_STREAM, 0);
	say(fd, (struct want){.kind = "bind", .laddr = "0.0.0.0", .lport = PORT(port)});
	odd = in("0.0.0.0", port);
	odd->sa_family = AF_UNSPEC;
	MUST(bind(fd, odd, IN) == 0);
	/* Too short for an address. */
	fd = sock(AF_INET, SOCK_STREAM, 0);
	say(fd, (struct want){.kind = "bind"});
	MUST(bind(fd, in("127.0.0.1", 0), 4) < 0 && errno == EINVAL);
	return 0;
}

static int tcp6(char **argv)
{
	int server, client, fd, port;

	(void)argv;
	port = serve(AF_INET6, 0, in6("::1", 0, 0), IN6, "::1", &server);
	client = sock(AF_INET6, SOCK_STREAM, 0);
	say(client, (struct want){.kind = "connect", .faddr = "::1", .fport = PORT(port)});
	MUST(connect(client, in6("::1", port, 0), IN6) == 0);
	close(accept_of(server, port, client, "::1", "::1"));
	/* IPv4 inside IPv6, as asked for: a server for both, clients of either family. */
	port = serve(AF_INET6, 0, in6("::", 0, 0), IN6, "::", &server);
	client = sock(AF_INET6, SOCK_STREAM, 0);
	say(client, (struct want){.kind = "bind", .laddr = "::ffff:127.0.0.5", .lport = PORT(0)});
	MUST(bind(client, in6("::ffff:127.0.0.5", 0, 0), IN6) == 0);
	say(client, (struct want){.kind = "connect",
				  .laddr = "::ffff:127.0.0.5",
				  .lport = PORT(port_of(client)),
				  .faddr = "::ffff:127.0.0.1",
				  .fport = PORT(port)});
	MUST(connect(client, in6("::ffff:127.0.0.1", port, 0), IN6) == 0);
	close(accept_of(server, port, client, "::ffff:127.0.0.1", "::ffff:127.0.0.5"));
	client = sock(AF_INET, SOCK_STREAM, 0);
	say(client, (struct want){.kind = "connect", .faddr = "127.0.0.6", .fport = PORT(port)});
	MUST(connect(client, in("127.0.0.6", port), IN) == 0);
	fd = accept_of(server, port, client, "::ffff:127.0.0.6", "::ffff:127.0.0.1");
	close(fd);
	/* A link-local address and its scope; nobody is there. */
	client = sock(AF_INET6, SOCK_STREAM, 0);
	say(client, (struct want){.kind = "connect", .faddr = "fe80::1%1", .fport = PORT(9)});
	MUST(if_nametoindex("lo") == 1);
	MUST(connect(client, in6("fe80::1", 9, 1), IN6) < 0);
	/* A socket for IPv6 takes an IPv4 address for datagrams. */
	client = sock(AF_INET6, SOCK_DGRAM, 0);
	say(client, (struct want){.kind = "connect", .faddr = "127.0.0.7", .fport = PORT(9)});
	MUST(connect(client, in("127.0.0.7", 9), IN) == 0);
	return 0;
}

static void send_to(int fd, struct sockaddr *to, socklen_t len, size_t size)
{
	struct iovec iov = {bytes, size};
	struct msghdr m = {.msg_name = to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};

	MUST(sendmsg(fd, &m, 0) == (ssize_t)size);
}

static void send_many(int fd, struct sockaddr *const to[], unsigned n, size_t size)
{
	struct mmsghdr m[4] = {0};
	struct iovec iov[4];

	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct iovec){bytes, size + i};
		m[i].msg_hdr = (struct msghdr){
		    .msg_name = to[i], .msg_namelen = IN, .msg_iov = &iov[i], .msg_iovlen = 1};
	}
	MUST(sendmmsg(fd, m, n, 0) == (int)n);
}

static int udp(char **argv)
{
	int server = sock(AF_INET, SOCK_DGRAM, 0), fd = sock(AF_INET, SOCK_DGRAM, 0), port;
	struct sockaddr *odd;

	(void)argv;
	say(server, (struct want){.kind = "bind", .laddr = "0.0.0.0", .lport = PORT(0)});
	MUST(bind(server, in("0.0.0.0", 0), IN) == 0);
	port = port_of(server);
	say(fd,
	    (struct want){.kind = "send", .faddr = "127.0.0.1", .fport = PORT(port), .size = 10});
	MUST(sendto(fd, bytes, 10, 0, in("127.0.0.1", port), IN) == 10);
	/* The first message gave it a port. */
	say(fd, (struct want){.kind = "send",
			      .laddr = "0.0.0.0",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.2",
			      .fport = PORT(port),
			      .size = 0});
	send_to(fd, in("127.0.0.2", port), IN, 0);
	/* Of a row of messages to one address the kernel asks about the first alone. */
	say(fd, (struct want){.kind = "send",
			      .laddr = "0.0.0.0",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.3",
			      .fport = PORT(port),
			      .size = 20});
	say_none("send", "size", 21);
	say(fd, (struct want){.kind = "send",
			      .laddr = "0.0.0.0",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.4",
			      .fport = PORT(port),
			      .size = 22});
	send_many(fd,
		  (struct sockaddr *[]){in("127.0.0.3", port), in("127.0.0.3", port),
					in("127.0.0.4", port)},
		  3, 20);
	/* No family is IPv4 to it. */
	odd = in("127.0.0.5", port);
	odd->sa_family = AF_UNSPEC;
	say(fd, (struct want){.kind = "send",
			      .laddr = "0.0.0.0",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.5",
			      .fport = PORT(port),
			      .size = 30});
	MUST(sendto(fd, bytes, 30, 0, odd, IN) == 30);
	/* Connected: no address, no record; and one with an address all the same. */
	say(fd, (struct want){.kind = "connect",
			      .laddr = "0.0.0.0",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.6",
			      .fport = PORT(port)});
	MUST(connect(fd, in("127.0.0.6", port), IN) == 0);
	say_none("send", "size", NOISE);
	MUST(send(fd, bytes, NOISE, 0) == NOISE);
	MUST(sendto(fd, bytes, NOISE, 0, NULL, 0) == NOISE);
	send_to(fd, NULL, 0, NOISE);
	say(fd, (struct want){.kind = "send",
			      .laddr = "127.0.0.1",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.7",
			      .fport = PORT(port),
			      .size = 40});
	send_to(fd, in("127.0.0.7", port), IN, 40);
	return 0;
}

static int udp6(char **argv)
{
	int fd = sock(AF_INET6, SOCK_DGRAM, 0);

	(void)argv;
	say(fd, (struct want){.kind = "send", .faddr = "::1", .fport = PORT(9), .size = 11});
	MUST(sendto(fd, bytes, 11, 0, in6("::1", 9, 0), IN6) == 11);
	say(fd, (struct want){.kind = "send",
			      .laddr = "::",
			      .lport = PORT(port_of(fd)),
			      .faddr = "::ffff:127.0.0.1",
			      .fport = PORT(9),
			      .size = 12});
	sendto(fd, bytes, 12, 0, in6("::ffff:127.0.0.1", 9, 0),
	       IN6); /* ICMP of before may fail it */
	say(fd, (struct want){.kind = "send",
			      .laddr = "::",
			      .lport = PORT(port_of(fd)),
			      .faddr = "127.0.0.2",
			      .fport = PORT(9),
			      .size = 13});
	sendto(fd, bytes, 13, 0, in("127.0.0.2", 9), IN);
	return 0;
}

/* Raw: a protocol, no ports of its own. */
static int raw(char **argv)
{
	int fd = sock(AF_INET, SOCK_RAW, 253), fd6 = sock(AF_INET6, SOCK_RAW, 253);
	struct sockaddr *odd = in6("::1", 0, 0);

	(void)argv;
	say(fd, (struct want){.kind = "send", .faddr = "127.0.0.1", .fport = PORT(0), .size = 14});
	send_to(fd, in("127.0.0.1", 0), IN, 14);
	say(fd, (struct want){.kind = "bind", .laddr = "127.0.0.8", .lport = PORT(0)});
	MUST(bind(fd, in("127.0.0.8", 0), IN) == 0);
	say(fd, (struct want){.kind = "send",
			      .laddr = "127.0.0.8",
			      .lport = PORT(0),
			      .faddr = "127.0.0.1",
			      .fport = PORT(0),
			      .size = 15});
	send_to(fd, in("127.0.0.1", 0), IN, 15);
	odd->sa_family = AF_UNSPEC;
	say(fd6, (struct want){.kind = "send", .faddr = "::1", .fport = PORT(0), .size = 16});
	send_to(fd6, odd, IN6, 16);
	return 0;
}

/* A message that connects: no connect(2), so the send is where its address is. */
static int fastopen(char **argv)
{
	int server, port = serve(AF_INET, 0, in("127.0.0.1", 0), IN, "127.0.0.1", &server);
	int fd = sock(AF_INET, SOCK_STREAM, 0);

	(void)argv;
	say(fd,
	    (struct want){.kind = "send", .faddr = "127.0.0.1", .fport = PORT(port), .size = 17});
	MUST(sendto(fd, bytes, 17, MSG_FASTOPEN, in("127.0.0.1", port), IN) == 17);
	say_none("connect", "fport", port);
	close(accept_of(server, port, fd, "127.0.0.1", "127.0.0.1"));
	return 0;
}

/* One request, by the submitting thread or (async) by one of the kernel's for it; its result. */
static int ring_do(struct io_uring_sqe request)
{
	struct io_uring_params p = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	struct io_uring_sqe *sqe;
	char *rings;
	int result;

	MUST(ring >= 0);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	MUST(rings != MAP_FAILED && sqe != MAP_FAILED && (p.features & IORING_FEAT_SINGLE_MMAP));
	*sqe = request;
	*(unsigned *)(rings + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	MUST(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	result = ((struct io_uring_cqe *)(rings + p.cq_off.cqes))->res;
	munmap(rings, size);
	munmap(sqe, sizeof(*sqe));
	close(ring);
	return result;
}

/* doer: members of "process". The two rounds differ in address and protocol. */
static void uring_round(unsigned char flags, const char *doer, const char *address,
			unsigned protocol)
{
	struct sockaddr *to = in(address, 0);
	struct iovec iov = {bytes, 50};
	int server, fd, got, port = serve(AF_INET, 0, to, IN, address, &server);
	socklen_t len = IN;
	struct msghdr m = {.msg_name = to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};

	MUST(getsockname(server, to, &len) == 0);
	fd = ring_do((struct io_uring_sqe){.opcode = IORING_OP_SOCKET,
					   .fd = AF_INET,
					   .flags = flags,
					   .off = SOCK_STREAM,
					   .len = protocol});
	MUST(fd >= 0);
	say_socket_by(doer, "socket", "inet", "stream", (int)protocol, 1);
	say(fd,
	    (struct want){.kind = "connect", .faddr = address, .fport = PORT(port), .who = doer});
	MUST(ring_do((struct io_uring_sqe){.opcode = IORING_OP_CONNECT,
					   .fd = fd,
					   .flags = flags,
					   .addr = (uintptr_t)to,
					   .off = IN}) == 0);
	got = ring_do(
	    (struct io_uring_sqe){.opcode = IORING_OP_ACCEPT, .fd = server, .flags = flags});
	MUST(got >= 0);
	say(got, (struct want){.kind = "accept",
			       .laddr = address,
			       .lport = PORT(port),
			       .who = doer,
			       .faddr = "127.0.0.1",
			       .fport = PORT(port_of(fd))});
	fd = sock(AF_INET, SOCK_DGRAM, 0);
	say(fd,
	    (struct want){
		.kind = "send", .faddr = address, .fport = PORT(port), .who = doer, .size = 50});
	got = ring_do((struct io_uring_sqe){.opcode = IORING_OP_SENDMSG,
					    .fd = fd,
					    .flags = flags,
					    .addr = (uintptr_t)&m,
					    .len = 1});
	MUST(got == 50);
	close(server);
}

static int uring(char **argv)
{
	char worker[64];

	(void)argv;
	uring_round(0, strdup(who()), "127.0.0.1", IPPROTO_TCP);
	/* The kernel's worker is a thread of ours, with a name and id we do not know. */
	snprintf(worker, sizeof(worker), "\"process\":{\"ns_pid\":%d,\"uid\":0}", getpid());
	uring_round(IOSQE_ASYNC, worker, "127.0.0.2", MPTCP);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"socket", socket_},    {"tcp", tcp},     {"tcp6", tcp6},
	    {"udp", udp},	    {"udp6", udp6},   {"raw", raw},
	    {"fastopen", fastopen, ""}, {"uring", uring}, {0}};

	return run_verbs(verbs, argc, argv);
}
