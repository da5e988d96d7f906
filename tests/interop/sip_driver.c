/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip role alone on real sockets, with a small core in the same process,
 * for black-box tests: it answers calls, or places them.
 *
 *	sip-driver LOCAL PEER CALLS [place=NUMBER] [rate=PER_S] [hold=MS]
 *		[giveup=MS] [grace=MS] [user=U password=P]
 *		[transport=udp|tcp|tls] [cert=F key=F] [ca=F] [name=DOMAIN]
 *		[crl=F] [verify=both|server|none] [limit=S] [dialog=full|late] [conf=FILE]
 *		[after=MS] [calling=NUMBER] [screening=N] [presentation=N]
 *		[redirecting=NUMBER] [reason=N] [uui=HEX] [ring=MS] [change=MS]
 *
 * Without place= it waits for CALLS calls; the last three digits of the number
 * choose what becomes of each: 486 busy, 480 never answered, 183 early media
 * and then answered, 181 diverted and then as the others, which ring for ring=,
 * are answered, put on hold after change= and cleared by us after hold=, or
 * wait for the peer's BYE. It ends when that many calls
 * have been released, or after 60 s, and prints what it counted. dialog=full:
 * with 100rel, session timers and REFER, each of which goes well; late: INVITEs
 * without SDP. conf=FILE, the
 * first of the options: the trunks, rules and settings of a configuration, whose
 * first trunk is PEER. after= is when the first call is placed; who calls then
 * has calling=, its screening and presentation as cc.h numbers them, and was
 * diverted by redirecting= for reason=; uui= is user-to-user information of all
 * that we say. What the last call that came in says of its caller, and the peer
 * of the one that answers, is printed, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/load.h"
#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/base/str.h"
#include "gateway/cc.h"
#include "gateway/certs.h"
#include "gateway/parts.h"

#define CALLS	 4096 /* at a time */
#define LIMIT_MS 60000

enum step { IDLE, ANSWER, CHANGE, HANG_UP };

struct call {
	leg_id leg; /* 0 = free */
	enum step next;
	struct timer timer;
};

/* Of the core's messages. */
struct counts {
	unsigned setups, answered, released, held, retrieved, updated;
	unsigned alerted, inband, diverted;
	unsigned causes[128];
};

static struct driver {
	struct loop *loop;
	struct role *role;
	struct link core;
	struct conf_for_sip conf;
	struct call calls[CALLS];
	struct timer pace, end;
	unsigned wanted, placed, rate;
	struct counts n;
	int hold_ms, giveup_ms;
	int ring_ms, change_ms; /* change: -1 = never */
	int grace_ms; /* for the last answers on the wire */
	int limit_ms, after_ms;
	const char *number;
	struct cc_msg say;   /* of calls that are placed: who, by whom, uui */
	struct cc_msg heard; /* the last SETUP */
	struct cc_number connected;
	struct cc_uui uui; /* the last that was heard */
	uint8_t location; /* and detail: of the last RELEASED */
	char detail[CC_DETAIL_MAX];
} d;

static void tell(leg_id leg, enum cc_type type, struct cc_msg m)
{
	m.leg = leg;
	m.end = (struct cc_end){CC_END_TRUNK, 0};
	m.extra.uui = d.say.extra.uui;
	link_send(&d.core, &m.head, (uint16_t)type, sizeof(m));
}

static struct cc_msg with_media(void)
{
	struct cc_msg m = {.media = {.valid = 1, .codec = CC_PCMA}};

	m.media.rtp = d.conf.sip.bind;
	m.media.rtp.port = 40000;
	return m;
}

static struct call *find(leg_id leg)
{
	unsigned i;

	for (i = 0; i < CALLS; i++) {
		if (d.calls[i].leg == leg)
			return &d.calls[i];
	}
	return NULL;
}

static void on_step(struct timer *t);

static void step_after(struct call *c, enum step step, int ms)
{
	c->next = step;
	timer_start(d.loop, &c->timer, on_step, ms);
}

