#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# root.sh gcc|nginx OUT.tar: a real compiler or web server out of Debian's packages with all it needs to
# run, to be unpacked over a container's root. Of the host's own installation, nothing is configured.
set -euo pipefail
out=$(realpath -m "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p root/lib64 root/usr/{bin,sbin,lib}

# libraries of PROGRAM...: every one, under the name the loader looks for
libraries() {
	local file
	ldd "$@" | awk '$2 == "=>" { print $3 } $1 ~ /ld-linux/ { print $1 }' | sort -u |
		while read -r file; do install -D "$file" "root$file"; done
}

root_gcc() {
	local name file programs
	programs=("$(readlink -f "$(type -P gcc)")" "$(type -P make)" "$(readlink -f "$(type -P ar)")")
	for name in cc1 collect2 as ld lto-wrapper liblto_plugin.so; do
		file=$(gcc -print-prog-name=$name)
		[[ $name != *.so ]] || file=$(gcc -print-file-name=$name)
		programs+=("$(type -P "$file" || realpath "$file")")
	done
	for file in "${programs[@]}"; do
		install -D "$(readlink -f "$file")" "root$file"
	done
	install "$(readlink -f "$(type -P gcc)")" root/usr/bin/gcc
	install "$(readlink -f "$(type -P ar)")" root/usr/bin/ar
	libraries "${programs[@]}"
	# headers, start files, the libraries to link with
	{
		dpkg -L libc6-dev linux-libc-dev "$(dpkg -S "$(gcc -print-libgcc-file-name)" | cut -d: -f 1)" |
			grep -E '/(include|lib)/'
		realpath "$(gcc -print-file-name=libgcc_s.so.1)"
	} | while read -r file; do
		case ${file##*/} in
		libc.a | libc_nonshared.a | libgcc*.a) ;;
		*.a | *.py | lib*san*) continue ;;
		esac
		[ ! -f "$file" ] || printf '%s\0' "$file"
	done | tar -ch --null -T - -f - 2>/dev/null | tar -x -C root
}

root_nginx() {
	apt-get download -qq nginx >/dev/null 2>&1 || { apt-get update -qq && apt-get download -qq nginx; }
	dpkg -x nginx_*.deb x
	install x/usr/sbin/nginx root/usr/sbin/nginx
	libraries root/usr/sbin/nginx
	mkdir -p root/etc/nginx root/etc/ssl/{private,certs} root/var/{log/nginx,lib/nginx,www/html} root/run
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=guest \
		-keyout root/etc/ssl/private/site.key -out root/etc/ssl/certs/site.pem 2>/dev/null
}

"root_$1"
tar -c -C root --owner=0 --group=0 -f "$out.new" .
mv "$out.new" "$out"
