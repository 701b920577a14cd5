// SPDX-License-Identifier: Apache-2.0
/* Whatever configuration our hook is put into: at most a null gives way to it, nothing else moves,
 * and the second time it is there. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "oci-hooks/runc/insert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const hook[] = {"/r/reeve-hook", "--fail", "closed", NULL};
	const char *text = (const char *)data;
	size_t made_len, again_len, before = 0, behind = 0;
	char *made = NULL, *again = NULL;
	char error[300] = "";
	int r = insert_hook(text, len, hook, &made, &made_len, error, sizeof(error));

	if (r != 0) {
		assert(!made && (r == 1 || error[0]));
		return 0;
	}
	assert(made_len > len);
	while (before < len && text[before] == made[before])
		before++;
	while (behind < len - before && text[len - behind - 1] == made[made_len - behind - 1])
		behind++;
	assert(before + behind == len || (before + behind + 4 <= len &&
					  memmem(text + before - 1, len - before + 1, "null", 4)));
	assert(insert_hook(made, made_len, hook, &again, &again_len, error, sizeof(error)) == 1);
	free(made);
	return 0;
}
