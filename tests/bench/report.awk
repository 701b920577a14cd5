# SPDX-License-Identifier: Apache-2.0
# KEY<tab>VALUE lines in, the table out. Computes, never knows, a figure. Exit 1: one is missing.
function need(key) {
	if (!(key in v) || v[key] == "") {
		print "bench: not measured: " key > "/dev/stderr"
		failed = 1
		return 0
	}
	return v[key]
}
function line(name, row, what, floor,   i, value, base) {
	printf "%-44s", name
	for (i = 1; i <= ops_n; i++) {
		value = need(row "." ops[i] "." what)
		base = floor ? need(floor "." ops[i] ".inline") : 0
		printf base ? "%10d %6.3f" : "%10d       ", value, base ? value / base : 0
	}
	printf "\n"
}
function line_open(name, row,   value) {
	value = need(row ".open.inline")
	printf "%-44s%10d %6.3f\n", name, value, value / need("floor.open.inline")
}
function verdict(   i, ratio) {
	printf "%-44s", "  bound: at most 1.030 of its floor"
	for (i = 1; i <= ops_n; i++) {
		ratio = need("outside." ops[i] ".inline") / need("outside_floor." ops[i] ".inline")
		printf "%10s       ", ratio <= 1.03 ? "PASS" : "OVER"
	}
	printf "\n"
}
function start(name, key, floor) {
	printf "%-44s%14d%14d%10.3f\n", name, need(key ".running"), need(key ".elapsed"),
		need(key ".elapsed") / need(floor ".elapsed")
}
function stage(name, key) {
	printf "  %-42s%14d%14d\n", name, need("stage." key ".running"), need("stage." key ".elapsed")
}
function size(name) {
	printf "%-44s%14d%14d\n", name, need("size." name), need("size_stripped." name)
}
# what so many containers held with an agent have more than those without, KB each
function per_of(n, key,   bare) {
	bare = need("containers")
	return (need("agents." n "." key) - need("agents.0." key)) / n \
		- (need("bare." bare "." key) - need("bare.0." key)) / bare
}
function per(key) {
	return per_of(need("containers"), key)
}
# kernel memory of one of n, without what was made ahead
function kernel_of(n) {
	return per_of(n, "kernel_kb") - per_of(n, "maps_bytes") / 1024
}
function scale(n) {
	printf "%-44s%14.1f%14.1f%14.1f\n", "one of " n, need("agents." n ".pss_kb"), need("agents." n ".pss_rest_kb"),
		rings + kernel_of(n)
}
function kb(name, value) {
	printf "%-44s%14.1f\n", name, value
}
function profile(name, key) {
	printf "%-44s%10d%10d%7s", name, need(key ".stored"), need(key ".lost"),
		need(key ".exact") ? "yes" : "NO"
	printf "%12.1f %6.3f%12.1f%12.1f\n", need(key ".build.inline") / 1e6,
		need(key ".build.inline") / need("build_bare.build.inline"),
		need(key ".build.agent") / 1e6, need(key ".build.node") / 1e6
	if ((key == "build_quiet" || key == "build_normal") && need(key ".lost") > 0)
		printf "%-44s%10s\n", "  bound: nothing lost", "OVER"
}
function bound(text, ok) {
	printf "%-66s%10s\n", "  bound: " text, ok ? "PASS" : "OVER"
}
function glob(name, row,   i, value) {
	printf "%-44s", name
	for (i = 40; i <= 200; i += 160) {
		value = need(row ".open" i ".inline")
		printf "%10d %6.3f", value, value / need("floor.open" i ".inline")
	}
	printf "\n"
}
function globs(   byte, walk, dpath) {
	printf "\n%-44s%17s%17s\n", "open+close, recorded: quiet; path of", "40 bytes", "200 bytes"
	glob("no-op programs on our cgroup: the floor", "floor")
	glob("the same, and one bpf_d_path", "dpath")
	glob("a policy without rules about paths", "globs_0")
	glob("the same, once opens are recorded elsewhere", "globs_0_tags")
	glob("one rule, not of such a path", "globs_dead")
	glob("10 globs", "globs_10")
	glob("100 globs", "globs_100")
	glob("1,000 globs", "globs_1000")
	glob("10,000 globs", "globs_10000")
	byte = ((need("globs_10000.open200.inline") - need("globs_10000.open40.inline")) \
		- (need("globs_dead.open200.inline") - need("globs_dead.open40.inline"))) / 160
	# the one rule looks at a block of 16 bytes before it is done
	walk = need("globs_10000.open40.inline") - need("globs_dead.open40.inline") + 16 * byte
	dpath = need("dpath.open40.inline") - need("floor.open40.inline")
	printf "%-44s%10.1f\n", "instructions a byte", byte
	printf "%-44s%10d\n", "deciding a path of 40 bytes", walk
	printf "%-44s%10d\n", "bpf_d_path of a path of 40 bytes", dpath
	bound("10,000 globs within 5 % of 10",
		need("globs_10000.open40.inline") <= 1.05 * need("globs_10.open40.inline"))
	bound("at most 20 instructions a byte", byte <= 20)
	bound("deciding 40 bytes: at most 1.5 bpf_d_path", walk <= 1.5 * dpath)
	bound("without rules about paths: within 2 % of the floor",
		need("globs_0.open40.inline") <= 1.02 * need("floor.open40.inline"))
}
{ v[$1] = $2 }
END {
	ops_n = split("open exec fork connect", ops, " ")
	need("complete")
	printf "\nreeve bench, kernel %s\n", need("kernel")
	printf "Guest instructions per operation on one CPU, fastest of 3 batches, and the ratio to the floor.\n\n"
	printf "%-44s%17s%17s%17s%17s\n", "", "open+close", "fork+exec+wait", "fork+exit+wait", "refused connect"
	line("no BPF", "none", "inline", "floor")
	line("no-op programs on our cgroup: the floor", "floor", "inline", "floor")
	line("reeve, nothing recorded, no policy", "silent", "inline", "floor")
	line("reeve, nothing recorded, one rule each", "judged", "inline", "floor")
	line("reeve, recorded: the task itself", "recorded", "inline", "floor")
	line("  and the agent", "recorded", "agent")
	line("  and the node, to the commit", "recorded", "node")
	printf "%-44s%10d\n", "  records lost meanwhile", need("recorded.lost")
	line_open("reeve, a repetition, counted", "counted")
	line_open("  where there are rules about files", "counted_judged")
	line("next door, no-op programs elsewhere: its floor", "outside_floor", "inline", "outside_floor")
	line("next door, reeve active elsewhere", "outside", "inline", "outside_floor")
	verdict()
	globs()
	printf "\n%-44s%10s%10s%7s%12s %6s%12s%12s\n", "a build: tar x of 5,000 files, 2,000 execs,",
		"", "", "", "task", "", "agent", "node"
	printf "%-44s%10s%10s%7s%12s %6s%12s%12s\n", "2,000 connects; million instructions",
		"stored", "lost", "exact", "", "", "", ""
	printf "%-44s%27s%12.1f %6.3f\n", "no BPF", "", need("build_bare.build.inline") / 1e6, 1
	profile("--record none", "build_none")
	profile("--record quiet", "build_quiet")
	profile("--record normal", "build_normal")
	profile("--record all", "build_all")
	printf "\n%-44s%14s%14s%10s\n", "crun create of a static binary", "instructions", "with waits", "ratio"
	start("no hook", "start.plain", "start.noop")
	start("a hook that does nothing", "start.noop", "start.noop")
	start("reeve-hook, a slot was prepared", "start.reeve", "start.noop")
	start("reeve-hook, no slot was prepared", "start.empty", "start.noop")
	stage("hook: state, checks, cgroup, fork the agent", "hook")
	stage("agent: start, lock, a cgroup of its own", "enter")
	stage("agent: slot, spool, programs attached", "attach")
	stage("agent: privileges given up", "jail")
	stage("agent: ready; hook: ends", "ready")
	printf "\n%-44s%14s%14s%10s\n", "podman run --rm of the same, to its end", "instructions", "with waits", "ratio"
	start("no hook", "podman.none", "podman.noop")
	start("a hook that does nothing", "podman.noop", "podman.noop")
	start("reeve-hook", "podman.reeve", "podman.noop")
	printf "\n%-44s%14s%14s\n", "program", "bytes", "stripped"
	n = split("reeve reeve-hook reeve-agent reeve-node reeve-load", programs, " ")
	for (i = 1; i <= n; i++)
		size(programs[i])
	printf "\n%-44s%14s\n", "memory", "KB"
	kb("agent: PSS", need("agent.pss_kb"))
	kb("agent: RSS", need("agent.rss_kb"))
	kb("agent: of it its own, not shared or mapped", need("agent.anon_kb"))
	kb("node: PSS (the bulk ring is mapped twice)", need("node.pss_kb"))
	kb("node: of it its own, not shared or mapped", need("node.anon_kb"))
	kb("kernel, once per node: maps", need("maps.node_bytes") / 1024)
	rings = (need("maps.ring_bytes") + need("maps.lane_bytes")) / 1024
	rest = kernel_of(need("containers")) # some had their maps made ahead
	kb("kernel, per container: all", rings + rest)
	kb("  rings", rings)
	kb("  the rest", rest)
	kb("    of it slab", per("Slab_kb"))
	kb("    of it page tables", per("PageTables_kb"))
	kb("    of it the agent's stack", per("KernelStack_kb"))
	printf "\n%-44s%14s%14s%14s\n", "containers at a time, KB", "agent: PSS", "without rings", "kernel, each"
	n = split("1 10 50 100 500", counts, " ")
	for (i = 1; i <= n; i++)
		scale(counts[i])
	bound("the agent is at most 1.5 MB, the hook 1 MB, stripped",
		need("size_stripped.reeve-agent") <= 1.5e6 && need("size_stripped.reeve-hook") <= 1e6)
	exit failed
}
