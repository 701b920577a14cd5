// SPDX-License-Identifier: Apache-2.0
/* Compiled by both compilers for its static asserts alone. */
#include "layout.h"
