// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel side as one object: maps and inline steps first, then a room per concern. Each
 * program is four steps: who, judge, emit, return. */
#include "abi.h"
#include "kernel.h"
#include <bpf/bpf_endian.h>
#include "maps.bpf.h"
#include "who.bpf.h"
#include "judge.bpf.h"
#include "merge.bpf.h"
#include "emit.bpf.h"
#include "path.bpf.h"
#include "act.bpf.h"
#include "tag.bpf.h"
#include "exec.bpf.c"
#include "process.bpf.c"
#include "task.bpf.c"
#include "merge.bpf.c"
#include "change.bpf.c"
#include "cred.bpf.c"
#include "namespace.bpf.c"
#include "file.bpf.c"
#include "name.bpf.c"
#include "attr.bpf.c"
#include "mount.bpf.c"
#include "tag.bpf.c"
#include "memory.bpf.c"
#include "net.bpf.c"
#include "unix.bpf.c"
#include "module.bpf.c"
#include "kernel.bpf.c"
#include "prog.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