/* What we do with an answered call. */
static void go_on(struct call *c)
{
	d.n.answered++;
	if (d.change_ms >= 0)
		step_after(c, CHANGE, d.change_ms);
	else if (d.hold_ms >= 0)
		step_after(c, HANG_UP, d.hold_ms);
}

static void on_step(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);
	struct cc_msg m = with_media();
	enum step step = c->next;

	c->next = IDLE;
	if (step == ANSWER) {
		tell(c->leg, CC_ANSWER, m);
		go_on(c);
	} else if (step == CHANGE) {
		tell(c->leg, CC_HOLD, m);
		if (d.hold_ms >= 0)
			step_after(c, HANG_UP, d.hold_ms);
	} else if (step == HANG_UP) {
		m = (struct cc_msg){.cause = {CAUSE_NORMAL, CC_LOC_USER}};
		tell(c->leg, CC_RELEASE, m);
	}
}

/* Replaces: answered at once, in the place of the old one. */
static void take_over(const struct cc_msg *m)
{
	struct cc_msg over = {.cause = {CAUSE_NORMAL, CC_LOC_USER}};
	struct call *c = find(0);

	if (c) {
		c->leg = m->leg;
		c->next = IDLE;
		tell(m->leg, CC_ANSWER, with_media());
	}
	tell(m->other, CC_RELEASE, over);
}

static void on_setup(const struct cc_msg *m)
{
	size_t n = strlen(m->called.digits);
	const char *kind = m->called.digits + (n > 3 ? n - 3 : 0);
	struct call *c = find(0);
	struct cc_msg busy = {.cause = {CAUSE_USER_BUSY, CC_LOC_USER}};
	struct cc_msg early = with_media();

	if (m->cause.value) /* refused by the role: for the CDR alone */
		return;
	d.n.setups++;
	d.heard = *m;
	d.uui = m->extra.uui;
	if (m->other) {
		take_over(m);
		return;
	}
	if (!c || strcmp(kind, "486") == 0) {
		tell(m->leg, CC_RELEASE, busy);
		return;
	}
	c->leg = m->leg;
	if (strcmp(kind, "183") == 0) {
		early.progress = CC_PROG_INBAND;
		tell(m->leg, CC_PROGRESS, early);
	} else {
		if (strcmp(kind, "181") == 0)
			tell(m->leg, CC_PROGRESS,
			     (struct cc_msg){.progress = CC_PROG_DIVERTED});
		tell(m->leg, CC_ALERTING, (struct cc_msg){0});
	}
	if (strcmp(kind, "480") != 0)
		step_after(c, ANSWER, d.ring_ms);
}

static void on_answer(const struct cc_msg *m)
{
	struct call *c = find(m->leg);

	d.connected = m->connected;
	if (c)
		go_on(c);
}

static void on_progress(const struct cc_msg *m)
{
	d.n.inband += (m->progress & CC_PROG_INBAND) != 0;
	d.n.diverted += (m->progress & CC_PROG_DIVERTED) != 0;
}

static void on_update(const struct cc_msg *m)
{
	d.n.updated++;
	if (m->connected.valid)
		d.connected = m->connected;
}

static void on_end(struct timer *t)
{
	(void)t;
	loop_stop(d.loop);
}

static void on_released(const struct cc_msg *m)
{
	struct call *c = find(m->leg);

	d.n.released++;
	d.n.causes[m->cause.value & 127]++;
	d.location = m->cause.location;
	str_copy(d.detail, sizeof(d.detail), m->detail);
	if (c) {
		timer_stop(d.loop, &c->timer);
		c->leg = 0;
	}
	if (d.n.released == d.wanted)
		timer_start(d.loop, &d.end, on_end, d.grace_ms);
}

static void on_transfer(const struct cc_msg *m)
{
	tell(m->leg, CC_TRANSFER,
	     (struct cc_msg){.transfer = CC_TRANSFER_TRYING});
	tell(m->leg, CC_TRANSFER,
	     (struct cc_msg){.transfer = CC_TRANSFER_DONE});
}

