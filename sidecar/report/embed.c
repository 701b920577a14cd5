/* SPDX-License-Identifier: Apache-2.0 */
/* What a page brings with it to be looked at, as files that an editor understands. */
#include "page.h"

#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".global " name ", " name "_end\n" name ":\n"                                      \
		".incbin \"sidecar/report/" file "\"\n" name "_end:\n"                             \
		".previous\n")

EMBED("page_css", "page.css");
EMBED("page_js", "page.js");
