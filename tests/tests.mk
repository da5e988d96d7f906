# SPDX-License-Identifier: GPL-2.0-or-later
# Unit, core, stack and media tests are programs of libcheck: one source
# tests/<kind>/t_<noun>.c each. The rooms a test links are named in its
# first lines by a comment `rooms: base sip`; `libs:` adds libraries.

T_SRC := $(wildcard tests/unit/t_*.c tests/core/t_*.c tests/stack/t_*.c \
	tests/media/t_*.c)
T_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(T_SRC))

rooms_of = $(shell sed -n '1,8s/.*rooms: *\([a-z ]*\).*/\1/p' $(1))
extra_of = $(shell sed -n '1,8s/.*libs: *\([-a-z0-9 ]*\).*/\1/p' $(1))

define test_program
$(B)/tests/$(1): $(B)/obj/tests/$(1).o $(call libs,$(call rooms_of,tests/$(1).c))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$^ \
		$(foreach r,$(call rooms_of,tests/$(1).c),$(LIBS_$(r))) \
		$(call extra_of,tests/$(1).c) -lcheck -lsubunit -lm -lrt -lpthread
endef
$(foreach t,$(patsubst tests/%.c,%,$(T_SRC)),$(eval $(call test_program,$(t))))

.PHONY: test-programs
test-programs: $(T_BIN)
