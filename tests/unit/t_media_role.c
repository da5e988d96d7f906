/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The media role over in-memory links on a virtual clock: the core's
 * messages, D-channel frames, line states, the console, loss of the core. */
#include "gateway/base/frame.h"
#include "media/dslot.h"
#include "media/engine_priv.h"
#include "media/role_priv.h"
#include "media/srtp.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIRS = 4 };

/* The far ends of the links. */
static struct {
	struct loop *loop;
	struct role *role;
	struct link core, isdn, console;
	struct line *far;
	struct dslot *dslot;
	struct timer ms;
	bool silent; /* the far line sends nothing */
	bool slave;  /* we follow the far end's clock */
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

static void core_msg(struct link *l, const struct link_head *h, int fd)
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

static void isdn_msg(struct link *l, const struct link_head *h, int fd)
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

static void console_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct obs_reply *r = (const void *)h;
	size_t have = strlen(t.text);

	(void)l;
	(void)fd;
	memcpy(t.text + have, r->text, r->len);
	t.text[have + r->len] = '\0';
	t.error = r->error;
}

static void down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_end = { core_msg, down };
static const struct link_ops isdn_end = { isdn_msg, down };
static const struct link_ops console_end = { console_msg, down };

static int bound(struct net_addr *a)
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

static void join_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

/* The far end of the line: one millisecond. */
static void far_ms(struct timer *timer)
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

static void join_links(enum role_id peer, struct link *far,
		       const struct link_ops *far_ops)
{
	const struct link_ops *ops;
	struct link *l = media_role_ops.slot(t.role, peer, 0, &ops);

	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(link_open_mem(l, ops, far, far_ops, t.loop), 0);
	media_role_ops.link_up(t.role, peer, 0);
}

