/* SPDX-License-Identifier: Apache-2.0 */
/* Modules, kexec, reboot, log and clock, bpf(2), perf events, keys, io_uring: see say.h. */
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/kexec.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include "say.h"

#define NO_FILE "\"ino\":0,\"dev\":\"0:0\",\"path_state\":\"ok\",\"path\":null"

static const char *dev_ino_fd(int fd)
{
	static char text[96];
	struct stat st;

	MUST(fstat(fd, &st) == 0);
	snprintf(text, sizeof(text), "\"dev\":\"%u:%u\",\"ino\":%lu", major(st.st_dev),
		 minor(st.st_dev), (unsigned long)st.st_ino);
	return text;
}

/* {"kind":KIND,WHO,MEMBERS,"verdict":"allowed"} */
static void __attribute__((format(printf, 2, 3))) expect(const char *kind, const char *fmt, ...)
{
	va_list args;

	printf("{\"kind\":\"%s\",%s,\"verdict\":\"allowed\",", kind, who());
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("}\n");
}

static int file_of(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

static const char garbage[] =
    "this is no kernel module and no kernel, only longer than the head of "
    "an ELF file: shorter ones the kernel refuses by their size";

/* MODULE_FILE MODULE_NAME: one that the kernel takes. */
static int module(char **argv)
{
	int bad = file_of("/tmp/bad.ko", garbage, sizeof(garbage));
	int mem = memfd_create("km", MFD_CLOEXEC), good = open(argv[0], O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *image;

	MUST(mem >= 0 && write(mem, garbage, sizeof(garbage)) > 0 && good >= 0);
	expect("module",
	       "\"how\":\"finit_module\",%s,\"path_state\":\"ok\","
	       "\"path\":\"/tmp/bad.ko\",\"name\":null",
	       dev_ino("/tmp/bad.ko"));
	MUST(syscall(SYS_finit_module, bad, "", 0) < 0);
	/* A file written to cannot be executed from: /proc gives a descriptor that only reads. */
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mem);
	int ro = open(path, O_RDONLY);
	MUST(ro >= 0 && close(mem) == 0);
	expect("module",
	       "\"how\":\"finit_module\",%s,\"path_state\":\"anonymous\","
	       "\"path\":\"/memfd:km (deleted)\",\"name\":null",
	       dev_ino_fd(ro));
	MUST(syscall(SYS_finit_module, ro, "", 0) < 0);

	/* Twice a wrong image, once a right one: of those only that is loaded. */
	printf("{\"kind\":\"module\",%s,\"how\":\"init_module\",\"times\":3,\"name\":null," NO_FILE
	       "}\n",
	       who());
	MUST(syscall(SYS_init_module, garbage, sizeof(garbage), "") < 0);
	MUST(syscall(SYS_init_module, garbage, sizeof(garbage), "") < 0);
	MUST(fstat(good, &st) == 0);
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, good, 0);
	MUST(image != MAP_FAILED);
	expect("module",
	       "\"how\":\"finit_module\",%s,\"path_state\":\"ok\",\"path\":\"%s\","
	       "\"name\":null",
	       dev_ino_fd(good), argv[0]);
	printf("{\"kind\":\"module\",%s,\"how\":\"loaded\",\"times\":2,\"name\":\"%s\"," NO_FILE
	       "}\n",
	       who(), argv[1]);
	MUST(syscall(SYS_finit_module, good, "", 0) == 0);
	MUST(syscall(SYS_delete_module, argv[1], O_NONBLOCK) == 0);
	MUST(syscall(SYS_init_module, image, st.st_size, "") == 0);
	MUST(syscall(SYS_delete_module, argv[1], O_NONBLOCK) == 0);
	/* Nothing else may say that it was loaded. */
	printf("{\"kind\":\"module\",\"how\":\"loaded\",\"name\":null,\"times\":0}\n");

	/* An address family that no kernel has: modprobe is asked, and finds nothing. */
	expect("module", "\"how\":\"request_module\",\"name\":\"net-pf-%d\"," NO_FILE, AF_ECONET);
	MUST(socket(AF_ECONET, SOCK_DGRAM, 0) < 0 && errno == EAFNOSUPPORT);
	return 0;
}

/* What the kernel looks at before it reads the initramfs: the header of a bzImage. */
static int fake_kernel(void)
{
	unsigned char image[8192] = {
	    [0x1f1] = 1,    [0x1fe] = 0x55, [0x1ff] = 0xaa, [0x202] = 'H',
	    [0x203] = 'd',  [0x204] = 'r',  [0x205] = 'S',  [0x206] = 0x0d,
	    [0x207] = 0x02, [0x211] = 1,    [0x234] = 1,    [0x236] = 0x63};

	return file_of("/tmp/vmlinuz", image, sizeof(image));
}

