/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/* libs: -lcheck -lsubunit -lrt */
/*
 * Calls through the whole gateway in this process on a virtual clock: see
 * tests/sim/sim.h. CPU time is the process's (user and system), so other
 * programs on the machine do not count; but all that runs here does: both
 * neighbours too, the exchange (a whole isdn role) and the SIP peer.
 *
 * calls_per_s: complete calls (SETUP, PROCEEDING, ALERTING, CONNECT, held for
 *   200 ms of virtual time, DISCONNECT; INVITE, 100, 180, 200, ACK, BYE;
 *   journal and CDR written, not synced), half of them from each side, one
 *   after the other, with 20 calls standing: CALLS / CPU seconds. Media is a
 *   stand-in without samples; sip, core and isdn are what is shipped.
 *
 * call_setup_added_ms_p99: of each call from the line the CPU time from the
 *   SETUP frame on the gateway's frame link to the INVITE on the wire, plus
 *   that from the 200 OK on the wire to the CONNECT frame, plus the virtual
 *   time that passed between these (what the gateway waited for by itself;
 *   network and peers take none), 99th percentile of CALLS calls. Frames are
 *   whole ones: time on the 64 kbit/s of the D channel is not in it, but in
 *
 * call_setup_line_ms_p99: the same in virtual time alone, with the real media
 *   role over a pseudowire of 1 ms packets: from the moment the exchange hands
 *   its SETUP to its own D channel until the INVITE, plus from the 200 OK
 *   until the exchange has the whole CONNECT. So it holds the frames' time on
 *   the line, and the buffers and blocks of both lines, the far one's too.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/scene.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

#define CALLS	   2000
#define LINE_CALLS 200
#define STANDING   20
#define Q931_SETUP_TYPE	  0x05
#define Q931_CONNECT_TYPE 0x07

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* --- the neighbours act at once --- */

static bool answering;

static void on_invite(struct sip_peer_call *c)
{
	if (answering) {
		sip_peer_say(c, "180 Ringing", false);
		sip_peer_answer(c);
	}
}

static void on_line(struct xch_leg *l, const struct cc_msg *m)
{
	if (answering && m->head.type == CC_SETUP) {
		xch_say(l, CC_ALERTING);
		xch_say(l, CC_ANSWER);
	}
}

static void open_with_standing(bool real_media)
{
	scene_open(NULL, real_media);
	sip_peer.on_invite = on_invite;
	xch_of(0)->on_msg = on_line;
	answering = false;
	for (unsigned i = 0; i < STANDING; i++) {
		scene_up(i % 2);
	}
	sip_peer.gone_ms = 5000;
	answering = true;
}

/* --- calls_per_s --- */

static void whole_call(bool from_line)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p = NULL;
	struct xch_leg *x = NULL;

	if (from_line) {
		x = xch_call(0, &s);
	} else {
		p = sip_peer_call(SCENE_LINE_NUMBER, NULL);
	}
	sim_advance(200);
	if (from_line) {
		ck_assert(x->answered);
		xch_release(x, CAUSE_NORMAL);
	} else {
		ck_assert_int_eq(p->state, SP_UP);
		sip_peer_hangup(p);
	}
	sim_advance(10);
	ck_assert(from_line ? x->over : p->state == SP_OVER);
}

START_TEST(bench_calls)
{
	double start;

	open_with_standing(false);
	start = cpu_ms();
	for (unsigned i = 0; i < CALLS; i++) {
		whole_call(i % 2);
	}
	printf("calls_per_s\t%.0f\t1/s\n", CALLS / (cpu_ms() - start) * 1e3);
	ck_assert_uint_eq(sim_cdrs(), CALLS);
	sim_close();
}
END_TEST

/* --- the delay of a setup --- */

enum mark { MARK_SETUP, MARK_INVITE, MARK_OK, MARK_CONNECT, MARKS };

static struct {
	bool seen[MARKS];
	double cpu[MARKS];
	int64_t virtual[MARKS];
} call;

static void mark(enum mark m)
{
	if (!call.seen[m]) {
		call.seen[m] = true;
		call.cpu[m] = cpu_ms();
		call.virtual[m] = sim_ms();
	}
}

/* The message type in an I frame of LAPD; 0: none. */
static unsigned q931_type(const uint8_t *f, size_t len)
{
	size_t at = 6;

	if (len < 7 || (f[2] & 1) != 0 || f[4] != 8) {
		return 0;
	}
	at += f[5] & 15;
	return at < len ? f[at] : 0;
}

static void on_frame(unsigned span, bool to_gateway, const uint8_t *octets,
		     size_t len)
{
	unsigned type = q931_type(octets, len);

	(void)span;
	if (to_gateway && type == Q931_SETUP_TYPE) {
		mark(MARK_SETUP);
	} else if (!to_gateway && type == Q931_CONNECT_TYPE) {
		mark(MARK_CONNECT);
	}
}

static void on_wire(bool to_gateway, const char *text)
{
	if (!to_gateway && text_is(text, "INVITE")) {
		mark(MARK_INVITE);
	} else if (to_gateway && text_status(text) == 200 &&
		   text_cseq_is(text, "INVITE")) {
		mark(MARK_OK);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double p99(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n * 99 / 100];
}

static double added_ms(bool with_cpu)
{
	double ms = (double)(call.virtual[MARK_INVITE] -
			     call.virtual[MARK_SETUP] +
			     call.virtual[MARK_CONNECT] -
			     call.virtual[MARK_OK]);

	for (unsigned i = 0; i < MARKS; i++) {
		ck_assert(call.seen[i]);
	}
	if (with_cpu) {
		ms += call.cpu[MARK_INVITE] - call.cpu[MARK_SETUP] +
		      call.cpu[MARK_CONNECT] - call.cpu[MARK_OK];
	}
	return ms;
}

static void measure(bool real_media, unsigned calls, double *values)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct xch_leg *x;

	open_with_standing(real_media);
	sim.on_frame = on_frame;
	sip_peer.on_wire = on_wire;
	for (unsigned i = 0; i < calls; i++) {
		memset(&call, 0, sizeof(call));
		x = xch_call(0, &s);
		sim_advance(300 + i % 10); /* all phases of a block */
		ck_assert(x->answered);
		values[i] = added_ms(!real_media);
		xch_release(x, CAUSE_NORMAL);
		sim_advance(200);
		ck_assert(x->over);
	}
	sim_close();
}

static double values[CALLS];

START_TEST(bench_setup)
{
	measure(false, CALLS, values);
	printf("call_setup_added_ms_p99\t%.3f\tms\n", p99(values, CALLS));
}
END_TEST

START_TEST(bench_line)
{
	measure(true, LINE_CALLS, values);
	printf("call_setup_line_ms_p99\t%.1f\tms\n", p99(values, LINE_CALLS));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench");
	TCase *tc = tcase_create("bench");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, bench_calls);
	tcase_add_test(tc, bench_setup);
	tcase_add_test(tc, bench_line);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