/* Cores for the engine; with some there is a second span, without a line. */
static void set_up_on(uint8_t cpus)
{
	static struct conf_for_media conf;
	struct line_config cfg;
	struct net_addr a, b;
	int fa, fb;

	bool slave = t.slave;

	memset(&t, 0, sizeof(t));
	t.slave = slave;
	memset(&conf, 0, sizeof(conf));
	conf.n_spans = cpus ? 2 : 1;
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
	strcpy(conf.spans[0].name, "carrier");
	strcpy(conf.spans[0].country, "de");
	conf.spans[0].line.d_slot = 16;
	conf.spans[0].line.first_slot = 1;
	conf.spans[0].line.last_slot = 31;
	conf.spans[0].line.idle = 0xd5;
	conf.spans[0].alarm_raise_ms = 2500;
	conf.spans[0].alarm_clear_ms = 10000;
	conf.spans[0].alarm_hold_ms = 3000;
	conf.spans[0].line.clock = t.slave ? CONF_CLOCK_SLAVE
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

static void set_up(void)
{
	set_up_on(0);
}

static void tear_down(void)
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

static void send_core(void *msg, uint16_t type, size_t len)
{
	ck_assert_int_eq(link_send(&t.core, msg, type, len), 0);
	loop_advance(t.loop, 5);
}

static media_id open_one(uint32_t ref)
{
	struct media_open m = { .ref = ref };

	send_core(&m, MEDIA_OPEN, sizeof(m));
	ck_assert_uint_eq(t.opened.ref, ref);
	return t.opened.id;
}

static void close_one(media_id id)
{
	struct media_close m = { .id = id };

	send_core(&m, MEDIA_CLOSE, sizeof(m));
}

START_TEST(test_open_close)
{
	media_id id[PAIRS + 1];
	uint16_t port;

	set_up();
	for (uint32_t i = 0; i < PAIRS; i++) {
		id[i] = open_one(100 + i);
		ck_assert_uint_ne(id[i], 0);
		ck_assert_uint_eq(t.opened.rtp.family, 4);
		ck_assert_uint_ne(t.opened.rtp.port, 0);
	}
	ck_assert_uint_eq(open_one(200), 0);
	ck_assert(!media_role_ops.is_idle(t.role));
	close_one(id[2]);
	ck_assert_uint_eq(t.n_closed, 1);
	ck_assert_uint_eq(t.closed.ref, 102);
	ck_assert_uint_eq(t.closed.id, id[2]);
	/* Again: stale. */
	close_one(id[2]);
	ck_assert_uint_eq(t.n_closed, 1);
	ck_assert_uint_eq(media_role_of(t.role)->drops.core_stale, 1);
	/* The only pair is used early, and counted. */
	id[4] = open_one(300);
	ck_assert_uint_ne(id[4], 0);
	ck_assert_uint_ne(id[4], id[2]);
	ck_assert_uint_eq(media_role_of(t.role)->ports.early, 1);
	port = t.opened.rtp.port;
	close_one(id[0]);
	close_one(id[4]);
	loop_advance(t.loop, 11000);
	open_one(301);
	ck_assert_uint_ne(t.opened.rtp.port, port);
	ck_assert_uint_eq(media_role_of(t.role)->ports.early, 1);
	tear_down();
}
END_TEST

static struct media_modify far_end(media_id id, const struct net_addr *a)
{
	return (struct media_modify){
		.id = id, .rtp = *a, .codec = 8, .dtmf_pt = 101,
		.ptime_ms = 20, .answered = 1,
	};
}

START_TEST(test_call)
{
	struct media_connect c = { .span = 0, .slot = 5 };
	struct media_tone tone = { .kind = MEDIA_TONE_RINGBACK };
	struct media_dtmf dtmf = { .digit = '7' };
	struct media_modify m;
	struct net_addr far;
	uint8_t buf[1500];
	unsigned got = 0;
	int fd;

	set_up();
	fd = bound(&far);
	c.id = tone.id = dtmf.id = open_one(1);
	m = far_end(c.id, &far);
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	send_core(&m, MEDIA_MODIFY, sizeof(m));
	send_core(&tone, MEDIA_TONE, sizeof(tone));
	send_core(&dtmf, MEDIA_DTMF, sizeof(dtmf));
	dtmf.digit = 'x';
	send_core(&dtmf, MEDIA_DTMF, sizeof(dtmf));
	ck_assert_uint_eq(media_role_of(t.role)->drops.core_bad, 1);
	loop_advance(t.loop, 1000);
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	ck_assert_uint_ge(got, 48);
	ck_assert_uint_eq(t.n_event, 0);
	loop_advance(t.loop, 1500);
	ck_assert_uint_eq(t.n_event, 1);
	ck_assert_uint_eq(t.event.kind, MEDIA_EV_SILENT);
	ck_assert_uint_eq(t.event.ref, 1);
	loop_advance(t.loop, 2000);
	ck_assert_uint_eq(t.event.kind, MEDIA_EV_DEAD);
	close_one(c.id);
	ck_assert_uint_ge(t.closed.figures.rtp_tx, 200);
	ck_assert(media_role_ops.is_idle(t.role));
	close(fd);
	tear_down();
}
END_TEST

static void ask_about(const char *verb, const char *arg)
{
	struct obs_query q = { .id = 7 };

	strcpy(q.verb, verb);
	strcpy(q.arg, arg);
	t.text[0] = '\0';
	link_send(&t.console, &q.head, OBS_QUERY, sizeof(q));
	loop_advance(t.loop, 5);
}

static void ask(const char *verb)
{
	ask_about(verb, "");
}

/* Keys reach the engine: nothing is sent in the clear; who gives bad ones, or
 * gives them to a media that is gone, changes nothing. */
START_TEST(test_crypto)
{
	struct media_connect c = { .span = 0, .slot = 5 };
	struct media_crypto k = { .suite = SRTP_AEAD_AES_256_GCM };
	struct net_addr far;
	struct media_modify m;
	struct srtp peer = { .suite = SRTP_PLAIN };
	uint8_t buf[1500], out[1500];
	unsigned got = 0;
	ssize_t n;
	int fd;

	set_up();
	fd = bound(&far);
	c.id = k.id = open_one(1);
	memset(k.tx.key, 0x11, sizeof(k.tx.key));
	memset(k.rx.key, 0x22, sizeof(k.rx.key));
	ck_assert_int_eq(srtp_set(&peer, k.suite, &k.tx), 0);
	m = far_end(c.id, &far);
	send_core(&k, MEDIA_CRYPTO, sizeof(k));
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	send_core(&m, MEDIA_MODIFY, sizeof(m));
	k.suite = SRTP_SUITES;
	send_core(&k, MEDIA_CRYPTO, sizeof(k));
	k.suite = SRTP_PLAIN;
	send_core(&k, MEDIA_CRYPTO, sizeof(k) - 1);
	ck_assert_uint_eq(media_role_of(t.role)->drops.core_bad, 2);
	k.id++;
	send_core(&k, MEDIA_CRYPTO, sizeof(k));
	ck_assert_uint_eq(media_role_of(t.role)->drops.core_stale, 1);
	loop_advance(t.loop, 1000);
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		ck_assert_int_eq(srtp_open(&peer, buf, (size_t)n, out), 172);
		got++;
	}
	ck_assert_uint_ge(got, 48);
	ask("channels");
	ck_assert_ptr_nonnull(strstr(t.text,
				     "\"srtp\":\"AEAD_AES_256_GCM\""));
	ck_assert_ptr_nonnull(strstr(t.text, "\"forged\":0"));
	close_one(c.id);
	close(fd);
	tear_down();
}
END_TEST