static int kexec(char **argv)
{
	int kernel = fake_kernel(), initrd = file_of("/tmp/initrd", garbage, sizeof(garbage));

	(void)argv;
	expect("kexec",
	       "\"how\":\"kexec_file_load\",%s,\"path_state\":\"ok\","
	       "\"path\":\"/tmp/vmlinuz\"",
	       dev_ino("/tmp/vmlinuz"));
	expect("kexec",
	       "\"how\":\"kexec_file_load-initramfs\",%s,\"path_state\":\"ok\","
	       "\"path\":\"/tmp/initrd\"",
	       dev_ino("/tmp/initrd"));
	(void)!syscall(SYS_kexec_file_load, kernel, initrd, 1, "", 0);
	(void)!syscall(SYS_kexec_file_load, -1, -1, 0, NULL, KEXEC_FILE_UNLOAD);
	expect("kexec", "\"how\":\"kexec_load\"," NO_FILE);
	MUST(syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0); /* no segments: unload */
	return 0;
}

/* reboot(2) by the 32-bit entry. */
static long reboot_32(uint32_t magic1, uint32_t magic2, uint32_t command)
{
	long r;

	asm volatile("int $0x80"
		     : "=a"(r)
		     : "a"(88l), "b"((long)magic1), "c"((long)magic2), "d"((long)command), "S"(0l)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

/* Without the capability: attempts all. */
static int reboot_(char **argv)
{
	(void)argv;
	expect("reboot", "\"command\":\"cad-off\",\"magic\":true");
	MUST(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2C,
		     LINUX_REBOOT_CMD_CAD_OFF, NULL) < 0);
	expect("reboot", "\"command\":\"restart\",\"magic\":false");
	MUST(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 1, LINUX_REBOOT_CMD_RESTART, NULL) < 0);
	expect("reboot", "\"command\":\"halt\",\"magic\":false");
	MUST(reboot_32(2, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_HALT) < 0);
	expect("reboot", "\"command\":\"power-off\",\"magic\":true");
	MUST(reboot_32(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2A, LINUX_REBOOT_CMD_POWER_OFF) < 0);
	expect("reboot", "\"command\":\"77\",\"magic\":true");
	MUST(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2B, 77, NULL) < 0);
	return 0;
}

/* With the capability, in a pid namespace: the kernel ends this process by SIGHUP. */
static int restart(char **argv)
{
	(void)argv;
	expect("reboot", "\"command\":\"restart\",\"magic\":true");
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
		NULL);
	return 97;
}

static int syslog_(char **argv)
{
	char buf[4096];
	int fd;

	(void)argv;
	expect("syslog", "\"action\":\"size_buffer\"");
	MUST(syscall(SYS_syslog, 10, NULL, 0) > 0);
	/* Once by the system call; a reader of /dev/kmsg asks for the same when it opens it. */
	printf("{\"kind\":\"syslog\",%s,\"action\":\"read_all\",\"times\":2}\n", who());
	MUST(syscall(SYS_syslog, 3, buf, sizeof(buf)) > 0);
	fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0 && close(fd) == 0);
	expect("syslog", "\"action\":\"open\"");
	fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	MUST(fd >= 0);
	expect("syslog", "\"action\":\"close\"");
	MUST(close(fd) == 0);
	return 0;
}

/* Without the capability the kernel refuses before it asks any LSM. */
static int syslog_refused(char **argv)
{
	char buf[64];

	(void)argv;
	printf("{\"kind\":\"syslog\",\"times\":0}\n");
	MUST(syscall(SYS_syslog, 3, buf, sizeof(buf)) < 0 && errno == EPERM);
	return 0;
}

#define NO_ZONE "\"timezone\":false,\"minutes_west\":0"

