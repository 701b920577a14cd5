/* SPDX-License-Identifier: Apache-2.0 */
/* What bpf.bats does with BPF programs, by bpf(2) alone: loads the smallest socket filter there is
 * and says, one JSON object a line, what the kernel's own info call says of it, and who loaded it.
 *   load NAME          load, and close
 *   hold NAME PATH     load, and hold it until PATH is there
 *   socket NAME PATH   load, attach to a socket, close; a child keeps the socket until PATH is
 *                      there, the loader ends at once
 *   many NAME N        N times load, and close
 *   sockets NAME N     N times load, attach to a socket, close both: freed in an interrupt */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_ATTACH_BPF
#define SO_ATTACH_BPF 50
#endif

static void die(const char *what)
{
	fprintf(stderr, "progs: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Field 22 of /proc/self/stat: start since boot in clock ticks. */
static unsigned long long start_ticks(void)
{
	unsigned long long ticks = 0;
	char text[1024] = "", *at;
	FILE *f = fopen("/proc/self/stat", "r");

	if (!f || !fgets(text, sizeof(text), f))
		die("/proc/self/stat");
	fclose(f);
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%llu", &ticks) != 1)
		die("/proc/self/stat: field 22");
	return ticks;
}

static int load(const char *name)
{
	static const struct bpf_insn code[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			    .insn_cnt = 2,
			    .insns = (uintptr_t)code,
			    .license = (uintptr_t) "GPL"};
	int fd;

	strncpy(a.prog_name, name, sizeof(a.prog_name) - 1);
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static void say(int fd)
{
	struct bpf_prog_info info = {};
	union bpf_attr a = {
	    .info = {.bpf_fd = (__u32)fd, .info_len = sizeof(info), .info = (uintptr_t)&info}};

	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) < 0)
		die("BPF_OBJ_GET_INFO_BY_FD");
	printf("{\"id\":%u,\"tag\":\"", info.id);
	for (unsigned i = 0; i < sizeof(info.tag); i++)
		printf("%02x", info.tag[i]);
	printf("\",\"name\":\"%s\",\"type\":%u,\"pid\":%d,\"start\":%llu}\n", info.name, info.type,
	       (int)getpid(), start_ticks());
	fflush(stdout);
}

static void wait_for(const char *path)
{
	for (int i = 0; i < 1200 && access(path, F_OK) < 0; i++)
		usleep(50000);
}

static int put_in_socket(int prog)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) < 0)
		die("SO_ATTACH_BPF");
	close(prog);
	return s;
}

static void keep_in_socket(int prog, const char *path)
{
	put_in_socket(prog);
	if (fork() == 0) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		wait_for(path);
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	int prog;

	if ((strcmp(verb, "many") == 0 || strcmp(verb, "sockets") == 0) && argc == 4) {
		for (int n = atoi(argv[3]); n > 0; n--) {
			prog = load(argv[2]);
			say(prog);
			close(*verb == 's' ? put_in_socket(prog) : prog);
		}
		return 0;
	}
	if (!*verb)
		return fputs("usage: progs load|hold|socket|many|sockets NAME [PATH|N]\n", stderr),
		       2;
	prog = load(argv[2]);
	say(prog);
	if (strcmp(verb, "hold") == 0 && argc == 4)
		wait_for(argv[3]);
	else if (strcmp(verb, "socket") == 0 && argc == 4)
		keep_in_socket(prog, argv[3]);
	return 0;
}