/* Keys that the engine cannot be given end the media: better silent than in
 * the clear. */
START_TEST(test_keys_lost)
{
	struct media_crypto k = { .suite = SRTP_AES_CM_128_SHA1_80 };
	struct engine_command stale = { .op = ENGINE_CLOSE };
	struct media_role *m;

	set_up();
	k.id = open_one(1);
	m = media_role_of(t.role);
	while (engine_command(m->engine, &stale))
		;
	link_send(&t.core, &k.head, MEDIA_CRYPTO, sizeof(k));
	loop_advance(t.loop, 0);
	ck_assert_uint_eq(m->drops.commands, 2);
	ck_assert_uint_eq(t.n_closed, 0);
	loop_advance(t.loop, 100);
	ck_assert_uint_eq(t.n_closed, 1);
	ck_assert_uint_eq(t.closed.id, k.id);
	tear_down();
}
END_TEST

static unsigned packets_at(int fd)
{
	uint8_t buf[1500];
	unsigned got = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	return got;
}

/* A call goes from the span of one engine thread to that of another, and what
 * it is told on the way stays in order. */
START_TEST(test_two_threads)
{
	struct media_connect c = { .span = 1, .slot = 5 };
	struct media_modify m;
	struct engine *e;
	struct net_addr far;
	int fd;

	set_up_on(2);
	fd = bound(&far);
	e = media_role_of(t.role)->engine;
	c.id = open_one(1);
	m = far_end(c.id, &far);
	m.answered = 0;
	send_core(&m, MEDIA_MODIFY, sizeof(m));
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	loop_advance(t.loop, 500);
	ck_assert_ptr_nonnull(e->spans[1].slots[5]);
	ck_assert_uint_ge(packets_at(fd), 20);
	/* Both at once, as quick as the link is. */
	c.span = 0;
	link_send(&t.core, &c.head, MEDIA_CONNECT, sizeof(c));
	c.span = 1;
	c.slot = 6;
	link_send(&t.core, &c.head, MEDIA_CONNECT, sizeof(c));
	m.direction = MEDIA_INACTIVE;
	send_core(&m, MEDIA_MODIFY, sizeof(m));
	loop_advance(t.loop, 20);
	ck_assert_ptr_null(e->spans[1].slots[5]);
	ck_assert_ptr_null(e->spans[0].slots[5]);
	ck_assert_ptr_nonnull(e->spans[1].slots[6]);
	packets_at(fd);
	loop_advance(t.loop, 1500);
	ck_assert_uint_eq(packets_at(fd), 0);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "\"threads\":[{\"cpu\":0,"
					     "\"spans\":1,\"open\":0"));
	ck_assert_ptr_nonnull(strstr(t.text, "{\"cpu\":1,\"spans\":1,"
					     "\"open\":1"));
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text, "_line_late_seconds_count"));
	ck_assert_ptr_nonnull(
		strstr(t.text, "_media_late_seconds_bucket{le=\"+Inf\"}"));
	close_one(c.id);
	ck_assert_uint_eq(t.n_closed, 1);
	ck_assert(media_role_ops.is_idle(t.role));
	close(fd);
	tear_down();
}
END_TEST

