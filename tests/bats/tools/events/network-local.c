/* SPDX-License-Identifier: Apache-2.0 */
/* Network, what is not the internet: unix, netlink, packet, vsock; see say.h and network.h. */
#include "network.h"
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <sys/wait.h>

#define NOISE 77 /* bytes of what must not be recorded */

static char bytes[4096];

/* A unix address of len bytes of name; its whole length. */
static socklen_t un(struct sockaddr_un *a, const void *name, size_t len)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(a->sun_path, name, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* A child that connects to a from a socket named from, of its own process; says so. */
static pid_t client(int type, struct sockaddr_un *a, socklen_t len, const char *path,
		    const char *from)
{
	struct sockaddr_un own;
	socklen_t own_len = un(&own, from, strlen(from));
	pid_t pid;
	int fd;

	fflush(stdout);
	pid = fork();
	MUST(pid >= 0);
	if (pid)
		return pid;
	fd = sock(AF_UNIX, type, 0);
	say(fd, (struct want){.kind = "bind", .path = from});
	MUST(bind(fd, (struct sockaddr *)&own, own_len) == 0);
	say(fd, (struct want){.kind = "connect", .path = path, .from_path = from});
	MUST(connect(fd, (struct sockaddr *)a, len) == 0);
	/* Over the connection, until the other side has seen us. */
	MUST(write(fd, bytes, NOISE) == NOISE && read(fd, bytes, 1) == 0);
	exit(0);
}

/* A server named path (as in JSON; a holds it), a connection from a process at from. */
static void unix_served(int type, struct sockaddr_un *a, socklen_t len, const char *path,
			const char *from)
{
	int fd = sock(AF_UNIX, type, 0), got, status;
	pid_t pid;

	say(fd, (struct want){.kind = "bind", .path = path});
	MUST(bind(fd, (struct sockaddr *)a, len) == 0);
	say(fd, (struct want){.kind = "listen", .path = path, .backlog = 3});
	MUST(listen(fd, 3) == 0);
	pid = client(type, a, len, path, from);
	got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	MUST(got >= 0);
	/* The other process's number on the host is for the suite to compare. */
	say(got,
	    (struct want){
		.kind = "accept", .path = path, .from_path = from, .any = "\"any\":[\"opid\"]"});
	printf("accepted from %d at %s\n", pid, from);
	MUST(read(got, bytes, sizeof(bytes)) == NOISE);
	close(got);
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
	close(fd);
}

/* The kernel chooses the name. */
static void unix_autobind(void)
{
	int fd = sock(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(a);
	char name[128] = "\\u0000";

	say(fd, (struct want){.kind = "bind"});
	MUST(bind(fd, (struct sockaddr *)&a, sizeof(a.sun_family)) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&a, &len) == 0 && len == 8);
	memcpy(name + 6, a.sun_path + 1, 5);
	say(fd, (struct want){.kind = "listen", .path = name, .backlog = 4});
	MUST(listen(fd, 4) == 0);
}

static void unix_datagrams(void)
{
	int fd = sock(AF_UNIX, SOCK_DGRAM, 0), to = sock(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a, own;
	socklen_t len = un(&a, "/tmp/dgram", 10), own_len = un(&own, "\0own", 4);

	say(to, (struct want){.kind = "bind", .path = "/tmp/dgram"});
	MUST(bind(to, (struct sockaddr *)&a, len) == 0);
	say(fd, (struct want){.kind = "send", .path = "/tmp/dgram", .size = 31});
	MUST(sendto(fd, bytes, 31, 0, (struct sockaddr *)&a, len) == 31);
	say(fd, (struct want){.kind = "bind", .path = "\\u0000own"});
	MUST(bind(fd, (struct sockaddr *)&own, own_len) == 0);
	say(fd, (struct want){
		    .kind = "send", .path = "/tmp/dgram", .from_path = "\\u0000own", .size = 32});
	MUST(sendto(fd, bytes, 32, 0, (struct sockaddr *)&a, len) == 32);
	say(fd, (struct want){.kind = "connect", .path = "/tmp/dgram", .from_path = "\\u0000own"});
	MUST(connect(fd, (struct sockaddr *)&a, len) == 0);
	MUST(send(fd, bytes, NOISE, 0) == NOISE);
}

static int unix_(char **argv)
{
	char full[108], shown[109] = "/tmp/";
	struct sockaddr_un a;
	int fd = sock(AF_UNIX, SOCK_STREAM, 0), pair[2];
	socklen_t len;

	(void)argv;
	say_none("send", "size", NOISE);
	/* Bytes behind the NUL are nobody's name. */
	un(&a, "/tmp/path\0secret", 16);
	unix_served(SOCK_STREAM, &a, sizeof(a), "/tmp/path", "/tmp/from");
	/* In an abstract name every byte counts. */
	len = un(&a, "\0ab\0\n\"", 6);
	unix_served(SOCK_SEQPACKET, &a, len, "\\u0000ab\\u0000\\n\\\"", "/tmp/from2");
	/* As long as can be, without a NUL. */
	memset(shown + 5, 'x', 103);
	memcpy(full, shown, 108);
	len = un(&a, full, 108);
	unix_served(SOCK_STREAM, &a, len, shown, "/tmp/from3");
	unix_autobind();
	unix_datagrams();
	/* No name at all: refused, but tried. */
	say(fd, (struct want){.kind = "connect"});
	MUST(connect(fd, (struct sockaddr *)&a, sizeof(a.sun_family)) < 0);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	     write(pair[0], bytes, NOISE) == NOISE);
	say_count("accept", "family", "\"unix\"", 3);
	return 0;
}

static int netlink(char **argv)
{
	int fd = sock(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl a = {.nl_family = AF_NETLINK,
				.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR};
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} m = {.h = {.nlmsg_len = sizeof(m),
		     .nlmsg_type = RTM_GETLINK,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	socklen_t len = sizeof(a);
	long port;

	(void)argv;
	say(fd, (struct want){.kind = "bind", .lport = PORT(0), .groups = 0x11});
	MUST(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	port = a.nl_pid;
	a = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	say(fd, (struct want){
		    .kind = "send", .lport = PORT(port), .fport = PORT(0), .size = sizeof(m)});
	MUST(sendto(fd, &m, sizeof(m), 0, (struct sockaddr *)&a, sizeof(a)) == sizeof(m));
	/* To a group, from a socket without a port of its own yet; nobody listens. */
	fd = sock(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	a.nl_groups = 4;
	a.nl_pid = 12345;
	say(fd, (struct want){.kind = "connect", .fport = PORT(12345), .groups = 4});
	MUST(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	say_none("send", "size", NOISE);
	send(fd, bytes, NOISE, 0);
	return 0;
}

static int packet(char **argv)
{
	int fd = sock(AF_PACKET, SOCK_DGRAM, 0), old;
	unsigned lo = if_nametoindex("lo");
	struct sockaddr_ll a = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)lo};
	struct sockaddr_pkt {
		unsigned short family;
		char device[14];
		unsigned short protocol;
	} p = {AF_PACKET, "lo", htons(ETH_P_IPV6)};

	(void)argv;
	MUST(lo);
	say(fd, (struct want){.kind = "bind", .lport = PORT(ETH_P_IP), .netif = lo});
	MUST(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	a.sll_protocol = htons(ETH_P_ARP);
	a.sll_halen = 6;
	memcpy(a.sll_addr, "\x02\x00\x00\xaa\xbb\xcc", 6);
	say(fd, (struct want){.kind = "send",
			      .lport = PORT(ETH_P_IP),
			      .faddr = "02:00:00:aa:bb:cc",
			      .fport = PORT(ETH_P_ARP),
			      .netif = lo,
			      .size = 33});
	MUST(sendto(fd, bytes, 33, 0, (struct sockaddr *)&a, sizeof(a)) == 33);
	/* The kernel sends it all the same. */
	a.sll_family = AF_INET;
	say(fd, (struct want){.kind = "send",
			      .lport = PORT(ETH_P_IP),
			      .faddr = "02:00:00:aa:bb:cc",
			      .fport = PORT(ETH_P_ARP),
			      .netif = lo,
			      .size = 34});
	MUST(sendto(fd, bytes, 34, 0, (struct sockaddr *)&a, sizeof(a)) == 34);
	say_none("send", "size", NOISE);
	MUST(send(fd, bytes, NOISE, 0) == NOISE);
	old = sock(AF_PACKET, SOCK_PACKET, 0);
	/* Without the protocol, which does not fit in the length the kernel wants. */
	say(old, (struct want){.kind = "bind", .path = "lo"});
	MUST(bind(old, (struct sockaddr *)&p, sizeof(struct sockaddr)) == 0);
	say(old,
	    (struct want){
		.kind = "send", .fport = PORT(ETH_P_IPV6), .path = "lo", .netif = lo, .size = 35});
	MUST(sendto(old, bytes, 35, 0, (struct sockaddr *)&p, sizeof(p)) == 35);
	return 0;
}

/* With vsock_loopback in the kernel: a connection of the machine with itself. */
static int vsock(char **argv)
{
	int fd = sock(AF_VSOCK, SOCK_STREAM, 0), to = sock(AF_VSOCK, SOCK_STREAM, 0), got;
	struct sockaddr_vm a = {
	    .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = VMADDR_PORT_ANY};
	struct sockaddr_vm own;
	socklen_t len = sizeof(a);

	(void)argv;
	say(fd, (struct want){.kind = "bind", .laddr = "1", .lport = PORT(VMADDR_PORT_ANY)});
	MUST(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	say(fd,
	    (struct want){.kind = "listen", .laddr = "1", .lport = PORT(a.svm_port), .backlog = 5});
	MUST(listen(fd, 5) == 0);
	say(to, (struct want){.kind = "connect", .faddr = "1", .fport = PORT(a.svm_port)});
	MUST(connect(to, (struct sockaddr *)&a, sizeof(a)) == 0);
	MUST(getsockname(to, (struct sockaddr *)&own, &len) == 0);
	got = accept(fd, NULL, NULL);
	MUST(got >= 0);
	say(got, (struct want){.kind = "accept",
			       .laddr = "1",
			       .lport = PORT(a.svm_port),
			       .faddr = "1",
			       .fport = PORT(own.svm_port)});
	say_none("send", "size", NOISE);
	MUST(send(to, bytes, NOISE, 0) == NOISE);
	/* Nobody can be there: tried all the same. */
	to = sock(AF_VSOCK, SOCK_STREAM, 0);
	a.svm_cid = 4242;
	a.svm_port = 99;
	say(to, (struct want){.kind = "connect", .faddr = "4242", .fport = PORT(99)});
	MUST(connect(to, (struct sockaddr *)&a, sizeof(a)) < 0);
	return 0;
}

/* accept(2) on a hash makes an operation, not a connection. */
static int alg(char **argv)
{
	struct sockaddr_alg a = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
	int fd = sock(AF_ALG, SOCK_SEQPACKET, 0);

	(void)argv;
	say_socket("socket", "alg", "seqpacket", 0, 1);
	MUST(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	MUST(accept(fd, NULL, NULL) >= 0);
	say_count("bind", "family", "\"alg\"", 1);
	say_count("accept", "family", "\"alg\"", 0);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"unix", unix_},	{"netlink", netlink},
					    {"packet", packet}, {"vsock", vsock},
					    {"alg", alg},	{0}};

	return run_verbs(verbs, argc, argv);
}
