/* SPDX-License-Identifier: Apache-2.0 */
/* Execs, done and refused: see say.h. */
#include "child.h"
#include <pthread.h>
#include <sys/mman.h>

/* --- exec --- */

static char self[] = "/ev-exec";

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
	MUST(chmod(path, 0755) == 0);
}

static void copy_self(int to)
{
	char buf[65536];
	int from = open(self, O_RDONLY);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		MUST(write(to, buf, (size_t)n) == n);
	MUST(n == 0 && close(from) == 0);
}

/* program: a descriptor of what runs. argv as it will be, in JSON. */
static void say_exec(int program, const char *path, const char *path_state, const char *filename,
		     const char *origin, const char *script, const char *argv, unsigned argc,
		     size_t args_len)
{
	struct stat st;

	MUST(fstat(program, &st) == 0);
	printf(
	    "{\"kind\":\"exec\",\"process\":{\"ns_pid\":%d},\"ino\":%lu,\"dev\":\"%u:%u\","
	    "\"mode\":\"%#o\",\"args_len\":%zu,\"args_missing\":0,\"argc\":%u,\"envc\":1,"
	    "\"args_state\":\"whole\",\"path\":\"%s\",\"path_state\":\"%s\",\"filename\":\"%s\","
	    "\"origin\":[%s],\"script\":%s,\"script_state\":\"ok\",\"argv\":[%s],\"env\":[\"E=1\"],"
	    "\"any\":[\"tag\",\"tag_source\"],\"verdict\":\"allowed\"}\n",
	    getpid(), (unsigned long)st.st_ino, major(st.st_dev), minor(st.st_dev), st.st_mode,
	    args_len, argc, path, path_state, filename, origin, script, argv);
}

static char *nop_argv[] = {"ev", "nop", NULL}, *script_argv[] = {"ev", "x", NULL},
	    *env[] = {"E=1", NULL};
#define NOP_ARGV "\"ev\",\"nop\"", 2, sizeof("ev") + sizeof("nop") + sizeof("E=1")

static void exec_plain(void)
{
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/proc/self/root/../ev-exec", "",
		 "null", NOP_ARGV);
	execve("/proc/self/root/../ev-exec", nop_argv, env);
	MUST(!"exec");
}

static void exec_script(void)
{
	write_file("/tmp/s.sh", "#! /ev-exec nop\n");
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/tmp/../tmp/s.sh", "",
		 "\"/tmp/s.sh\"", "\"/ev-exec\",\"nop\",\"/tmp/../tmp/s.sh\",\"x\"", 4,
		 sizeof("/ev-exec") + sizeof("nop") + sizeof("/tmp/../tmp/s.sh") + sizeof("x") +
		     sizeof("E=1"));
	execve("/tmp/../tmp/s.sh", script_argv, env);
	MUST(!"exec");
}

static void exec_nested(void)
{
	write_file("/tmp/s.sh", "#!/ev-exec nop\n");
	write_file("/tmp/n.sh", "#!/tmp/s.sh\n");
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/tmp/n.sh", "", "\"/tmp/n.sh\"",
		 "\"/ev-exec\",\"nop\",\"/tmp/s.sh\",\"/tmp/n.sh\",\"x\"", 5,
		 sizeof("/ev-exec") + sizeof("nop") + sizeof("/tmp/s.sh") + sizeof("/tmp/n.sh") +
		     sizeof("x") + sizeof("E=1"));
	execve("/tmp/n.sh", script_argv, env);
	MUST(!"exec");
}

static void exec_fd(void)
{
	char name[32];
	int fd = open(self, O_RDONLY | O_CLOEXEC);

	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	say_exec(fd, self, "ok", name, "\"fd\"", "null", NOP_ARGV);
	syscall(SYS_execveat, fd, "", nop_argv, env, AT_EMPTY_PATH);
	MUST(!"exec");
}

static void exec_below_fd(void)
{
	char name[32];
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(name, sizeof(name), "/dev/fd/%d/ev-exec", fd);
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", name, "\"fd\"", "null", NOP_ARGV);
	syscall(SYS_execveat, fd, "ev-exec", nop_argv, env, 0);
	MUST(!"exec");
}

static void exec_memfd(void)
{
	char name[32];
	int fd = memfd_create("evil", MFD_CLOEXEC);

	copy_self(fd);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	say_exec(fd, "/memfd:evil (deleted)", "anonymous", name, "\"fd\",\"memfd\"", "null",
		 NOP_ARGV);
	syscall(SYS_execveat, fd, "", nop_argv, env, AT_EMPTY_PATH);
	MUST(!"exec");
}

