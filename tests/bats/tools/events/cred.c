/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is, ids, capabilities, prctl, seccomp: see say.h. */
#include "child.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

/* --- ids --- */

/* Before and after, r, e, s, fs. */
static void say_ids(const char *kind, const char *as, const int b[4], const int a[4])
{
	printf("{\"kind\":\"%s\",%s,\"old_id\":%d,\"old_eid\":%d,\"old_sid\":%d,\"old_fsid\":%d,"
	       "\"new_id\":%d,\"new_eid\":%d,\"new_sid\":%d,\"new_fsid\":%d,\"verdict\":"
	       "\"allowed\"}\n",
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
	printf(
	    "{\"kind\":\"setgroups\",%s,\"old_count\":2,\"new_count\":2000,\"old_groups\":[21,22],"
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
	printf(
	    "{\"kind\":\"%s\",\"process\":{\"ns_pid\":%d},\"times\":%d,\"any\":[\"old_id\","
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

static const char *const cap_names[] = {"CHOWN",
					"DAC_OVERRIDE",
					"DAC_READ_SEARCH",
					"FOWNER",
					"FSETID",
					"KILL",
					"SETGID",
					"SETUID",
					"SETPCAP",
					"LINUX_IMMUTABLE",
					"NET_BIND_SERVICE",
					"NET_BROADCAST",
					"NET_ADMIN",
					"NET_RAW",
					"IPC_LOCK",
					"IPC_OWNER",
					"SYS_MODULE",
					"SYS_RAWIO",
					"SYS_CHROOT",
					"SYS_PTRACE",
					"SYS_PACCT",
					"SYS_ADMIN",
					"SYS_BOOT",
					"SYS_NICE",
					"SYS_RESOURCE",
					"SYS_TIME",
					"SYS_TTY_CONFIG",
					"MKNOD",
					"LEASE",
					"AUDIT_WRITE",
					"AUDIT_CONTROL",
					"SETFCAP",
					"MAC_OVERRIDE",
					"MAC_ADMIN",
					"SYSLOG",
					"WAKE_ALARM",
					"BLOCK_SUSPEND",
					"AUDIT_READ",
					"PERFMON",
					"BPF",
					"CHECKPOINT_RESTORE"};

static void say_set(const char *name, const struct __user_cap_data_struct *d, int which)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (unsigned i = 0; i < sizeof(cap_names) / sizeof(cap_names[0]); i++) {
		const struct __user_cap_data_struct *h = &d[i / 32];
		unsigned set = which == 0   ? h->effective
			       : which == 1 ? h->permitted
					    : h->inheritable;

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
	printf(
	    "{\"kind\":\"capset\",\"process\":{\"ns_pid\":%d},\"any\":[\"old_effective\","
	    "\"old_permitted\",\"old_inheritable\",\"effective\",\"permitted\",\"inheritable\"]}\n",
	    getpid());
}

static int caps(char **argv)
{
	(void)argv;
	in_child(caps_child);
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
	printf(
	    "{\"kind\":\"seccomp\",%s,\"operation\":\"%s\",\"flags\":%u,\"verdict\":\"allowed\"}\n",
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
	printf(
	    "{\"kind\":\"seccomp\",\"process\":{\"ns_pid\":%d},\"times\":3,\"any\":[\"operation\","
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
	    {"ids", ids_}, {"caps", caps}, {"prctl", prctl_}, {"seccomp", seccomp_}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
