// SPDX-License-Identifier: Apache-2.0
/* reeve-runc: a runtime for engines that have no hook directory. It gives the bundle of a container
 * that is made our hook and then is the real runtime, with the arguments as they came. It starts
 * no process, reads no environment, and on any other verb does nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "bundle.h"
#include "call.h"
#include "conf.h"
#include "sidecar/common/json.h"
#include "sidecar/common/log.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define TEXT_MAX 1024

/* Where an engine puts runtimes; not $PATH, which is the engine's caller's. */
static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"};

/* Engines show their user what the runtime wrote there. */
static void tell_engine(const struct call *c, const char *level, const char *text)
{
	_json_out_ struct json_out *o = NULL;
	_close_ int fd = -1;
	const char *line;
	char when[32];
	size_t len;
	time_t now = time(NULL);
	struct tm tm;

	if (!c->log || !c->log_json || !gmtime_r(&now, &tm))
		return;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	o = json_out_new();
	json_out_open_object(o);
	json_out_member_string(o, "level", level);
	json_out_key(o, "msg");
	json_out_string(o, text, strlen(text));
	json_out_member_string(o, "time", when);
	json_out_close_object(o);
	fd = open(c->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd < 0 || !o || json_out_text(o, &line, &len) < 0)
		return;
	if (util_write_all(fd, line, len) == 0)
		(void)util_write_all(fd, "\n", 1);
}

static int add_hook(const struct call *c, const struct conf *conf)
{
	char error[TEXT_MAX], text[TEXT_MAX + 100];
	int r = 0;

	if (!conf_is_program(conf->hook_path))
		r = util_refuse(-ENOENT, error, sizeof(error),
				"the hook %.400s is no program: install it, or name another "
				"in " PATH_RUNC_CONF,
				conf->hook_path);
	if (r == 0)
		r = bundle_add_hook(c->bundle, c->config, conf->hook, error, sizeof(error));
	if (r == 0)
		return 0;
	snprintf(text, sizeof(text), "%s; %s", error,
		 conf->fail_closed ? "the container is not made (\"fail\": \"closed\")"
				   : "the container starts unguarded (\"fail\": \"open\")");
	if (!conf->fail_closed)
		mark_add(MARK_UNGUARDED);
	log_err(0, "%s", text);
	tell_engine(c, conf->fail_closed ? "error" : "warning", text);
	return conf->fail_closed ? r : 0;
}

int main(int argc, char **argv)
{
	char error[TEXT_MAX];
	struct conf conf _conf_ = {};
	struct call call;
	int r;

	log_open("reeve-runc", true);
	call_parse(argc, argv, &call);
	r = conf_read(PATH_RUNC_CONF, call_makes(&call), &conf, error, sizeof(error));
	if (r == 0)
		r = conf_find_runtime(&conf, dirs, ARRAY_SIZE(dirs), error, sizeof(error));
	if (r < 0) {
		tell_engine(&call, "error", error);
		return log_err(0, "%s", error), 1;
	}
	if (call_makes(&call) && add_hook(&call, &conf) < 0)
		return 1;
	argv[0] = conf.runtime; /* crun goes by its name: krun, crun-wasm */
	execv(conf.runtime, argv);
	r = -errno;
	tell_engine(&call, "error", "reeve-runc cannot run the runtime");
	return log_err(r, "run %s", conf.runtime), 1;
}
