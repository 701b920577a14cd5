/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is written and executed, by every way there is to it. */
#include <sys/ipc.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include "attack.h"

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC

static int map(int prot, int flags, int fd)
{
	void *at = mmap(NULL, 4096, prot, flags, fd, 0);

	return at == MAP_FAILED ? errno : 0;
}

/* Memory mapped and written, then what the caller makes of it. */
static char *written(int flags, int fd)
{
	char *at = mmap(NULL, 4096, R | W, flags, fd, 0);

	NEED(at != MAP_FAILED);
	*at = 'x';
	return at;
}

static int some_file(void)
{
	char name[] = "/tmp/code-XXXXXX";
	int fd = mkstemp(name);

	NEED(fd >= 0 && ftruncate(fd, 4096) == 0);
	return fd;
}

static int some_memfd(void)
{
	int fd = memfd_create("code", 0);

	NEED(fd >= 0 && ftruncate(fd, 4096) == 0);
	return fd;
}

/* First read-only, so that at no moment it is more than one of the two. */
static int later(char *at)
{
	NEED(mprotect(at, 4096, R) == 0);
	return DID(mprotect(at, 4096, R | X));
}

ACT(wx, map(R | W | X, MAP_PRIVATE | MAP_ANONYMOUS, -1))
ACT(x_anon, map(R | X, MAP_PRIVATE | MAP_ANONYMOUS, -1))
ACT(wx_shared, map(R | W | X, MAP_SHARED, some_file()))
ACT(x_memfd, map(R | X, MAP_SHARED, some_memfd()))

static int w_then_x(char **a)
{
	(void)a;
	return DID(mprotect(written(MAP_PRIVATE | MAP_ANONYMOUS, -1), 4096, R | X));
}

ACT(anon_later, later(written(MAP_PRIVATE | MAP_ANONYMOUS, -1)))
ACT(file_later, later(written(MAP_PRIVATE, some_file())))
ACT(shared_later, later(written(MAP_SHARED | MAP_ANONYMOUS, -1)))

static int zero_later(char **a)
{
	int fd = open("/dev/zero", O_RDWR);

	(void)a;
	NEED(fd >= 0);
	return later(written(MAP_PRIVATE, fd));
}

static int x_then_w(char **a)
{
	char *at = mmap(NULL, 4096, R | X, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);

	(void)a;
	NEED(at != MAP_FAILED);
	return DID(mprotect(at, 4096, R | W | X));
}

static int x_stack(char **a)
{
	char here[8192];
	char *page = (char *)(((uintptr_t)here + 4095) & ~4095ul);

	(void)a;
	return DID(mprotect(page, 4096, R | W | X));
}

static int x_heap(char **a)
{
	char *at = sbrk(8192);

	(void)a;
	NEED(at != (char *)-1);
	return DID(mprotect((char *)(((uintptr_t)at + 4095) & ~4095ul), 4096, R | X));
}

/* What is readable is executable to this personality. */
static int x_implied(char **a)
{
	(void)a;
	NEED(personality(READ_IMPLIES_EXEC) >= 0);
	return map(R | W, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int x_segment(char **a)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700), error;

	(void)a;
	NEED(id >= 0);
	error = shmat(id, NULL, SHM_EXEC) == (void *)-1 ? errno : 0;
	shmctl(id, IPC_RMID, NULL);
	return error;
}

/* As x_implied, for memory that no call but brk maps. Reading it back: is it executable? */
static int x_brk(char **a)
{
	unsigned long from, to;
	char line[256], flags[8], *at;
	FILE *maps;

	(void)a;
	NEED(personality(READ_IMPLIES_EXEC) >= 0);
	at = (char *)syscall(SYS_brk, (char *)syscall(SYS_brk, 0) + (1 << 20)) - 4096;
	maps = fopen("/proc/self/maps", "r");
	NEED(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, flags) == 3 && (uintptr_t)at >= from &&
		    (uintptr_t)at < to)
			return flags[2] == 'x' ? 0 : EACCES;
	return 99;
}