START_TEST(test_bad_messages)
{
	struct media_connect c = { .span = 9, .slot = 5 };
	struct media_modify m = { .direction = 77 };
	struct media_tone tone = { .kind = 9 };
	struct media_open o = { .ref = 1 };

	set_up();
	c.id = m.id = open_one(1);
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	c.span = 0;
	c.slot = 32;
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	c.slot = 16; /* the D channel */
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	send_core(&c, MEDIA_CONNECT, sizeof(c) - 1);
	send_core(&m, MEDIA_MODIFY, sizeof(m));
	send_core(&o, 999, sizeof(o));
	tone.id = c.id;
	send_core(&tone, MEDIA_TONE, sizeof(tone));
	ck_assert_uint_eq(media_role_of(t.role)->drops.core_bad, 7);
	tear_down();
}
END_TEST

START_TEST(test_frames)
{
	struct frame_data d = { .span = 0, .len = 5,
				.octets = { 2, 1, 3, 4, 5 } };
	static const uint8_t up[] = { 2, 1, 0x7f };
	struct frame_line hello = { 0 };

	set_up();
	loop_advance(t.loop, 1500);
	link_send(&t.isdn, &d.head, FRAME_DATA, FRAME_DATA_LEN(5));
	loop_advance(t.loop, 100);
	ck_assert_uint_eq(t.d_len, 5);
	ck_assert_mem_eq(t.d_frame, d.octets, 5);
	ck_assert_int_eq(dslot_send(t.dslot, up, sizeof(up)), 0);
	loop_advance(t.loop, 100);
	ck_assert_uint_eq(t.n_frame, 1);
	ck_assert_uint_eq(t.frame.len, 3);
	ck_assert_mem_eq(t.frame.octets, up, 3);
	/* A frame longer than its message, and one too long. */
	d.len = 200;
	link_send(&t.isdn, &d.head, FRAME_DATA, FRAME_DATA_LEN(5));
	d.len = FRAME_MAX + 1;
	link_send(&t.isdn, &d.head, FRAME_DATA, sizeof(d));
	link_send(&t.isdn, &d.head, 55, sizeof(d));
	loop_advance(t.loop, 5);
	ck_assert_uint_eq(media_role_of(t.role)->drops.isdn_bad, 3);
	t.n_line = 0;
	link_send(&t.isdn, &hello.head, FRAME_HELLO, sizeof(hello));
	loop_advance(t.loop, 5);
	ck_assert_uint_eq(t.n_line, 1);
	ck_assert(t.line.up);
	tear_down();
}
END_TEST

