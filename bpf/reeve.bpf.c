// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel side as one object: maps and inline steps first, then a room per concern. Each
 * program is four steps: who, judge, emit, return. */
#include "abi.h"
#include "kernel.h"
#include <bpf/bpf_endian.h>
#include "maps.bpf.h"
#include "who.bpf.h"
#include "judge.bpf.h"
#include "emit.bpf.h"
#include "path.bpf.h"
#include "act.bpf.h"
#include "file.bpf.c"
#include "exec.bpf.c"
#include "net.bpf.c"
#include "task.bpf.c"
#include "prog.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
