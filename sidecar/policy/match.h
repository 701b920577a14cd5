/* SPDX-License-Identifier: Apache-2.0 */
/* "match": which containers a policy of the node is for. Private to sidecar/policy. */
#pragma once
#include "policy.h"
#include "sidecar/common/reader.h"

/* Of the document root; absent: nothing. */
int match_parse(struct reader *r, const struct json *root, struct policy *p);
void match_release(struct policy *p);
