/* SPDX-License-Identifier: Apache-2.0 */
/* Files on overlayfs, which acts again on the file below: one record an act. See say.h. */
#include <sys/prctl.h>
#include <sys/xattr.h>
#include "files.h"

#define ANY_NUMBERS "\"any\":[\"ino\",\"dev\"]" /* overlayfs shows stat(2) other ones */

static void open_close(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	MUST(fd >= 0 && close(fd) == 0);
}

static int overlay(char **argv)
{
	char me[300];
	mode_t mode;

	(void)argv;
	MUST(prctl(PR_SET_NAME, "overlaid") == 0);
	snprintf(me, sizeof(me), "%s,\"verdict\":\"allowed\"", who()); /* opens one file */
	mode = stat_of("/lower/attr").st_mode;
	open_close("/lower/read", O_RDONLY);
	open_close("/lower/copy-up", O_RDWR);
	open_close("/lower/cut", O_WRONLY | O_TRUNC);
	open_close("/lower/made", O_CREAT | O_WRONLY);
	open_close("/lower/kept", O_CREAT | O_RDONLY); /* there, and in nobody's cache */
	MUST(chmod("/lower/attr", 0640) == 0 &&
	     setxattr("/lower/attr", "user.reeve", "1", 1, 0) == 0);
	MUST(truncate("/lower/attr", 1) == 0 && removexattr("/lower/attr", "user.reeve") == 0);
	MUST(mkdir("/lower/dir", 0700) == 0 && rmdir("/lower/dir") == 0 &&
	     unlink("/lower/read") == 0);

	/* what was done, and by number that there is nothing of overlayfs' own */
	printf("{\"kind\":\"open\",\"process\":{\"comm\":\"overlaid\"},\"times\":6,\"any\":["
	       "\"ino\",\"dev\","
	       "\"access\",\"flags\",\"mode\",\"path_state\",\"tag_source\",\"path\",\"tag\"]}\n");
	printf(
	    "{\"kind\":\"create\",%s,\"mode\":\"0100600\",\"rdev\":\"0:0\",\"path_state\":\"ok\","
	    "\"path\":\"/lower/made\"}\n",
	    me);
	printf("{\"kind\":\"create\",%s,\"mode\":\"040700\",\"rdev\":\"0:0\",\"path_state\":\"ok\","
	       "\"path\":\"/lower/dir\"}\n",
	       me);
	printf("{\"kind\":\"create\",\"times\":2,\"any\":[\"mode\",\"rdev\",\"path_state\","
	       "\"path\"]}\n");
	printf("{\"kind\":\"chmod\",%s,\"path\":\"/lower/"
	       "attr\",\"path_state\":\"ok\",\"mode\":\"%#o\","
	       "\"new_mode\":\"0640\"," ANY_NUMBERS "}\n",
	       me, mode);
	printf("{\"kind\":\"chmod\",\"times\":1,\"any\":[\"mode\",\"new_mode\",\"path_state\","
	       "\"path\",\"ino\","
	       "\"dev\"]}\n");
	printf("{\"kind\":\"setxattr\",%s,\"name\":\"user.reeve\",\"path\":\"/lower/attr\","
	       "\"path_state\":\"ok\",\"size\":1,\"flags\":0,\"value\":\"1\",\"mode\":"
	       "\"0100640\"," ANY_NUMBERS "}\n",
	       me);
	printf("{\"kind\":\"setxattr\",\"times\":1,\"any\":[\"ino\",\"dev\",\"mode\",\"size\","
	       "\"flags\","
	       "\"path_state\",\"path\",\"name\",\"value\"]}\n");
	printf("{\"kind\":\"removexattr\",%s,\"name\":\"user.reeve\",\"path\":\"/lower/attr\","
	       "\"path_state\":\"ok\",\"mode\":\"0100640\"," ANY_NUMBERS "}\n",
	       me);
	printf("{\"kind\":\"removexattr\",\"times\":1,\"any\":[\"ino\",\"dev\",\"mode\",\"path_"
	       "state\","
	       "\"path\",\"name\"]}\n");
	printf("{\"kind\":\"truncate\",\"times\":1,\"path\":\"/lower/"
	       "attr\",\"path_state\":\"ok\",\"size\":1,"
	       "\"old_size\":5,\"mode\":\"0100640\"," ANY_NUMBERS "}\n");
	printf("{\"kind\":\"unlink\",\"times\":2,\"any\":[\"ino\",\"dev\",\"mode\",\"path_state\","
	       "\"path\"]}\n");
	printf("{\"kind\":\"utime\",\"times\":0}\n{\"kind\":\"rename\",\"times\":0}\n"
	       "{\"kind\":\"chown\",\"times\":0}\n{\"kind\":\"link\",\"times\":0}\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"once", overlay}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
