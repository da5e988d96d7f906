/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: conf base */
/* libs: -lyaml */
/* A system.conf that somebody else made, against three of our spans: two carriers
 * whose clocks have an order, and a PBX. */
#include <stdlib.h>
#include <string.h>

#include "conf/system_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void our_spans(struct conf *c)
{
	static const char *const names[] = { "e1", "t1", "pbx" };

	c->n_spans = 3;
	for (unsigned i = 0; i < 3; i++) {
		struct conf_span *s = &c->spans[i];
		bool t1 = i == 1;

		strcpy(s->name, names[i]);
		s->line.driver = CONF_DAHDI;
		s->line.dahdi_span = (uint16_t)(i + 1);
		s->line.first_slot = 1;
		s->line.last_slot = t1 ? 24 : 31;
		s->line.d_slot = t1 ? 24 : 16;
		s->law = t1 ? CONF_ULAW : CONF_ALAW;
		s->isdn.side = i == 2 ? CONF_SIDE_NETWORK : CONF_SIDE_USER;
		s->clock_source = (uint8_t)(i == 2 ? 0 : 2 - i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *conf;
	static struct system_conf sys;
	static struct report report;
	char *text = malloc(size + 1), *told;

	if (!conf) {
		conf = calloc(1, sizeof(*conf));
		our_spans(conf);
	}
	memcpy(text, data, size);
	report_init(&report, "system.conf", text, size);
	system_conf_read(&sys, &report);
	if (sys.n_spans > SYSTEM_SPANS) {
		abort();
	}
	system_conf_check(&sys, conf, &report);
	told = report_text(&report);
	if (!told || !*told != !report.n) {
		abort();
	}
	free(told);
	free(text);
	return 0;
}
