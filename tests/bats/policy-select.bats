#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# policy-select.bats: which policies a container gets: the node's by "match", its annotation's own by name or
# as a text; and that the node's word stands.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	mkdir -p /etc/reeve/policies
}
teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# denies NAME PATH [MORE]: a policy.
denies() {
	printf '{"name":"%s","mode":"enforce",%s"rules":[{"subject":"file","path":"%s","action":"deny"}]}' "$1" "${3:-}" "$2"
}

# opens ID PATHS [make_bundle OPTION]...: runs a container that opens them; $output: which it could not.
opens() {
	local id=$1 paths=$2
	shift 2
	container "$dir" "$@" -- /bin/sh -c "for f in $paths; do /act open \$f || echo -n \"-\$f \"; done"
	for p in $paths; do
		echo x >"$dir/rootfs$p"
	done
	run crun run -b "$dir" "$id"
	await_end "$id"
	complete "$id"
}
in_force() {
	logs "$1" 'select(.kind == "armed") | .policy_name'
}
overruled() {
	logs "$1" 'select(.kind == "armed") | .policy_flags | any(. == "annotation-overruled")'
}

@test "select: the node's policies that match apply, whatever else the container is given" {
	policy ns "$(denies ns /a '"match":{"namespace":"shop*","annotations":{"tier":"front"}},')"
	policy web "$(denies web /b '"match":{"name":"web-*"},')"
	policy db "$(denies db /c '"match":{"image":"*postgres*"},')"
	policy own "$(denies own /d)"
	opens select-front "/a /b /c /d" --annotate io.kubernetes.cri.sandbox-namespace shop-1 --annotate tier front
	[ "$output" = "-/a " ]
	[ "$(in_force select-front)" = '"ns"' ]
	opens web-select "/a /b /c /d" --annotate tier front --annotate io.reeve.policy own \
		--annotate io.kubernetes.cri.image-name docker.io/postgres:17
	[ "$output" = "-/b -/c -/d " ]
	[ "$(in_force web-select)" = '"db+web+own"' ]
	# A key that another engine would say it by hides nothing.
	opens select-hides "/a /b /c /d" --annotate io.kubernetes.pod.namespace shop-1 --annotate tier front \
		--annotate io.kubernetes.cri.sandbox-namespace other
	[ "$output" = "-/a " ]
	opens select-none "/a /b /c /d" --annotate io.kubernetes.cri.sandbox-namespace other --annotate tier front
	[ "$output" = "" ]
	[ "$(in_force select-none)" = null ]
	policy broken '{"name":"broken","match":{"name":"*"},"mode":"enfroce","rules":[]}'
	opens web-broken "/a /b"
	[ "$output" = "-/b " ]
	in_syslog 'container web-broken is guarded without a policy: .*broken.json:1:'
}

