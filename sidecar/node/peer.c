/* SPDX-License-Identifier: Apache-2.0 */
/* See peer.h. */
#include "sidecar/node/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"

#define PROC_CGROUP_MAX (64u << 10) /* bytes; a v1 host lists a dozen hierarchies */

int peer_key(const char *proc_cgroup, char ret_key[KEY_SIZE])
{
	static const char prefix[] = "0::/" CGROUP_AGENTS "/";
	const char *line = proc_cgroup;

	while (line && strncmp(line, "0::", 3) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line || strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return -EACCES;
	line += sizeof(prefix) - 1;
	if (strspn(line, "0123456789abcdef") != KEY_SIZE - 1)
		return -EACCES;
	if (line[KEY_SIZE - 1] != '\n' && line[KEY_SIZE - 1] != '\0')
		return -EACCES;
	memcpy(ret_key, line, KEY_SIZE - 1);
	ret_key[KEY_SIZE - 1] = '\0';
	return 0;
}

int peer_check(int fd, uid_t uid, char ret_key[KEY_SIZE], pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	_free_ char *text = NULL;
	char path[64];
	size_t text_len;
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	*ret_pid = peer.pid;
	if (peer.uid != uid && peer.uid != 0)
		return -EPERM;
	if (peer.pid <= 0) /* of a pid namespace we cannot see into */
		return -EACCES;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)peer.pid);
	r = util_read_file(AT_FDCWD, path, PROC_CGROUP_MAX, &text, &text_len);
	if (r < 0)
		return r;
	return peer_key(text, ret_key);
}
