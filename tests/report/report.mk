# SPDX-License-Identifier: Apache-2.0
# report.mk: `make report-page`: the page of `reeve report`, looked at by a browser without a screen. On this
# machine, in a mount namespace of its own; pages
# and pictures go to build/report/pages. Chromium is a download of some 100 MB, once.

REPORT_DIR := tests/report
$(B)/report/made: $(REPORT_DIR)/made.c $(filter-out %/main.o,$(patsubst %.c,$(B)/%.o,$(wildcard sidecar/node/*.c))) $(B)/libreeve.a | $(B)/.packages
	@mkdir -p $(@D)
	@$(if $(V),,echo '  CC  ' $@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -o $@ $^ $(LDFLAGS_reeve-node) -lsqlite3 -lyajl_s -lm -lseccomp -lcap -lsodium -lnettle
.PHONY: report-page
report-page: $(B)/reeve $(B)/reeve-node $(B)/report/made
	@$(call need,chromium-headless-shell fonts-dejavu-core python3)
	@mkdir -p $(B)/results $(B)/report/pages
	@set -o pipefail; KEEP=$(abspath $(B))/report/pages timeout 300 tests/report/page.sh | tee $(B)/results/report-page.tap
