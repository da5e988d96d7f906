/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media role over in-memory links on a virtual clock, with a line to a far
 * end that can fall silent. */
#ifndef TESTS_MEDIA_RIG_H
#define TESTS_MEDIA_RIG_H

#include "gateway/base/frame.h"
#include "media/dslot.h"
#include "media/engine_priv.h"
#include "media/role_priv.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIRS = 4 };

static bool follows; /* our line follows the far end's clock */

/* The far ends of the links. */
static struct {
	struct loop *loop;
	struct role *role;
	struct link core, isdn, console;
	struct line *far;
	struct dslot *dslot;
	struct timer ms;
	bool silent; /* the far line sends nothing */
	/* what came */
	struct media_opened opened;
	struct media_closed closed;
	struct media_event event;
	struct media_span span;
	struct frame_data frame;
	struct frame_line line;
	unsigned n_opened, n_closed, n_event, n_span, n_frame, n_line;
	uint8_t d_frame[DSLOT_MAX];
	size_t d_len;
	char text[65536];
	bool error;
} t;

static inline void core_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	switch (h->type) {
	case MEDIA_OPENED:
		memcpy(&t.opened, h, sizeof(t.opened));
		t.n_opened++;
		break;
	case MEDIA_CLOSED:
		memcpy(&t.closed, h, sizeof(t.closed));
		t.n_closed++;
		break;
	case MEDIA_EVENT:
		memcpy(&t.event, h, sizeof(t.event));
		t.n_event++;
		break;
	case MEDIA_SPAN:
		memcpy(&t.span, h, sizeof(t.span));
		t.n_span++;
		break;
	}
}

static inline void isdn_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	if (h->type == FRAME_DATA) {
		memcpy(&t.frame, h, h->len);
		t.n_frame++;
	} else if (h->type == FRAME_LINE) {
		memcpy(&t.line, h, sizeof(t.line));
		t.n_line++;
	}
}

static inline void console_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct obs_reply *r = (const void *)h;
	size_t have = strlen(t.text);

	(void)l;
	(void)fd;
	memcpy(t.text + have, r->text, r->len);
	t.text[have + r->len] = '\0';
	t.error = r->error;
}

static inline void down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_end = { core_msg, down };
static const struct link_ops isdn_end = { isdn_msg, down };
static const struct link_ops console_end = { console_msg, down };

static inline int bound(struct net_addr *a)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n;

	memset(a, 0, sizeof(*a));
	a->family = 4;
	a->ip[0] = 127;
	a->ip[3] = 1;
	n = net_to_sockaddr(a, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &n);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

static inline void join_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

/* The far end of the line: one millisecond. */
static inline void far_ms(struct timer *timer)
{
	uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];
	size_t n;

	timer_start(t.loop, timer, far_ms, 1);
	if (t.silent)
		return;
	line_tick(t.far, loop_now(t.loop));
	while (line_avail(t.far) >= LINE_BLOCK) {
		line_read(t.far, rx, LINE_BLOCK);
		dslot_rx(t.dslot, rx[16], LINE_BLOCK);
		n = dslot_take(t.dslot, t.d_frame);
		if (n)
			t.d_len = n;
		memset(tx, 0xd5, sizeof(tx));
		dslot_tx(t.dslot, tx[16], LINE_BLOCK);
		line_write(t.far, (const uint8_t (*)[LINE_BLOCK])tx,
			   LINE_BLOCK);
	}
}

static inline void join_links(enum role_id peer, struct link *far,
		       const struct link_ops *far_ops)
{
	const struct link_ops *ops;
	struct link *l = media_role_ops.slot(t.role, peer, 0, &ops);

	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(link_open_mem(l, ops, far, far_ops, t.loop), 0);
	media_role_ops.link_up(t.role, peer, 0);
}

