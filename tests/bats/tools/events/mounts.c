/* SPDX-License-Identifier: Apache-2.0 */
/* Files: mounts and roots. See say.h. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "files.h"

#define MOVE_F_EMPTY 4 /* MOVE_MOUNT_F_EMPTY_PATH */

static void mount_one(const char *source, const char *target, const char *type, unsigned long flags,
		      const char *options, const char *names)
{
	MUST(mount(source, target, type, flags, options) == 0);
	say("mount", "\"flags\":[%s],\"path_state\":\"ok\",\"path\":%s,\"source\":%s,\"fstype\":%s,"
	    "\"options\":%s", names, quoted(target), source ? quoted(source) : "null",
	    type ? quoted(type) : "null", options ? quoted(options) : "null");
}

static void say_umount(const char *target, const char *names, const char *source, const char *type)
{
	say("umount", "\"flags\":[%s],\"path_state\":\"ok\",\"path\":%s,\"source\":%s,\"fstype\":%s", names,
	    quoted(target), quoted(source), quoted(type));
}

static void say_move(const char *state, const char *path, const char *to, const char *source, const char *type)
{
	say("move_mount", "\"path_state\":\"%s\",\"path\":%s,\"new_path_state\":\"ok\",\"new_path\":%s,"
	    "\"source\":%s,\"fstype\":%s", state, quoted(path), quoted(to), quoted(source), quoted(type));
}

static void chroot_one(const char *as, const char *path)
{
	struct stat st = stat_of(as);

	MUST(chroot(as) == 0);
	/* /proc is gone in there: who() is asked by the caller, before */
	printf(",\"verdict\":\"allowed\",%s,\"mode\":\"%#o\",\"path_state\":\"ok\",\"path\":%s}\n",
	       st_dev_ino(&st), st.st_mode, quoted(path));
}

/* chroot, and one in it: named from the container's root all the same. In a child. */
static void roots(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		printf("{\"kind\":\"chroot\",%s", who());
		chroot_one("/tmp/jail", "/tmp/jail");
		printf("{\"kind\":\"chroot\",\"times\":1,\"path\":\"/tmp/jail/inner\",\"path_state\":\"ok\","
		       "\"any\":[\"dev\",\"ino\",\"mode\"]}\n");
		MUST(chroot("/inner") == 0);
		printf("{\"kind\":\"create\",\"times\":1,\"mode\":\"040700\",\"rdev\":\"0:0\","
		       "\"path_state\":\"ok\",\"path\":\"/tmp/jail/inner/x\"}\n");
		MUST(mkdir("/x", 0700) == 0);
		_exit(0);
	}
	MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

