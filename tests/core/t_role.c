/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* The core role around its calls: configurations, links and descriptors it
 * refuses, links that fail in the middle, long answers, idleness. */
#include "tests/core/script.h"
#include "tests/suite.h"

static void setup(void)
{
	script_fail_at = 0;
	rig_init();
}

START_TEST(test_bad_conf)
{
	struct conf *c = &rig.conf->conf;

	ck_assert_ptr_null(core_role_ops.open(rig.loop, rig.conf,
					      sizeof(*rig.conf) - 1));
	ck_assert_int_eq(errno, EINVAL);
	c->routes[0].to = 2;
	ck_assert_ptr_null(core_role_ops.open(rig.loop, rig.conf,
					      sizeof(*rig.conf)));
	c->routes[0].to = 0;
	c->n_spans = CONF_SPANS + 1;
	ck_assert_ptr_null(core_role_ops.open(rig.loop, rig.conf,
					      sizeof(*rig.conf)));
	c->n_spans = RIG_SPANS;
	rig_start();
	rig_fini();
}
END_TEST

START_TEST(test_reload_refused)
{
	struct conf *c = &rig.conf->conf;
	struct conf before;

	rig_start();
	before = *rig.core->conf;
	c->spans[1].name[0] = 'x';
	ck_assert_int_eq(core_role_ops.reload(rig.role, rig.conf,
					      sizeof(*rig.conf)), -EINVAL);
	c->spans[1].name[0] = 'p';
	c->n_spans = 1;
	ck_assert_int_eq(core_role_ops.reload(rig.role, rig.conf,
					      sizeof(*rig.conf)), -EINVAL);
	c->n_spans = RIG_SPANS;
	ck_assert_int_eq(core_role_ops.reload(rig.role, rig.conf, 7),
			 -EINVAL);
	ck_assert_int_eq(memcmp(&before, rig.core->conf, sizeof(before)), 0);
	/* Trunks change places: what is known of each goes with its name. */
	rig_end_state((struct cc_end){CC_END_TRUNK, 1}, false);
	rig_settle();
	str_copy(c->trunks[0].name, CONF_NAME, "backup");
	str_copy(c->trunks[1].name, CONF_NAME, "provider");
	ck_assert_int_eq(core_role_ops.reload(rig.role, rig.conf,
					      sizeof(*rig.conf)), 0);
	ck_assert(!rig.core->trunks[0].up);
	ck_assert(rig.core->trunks[1].up);
	rig_fini();
}
END_TEST

START_TEST(test_slots_and_sockets)
{
	const struct link_ops *ops;

	rig_start();
	ck_assert_ptr_null(core_role_ops.slot(rig.role, ROLE_ISDN, RIG_SPANS,
					      &ops));
	ck_assert_ptr_null(core_role_ops.slot(rig.role, ROLE_SIP, 1, &ops));
	ck_assert_ptr_null(core_role_ops.slot(rig.role, ROLE_SUPERVISOR, 0,
					      &ops));
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_RTP, 0,
					      dup(rig.dir_fd)), -EINVAL);
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_CDR_DIR, 1,
					      dup(rig.dir_fd)), -EINVAL);
	/* Given again: the older one is closed. */
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_STATE_DIR,
					      0, dup(rig.dir_fd)), 0);
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_CDR_DIR, 0,
					      dup(rig.dir_fd)), 0);
	rig_fini();
}
END_TEST

/* Without directories calls work; their records wait. */
START_TEST(test_no_directories)
{
	rig.role = core_role_ops.open(rig.loop, rig.conf, sizeof(*rig.conf));
	rig.core = core_of(rig.role);
	ck_assert_int_eq(core_role_ops.start(rig.role), 0);
	rig_up_span(0);
	rig_settle();
	ck_assert(core_role_ops.is_idle(rig.role));
	script_run("> span0 SETUP 1 called=0711 ch=1\n");
	ck_assert(!core_role_ops.is_idle(rig.role));
	script_run("> span0 RELEASED 1 cause=38\n");
	ck_assert_uint_eq(rig.core->cdr.queued, 1);
	ck_assert(core_role_ops.is_idle(rig.role));
	rig_fini();
}
END_TEST

static void send_raw(struct link *l, unsigned type, size_t len, int fd)
{
	static _Alignas(8) uint8_t buf[sizeof(struct cc_msg) +
				       sizeof(struct obs_query)];
	struct link_head *h = (struct link_head *)(void *)buf;

	memset(buf, 0xff, sizeof(buf));
	if (fd >= 0) {
		link_send_fd(l, h, (uint16_t)type, len, fd);
	} else {
		link_send(l, h, (uint16_t)type, len);
	}
	rig_settle();
}

