/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: see say.h. Numbers of the host are known to the program only where it runs in the
 * host's pid namespace; the suite runs it there and in one of its own. */
#include "say.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <grp.h>

#define HOST_PID_NS 4026531836ul /* as the kernel numbers its first one */
#define MODE_READ_FS 9		 /* PTRACE_MODE_READ_FSCREDS */
#define MODE_ATTACH_FS 10	 /* PTRACE_MODE_ATTACH_FSCREDS */
#define MODE_ATTACH_REAL 18	 /* PTRACE_MODE_ATTACH_REALCREDS */

static int in_host_pids(void)
{
	return ns_of("pid") == HOST_PID_NS;
}

/* Runs what in a child and waits for its good end. */
static void in_child(void (*what)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setvbuf(stdout, NULL, _IOLBF, 0);
		what();
		fflush(stdout);
		_exit(0);
	}
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static unsigned long own_cgroup(void)
{
	struct stat st;

	MUST(stat("/sys/fs/cgroup", &st) == 0); /* with a cgroup namespace: our own */
	return (unsigned long)st.st_ino;
}

/* --- exec --- */

static char self[] = "/ev-process";

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
	printf("{\"kind\":\"exec\",\"process\":{\"ns_pid\":%d},\"ino\":%lu,\"dev\":\"%u:%u\","
	       "\"mode\":\"%#o\",\"args_len\":%zu,\"args_missing\":0,\"argc\":%u,\"envc\":1,"
	       "\"args_state\":\"whole\",\"path\":\"%s\",\"path_state\":\"%s\",\"filename\":\"%s\","
	       "\"origin\":[%s],\"script\":%s,\"script_state\":\"ok\",\"argv\":[%s],\"env\":[\"E=1\"],"
	       "\"any\":[\"tag\",\"tag_source\"],\"verdict\":\"allowed\"}\n",
	       getpid(), (unsigned long)st.st_ino, major(st.st_dev), minor(st.st_dev), st.st_mode,
	       args_len, argc, path, path_state, filename, origin, script, argv);
}

static char *nop_argv[] = {"ev", "nop", NULL}, *script_argv[] = {"ev", "x", NULL}, *env[] = {"E=1", NULL};
#define NOP_ARGV "\"ev\",\"nop\"", 2, sizeof("ev") + sizeof("nop") + sizeof("E=1")

static void exec_plain(void)
{
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/proc/self/root/../ev-process", "",
		 "null", NOP_ARGV);
	execve("/proc/self/root/../ev-process", nop_argv, env);
	MUST(!"exec");
}

static void exec_script(void)
{
	write_file("/tmp/s.sh", "#! /ev-process nop\n");
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/tmp/../tmp/s.sh", "", "\"/tmp/s.sh\"",
		 "\"/ev-process\",\"nop\",\"/tmp/../tmp/s.sh\",\"x\"", 4,
		 sizeof("/ev-process") + sizeof("nop") + sizeof("/tmp/../tmp/s.sh") + sizeof("x") +
		     sizeof("E=1"));
	execve("/tmp/../tmp/s.sh", script_argv, env);
	MUST(!"exec");
}

static void exec_nested(void)
{
	write_file("/tmp/s.sh", "#!/ev-process nop\n");
	write_file("/tmp/n.sh", "#!/tmp/s.sh\n");
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", "/tmp/n.sh", "", "\"/tmp/n.sh\"",
		 "\"/ev-process\",\"nop\",\"/tmp/s.sh\",\"/tmp/n.sh\",\"x\"", 5,
		 sizeof("/ev-process") + sizeof("nop") + sizeof("/tmp/s.sh") + sizeof("/tmp/n.sh") +
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

	snprintf(name, sizeof(name), "/dev/fd/%d/ev-process", fd);
	say_exec(open(self, O_RDONLY | O_CLOEXEC), self, "ok", name, "\"fd\"", "null", NOP_ARGV);
	syscall(SYS_execveat, fd, "ev-process", nop_argv, env, 0);
	MUST(!"exec");
}

