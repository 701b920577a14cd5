#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12; full: 6.12 7.2
# Security tags: read where the kernel can (tag-unread.bats: where not), shown with opens and execs.

load lib
load reeve
load tag

other_user=(--edit '.process.capabilities[] += ["CAP_SETUID", "CAP_SETGID"]')

@test "tags: in the records of opens" {
	files
	acts tag open "$source" "$tag" -- "${other_user[@]}"
	# Every look at a file without a tag says so, whoever's memory it got.
	[ "$(logs tag-open 'select(.kind == "open" and (.path | startswith("/plain")) and .tag != null)' | wc -l)" = 0 ]
}

@test "tags: in the records of execs, with another container at work" {
	files
	cp "$act" "$dir/rootfs/act"
	container "$fs/other" -- /bin/sh -c 'i=0; while [ $i -lt 20 ]; do cat /etc/passwd >/dev/null; i=$((i+1)); done'
	crun run -b "$fs/other" tag-other &
	local other=$!
	cp /reeve/build/tests/ev-tag "$dir/rootfs/program"
	cp /reeve/build/tests/ev-tag "$dir/rootfs/closed"
	printf '#!/ev-tag none\n' >"$dir/rootfs/script"
	printf '#!/program none\n' >"$dir/rootfs/tagged-script"
	chmod 0755 "$dir"/rootfs/{script,tagged-script,program}
	chmod 0711 "$dir/rootfs/closed"
	tagged "$dir"/rootfs/{program,closed,script}
	acts tag exec "$source" "$tag" -- "${other_user[@]}"
	wait "$other"
	await_end tag-other
	[ "$(logs tag-other 'select(.tag? != null)' | wc -l)" = 0 ]
}

@test "tags: of a dynamic program, not its linker's; of a denied one" {
	files
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"exec","path":"/denied","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy p -- /bin/sh -c '/dynamic; /denied'
	cp /bin/true "$dir/rootfs/dynamic"
	cp /bin/true "$dir/rootfs/denied"
	ldd /bin/true | grep -o '/lib[^ ]*' | while read -r lib; do install -D "$lib" "$dir/rootfs$lib"; done
	tagged "$dir"/rootfs/{dynamic,denied}
	reeve tag set "$(find "$dir/rootfs/lib64" -name 'ld-*')" linker
	crun run -b "$dir" tag-dynamic || true
	await_end tag-dynamic
	logs tag-dynamic 'select(.kind == "exec" or (.kind == "open" and .tag)) | [.kind, .path, .tag, .verdict]'
	[ "$(logs tag-dynamic 'select(.kind == "exec" and .path == "/dynamic") | [.tag, .tag_source]' -r)" = "[\"$tag\",\"$source\"]" ]
	[ "$(logs tag-dynamic 'select(.kind == "exec" and .path == "/denied") | [.tag, .tag_source, .verdict]')" = "[\"$tag\",\"$source\",\"denied\"]" ]
	[ "$(logs tag-dynamic 'select(.kind == "open" and (.path | test("/ld-"))) | .tag' | sort -u)" = '"linker"' ]
	complete tag-dynamic
}

@test "tags: on overlayfs, from below and copied up" {
	files
	mkdir -p "$fs/up" "$fs/work"
	merged=$BATS_TEST_TMPDIR/merged
	mkdir -p "$merged/rootfs"
	mount -t overlay overlay "$merged/rootfs" -o "lowerdir=$dir/rootfs,upperdir=$fs/up,workdir=$fs/work"
	dir=$merged
	acts tag copy-up "$source" "$tag"
}

