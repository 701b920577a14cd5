#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1; full: all
# policy-rules.bats: every subject of the language, denied and allowed by a real kernel; what decides
# when several rules, several policies or a default have a word.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# tried ID SCRIPT [OPTION]...: runs SCRIPT in a container under policy p. In it, `t NAME COMMAND...` says
# "NAME" when COMMAND succeeds and "-NAME" when it does not.
tried() {
	local id=$1 script=$2
	shift 2
	container "$dir" --annotate io.reeve.policy p "$@" -- /bin/sh -c \
		't() { n=$1; shift; "$@" >/dev/null 2>&1 && printf "%s " "$n" || printf "%s " "-$n"; }; '"$script"
	mkdir -p "$dir"/rootfs/{d,free,mnt}
	touch "$dir"/rootfs/d/{a,b,c} "$dir"/rootfs/free/{a,b,c}
	cp /reeve/build/tests/ev-memory "$dir/rootfs/"
	run timeout 30 crun run -b "$dir" "$id" </dev/null
	echo "$output"
	await_end "$id"
	exact "$id"
}

# denied ID: what was, as KIND PATH RULE, in order
denied() {
	logs "$1" 'select(.verdict == "denied") | [.kind, .path // "", .rule, .error] | map(tostring) | join(" ")' -r
}

files() {
	echo "t read cat /$1/a; t write sh -c 'echo >>/$1/a'; t create sh -c ': >/$1/new'; t mkdir mkdir /$1/dir
		t symlink ln -s x /$1/sym; t chmod chmod 600 /$1/b; t chown chown 1:1 /$1/b; t truncate truncate -s 0 /$1/c
		t link ln /$1/a /free/link-$1; t rename mv /$1/b /free/renamed-$1; t into mv /free/c /$1/into
		t delete rm /$1/c;"
}

@test "rules: file, each thing that is done to it by itself" {
	local access expected
	while read -r access expected; do
		policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/d/**","access":"'"$access"'","action":"deny"}]}'
		rm -rf "$dir"
		tried "file-$access" "$(files d)" --edit "$(with CAP_CHOWN)"
		[ "${output% }" = "$expected" ] || { echo "expected: $expected"; false; }
		[ "$(denied "file-$access" | cut -d' ' -f 3- | sort -u)" = "1 EACCES" ]
		complete "file-$access"
	done <<-'END'
		read -read write create mkdir symlink chmod chown truncate -link -rename into delete
		write read -write -create mkdir symlink chmod chown -truncate -link -rename into delete
		create read write -create -mkdir -symlink chmod chown truncate link rename -into delete
		delete read write create mkdir symlink chmod chown truncate link -rename into -delete
		attributes read write create mkdir symlink -chmod -chown truncate link rename into delete
		link read write create mkdir symlink chmod chown truncate -link rename into delete
	END
}

@test "rules: file, what is denied to be made is never there" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/d/**","access":"create","action":"deny"}]}'
	tried unmade 't made touch /d/new; t opened /act create /d/other; t over sh -c "echo x >/d/a"; ls /d'
	[ "$output" = $'-made -opened over a\nb\nc' ]
	[ ! -e "$dir/rootfs/d/new" ]
	[ "$(denied unmade)" = $'create /d/new 1 EACCES\ncreate /d/other 1 EACCES' ]
}

@test "rules: a default, exceptions before it, and the strictest of what is done at once" {
	policy p '{"name":"p","mode":"enforce","defaults":{"file":{"action":"deny","errno":"EPERM"}},"rules":[
		{"subject":"file","path":"/d/a","access":["read","write"],"action":"deny","errno":"EBUSY"},
		{"subject":"file","path":"/d/**","access":"read","action":"allow"},
		{"subject":"file","path":"/{bin/**,dev/null,act,etc/passwd,proc/**,lib*/**}","action":"allow"}]}'
	tried default 't exception cat /d/a; t rest cat /d/b; t write sh -c "echo >>/d/b"; t other cat /free/a; t dir ls /d'
	[ "$output" = "-exception rest -write -other -dir " ]
	denied default
	[ "$(denied default | sort)" = $'open /d null EPERM\nopen /d/a 1 EBUSY\nopen /d/b null EPERM\nopen /free/a null EPERM' ]
}

