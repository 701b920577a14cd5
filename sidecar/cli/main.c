/* SPDX-License-Identifier: Apache-2.0 */
/* reeve: the command line. One table drives dispatch and help; the verbs ask the node over its
 * query socket, or look at the host themselves. Nothing here stays after the command. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "pager.h"
#include "sidecar/common/log.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "verbs.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *line;
	const char *help;
} verbs[] = {
    {"run", verb_run, "[--policy FILE]... [--record KINDS] [--repeat count|each] [--name NAME] [--json] "
     "[--output FILE] -- CMD...",
     "run a command under an agent of its own, events shown live",
     "CMD runs in a fresh cgroup, guarded from its first instruction; no container runtime is\n"
     "needed. Events go to stderr, or to FILE. KINDS says what is recorded besides denials:\n"
     "all, none, or kinds with commas as in exec,exit,open,connect. Repetitions of the same act\n"
     "are counted (repeat), or with --repeat each recorded one by one. The exit status is CMD's: 128+N when signal N\n"
     "ended it, 127 when it was not found, 126 when it could not be run or was denied, 125 when\n"
     "it was reeve that failed.\n"},
    {"ps", verb_ps, "[-a] [--json]", "list guarded containers",
     "  -a, --all   those that have ended, too\n"},
    {"logs", verb_logs, "[-f] [--format text|json|csv|audit] [--fields NAMES] [WHAT]... ID|--all|--node",
     "show a container's record, all of them, or the node's own",
     "ID is a container's id or the beginning of it, its name, or NAMESPACE/POD[/NAME].\n"
     "  --all         every container's, those that have ended, too, by time\n"
     "  --node        what belongs to no container, since the programs were loaded\n"
     "  -f, --follow  go on until the container ends; with --all until you stop it\n"
     "  --format F    text: a line for people; json: one object a line, as in docs/events.md;\n"
     "                csv: RFC 4180, for spreadsheets and databases; audit: lines for\n"
     "                'ausearch -if FILE' and 'aureport -if FILE'\n"
     "  --json        the same as --format json\n"
     "  --fields N,N  these fields alone and in this order, in text, json or csv: names that\n"
     "                'reeve events --fields' lists, or all\n"
     "  --tail N      the last N of what is asked for\n"
     "  --reverse     the newest first; with --tail N those N alone\n"
     "  --no-pager    none, see below\n"
     "What is asked for, all of it together:\n"
     "  --since WHEN, --until WHEN\n"
     "                " WHEN_EXPECTED "\n"
     "  --kind K,K    kinds of events, as 'reeve events' lists them\n"
     "  --verdict V,V allowed, denied, would-deny, none\n"
     "  --path GLOB   some path of the event, by a glob as in policies\n"
     "  --exec GLOB   the acting program, or the one that is executed\n"
     "  --pid N       the process, by its number on the host or in the container\n"
     "  --uid N       its user, or effective user\n"
     "  --addr A      an address of the event: CIDR, CIDR:PORT, [IPV6]:PORT or :PORT\n"
     "  --tag GLOB    the file's security tag\n"
     "  --rule N      the number of the policy's rule that decided\n"
     "\n" PAGER_HELP},
    {"ledger", verb_ledger, "[--json] ID|--node", "account for every record: issued, stored, lost",
     "ID is a container's id or the beginning of it, its name, or NAMESPACE/POD[/NAME].\n"
     "  --node  the node's own log, of what belongs to no container\n"},
    {"tree", verb_tree, "[--json] ID", "show a container's processes: who made whom, what they ran, how they ended",
     "ID is a container's id or the beginning of it, its name, or NAMESPACE/POD[/NAME]. All of it is from\n"
     "the record: what ran and has ended is there, what was lost or is not recorded is said.\n"
     "  --json  one object: the processes as a list, each with the number of its parent in it\n"},
    {"report", verb_report, "[--output FILE] [--title TEXT] [--since WHEN] [--until WHEN] ID",
     "make one page of a container's record, to be looked at in a browser",
     "The page is one file that needs no network: a verdict on the record, what the container was, a\n"
     "timeline, the denials, the process tree, files and addresses, the ledger and the chain. What is\n"
     "too much for it is summed up, and said. ID is as for 'reeve logs'.\n"
     "  --output FILE  there, whole or not at all; else to standard output, which must not be a terminal\n"
     "  --title TEXT   its heading; the default is the container's name\n"
     "  --since WHEN, --until WHEN\n"
     "                 acts of that time alone: " WHEN_EXPECTED ".\n"
     "                 The process tree and the ledger are of all of the record\n"},
    {"verify", verb_verify, "[--anchor FILE] [--json] ID|--node",
     "prove that a container's record is what was stored",
     "Names every record that was altered, removed, moved, added or cut off, by its number; then the\n"
     "exit status is 1. ID is as for 'reeve ledger'. See docs/store.md for what is proven to whom.\n"
     "  --anchor FILE  compare with what 'reeve anchor' wrote earlier, of this container or of many:\n"
     "                 without it a host's root could have made up the whole chain\n"
     "  --json         the same for programs\n"
     "  --node         the node's own log, of what belongs to no container\n"},
    {"anchor", verb_anchor, "ID|--node", "print what to keep elsewhere for 'reeve verify'",
     "One line, no secret: append it to a file on another machine. It proves all that is stored until\n"
     "now, and that what follows is of the same chain.\n"
     "  --node  the node's own log, of what belongs to no container\n"},
    {"events", verb_events, "[--json | --schema | --fields]", "list every kind of event and its fields",
     "Needs no privileges and no node.\n"
     "  --json      the same for programs\n"
     "  --fields    every field by the name that 'reeve logs --fields' takes, one a line\n"
     "  --schema    the JSON schema of 'reeve logs --json'\n"},
    {"top", verb_top, "[--once] [--interval SECONDS] [--count N]",
     "show what running containers do, live: events, denials and losses a second, and the agents' cost",
     "On a terminal the screen is drawn anew each second, the busiest first; elsewhere a line is written for\n"
     "each container, with the time. A rate is what came in an interval; what was merged is not in it.\n"
     "  --once        one interval, then end: the same as --count 1\n"
     "  --interval S  seconds between two looks, from 0.1; the default is 1\n"
     "  --count N     end after N intervals\n"},
    {"stats", verb_stats, "[--json] [ID]", "show records in numbers: of a container by kind, or a line for each",
     "Stored records, those of denials and would-be denials among them, repetitions that were counted\n"
     "instead (docs/events.md), and what was lost; size of the file, first and last record.\n"
     "  --json  one object a line for each container, with its kinds\n"},
    {"status", verb_status, "[--json]", "ask the node how it is", ""},
    {"metrics", verb_metrics, "[--containers]", "print the node's numbers for Prometheus",
     "In Prometheus' text format, as reeve-node --metrics and reeve-metrics.socket serve it; docs/metrics.md\n"
     "has every one. For node_exporter: write it to a file of the textfile collector, then rename that.\n"
     "  --containers  series for each running container, too\n"},
    {"tag", verb_tag, "set PATH VALUE | get PATH | list PATH | remove PATH",
     "set and show files' security tags",
     "A tag is an extended attribute; records of opens and execs show it. 'set' takes the one\n"
     "this kernel reads first: " TAG_SECURITY ", else " TAG_USER ". 'list' shows all files\n"
     "with tags at or below PATH, without following links or leaving the file system.\n"
     "See docs/tags.md.\n"},
    {"policy", verb_policy, "VERB [ARGUMENTS]",
     "check and try policies, and change those of running containers",
     "'reeve policy help' lists the verbs. The language is described in docs/policy.md.\n"},
    {"doctor", verb_doctor, "[--json]", "check whether reeve can run on this host",
     "Changes nothing. The exit status is 0 only if reeve can run here.\n"},
    {"install", verb_install,
     "[--runtime auto|podman|crio|docker|containerd] [--prefix DIR] [--root DIR] [--dry-run] [--yes]",
     "make the container runtimes of this host start reeve",
     "Shows each file and line that it will change, asks, and changes nothing else. What was there\n"
     "is kept in /var/lib/reeve/install.json for 'reeve uninstall'. Twice is as good as once.\n"
     "  --runtime R   this one, there or not; auto (the default): those that are there\n"
     "  --prefix DIR  the programs are in DIR/bin; the default is where this one is\n"
     "  --root DIR    the host is an image that lies in DIR\n"
     "  --dry-run     show, and change nothing\n"
     "  --yes         do not ask. Without a terminal nothing is changed unless it is said\n"},
    {"uninstall", verb_uninstall, "[--root DIR] [--dry-run] [--yes]",
     "take back what 'reeve install' changed",
     "Each file becomes what it was, byte for byte. Of one that was changed since only the part of\n"
     "reeve is cut out; where that is not possible nothing is changed, and what to do is said.\n"
     "  --root DIR  the host is an image that lies in DIR\n"
     "  --dry-run   show, and change nothing\n"
     "  --yes       do not ask. Without a terminal nothing is changed unless it is said\n"},
    {"unload", verb_unload, "[--force]", "take programs, maps, pins and cgroups away",
     "Refuses while containers are guarded. --force takes the guard off them: they go on\n"
     "running unwatched and unrestricted.\n"},
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void help_all(FILE *f)
{
	fputs("usage: reeve VERB [ARGUMENTS]\n\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].line);
	fputs("\n  reeve help VERB   more about one of them\n  reeve --version\n", f);
}

int verb_usage(const char *name)
{
	const struct verb *v = find(name);

	if (v)
		fprintf(stderr, "usage: reeve %s %s\n", v->name, v->arguments);
	return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 2) {
		help_all(stdout);
		return 0;
	}
	v = find(argv[1]);
	if (!v) {
		log_err(0, "no verb '%s'; 'reeve help' lists them", argv[1]);
		return EXIT_USAGE;
	}
	printf("usage: reeve %s %s\n\n%s.\n%s%s", v->name, v->arguments, v->line,
	       v->help[0] ? "\n" : "", v->help);
	return 0;
}

static int dispatch(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 1) {
		help_all(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[0], "--version") == 0)
		return printf("reeve %s\n", REEVE_BUILD) < 0;
	if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 ||
	    strcmp(argv[0], "-h") == 0)
		return help(argc, argv);
	v = find(argv[0]);
	if (!v) {
		log_err(0, "no verb '%s'; 'reeve help' lists them", argv[0]);
		return EXIT_USAGE;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return help(2, (char *[]){argv[0], argv[0], NULL});
	return v->run(argc, argv);
}

int main(int argc, char **argv)
{
	int status;

	log_open("reeve", false);
	/* A reader that has seen enough is no failure: writes say EPIPE and we end quietly. */
	signal(SIGPIPE, SIG_IGN);
	status = dispatch(argc - 1, argv + 1);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
	return status;
}
