/* SPDX-License-Identifier: Apache-2.0 */
/* Every place outside our own memory that reeve touches on a host. */
#pragma once

#define PATH_CGROUP_ROOT "/sys/fs/cgroup" /* cgroup v2; a hybrid host has it elsewhere: refused */
#define PATH_BPFFS "/sys/fs/bpf"
#define PATH_PINS "/sys/fs/bpf/reeve"          /* root 0711 */
#define PATH_PIN_PROGS "/sys/fs/bpf/reeve/prog"   /* one pin per program, by program name */
#define PATH_PIN_MAPS "/sys/fs/bpf/reeve/map"     /* one pin per map, by map name */
#define PATH_PIN_LINKS "/sys/fs/bpf/reeve/link"   /* links of node-wide programs */
#define PATH_PIN_ANCHOR "/sys/fs/bpf/reeve/anchor" /* links that keep every hook's slot */
#define PATH_PIN_POOL "/sys/fs/bpf/reeve/pool"    /* SLOT/{state,ring,lane}: made ahead, unused */
#define PATH_PIN_CONTAINERS "/sys/fs/bpf/reeve/c" /* KEY/{state,ring,lane,link_HOOK...} */
#define PATH_PIN_NODE "/sys/fs/bpf/reeve/node"    /* {state,ring,lane} of the node's own log */

/* cgroups below PATH_CGROUP_ROOT */
#define CGROUP_REEVE "reeve"
#define CGROUP_ANCHOR "reeve/anchor"
#define CGROUP_AGENTS "reeve/agents"   /* KEY/ per running agent */
#define CGROUP_LEAVING "reeve/leaving" /* where an agent steps before removing its own */

#define PATH_RUN "/run/reeve"
#define PATH_RUN_CONTAINERS "/run/reeve/c" /* KEY/{lock,meta}: made by the agent before it is ready */
#define PATH_LOAD_LOCK "/run/reeve/load.lock"
#define PATH_AGENT_SOCKET "/run/reeve/agent.sock" /* 0600 reeve: agents only */
#define PATH_QUERY_SOCKET "/run/reeve/query.sock" /* 0660 root:reeve */
#define PATH_NODE_PID "/run/reeve/node.pid"

#define PATH_STORE "/var/lib/reeve/containers" /* NAME.db */
#define PATH_STORE_NODE "/var/lib/reeve/node"  /* the node's own log: node@STARTEDMS.db */
/* root 0700: what chains keep outside their databases, a directory each */
#define PATH_SEAL "/var/lib/reeve/seal"
#define PATH_SEAL_CONTAINERS "/var/lib/reeve/seal/containers" /* NAME.seal */
#define PATH_SEAL_NODE "/var/lib/reeve/seal/node"
#define PATH_REMOVED "/var/lib/reeve/removed" /* a JSON line for each database retention has removed */
#define PATH_RESERVE "/var/lib/reeve/reserve" /* evidence that a full disk has no room for, node/spill.h */
#define PATH_SPOOL "/var/lib/reeve/spool"      /* KEY.spool */
#define PATH_SPOOL_FALLBACK "/run/reeve/spool" /* when the first cannot be written */
#define PATH_KEPT "/var/lib/reeve/policy"      /* root 0700: policies in force as text, live/kept.h */
#define PATH_KEPT_FALLBACK "/run/reeve/policy" /* when the first cannot be written */
#define PATH_POLICIES "/etc/reeve/policies"    /* NAME.json */
#define PATH_DEFAULT_POLICY "/etc/reeve/policies/default.json" /* applies to every container if present */
#define PATH_CONFIG "/etc/reeve/node.json" /* of the node: node/config.h */
#define PATH_RUNC_CONF "/etc/reeve/runc.json" /* reeve-runc: oci-hooks/runc/conf.h */

#define PATH_EXEMPT "/etc/reeve/exempt" /* namespaces left alone, oci-hooks/exempt.h */
/* User and group on hosts whose /etc/passwd is not ours to change; asked second. */
#define PATH_PASSWD "/etc/reeve/passwd"
#define PATH_GROUP "/etc/reeve/group"

#define REEVE_USER "reeve"  /* what an agent becomes; its primary group is the query group */
#define REEVE_GROUP "reeve" /* members may query */
#define REEVE_ANNOTATION_POLICY "io.reeve.policy"
#define REEVE_ANNOTATION_RECORD "io.reeve.record"
#define REEVE_ANNOTATION_REPEAT "io.reeve.repeat"

/* KEY: the container's cgroup id as 16 hex digits. Unique on a boot, needs no escaping. */
#define KEY_SIZE 17
