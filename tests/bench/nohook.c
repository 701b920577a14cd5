// SPDX-License-Identifier: Apache-2.0
/* The least a hook can do: read the state to its end, since a runtime whose write fails refuses
 * the container, and leave. No libc. */
void _start(void);

static long call3(long number, long a, long b, long c)
{
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
}

void _start(void)
{
	char text[4096];

	while (call3(0, 0, (long)text, sizeof(text)) > 0)
		;
	call3(60, 0, 0, 0);
}
