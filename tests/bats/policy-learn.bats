#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# policy-learn.bats: what is learned from a run lets the next one through and nothing else; what is not
# wholly recorded is not learned from; a dry run says what the kernel said.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	learned=/etc/reeve/policies/learned.json
	mkdir -p /etc/reeve/policies
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# server ID ATTACKS [make_bundle OPTION]...: a small server's life in a root of its own: it makes its
# pages, serves them, writes what it has to, and ends. ATTACKS is evaluated in between.
server() {
	local id=$1 attacks=$2
	shift 2
	rm -rf "$dir"
	container "$dir" "$@" -- /srv/work.sh "$attacks"
	mkdir -p "$dir/rootfs/srv/www" "$dir/rootfs/var/data"
	echo secret >"$dir/rootfs/etc/secret"
	echo 'echo unmarked' >"$dir/rootfs/srv/unmarked"
	cat >"$dir/rootfs/srv/work.sh" <<-'EOF'
		#!/bin/sh
		cat /proc/self/status >/dev/null
		for i in 1 2 3 4; do echo page $i >/srv/www/page$i.html; done
		t=$(mktemp /tmp/work.XXXXXX) && echo x >$t && chmod 600 $t && mv $t /var/data/state
		mkdir /var/data/d && ln -s d /var/data/link && rmdir /var/data/d && echo y >>/var/data/log
		httpd -f -p 127.0.0.1:8080 -h /srv/www &
		until wget -q -O /dev/null http://127.0.0.1:8080/page1.html 2>/dev/null; do sleep 0.1; done
		for i in 1 2 3 4; do wget -q -O - http://127.0.0.1:8080/page$i.html; done
		/srv/unmarked
		eval "$1"
		kill $!
		echo over
	EOF
	chmod +x "$dir/rootfs/srv/work.sh" "$dir/rootfs/srv/unmarked"
	timeout 60 crun run -b "$dir" "$id" </dev/null >"$BATS_TEST_TMPDIR/$id.out" 2>&1
	await_end "$id"
	exact "$id"
}
expected=$'page 1\npage 2\npage 3\npage 4\nunmarked'

# keep NAME: a copy of the policy for the check against the schema, outside.
keep() {
	mkdir -p /reeve/build/results/policies
	cp "$learned" "/reeve/build/results/policies/$1.json"
}

@test "learn: a server's run, enforced on the next: it works with no denial, attacks are denied" {
	local out attacks
	server learnone ''
	cat "$BATS_TEST_TMPDIR/learnone.out"
	[ "$(cat "$BATS_TEST_TMPDIR/learnone.out")" = "$expected"$'\nover' ]
	reeve policy learn -o "$learned" learnone 2>"$dir/notes"
	cat "$dir/notes" "$learned"
	grep -Eq 'policy learned-learnone: [0-9]+ rules from [0-9]+ acts' "$dir/notes"
	keep learnone
	reeve policy check --strict "$learned"
	[ "$(reeve policy learn learnone 2>/dev/null | cmp - "$learned")" = '' ]
	# What it should have made of it.
	jq -e '.mode == "enforce" and (.defaults | keys) == ["capability","exec","file","kernel","memory","network","unix"]
		and ([.defaults[]] | unique) == ["deny"]' "$learned"
	jq -e '[.rules[] | select(.subject == "exec") | .path] | sort == ["/bin/busybox","/srv/unmarked","/srv/work.sh"]' "$learned"
	jq -e '.rules | map(select(.subject == "file") | .path) | index("/proc/[0-9]*/status") and index("/tmp/work.??????") and index("/srv/www/page[0-9]*.html")' "$learned"
	jq -e '[.rules[] | select(.reason | test("^[0-9]+ records?(, as of .*)?$|^was not recorded") | not)] == []' "$learned"
	# Its own history, by the policy.
	out=$(reeve policy diff learnone "$learned")
	echo "$out"
	[[ $out == *' questions asked: 0 denied, 0 would-deny, 0 audited'* ]]
	# The next run is attacked, and works.
	attacks='(read x </etc/secret) || echo read; (echo x >/bin/new) || echo create; /act exit 0 || echo exec
		wget -q -O /dev/null -T 1 http://127.0.0.1:9999/; chown 1 /srv/work.sh || echo chown; ln /etc/passwd /tmp/l || echo link
		rm /srv/www/page1.html || echo rm; mv /srv/work.sh /srv/x || echo mv; (echo >/srv/www/pages) || echo page'
	server learntwo "$attacks" --annotate io.reeve.policy learned
	cat "$BATS_TEST_TMPDIR/learntwo.out"
	[ "$(logs learntwo 'select(.kind == "armed").policy_name')" = '"learned-learnone"' ]
	[ -z "$(logs learntwo 'select(.verdict == "would-deny")')" ]
	[ "$(grep -v : "$BATS_TEST_TMPDIR/learntwo.out" | tr '\n' ' ')" = "${expected//$'\n'/ } read create exec chown link rm mv page over " ]
	[ "$(logs learntwo 'select(.verdict == "denied") | [.kind, .path, .fport]' | sort -u)" = "$(sort <<-'EOF'
		["chown","/srv/work.sh",null]
		["connect",null,9999]
		["create","/bin/new",null]
		["create","/srv/www/pages",null]
		["exec","/act",null]
		["link","/etc/passwd",null]
		["open","/etc/secret",null]
		["rename","/srv/work.sh",null]
		["unlink","/srv/www/page1.html",null]
	EOF
	)" ]
	# Learned from that, none of it is allowed: it says how many it left out.
	reeve policy learn learntwo >"$dir/again" 2>"$dir/notes"
	grep -q 'left out: 9 acts that were refused, 0 that' "$dir/notes"
	[ -z "$(grep '/etc/secret\|9999\|"/act"' "$dir/again")" ]
	reeve policy diff learntwo "$learned" | grep -q '^refused then: 9, of which 9 would be again$'
	# Both together allow both, and a record that is not whole spoils it.
	reeve policy learn learnone learntwo -o "$learned"
	reeve policy diff learnone "$learned"
	reeve policy diff learntwo "$learned"
	sql /var/lib/reeve/containers/learntwo@*.db "DELETE FROM events WHERE kind = 'chmod'"
	run reeve policy learn learnone learntwo
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"learntwo: nothing is learned from a record that is not complete"* ]]
	run reeve policy diff learntwo "$learned"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"the record of learntwo is not complete"* ]]
}

