#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh VERSION ABI OUT: the Debian package of what `make install` put into $STAGE (with PREFIX=/usr). Debian's
# dpkg-deb alone; nothing is fetched.
set -euo pipefail
version=$1 abi=$2 out=$3
here=$(dirname "$(readlink -f "$0")")
top=$here/../..
doc=$STAGE/usr/share/doc/reeve

strip --strip-unneeded --remove-section=.comment "$STAGE"/usr/bin/*
install -d "$STAGE/usr/share/containers/oci/hooks.d" "$STAGE/etc/reeve/policies" "$STAGE/DEBIAN" \
	"$doc/docs" "$doc/deploy/policies" "$doc/deploy/prometheus" "$STAGE/usr/share/lintian/overrides"
sed 's,/usr/local/,/usr/,' "$top/deploy/hooks.d/reeve.json" >"$STAGE/usr/share/containers/oci/hooks.d/reeve.json"
# As they lie in the source, since they lead to one another.
install -m 644 "$top/README.md" "$doc"
install -m 644 "$top"/docs/*.* "$doc/docs"
install -m 644 "$top"/deploy/policies/* "$doc/deploy/policies"
install -m 644 "$top"/deploy/prometheus/* "$doc/deploy/prometheus"
install -m 644 "$here/copyright" "$doc/copyright"
install -m 644 "$here/lintian-overrides" "$STAGE/usr/share/lintian/overrides/reeve"
printf 'reeve (%s) unstable; urgency=medium\n\n  * Version %s.\n\n -- reeve maintainers <reeve@example.org>  %s\n' \
	"$version" "$version" "$(date -R -d "@${SOURCE_DATE_EPOCH:?}")" | gzip -9n >"$doc/changelog.gz"
find "$STAGE/usr/share/man" -type f -name '*.[1-9]' -exec gzip -9n {} +
for script in preinst postinst prerm postrm; do
	install -m 755 "$here/$script" "$STAGE/DEBIAN/$script"
done
sed -i "s/@abi@/$abi/; s,@programs@,/usr/bin/reeve-load /usr/local/bin/reeve-load," "$STAGE/DEBIAN/preinst"
sed -e "s/@version@/$version/" -e "s/@architecture@/$(dpkg --print-architecture)/" \
	-e "s/@size@/$(du -sk --exclude=DEBIAN "$STAGE" | cut -f1)/" "$here/control" >"$STAGE/DEBIAN/control"
(cd "$STAGE" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
chmod -R u=rwX,go=rX "$STAGE"
dpkg-deb --root-owner-group -Zxz --build "$STAGE" "$out" >/dev/null