@test "rules: exec by glob; when, by executable and by what it starts" {
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"exec","path":"/busybox-{id,who*}","action":"deny"},
		{"subject":"file","path":"/d/a","action":"deny","when":{"exec":"/busybox-copy"}},
		{"subject":"file","path":"/d/b","action":"deny","when":{"exec":"/busybox-copy","children":true}},
		{"subject":"file","path":"/d/c","action":"allow","when":{"exec":"/act"}},
		{"subject":"file","path":"/d/c","action":"deny"}]}'
	tried when 'for n in copy id whoami other; do cp /bin/busybox /busybox-$n; done
		t id /busybox-id true; t whoami /busybox-whoami true; t other /busybox-other true
		t a cat /d/a; t copy-a /busybox-copy cat /d/a; t copy-b /busybox-copy cat /d/b
		t child-a /busybox-copy sh -c "/act open /d/a; exit"; t child-b /busybox-copy sh -c "/act open /d/b || exit 1"
		t b cat /d/b; t act /act open /d/c; t cat-c cat /d/c'
	logs when 'select(.kind == "open" and (.path | startswith("/d/"))) | [.path, .verdict, .rule, .process.exe, .process.comm]'
	[ "$output" = "-id -whoami other a -copy-a -copy-b child-a -child-b b act -cat-c " ]
}

@test "rules: network by range, port, protocol and direction; loopback by its other names" {
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"network","cidr":"127.0.0.2","action":"allow"},
		{"subject":"network","cidr":"127.0.0.0/8","port":"80-90","protocol":"tcp","direction":"connect","action":"deny","errno":"ENETUNREACH"},
		{"subject":"network","cidr":"::1","port":82,"action":"deny"},
		{"subject":"network","direction":"bind","port":700,"action":"deny"},
		{"subject":"network","protocol":"udp","direction":"send","port":53,"action":"deny"}]}'
	tried network 'for a in "127.0.0.1 79" "127.0.0.1 80" "127.255.0.1 90" "127.0.0.1 91" "127.0.0.2 85" "0.0.0.0 81"; do /act connect $a; printf "%s " $?; done
		/act connect6 ::ffff:127.0.0.9 81; printf "%s " $?; /act connect6 ::1 82; printf "%s " $?; /act connect6 :: 82; printf "%s " $?
		t bind timeout 1 nc -l -p 700; echo x | t udp nc -u -w 1 127.0.0.1 53'
	[ "${output%%-bind*}" = "111 101 101 111 111 101 101 13 101 " ]
	[[ $output == *"-bind"* ]]
}

@test "rules: unix sockets by name" {
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"unix","path":"/dev/l?g","access":"connect","action":"deny","errno":"ECONNREFUSED"},
		{"subject":"unix","path":"/tmp/other","access":"connect","action":"deny"},
		{"subject":"unix","path":"/dev/log","access":"bind","action":"deny"}]}'
	tried unixanew '/act unix-anew /tmp/name /tmp/other; echo $?; /act unix-anew /tmp/name2 /tmp/other2; echo $?'
	[ "$output" = $'13\n0' ]
	tried unix 't after /act unix-after /nowhere; timeout 20 syslogd -n; logger x; true'
	[[ $output == "after "* ]] # a name that led nowhere is not held against the next socket
	denied unix
	[ "$(denied unix | cut -d' ' -f 1-3 | sort -u)" = $'bind /dev/log 3\nconnect /dev/log 1' ]
}

@test "rules: memory, capabilities, the kernel" {
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"memory","access":["write-exec","anonymous"],"action":"deny"},
		{"subject":"capability","capability":"chown","action":"deny"},
		{"subject":"kernel","kind":["mount","chroot","ptrace"],"action":"deny","errno":"EROFS"}]}'
	tried numbers 't chown chown 5:5 /d/a; t mount mount -t tmpfs x /mnt; t chroot chroot /free /x; t wx /ev-memory anonymous' \
		--edit '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_CHOWN"]'
	[ "$output" = "-chown -mount -chroot -wx " ]
	[[ "$(denied numbers | grep "^m[mp]" | sort -u)" == *" 1 EACCES" ]]
	[ "$(denied numbers | sort -u | grep -v "^m[mp]")" = $'capability  2 EPERM\nchroot /free 3 EROFS\nmount /mnt 3 EROFS' ]
}

@test "rules: audit records what the profile does not, and denies nothing" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/d/a","access":"read","action":"audit"}]}'
	tried audited 't a cat /d/a; t b cat /d/b' --edit '.hooks.createRuntime[0].args += ["--record", "quiet"]'
	[ "$output" = "a b " ]
	[ "$(logs audited 'select(.kind == "open") | [.path, .verdict, .rule]')" = '["/d/a","allowed",1]' ]
}

