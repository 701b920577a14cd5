/* SPDX-License-Identifier: Apache-2.0 */
/* reeve doctor: can reeve run here, and if not, what to do. The host's checks are the hook's own
 * (common/host.c); the ones behind them are about this installation. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include "doctor.h"
#include "query.h"
#include "sidecar/common/json.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define CAPABILITY_SYS_ADMIN 21

/* Where the kernel asks for CAP_BPF or CAP_PERFMON, CAP_SYS_ADMIN does as well; maps by their ids
 * need it. */
static enum doctor_status check_capabilities(char *text)
{
	_free_ char *status = NULL;
	unsigned long long effective = 0;
	size_t len;
	char *line;
	int r = util_read_file(AT_FDCWD, "/proc/self/status", 65536, &status, &len);

	line = r == 0 ? strstr(status, "\nCapEff:") : NULL;
	if (!line || sscanf(line, "\nCapEff: %llx", &effective) != 1) {
		snprintf(text, HOST_TEXT_MAX, "cannot read /proc/self/status: is /proc mounted?");
		return DOCTOR_NOT_OK;
	}
	if (!(effective >> CAPABILITY_SYS_ADMIN & 1)) {
		snprintf(text, HOST_TEXT_MAX,
			 "CAP_SYS_ADMIN is not effective; run as root with all capabilities");
		return DOCTOR_NOT_OK;
	}
	snprintf(text, HOST_TEXT_MAX, "CAP_SYS_ADMIN, and with it CAP_BPF and CAP_PERFMON");
	return DOCTOR_OK;
}

static enum doctor_status check_account(char *text)
{
	uid_t uid;
	gid_t user_gid, gid;

	if (util_user_ids(REEVE_USER, &uid, &user_gid) < 0 ||
	    util_group_id(REEVE_GROUP, &gid) < 0) {
		snprintf(text, HOST_TEXT_MAX,
			 "user or group " REEVE_USER " is missing: adduser --system --group "
			 "--no-create-home " REEVE_USER);
		return DOCTOR_NOT_OK;
	}
	if (uid == 0 || user_gid != gid) {
		snprintf(text, HOST_TEXT_MAX,
			 "user " REEVE_USER " has uid %u and group %u, expected an uid of its own "
			 "and group " REEVE_GROUP " (%u)",
			 uid, user_gid, gid);
		return DOCTOR_NOT_OK;
	}
	snprintf(text, HOST_TEXT_MAX, "user and group " REEVE_USER " (uid %u, gid %u)", uid, gid);
	return DOCTOR_OK;
}

static enum doctor_status check_programs(char *text)
{
	static const char *const names[] = {"reeve-hook", "reeve-agent", "reeve-node",
					    "reeve-load"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (util_sibling(names[i], path, sizeof(path)) == 0 && access(path, X_OK) == 0)
			continue;
		snprintf(text, HOST_TEXT_MAX,
			 "%s is not beside reeve or not executable: install all programs into one "
			 "directory ('make install')",
			 names[i]);
		return DOCTOR_NOT_OK;
	}
	path[strlen(path) - strlen("reeve-load") - 1] = '\0';
	snprintf(text, HOST_TEXT_MAX, "%.160s, build %.56s", path, REEVE_BUILD);
	return DOCTOR_OK;
}

/* A directory to write to, or the nearest one above it that exists. */
static int check_writable(const char *path, char *text)
{
	char at[PATH_MAX];
	struct statvfs fs;

	snprintf(at, sizeof(at), "%s", path);
	while (access(at, F_OK) < 0 && errno == ENOENT && strrchr(at, '/') != at)
		*strrchr(at, '/') = '\0';
	if (access(at, W_OK | X_OK) < 0 || statvfs(at, &fs) < 0) {
		int r = -errno;

		snprintf(text, HOST_TEXT_MAX, "%s: cannot write to %.100s (%s)", path, at,
			 strerror(-r));
		return r;
	}
	if (fs.f_bavail == 0 || (fs.f_files > 0 && fs.f_favail == 0)) {
		snprintf(text, HOST_TEXT_MAX, "%s: its file system is full", path);
		return -ENOSPC;
	}
	snprintf(text, HOST_TEXT_MAX, "%s, %llu MiB free%s", path,
		 (unsigned long long)fs.f_bavail * fs.f_frsize >> 20,
		 strcmp(at, path) ? " (not there yet: made when first needed)" : "");
	return 0;
}

/* Only root sees what the node, which starts as root, could do. */
static bool cannot_tell(int r, char *text)
{
	if (geteuid() == 0 || (r != -EACCES && r != -EPERM))
		return false;
	snprintf(text, HOST_TEXT_MAX, "cannot be told as uid %u: run doctor as root", geteuid());
	return true;
}

static enum doctor_status check_store(char *text)
{
	int r = check_writable(PATH_STORE, text);
	size_t len;

	if (r == 0)
		return DOCTOR_OK;
	if (cannot_tell(r, text))
		return DOCTOR_NOTE;
	len = strlen(text);
	snprintf(text + len, HOST_TEXT_MAX - len,
		 ": make room or remount it, records wait meanwhile");
	return DOCTOR_NOT_OK;
}

