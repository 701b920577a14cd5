// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/meta.h"

static int read_meta(const char *text, size_t len, struct meta *ret)
{
	_json_ struct json *j = NULL;
	char error[200] = "";
	int r = json_parse(text, len, false, &j, error, sizeof(error));

	return r < 0 ? r : meta_from_json(j, ret, error, sizeof(error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_json_out_ struct json_out *o = json_out_new();
	struct meta m = {}, again = {};
	const char *text;
	size_t text_len;

	if (read_meta((const char *)data, len, &m) < 0)
		return 0;
	assert(meta_id_valid(m.id) && strlen(m.key) == 16 && m.cgroup_id);
	assert(meta_to_json(&m, o) == 0 && json_out_text(o, &text, &text_len) == 0);
	assert(read_meta(text, text_len, &again) == 0);
	assert(strcmp(m.id, again.id) == 0 && strcmp(m.name, again.name) == 0);
	assert(m.labels_n == again.labels_n && !m.pod == !again.pod && !m.image == !again.image);
	assert(m.generation == again.generation && m.cgroup_id == again.cgroup_id);
	meta_release(&m);
	meta_release(&again);
	return 0;
}
