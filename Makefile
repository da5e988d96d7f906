# SPDX-License-Identifier: GPL-2.0-or-later
# trunkgate: one non-recursive build. V= chooses the variant; each variant
# has its own object tree, the programs of the release are in build/.
#
#   V=release  (default) optimised, hardened          -> build/
#   V=san      address + undefined-behaviour          -> build/san/
#   V=tsan     thread sanitizer                       -> build/tsan/
#   V=clang    clang, the same warnings               -> build/clang/

V ?= release
ifeq ($(V),release)
B := build
else
B := build/$(V)
endif

CC_release := gcc
CC_san     := gcc
CC_tsan    := gcc
CC_clang   := clang
CC := $(CC_$(V))

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Werror
HARD := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-D_FORTIFY_SOURCE=2 -fPIE
OPT_release := -O2 -g $(HARD)
OPT_clang   := -O2 -g -fPIE
OPT_san     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
OPT_tsan    := -O1 -g -fsanitize=thread
LD_release  := -pie -Wl,-z,relro,-z,now,-z,noexecstack
LD_clang    := -pie
LD_san      := -fsanitize=address,undefined
LD_tsan     := -fsanitize=thread

CFLAGS  := -std=c11 -D_GNU_SOURCE -I. $(WARN) $(OPT_$(V)) -MMD -MP
LDFLAGS := $(LD_$(V)) -Wl,--as-needed

# Rooms: one archive each. What may include what is in tools/house.
ROOMS := base conf core console sip isdn media
DIR_base    := gateway/base
DIR_conf    := conf
DIR_core    := gateway
DIR_console := gateway/console
DIR_sip     := sip
DIR_isdn    := isdn
DIR_media   := media

# main.c of a room belongs to a program, not to the archive.
src = $(filter-out %/main.c,$(wildcard $(DIR_$(1))/*.c))
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib = $(B)/lib/$(1).a
libs = $(foreach l,$(1),$(call lib,$(l)))

LIBS_base    := -luv -lpcre2-8
LIBS_conf    := -lyaml
LIBS_core    := -luv
LIBS_console := -lmicrohttpd
LIBS_sip     := -losipparser2 -lcares -lgnutls -lnettle -ljansson
LIBS_isdn    := -lpri
LIBS_media   := -lspandsp -luring -lnettle -lm -lpthread

.PHONY: all
all: programs rooms

-include $(shell test -d $(B)/obj && find $(B)/obj -name '*.d')

# Instruction-set builds of one source: the suffix of the file name decides.
$(B)/obj/%_avx512.o: CFLAGS += -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
$(B)/obj/%_avx2.o: CFLAGS += -mavx2 -mfma
# The sample loops are worth the compiler's time in each variant.
$(B)/obj/media/echo%.o: CFLAGS += -O3 -ffp-contract=fast
$(B)/obj/media/law_%.o $(B)/obj/media/line.o: CFLAGS += -O3
$(B)/obj/media/bank_%.o: CFLAGS += -O3 -ffp-contract=fast

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@$(CC) $(CFLAGS) -c $< -o $@

# The profiles of trunks are part of the program.
$(B)/obj/conf/profile.o: $(wildcard conf/profiles/*.yaml)

define room
$(call lib,$(1)): $(call obj,$(call src,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	@echo "  AR   $$@"
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room,$(r))))

# program(name, main sources, rooms in link order, extra libraries)
define program
PROGRAMS += $(B)/$(1)
$(B)/$(1): $(call obj,$(2)) $(call libs,$(3))
	@echo "  LD   $$@"
	@$(CC) $(LDFLAGS) -o $$@ $$^ $(foreach r,$(3),$(LIBS_$(r))) $(4)
endef

include tools/programs.mk

.PHONY: programs rooms
programs: $(PROGRAMS)
rooms: $(call libs,$(ROOMS))

include tests/tests.mk
include tools/packaging/install.mk

.PHONY: clean
clean:
	rm -rf build