static void exec_deleted(void)
{
	char name[32];
	int fd = open("/tmp/copy", O_CREAT | O_WRONLY, 0750);

	copy_self(fd);
	MUST(close(fd) == 0);
	fd = open("/tmp/copy", O_RDONLY | O_CLOEXEC);
	MUST(unlink("/tmp/copy") == 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	say_exec(fd, "/tmp/copy", "deleted", name, "\"fd\",\"deleted\"", "null", NOP_ARGV);
	syscall(SYS_execveat, fd, "", nop_argv, env, AT_EMPTY_PATH);
	MUST(!"exec");
}

/* A script that a descriptor alone still names. */
static void exec_script_fd(void)
{
	char name[32], argv[128];
	int fd;

	write_file("/tmp/d.sh", "#!/ev-exec nop\n");
	fd = open("/tmp/d.sh", O_RDONLY);
	MUST(unlink("/tmp/d.sh") == 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	snprintf(argv, sizeof(argv), "\"/ev-exec\",\"nop\",\"%s\",\"x\"", name);
	printf(
	    "{\"kind\":\"exec\",\"process\":{\"ns_pid\":%d},%s,\"mode\":\"0100755\",\"args_len\":%"
	    "zu,"
	    "\"args_missing\":0,\"argc\":4,\"envc\":1,\"args_state\":\"whole\",\"path\":\"%s\","
	    "\"path_state\":\"ok\",\"filename\":\"%s\",\"origin\":[\"fd\",\"deleted\"],"
	    "\"script\":\"/tmp/d.sh\",\"script_state\":\"deleted\",\"argv\":[%s],\"env\":[\"E=1\"],"
	    "\"any\":[\"tag\",\"tag_source\"]}\n",
	    getpid(), dev_ino(self),
	    sizeof("/ev-exec") + sizeof("nop") + strlen(name) + 1 + sizeof("x") + sizeof("E=1"),
	    self, name, argv);
	syscall(SYS_execveat, fd, "", script_argv, env, AT_EMPTY_PATH);
	MUST(!"exec");
}

/* A script whose interpreter is not there leaves no trace in the next exec. */
static void exec_after_failure(void)
{
	write_file("/tmp/f.sh", "#!/nowhere\n");
	MUST(execve("/tmp/f.sh", script_argv, env) < 0 && errno == ENOENT);
	exec_plain();
}

static int exec_(char **argv)
{
	(void)argv;
	in_child(exec_plain);
	in_child(exec_script);
	in_child(exec_nested);
	in_child(exec_fd);
	in_child(exec_below_fd);
	in_child(exec_memfd);
	in_child(exec_deleted);
	in_child(exec_script_fd);
	in_child(exec_after_failure);
	return 0;
}

static int nop(char **argv)
{
	(void)argv;
	return 0;
}

/* --- an exec that is refused: the suite's policy denies /tmp/denied --- */

static const char denied[] = "/tmp/denied";

static void say_strings(const char *key, char **strings)
{
	printf(",\"%s\":[", key);
	for (unsigned i = 0; strings[i]; i++)
		printf("%s\"%s\"", i ? "," : "", strings[i]);
	printf("]");
}

static void say_denied(const char *filename, const char *origin, const char *script, char **argv,
		       char **envp)
{
	unsigned argc = 0, envc = 0;
	size_t len = 0;

	for (; argv[argc]; argc++)
		len += strlen(argv[argc]) + 1;
	for (; envp[envc]; envc++)
		len += strlen(envp[envc]) + 1;
	printf("{\"kind\":\"exec\",%s,%s,\"mode\":\"0100755\",\"args_len\":%zu,\"args_missing\":0,"
	       "\"argc\":%u,\"envc\":%u,\"args_state\":\"claimed\",\"path\":\"%s\","
	       "\"path_state\":\"ok\",\"filename\":\"%s\",\"origin\":[%s],\"script\":%s,"
	       "\"script_state\":\"ok\",\"any\":[\"tag\",\"tag_source\"],\"verdict\":\"denied\","
	       "\"error\":\"EACCES\"",
	       who(), dev_ino(denied), len, argc, envc, denied, filename, origin, script);
	say_strings("argv", argv);
	say_strings("env", envp);
	printf("}\n");
}

static char *filled(size_t len, char with)
{
	char *s = malloc(len + 1);

	memset(s, with, len);
	s[len] = 0;
	return s;
}

/* By the 32-bit way in: int $0x80, 32-bit pointers. */
static void denied_compat(void)
{
	struct low {
		unsigned argv[3], envp[2];
		char path[32], a[8], b[8], e[8];
	} *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		      -1, 0);
	char *argv[] = {"low", "x", NULL}, *envp[] = {"L=2", NULL};
	long r;

	MUST(low != MAP_FAILED);
	strcpy(low->path, denied);
	strcpy(low->a, "low");
	strcpy(low->b, "x");
	strcpy(low->e, "L=2");
	low->argv[0] = (unsigned)(unsigned long)low->a;
	low->argv[1] = (unsigned)(unsigned long)low->b;
	low->envp[0] = (unsigned)(unsigned long)low->e;
	say_denied(denied, "", "null", argv, envp);
	asm volatile("int $0x80"
		     : "=a"(r)
		     : "a"(11), "b"(low->path), "c"(low->argv), "d"(low->envp)
		     : "memory", "r8", "r9", "r10", "r11");
	MUST(r == -EACCES);
	strcpy(low->b, "y");
	argv[1] = "y";
	say_denied(denied, "", "null", argv, envp);
	asm volatile("int $0x80"
		     : "=a"(r)
		     : "a"(358), "b"(AT_FDCWD), "c"(low->path), "d"(low->argv), "S"(low->envp),
		       "D"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	MUST(r == -EACCES);
}

static void denied_big(void)
{
	char **many = calloc(1901, sizeof(char *)), **none = calloc(1, sizeof(char *));
	char *border[] = {
	    "b", filled(4094, 'p'), filled(4095, 'q'), filled(4096, 'r'), filled(8190, 's'), "",
	    NULL};
	char *one[] = {"big", filled(131071, 'a'), NULL};

	say_denied(denied, "", "null", border, env);
	MUST(execve(denied, border, env) < 0 && errno == EACCES);
	say_denied(denied, "", "null", one, none);
	MUST(execve(denied, one, none) < 0 && errno == EACCES);
	for (unsigned i = 0; i < 1900; i++)
		many[i] = filled(1047, (char)('A' + i % 26));
	say_denied(denied, "", "null", many, env);
	MUST(execve(denied, many, env) < 0 && errno == EACCES);
}

static int denied_(char **argv)
{
	char *args[] = {"ev", "one", "", "three", NULL}, *empty[] = {"", NULL}, name[48];
	int fd = open(denied, O_CREAT | O_WRONLY, 0755), tmp;

	(void)argv;
	copy_self(fd);
	MUST(close(fd) == 0);
	say_denied("/tmp/../tmp/denied", "", "null", args, env);
	MUST(execve("/tmp/../tmp/denied", args, env) < 0 && errno == EACCES);
	tmp = open("/tmp", O_RDONLY | O_DIRECTORY);
	snprintf(name, sizeof(name), "/dev/fd/%d/denied", tmp);
	say_denied(name, "\"fd\"", "null", args, env);
	MUST(syscall(SYS_execveat, tmp, "denied", args, env, 0) < 0 && errno == EACCES);
	/* Without arguments the kernel adds an empty one. */
	say_denied(denied, "", "null", empty, env);
	MUST(syscall(SYS_execve, denied, NULL, env) < 0 && errno == EACCES);
	write_file("/tmp/x.sh", "#!/tmp/denied opt\n");
	say_denied("/tmp/x.sh", "", "\"/tmp/x.sh\"", args, env);
	MUST(execve("/tmp/x.sh", args, env) < 0 && errno == EACCES);
	denied_compat();
	denied_big();
	return 0;
}

static char *victim;
static volatile int done;

/* Strings that grow, shrink and go while they are read. */
static void *flip(void *arg)
{
	for (unsigned i = 0; !done; i++) {
		victim[4096 + i % 4000] = i % 2 ? 'z' : 0;
		if (i % 64 == 0) {
			mprotect(victim + 8192, 4096, PROT_NONE);
			mprotect(victim + 8192, 4096, PROT_READ | PROT_WRITE);
		}
	}
	return arg;
}

static int hostile(char **argv)
{
	char *args[] = {"h", NULL, "end", NULL};
	pthread_t thread;
	unsigned refused = 0;
	int fd = open(denied, O_CREAT | O_WRONLY, 0755);

	(void)argv;
	copy_self(fd);
	MUST(close(fd) == 0);
	victim = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(victim, 'v', 16383);
	args[1] = victim;
	MUST(pthread_create(&thread, NULL, flip, NULL) == 0);
	for (unsigned i = 0; i < 150; i++) {
		usleep(5000); /* a flood is another test's */
		MUST(execve(denied, args, env) < 0 && (errno == EACCES || errno == EFAULT));
		refused += errno == EACCES;
	}
	done = 1;
	pthread_join(thread, NULL);
	MUST(refused > 0);
	printf("{\"kind\":\"exec\",%s,%s,\"mode\":\"0100755\",\"verdict\":\"denied\","
	       "\"argc\":3,\"envc\":1,\"path\":\"%s\","
	       "\"path_state\":\"ok\",\"filename\":\"%s\",\"origin\":[],\"script\":null,"
	       "\"script_state\":\"ok\",\"times\":%u,\"any\":[\"tag\",\"tag_source\",\"args_state\",\"args_len\","
	       "\"args_missing\"]}\n",
	       who(), dev_ino(denied), denied, denied, refused);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"exec", exec_}, {"nop", nop}, {"denied", denied_}, {"hostile", hostile}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
