# SPDX-License-Identifier: Apache-2.0
# vm.mk: boots and suites in the test guest; see tests/vm/README.md.
# Included by the top Makefile, works alone too: make -f tests/vm/vm.mk guest ...

VM_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
KERNEL ?= 6.12
KERNELS ?= 6.1 6.12 7.2
# boots under the images with podman, containerd and docker, of Debian 13 and 12, and with systemd: in the long run
# alone, the images take minutes to make. Of kernel, image and cgroup driver every pair is there (../cells.table).
ENGINES ?= $(if $(filter 1-trixie,$(FULL)-$(IMAGE)),$(KERNELS:%=%-engines) 6.12-bookworm-engines 6.12-systemd 6.1-bookworm-systemd \
	7.2-bookworm-systemd)
# what says how long something takes: behind all others, with the machine to itself
ALONE ?= $(if $(filter 1-trixie,$(FULL)-$(IMAGE)),7.2-alone)
VM_RUNS = $(KERNELS) $(ENGINES) $(ALONE)
IMAGE ?= trixie
# the files of a suite, e.g. BATS=tests/bats/guest.bats
BATS ?= $(sort $(wildcard $(VM_DIR)../bats/*.bats))
# guests at a time; see README.md for why more than cores
VM_JOBS ?= 3

VM_VARIABLES := IMAGE INIT SMP MEM TIMEOUT NODE ICOUNT DISK KARGS VM_PACKAGES \
	BATS_TEST_TIMEOUT REEVE_CACHE REEVE_MIRROR REEVE_SECURITY
# only what was given: the scripts hold the defaults
$(foreach v,$(VM_VARIABLES),$(if $(filter undefined,$(origin $v)),,$(eval export $v)))
# the command goes by environment, unexpanded: make reads no $ in it
export REEVE_CMD := $(value CMD)
unexport CMD

.PHONY: all guest vm-image vm-kernel vm-suites vm-summary vm-selftest
.DEFAULT_GOAL ?= all

# BUILD=0: boot with whatever is in build/. Else all, and the tools of the suites.
VM_TOOLS := $(if $(B),test-tools)
VM_BUILD := $(if $(filter 0,$(BUILD)),,all $(VM_TOOLS))

vm-image:
	@exec $(VM_DIR)image.sh "$(IMAGE)"
vm-kernel:
	@exec $(VM_DIR)kernel.sh "$(KERNEL)"

guest: $(VM_BUILD)
	@KERNEL="$(KERNEL)" exec $(VM_DIR)guest.sh "$$REEVE_CMD"

# one boot, all suites: vm-suite-6.1, vm-suite-6.12, vm-suite-7.2; vm-suite-6.12-engines, vm-suite-6.1-bookworm-systemd
vm-suite-%: $(VM_BUILD)
	@exec $(VM_DIR)suite.sh $* $(BATS)

# every kernel, VM_JOBS at a time; goes on after a failure, the summary tells
vm-suites: $(VM_BUILD)
	@printf '%s\n' $(KERNELS) $(ENGINES) | xargs -P $(VM_JOBS) -I{} setpriv --pdeathsig TERM $(VM_DIR)suite.sh {} $(BATS) || true
	@for run in $(ALONE); do setpriv --pdeathsig TERM $(VM_DIR)suite.sh $$run $(BATS) || true; done

vm-summary:
	@$(VM_DIR)../summary.sh $(VM_DIR)../../build/results/*.tap

# the guest itself, from outside; ten boots
vm-selftest:
	@mkdir -p $(VM_DIR)../../build/results
	@$(VM_DIR)selftest.sh | tee $(VM_DIR)../../build/results/vm.tap