static void exec_memfd(void)
{
	char name[32];
	int fd = memfd_create("evil", MFD_CLOEXEC);

	copy_self(fd);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	say_exec(fd, "/memfd:evil (deleted)", "anonymous", name, "\"fd\",\"memfd\"", "null", NOP_ARGV);
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

	write_file("/tmp/d.sh", "#!/ev-process nop\n");
	fd = open("/tmp/d.sh", O_RDONLY);
	MUST(unlink("/tmp/d.sh") == 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	snprintf(argv, sizeof(argv), "\"/ev-process\",\"nop\",\"%s\",\"x\"", name);
	printf("{\"kind\":\"exec\",\"process\":{\"ns_pid\":%d},%s,\"mode\":\"0100755\",\"args_len\":%zu,"
	       "\"args_missing\":0,\"argc\":4,\"envc\":1,\"args_state\":\"whole\",\"path\":\"%s\","
	       "\"path_state\":\"ok\",\"filename\":\"%s\",\"origin\":[\"fd\",\"deleted\"],"
	       "\"script\":\"/tmp/d.sh\",\"script_state\":\"deleted\",\"argv\":[%s],\"env\":[\"E=1\"],"
	       "\"any\":[\"tag\",\"tag_source\"]}\n",
	       getpid(), dev_ino(self),
	       sizeof("/ev-process") + sizeof("nop") + strlen(name) + 1 + sizeof("x") + sizeof("E=1"),
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
	} *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
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
		     : "a"(358), "b"(AT_FDCWD), "c"(low->path), "d"(low->argv), "S"(low->envp), "D"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	MUST(r == -EACCES);
}

static void denied_big(void)
{
	char **many = calloc(1901, sizeof(char *)), **none = calloc(1, sizeof(char *));
	char *border[] = {"b", filled(4094, 'p'), filled(4095, 'q'), filled(4096, 'r'),
			  filled(8190, 's'), "", NULL};
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
	for (unsigned i = 0; i < 300; i++) {
		MUST(execve(denied, args, env) < 0 && (errno == EACCES || errno == EFAULT));
		refused += errno == EACCES;
	}
	done = 1;
	pthread_join(thread, NULL);
	MUST(refused > 0);
	printf("{\"kind\":\"exec\",%s,%s,\"mode\":\"0100755\",\"verdict\":\"denied\","
	       "\"args_state\":\"claimed\",\"argc\":3,\"envc\":1,\"path\":\"%s\","
	       "\"path_state\":\"ok\",\"filename\":\"%s\",\"origin\":[],\"script\":null,"
	       "\"script_state\":\"ok\",\"times\":%u,\"any\":[\"tag\",\"tag_source\",\"args_len\","
	       "\"args_missing\"]}\n",
	       who(), dev_ino(denied), denied, denied, refused);
	return 0;
}

/* --- fork --- */

/* pid, tid: as its maker sees the child; ns_pid: as it sees itself. */
static void say_fork(const char *kind, pid_t pid, pid_t tid, pid_t ns_pid, const char *clone)
{
	printf("{\"kind\":\"%s\",%s,\"child_cgroup_id\":%lu,\"child_ns_pid\":%d,\"clone\":[%s],"
	       "\"verdict\":\"allowed\",",
	       kind, who(), own_cgroup(), ns_pid, clone);
	if (in_host_pids())
		printf("\"child_pid\":%d,\"child_tid\":%d}\n", pid, tid);
	else
		printf("\"any\":[\"child_pid\",\"child_tid\"]}\n");
}

static int child_end(void *arg)
{
	(void)arg;
	return 0;
}

static void fork_with(int flags, pid_t ns_pid, const char *clone_json)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(child_end, stack + sizeof(stack), flags | SIGCHLD, NULL);

	MUST(pid > 0);
	say_fork("fork", pid, pid, ns_pid ? ns_pid : pid, clone_json);
	MUST(waitpid(pid, NULL, __WALL) == pid || (flags & CLONE_PARENT));
}

static pid_t thread_tid;
static void *thread_run(void *arg)
{
	thread_tid = (pid_t)syscall(SYS_gettid);
	return arg;
}

