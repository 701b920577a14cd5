# SPDX-License-Identifier: Apache-2.0
# make            everything into build/            make demo        the main job, in the guest
# make test       unit to guest, three kernels      make test-full   the long matrices as well
# make bench      ratios, instruction counts        make fuzz        every decoder, for a while
# make guest KERNEL=6.12 CMD='...'                  make install|uninstall [PREFIX=] [DESTDIR=]
# make image      the container image               make kube        checks the Kubernetes manifests
# make deb        the Debian package                make man         the manual pages
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

B := build
Q := $(if $(V),,@)
CC := gcc
CLANG := clang-14
VERSION := 0.1.0
BUILD_ID := $(VERSION)-$(shell cat bpf/*.[ch] | sha256sum | cut -c1-12)
ABI := $(shell sed -n 's/^.define RV_ABI_VERSION //p' bpf/abi.h)
PREFIX ?= /usr/local

CFLAGS := -std=gnu17 -O2 -g -D_GNU_SOURCE -I. -include $(B)/build_id.h \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror \
	-fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections -MMD -MP
LDFLAGS := -static -Wl,--gc-sections -Wl,-z,relro,-z,now

PROGRAMS := reeve reeve-hook reeve-runc reeve-agent reeve-node reeve-load
DIR_reeve := sidecar/cli
DIR_reeve-hook := oci-hooks
DIR_reeve-runc := oci-hooks/runc
DIR_reeve-agent := sidecar/agent
DIR_reeve-node := sidecar/node
DIR_reeve-load := sidecar/load
LIBS_reeve := -lyajl_s -lseccomp -lcap
LIBS_reeve-hook := -lyajl_s
LIBS_reeve-runc := -lyajl_s
LIBS_reeve-agent := -lseccomp -lcap -lyajl_s
LIBS_reeve-node := -lsqlite3 -lyajl_s -lm -lseccomp -lcap -lsodium -lnettle
# See sidecar/node/syncs.c.
LDFLAGS_reeve-node := -Wl,--wrap=fsync,--wrap=fdatasync
LIBS_reeve-load := -lbpf -lelf -lz -lcgroup

LIB_SRC := $(wildcard sidecar/common/*.c sidecar/policy/*.c sidecar/learn/*.c sidecar/live/*.c sidecar/install/*.c sidecar/report/*.c cgroup/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)

.PHONY: all
all: $(PROGRAMS:%=$(B)/%)

# Packages a target needs, installed once and named.
BUILD_PACKAGES := gcc libc6-dev clang-14 llvm-14 libbpf-dev libelf-dev zlib1g-dev libcgroup-dev \
	libyajl-dev libcap-dev libseccomp-dev libsqlite3-dev libsodium-dev nettle-dev
need = tests/vm/need.sh $(1)
$(B)/.packages: Makefile
	@mkdir -p $(B)
	@$(call need,$(BUILD_PACKAGES))
	@touch $@

# One place knows the build's name; what includes it is rebuilt when the kernel side changes.
$(B)/build_id.h: FORCE
	@mkdir -p $(B)
	@echo '#define REEVE_BUILD "$(BUILD_ID)"' | cmp -s - $@ || echo '#define REEVE_BUILD "$(BUILD_ID)"' > $@
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/build_id.h | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $<)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(B)/libreeve.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
	@# Of two functions of one name a program silently gets either.
	@twice=$$(nm -g --defined-only $@ 2>/dev/null | awk 'NF == 3 { print $$3 }' | sort | uniq -d); \
		[ -z "$$twice" ] || { echo "$@: defined twice:" $$twice >&2; exit 1; }

define program
$(B)/$(1): $$(patsubst %.c,$(B)/%.o,$$(wildcard $$(DIR_$(1))/*.c)) $(B)/libreeve.a
	@$(if $(V),,echo '  LD  ' $$@)
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(1)) -o $$@ $$^ $$(LIBS_$(1)) 2> $(B)/ld.log || { cat $(B)/ld.log; exit 1; }
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# The kernel side: one object from one file that includes the rooms.
$(B)/bpf/reeve.bpf.o: bpf/reeve.bpf.c $(wildcard bpf/*.h bpf/*.bpf.c) | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  BPF ' $<)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations -Wno-address-of-packed-member -Werror -I. -I/usr/include/$(shell gcc -dumpmachine) \
		-c -o $@ $<
	$(Q)llvm-strip-14 -g $@
$(B)/sidecar/load/object.o: $(B)/bpf/reeve.bpf.o
$(B)/sidecar/report/embed.o $(B)/unit/sidecar/report/embed.o: sidecar/report/page.css sidecar/report/page.js

.PHONY: clean
clean:
	rm -rf $(B)

# The manual: what the programs say of themselves, and docs/.
MAN_SRC := $(wildcard docs/man/*.md) docs/policy.md docs/events.md
$(B)/man/.made: docs/man/man.py $(MAN_SRC) $(PROGRAMS:%=$(B)/%)
	@$(call need,python3-minimal)
	@$(if $(V),,echo '  MAN ' $(@D))
	$(Q)python3 -I -S $< $(B) $(VERSION) $(@D) && touch $@
.PHONY: man
man: $(B)/man/.made

UNIT_DIR ?= $(PREFIX)/lib/systemd/system
.PHONY: install
install: all man
	@[ -n "$(DESTDIR)" ] || sed 's/@abi@/$(ABI)/; s,@programs@,$(B)/reeve-load,' deploy/debian/preinst | sh -s install
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(UNIT_DIR)
	install -m 0755 $(PROGRAMS:%=$(B)/%) $(DESTDIR)$(PREFIX)/bin
	for page in $(B)/man/*.[1-9]; do \
		install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	sed 's,/usr/local/bin/,$(PREFIX)/bin/,' deploy/systemd/reeve-node.service > $(DESTDIR)$(UNIT_DIR)/reeve-node.service
	chmod 0644 $(DESTDIR)$(UNIT_DIR)/reeve-node.service
	install -m 0644 deploy/systemd/reeve-metrics.socket $(DESTDIR)$(UNIT_DIR)

.PHONY: uninstall
uninstall:
	@[ -n "$(DESTDIR)" ] || [ ! -e /var/lib/reeve/install.json ] || { \
		echo "the runtimes' files name what would go: 'reeve uninstall' first" >&2; exit 1; }
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(UNIT_DIR)/reeve-node.service $(DESTDIR)$(UNIT_DIR)/reeve-metrics.socket
	rm -f $(foreach section,1 5 7 8,$(DESTDIR)$(PREFIX)/share/man/man$(section)/reeve*.$(section))

# The Debian package, from the same.
DEB ?= $(B)/reeve_$(VERSION)_$(shell dpkg --print-architecture).deb
.PHONY: deb
deb: all man
	@$(call need,dpkg-dev xz-utils)
	@rm -rf $(B)/deb
	@$(MAKE) --no-print-directory install DESTDIR=$(B)/deb PREFIX=/usr UNIT_DIR=/lib/systemd/system >/dev/null
	@STAGE=$(B)/deb SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || date +%s) \
		deploy/debian/build.sh $(VERSION) $(ABI) $(DEB)
	@echo '  DEB ' $(DEB)

# The container image of deploy/kubernetes, from what is built.
.PHONY: image
image: $(B)/reeve-image.tar
$(B)/reeve-image.tar: $(PROGRAMS:%=$(B)/%) deploy/image.sh deploy/Containerfile deploy/kubernetes/reeve-host
	@$(call need,buildah busybox-static binutils)
	@deploy/image.sh $(B) $(VERSION)

-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/vm/vm.mk
-include tests/bench/bench.mk
-include tests/report/report.mk
-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)

# What the suites run inside containers.
SUITE_TOOLS := $(patsubst tests/bats/tools/%.c,$(B)/tests/%,$(wildcard tests/bats/tools/*.c))
$(SUITE_TOOLS): $(B)/tests/%: tests/bats/tools/%.c $(wildcard tests/bats/tools/*.h) | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $<)
	$(Q)$(CC) -std=gnu17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o $@ $< -pthread

EVENT_TOOLS := $(patsubst tests/bats/tools/events/%.c,$(B)/tests/ev-%,$(wildcard tests/bats/tools/events/*.c))
$(B)/tests/ev-%: tests/bats/tools/events/%.c $(wildcard tests/bats/tools/events/*.h) tests/bats/tools/must.h | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $<)
	$(Q)$(CC) -std=gnu17 -O1 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -Werror -static -o $@ $< -pthread
# What is preloaded into a server, to attack from inside it.
$(B)/tests/%.so: tests/bats/tools/inside/%.c $(wildcard tests/bats/tools/*.h) | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $<)
	$(Q)$(CC) -std=gnu17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -o $@ $<
# A file system with user attributes, which the guest's own has not on every kernel.
$(B)/tests/ext4.img: | $(B)/.packages
	@mkdir -p $(@D)
	@$(call need,e2fsprogs)
	$(Q)rm -f $@ && truncate -s 48M $@ && PATH=$$PATH:/sbin:/usr/sbin mke2fs -q -t ext4 -I 512 $@
# A compiler and a web server for containers, from Debian's packages.
$(B)/tests/%.tar: tests/bats/tools/root.sh | $(B)/.packages
	@mkdir -p $(@D)
	@$(call need,make binutils openssl libpcre2-8-0 libssl3 zlib1g libcrypt1)
	@$(if $(V),,echo '  TAR ' $@)
	$(Q)$< $* $@
# What a cluster would be given, for a guest without one.
$(B)/kube/%.yaml: $(shell find deploy/kubernetes -name '*.yaml')
	@mkdir -p $(@D)
	$(Q)kubectl=$$(tests/kube/kubectl.sh) && $$kubectl kustomize deploy/kubernetes/$(subst +,/,$*) >$@
# The package, and one of a higher version.
DEB_SRC := $(wildcard deploy/debian/* deploy/hooks.d/* deploy/policies/* deploy/prometheus/* deploy/systemd/*) README.md $(wildcard docs/*)
$(B)/tests/reeve.deb: $(B)/man/.made $(DEB_SRC) $(PROGRAMS:%=$(B)/%)
	@+$(MAKE) --no-print-directory deb DEB=$@
$(B)/tests/reeve-next.deb: $(B)/tests/reeve.deb
	@+$(MAKE) --no-print-directory B=$(B)/next VERSION=9.0.0 deb DEB=$@
.PHONY: test-tools
test-tools: $(SUITE_TOOLS) $(EVENT_TOOLS) $(B)/tests/hole.so $(B)/tests/ext4.img $(B)/tests/gcc.tar $(B)/tests/nginx.tar
# And what the long suites need.
ifeq ($(FULL),1)
test-tools: $(B)/tests/reeve-next.deb $(B)/kube/overlays+podman.yaml $(B)/kube/uninstall+cri-o.yaml $(B)/reeve-image.tar
endif

# HOST=1 loads programs on this machine's own kernel and takes them away again.
.PHONY: demo
ifeq ($(HOST),1)
demo: all
	@$(call need,crun jq busybox-static adduser)
	@deploy/demo.sh
else
demo: all
	@+$(MAKE) --no-print-directory guest BUILD=0 NODE=0 KERNEL=$(KERNEL) CMD='deploy/demo.sh /usr/local/bin'
endif

# Unit tests and fuzzers here, every suite in a guest of every kernel; one line at the end.
BATS_ALL = $(sort $(wildcard tests/bats/*.bats $(if $(filter 1,$(FULL)),tests/bats/long/*.bats)))
# By name: a suite that did not even build has no result, and that is a failure.
TEST_RESULTS = unit fuzz schema policy-schema policy-ready kube kube-plugin kube-host guide docs deb node report-page \
	$(VM_RUNS:%=%$(if $(filter-out trixie,$(IMAGE)),-$(IMAGE))) $(if $(filter trixie,$(IMAGE)),cells)
# Beside the guests, which have the right of way; and what looks at what they have made.
TEST_HERE = unit fuzz-short node-check policy-ready kube guide docs-check deb-check report-page
TEST_BEHIND = schema policy-schema cells
.PHONY: test test-full test-here
test-here:
	@+for t in $(TEST_HERE); do nice -n 5 $(MAKE) --no-print-directory $$t || true; done
# Made by all processors, as the 20 minutes begin here.
.PHONY: test-made
test-made: all test-tools node-packages $(B)/report/made
test:
	@+$(MAKE) --no-print-directory -j$$(nproc) test-made
	@rm -rf $(B)/results
	@+$(MAKE) --no-print-directory -k -j4 test-here vm-suites BUILD=0 BATS="$(BATS_ALL)" || true
	@+for t in $(TEST_BEHIND); do $(MAKE) --no-print-directory $$t || true; done
	@tests/summary.sh $(TEST_RESULTS:%=$(B)/results/%.tap)
# Every record those suites made, against the schema.
.PHONY: schema
schema: docs/events.schema.json
	@$(call need,python3-fastjsonschema)
	@tests/schema.py $< $(sort $(wildcard $(B)/results/records/*.jsonl)) | tee $(B)/results/schema.tap
# The policies' schema, their documentation and `reeve policy check`: one language.
.PHONY: policy-schema
policy-schema: $(B)/reeve
	@$(call need,python3-fastjsonschema)
	@mkdir -p $(B)/results
	@tests/policy_schema.py docs/policy.schema.json docs/policy.md bpf/events.h $< \
		$(sort $(wildcard $(B)/results/policies/*.json)) | tee $(B)/results/policy-schema.tap
# The ready policies decide what their tables in tests/ready say.
.PHONY: policy-ready
policy-ready: $(B)/reeve
	@$(call need,python3-fastjsonschema)
	@mkdir -p $(B)/results
	@set -o pipefail; tests/policy_ready.py $< docs/policy.schema.json deploy/policies tests/ready | tee $(B)/results/policy-ready.tap
# The manifests render and are valid, without a cluster and without a network.
.PHONY: kube
kube:
	@$(call need,python3-fastjsonschema python3-yaml busybox-static jq)
	@mkdir -p $(B)/results
	@set -o pipefail; kubectl=$$(tests/kube/kubectl.sh) && \
		tests/kube/check.py "$$kubectl" tests/kube/openapi.json deploy/kubernetes | tee $(B)/results/kube.tap
	@set -o pipefail; kubectl=$$(tests/kube/kubectl.sh) && \
		tests/kube/plugin.sh "$$kubectl" | tee $(B)/results/kube-plugin.tap
	@set -o pipefail; tests/kube/host.sh | tee $(B)/results/kube-host.tap
# What the guide names is there.
.PHONY: guide
guide: $(B)/reeve
	@mkdir -p $(B)/results
	@$(call need,python3-fastjsonschema)
	@set -o pipefail; tests/guide.py $< | tee $(B)/results/guide.tap
# The manual says what the programs say; what the documents name exists.
.PHONY: docs-check
docs-check: man
	@$(call need,man-db python3-minimal)
	@mkdir -p $(B)/results
	@set -o pipefail; python3 -I tests/docs.py $(B) | tee $(B)/results/docs.tap
# The package, as far as that goes without installing it.
.PHONY: deb-check
deb-check: $(B)/tests/reeve.deb
	@$(call need,lintian jq systemd)
	@mkdir -p $(B)/results
	@set -o pipefail; tests/deb.sh $< | tee $(B)/results/deb.tap
# The node itself, beside clients and agents that are made up: protocol, metrics, hostile users.
.PHONY: node-check node-packages
node-packages:
	@$(call need,systemd iproute2 python3-fastjsonschema python3-prometheus-client python3-yaml)
node-check: all $(B)/bench/fill node-packages
	@mkdir -p $(B)/results
	@set -o pipefail; { tests/node/check.sh query.py && tests/node/check.sh metrics.py --metrics 9464 && \
		NODE=0 tests/node/check.sh socket_unit.py && tests/node/check.sh hostile.py; } | tests/node/join.awk -v scripts=4 | tee $(B)/results/node.tap
# The matrix of runtimes, as the suites printed it, is the one of tests/cells.table.
.PHONY: cells
cells:
	@mkdir -p $(B)/results
	@set -o pipefail; tests/cells.sh tests/cells.table "$(FULL)" $(VM_RUNS:%=$(B)/results/%.tap) | tee $(B)/results/cells.tap
# The schema as a file, from the event table.
.PHONY: docs
docs: $(B)/reeve
	$(B)/reeve events --schema | jq . >docs/events.schema.json
test-full:
	@+$(MAKE) --no-print-directory test FULL=1