@test "tags: which attribute goes first" {
	files
	setfattr -n user.reeve.tag -v low "$dir/rootfs/tagged"
	setfattr -n user.reeve.tag -v low "$dir/rootfs/dir"
	setfattr -x "$source" "$dir/rootfs/dir"
	container "$dir" -- /bin/sh -c 'cat /tagged; ls /dir'
	crun run -b "$dir" tag-first
	await_end tag-first
	logs tag-first 'select(.kind == "open" and (.path == "/tagged" or .path == "/dir")) | [.path, .tag, .tag_source]'
	if [ "$source" = security.bpf.reeve ]; then
		[ "$(logs tag-first 'select(.path == "/tagged" and .kind == "open") | [.tag, .tag_source]')" = '["top-secret","security.bpf.reeve"]' ]
		[ "$(logs tag-first 'select(.path == "/dir" and .kind == "open") | [.tag, .tag_source]')" = '["low","user.reeve.tag"]' ]
	else
		[ "$(logs tag-first 'select(.path == "/tagged" and .kind == "open") | [.tag, .tag_source]')" = '["low","user.reeve.tag"]' ]
		[ "$(logs tag-first 'select(.path == "/dir" and .kind == "open") | [.tag, .tag_source]')" = '[null,null]' ]
	fi
}

# tries ID ACT:PATH=RESULT...: /ev-tag does the acts under policy p; each has that result.
tries() {
	local id=$1 one acts=() expected=
	shift
	for one in "$@"; do
		acts+=("${one%=*}")
		expected+="$one"$'\n'
	done
	container "$dir" --annotate io.reeve.policy p "${other_user[@]}" -- /ev-tag try "${acts[@]}"
	cp /reeve/build/tests/ev-tag "$dir/rootfs/"
	crun run -b "$dir" "$id" >"$BATS_TEST_TMPDIR/said"
	await_end "$id"
	diff <(printf '%s' "$expected") <(paste -d= <(printf '%s\n' "${acts[@]}") "$BATS_TEST_TMPDIR/said")
	complete "$id"
}

rules='{"subject":"file","tag":"top-secret","access":"write","action":"deny","errno":"EROFS"},
	{"subject":"file","tag":"top-*","path":"/vault/**","access":"read","action":"allow"},
	{"subject":"file","path":"/vault/**","access":"read","action":"deny"},
	{"subject":"file","tag":"hidden/**","action":"deny"},
	{"subject":"exec","tag":"signed-*","action":"allow"},
	{"subject":"exec","path":"/opt/**","action":"deny"}'

@test "tag rules: open, write, exec; the tag goes with the file; what cannot be told" {
	files
	policy p "{\"name\":\"p\",\"mode\":\"enforce\",\"rules\":[$rules]}"
	mkdir -p "$dir"/rootfs/{vault,opt}
	touch "$dir"/rootfs/{hidden,vault/{plain,top},plain,other}
	cp /reeve/build/tests/ev-tag "$dir/rootfs/opt/signed"
	cp "$dir"/rootfs/opt/{signed,plain}
	cp "$dir"/rootfs/{opt/signed,closed}
	chmod 0711 "$dir/rootfs/closed"
	chmod 0666 "$dir/rootfs/other"
	reeve tag set "$dir/rootfs/vault/top" top-7
	reeve tag set "$dir/rootfs/hidden" hidden/x/y
	reeve tag set "$dir/rootfs/opt/signed" signed-7
	tries tag-rules r:/tagged=0 w:/tagged=EROFS f:/tagged=EROFS r:/vault/top=0 r:/vault/plain=EACCES \
		w:/vault/top=0 r:/hidden=EACCES m:/hidden,/moved=0 r:/moved=EACCES l:/moved,/linked=0 r:/linked=EACCES \
		w:/plain=0 f:/plain=0 t:/plain=EACCES c:/new=0 x:/opt/signed=0 x:/opt/plain=EACCES x:/closed=0 \
		u:=0 w:/other=0 w:/only-write=EACCES x:/closed=EACCES
	logs tag-rules 'select(.verdict == "denied") | [.kind, .path, .tag, .rule, .error]' | tee "$BATS_TEST_TMPDIR/denied"
	diff "$BATS_TEST_TMPDIR/denied" - <<-EOF
		["open","/tagged","top-secret",1,"EROFS"]
		["open","/tagged","top-secret",1,"EROFS"]
		["open","/vault/plain",null,3,"EACCES"]
		["open","/hidden","hidden/x/y",4,"EACCES"]
		["open","/moved","hidden/x/y",4,"EACCES"]
		["open","/linked","hidden/x/y",4,"EACCES"]
		["truncate","/plain",null,null,"EACCES"]
		["exec","/opt/plain",null,6,"EACCES"]
		["open","/only-write",null,null,"EACCES"]
		["exec","/closed",null,null,"EACCES"]
	EOF
	run reeve policy diff --json tag-rules /etc/reeve/policies/p.json
	[ "$status" = 0 ]
	# What cannot be told goes on, and in audit mode all of it.
	policy p "{\"name\":\"p\",\"mode\":\"enforce\",\"on_unresolvable\":\"allow\",\"rules\":[$rules]}"
	tries tag-untold t:/plain=0 x:/opt/plain=EACCES u:=0 w:/only-write=0 x:/closed=0
	policy p "{\"name\":\"p\",\"mode\":\"audit\",\"rules\":[$rules]}"
	tries tag-audit w:/tagged=0 r:/linked=0 t:/plain=0 x:/opt/plain=0
	[ "$(logs tag-audit 'select(.verdict == "would-deny") | .rule' | tr '\n' ' ')" = '1 4 null 6 ' ]
}

