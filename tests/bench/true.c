// SPDX-License-Identifier: Apache-2.0
/* The smallest program: what an exec costs beyond is the kernel's. No libc. */
void _start(void);

void _start(void)
{
	__asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall");
}