/* To the time it is, and attempts: a zone there is none of is refused after the LSMs were asked. */
static int settime(char **argv)
{
	struct timezone utc = {0}, none = {.tz_minuteswest = -901};
	struct timespec now;
	struct timeval tv;

	(void)argv;
	MUST(clock_gettime(CLOCK_REALTIME, &now) == 0);
	expect("settime", "\"seconds\":%ld,\"nsec\":%ld," NO_ZONE, now.tv_sec, now.tv_nsec);
	MUST(clock_settime(CLOCK_REALTIME, &now) == 0);
	MUST(gettimeofday(&tv, NULL) == 0);
	expect("settime", "\"seconds\":%ld,\"nsec\":%ld," NO_ZONE, tv.tv_sec, tv.tv_usec * 1000);
	MUST(syscall(SYS_settimeofday, &tv, NULL) == 0);
	expect("settime",
	       "\"seconds\":null,\"nsec\":0,\"timezone\":true,\"minutes_west\":0");
	MUST(syscall(SYS_settimeofday, NULL, &utc) == 0);
	expect("settime",
	       "\"seconds\":5,\"nsec\":6000,\"timezone\":true,\"minutes_west\":-901");
	tv = (struct timeval){.tv_sec = 5, .tv_usec = 6};
	MUST(syscall(SYS_settimeofday, &tv, &none) < 0 && errno == EINVAL);
	return 0;
}

struct bpf_want {
	const char *command, *prog_type, *map_type, *name, *given;
	uint32_t attach_type, key_size, value_size, max_entries, id, unreadable;
};

static const char *quoted(const char *s)
{
	static char text[8][96];
	static unsigned at;
	char *to = text[at++ % 8];

	if (!s)
		return "null";
	snprintf(to, 96, "\"%s\"", s);
	return to;
}

static void expect_bpf(const struct bpf_want *w)
{
	expect("bpf",
	       "\"command\":\"%s\",\"prog_type\":%s,\"map_type\":%s,\"name\":%s,\"given\":%s,"
	       "\"attach_type\":%u,\"key_size\":%u,\"value_size\":%u,\"max_entries\":%u,\"id\":%u,"
	       "\"unreadable\":%s",
	       w->command, quoted(w->prog_type), quoted(w->map_type), quoted(w->name),
	       quoted(w->given), w->attach_type, w->key_size, w->value_size, w->max_entries, w->id,
	       w->unreadable ? "true" : "false");
}

#define BPF(...) expect_bpf(&(struct bpf_want){__VA_ARGS__})

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Returns the map's id. */
static uint32_t bpf_map(int *ret_map)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_HASH,
			    .key_size = 4,
			    .value_size = 8,
			    .max_entries = 17,
			    .map_name = "m_name"};
	struct bpf_map_info info = {};
	uint64_t value = 1;
	uint32_t key = 1;

	BPF(.command = "map_create", .map_type = "hash", .name = "m_name", .key_size = 4,
	    .value_size = 8, .max_entries = 17);
	*ret_map = sys_bpf(BPF_MAP_CREATE, &a);
	MUST(*ret_map >= 0);
	a = (union bpf_attr){
	    .map_fd = (uint32_t)*ret_map, .key = (uintptr_t)&key, .value = (uintptr_t)&value};
	MUST(sys_bpf(BPF_MAP_UPDATE_ELEM, &a) == 0);
	MUST(sys_bpf(BPF_MAP_LOOKUP_ELEM, &a) == 0);
	a = (union bpf_attr){.info = {.bpf_fd = (uint32_t)*ret_map,
				      .info_len = sizeof(info),
				      .info = (uintptr_t)&info}};
	MUST(sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a) == 0);
	return info.id;
}

static int bpf_prog(void)
{
	static const struct bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
						{.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
			    .insn_cnt = 2,
			    .insns = (uintptr_t)insns,
			    .license = (uintptr_t) "GPL",
			    .prog_name = "p_name",
			    .expected_attach_type = BPF_CGROUP_INET_EGRESS};
	int fd;

	BPF(.command = "prog_load", .prog_type = "cgroup_skb", .name = "p_name",
	    .attach_type = BPF_CGROUP_INET_EGRESS);
	fd = sys_bpf(BPF_PROG_LOAD, &a);
	MUST(fd >= 0);
	return fd;
}