@test "select: an annotation that is a policy; a mistake in it lifts nothing of the node's" {
	policy default "$(denies default /a)"
	opens inline "/a /b" --annotate io.reeve.policy "$(denies mine /b)"
	[ "$output" = "-/a -/b " ]
	[ "$(in_force inline)" = '"default+mine"' ]
	[ "$(overruled inline)" = false ]
	opens inline-bad "/a /b" --annotate io.reeve.policy '{"name":"mine","mode":"enforce","ruls":[]}'
	[ "$output" = "-/a " ]
	in_syslog 'inline-bad: .*annotation:io.reeve.policy:1:.*"ruls".*guarded without'
	opens inline-chosen "/a /b" --annotate io.reeve.policy '{"name":"mine","mode":"enforce","selectable":true,"rules":[]}'
	[ "$output" = "-/a " ]
	# Nor does a text that no string can hold, one beyond what is read of it, nor one that is long to compile.
	opens inline-odd "/a /b" --annotate io.reeve.policy "$(denies mine /b)" --edit '.annotations.odd = "a\u0000b" | .annotations.long = ("<" * 300000)'
	[ "$output" = "-/a -/b " ]
	opens inline-slow "/a /b" --annotate io.reeve.policy '{"name":"slow","mode":"enforce","rules":['"$(for i in {1..400}; do printf '{"subject":"file","path":"/**/a%d????????????????","action":"deny"},{"subject":"file","path":"/d%d/**/b%d/**","action":"deny"},' "$i" "$i" "$i"; done)"'{"subject":"file","path":"/b","action":"deny"}]}'
	[ "$output" = "-/a " ]
	opens inline-long "/a /b" --annotate io.reeve.policy "{$(printf '%70000s' '')}"
	[ "$output" = "-/a " ]
	in_syslog 'inline-long: .*70002 bytes, expected at most 65536'
	container "$dir" --annotate io.reeve.policy '{"name":1}' --edit '.hooks.createRuntime[0].args += ["--fail", "closed"]' -- /bin/true
	run crun run -b "$dir" inline-closed
	[ "$status" -ne 0 ]
}

shown() {
	reeve ps | grep "$1"
}

@test "select: an annotation that would loosen is without effect, and that is recorded" {
	policy default "$(denies default '/{a,secret/**}')"
	policy loose '{"name":"loose","mode":"enforce","rules":[{"subject":"file","path":"/b","action":"deny"},
		{"subject":"file","path":"/a","action":"allow"}]}'
	container "$dir" --annotate io.reeve.policy loose -- /act pause
	started loosens
	retry 20 shown 'policy loose allows in line 2 what a policy of the node denies'
	crun kill loosens KILL
	await_end loosens
	[ "$(overruled loosens)" = true ]
	in_syslog 'container loosens: .*policy loose allows in line 2'
	opens loosens2 "/a /b" --annotate io.reeve.policy loose
	[ "$output" = "-/a -/b " ]
	opens loosens3 "/a /b" --annotate io.reeve.policy '{"name":"allowlist","mode":"enforce","defaults":{"file":"deny"},"rules":[
		{"subject":"file","path":"/**","access":"read","action":"allow"}]}'
	[ "$output" = "-/a " ]
	[ "$(overruled loosens3)" = false ]
}

@test "select: no container without the guard of a policy that says fail closed" {
	policy broken '{"name":"broken"'
	container "$dir" --edit '.hooks.createRuntime[0].args += ["--policy", "broken"]' -- /bin/true
	policy default "$(denies default /a)"
	run crun run -b "$dir" fails-open
	[ "$status" -eq 0 ]
	in_syslog 'container fails-open: .*starts unguarded'
	policy default "$(denies default /a '"fail":"closed",')"
	run crun run -b "$dir" fails-closed
	[ "$status" -ne 0 ]
	in_syslog 'container fails-closed: .*does not start'
	# Its annotation is no way around it.
	container "$dir" --annotate io.reeve.policy '{"name":1}' -- /bin/true
	run crun run -b "$dir" fails-anyway
	[ "$status" -ne 0 ]
}

@test "select: running containers follow what comes to match, and what goes" {
	# Also in a directory that took the place, and the number, of another.
	rmdir /etc/reeve/policies
	mkdir /etc/reeve/policies
	container "$dir" --annotate io.kubernetes.pod.namespace shop --annotate io.reeve.repeat each -- /act tries 20 /etc/secret /tmp/out
	echo x >"$dir/rootfs/etc/secret"
	started follower
	retry 10 ends_in 0
	policy shop "$(denies shop /etc/secret '"match":{"namespace":"shop"},')"
	retry 20 ends_in 13
	policy shop "$(denies shop /etc/secret '"match":{"namespace":"other"},')"
	retry 20 ends_in 0
	policy shop "$(denies shop /etc/secret '"match":{"namespace":"s*"},')"
	retry 20 ends_in 13
	policy shop '{"name":"shop","match":{"namespace":"shop"},"mode":'
	retry 20 refused follower
	ends_in 13
	rm /etc/reeve/policies/shop.json
	retry 20 ends_in 0
	crun kill follower KILL
	await_end follower
	exact follower
	[ "$(logs follower 'select(.kind == "policy") | .policy_name')" = '"shop"
"none"
"shop"
"none"' ]
}
@test "select: a default.json that is gone stays in force, and holds nothing else up" {
	policy default "$(denies default /etc/secret)"
	container "$dir" --annotate io.kubernetes.pod.namespace shop -- /act pause
	started keeps
	rm /etc/reeve/policies/default.json
	retry 20 grep -q 'container keeps: /etc/reeve/policies/default.json is gone: what it said stays' /var/log/messages
	policy shop "$(denies shop /tmp/other '"match":{"namespace":"shop"},')"
	retry 20 shows keeps /tmp/other
	shows keeps /etc/secret
	reeve ps --json | jq -e '.[] | select(.id == "keeps") | .policy_refused == null'
	crun kill keeps KILL
	await_end keeps
}
shows() {
	reeve policy show "$1" | grep -F "$2"
}
ends_in() {
	[ "$(tail -n 1 "$dir/rootfs/tmp/out")" = "$1" ]
}
refused() {
	reeve ps --json | jq -e --arg id "$1" '.[] | select(.id == $id) | .policy_refused | test("shop.json:2:1: ")'
}