# nginx_root: what the server is made of, in $dir.
nginx_root() {
	local root=$dir/rootfs page
	mkdir -p "$root"/{run,var/www/html}
	tar -x -f /reeve/build/tests/nginx.tar -C "$root"
	cp /reeve/build/tests/hole.so "$root/usr/lib/"
	cat >"$root/etc/nginx/nginx.conf" <<-'END'
		user nobody nogroup;
		worker_processes 2;
		pid /run/nginx.pid;
		error_log /var/log/nginx/error.log info;
		events {}
		http {
			access_log /var/log/nginx/access.log;
			include /etc/nginx/sites/*.conf;
		}
	END
	mkdir "$root/etc/nginx/sites"
	cat >"$root/etc/nginx/sites/site.conf" <<-'END'
		server {
			listen 80; listen [::]:80;
			root /var/www/html;
			location /list/ { autoindex on; }
			location /up/ { root /var/lib/nginx; dav_methods PUT DELETE; client_body_in_file_only clean; }
			location /kept/ { root /var/lib/nginx; proxy_pass http://127.0.0.1:8081/; proxy_store on; }
		}
		server { listen 127.0.0.1:8081; root /var/www/html; }
	END
	mkdir "$root/var/www/html/list"
	chmod 777 "$root/var/www/html" "$root/tmp"
	printf 'root:hash:1::::::\n' >"$root/etc/shadow"
	cp /bin/busybox "$root/tmp/busybox"
	for page in index list/one list/two list/three; do echo "$page" >"$root/var/www/html/$page.html"; done
	head -c 1000000 /dev/zero >"$root/var/www/html/large"
	chmod 666 "$root/var/www/html/index.html" "$root/etc/shadow"
}

# nginx ID ROUNDS AT_END [make_bundle OPTION]...: a real server's life: start, ROUNDS of ten requests, its log
# taken away, a new configuration, as many requests again, then AT_END on the host, and its end. It has a
# hole (tools/inside/hole.c), which is not used unless AT_END knocks.
nginx() {
	local id=$1 rounds=$2 at_end=$3 root=$dir/rootfs log=$dir/rootfs/var/log/nginx pid
	shift 3
	container "$dir" --edit "$(with CAP_CHOWN CAP_SETUID CAP_SETGID CAP_DAC_OVERRIDE)" \
		--edit '.process.env += ["LD_PRELOAD=/usr/lib/hole.so"]' "$@" -- /usr/sbin/nginx -g 'daemon off;'
	[ -e "$root/usr/sbin/nginx" ] || nginx_root
	rm -rf "$log"/*.log* "$root"/var/lib/nginx/*
	# Its own user may do all that is asked for below: nothing but the policy can refuse it.
	mkdir -m 777 "$root"/var/lib/nginx/{up,kept}
	crun run -d -b "$dir" "$id" </dev/null >"$dir/out" 2>&1
	pid=$(crun state "$id" | jq .pid)
	ask "$rounds" || { cat "$dir/out" "$log/error.log"; false; }
	mv "$log/access.log" "$log/access.log.1"
	crun kill "$id" USR1
	retry 10 test -e "$log/access.log"
	sed -i 's/autoindex on.*/autoindex on; autoindex_exact_size off; }/' "$root/etc/nginx/sites/site.conf"
	crun kill "$id" HUP
	retry 10 exited_workers 2
	ask "$rounds" || { cat "$log/error.log"; false; }
	$at_end
	crun kill "$id" QUIT
	await_end "$id"
	complete "$id"
	# The page that is kept is asked for by the server itself, once more each.
	[ "$(wc -l <"$log/access.log.1")" -eq $((rounds * 11)) ]
	[ "$(grep -c "HTTP/1.0" "$log/access.log")" -ge $((rounds * 11)) ]
	grep '\[\(crit\|alert\|emerg\)\]' "$log/error.log" && [ "$at_end" = : ] && return 1
	true
}
exited_workers() {
	[ "$(grep -c 'exited with code 0' "$dir/rootfs/var/log/nginx/error.log")" -ge "$1" ]
}
# ask ROUNDS: ten requests each
ask() {
	nsenter -t "$pid" -n /reeve/build/tests/requests 80 "$1" 'GET / 200 6' 'GET /list/one.html 200 9' \
		'GET /list/ 200 -' 'GET /large 200 1000000' 'GET /none 404 -' 'PUT /up/new 201 - 20000' \
		'GET /up/new 200 20000' 'DELETE /up/new 204 0' 'GET /kept/list/two.html 200 9' 'GET /../x 400 -'
}
knock() {
	{
		printf 'HOLE\n'
		cat <<-'END'
			shadow open r /etc/shadow
			deface open w /var/www/html/index.html
			web-shell open wc /var/www/html/shell.php
			shell exec /tmp/busybox true
			memfd exec-memfd x #!/bin/true
			out connect 127.0.0.1 9999
			back-door bind 0.0.0.0 4444
			wx wx
			traced traced
		END
	} | nsenter -t "$pid" -n socat -t 10 - TCP:127.0.0.1:80 >"$dir/said"
	if crun exec "$1" /bin/busybox true; then echo "from-outside 0"; else echo "from-outside refused"; fi >>"$dir/said"
	ask 1
}

