#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# alias.bats: what a rule denies by an exact path is denied by its other names, too, those it had before
# the container or the policy came.

load lib
load reeve

denied='{"name":"alias","mode":"enforce","rules":[
	{"subject":"file","path":"/secret/{file,twice}","action":"deny","errno":"EXFULL"},
	{"subject":"exec","path":"/secret/act","action":"deny","errno":"EXFULL"},
	{"subject":"unix","path":"/secret/socket","action":"deny","errno":"EXFULL"}]}'

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	! mountpoint -q "$dir/rootfs" || umount -l "$dir/rootfs"
	rm -rf /etc/reeve
}

# links DIR: what is denied, and the same by another name; beside it a file of one name, and one nobody denies.
links() {
	mkdir -p "$1"/{secret,pub}
	echo secret >"$1/secret/file"
	echo free >"$1/pub/free"
	ln "$1/secret/file" "$1/secret/twice"
	ln "$1/pub/free" "$1/pub/free2"
	cp "$act" "$1/secret/act"
	ln "$1/secret/file" "$1/pub/file"
	ln "$1/secret/act" "$1/pub/act"
}

aliases() {
	bpftool -j map dump pinned /sys/fs/bpf/reeve/map/reeve_aliases | jq length
}

# tries: the acts by the other name, one line each: 75 is EXFULL, what the rule answers with.
tries='said() { "$@" >/dev/null 2>&1; echo "$* $?"; }
	said /act open /pub/file; said /act open /pub/free; said /act open /pub/free2
	said /pub/act open /pub/free
	for c in "cat /pub/file" "chmod 0600 /pub/file" "mv /pub/file /pub/moved" "ln /pub/file /pub/third" "rm /pub/file" "truncate -s 0 /pub/file"; do
		"/bin/"$c >/dev/null 2>/tmp/e && echo "$c done" || { grep -q "Exchange full" /tmp/e && echo "$c denied" || cat /tmp/e; }
	done'

all_denied() {
	cat <<-'EOF'
		/act open /pub/file 54
		/act open /pub/free 0
		/act open /pub/free2 0
		/pub/act open /pub/free 126
		cat /pub/file denied
		chmod 0600 /pub/file denied
		mv /pub/file /pub/moved denied
		ln /pub/file /pub/third denied
		rm /pub/file denied
		truncate -s 0 /pub/file denied
	EOF
}

@test "alias: a hard link from before the start" {
	policy alias "$denied"
	container "$dir" --annotate io.reeve.policy alias --annotate io.reeve.repeat each -- /bin/sh -c "$tries"
	links "$dir/rootfs"
	crun run -b "$dir" alias-plain </dev/null >"$BATS_TEST_TMPDIR/said"
	diff <(all_denied) "$BATS_TEST_TMPDIR/said"
	await_end alias-plain
	exact alias-plain
	# The record has the name it was tried by, and the rule.
	[ "$(logs alias-plain 'select(.kind == "open" and .verdict == "denied") | "\(.path) \(.rule)"' -r | sort -u)" = "/pub/file 1" ]
	[ "$(logs alias-plain 'select(.kind == "exec" and .verdict == "denied") | "\(.path) \(.rule)"' -r)" = "/pub/act 2" ]
}

@test "alias: of a lower layer's file, on a volume, of a unix socket" {
	local layers=$BATS_TEST_TMPDIR/layers
	policy alias '{"name":"alias","mode":"enforce","rules":[
		{"subject":"file","path":"/secret/file","action":"deny","errno":"EXFULL"},
		{"subject":"file","path":"/vol/file","access":"write","action":"deny","errno":"EXFULL"},
		{"subject":"file","path":"/secret/null","access":"ioctl","action":"deny","errno":"EXFULL"},
		{"subject":"unix","path":"/vol/socket","action":"deny","errno":"EXFULL"}]}'
	mkdir -p "$layers"/{upper,work,vol}
	container "$dir" --annotate io.reeve.policy alias --edit '.mounts += [{destination: "/vol", type: "bind", source: "'"$layers"'/vol", options: ["bind", "rw"]}]' -- \
		/bin/sh -c 'for a in "open /pub/file" "open /pub/free" "open /vol/other" "write /vol/other" "unix-connect /vol/other-socket"; do /act $a; echo "$a $?"; done; stty -F /pub/null 2>&1'
	links "$dir/rootfs"
	mknod -m 0666 "$dir/rootfs/secret/null" c 1 3
	ln "$dir/rootfs/secret/null" "$dir/rootfs/pub/null"
	mv "$dir/rootfs" "$layers/lower"
	mkdir "$dir/rootfs"
	mount -t overlay overlay -o "lowerdir=$layers/lower,upperdir=$layers/upper,workdir=$layers/work" "$dir/rootfs"
	echo secret >"$layers/vol/file"
	ln "$layers/vol/file" "$layers/vol/other"
	"$act" unix-listen "$layers/vol/socket" 3>&- 4>&- &
	retry 5 test -S "$layers/vol/socket"
	ln "$layers/vol/socket" "$layers/vol/other-socket"
	run crun run -b "$dir" alias-layers </dev/null
	kill $!
	diff - <(echo "$output") <<-'EOF'
		open /pub/file 54
		open /pub/free 0
		open /vol/other 0
		write /vol/other 54
		unix-connect /vol/other-socket 54
		stty: /pub/null: Exchange full
	EOF
	await_end alias-layers
	exact alias-layers
}

@test "alias: a policy that is put in force, and replaced, while the container runs" {
	container "$dir" -- /bin/sleep 1000
	links "$dir/rootfs"
	started alias-live
	crun exec alias-live /act open /pub/file
	echo "$denied" >"$BATS_TEST_TMPDIR/alias.json"
	reeve policy apply alias-live "$BATS_TEST_TMPDIR/alias.json"
	run crun exec alias-live /act open /pub/file
	[ "$status" -eq 54 ]
	crun exec alias-live /act open /pub/free
	# Another policy says nothing of it, and leaves nothing.
	echo '{"name":"other","mode":"enforce","rules":[{"subject":"file","path":"/nowhere","action":"deny"}]}' >"$BATS_TEST_TMPDIR/other.json"
	before=$(aliases)
	reeve policy apply alias-live "$BATS_TEST_TMPDIR/other.json"
	crun exec alias-live /act open /pub/file
	[ "$(aliases)" -eq $((before - 3)) ]
}
