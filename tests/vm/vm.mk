# SPDX-License-Identifier: Apache-2.0
# vm.mk: boots and suites in the test guest; see tests/vm/README.md.
# Included by the top Makefile, works alone too: make -f tests/vm/vm.mk guest ...

VM_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
KERNEL ?= 6.12
KERNELS ?= 6.1 6.12 7.2
IMAGE ?= trixie

VM_VARIABLES := KERNEL IMAGE SMP MEM TIMEOUT NODE ICOUNT DISK KARGS VM_PACKAGES REEVE_CACHE REEVE_MIRROR
# only what was given: the scripts hold the defaults
$(foreach v,$(VM_VARIABLES),$(if $(filter undefined,$(origin $v)),,$(eval export $v)))
# the command goes by environment, unexpanded: make reads no $ in it
export REEVE_CMD := $(value CMD)
unexport CMD

.PHONY: all guest vm-image vm-kernel
.DEFAULT_GOAL ?= all

vm-image:
	@$(VM_DIR)image.sh "$(IMAGE)"
vm-kernel:
	@$(VM_DIR)kernel.sh "$(KERNEL)"

# BUILD=0: boot with whatever is in build/
guest: $(if $(filter 0,$(BUILD)),,all)
	@$(VM_DIR)guest.sh "$$REEVE_CMD"
