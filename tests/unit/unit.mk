# SPDX-License-Identifier: Apache-2.0
# unit.mk: `make unit [UNIT=json]` builds the rooms and their tests under ASan and UBSan, runs them
# unprivileged, and writes build/results/unit.tap. A room's sources under test are named here; a
# new tests/unit/ROOM/NOUN_test.c is found by itself.

UNIT_B := $(B)/unit
UNIT_CFLAGS := $(filter-out -O2 -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Wno-maybe-uninitialized
UNIT_SRC := $(LIB_SRC) sidecar/agent/spool.c $(filter-out %/main.c,$(wildcard oci-hooks/*.c oci-hooks/runc/*.c sidecar/node/*.c)) $(UNIT_EXTRA_SRC)
UNIT_TESTS := $(filter-out %/layout.c,$(wildcard tests/unit/*.c tests/unit/*/*.c))
UNIT_LIBS := -lyajl_s -l:libsqlite3.a -lm -lseccomp -lcap -lcgroup -l:libsodium.a -l:libnettle.a $(UNIT_EXTRA_LIBS)
UNIT_WRAP := $(foreach f,malloc calloc realloc reallocarray strdup strndup asprintf fsync fdatasync,-Wl,--wrap=$(f))
LAYOUT_INCLUDE = -I. -I/usr/include/$(shell gcc -dumpmachine)

$(UNIT_B)/%.o: %.c $(B)/build_id.h | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $< '(unit)')
	$(Q)$(CC) $(UNIT_CFLAGS) -c -o $@ $<

# qP: two rooms may have a file of the same name.
$(UNIT_B)/libunit.a: $(UNIT_SRC:%.c=$(UNIT_B)/%.o)
	@rm -f $@
	$(Q)ar qcsP $@ $^

# The ABI has one layout, whoever compiles it, and no hidden padding.
$(UNIT_B)/layout.ok: tests/unit/bpf/layout.c tests/unit/bpf/layout.h bpf/abi.h | $(B)/.packages
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -Wall -Wextra -Wpadded -Werror $(LAYOUT_INCLUDE) -fsyntax-only $<
	$(Q)$(CLANG) -target bpf -Wall -Wextra -Wpadded -Werror $(LAYOUT_INCLUDE) -c -o /dev/null $<
	@touch $@

$(B)/unit-tests: $(UNIT_TESTS:%.c=$(UNIT_B)/%.o) $(UNIT_B)/libunit.a $(UNIT_B)/layout.ok
	@$(if $(V),,echo '  LD  ' $@)
	$(Q)$(CC) -fsanitize=address,undefined $(UNIT_WRAP) -o $@ $(filter %.o,$^) $(UNIT_B)/libunit.a \
		$(UNIT_LIBS)

.PHONY: unit
unit: $(B)/unit-tests
	@mkdir -p $(B)/results
	@set -o pipefail; ASAN_OPTIONS=detect_leaks=1 timeout 1200 $(B)/unit-tests $(UNIT) \
		| tee $(B)/results/unit.tap