START_TEST(test_line_states)
{
	set_up();
	loop_advance(t.loop, 5000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	/* Cable out: no new calls at once, an alarm after 2.5 s; the calls
	 * that are there go after the hold-off. */
	t.silent = true;
	loop_advance(t.loop, 150);
	ck_assert(!t.line.up);
	ck_assert(!t.span.up);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	ck_assert_uint_eq(t.span.alarms, 0);
	ck_assert_ptr_nonnull(strstr(t.span.text, "LOS: nothing usable"));
	loop_advance(t.loop, 2500);
	ck_assert_uint_eq(t.span.alarms & LINE_LOS, LINE_LOS);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	loop_advance(t.loop, 600);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_RELEASE);
	/* Good again: it takes calls after 10 s. */
	t.silent = false;
	loop_advance(t.loop, 9000);
	ck_assert(!t.span.up);
	ck_assert_ptr_nonnull(strstr(t.span.text, "recovering"));
	loop_advance(t.loop, 4000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	tear_down();
}
END_TEST

/* 60 s of a line that comes and goes: calls avoid it for all of that time,
 * those that are there stay, and nobody is flooded with messages. */
START_TEST(test_line_flaps)
{
	unsigned lines;

	set_up();
	loop_advance(t.loop, 5000);
	lines = t.n_line;
	for (unsigned i = 0; i < 1000; i++) {
		t.silent = true;
		loop_advance(t.loop, 30);
		t.silent = false;
		loop_advance(t.loop, 30);
		ck_assert_uint_ne(t.line.calls, FRAME_CALLS_RELEASE);
		if (i > 5)
			ck_assert(!t.line.up);
	}
	ck_assert_uint_lt(t.n_line - lines, 3100);
	loop_advance(t.loop, 2000);
	ck_assert(t.line.up);
	tear_down();
}
END_TEST

/* A cable that is out for 20 s: unavailable; ten good seconds end that. */
START_TEST(test_performance)
{
	set_up();
	loop_advance(t.loop, 30000);
	t.silent = true;
	loop_advance(t.loop, 20000);
	t.silent = false;
	loop_advance(t.loop, 30000);
	ask_about("performance", "carrier");
	ck_assert(!t.error);
	ck_assert_ptr_nonnull(strstr(t.text, "\"available\":true"));
	ck_assert_ptr_nonnull(strstr(t.text, "\"intervals\":[{"));
	ck_assert_uint_ge(media_role_of(t.role)->spans[0].perf.all.uas, 19);
	ck_assert_uint_le(media_role_of(t.role)->spans[0].perf.all.uas, 23);
	ask_about("performance", "nobody");
	ck_assert(t.error);
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text,
				     "trunkgate_media_line_unavailable_"
				     "seconds_total{span=\"carrier\"} 2"));
	tear_down();
}
END_TEST

/* The carrier's clock is the master's of all lines where we give it; when it
 * is gone its rate is held. */
START_TEST(test_clock_source)
{
	const struct media_clock *c;

	t.slave = true;
	set_up();
	t.slave = false;
	c = &media_role_of(t.role)->clock;
	loop_advance(t.loop, 3000);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "this machine's own"));
	loop_advance(t.loop, 240000);
	ck_assert_int_eq(c->source, 0);
	ck_assert_int_le(abs(c->ppb), 500);
	ck_assert_int_le(abs(c->steered - c->ppb), 20);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "from span carrier, "));
	t.silent = true;
	loop_advance(t.loop, 5000);
	ck_assert_int_eq(c->source, -1);
	ck_assert(c->held);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "no source is good"));
	ask("lines");
	ck_assert_ptr_nonnull(strstr(t.text, "not measured yet"));
	tear_down();
}
END_TEST

START_TEST(test_core_lost)
{
	set_up();
	open_one(1);
	open_one(2);
	link_close(&t.core);
	loop_advance(t.loop, 50);
	ck_assert(media_role_ops.is_idle(t.role));
	ck_assert_uint_eq(t.n_closed, 0);
	/* It comes back, is told of the spans, and has all the ports. */
	link_close(&media_role_of(t.role)->core);
	t.n_span = 0;
	join_links(ROLE_CORE, &t.core, &core_end);
	loop_advance(t.loop, 50);
	ck_assert_uint_ge(t.n_span, 1);
	for (uint32_t i = 0; i < PAIRS; i++)
		ck_assert_uint_ne(open_one(i + 10), 0);
	media_role_ops.drain(t.role);
	ck_assert_uint_eq(open_one(99), 0);
	tear_down();
}
END_TEST

