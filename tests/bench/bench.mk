# SPDX-License-Identifier: Apache-2.0
# bench.mk: `make bench [KERNEL=6.12|6.1|7.2|all]` boots a counting guest for each kernel (6.1 and
# 6.12 when none is named) and prints one table each; tests/bench/README.md says how to read it.

BENCH_DIR := tests/bench
BENCH_B := $(B)/bench
BENCH_PROGRAMS := ops inside noop wall true nohook pause
BENCH_CFLAGS := $(filter-out -MMD -MP,$(CFLAGS))
BENCH_KERNELS := $(if $(filter command line environment,$(origin KERNEL)),$(if \
	$(filter all,$(KERNEL)),6.1 6.12 7.2,$(KERNEL)),6.1 6.12)

BENCH_SRC_ops := ops.c
BENCH_SRC_inside := inside.c held.c
BENCH_SRC_noop := noop.c held.c
BENCH_SRC_wall := wall.c
BENCH_SRC_pause := pause.c
BENCH_LIBS_inside := $(B)/libreeve.a -lcgroup -lyajl_s -lcap -lseccomp
BENCH_LIBS_noop := -lbpf -lelf -lz

define bench_program
$(BENCH_B)/$(1): $(addprefix $(BENCH_DIR)/,$(BENCH_SRC_$(1))) $(BENCH_DIR)/bench.h bpf/abi.h \
		$(filter %.a,$(BENCH_LIBS_$(1))) | $(B)/.packages
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo '  CC  ' $$@)
	$$(Q)$$(CC) $$(BENCH_CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.c,$$^) $(BENCH_LIBS_$(1)) \
		2> $(BENCH_B)/ld.log || { cat $(BENCH_B)/ld.log; exit 1; }
endef
$(foreach p,ops inside noop wall pause,$(eval $(call bench_program,$(p))))

$(BENCH_B)/true $(BENCH_B)/nohook: $(BENCH_B)/%: $(BENCH_DIR)/%.c | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $@)
	$(Q)$(CC) -std=gnu17 -Os -Wall -Wextra -Werror -static -nostdlib -fno-stack-protector -o $@ $<

# Not called .o: objects do not travel into the counting guest.
$(BENCH_B)/%.bpf: $(BENCH_DIR)/%.bpf.c $(BENCH_DIR)/noop.bpf.c | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  BPF ' $<)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
		-I/usr/include/$(shell gcc -dumpmachine) -c -o $@ $<

.PHONY: bench
bench: all $(BENCH_PROGRAMS:%=$(BENCH_B)/%) $(BENCH_B)/noop.bpf $(BENCH_B)/dpath.bpf
	@$(call need,binutils)
	@$(BENCH_DIR)/bench.sh $(BENCH_KERNELS)

# Questions of a long record, beside sqlite3; on this machine, in a mount namespace.
$(BENCH_B)/fill: $(BENCH_DIR)/fill.c $(filter-out %/main.o,$(patsubst %.c,$(B)/%.o,$(wildcard sidecar/node/*.c))) $(B)/libreeve.a | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $@)
	$(Q)$(CC) $(BENCH_CFLAGS) $(LDFLAGS_reeve-node) -o $@ $^ -lsqlite3 -lyajl_s -lm -lseccomp -lcap -lsodium -lnettle
.PHONY: bench-query
bench-query: all $(BENCH_B)/fill
	@$(call need,sqlite3)
	@$(BENCH_DIR)/query.sh

# Hundreds of containers at once, and what that costs the node; on this machine, agents made up.
.PHONY: bench-many
bench-many: all $(BENCH_B)/fill
	@$(call need,iproute2)
	@tests/node/check.sh ../bench/many.py
