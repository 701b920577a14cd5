// SPDX-License-Identifier: Apache-2.0
/* noop OBJECT NAME -- CMD...: runs CMD in the fresh cgroup NAME with the programs of OBJECT
 * attached to that cgroup, one on each hook that reeve attaches to a container. */
#include "bench.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bpf/abi.h"

#define ATTACH_TRIES 50 /* 20 ms apart: a hook's slot is free a while after its last user left */

static const char *const hooks[] = {
#define H(NAME, number, attach, prog, kinds, since) attach,
#define N(NAME, number, attach, prog, kinds, since)
    RV_HOOKS(H, N)
#undef H
#undef N
};

static void attach(struct bpf_object *obj, const char *hook, int cgroup_fd)
{
	struct bpf_program *p;
	char program[64];
	int link = -1;

	snprintf(program, sizeof(program), "noop_%s", strchr(hook, '/') + 1);
	p = bpf_object__find_program_by_name(obj, program);

	if (!p)
		error(1, 0, "noop.bpf.c lacks %s: reeve has that hook", program);
	for (int i = 0; i < ATTACH_TRIES && link < 0; i++) {
		link = bpf_link_create(bpf_program__fd(p), cgroup_fd, BPF_LSM_CGROUP, NULL);
		if (link < 0)
			usleep(20000);
	}
	if (link < 0)
		DIE("attach %s", program);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	char path[256];
	struct held h;
	int fd, status;

	if (argc < 5 || strcmp(argv[3], "--") != 0)
		error(2, 0, "usage: noop OBJECT NAME -- CMD...");
	obj = bpf_object__open_file(argv[1], NULL);
	if (!obj || bpf_object__load(obj))
		DIE("load %s", argv[1]);
	h = held_start(argv[2], argv + 4);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", argv[2]);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		DIE("open %s", path);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		attach(obj, hooks[i], fd); /* held until exit */
	status = held_go(&h, NULL);
	close(fd);
	held_remove(argv[2]);
	return status;
}