static enum doctor_status check_spool(char *text)
{
	char fallback[HOST_TEXT_MAX];
	int r = check_writable(PATH_SPOOL, text);
	size_t len;

	if (r == 0)
		return DOCTOR_OK;
	if (cannot_tell(r, text))
		return DOCTOR_NOTE;
	len = strlen(text);
	if (check_writable(PATH_SPOOL_FALLBACK, fallback) == 0) {
		snprintf(text + len, HOST_TEXT_MAX - len,
			 "; " PATH_SPOOL_FALLBACK " is used instead and does not survive a reboot");
		return DOCTOR_NOTE;
	}
	snprintf(text + len, HOST_TEXT_MAX - len,
		 ", nor to " PATH_SPOOL_FALLBACK ": with the node away records would be lost");
	return DOCTOR_NOT_OK;
}

static enum doctor_status check_node(char *text)
{
	int r = query_probe();

	if (r == 0) {
		snprintf(text, HOST_TEXT_MAX, "running");
		return DOCTOR_OK;
	}
	snprintf(text, HOST_TEXT_MAX,
		 "not reachable (%s): start it with 'systemctl start reeve-node'; containers are "
		 "guarded without it and their records wait in the spool",
		 strerror(-r));
	return DOCTOR_NOTE;
}

static enum doctor_status check_tags(char *text)
{
	switch (tag_kernel()) {
	case TAG_KERNEL_READS_BOTH:
		snprintf(text, HOST_TEXT_MAX,
			 "read from " TAG_SECURITY ", or " TAG_USER " where that is not set");
		return DOCTOR_OK;
	case TAG_KERNEL_READS_USER:
		snprintf(text, HOST_TEXT_MAX,
			 "read from " TAG_USER "; a newer kernel reads " TAG_SECURITY
			 ", which only root can set");
		return DOCTOR_OK;
	case TAG_KERNEL_READS_NONE:
		snprintf(text, HOST_TEXT_MAX,
			 "this kernel lets no program read files' attributes (6.12 does): records "
			 "show no tags; their setting from inside is still watched");
		return DOCTOR_NOTE;
	default:
		snprintf(text, HOST_TEXT_MAX, "cannot be told without the kernel's BTF");
		return DOCTOR_NOTE;
	}
}

struct report {
	struct json_out *json; /* NULL: text */
	bool failed;
};

static void say(void *arg, const char *name, enum doctor_status status, const char *text)
{
	static const char *const words[] = {
	    [DOCTOR_OK] = "ok", [DOCTOR_NOT_OK] = "not ok", [DOCTOR_NOTE] = "note"};
	struct report *report = arg;

	report->failed |= status == DOCTOR_NOT_OK;
	if (!report->json) {
		printf("%-6s  %-12s  %s\n", words[status], name, text);
		return;
	}
	json_out_open_object(report->json);
	json_out_member_string(report->json, "name", name);
	json_out_member_string(report->json, "status", words[status]);
	json_out_member_string(report->json, "text", text);
	json_out_close_object(report->json);
}

static void examine(struct report *report)
{
	static const struct {
		const char *name;
		enum doctor_status (*check)(char *text);
	} checks[] = {
	    {"capabilities", check_capabilities},
	    {"account", check_account},
	    {"programs", check_programs},
	    {"slots", doctor_slots},
	    {"loaded", doctor_loaded},
    {"events", doctor_events},
	    {"tags", check_tags},
	    {"store", check_store},
	    {"spool", check_spool},
	    {"node", check_node},
	};
	char text[HOST_TEXT_MAX];

	for (size_t i = 0; i < host_checks_count; i++) {
		int r = host_checks[i].check(text);

		say(report, host_checks[i].name, r < 0 ? DOCTOR_NOT_OK : DOCTOR_OK, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		enum doctor_status status = checks[i].check(text);

		say(report, checks[i].name, status, text);
	}
	doctor_hooks(say, report);
}

static int examine_json(void)
{
	struct report report = {.json = json_out_new()};
	const char *text;
	size_t len;
	int r;

	if (!report.json)
		return log_err(-ENOMEM, "write the report"), 1;
	json_out_open_object(report.json);
	json_out_member_string(report.json, "build", REEVE_BUILD);
	json_out_key(report.json, "checks");
	json_out_open_array(report.json);
	examine(&report);
	json_out_close_array(report.json);
	json_out_member_bool(report.json, "ready", !report.failed);
	json_out_close_object(report.json);
	r = json_out_text(report.json, &text, &len);
	if (r == 0)
		printf("%s\n", text);
	json_out_free(report.json);
	if (r < 0)
		return log_err(r, "write the report"), 1;
	return report.failed;
}

int verb_doctor(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	struct report report = {0};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return verb_usage("doctor");
		json = true;
	}
	if (optind != argc)
		return verb_usage("doctor");
	if (json)
		return examine_json();
	examine(&report);
	puts(report.failed ? "reeve cannot run here yet: see the lines that say 'not ok'"
			   : "reeve can run here");
	return report.failed;
}
