/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled programs, inside the loader: no file to find, none to swap. */
#pragma once
#include <stddef.h>

const void *object_bytes(size_t *ret_len);