START_TEST(test_rubbish)
{
	struct link *links[] = {&rig.span[0], &rig.sip, &rig.media,
				&rig.console};
	const struct core_drops *d;
	int fd;

	rig_start();
	d = &rig.core->drops;
	for (size_t i = 0; i < 4; i++) {
		for (unsigned type = 0; type < 80; type++) {
			send_raw(links[i], type, sizeof(struct link_head), -1);
			send_raw(links[i], type, sizeof(struct cc_msg), -1);
			send_raw(links[i], type, sizeof(struct obs_query),
				 -1);
		}
		/* A descriptor that nobody asked for is closed. */
		fd = dup(rig.dir_fd);
		for (int k = 0; k < 50; k++) {
			send_raw(links[i], 99, sizeof(struct link_head), fd);
		}
		close(fd);
		fd = dup(rig.dir_fd);
		ck_assert_int_lt(fd, 32);
		close(fd);
	}
	/* but for SETTLED, which is a head and no more */
	ck_assert_uint_eq(d->bad_cc, 2 * 290 - 2);
	ck_assert_uint_eq(d->bad_media, 290);
	ck_assert_uint_ge(d->bad_obs, 280);
	ck_assert_uint_eq(pool_used(rig.core->calls), 0);
	rig_fini();
}
END_TEST

/* As its last words, before the link to media is gone. */
static void send_as_released(leg_id id)
{
	struct cc_msg m = {.leg = id, .cause = {16, CC_LOC_NONE}};

	link_send(&rig.span[0], &m.head, CC_RELEASED, sizeof(m));
}

/* The trunk's link dies between the choice of the route and the SETUP; the
 * media's between answer and CLOSE. */
START_TEST(test_link_dies_in_the_middle)
{
	script_run("media manual\n> span0 SETUP 1 called=0711 ch=1\n");
	send_opened(rig_refs[1], 1);
	link_close(&rig.sip);
	rig_settle();
	ck_assert_ptr_nonnull(strstr(rig.trace, "< span0 RELEASE 1 cause="));
	script_run("media auto\n> span0 RELEASED 1 cause=41\n");
	rig_up_sip();
	script_run("> span0 SETUP 2 called=0711 ch=1\n"
		   "> sip ANSWER c1 media=198.51.100.7:4000\n"
		   "> span0 SETUP 3 called=0712 ch=2\n"
		   "> sip ANSWER c2 media=198.51.100.7:4000\n");
	send_as_released(2);
	link_close(&rig.media);
	rig_settle();
	rig_join(ROLE_MEDIA, 0, &rig.media, &media_peer);
	rig_settle();
	script_clean();
	script_check(3);
	rig_fini();
}
END_TEST

/* Ends go down while the media is being opened. */
START_TEST(test_ends_go_down)
{
	script_run("media manual\n> span0 SETUP 1 called=0711 ch=1\n"
		   "> sip END_STATE end=0\n> sip END_STATE end=1\n");
	send_opened(rig_refs[1], 1);
	rig_settle();
	ck_assert_ptr_nonnull(strstr(rig.trace, "< span0 RELEASE 1 cause=38"));
	script_clean();
	script_check(1);
	rig_fini();
}
END_TEST

/* An answer of several pieces is whole. */
START_TEST(test_long_answer)
{
	char line[80];
	const char *p;
	int n = 0;

	script_run("routes none\nroute s0 to=0\nroute s1 to=0\n");
	rig_start();
	for (int i = 1; i < 31; i++) {
		snprintf(line, sizeof(line),
			 "> span%d SETUP %d called=0711%d ch=%d\n", i & 1, i,
			 i, i / 2 + 1);
		script_run(line);
	}
	rig.len = 0;
	rig.trace[0] = '\0';
	script_run("ask calls\nask channels\n");
	for (p = rig.trace; (p = strstr(p, "\"id\":")) != NULL; p++) {
		n++;
	}
	/* The rig prints each piece as a line of its own. */
	ck_assert_int_ge(n, 28);
	ck_assert_uint_gt(rig.len, OBS_TEXT);
	script_clean();
	script_check(30);
	rig_fini();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("core_role");
	TCase *tc = tcase_create("core_role");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test_bad_conf);
	tcase_add_test(tc, test_reload_refused);
	tcase_add_test(tc, test_slots_and_sockets);
	tcase_add_test(tc, test_no_directories);
	tcase_add_test(tc, test_rubbish);
	tcase_add_test(tc, test_link_dies_in_the_middle);
	tcase_add_test(tc, test_ends_go_down);
	tcase_add_test(tc, test_long_answer);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
