/* SPDX-License-Identifier: Apache-2.0 */
/* attack FILE: tries the acts of FILE one by one. A line of it is NAME VERB [ARGUMENT]...; each
 * runs in a process of its own that is called NAME, so that its records are told apart, and "NAME
 * ERRNO" says what came of it, 0 when it succeeded. An act that needs something beforehand and does
 * not get it is 99. attack do VERB [ARGUMENT]...: one, in this process. */
#include "attack-verbs.h"

int main(int argc, char **argv)
{
	char line[1024];
	FILE *f;

	if (argc > 2 && strcmp(argv[1], "do") == 0)
		return run(argv + 2);
	f = argc > 1 ? fopen(argv[1], "r") : NULL;
	if (!f)
		return fputs("usage: attack FILE | attack do VERB [ARGUMENT]...\n", stderr), 2;
	while (fgets(line, sizeof(line), f))
		line_run(line);
	return 0;
}