static void on_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct cc_msg *m = (const void *)h;

	(void)l;
	(void)fd;
	if (m->extra.uui.len && h->type <= CC_RELEASED)
		d.uui = m->extra.uui;
	switch (h->type) {
	case CC_SETUP:
		on_setup(m);
		break;
	case CC_PROGRESS:
		on_progress(m);
		break;
	case CC_ALERTING:
		d.n.alerted++;
		on_progress(m);
		break;
	case CC_ANSWER:
		on_answer(m);
		break;
	case CC_HOLD:
		d.n.held++;
		break;
	case CC_RETRIEVE:
		d.n.retrieved++;
		break;
	case CC_UPDATE:
		on_update(m);
		break;
	case CC_TRANSFER:
		on_transfer(m);
		break;
	case CC_RELEASED:
		on_released(m);
		break;
	default:
		break;
	}
}

static void on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_ops = {on_msg, on_down};

/* There is no call of an earlier life. */
static void settle(void)
{
	struct link_head settled;

	link_send(&d.core, &settled, CC_SETTLED, sizeof(settled));
}

static void on_pace(struct timer *t)
{
	struct cc_msg m = with_media();
	struct call *c = find(0);

	if (d.placed < d.wanted)
		timer_start(d.loop, t, on_pace, 1000 / (int)d.rate);
	if (!c || d.placed == d.wanted)
		return;
	m.bearer = CC_BEARER_AUDIO_31;
	m.complete = 1;
	cc_number_set(&m.called, d.number);
	m.calling = d.say.calling;
	m.redirecting = d.say.redirecting;
	m.extra.divert = d.say.extra.divert;
	c->leg = CC_LEG_CORE | ++d.placed;
	if (d.giveup_ms)
		step_after(c, HANG_UP, d.giveup_ms);
	tell(c->leg, CC_SETUP, m);
}

/* --- start and end --- */

static int open_socket(const struct net_addr *a, int type)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(a, &ss);
	int fd = socket(ss.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd >= 0 && type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&ss, len) < 0 ||
			(type == SOCK_STREAM && listen(fd, 64) < 0))) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		log_fatal("cannot bind");
	return fd;
}

/* LOCAL is the trunk's own address for TLS; the plain one is beside it. */
static void open_sockets(void)
{
	const struct conf_trunk *t = &d.conf.trunks[0];
	bool tls = t->transport == CONF_TLS;
	int fd = tls ? certs_memfd(t, CERTS_TLS, d.conf.file) : -1;

	sip_role_ops.socket(d.role, ROLE_SOCK_SIP, 0,
			    open_socket(&d.conf.sip.bind, SOCK_DGRAM));
	sip_role_ops.socket(d.role, ROLE_SOCK_SIP, 0,
			    open_socket(&d.conf.sip.bind, SOCK_STREAM));
	if (tls)
		sip_role_ops.socket(d.role, ROLE_SOCK_SIP, 1,
				    open_socket(&t->bind, SOCK_STREAM));
	if (fd >= 0)
		sip_role_ops.socket(d.role, ROLE_SOCK_TLS, 0, fd);
}

static bool option(const char *arg, const char *name, const char **value)
{
	size_t n = strlen(name);

	*value = arg + n + 1;
	return strncmp(arg, name, n) == 0 && arg[n] == '=';
}

static enum conf_transport transport_of(const char *v)
{
	return strcmp(v, "tls") == 0   ? CONF_TLS
	       : strcmp(v, "tcp") == 0 ? CONF_TCP
				       : CONF_UDP;
}

static bool wire_option(struct conf_trunk *t, const char *arg)
{
	const char *v;

	if (option(arg, "transport", &v))
		t->transport = transport_of(v);
	else if (option(arg, "cert", &v))
		str_copy(t->tls.certificate, sizeof(t->tls.certificate), v);
	else if (option(arg, "key", &v))
		str_copy(t->tls.key, sizeof(t->tls.key), v);
	else if (option(arg, "ca", &v))
		str_copy(t->tls.ca, sizeof(t->tls.ca), v);
	else if (option(arg, "crl", &v))
		str_copy(t->tls.crl, sizeof(t->tls.crl), v);
	else if (option(arg, "name", &v))
		str_copy(t->tls.name, sizeof(t->tls.name), v);
	else if (option(arg, "verify", &v))
		t->tls.verify = strcmp(v, "both") == 0 ? CONF_VERIFY_BOTH
				: *v == 's'	       ? CONF_VERIFY_SERVER
						       : CONF_VERIFY_NONE;
	else
		return false;
	return true;
}

