/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to "which way would this number take, and why". */
#include "gateway/route.h"

#include "gateway/base/json.h"

#include <errno.h>
#include <string.h>

static int find_end(const struct conf *conf, const char *name,
		    struct cc_end *end)
{
	for (unsigned i = 0; i < conf->n_spans; i++) {
		if (!conf->spans[i].gone &&
		    strcmp(conf->spans[i].name, name) == 0) {
			*end = (struct cc_end){CC_END_SPAN, (uint8_t)i};
			return 0;
		}
	}
	for (unsigned i = 0; i < conf->n_trunks; i++) {
		if (strcmp(conf->trunks[i].name, name) == 0) {
			*end = (struct cc_end){CC_END_TRUNK, (uint8_t)i};
			return 0;
		}
	}
	return -ENOENT;
}

static bool is_up(const struct route_ends *ends, const struct conf_route *r)
{
	return r->to_end == CONF_END_SPAN ? ends->span_up[r->to]
					  : ends->trunk_up[r->to];
}

static void write_route(struct json *j, const struct conf *conf,
			const struct route_ends *ends, unsigned index,
			const struct route_ask *ask)
{
	const struct conf_route *r = &conf->routes[index];
	char text[CC_DIGITS_MAX + 2];
	struct cc_number out;
	enum route_verdict v = route_judge(conf, index, ask, &out);

	json_obj(j, NULL);
	json_int(j, "route", index + 1);
	json_str(j, "to", r->to_end == CONF_END_SPAN ? conf->spans[r->to].name
						     : conf->trunks[r->to].name);
	json_str(j, "verdict", route_verdict_name(v));
	if (v == ROUTE_FITS) {
		json_str(j, "number_sent", cc_number_str(&out, text));
	}
	json_bool(j, "up", is_up(ends, r));
	json_close(j);
}

/* The hunting order: what is tried, one after the other. */
static void write_order(struct json *j, const struct conf *conf,
			const struct route_ends *ends,
			const struct route_ask *ask)
{
	struct cc_number out;
	unsigned step = 0;
	int taken = -1, i;
	bool any = false;

	json_arr(j, "order");
	while ((i = route_next(conf, ask, &step, &out)) >= 0) {
		any = true;
		json_int(j, NULL, i + 1);
		if (taken < 0 && is_up(ends, &conf->routes[i])) {
			taken = i;
		}
	}
	json_close(j);
	if (taken >= 0) {
		json_int(j, "taken", taken + 1);
		return;
	}
	json_nil(j, "taken");
	json_int(j, "cause", any ? CAUSE_NET_OUT_OF_ORDER
				 : route_refusal(conf, ask).value);
}

int route_explain(const struct conf *conf, const struct route_ends *ends,
		  const char *from, const char *number, char *buf, size_t size)
{
	char text[CC_DIGITS_MAX + 2];
	struct cc_number dialled = {0};
	struct route_ask ask;
	struct cc_end end;
	struct json j;

	if (find_end(conf, from, &end) != 0) {
		return -ENOENT;
	}
	if (cc_number_set(&dialled, number) != 0) {
		return -EINVAL;
	}
	route_ask_init(&ask, conf, end, &dialled);
	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "from", from);
	json_str(&j, "number", cc_number_str(&dialled, text));
	json_str(&j, "number_e164", cc_number_str(&ask.called, text));
	json_bool(&j, "emergency", ask.emergency);
	json_arr(&j, "routes");
	for (unsigned i = 0; i < conf->n_routes; i++) {
		const struct conf_route *r = &conf->routes[i];

		if ((unsigned)r->from_end == end.kind && r->from == end.index) {
			write_route(&j, conf, ends, i, &ask);
		}
	}
	json_close(&j);
	write_order(&j, conf, ends, &ask);
	json_close(&j);
	return json_end(&j);
}
