/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecar/load/object.h"

__asm__(".section .rodata\n"
	".balign 8\n"
	"object_start:\n"
	".incbin \"build/bpf/reeve.bpf.o\"\n"
	"object_end:\n"
	".previous\n");
extern const char object_start[], object_end[];

const void *object_bytes(size_t *ret_len)
{
	*ret_len = (size_t)(object_end - object_start);
	return object_start;
}