/* With TLS, LOCAL is the trunk's; plain SIP then lies one port above. */
static void place_tls(struct conf_trunk *t)
{
	if (!d.conf.file[0]) {
		str_copy(d.conf.file, sizeof(d.conf.file), "driver.yaml");
		t->tls.line = 12;
	}
	if (t->transport == CONF_TLS) {
		t->bind = d.conf.sip.bind;
		d.conf.sip.bind.port++;
	}
}

static void dialog_option(struct conf_trunk *t, const char *v)
{
	if (strcmp(v, "late") == 0) {
		t->dialog.late_offer = true;
		return;
	}
	t->dialog.prack = CONF_PRACK_ON;
	t->dialog.session_expires_s = 1800;
	t->dialog.min_se_s = 90;
	t->refer.mode = CONF_REFER_ON;
	t->refer.replaces = true;
}

/* Octets as hexadecimal digits. */
static void read_uui(const char *v)
{
	struct cc_uui *u = &d.say.extra.uui;
	int octet;

	for (; u->len < CC_UUI_MAX && (octet = str_hex_octet(v)) >= 0; v += 2)
		u->octets[u->len++] = (uint8_t)octet;
}

/* Who calls, of what is placed. */
static bool caller_option(const char *arg)
{
	struct cc_number *n = &d.say.calling;
	const char *v;

	if (option(arg, "calling", &v))
		cc_number_set(n, v);
	else if (option(arg, "screening", &v))
		n->screening = (uint8_t)atoi(v);
	else if (option(arg, "presentation", &v))
		n->presentation = (uint8_t)atoi(v);
	else if (option(arg, "redirecting", &v))
		cc_number_set(&d.say.redirecting, v);
	else if (option(arg, "reason", &v))
		d.say.extra.divert.reason = (uint8_t)atoi(v);
	else if (option(arg, "uui", &v))
		read_uui(v);
	else
		return false;
	return true;
}

/* Milliseconds. */
static bool time_option(const char *arg)
{
	static const struct {
		const char *name;
		int *ms;
	} rows[] = {{"hold", &d.hold_ms},     {"giveup", &d.giveup_ms},
		    {"grace", &d.grace_ms},   {"after", &d.after_ms},
		    {"ring", &d.ring_ms},     {"change", &d.change_ms}};
	const char *v;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (option(arg, rows[i].name, &v)) {
			*rows[i].ms = atoi(v);
			return true;
		}
	}
	return false;
}

/* The file's part for the sip role, but for the addresses. */
static void load(const char *path)
{
	struct conf_for_sip *part;
	struct conf *c;
	char *report;
	size_t len;

	c = conf_load(path, &report);
	if (!c)
		log_fatal("%s", report);
	part = parts_make(c, ROLE_SIP, 0, &len);
	if (!part)
		log_fatal("no memory");
	d.conf = *part;
	free(part);
	free(c);
	free(report);
}

static void options(int argc, char **argv)
{
	struct conf_trunk *t = &d.conf.trunks[0];
	const char *v;
	int i = 4;

	if (argc > i && option(argv[i], "conf", &v)) {
		load(v);
		i++;
	}
	if (argc < 4 || net_parse(&d.conf.sip.bind, argv[1]) < 0)
		log_fatal("usage: sip-driver LOCAL PEER CALLS [OPTION...]");
	str_copy(t->servers[0], sizeof(t->servers[0]), argv[2]);
	d.wanted = (unsigned)atoi(argv[3]);
	for (; i < argc; i++) {
		if (option(argv[i], "place", &v))
			d.number = v;
		else if (option(argv[i], "rate", &v))
			d.rate = (unsigned)atoi(v);
		else if (option(argv[i], "user", &v))
			str_copy(t->auth_user, sizeof(t->auth_user), v);
		else if (option(argv[i], "password", &v))
			str_copy(t->auth_password, sizeof(t->auth_password), v);
		else if (option(argv[i], "limit", &v))
			d.limit_ms = 1000 * atoi(v);
		else if (option(argv[i], "dialog", &v))
			dialog_option(t, v);
		else if (!wire_option(t, argv[i]) && !caller_option(argv[i]) &&
			 !time_option(argv[i]))
			log_fatal("what is %s?", argv[i]);
	}
	place_tls(t);
}

