/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as text, for tests. Written with ' for ", and with ~ before the place that a refusal must
 * name. */
#pragma once
#include "sidecar/policy/policy.h"

#define POLICY(rules) "{'name':'web','mode':'enforce','rules':[\n" rules "]}"

/* It is read; NULL with the failure told otherwise. */
struct policy *text_read(const char *text);

/* It is refused: "p:LINE:COLUMN: " of the ~, then want. */
void text_refused(const char *text, const char *want);