/* Cores for the engine; with some there is a second span, without a line. */
static inline void set_up_on(uint8_t cpus)
{
	static struct conf_for_media conf;
	struct line_config cfg;
	struct net_addr a, b;
	int fa, fb;

	memset(&t, 0, sizeof(t));
	memset(&conf, 0, sizeof(conf));
	conf.n_spans = cpus ? 2 : 1;
	conf.spare_spans = 1;
	conf.media.n_cpus = cpus;
	for (uint8_t i = 0; i < cpus; i++)
		conf.media.cpus[i] = i;
	strcpy(conf.spans[1].name, "second");
	strcpy(conf.spans[1].country, "de");
	conf.spans[1].line.idle = 0xd5;
	conf.media.jitter_min_ms = 20;
	conf.media.jitter_max_ms = 200;
	conf.media.silent_alarm_s = 2;
	conf.media.silent_release_s = 4;
	conf.media.max_load = 100;
	strcpy(conf.spans[0].name, "carrier");
	strcpy(conf.spans[0].country, "de");
	conf.spans[0].line.d_slot = 16;
	conf.spans[0].line.first_slot = 1;
	conf.spans[0].line.last_slot = 31;
	conf.spans[0].line.idle = 0xd5;
	conf.spans[0].alarm_raise_ms = 2500;
	conf.spans[0].alarm_clear_ms = 10000;
	conf.spans[0].alarm_hold_ms = 3000;
	conf.spans[0].line.clock = follows ? CONF_CLOCK_SLAVE
					   : CONF_CLOCK_MASTER;
	fa = bound(&a);
	fb = bound(&b);
	join_to(fa, &b);
	join_to(fb, &a);
	conf.spans[0].line.peer = a;
	t.loop = loop_new_sim(0);
	t.role = media_role_ops.open(t.loop, &conf, sizeof(conf));
	ck_assert_ptr_nonnull(t.role);
	line_config_init(&cfg);
	t.far = line_open(&cfg, fa);
	t.dslot = dslot_new();
	join_links(ROLE_CORE, &t.core, &core_end);
	join_links(ROLE_ISDN, &t.isdn, &isdn_end);
	join_links(ROLE_CONSOLE, &t.console, &console_end);
	ck_assert_int_eq(media_role_ops.socket(t.role, ROLE_SOCK_LINE, 0, fb),
			 0);
	for (unsigned i = 0; i < PAIRS * 2; i++)
		ck_assert_int_eq(media_role_ops.socket(t.role, ROLE_SOCK_RTP,
						       i, bound(&b)), 0);
	ck_assert_int_eq(media_role_ops.start(t.role), 0);
	line_start(t.far, loop_now(t.loop));
	timer_start(t.loop, &t.ms, far_ms, 1);
}

static inline void set_up(void)
{
	set_up_on(0);
}

static inline void tear_down(void)
{
	media_role_ops.close(t.role);
	timer_stop(t.loop, &t.ms);
	link_close(&t.core);
	link_close(&t.isdn);
	link_close(&t.console);
	line_close(t.far);
	dslot_free(t.dslot);
	loop_free(t.loop);
}

static inline void send_core(void *msg, uint16_t type, size_t len)
{
	ck_assert_int_eq(link_send(&t.core, msg, type, len), 0);
	loop_advance(t.loop, 5);
}

static inline media_id open_one(uint32_t ref)
{
	struct media_open m = { .ref = ref };

	send_core(&m, MEDIA_OPEN, sizeof(m));
	ck_assert_uint_eq(t.opened.ref, ref);
	return t.opened.id;
}

static inline void close_one(media_id id)
{
	struct media_close m = { .id = id };

	send_core(&m, MEDIA_CLOSE, sizeof(m));
}

static inline void ask_about(const char *verb, const char *arg)
{
	struct obs_query q = { .id = 7 };

	strcpy(q.verb, verb);
	strcpy(q.arg, arg);
	t.text[0] = '\0';
	link_send(&t.console, &q.head, OBS_QUERY, sizeof(q));
	loop_advance(t.loop, 5);
}

static inline void ask(const char *verb)
{
	ask_about(verb, "");
}

#endif