static void configure(void)
{
	struct conf_trunk *t = &d.conf.trunks[0];

	d.conf.n_trunks = 1;
	d.conf.sip.t1_ms = 500;
	d.conf.sip.ring_s = 30;
	str_copy(d.conf.sip.user_agent, sizeof(d.conf.sip.user_agent),
		 "trunkgate");
	str_copy(t->name, sizeof(t->name), "peer");
	t->n_servers = 1;
	t->n_codecs = 2;
	t->codecs[0] = CC_PCMA;
	t->codecs[1] = CC_PCMU;
	t->dtmf_events = true;
	t->ptime_ms = 20;
	d.rate = 10;
	d.hold_ms = -1;
	d.grace_ms = 500;
	d.after_ms = 100;
	d.ring_ms = 20;
	d.change_ms = -1;
	cc_number_set(&d.say.calling, "+4930555");
	d.say.calling.screening = CC_SCREEN_NETWORK;
}

static void report_caller(const struct cc_msg *m)
{
	printf("called %s\ncaller %s\nasserted %s\nscreening %u\n"
	       "asserted_screening %u\nredirecting %s\ndivert_reason %u\n"
	       "divert_count %u\nconnected %s\nname %s\nuui ",
	       m->called.digits, m->calling.digits, m->asserted.digits,
	       m->calling.screening, m->asserted.screening,
	       m->redirecting.digits, m->extra.divert.reason,
	       m->extra.divert.count, d.connected.digits, m->name);
	for (unsigned i = 0; i < d.uui.len; i++)
		printf("%02x", d.uui.octets[i]);
	printf("\n");
}

static void report(void)
{
	struct rusage u;
	unsigned i;
	double us;

	getrusage(RUSAGE_SELF, &u);
	us = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	printf("setups %u\nanswered %u\nreleased %u\nheld %u\nretrieved %u\n"
	       "updated %u\nalerted %u\ninband %u\ndiverted %u\nidle %d\n"
	       "cpu_us_per_call %.0f\n",
	       d.n.setups, d.n.answered, d.n.released, d.n.held,
	       d.n.retrieved, d.n.updated, d.n.alerted, d.n.inband,
	       d.n.diverted, sip_role_ops.is_idle(d.role),
	       us / (d.n.released ? d.n.released : 1));
	for (i = 0; i < 128; i++) {
		if (d.n.causes[i])
			printf("cause_%u %u\n", i, d.n.causes[i]);
	}
	printf("location %u\ndetail %s\n", d.location, d.detail);
	report_caller(&d.heard);
}

int main(int argc, char **argv)
{
	const struct link_ops *ops;
	struct link *slot;

	log_init("sip-driver", LOG_LVL_WARN);
	configure();
	options(argc, argv);
	d.loop = loop_new_uv();
	d.role = d.loop ? sip_role_ops.open(d.loop, &d.conf, sizeof(d.conf))
			: NULL;
	if (!d.role)
		log_fatal("cannot start");
	slot = sip_role_ops.slot(d.role, ROLE_CORE, 0, &ops);
	link_open_mem(slot, ops, &d.core, &core_ops, d.loop);
	sip_role_ops.link_up(d.role, ROLE_CORE, 0);
	settle();
	open_sockets();
	sip_role_ops.start(d.role);
	timer_start(d.loop, &d.end, on_end,
		    d.limit_ms ? d.limit_ms : LIMIT_MS);
	if (d.number)
		timer_start(d.loop, &d.pace, on_pace, d.after_ms);
	loop_run(d.loop);
	report();
	timer_stop(d.loop, &d.pace);
	sip_role_ops.close(d.role);
	link_close(&d.core);
	loop_free(d.loop);
	return d.n.released == d.wanted ? 0 : 1;
}