/* Commands that name their object by a string, or make nothing because of a wrong descriptor. */
static void bpf_rest(int map, int prog, uint32_t map_id)
{
	union bpf_attr a = {.pathname = (uintptr_t) "/tmp/no-bpffs", .bpf_fd = (uint32_t)map};

	BPF(.command = "obj_pin", .given = "/tmp/no-bpffs");
	MUST(sys_bpf(BPF_OBJ_PIN, &a) < 0);
	a = (union bpf_attr){.pathname = 8};
	BPF(.command = "obj_get", .unreadable = 1);
	MUST(sys_bpf(BPF_OBJ_GET, &a) < 0);
	a = (union bpf_attr){
	    .raw_tracepoint = {.name = (uintptr_t) "sched_switch", .prog_fd = (uint32_t)prog}};
	BPF(.command = "raw_tracepoint_open", .given = "sched_switch");
	MUST(sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &a) < 0); /* not a program for that */
	a = (union bpf_attr){.target_fd = ~0u,
			     .attach_bpf_fd = (uint32_t)prog,
			     .attach_type = BPF_CGROUP_INET_EGRESS};
	BPF(.command = "prog_attach", .attach_type = BPF_CGROUP_INET_EGRESS);
	MUST(sys_bpf(BPF_PROG_ATTACH, &a) < 0);
	BPF(.command = "prog_detach", .attach_type = BPF_CGROUP_INET_EGRESS);
	MUST(sys_bpf(BPF_PROG_DETACH, &a) < 0);
	a = (union bpf_attr){.link_create = {.prog_fd = (uint32_t)prog,
					     .target_fd = ~0u,
					     .attach_type = BPF_CGROUP_INET_EGRESS}};
	BPF(.command = "link_create", .attach_type = BPF_CGROUP_INET_EGRESS);
	MUST(sys_bpf(BPF_LINK_CREATE, &a) < 0);
	a = (union bpf_attr){.map_id = map_id};
	BPF(.command = "map_get_fd_by_id", .id = map_id);
	MUST(sys_bpf(BPF_MAP_GET_FD_BY_ID, &a) >= 0);
	a = (union bpf_attr){.prog_id = 0xfffffffe};
	BPF(.command = "prog_get_fd_by_id", .id = 0xfffffffe);
	MUST(sys_bpf(BPF_PROG_GET_FD_BY_ID, &a) < 0);
	a = (union bpf_attr){.btf = (uintptr_t)garbage, .btf_size = sizeof(garbage)};
	BPF(.command = "btf_load");
	MUST(sys_bpf(BPF_BTF_LOAD, &a) < 0);
	a = (union bpf_attr){.iter_create = {.link_fd = ~0u}};
	BPF(.command = "iter_create");
	MUST(sys_bpf(BPF_ITER_CREATE, &a) < 0);
	a = (union bpf_attr){};
	BPF(.command = "token_create"); /* 6.9; before, the attempt */
	(void)!sys_bpf(36, &a);
}

/* 7.x takes a further argument, and a bit in the command that says so; to others it is no command.
 */
static void bpf_common(void)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY,
			    .key_size = 4,
			    .value_size = 8,
			    .max_entries = 1,
			    .map_name = "m_common"};
	uint64_t common[3] = {0};
	long fd = syscall(SYS_bpf, BPF_MAP_CREATE | 1 << 16, &a, sizeof(a), common, sizeof(common));

	fprintf(stderr, "bpf with common attributes: %ld\n", fd);
	if (fd >= 0)
		BPF(.command = "map_create", .map_type = "array", .name = "m_common", .key_size = 4,
		    .value_size = 8, .max_entries = 1);
	else
		printf("{\"kind\":\"bpf\",\"name\":\"m_common\",\"times\":0}\n");
}

static int bpf(char **argv)
{
	uint32_t id;
	int map, prog;

	(void)argv;
	id = bpf_map(&map);
	prog = bpf_prog();
	bpf_rest(map, prog, id);
	bpf_common();
	/* None of those that only look or write. */
	printf("{\"kind\":\"bpf\",\"command\":\"map_update_elem\",\"times\":0}\n");
	printf("{\"kind\":\"bpf\",\"command\":\"map_lookup_elem\",\"times\":0}\n");
	printf("{\"kind\":\"bpf\",\"command\":\"obj_get_info_by_fd\",\"times\":0}\n");
	return 0;
}

static long perf(uint32_t type, uint64_t config, bool kernel)
{
	struct perf_event_attr a = {.type = type,
				    .size = sizeof(a),
				    .config = config,
				    .exclude_kernel = !kernel,
				    .disabled = 1};

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Each on a processor of its own, where there are two: the kernel passes a tracing program over for a
 * thread that comes upon it while another of the same processor is in it (docs/not-recorded.md). */
static void *perf_loop(void *config)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET((uintptr_t)config % (unsigned long)sysconf(_SC_NPROCESSORS_ONLN), &cpu);
	MUST(sched_setaffinity(0, sizeof(cpu), &cpu) == 0);
	for (int i = 0; i < 100; i++) {
		long fd = perf(PERF_TYPE_SOFTWARE, (uintptr_t)config, i & 1);

		MUST(fd >= 0 && close((int)fd) == 0);
	}
	return NULL;
}