# bats test_tags=full
@test "learn: nginx: 200 requests, a reload, the end; enforced it serves the same, and each attack is denied" {
	local out
	nginx nginxone 10 :
	reeve policy learn -o "$learned" nginxone 2>"$dir/notes" || { cat "$dir/notes"; false; }
	cat "$dir/notes" "$learned"
	keep nginxone
	reeve policy check --strict "$learned"
	jq -e '.mode == "enforce" and ([.defaults[]] | unique) == ["deny"] and (.defaults | length) == 7' "$learned"
	[ "$(jq -c '[.rules[] | select(.subject == "exec") | .path]' "$learned")" = '["/usr/sbin/nginx"]' ]
	jq -e '.rules | map(.path) | index("/var/lib/nginx/body/??????????") and index("/var/lib/nginx/proxy/[0-9]/[0-9][0-9]/??????????")
		and index("/var/lib/nginx/proxy/[0-9]") and index("/var/lib/nginx/proxy/[0-9]/[0-9][0-9]")' "$learned"
	out=$(reeve policy diff nginxone "$learned")
	echo "$out"
	[[ $out == *' questions asked: 0 denied, 0 would-deny, 0 audited'* ]]

	# More of the same, from nothing: other temporary files, other processes.
	nginx nginxtwo 12 : --annotate io.reeve.policy learned
	logs nginxtwo 'select(.kind == "armed" or .verdict == "denied" or .verdict == "would-deny") |
		[.kind, .policy_name, .path, .capability, .access]' | diff - <(echo '["armed","learned-nginxone",null,null,null]')
	out=$(reeve policy diff nginxtwo "$learned")
	[[ $out == *' questions asked: 0 denied, 0 would-deny, 0 audited'* ]]

	# Without a policy each attack succeeds.
	nginx nginxfree 1 'knock nginxfree'
	cat "$dir/said"
	[ "$(grep -c ' 0$' "$dir/said")" -eq 10 ]
	rm "$dir/rootfs/var/www/html/shell.php"
	nginx nginxthree 10 'knock nginxthree' --annotate io.reeve.policy learned
	diff - "$dir/said" <<-'END'
		shadow EACCES
		deface EACCES
		web-shell EACCES
		shell EACCES
		memfd EACCES
		out EACCES
		back-door EACCES
		wx EACCES
		traced EPERM
		from-outside refused
	END
	# Without a rule's number: by the default of each subject.
	logs nginxthree 'select(.verdict == "denied") | [.process.comm, .kind, .path, .fport, .lport, .rule]' >"$dir/denied"
	diff - "$dir/denied" <<-'END'
		["shadow","open","/etc/shadow",null,null,null]
		["deface","open","/var/www/html/index.html",null,null,null]
		["web-shell","create","/var/www/html/shell.php",null,null,null]
		["shell","exec","/tmp/busybox",null,null,null]
		["memfd","exec","/memfd:x (deleted)",null,null,null]
		["out","connect",null,9999,null,null]
		["back-door","bind",null,null,4444,null]
		["wx","mmap",null,null,null,null]
		["traced","ptrace",null,null,null,null]
		["crun","exec","/bin/busybox",null,null,null]
	END
	reeve policy diff nginxthree "$learned" >"$dir/diff"
	grep -q '^refused then: 10, of which 10 would be again$' "$dir/diff"
}