/* Its child is its own parent's. */
static void fork_sibling(void)
{
	fork_with(CLONE_PARENT, 0, "\"parent\"");
}

static int fork_(char **argv)
{
	pthread_t thread;

	(void)argv;
	fork_with(0, 0, "");
	fork_with(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_VFORK, 0, "\"vm\",\"fs\",\"files\"");
	fork_with(CLONE_VM | CLONE_SIGHAND | CLONE_VFORK, 0, "\"vm\",\"sighand\"");
	fork_with(CLONE_NEWUTS | CLONE_NEWIPC, 0, "\"uts-ns\",\"ipc-ns\"");
	fork_with(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWCGROUP, 0,
		  "\"mnt-ns\",\"cgroup-ns\",\"net-ns\"");
	fork_with(CLONE_NEWUSER, 0, "\"user-ns\"");
	fork_with(CLONE_NEWPID, 1, "\"pid-ns\"");
	in_child(fork_sibling);
	MUST(pthread_create(&thread, NULL, thread_run, NULL) == 0);
	MUST(pthread_join(thread, NULL) == 0);
	say_fork("thread", getpid(), thread_tid, thread_tid,
		 "\"vm\",\"fs\",\"files\",\"sighand\",\"thread\"");
	while (wait(NULL) > 0)
		;
	return 0;
}

/* --- ids --- */

/* Before and after, r, e, s, fs. */
static void say_ids(const char *kind, const char *as, const int b[4], const int a[4])
{
	printf("{\"kind\":\"%s\",%s,\"old_id\":%d,\"old_eid\":%d,\"old_sid\":%d,\"old_fsid\":%d,"
	       "\"new_id\":%d,\"new_eid\":%d,\"new_sid\":%d,\"new_fsid\":%d,\"verdict\":\"allowed\"}\n",
	       kind, as, b[0], b[1], b[2], b[3], a[0], a[1], a[2], a[3]);
}

static void ids(int group, int v[4])
{
	unsigned r, e, s;

	MUST((group ? getresgid(&r, &e, &s) : getresuid(&r, &e, &s)) == 0);
	v[0] = (int)r;
	v[1] = (int)e;
	v[2] = (int)s;
	v[3] = group ? setfsgid((gid_t)-1) : setfsuid((uid_t)-1);
}

static void change_ids(int group, int r, int e, int s, int fs)
{
	int before[4], after[4];
	char as[256];

	ids(group, before);
	snprintf(as, sizeof(as), "%s", who());
	if (fs >= 0)
		group ? setfsgid((gid_t)fs) : setfsuid((uid_t)fs);
	else
		MUST((group ? setresgid((gid_t)r, (gid_t)e, (gid_t)s)
			    : setresuid((uid_t)r, (uid_t)e, (uid_t)s)) == 0);
	ids(group, after);
	say_ids(group ? "setgid" : "setuid", as, before, after);
}

static void ids_child(void)
{
	gid_t many[2000];

	for (unsigned i = 0; i < 2000; i++)
		many[i] = 5000 + i;
	change_ids(1, -1, -1, -1, 77);
	change_ids(1, 11, 12, 13, -1);
	MUST(setresgid(11, 12, 13) == 0); /* changes nothing: no record */
	printf("{\"kind\":\"setgroups\",%s,\"old_count\":0,\"new_count\":2,\"old_groups\":[],"
	       "\"new_groups\":[21,22],\"verdict\":\"allowed\"}\n",
	       who());
	MUST(setgroups(2, (gid_t[]){22, 21}) == 0); /* the kernel sorts them */
	MUST(setgroups(2, (gid_t[]){21, 22}) == 0);
	printf("{\"kind\":\"setgroups\",%s,\"old_count\":2,\"new_count\":2000,\"old_groups\":[21,22],"
	       "\"new_groups\":[",
	       who());
	for (unsigned i = 0; i < 1023; i++)
		printf("%s%u", i ? "," : "", many[i]);
	printf("]}\n");
	MUST(setgroups(2000, many) == 0);
	change_ids(0, -1, -1, -1, 78);
	change_ids(0, -1, 1000, -1, -1);
	change_ids(0, 0, 0, 0, -1);
	change_ids(0, 1001, 1002, 1003, -1);
	MUST(setresuid(1001, 1002, 1003) == 0);
	MUST(setresuid(0, 0, 0) < 0); /* refused before any hook */
}

