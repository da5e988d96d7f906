/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The media role over in-memory links on a virtual clock: the core's
 * messages, D-channel frames, line states, the console, loss of the core. */
#include "tests/unit/media_rig.h"
#include "media/srtp.h"
#include "tests/suite.h"

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

/* A second of the engine's, with no time left or plenty. */
static void second_of(uint32_t busy_permille)
{
	struct engine_event ev = {
		.kind = ENGINE_EV_GAUGES,
		.u.gauges = { .busy_permille = busy_permille },
	};

	media_on_event(media_role_of(t.role), &ev);
}

START_TEST(test_full)
{
	set_up();
	t.n_span = 0;
	media_role_of(t.role)->conf.media.max_load = 80;
	for (unsigned i = 0; i < LOAD_HOLD_S; i++)
		second_of(800);
	loop_advance(t.loop, 5);
	ck_assert_uint_ge(t.n_span, 1);
	ck_assert_uint_eq(t.span.full, 1);
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text, "trunkgate_media_full_threads 1\n"));
	for (unsigned i = 0; i < LOAD_HOLD_S; i++)
		second_of(100);
	loop_advance(t.loop, 5);
	ck_assert_uint_eq(t.span.full, 0);
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

static void core_sends(uint16_t type, struct link_head *h, size_t len)
{
	link_send(&t.core, h, type, len);
	loop_advance(t.loop, 20);
}

static void core_back(void)
{
	link_close(&media_role_of(t.role)->core);
	t.n_span = 0;
	join_links(ROLE_CORE, &t.core, &core_end);
	loop_advance(t.loop, 50);
}

/* No new core: every media is closed, and nobody is told. */
START_TEST(test_core_lost)
{
	set_up();
	open_one(1);
	open_one(2);
	link_close(&t.core);
	loop_advance(t.loop, 9000);
	ck_assert(!media_role_ops.is_idle(t.role));
	loop_advance(t.loop, 1500);
	ck_assert(media_role_ops.is_idle(t.role));
	ck_assert_uint_eq(t.n_closed, 0);
	/* It comes back, is told of the spans, and has all the ports. */
	core_back();
	ck_assert_uint_ge(t.n_span, 1);
	for (uint32_t i = 0; i < PAIRS; i++)
		ck_assert_uint_ne(open_one(i + 10), 0);
	media_role_ops.drain(t.role);
	ck_assert_uint_eq(open_one(99), 0);
	tear_down();
}
END_TEST

