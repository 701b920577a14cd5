/* SPDX-License-Identifier: Apache-2.0 */
/* What libFuzzer calls. Every target also checks that what it accepted holds. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
