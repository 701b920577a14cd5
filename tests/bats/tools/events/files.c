/* SPDX-License-Identifier: Apache-2.0 */
/* Files: see say.h. */
#include "say.h"

static int unlink_(char **argv)
{
	int fd = open("/tmp/gone", O_CREAT | O_WRONLY, 0640);

	(void)argv;
	MUST(fd >= 0);
	printf("{\"kind\":\"unlink\",%s,%s,\"mode\":\"0100640\",\"path_state\":\"ok\","
	       "\"path\":\"/tmp/gone\",\"verdict\":\"allowed\"}\n",
	       who(), dev_ino("/tmp/gone"));
	MUST(unlink("/tmp/gone") == 0);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"unlink", unlink_, 0}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
