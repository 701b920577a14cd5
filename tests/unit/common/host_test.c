// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include "sidecar/common/host.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

TEST("a name in the list of LSMs is a whole word")
{
	CHECK(host_lsm_listed("lockdown,capability,bpf,ima", "bpf"));
	CHECK(host_lsm_listed("bpf", "bpf"));
	CHECK(host_lsm_listed("capability,bpf\n", "bpf"));
	CHECK(!host_lsm_listed("capability,bpfx,xbpf", "bpf"));
	CHECK(!host_lsm_listed("", "bpf"));
	CHECK(!host_lsm_listed(",,", "bpf"));
}

TEST("kernel releases compare by number")
{
	CHECK(host_kernel_at_least("6.1.0-31-amd64", 6, 1));
	CHECK(host_kernel_at_least("6.12.9", 6, 1));
	CHECK(host_kernel_at_least("7.2.0-rc1", 6, 12));
	CHECK(!host_kernel_at_least("6.0.19", 6, 1));
	CHECK(!host_kernel_at_least("5.15.0", 6, 1));
	CHECK(!host_kernel_at_least("nonsense", 6, 1));
}

TEST("a user namespace is told by its uid map")
{
	CHECK(host_uid_map_is_host("         0          0 4294967295\n"));
	CHECK(!host_uid_map_is_host(
	    "         0       1000          1\n         1     100000 65536\n"));
	CHECK(!host_uid_map_is_host("0 0 65536\n"));
	CHECK(!host_uid_map_is_host(""));
}

TEST("a directory that is no cgroup file system is none")
{
	_dir_ struct dir d = dir_make();

	CHECK(host_cgroup_kind(d.path) != HOST_CGROUP_V2);
	CHECK_INT(host_cgroup_kind("/nonexistent"), HOST_CGROUP_NONE);
	CHECK_INT(host_cgroup_kind("/proc"), HOST_CGROUP_NONE);
}

TEST("every check has a name, and says something either way")
{
	for (size_t i = 0; i < host_checks_count; i++) {
		char text[HOST_TEXT_MAX] = "";

		host_checks[i].check(text);
		if (!CHECK(text[0] != '\0'))
			printf("#   %s\n", host_checks[i].name);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(host_checks[i].name, host_checks[k].name) != 0);
	}
}