@test "tag rules: of a file that is copied up; put in force while the container runs, and taken back" {
	files
	mkdir -p "$fs/up" "$fs/work"
	merged=$BATS_TEST_TMPDIR/merged
	mkdir -p "$merged/rootfs"
	mount -t overlay overlay "$merged/rootfs" -o "lowerdir=$dir/rootfs,upperdir=$fs/up,workdir=$fs/work"
	dir=$merged
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","tag":"top-**","access":"read","action":"deny"},
		{"subject":"exec","tag":"bad","action":"deny"}]}'
	tries tag-copied r:/tagged=EACCES w:/tagged=0 r:/tagged=EACCES w:/etc/passwd=0 r:/etc/passwd=0
	[ -e "$fs/up/tagged" ]
	container "$dir" -- /bin/sleep 1000
	crun run -d -b "$dir" tag-live </dev/null >/dev/null
	crun exec tag-live /act open /tagged
	reeve policy apply tag-live /etc/reeve/policies/p.json
	run crun exec tag-live /act open /tagged
	[ "$status" = 13 ]
	crun exec tag-live /act open /etc/passwd # who joins executes a file without a tag
	cp "$dir"/rootfs/{act,bad}
	reeve tag set "$dir/rootfs/bad" bad
	run crun exec tag-live /bad exit 0
	[ "$status" -ne 0 ]
	policy none '{"name":"none","mode":"enforce","rules":[]}'
	reeve policy apply tag-live /etc/reeve/policies/none.json
	crun exec tag-live /act open /tagged
	crun delete -f tag-live
	await_end tag-live
	complete tag-live
}

@test "tags: the command line" {
	files
	run reeve tag set "$dir/rootfs/tagged" 'größe 1'
	[ "$status" = 0 ] && [[ $output == *"$set set"* ]]
	[ "$(getfattr --only-values -n "$set" "$dir/rootfs/tagged")" = 'größe 1' ]
	run reeve tag get "$dir/rootfs/tagged"
	[ "$status" = 0 ] && [[ $output == "$set"*"größe 1"* ]]
	ln -s /etc "$dir/rootfs/out"
	[ "$(reeve tag list "$dir/rootfs" | grep -c reeve)" = 4 ]
	reeve tag remove "$dir/rootfs/dir"
	run reeve tag get "$dir/rootfs/dir"
	[ "$status" = 1 ] && [[ $output == *"has no tag"* ]]
	local max
	max=$(printf '%256s' | tr ' ' x)
	reeve tag set "$dir/rootfs/dir" "$max"
	for wrong in "" "x$max" $'a\nb' $'\xff'; do
		run reeve tag set "$dir/rootfs/dir" "$wrong"
		[ "$status" = 1 ] && [[ $output == *"it is "* ]]
	done
	[ "$(getfattr --only-values -n "$set" "$dir/rootfs/dir")" = "$max" ]
	run reeve tag set /proc/self/status x
	[ "$status" = 1 ]
	run reeve tag frob
	[ "$status" = 2 ]
	run reeve doctor
	[[ $output == *" tags "* ]]
	[[ $output == *"read from $source"* ]]
}