@test "rules: several policies, each for itself; one that only watches denies nothing" {
	policy default '{"name":"default","mode":"enforce","rules":[{"subject":"file","path":"/d/a","action":"deny","errno":"EBUSY"}]}'
	policy p '{"name":"p","mode":"audit","defaults":{"file":"deny"},"rules":[{"subject":"file","path":"/d/a","action":"allow"}]}'
	tried several 't a cat /d/a; t b cat /d/b'
	[ "$output" = "-a b " ]
	[ "$(logs several 'select(.kind == "open" and .path == "/d/a") | [.verdict, .rule, .error]')" = '["denied",1,"EBUSY"]' ]
	[ "$(logs several 'select(.kind == "open" and .path == "/d/b") | [.verdict, .rule, .error]')" = '["would-deny",0,null]' ] ||
		[ "$(logs several 'select(.kind == "open" and .path == "/d/b") | [.verdict, .rule, .error]')" = '["would-deny",null,null]' ]
}

@test "rules: an annotation adds to the host's default, and stands in its place only if it may" {
	policy default '{"name":"default","mode":"enforce","rules":[{"subject":"file","path":"/d/a","action":"deny"}]}'
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/d/a","action":"allow"}]}'
	tried loose 't a cat /d/a'
	[ "$output" = "-a " ]
	[ "$(logs loose 'select(.kind == "armed") | .policy_name')" = '"default+p"' ]
	policy p '{"name":"p","mode":"enforce","selectable":true,"rules":[{"subject":"file","path":"/d/b","action":"deny"}]}'
	tried chosen 't a cat /d/a; t b cat /d/b'
	[ "$output" = "a -b " ]
	[ "$(logs chosen 'select(.kind == "armed") | .policy_name')" = '"p"' ]
}

@test "rules: a bind mount hides nothing" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/d/**","access":"read","action":"deny"}]}'
	tried bound 't mount mount --bind /d /mnt; t read cat /mnt/a; t tmpfs mount -t tmpfs x /mnt' \
		--edit '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	[ "$output" = "-mount -read tmpfs " ]
}

# the attack tool runs the lines of TABLE (see tests/bats/tools/attack.c) under policy p: NAME ERRNO, ...
attacks() {
	container "$dir" --annotate io.reeve.policy p -- /attack /attacks
	cp /reeve/build/tests/attack "$dir/rootfs/attack"
	printf '%s\n' "$2" >"$dir/rootfs/attacks"
	run timeout 30 crun run -b "$dir" "$1" </dev/null
	echo "$output"
	await_end "$1"
	exact "$1"
}

@test "rules: memory by every way that code gets into it" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"memory","access":["write-exec","anonymous"],"action":"deny"}]}'
	attacks code $'a wx\nb x-anon\nc wx-shared\nd x-memfd\ne w-then-x\nf anon-later\ng file-later\nh shared-later\ni zero-later
		j x-then-w\nk x-stack\nl x-heap\nm x-implied\nn x-segment'
	[ "$(cut -d' ' -f 2 <<<"$output" | sort | uniq -c | tr -s ' ')" = " 14 EACCES" ]
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"memory","access":"anonymous","action":"deny"}]}'
	attacks anonymous $'wx wx\nmemfd x-memfd\nshared shared-later\nfile wx-shared\nlater file-later'
	[ "$output" = $'wx EACCES\nmemfd EACCES\nshared EACCES\nfile 0\nlater 0' ]
}

@test "rules: a unix socket by another way to say its name (truth.bats: where it leads), and a file called as if it were abstract" {
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"unix","path":"{@**,/tmp/**}","action":"allow"},{"subject":"unix","path":"/run/x","action":"deny","errno":"EBUSY"}]}'
	attacks names $'plain unix c /run/x\nfree unix c /run/y\nbelow unix c /tmp/.x\ndots unix c /run/...\nabstract unix c @x\ntwice unix c //run/x\ndot unix c /run/./x
		up unix c /tmp/../run/x\nend unix c /run/x/.\nrelative unix c run/x\nfile unix c @x file\nsend unix s /tmp/../run/x\nbind unix b /tmp/./x\nmade unix b /tmp/x'
	[ "$output" = $'plain EBUSY\nfree ENOENT\nbelow ENOENT\ndots ENOENT\nabstract ECONNREFUSED\ntwice ENOENT\ndot ENOENT
up ENOENT\nend ENOENT\nrelative EACCES\nfile EACCES\nsend ENOENT\nbind EACCES\nmade 0' ]
}
