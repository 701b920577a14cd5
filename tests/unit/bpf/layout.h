/* SPDX-License-Identifier: Apache-2.0 */
/* The ABI's layout as numbers: compiled by gcc and by clang -target bpf, both with -Wpadded
 * -Werror. A change here is a change of RV_ABI_VERSION or an addition at an end. */
#pragma once
#include "bpf/abi.h"

#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "size of " #type)
#define AT(type, member, offset)                                                                   \
	_Static_assert(__builtin_offsetof(struct type, member) == (offset), #type "." #member)

SIZE(rv_head, 208);
AT(rv_head, len, 0);
AT(rv_head, kind, 4);
AT(rv_head, flags, 6);
AT(rv_head, seq, 8);
AT(rv_head, boot_ns, 16);
AT(rv_head, tai_ns, 24);
AT(rv_head, generation, 32);
AT(rv_head, cgroup_id, 40);
AT(rv_head, task_cgroup_id, 48);
AT(rv_head, exec_seq, 56);
AT(rv_head, start_ns, 64);
AT(rv_head, exe_ino, 72);
AT(rv_head, exe_dev, 80);
AT(rv_head, pid, 84);
AT(rv_head, tid, 88);
AT(rv_head, ppid, 92);
AT(rv_head, ns_pid, 96);
AT(rv_head, ns_tid, 100);
AT(rv_head, uid, 104);
AT(rv_head, gid, 108);
AT(rv_head, euid, 112);
AT(rv_head, egid, 116);
AT(rv_head, loginuid, 120);
AT(rv_head, sessionid, 124);
AT(rv_head, mnt_ns, 128);
AT(rv_head, pid_ns, 132);
AT(rv_head, net_ns, 136);
AT(rv_head, user_ns, 140);
AT(rv_head, uts_ns, 144);
AT(rv_head, ipc_ns, 148);
AT(rv_head, cgroup_ns, 152);
AT(rv_head, time_ns, 156);
AT(rv_head, comm, 160);
AT(rv_head, prog_id, 176);
AT(rv_head, hook, 180);
AT(rv_head, verdict, 182);
AT(rv_head, phase, 183);
AT(rv_head, prog_tag, 184);
AT(rv_head, error, 192);
AT(rv_head, rule, 196);
AT(rv_head, policy_version, 200);
AT(rv_head, reserved, 204);
/* The kinds' structs come from the table; what holds for all: the head first, no padding. */
#define KIND(NAME, number, lower, cause, profile, doc)                                             \
	AT(rv_##lower, head, 0);                                                                   \
	_Static_assert(sizeof(struct rv_##lower) % 8 == 0, #lower);
RV_KINDS(KIND)
#undef KIND
AT(rv_open, ino, 208);
AT(rv_exec, args_len, 216);
SIZE(rv_address, 32);
SIZE(rv_counters, 1232);
AT(rv_counters, issued, 0);
AT(rv_counters, armed, 8);
AT(rv_counters, taken, 16);
AT(rv_counters, lost, 528);
AT(rv_counters, merged, 1040);
AT(rv_counters, merged_lost, 1104);
AT(rv_counters, errors, 1168);
SIZE(rv_checkpoint, 1440);
AT(rv_checkpoint, head, 0);
AT(rv_checkpoint, counters, 208);
SIZE(rv_bulk, 40);
AT(rv_bulk, len, 0);
AT(rv_bulk, kind, 4);
AT(rv_bulk, flags, 6);
AT(rv_bulk, seq, 8);
AT(rv_bulk, generation, 16);
AT(rv_bulk, bulk_total, 24);
AT(rv_bulk, data_len, 32);
SIZE(rv_state, 1328);
AT(rv_state, generation, 0);
AT(rv_state, cgroup_id, 8);
AT(rv_state, prepared, 16);
AT(rv_state, policy, 20);
AT(rv_state, record, 24);
AT(rv_state, bulk_done, 32);
AT(rv_state, agent_idle, 40);
AT(rv_state, slot, 44);
AT(rv_state, options, 48);
AT(rv_state, asked, 52);
AT(rv_state, aliases, 56);
AT(rv_state, reserved, 60);
SIZE(rv_alias_key, 24);
AT(rv_alias_key, ino, 8);
SIZE(rv_alias, 536);
AT(rv_alias, path, 24);
SIZE(rv_inode, 24);
AT(rv_state, checkpoint_ns, 64);
AT(rv_state, bulk_total, 72);
AT(rv_state, merge_epoch, 80);
AT(rv_state, merging, 84);
AT(rv_state, counters, 88);
AT(rv_state, told_old, 1320);
AT(rv_state, told_new, 1324);

SIZE(rv_merge, 48);
AT(rv_merge, key, 0);
AT(rv_merge, seq, 8);
AT(rv_merge, count, 16);
AT(rv_merge, first_ns, 24);
AT(rv_merge, last_ns, 32);
AT(rv_merge, kind, 40);
AT(rv_merge, again, 44);
AT(rv_page, merge, 4096);
SIZE(rv_repeats, 16);
AT(rv_repeats, generation, 0);
AT(rv_repeats, slot, 8);
AT(rv_repeats, flip, 12);
SIZE(rv_place, 16);
AT(rv_place, slot, 0);
AT(rv_place, reserved, 4);
AT(rv_place, generation, 8);
SIZE(rv_task, 32);
AT(rv_task, generation, 0);
AT(rv_task, exec_seq, 8);
AT(rv_task, slot, 16);
AT(rv_task, flags, 20);
AT(rv_task, when, 24);
AT(rv_task, when_set, 28);
SIZE(rv_step, 8);
AT(rv_step, list, 0);
AT(rv_step, other, 4);
SIZE(rv_entry, 8);
AT(rv_entry, check, 0);
AT(rv_entry, next, 4);
SIZE(rv_rule, 32);
AT(rv_rule, number, 0);
AT(rv_rule, access, 4);
AT(rv_rule, error, 8);
AT(rv_rule, when, 12);
AT(rv_rule, action, 16);
AT(rv_rule, policy, 17);
AT(rv_rule, protocol, 18);
AT(rv_rule, flags, 19);
AT(rv_rule, tag, 20);
AT(rv_rule, hits, 24);
SIZE(rv_table, 2544);
AT(rv_table, flags, 0);
AT(rv_table, version, 4);
AT(rv_table, sha256, 8);
AT(rv_table, name, 40);
AT(rv_table, rules_n, 104);
AT(rv_table, rules, 108);
AT(rv_table, used, 112);
AT(rv_table, states_n, 116);
AT(rv_table, entries_n, 120);
AT(rv_table, whens_n, 124);
AT(rv_table, tags_n, 128);
AT(rv_table, children, 132);
AT(rv_table, when_set, 136);
AT(rv_table, asked, 140);
AT(rv_table, start, 180);
AT(rv_table, otherwise, 208);
AT(rv_table, memory, 236);
AT(rv_table, capability, 240);
AT(rv_table, kernel, 496);
AT(rv_table, classes, 752);
SIZE(rv_prog, 16);
AT(rv_prog, id, 0);
AT(rv_prog, reserved, 4);
AT(rv_prog, tag, 8);
SIZE(rv_meta, 64);
AT(rv_meta, abi_version, 0);
AT(rv_meta, reserved, 4);
AT(rv_meta, build, 8);

#undef SIZE
#undef AT
