// SPDX-License-Identifier: Apache-2.0
/* The container that just is; with an argument, one that opens that file every 10 ms. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (;;) {
		if (argc < 2)
			pause();
		close(open(argv[1], O_RDONLY));
		usleep(10000);
	}
}