static void count_of(const char *kind, pid_t pid, int times)
{
	printf("{\"kind\":\"%s\",\"process\":{\"ns_pid\":%d},\"times\":%d,\"any\":[\"old_id\","
	       "\"old_eid\",\"old_sid\",\"old_fsid\",\"new_id\",\"new_eid\",\"new_sid\",\"new_fsid\","
	       "\"old_count\",\"new_count\",\"old_groups\",\"new_groups\"]}\n",
	       kind, pid, times);
}

static int ids_(char **argv)
{
	int status;
	pid_t pid;

	(void)argv;
	MUST(setgroups(0, NULL) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ids_child();
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
	count_of("setuid", pid, 4);
	count_of("setgid", pid, 2);
	count_of("setgroups", pid, 2);
	return 0;
}

/* --- capabilities --- */

static const char *const cap_names[] = {
    "CHOWN",	      "DAC_OVERRIDE",	  "DAC_READ_SEARCH", "FOWNER",	       "FSETID",
    "KILL",	      "SETGID",		  "SETUID",	     "SETPCAP",	       "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE", "NET_BROADCAST",  "NET_ADMIN",	     "NET_RAW",	       "IPC_LOCK",
    "IPC_OWNER",      "SYS_MODULE",	  "SYS_RAWIO",	     "SYS_CHROOT",     "SYS_PTRACE",
    "SYS_PACCT",      "SYS_ADMIN",	  "SYS_BOOT",	     "SYS_NICE",       "SYS_RESOURCE",
    "SYS_TIME",	      "SYS_TTY_CONFIG",	  "MKNOD",	     "LEASE",	       "AUDIT_WRITE",
    "AUDIT_CONTROL",  "SETFCAP",	  "MAC_OVERRIDE",    "MAC_ADMIN",      "SYSLOG",
    "WAKE_ALARM",     "BLOCK_SUSPEND",	  "AUDIT_READ",	     "PERFMON",	       "BPF",
    "CHECKPOINT_RESTORE"};

static void say_set(const char *name, const struct __user_cap_data_struct *d, int which)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (unsigned i = 0; i < sizeof(cap_names) / sizeof(cap_names[0]); i++) {
		const struct __user_cap_data_struct *h = &d[i / 32];
		unsigned set = which == 0 ? h->effective : which == 1 ? h->permitted : h->inheritable;

		if (!(set >> (i % 32) & 1))
			continue;
		printf("%s\"CAP_%s\"", comma, cap_names[i]);
		comma = ",";
	}
	printf("]");
}

static void get_caps(struct __user_cap_data_struct d[2])
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};

	MUST(syscall(SYS_capget, &h, d) == 0);
}

static void caps_child(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct old[2], new[2];

	printf("{\"kind\":\"capability\",%s,\"capability\":\"CAP_SYS_CHROOT\",\"in_user_ns\":%lu,"
	       "\"verdict\":\"allowed\"}\n",
	       who(), ns_of("user"));
	MUST(chroot("/") == 0);
	get_caps(old);
	memcpy(new, old, sizeof(new));
	new[0].effective &= ~(1u << CAP_SYS_CHROOT);
	new[0].inheritable |= 1u << CAP_KILL;
	new[0].permitted &= ~(1u << CAP_SYS_PTRACE);
	new[0].effective &= ~(1u << CAP_SYS_PTRACE);
	MUST(syscall(SYS_capset, &h, new) == 0);
	get_caps(new);
	printf("{\"kind\":\"capset\",%s,\"verdict\":\"allowed\"", who());
	say_set("old_effective", old, 0);
	say_set("old_permitted", old, 1);
	say_set("old_inheritable", old, 2);
	say_set("effective", new, 0);
	say_set("permitted", new, 1);
	say_set("inheritable", new, 2);
	printf("}\n");
	MUST(syscall(SYS_capset, &h, new) == 0); /* changes nothing */
	MUST(chroot("/") < 0);
	printf("{\"kind\":\"capset\",\"process\":{\"ns_pid\":%d},\"any\":[\"old_effective\","
	       "\"old_permitted\",\"old_inheritable\",\"effective\",\"permitted\",\"inheritable\"]}\n",
	       getpid());
}