/* A new core claims one of two, once; the other one is closed. */
START_TEST(test_core_is_back)
{
	struct media_claim claim = { .ref = 77 };
	struct link_head settled;
	struct media_close x;
	media_id other;

	set_up();
	claim.id = open_one(1);
	other = open_one(2);
	link_close(&t.core);
	loop_advance(t.loop, 1000);
	core_back();
	core_sends(MEDIA_CLAIM, &claim.head, sizeof(claim));
	ck_assert_uint_eq(t.opened.ref, 77);
	ck_assert_uint_eq(t.opened.id, claim.id);
	core_sends(MEDIA_CLAIM, &claim.head, sizeof(claim));
	ck_assert_uint_eq(t.opened.id, 0);
	core_sends(MEDIA_SETTLED, &settled, sizeof(settled));
	claim.id = other;
	core_sends(MEDIA_CLAIM, &claim.head, sizeof(claim));
	ck_assert_uint_eq(t.opened.id, 0);
	loop_advance(t.loop, 20000);
	ck_assert_uint_eq(t.n_closed, 0);
	x.id = 0;
	for (pool_id id = 0; (id = pool_next(media_role_of(t.role)->users,
					     id)) != 0;)
		x.id = id;
	core_sends(MEDIA_CLOSE, &x.head, sizeof(x));
	ck_assert_uint_eq(t.n_closed, 1);
	ck_assert(media_role_ops.is_idle(t.role));
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

/* All calls together; what was lost and came after all is no less lost. */
START_TEST(test_rtp_metrics)
{
	struct engine_event e = {
		.kind = ENGINE_EV_FIGURES,
		.u.figures = { .rtp_rx = 5000, .rtp_lost = 2, .rtp_bad = 7 },
	};

	set_up();
	e.id = open_one(1);
	media_on_event(media_role_of(t.role), &e);
	e.u.figures.rtp_lost = 1;
	media_on_event(media_role_of(t.role), &e);
	e.kind = ENGINE_EV_CLOSED;
	e.u.figures.rtp_rx = 5010;
	e.u.figures.rtp_lost = 3;
	media_on_event(media_role_of(t.role), &e);
	ask("metrics");
	ck_assert_ptr_nonnull(
		strstr(t.text, "\ntrunkgate_media_rtp_received_total 5010\n"));
	ck_assert_ptr_nonnull(
		strstr(t.text, "\ntrunkgate_media_rtp_lost_total 3\n"));
	ck_assert_ptr_nonnull(
		strstr(t.text, "\ntrunkgate_media_rtp_bad_total 7\n"));
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

/* --- spans that come and go --- */

static void reload(struct conf_for_media *c, unsigned span, bool gone)
{
	c->spans[span].gone = gone;
	ck_assert_int_eq(media_role_ops.reload(t.role, c, sizeof(*c)), 0);
}

static int give_line(unsigned span)
{
	struct net_addr a;

	return media_role_ops.socket(t.role, ROLE_SOCK_LINE, span, bound(&a));
}

/* A place is kept; its line comes with the socket, be the span not gone yet, or
 * there without one; and is down when it is to be. */
START_TEST(test_spans_come_and_go)
{
	static struct conf_for_media c;
	struct engine *e;

	set_up();
	e = media_role_of(t.role)->engine;
	c = media_role_of(t.role)->conf;
	ck_assert_int_eq(give_line(1), -EINVAL);
	c.spans[1] = c.spans[0];
	strcpy(c.spans[1].name, "new");
	c.n_spans = 3;
	ck_assert_int_eq(media_role_ops.reload(t.role, &c, sizeof(c)),
			 -EINVAL);
	c.n_spans = 2;
	reload(&c, 1, false);
	ck_assert(engine_is_out(e, 1));
	media_role_ops.span(t.role, 1, false);
	ck_assert_int_eq(give_line(1), 0);
	loop_advance(t.loop, 50);
	ck_assert(!engine_is_out(e, 1));
	ck_assert_ptr_nonnull(strstr(media_line_text(media_role_of(t.role), 1),
				     "by the operator"));
	ck_assert_int_eq(give_line(1), -EINVAL);
	/* gone, and at once another one */
	reload(&c, 1, true);
	ck_assert_int_eq(give_line(1), -EINVAL);
	reload(&c, 1, false);
	ck_assert_int_eq(give_line(1), 0);
	ck_assert(!engine_is_out(e, 1));
	loop_advance(t.loop, 200);
	ck_assert_ptr_nonnull(e->spans[1].line);
	ck_assert_ptr_null(strstr(media_line_text(media_role_of(t.role), 1),
				  "by the operator"));
	reload(&c, 1, true);
	loop_advance(t.loop, 200);
	ck_assert(engine_is_out(e, 1));
	/* nothing is told of it any more */
	t.n_span = 0;
	media_role_of(t.role)->conf.media.max_load = 80;
	for (unsigned i = 0; i < LOAD_HOLD_S; i++)
		second_of(800);
	media_core_up(media_role_of(t.role));
	loop_advance(t.loop, 5);
	ck_assert_uint_eq(t.n_span, 2);
	ck_assert_uint_eq(t.span.span, 0);
	/* one that waits for its place when the end comes */
	reload(&c, 1, false);
	ck_assert_int_eq(give_line(1), 0);
	reload(&c, 1, true);
	reload(&c, 1, false);
	ck_assert_int_eq(give_line(1), 0);
	tear_down();
}
END_TEST

START_TEST(test_line_that_comes_later)
{
	struct conf_for_media *c;
	struct engine *e;

	set_up_on(1); /* the second span has no line */
	e = media_role_of(t.role)->engine;
	c = &media_role_of(t.role)->conf;
	c->spans[1].line = c->spans[0].line;
	ck_assert_ptr_null(e->spans[1].line);
	ck_assert_int_eq(give_line(1), 0);
	loop_advance(t.loop, 200);
	ck_assert_ptr_nonnull(e->spans[1].line);
	ck_assert_uint_eq(e->workers[0].n_spans, 2);
	tear_down();
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

	log_set_sink(no_log);
	tcase_add_test(tc, test_open_close);
	tcase_add_test(tc, test_call);
	tcase_add_test(tc, test_crypto);
	tcase_add_test(tc, test_keys_lost);
	tcase_add_test(tc, test_two_threads);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_bad_messages);
	tcase_add_test(tc, test_frames);
	tcase_add_test(tc, test_core_lost);
	tcase_add_test(tc, test_core_is_back);
	tcase_add_test(tc, test_console);
	tcase_add_test(tc, test_rtp_metrics);
	tcase_add_test(tc, test_refused_configurations);
	tcase_add_test(tc, test_spans_come_and_go);
	tcase_add_test(tc, test_line_that_comes_later);
	tcase_add_test(tc, test_real_time);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