START_TEST(test_console)
{
	struct media_connect c = { .span = 0, .slot = 5 };
	struct obs_switch on = { .on = 1 };

	set_up();
	c.id = open_one(1);
	send_core(&c, MEDIA_CONNECT, sizeof(c));
	loop_advance(t.loop, 2500);
	ask("status");
	ck_assert(!t.error);
	ck_assert_ptr_nonnull(strstr(t.text, "\"open\":1"));
	ask("lines");
	ck_assert_ptr_nonnull(strstr(t.text, "\"span\":\"carrier\""));
	ck_assert_ptr_nonnull(strstr(t.text, "\"up\":true"));
	ask("channels");
	ck_assert_ptr_nonnull(strstr(t.text, "\"channel\":5"));
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text, "trunkgate_media_open 1\n"));
	ck_assert_ptr_nonnull(
		strstr(t.text, "trunkgate_media_line_up{span=\"carrier\"} 1"));
	ask("nonsense");
	ck_assert(t.error);
	link_send(&t.console, &on.head, OBS_TRACE_ON, sizeof(on));
	link_send(&t.console, &on.head, 44, sizeof(on));
	loop_advance(t.loop, 5);
	ck_assert_uint_eq(media_role_of(t.role)->drops.console_bad, 1);
	tear_down();
}
END_TEST

START_TEST(test_refused_configurations)
{
	static struct conf_for_media conf;
	struct role *r;

	t.loop = loop_new_sim(0);
	ck_assert_ptr_null(media_role_ops.open(t.loop, &conf, 12));
	ck_assert_int_eq(errno, EINVAL);
	r = media_role_ops.open(t.loop, &conf, sizeof(conf));
	ck_assert_ptr_nonnull(r);
	/* No RTP port was handed in. */
	ck_assert_int_eq(media_role_ops.start(r), -EINVAL);
	media_role_ops.close(r);
	loop_free(t.loop);
}
END_TEST

/* The same role with its thread, in real time, for a moment. */
START_TEST(test_real_time)
{
	static struct conf_for_media conf;
	struct media_open o = { .ref = 5 };
	struct net_addr b;

	memset(&t, 0, sizeof(t));
	t.loop = loop_new_uv();
	t.role = media_role_ops.open(t.loop, &conf, sizeof(conf));
	join_links(ROLE_CORE, &t.core, &core_end);
	media_role_ops.socket(t.role, ROLE_SOCK_RTP, 0, bound(&b));
	media_role_ops.socket(t.role, ROLE_SOCK_RTP, 1, bound(&b));
	ck_assert_int_eq(media_role_ops.start(t.role), 0);
	link_send(&t.core, &o.head, MEDIA_OPEN, sizeof(o));
	while (!t.n_opened)
		loop_poll(t.loop);
	ck_assert_uint_ne(t.opened.id, 0);
	{
		struct media_close c = { .id = t.opened.id };

		link_send(&t.core, &c.head, MEDIA_CLOSE, sizeof(c));
	}
	while (!t.n_closed)
		loop_poll(t.loop);
	media_role_ops.close(t.role);
	link_close(&t.core);
	loop_free(t.loop);
}
END_TEST

static void no_log(enum log_level l, const char *line)
{
	(void)l;
	(void)line;
}

int main(void)
{
	Suite *s = suite_create("media_role");
	TCase *tc = tcase_create("media_role");
	SRunner *sr;
	int failed;

	log_set_sink(no_log);
	tcase_add_test(tc, test_open_close);
	tcase_add_test(tc, test_call);
	tcase_add_test(tc, test_crypto);
	tcase_add_test(tc, test_keys_lost);
	tcase_add_test(tc, test_two_threads);
	tcase_add_test(tc, test_bad_messages);
	tcase_add_test(tc, test_frames);
	tcase_add_test(tc, test_line_states);
	tcase_add_test(tc, test_line_flaps);
	tcase_add_test(tc, test_performance);
	tcase_add_test(tc, test_clock_source);
	tcase_add_test(tc, test_core_lost);
	tcase_add_test(tc, test_console);
	tcase_add_test(tc, test_refused_configurations);
	tcase_add_test(tc, test_real_time);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