static int caps(char **argv)
{
	(void)argv;
	in_child(caps_child);
	return 0;
}

/* --- what processes do to each other --- */

/* A child called other that waits for its end. uid: of the child, 0 ours. */
static pid_t other(uid_t uid)
{
	int ready[2];
	char c;
	pid_t pid;

	MUST(pipe2(ready, O_CLOEXEC) == 0);
	fflush(stdout);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		signal(SIGRTMIN + 1, SIG_IGN);
		MUST(prctl(PR_SET_NAME, "other") == 0);
		MUST(!uid || (setresuid(uid, uid, uid) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0));
		MUST(write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	MUST(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void say_other(const char *kind, pid_t pid, const char *comm, const char *rest, ...)
{
	va_list args;

	printf("{\"kind\":\"%s\",%s,\"ocomm\":\"%s\",\"ons_pid\":%d,\"verdict\":\"allowed\",", kind,
	       who(), comm, pid);
	va_start(args, rest);
	vprintf(rest, args);
	va_end(args);
	if (in_host_pids())
		printf(",\"opid\":%d}\n", pid);
	else
		printf(",\"any\":[\"opid\"]}\n");
}

static void read_all(pid_t pid, const char *name)
{
	char path[64], buf[4096];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	MUST(fd >= 0 && read(fd, buf, sizeof(buf)) >= 0);
	close(fd);
}

static void traceme(void)
{
	say_other("ptrace", getppid(), "ev-process", "\"request\":\"traceme\",\"mode\":0");
	MUST(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int ptrace_(char **argv)
{
	char here[8] = "";
	struct iovec local = {here, 8}, remote = {self, 8};
	char path[64];
	pid_t pid = other(0), foreign;
	int fd;

	(void)argv;
	MUST(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
	/* seize, readv and writev: three alike */
	say_other("ptrace", pid, "other", "\"request\":\"attach\",\"mode\":%d,\"times\":3",
		  MODE_ATTACH_REAL);
	MUST(process_vm_readv(pid, &local, 1, &remote, 1, 0) == 8 && memcmp(here, self, 8) == 0);
	MUST(process_vm_writev(pid, &local, 1, &remote, 1, 0) == 8);
	say_other("ptrace", pid, "other", "\"request\":\"attach\",\"mode\":%d", MODE_ATTACH_FS);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	MUST(fd >= 0 && close(fd) == 0);
	in_child(traceme);

	/* Another user's: stat asks without meaning it, environ means it. */
	foreign = other(1000);
	read_all(foreign, "stat");
	say_other("inspect", foreign, "other", "\"request\":\"read\",\"mode\":%d", MODE_READ_FS);
	printf("{\"kind\":\"capability\",%s,\"capability\":\"CAP_SYS_PTRACE\",\"in_user_ns\":%lu}\n",
	       who(), ns_of("user"));
	read_all(foreign, "environ");
	read_all(getpid(), "environ"); /* one's own: no record */
	printf("{\"kind\":\"inspect\",\"process\":{\"ns_pid\":%d},\"any\":[\"ocomm\",\"opid\","
	       "\"ons_pid\",\"request\",\"mode\"]}\n",
	       getpid());
	kill(pid, SIGKILL);
	kill(foreign, SIGKILL);
	return 0;
}

static int signal_(char **argv)
{
	union sigval value = {.sival_int = 7};
	pid_t pid = other(0);

	(void)argv;
	signal(SIGUSR1, SIG_IGN);
	MUST(kill(pid, 0) == 0 && raise(SIGUSR1) == 0 && kill(getpid(), SIGUSR1) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGUSR1\",\"times\":2");
	MUST(kill(pid, SIGUSR1) == 0 && syscall(SYS_tgkill, pid, pid, SIGUSR1) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGRTMIN+1\"");
	MUST(sigqueue(pid, SIGRTMIN + 1, value) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGKILL\"");
	MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	printf("{\"kind\":\"signal\",\"process\":{\"ns_pid\":%d},\"times\":4,\"any\":[\"ocomm\","
	       "\"opid\",\"ons_pid\",\"signal\"]}\n",
	       getpid());
	return 0;
}

/* --- namespaces --- */

static const char *const ns_kinds[] = {"mnt", "pid", "net", "user", "uts", "ipc", "cgroup", "time"};
static const char *const ns_files[] = {"mnt", "pid_for_children", "net",    "user",
				       "uts", "ipc",		  "cgroup", "time_for_children"};

static void ns_all(unsigned long v[8])
{
	for (unsigned i = 0; i < 8; i++)
		v[i] = ns_of(ns_files[i]);
}

/* changed: in the order of the bits of clone(2). */
static void say_ns(const char *call, const char *changed, const unsigned long old[8],
		   const unsigned long new[8])
{
	printf("{\"kind\":\"namespace\",\"process\":{\"ns_pid\":%d},\"call\":\"%s\",\"changed\":[%s],"
	       "\"verdict\":\"allowed\"",
	       getpid(), call, changed);
	for (unsigned i = 0; i < 8; i++)
		printf(",\"old_%s_ns\":%lu,\"new_%s_ns\":%lu", ns_kinds[i],
		       old[i] == new[i] ? 0 : old[i], ns_kinds[i], old[i] == new[i] ? 0 : new[i]);
	printf("}\n");
}

static void unshare_with(int flags, const char *changed)
{
	unsigned long old[8], new[8];
	pid_t child = 0;

	ns_all(old);
	MUST(unshare(flags) == 0);
	if (flags & CLONE_NEWPID) { /* a pid namespace has a name once it has a process */
		child = fork();
		if (child == 0)
			for (;;)
				pause();
	}
	ns_all(new);
	say_ns("unshare", changed, old, new);
	if (child)
		kill(child, SIGKILL);
}

static void ns_unshare(void)
{
	unshare_with(CLONE_NEWUTS, "\"uts-ns\"");
	unshare_with(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_FS,
		     "\"mnt-ns\",\"cgroup-ns\",\"ipc-ns\"");
	unshare_with(CLONE_NEWNET | CLONE_NEWPID, "\"pid-ns\",\"net-ns\"");
	MUST(unshare(CLONE_FILES) == 0);	       /* no namespace */
	MUST(unshare(CLONE_NEWPID | 0x1) < 0);	       /* refused */
}

static void ns_time(void)
{
	unshare_with(CLONE_NEWTIME, "\"time-ns\"");
}

static void ns_user(void)
{
	unshare_with(CLONE_NEWUSER | CLONE_NEWUTS, "\"uts-ns\",\"user-ns\"");
}

static void ns_user_alone(void)
{
	unshare_with(CLONE_NEWUSER, "\"user-ns\"");
}

static int ns_fd(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void ns_setns(void)
{
	unsigned long old[8], new[8];
	int uts = ns_fd(getpid(), "uts"), pidfd, user;
	int at[2];
	char c;
	pid_t pid;

	unshare_with(CLONE_NEWUTS, "\"uts-ns\"");
	ns_all(old);
	MUST(setns(uts, CLONE_NEWUTS) == 0);
	ns_all(new);
	say_ns("setns", "\"uts-ns\"", old, new);
	MUST(setns(uts, CLONE_NEWUTS) == 0);		 /* the same: no record */
	MUST(setns(ns_fd(getpid(), "user"), 0) < 0);	 /* refused */

	MUST(pipe(at) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		MUST(unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNET) == 0);
		MUST(write(at[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	MUST(read(at[0], &c, 1) == 1);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	user = ns_fd(pid, "user");
	MUST(pidfd >= 0 && user >= 0);
	ns_all(old);
	MUST(setns(pidfd, CLONE_NEWNET | CLONE_NEWIPC) == 0);
	ns_all(new);
	say_ns("setns", "\"ipc-ns\",\"net-ns\"", old, new);
	ns_all(old);
	MUST(setns(user, CLONE_NEWUSER) == 0);
	ns_all(new);
	say_ns("setns", "\"user-ns\"", old, new);
	MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	printf("{\"kind\":\"namespace\",\"call\":\"setns\",\"process\":{\"ns_pid\":%d},\"times\":3", getpid());
	printf(",\"any\":[\"changed\"");
	for (unsigned i = 0; i < 8; i++)
		printf(",\"old_%s_ns\",\"new_%s_ns\"", ns_kinds[i], ns_kinds[i]);
	printf("]}\n");
}

static int namespaces(char **argv)
{
	(void)argv;
	in_child(ns_unshare);
	in_child(ns_time);
	in_child(ns_user);
	in_child(ns_user_alone);
	in_child(ns_setns);
	return 0;
}

/* --- prctl, seccomp --- */

static void say_prctl(const char *name, int option, unsigned long arg2, unsigned long arg3)
{
	printf("{\"kind\":\"prctl\",%s,\"option\":\"%s\",\"arg2\":%lu,\"arg3\":%lu,"
	       "\"verdict\":\"allowed\"}\n",
	       who(), name, arg2, arg3);
	prctl(option, arg2, arg3, 0, 0);
}
#define PRCTL(option, arg2, arg3) say_prctl(#option, option, arg2, arg3)

static void prctl_child(void)
{
	MUST(prctl(PR_SET_NAME, "renamed") == 0);
	PRCTL(PR_SET_DUMPABLE, 0, 0);
	PRCTL(PR_SET_KEEPCAPS, 1, 0);
	PRCTL(PR_SET_CHILD_SUBREAPER, 1, 0);
	PRCTL(PR_CAPBSET_DROP, CAP_SYS_TIME, 0);
	PRCTL(PR_SET_SECUREBITS, 1, 0);
	PRCTL(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	PRCTL(PR_SET_MM, PR_SET_MM_BRK, 4096);
	PRCTL(PR_SET_NO_NEW_PRIVS, 1, 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1); /* it did happen */
	MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
	printf("{\"kind\":\"prctl\",\"process\":{\"ns_pid\":%d},\"times\":8,\"any\":[\"option\","
	       "\"arg2\",\"arg3\"]}\n",
	       getpid());
}

static int prctl_(char **argv)
{
	(void)argv;
	in_child(prctl_child);
	return 0;
}

static void say_seccomp(const char *operation, unsigned flags)
{
	printf("{\"kind\":\"seccomp\",%s,\"operation\":\"%s\",\"flags\":%u,\"verdict\":\"allowed\"}\n",
	       who(), operation, flags);
}

static void strict_child(void)
{
	say_seccomp("strict", 0);
	fflush(stdout);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	syscall(SYS_exit, 0);
}

static void filter_child(void)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {1, code}, bad = {1, NULL};
	unsigned action = SECCOMP_RET_ALLOW;

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	say_seccomp("filter", 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
	say_seccomp("filter", SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0);
	say_seccomp("filter", SECCOMP_FILTER_FLAG_NEW_LISTENER);
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		     &filter) > 0);
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &bad) < 0);
	MUST(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
	printf("{\"kind\":\"seccomp\",\"process\":{\"ns_pid\":%d},\"times\":3,\"any\":[\"operation\","
	       "\"flags\"]}\n",
	       getpid());
}

static int seccomp_(char **argv)
{
	(void)argv;
	in_child(strict_child);
	in_child(filter_child);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"exec", exec_},	   {"nop", nop},	     {"fork", fork_},	  {"ids", ids_},
	    {"caps", caps},	   {"ptrace", ptrace_},	     {"signal", signal_}, {"namespaces", namespaces},
	    {"prctl", prctl_},	   {"seccomp", seccomp_},    {"denied", denied_}, {"hostile", hostile},
	    {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
