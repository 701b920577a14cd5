/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime's command line, as far as the wrapper needs it. Pure. The line is the real runtime's,
 * which says itself what is wrong with it: here nothing is refused. */
#pragma once
#include <stdbool.h>

struct call {
	const char *verb;   /* NULL: none */
	const char *bundle; /* --bundle of create and run; "." without */
	const char *config; /* crun's --config, from where it was called; "config.json" without: the file in it */
	const char *log;    /* --log; NULL without */
	bool log_json;	    /* --log-format json */
	bool asks_help;	    /* --help of create and run: then they make nothing */
};

/* Points into argv. */
void call_parse(int argc, char **argv, struct call *ret);
/* Whether it makes a container from a bundle. */
bool call_makes(const struct call *c);