@test "learn: hostile names are names, not patterns; what no glob can say is omitted and counted" {
	container "$dir" -- /bin/sh -c 'd=/srv/h; mkdir -p "$d"; cd "$d"
		for n in "*" "?" "[a-z]" "{a,b}" "\\" "a
b" "$(printf "\377\376")" "$(printf "x\303")" "**"; do echo >"$n"; done
		cat "**" >/dev/null; echo x | { read x </proc/self/fd/0; }; echo done'
	crun run -b "$dir" learnnames </dev/null
	await_end learnnames
	reeve policy learn learnnames -o "$learned"
	cat "$learned"
	keep learnnames
	reeve policy check --strict "$learned"
	reeve policy diff learnnames "$learned"
	for path in '/srv/h/*' '/srv/h/**' '/srv/h/{a,b}' '/srv/h/[a-z]' '/srv/h/?'; do
		reeve policy test "$learned" -- file write "$path"
	done
	for path in /srv/h/c /srv/h/a /srv/h/xyz /srv/h/sub/x; do
		run reeve policy test "$learned" -- file write "$path"
		[ "$status" -eq 1 ]
	done
}

@test "learn: refuses what was not recorded; --since and a running container take what there is" {
	local since
	container "$dir" --edit '.hooks.createRuntime[0].args += ["--record", "quiet"]' -- /bin/sh -c 'cat /etc/passwd >/dev/null'
	crun run -b "$dir" learnquiet </dev/null
	await_end learnquiet
	run reeve policy learn -o "$learned" learnquiet
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'so "file" cannot be learned: open, create'* ]]
	[ ! -e "$learned" ]
	printf '{"name":"f","mode":"enforce","rules":[{"subject":"file","path":"/none","action":"deny"}]}' >"$dir/none.json"
	run reeve policy diff learnquiet "$dir/none.json"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"asked about 'open', which was not recorded"* ]]
	run reeve policy learn nobody
	[ "$status" -eq 1 ]
	[[ $output == *"no container 'nobody' is known"* ]]
	run reeve policy learn --since yesterday nobody
	[ "$status" -eq 2 ]
	[[ $output == *"expected a time in UTC"* ]]

	rm -rf "$dir"
	container "$dir" -- /bin/sh -c '/act opens 3 /etc/passwd; while [ ! -e /tmp/go ]; do /act open /etc/group; usleep 200000; done; /act open /etc/later; exec 3<>/tmp/fifo; read x <&3'
	mkfifo "$dir/rootfs/tmp/fifo"
	echo >"$dir/rootfs/etc/later"
	started learnsince
	retry 10 opened /etc/group
	since=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
	touch "$dir/rootfs/tmp/go"
	retry 10 opened /etc/later
	retry 10 settled learnsince
	reeve policy learn --subjects file,exec --mode audit -o "$learned" learnsince 2>"$dir/notes"
	cat "$dir/notes"
	grep -q 'learnsince still runs: learned from its records up to' "$dir/notes"
	jq -e '.mode == "audit" and (.defaults | keys) == ["exec","file"] and ([.rules[].path] | index("/etc/passwd") and index("/etc/later"))' "$learned"
	reeve policy learn --since "$since" -o "$learned" learnsince
	keep learnsince
	jq -e '[.rules[].path] | (index("/etc/passwd") | not) and index("/etc/later")' "$learned"
	# What would have been denied: the acts from before.
	run reeve policy diff learnsince "$learned"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(reeve policy diff --json learnsince "$learned" 2>/dev/null | jq -c '.entries[] | select(.object == "/etc/passwd" and .kind == "open") | [.verdict, .count, .access, .error, .default, .policy]')" = '["denied",3,["read"],"EACCES",true,"learned-learnsince"]' ] ||
		grep -q 'denied  *1  open read /etc/passwd' <<<"$output"
	run reeve policy diff --since "$since" learnsince "$learned"
	echo "$output"
	[ "$status" -eq 0 ]
	crun kill learnsince KILL
	await_end learnsince
	# After the end every repetition is told.
	[ "$(reeve policy diff --json learnsince "$learned" | jq -c '.entries[] | select(.object == "/etc/passwd" and .kind == "open") | [.verdict, .count, .access, .error, .default, .policy]')" = '["denied",3,["read"],"EACCES",true,"learned-learnsince"]' ]
}
opened() {
	[ -n "$(logs learnsince 'select(.kind == "open" and .path == $p)' --arg p "$1")" ]
}