static int mounts(char **argv)
{
	static char longest[4096];
	int fd, mnt;

	(void)argv;
	MUST(mkdir("/tmp/m", 0755) == 0 && mkdir("/tmp/b", 0755) == 0 && mkdir("/tmp/n", 0755) == 0);
	MUST(mkdir("/tmp/jail", 0755) == 0 && mkdir("/tmp/jail/inner", 0755) == 0);
	mount_one("what", "/tmp/m", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755", "\"nosuid\",\"nodev\"");
	MUST(mkdir("/tmp/m/sub", 0755) == 0);
	/* the hook does not know the mount */
	say("setxattr", "%s,\"mode\":\"040755\",\"size\":1,\"flags\":0,\"path_state\":\"in-filesystem\","
	    "\"path\":\"/sub\",\"name\":\"trusted.reeve\",\"value\":\"1\"", dev_ino("/tmp/m/sub"));
	MUST(setxattr("/tmp/m/sub", "trusted.reeve", "1", 1, 0) == 0);
	mount_one("/tmp/m/sub", "/tmp/b", NULL, MS_BIND | MS_REC, NULL, "\"bind\",\"rec\"");
	MUST(mkdir("/tmp/b/made", 0711) == 0);
	say("create", "\"mode\":\"040711\",\"rdev\":\"0:0\",\"path_state\":\"ok\",\"path\":\"/tmp/b/made\"");
	mount_one(NULL, "/tmp/b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL, "\"ro\",\"remount\",\"bind\"");
	mount_one(NULL, "/tmp/b", NULL, MS_PRIVATE, NULL, "\"private\"");
	mount_one("/tmp/b", "/tmp/n", NULL, MS_MOVE, NULL, "\"move\"");
	MUST(umount2("/tmp/n", MNT_DETACH) == 0);
	say_umount("/tmp/n", "\"detach\"", "what", "tmpfs");

	/* nothing of it can be mounted: tried all the same, and whole */
	memset(longest, 'o', sizeof(longest));
	longest[4095] = 0;
	MUST(mount(longest, "/tmp/n", longest, MS_RDONLY, longest) == -1);
	say("mount", "\"flags\":[\"ro\"],\"path_state\":\"ok\",\"path\":\"/tmp/n\",\"source\":%s,\"fstype\":%s,"
	    "\"options\":%s", quoted(longest), quoted(longest), quoted(longest));

	fd = (int)syscall(SYS_fsopen, "tmpfs", 0);
	MUST(fd >= 0 && syscall(SYS_fsconfig, fd, 1, "source", "new", 0) == 0 &&
	     syscall(SYS_fsconfig, fd, 6, NULL, NULL, 0) == 0);
	mnt = (int)syscall(SYS_fsmount, fd, 0, 0);
	MUST(mnt >= 0 && syscall(SYS_move_mount, mnt, "", AT_FDCWD, "/tmp/n", MOVE_F_EMPTY) == 0);
	say_move("in-filesystem", "/", "/tmp/n", "new", "tmpfs");
	MUST(syscall(SYS_move_mount, AT_FDCWD, "/tmp/n", AT_FDCWD, "/tmp/b", 0) == 0);
	say_move("ok", "/tmp/n", "/tmp/b", "new", "tmpfs");
	mnt = (int)syscall(SYS_open_tree, AT_FDCWD, "/tmp/m/sub", 1 /* OPEN_TREE_CLONE */);
	MUST(mnt >= 0 && syscall(SYS_move_mount, mnt, "", AT_FDCWD, "/tmp/n", MOVE_F_EMPTY) == 0);
	say_move("in-filesystem", "/sub", "/tmp/n", "what", "tmpfs");
	MUST(close(mnt) == 0 && umount2("/tmp/n", 0) == 0);
	say_umount("/tmp/n", "", "what", "tmpfs");
	roots();
	return 0;
}

/* In a mount namespace of its own: the same names; then with another root. */
static int own(char **argv)
{
	int fd;

	(void)argv;
	MUST(mkdir("/tmp/root", 0755) == 0);
	MUST(unshare(CLONE_NEWNS) == 0);
	MUST(mkdir("/tmp/inside", 0700) == 0);
	say("create", "\"mode\":\"040700\",\"rdev\":\"0:0\",\"path_state\":\"ok\",\"path\":\"/tmp/inside\"");
	fd = open("/tmp/inside", O_RDONLY | O_DIRECTORY);
	MUST(fd >= 0);
	say("open", "%s,\"mode\":\"040700\",\"access\":[\"read\"],\"flags\":%d,\"path_state\":\"ok\","
	    "\"path\":\"/tmp/inside\",\"tag\":null,\"tag_source\":null", dev_ino("/tmp/inside"),
	    fcntl(fd, F_GETFL));
	mount_one("/", "/tmp/root", NULL, MS_BIND, NULL, "\"bind\"");
	MUST(mkdir("/tmp/root/tmp/through", 0700) == 0);
	say("create", "\"mode\":\"040700\",\"rdev\":\"0:0\",\"path_state\":\"ok\","
	    "\"path\":\"/tmp/root/tmp/through\"");
	mount_one("fresh", "/tmp/inside", "tmpfs", 0, NULL, "");
	MUST(mkdir("/tmp/inside/old", 0700) == 0 && chdir("/tmp/inside") == 0);
	MUST(mkdir("proc", 0755) == 0 && mount("proc", "proc", "proc", 0, NULL) == 0);
	MUST(syscall(SYS_pivot_root, ".", "old") == 0 && chdir("/") == 0);
	say("pivot_root", "\"path_state\":\"ok\",\"path\":\"/tmp/inside/old\",\"new_path_state\":\"ok\","
	    "\"new_path\":\"/tmp/inside\"");
	/* Behind another root: what lies on the container's own has that name still. */
	MUST(mkdir("/old/tmp/late", 0700) == 0);
	say("create", "\"mode\":\"040700\",\"rdev\":\"0:0\",\"path_state\":\"ok\",\"path\":\"/tmp/late\"");
	MUST(mkdir("/new", 0700) == 0);
	say("create", "\"mode\":\"040700\",\"rdev\":\"0:0\",\"path_state\":\"outside\",\"path\":\"/new\"");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"mounts", mounts}, {"own", own}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