static int perf_event(char **argv)
{
	pthread_t threads[2];

	(void)argv;
	expect("perf_event", "\"type\":\"software\",\"config\":%d,\"in_kernel\":true",
	       PERF_COUNT_SW_CPU_CLOCK);
	MUST(perf(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, true) >= 0);
	expect("perf_event", "\"type\":\"software\",\"config\":%d,\"in_kernel\":false",
	       PERF_COUNT_SW_CONTEXT_SWITCHES);
	MUST(perf(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, false) >= 0);
	/* No such event: an attempt. */
	expect("perf_event", "\"type\":\"raw\",\"config\":18364758544493064720,\"in_kernel\":true");
	(void)!perf(PERF_TYPE_RAW, 0xfedcba9876543210, true);
	/* Attributes that cannot be read: the call ends before any LSM is asked. */
	MUST(syscall(SYS_perf_event_open, 8, 0, -1, -1, 0) < 0);
	/* Two threads at a time: each record has what its own call asked for. */
	for (uintptr_t i = 0; i < 2; i++)
		MUST(pthread_create(&threads[i], NULL, perf_loop,
				    (void *)(PERF_COUNT_SW_PAGE_FAULTS_MIN + i)) == 0);
	for (int i = 0; i < 2; i++)
		MUST(pthread_join(threads[i], NULL) == 0);
	for (int i = 0; i < 4; i++)
		printf("{\"kind\":\"perf_event\",\"process\":{\"ns_pid\":%d},\"type\":\"software\","
		       "\"config\":%d,\"in_kernel\":%s,\"times\":50}\n",
		       getpid(), PERF_COUNT_SW_PAGE_FAULTS_MIN + i / 2, i & 1 ? "true" : "false");
	return 0;
}

static int key(char **argv)
{
	char buf[64];
	long serial, keyring;

	(void)argv;
	expect("key",
	       "\"how\":\"made\",\"serial\":0,\"permission\":null,\"key_uid\":%d,"
	       "\"key_type\":\"keyring\",\"description\":\"_pid\"",
	       getuid());
	expect("key",
	       "\"how\":\"made\",\"serial\":0,\"permission\":null,\"key_uid\":%d,"
	       "\"key_type\":\"user\",\"description\":\"reeve:one\"",
	       getuid());
	serial = syscall(SYS_add_key, "user", "reeve:one", "secret", 6, KEY_SPEC_PROCESS_KEYRING);
	MUST(serial > 0);
	keyring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0);
	MUST(keyring > 0);
	/* Once when the caller's number for it is looked up, once when the key is put there. */
	expect("key",
	       "\"how\":\"used\",\"serial\":%ld,\"permission\":\"write\",\"key_uid\":%d,"
	       "\"key_type\":\"keyring\",\"description\":\"_pid\",\"times\":2",
	       keyring, getuid());
	expect("key",
	       "\"how\":\"used\",\"serial\":%ld,\"permission\":\"read\",\"key_uid\":%d,"
	       "\"key_type\":\"user\",\"description\":\"reeve:one\"",
	       serial, getuid());
	MUST(syscall(SYS_keyctl, KEYCTL_READ, serial, buf, sizeof(buf)) == 6);
	expect("key",
	       "\"how\":\"used\",\"serial\":%ld,\"permission\":\"setattr\",\"key_uid\":%d,"
	       "\"key_type\":\"user\",\"description\":\"reeve:one\"",
	       serial, getuid());
	MUST(syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, serial, 1000) == 0);
	return 0;
}

static int io_uring(char **argv)
{
	struct io_uring_params p = {.flags = IORING_SETUP_CQSIZE, .cq_entries = 20};
	long fd;

	(void)argv;
	fd = syscall(SYS_io_uring_setup, 5, &p);
	MUST(fd >= 0);
	expect("io_uring", "\"fd\":%ld,\"sq_entries\":%u,\"cq_entries\":%u,\"flags\":\"%#x\"", fd,
	       p.sq_entries, p.cq_entries, p.flags);
	/* A container that uses no keys and loads nothing says nothing of the kind. */
	printf("{\"kind\":\"key\",\"times\":0}\n{\"kind\":\"module\",\"times\":0}\n"
	       "{\"kind\":\"bpf\",\"times\":0}\n{\"kind\":\"syslog\",\"times\":0}\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"module", module},
					    {"kexec", kexec},
					    {"reboot", reboot_},
					    {"restart", restart},
					    {"syslog", syslog_},
					    {"syslog-refused", syslog_refused},
					    {"settime", settime, "CAP_SYS_TIME"},
					    {"bpf", bpf},
					    {"perf_event", perf_event},
					    {"key", key, ""},
					    {"io_uring", io_uring},
					    {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