@test "diff: says what the kernel said, by rule; acts that were would-deny are not learned" {
	local policy='{"name":"both","mode":"audit","rules":[
		{"subject":"file","path":"/etc/secret","action":"allow","when":{"exec":"/act"}},
		{"subject":"file","path":"/etc/secret","action":"deny","reason":"secret"},
		{"subject":"file","path":"/etc/passwd","action":"audit"},
		{"subject":"exec","path":"/srv/s","action":"deny"},
		{"subject":"network","port":99,"protocol":"udp","action":"deny"},
		{"subject":"network","port":"90-100","action":"deny","errno":"EPERM"},
		{"subject":"capability","capability":"all","action":"audit"},
		{"subject":"kernel","kind":"signal","action":"deny"}]}'
	policy both "$policy"
	policy enforce "${policy/audit/enforce}"
	local id options=() script='cat /etc/secret; /act open /etc/secret; cat /etc/passwd >/dev/null; /srv/s; /act connect 127.0.0.1 95; mv /etc/secret /etc/s2; sleep 9 & kill $!; true'
	for id in learnplain learnaudit; do
		rm -rf "$dir"
		[ $id = learnplain ] || options=(--annotate io.reeve.policy both)
		container "$dir" "${options[@]}" -- /bin/sh -c "$script"
		echo secret >"$dir/rootfs/etc/secret"
		printf '#!/bin/sh\necho ran\n' >"$dir/rootfs/srv-s"
		mkdir -p "$dir/rootfs/srv"
		install -m 755 "$dir/rootfs/srv-s" "$dir/rootfs/srv/s"
		timeout 20 crun run -b "$dir" $id </dev/null || true
		await_end $id
		exact $id
	done
	# Verdict by kind, path and rule, as recorded under the policy and as the dry run has it.
	logs learnaudit 'select(.rule != null and .verdict == "would-deny") | [.kind, .rule]' | sort | uniq -c | tee "$dir/kernel"
	reeve policy diff --json learnplain /etc/reeve/policies/both.json >"$dir/diff" || [ $? = 1 ]
	jq -c '.entries[] | select(.verdict == "would-deny") | . as $e | range(.count) | [$e.kind, $e.rule]' "$dir/diff" | sort | uniq -c | tee "$dir/dry"
	cmp "$dir/kernel" "$dir/dry"
	jq -e '[.entries[] | select(.verdict == "audited") | .rule] | index(3)' "$dir/diff"
	run reeve policy diff learnplain /etc/reeve/policies/enforce.json
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"open read /etc/secret: rule 2 of both, /etc/reeve/policies/enforce.json:3: secret"* ]]
	[[ $output == *"exec /srv/s: rule 4 of both"* ]]
	# Whoever was asked by a policy in audit mode and told no is not asked again to be allowed.
	reeve policy learn learnaudit >"$dir/learned" 2>"$dir/notes"
	cat "$dir/notes"
	grep -Eq 'left out: 0 acts that were refused, 5 that a policy in audit mode' "$dir/notes"
	[ -z "$(grep '"exec","path":"/srv/s"\|"port":95' "$dir/learned")" ]
	grep -q '"port":95' <(reeve policy learn learnplain 2>/dev/null)
	run reeve policy diff learnplain /etc/reeve/policies/missing.json
	[ "$status" -eq 2 ]
}

