/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console role: what people and their programs see of the gateway. It
 * knows no telephony; it asks the roles and passes on what they say.
 */
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/net.h"
#include "gateway/base/role.h"
#include "gateway/base/str.h"
#include "gateway/console/control.h"
#include "gateway/console/http.h"

#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACE_LINE (OBS_BYTES * 2 + 2048)

struct console {
	struct role role;
	struct asker asker;
	struct control *control;
	struct http *http;
	bool tracing;
	char spans[CONF_SPANS][CONF_NAME];
	char trunks[CONF_TRUNKS][CONF_NAME];
	uint64_t bad; /* messages of the wrong length */
};

static struct console *console_of(struct role *r)
{
	return container_of(r, struct console, role);
}

static void take_names(struct console *c, const struct conf *conf)
{
	memset(c->spans, 0, sizeof(c->spans));
	memset(c->trunks, 0, sizeof(c->trunks));
	for (unsigned i = 0; i < conf->n_spans && i < CONF_SPANS; i++) {
		str_copy(c->spans[i], CONF_NAME, conf->spans[i].name);
	}
	for (unsigned i = 0; i < conf->n_trunks && i < CONF_TRUNKS; i++) {
		str_copy(c->trunks[i], CONF_NAME, conf->trunks[i].name);
	}
}

static struct role *console_open(struct loop *loop, const void *conf,
				 size_t len)
{
	const struct conf_for_core *part = conf;
	struct console *c;

	if (len != sizeof(*part)) {
		errno = EINVAL;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c) {
		c->role.ops = &console_role_ops;
		c->role.loop = loop;
		take_names(c, &part->conf);
		asker_init(&c->asker, loop, &part->conf);
	}
	return c ? &c->role : NULL;
}

/* --- traces --- */

static void hex(char *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

static void trace_address(struct json *j, const char *key,
			  const uint8_t *octets)
{
	struct net_addr a;
	char text[NET_STR_MAX];

	memcpy(&a, octets, sizeof(a));
	if (a.family == 4 || a.family == 6) {
		json_str(j, key, net_str(&a, text));
	}
}

static bool trace_ok(const struct obs_trace *t)
{
	size_t head = offsetof(struct obs_trace, bytes);

	return t->head.len >= head && t->len == t->head.len - head &&
	       t->len <= OBS_BYTES && memchr(t->call, 0, sizeof(t->call)) &&
	       memchr(t->text, 0, sizeof(t->text));
}

static const char *trace_name(const struct console *c,
			      const struct obs_trace *t)
{
	if ((t->kind == OBS_FRAME || t->kind == OBS_SPAN) &&
	    t->index < CONF_SPANS) {
		return c->spans[t->index];
	}
	if (t->kind == OBS_SIP && t->index < CONF_TRUNKS) {
		return c->trunks[t->index];
	}
	return NULL;
}

static void on_trace(struct console *c, const struct obs_trace *t)
{
	static const char *const kinds[] = { "?", "frame", "sip", "call",
					     "span" };
	static char line[TRACE_LINE], octets[OBS_BYTES * 2 + 1];
	struct json j;
	int n;

	if (!trace_ok(t)) {
		c->bad++;
		return;
	}
	json_init(&j, line, sizeof(line));
	json_obj(&j, NULL);
	json_int(&j, "t_us", t->wall_us);
	json_str(&j, "kind", kinds[t->kind <= OBS_SPAN ? t->kind : 0]);
	json_bool(&j, "sent", t->sent);
	json_int(&j, "index", t->index);
	if (trace_name(c, t)) {
		json_str(&j, "name", trace_name(c, t));
	}
	json_int(&j, "slot", t->slot);
	trace_address(&j, "local", t->local);
	trace_address(&j, "remote", t->remote);
	json_str(&j, "call", t->call);
	json_str(&j, "text", t->text);
	hex(octets, t->bytes, t->len);
	json_str(&j, "hex", octets);
	json_close(&j);
	n = json_end(&j);
	if (n > 0 && c->control) {
		control_trace(c->control, line, (size_t)n);
	}
}

static void tell_trace(struct console *c, struct link *l)
{
	struct obs_switch m = { .on = c->tracing };

	link_send(l, &m.head, OBS_TRACE_ON, sizeof(m));
}

static void on_trace_wanted(void *owner, bool on)
{
	struct console *c = owner;

	c->tracing = on;
	for (unsigned i = 0; i < c->asker.n; i++) {
		if (link_is_up(&c->asker.roles[i].link)) {
			tell_trace(c, &c->asker.roles[i].link);
		}
	}
}

/* --- links --- */

static void on_msg(struct link *l, const struct link_head *head, int fd)
{
	struct observed *from = container_of(l, struct observed, link);
	struct console *c = container_of(from->asker, struct console, asker);

	if (fd >= 0) {
		close(fd);
	}
	if (head->type == OBS_REPLY) {
		query_reply(&c->asker, head);
	} else if (head->type == OBS_TRACE) {
		on_trace(c, (const void *)head);
	} else {
		c->bad++;
	}
}

static void on_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops ops = { on_msg, on_down };

static struct link *console_slot(struct role *r, enum role_id peer,
				 unsigned index, const struct link_ops **o)
{
	struct console *c = console_of(r);

	*o = &ops;
	if (peer == ROLE_SUPERVISOR) {
		return &c->asker.supervisor.link;
	}
	for (unsigned i = 0; i < c->asker.n; i++) {
		struct observed *x = &c->asker.roles[i];

		if (x->role == peer && (peer != ROLE_ISDN ||
					x->index == index)) {
			return &x->link;
		}
	}
	return NULL;
}

static void console_link_up(struct role *r, enum role_id peer, unsigned index)
{
	struct console *c = console_of(r);
	const struct link_ops *o;

	if (c->tracing && peer != ROLE_SUPERVISOR) {
		tell_trace(c, console_slot(r, peer, index, &o));
	}
}

/* --- life --- */

static int console_socket(struct role *r, enum role_socket what,
			  unsigned index, int fd)
{
	struct console *c = console_of(r);

	(void)index;
	if (what == ROLE_SOCK_CONTROL && !c->control) {
		c->control = control_open(r->loop, fd, &c->asker,
					  on_trace_wanted, c);
		return c->control ? 0 : -errno;
	}
	if (what == ROLE_SOCK_METRICS && !c->http) {
		c->http = http_open(r->loop, fd, &c->asker);
		return c->http ? 0 : -errno;
	}
	close(fd);
	return -EINVAL;
}

static int console_start(struct role *r)
{
	(void)r;
	return 0;
}

static int console_reload(struct role *r, const void *conf, size_t len)
{
	const struct conf_for_core *part = conf;

	if (len != sizeof(*part)) {
		return -EINVAL;
	}
	take_names(console_of(r), &part->conf);
	asker_reload(&console_of(r)->asker, &part->conf);
	return 0;
}

static void console_drain(struct role *r)
{
	(void)r;
}

static bool console_is_idle(const struct role *r)
{
	(void)r;
	return true;
}

static void console_close(struct role *r)
{
	struct console *c = console_of(r);

	if (c->control) {
		control_close(c->control);
	}
	if (c->http) {
		http_close(c->http);
	}
	asker_fini(&c->asker);
	free(c);
}

const struct role_ops console_role_ops = {
	.id = ROLE_CONSOLE,
	.name = "console",
	.open = console_open,
	.slot = console_slot,
	.link_up = console_link_up,
	.socket = console_socket,
	.start = console_start,
	.reload = console_reload,
	.drain = console_drain,
	.is_idle = console_is_idle,
	.close = console_close,
};
