# SPDX-License-Identifier: Apache-2.0
# fuzz.mk: every decoder of foreign bytes under libFuzzer with ASan and UBSan. `make fuzz` runs each
# for FUZZ_SECONDS, `make fuzz-short` for 5; a finding is left in build/fuzz/NAME-crash-* and fails.
# A NAME_fuzz.c here and its seeds in corpus/NAME/ are found by themselves; corpus/ is only read,
# what a run discovers is kept in build/fuzz/NAME/.

FUZZ_SECONDS ?= 30
FUZZ_B := $(B)/fuzz
FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_CFLAGS := $(filter-out -O2 -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 -fno-omit-frame-pointer \
	-DCOMPILE_STATES_MAX=8192 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SRC := $(filter-out sidecar/common/jail.c cgroup/own.c,$(LIB_SRC)) oci-hooks/state.c oci-hooks/runc/insert.c sidecar/node/http_request.c sidecar/node/config.c

$(FUZZ_B)/.packages: | $(B)/.packages
	@mkdir -p $(@D)
	@$(call need,libclang-rt-14-dev)
	@touch $@

$(FUZZ_B)/%.o: %.c $(B)/build_id.h | $(FUZZ_B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $< '(fuzz)')
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -c -o $@ $<

$(FUZZ_B)/libfuzz.a: $(FUZZ_SRC:%.c=$(FUZZ_B)/%.o)
	@rm -f $@
	$(Q)ar qcsP $@ $^

$(FUZZ_NAMES:%=$(FUZZ_B)/%_fuzz): $(FUZZ_B)/%_fuzz: $(FUZZ_B)/tests/fuzz/%_fuzz.o $(FUZZ_B)/libfuzz.a
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ -lyajl_s

# A cut log line tells how it went; the whole log is beside it.
fuzz-run-%: $(FUZZ_B)/%_fuzz
	@mkdir -p $(FUZZ_B)/$*
	@if $< -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=1024 -max_len=65536 \
		-artifact_prefix=$(FUZZ_B)/$*- -print_final_stats=1 \
		$(FUZZ_B)/$* tests/fuzz/corpus/$* >$(FUZZ_B)/$*.log 2>&1; \
	then echo "ok - fuzz $*: $$(sed -n 's/^stat::number_of_executed_units: *//p' $(FUZZ_B)/$*.log) runs"; \
	else grep -v '^#' $(FUZZ_B)/$*.log | tail -n 30 | sed 's/^/# /'; echo "not ok - fuzz $*: see $(FUZZ_B)/$*.log"; exit 1; fi

.PHONY: fuzz fuzz-short
# One after the other: the exit status and the time are then plain. Counted like any other suite.
fuzz: $(FUZZ_NAMES:%=$(FUZZ_B)/%_fuzz)
	@mkdir -p $(B)/results
	@set -o pipefail; { echo "1..$(words $(FUZZ_NAMES))"; bad=0; for n in $(FUZZ_NAMES); do \
		$(MAKE) --no-print-directory fuzz-run-$$n FUZZ_SECONDS=$(FUZZ_SECONDS) 2>/dev/null \
		|| bad=1; done; exit $$bad; } | tee $(B)/results/fuzz.tap
fuzz-short:
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=5