@test "diff: of each kind of act it says what the kernel said, by the same rule" {
	local verb tool
	# A rule for each thing that can be done: which one a record names tells what was asked.
	policy none "$(jq -n '{name: "none", mode: "audit", repeat: "each",
		defaults: ([("exec", "file", "unix", "network", "memory", "capability", "kernel") | {(.): "deny"}] | add),
		rules: ([("link", "delete", "attributes", "ioctl", "write", "read", "create") | {subject: "file", path: "**", access: ., action: "deny"}]
			+ [("write-exec", "anonymous", "exec") | {subject: "memory", access: ., action: "deny"}]
			+ [("connect", "bind", "send") | {subject: "unix", path: "{/**,@**}", access: ., action: "deny"}]
			+ [("tcp", "udp") as $p | ("connect", "bind", "send") | {subject: "network", direction: ., protocol: $p, action: "deny"}]
			+ [{subject: "network", cidr: "::/0", action: "deny"}])}')"
	container "$dir" --annotate io.reeve.policy none --annotate io.reeve.record all \
		--edit "$(with CAP_MKNOD CAP_CHOWN CAP_SYS_ADMIN CAP_SYS_TIME CAP_SYSLOG CAP_BPF CAP_PERFMON CAP_NET_RAW CAP_SYS_PTRACE CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_KILL CAP_SYS_CHROOT CAP_FOWNER CAP_NET_ADMIN CAP_DAC_READ_SEARCH)" -- /bin/sh -c '
		while read tool verb; do rm -rf /tmp/*; "/ev-$tool" "$verb" </dev/null 2>&1 >/dev/null || echo "$tool $verb: $?"; done </verbs; true'
	for tool in files cred kernel memory mounts network network-local paths process; do
		cp "/reeve/build/tests/ev-$tool" "$dir/rootfs/"
	done
	cat >"$dir/rootfs/verbs" <<-'EOF'
		files names
		files attributes
		files descriptors
		kernel key
		kernel settime
		kernel bpf
		memory files
		memory anonymous
		network socket
		network tcp
		network tcp6
		network udp
		network raw
		network fastopen
		network-local unix
		network-local netlink
		network-local packet
		paths bytes
		process signal
		process ptrace
		cred ids
		cred caps
		cred prctl
		mounts mounts
	EOF
	crun run -b "$dir" learnkinds </dev/null >"$dir/failed"
	cat "$dir/failed"
	[ -z "$(grep ': [0-9]*$' "$dir/failed")" ] # or less is compared than it seems
	await_end learnkinds
	exact learnkinds
	# A file that an open makes is judged with the open; of a rename and a link the first name is what
	# the record tells, of a bind the mount.
	logs learnkinds 'select(.verdict == "would-deny" and .kind != "create") | [.kind, .rule]' | sort | uniq -c | tee "$dir/kernel"
	reeve policy diff --json learnkinds /etc/reeve/policies/none.json >"$dir/diff" || [ $? = 1 ]
	jq -c '.entries[] | select(.verdict == "would-deny" and .kind != "create" and (.kind != "mount" or .subject == "kernel")
		and ((.kind != "rename" and .kind != "link") or (.access | index("create") | not))) | . as $e | range(.count) | [$e.kind, $e.rule]' "$dir/diff" | sort | uniq -c | tee "$dir/dry"
	jq -c '{asked, unknown, not_asked, not_recorded}' "$dir/diff"
	cmp "$dir/kernel" "$dir/dry"
	[ "$(wc -l <"$dir/dry")" -ge 45 ]
	grep -q '"mount"' "$dir/dry"
	jq -e '.unknown == {} and .not_recorded == []' "$dir/diff"
	# No record that says it was allowed is one of these.
	[ -z "$(logs learnkinds 'select(.phase == "armed" and .verdict == "allowed") | .kind' | sort -u | grep -vFx -f <(jq '.not_asked | keys[]' "$dir/diff"; printf '"%s"\n' create exec repeat open))" ]
}
