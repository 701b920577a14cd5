// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "oci-hooks/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_state_ struct state s = {};
	char error[200] = "";

	if (state_parse((const char *)data, len, &s, error, sizeof(error)) < 0) {
		assert(error[0] && !strchr(error, '\n'));
		return 0;
	}
	assert(meta_id_valid(s.id) && s.name[0] && s.bundle[0] == '/' && s.pid >= STATE_PID_NONE);
	return 0;
}
