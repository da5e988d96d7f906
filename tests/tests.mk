# SPDX-License-Identifier: GPL-2.0-or-later
# Test programs say in their first lines what they link: `rooms: sip base` in
# link order; `libs: -lfoo` adds libraries. tests/run runs them and counts.
#
#   tests/{unit,core,stack,media,sim}/t_NOUN.c   libcheck programs
#   tests/fuzz/f_NOUN.c                      libFuzzer targets (clang)
#   tests/bench/b_NOUN.c                     print name<TAB>value<TAB>unit
#   tests/interop/NAME.sh                    print `ok NAME` / `not ok NAME`

rooms_of = $(shell sed -n '1,8s/.*rooms: *\([a-z0-9 ]*\).*/\1/p' $(1))
extra_of = $(shell sed -n '1,8s/.*libs: *\([-a-z0-9_= ]*\).*/\1/p' $(1))
roomlibs = $(foreach r,$(call rooms_of,$(1)),$(LIBS_$(r)))

T_SRC := $(wildcard tests/unit/t_*.c tests/core/t_*.c tests/stack/t_*.c \
	tests/media/t_*.c tests/sim/t_*.c)
T_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(T_SRC))
B_SRC := $(wildcard tests/bench/b_*.c)
B_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(B_SRC))
F_SRC := $(wildcard tests/fuzz/f_*.c)
F_BIN := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(F_SRC))

# The gateway in one process: what the programs of tests/sim share; they say
# `rooms: sim ...` with it first.
SIM_SRC := $(filter-out tests/sim/t_%,$(wildcard tests/sim/*.c))
$(call lib,sim): $(call obj,$(SIM_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR   $@"
	@ar rcs $@ $^

# What the benches of the media role under load share (tests/bench/load.h).
LOAD_SRC := $(wildcard tests/bench/load_*.c) tests/media/line_signal.c
$(call lib,load): $(call obj,$(LOAD_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR   $@"
	@ar rcs $@ $^

# The sip role in a process under load, and its peer: `rooms: sipload sip ...`.
SIPLOAD_SRC := $(wildcard tests/bench/sipload_*.c)
$(call lib,sipload): $(call obj,$(SIPLOAD_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR   $@"
	@ar rcs $@ $^

# The G.168-shaped bench: `rooms: g168 media`. Its loops over sixteen lines are
# worth the compiler's time.
G168_SRC := $(wildcard tests/media/g168_*.c)
$(B)/obj/tests/media/g168_%.o: CFLAGS += -O3
$(call lib,g168): $(call obj,$(G168_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR   $@"
	@ar rcs $@ $^

# test(name below tests/, extra libraries)
define test_program
$(B)/tests/$(1): $(B)/obj/tests/$(1).o $(call libs,$(call rooms_of,tests/$(1).c))
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	@$(CC) $(LDFLAGS) -o $$@ $$^ $(call roomlibs,tests/$(1).c) \
		$(call extra_of,tests/$(1).c) $(2) -lm -lpthread
endef
$(foreach t,$(patsubst tests/%.c,%,$(T_SRC)),\
	$(eval $(call test_program,$(t),-lcheck -lsubunit -lrt)))
$(foreach t,$(patsubst tests/%.c,%,$(B_SRC)),\
	$(eval $(call test_program,$(t),)))

$(eval $(call test_program,media/g168,))

.PHONY: test-programs bench-programs
test-programs: $(T_BIN)
bench-programs: $(B_BIN)

# A fuzz target is compiled whole, its rooms included, with coverage.
FUZZ_FLAGS := -std=c11 -D_GNU_SOURCE -I. -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
F_OBJ = $(patsubst %.c,build/fuzz/obj/%.o,$(1))

build/fuzz/obj/%_avx512.o: FUZZ_FLAGS += -mavx512f -mavx512bw -mavx512dq \
	-mavx512vl -mfma
build/fuzz/obj/%_avx2.o: FUZZ_FLAGS += -mavx2 -mfma
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@clang $(FUZZ_FLAGS) -MMD -MP -c $< -o $@
build/fuzz/obj/conf/profile.o: $(wildcard conf/profiles/*.yaml)
-include $(shell test -d build/fuzz/obj && find build/fuzz/obj -name '*.d')

define fuzz_room
build/fuzz/lib/$(1).a: $(call F_OBJ,$(call src,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call fuzz_room,$(r))))

define fuzz_program
build/fuzz/$(1): build/fuzz/obj/tests/fuzz/$(1).o \
	$(foreach r,$(call rooms_of,tests/fuzz/$(1).c),build/fuzz/lib/$(r).a)
	@echo "  LD   $$@"
	@clang -fsanitize=fuzzer,address,undefined -o $$@ $$^ \
		$(call roomlibs,tests/fuzz/$(1).c) \
		$(call extra_of,tests/fuzz/$(1).c) -lm -lpthread
endef
$(foreach f,$(patsubst tests/fuzz/%.c,%,$(F_SRC)),\
	$(eval $(call fuzz_program,$(f))))

.PHONY: fuzz-programs fuzz
fuzz-programs: $(F_BIN)
FUZZ_S ?= 60
fuzz: fuzz-programs
	tests/run --fuzz $(FUZZ_S)

# --- the commands of the README ---
.PHONY: deps check check-quick bench soak demo
deps:
	tools/deps build test

check-quick: deps
	@$(MAKE) --no-print-directory programs test-programs
	tests/run --quick

# Everything; the closing line counts it. See tests/run for the order. The last
# part is check-vm: preparing its machine takes some minutes once (fetched, built,
# and kept outside of the tree, see tests/vm/machine).
check: deps
	tests/run --all

# The real DAHDI driver in a virtual machine.
.PHONY: check-vm
check-vm: deps
	@$(MAKE) --no-print-directory programs
	tests/run --vm

bench: deps
	@$(MAKE) --no-print-directory programs bench-programs
	tests/run --bench

# The echo canceller by G.168's tests, beside its peers; build/ec-report.md.
# A seed of the day unless one is given.
.PHONY: bench-ec
EC_SEED ?= 0
bench-ec: deps
	@$(MAKE) --no-print-directory $(B)/tests/media/g168
	$(B)/tests/media/g168 --seed $(EC_SEED) --report $(B)

SOAK_S ?= 600
soak: deps
	@$(MAKE) --no-print-directory programs
	tests/soak/soak --seconds $(SOAK_S)

demo:
	tools/deps build run demo
	@$(MAKE) --no-print-directory programs
	tools/demo/run
