/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What the core, isdn and console roles may write to the media role: the
 * input is a row of messages (octet of link and type, octet of time, octet of
 * length, octets). A role of one span and two port pairs takes them, its
 * engine runs on, and the core's link ends. Then everything is free again.
 */
#include "gateway/base/frame.h"
#include "media/role_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIRS = 2, SPAN_SLOT = 5 };

static struct {
	struct loop *loop;
	struct role *role;
	struct link core, isdn, console;
	media_id last; /* that was opened */
} t;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void on_core(struct link *l, const struct link_head *h, int fd)
{
	const struct media_opened *o = (const void *)h;

	(void)l;
	(void)fd;
	if (h->type == MEDIA_OPENED && o->id)
		t.last = o->id;
}

static void on_other(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)h;
	(void)fd;
}

static void on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_end = { on_core, on_down };
static const struct link_ops other_end = { on_other, on_down };

static int bound(void)
{
	struct net_addr a = { .family = 4, .ip = { 127, 0, 0, 1 } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(&a, &ss);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&ss, n) == 0);
	return fd;
}

static void join(enum role_id peer, struct link *far,
		 const struct link_ops *far_ops)
{
	const struct link_ops *ops;
	struct link *l = media_role_ops.slot(t.role, peer, 0, &ops);

	must(l && link_open_mem(l, ops, far, far_ops, t.loop) == 0);
	media_role_ops.link_up(t.role, peer, 0);
}

static void set_up(void)
{
	static struct conf_for_media conf;

	log_set_sink(quiet);
	conf.n_spans = 1;
	conf.media.jitter_min_ms = 20;
	conf.media.jitter_max_ms = 200;
	conf.media.silent_alarm_s = 1;
	conf.media.max_load = 100;
	conf.media.silent_release_s = 2;
	strcpy(conf.spans[0].name, "carrier");
	strcpy(conf.spans[0].country, "de");
	conf.spans[0].line.d_slot = 16;
	conf.spans[0].line.first_slot = 1;
	conf.spans[0].line.last_slot = 31;
	conf.spans[0].line.idle = 0xd5;
	t.loop = loop_new_sim(0);
	t.role = media_role_ops.open(t.loop, &conf, sizeof(conf));
	must(t.role != NULL);
	must(media_role_ops.socket(t.role, ROLE_SOCK_LINE, 0, bound()) == 0);
	for (unsigned i = 0; i < PAIRS * 2; i++)
		must(media_role_ops.socket(t.role, ROLE_SOCK_RTP, i,
					   bound()) == 0);
	must(media_role_ops.start(t.role) == 0);
	join(ROLE_ISDN, &t.isdn, &other_end);
	join(ROLE_CONSOLE, &t.console, &other_end);
}

/* Messages of the right length are the interesting ones. */
static const struct {
	struct link *to;
	uint16_t type;
	uint16_t len;
	bool has_id;
} kinds[] = {
	{ &t.core, MEDIA_OPEN, sizeof(struct media_open), false },
	{ &t.core, MEDIA_CONNECT, sizeof(struct media_connect), true },
	{ &t.core, MEDIA_MODIFY, sizeof(struct media_modify), true },
	{ &t.core, MEDIA_TONE, sizeof(struct media_tone), true },
	{ &t.core, MEDIA_DTMF, sizeof(struct media_dtmf), true },
	{ &t.core, MEDIA_CLOSE, sizeof(struct media_close), true },
	{ &t.core, MEDIA_CRYPTO, sizeof(struct media_crypto), true },
	{ &t.core, 99, 60, false },
	{ &t.isdn, FRAME_DATA, sizeof(struct frame_data), false },
	{ &t.isdn, 99, 60, false },
	{ &t.console, OBS_QUERY, sizeof(struct obs_query), false },
	{ &t.console, OBS_TRACE_ON, sizeof(struct obs_switch), false },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void message(unsigned kind, bool odd, const uint8_t *in, size_t n)
{
	_Alignas(8) uint8_t msg[LINK_MSG_MAX] = { 0 };
	size_t len = odd ? sizeof(struct link_head) + n : kinds[kind].len;
	size_t room = len - sizeof(struct link_head);

	memcpy(msg + sizeof(struct link_head), in, n < room ? n : room);
	if (kinds[kind].has_id && len >= sizeof(struct media_close) &&
	    !(in[0] & 1))
		((struct media_close *)(void *)msg)->id = t.last;
	link_send(kinds[kind].to, (struct link_head *)(void *)msg,
		  kinds[kind].type, len);
}

static void end_of_core(void)
{
	struct media_role *m = media_role_of(t.role);
	struct link_head settled;

	link_close(&t.core);
	loop_advance(t.loop, 5);
	link_close(&m->core);
	/* the next one claims nothing */
	join(ROLE_CORE, &t.core, &core_end);
	link_send(&t.core, &settled, MEDIA_SETTLED, sizeof(settled));
	loop_advance(t.loop, 20);
	link_close(&t.core);
	link_close(&m->core);
	must(pool_next(m->users, 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!t.role)
		set_up();
	t.last = 0;
	join(ROLE_CORE, &t.core, &core_end);
	while (size >= 4) {
		size_t n = data[2] < size - 3 ? data[2] : size - 3;

		if (n)
			message((data[0] & 0x7f) % KINDS, data[0] & 0x80,
				data + 3, n);
		loop_advance(t.loop, data[1] & 31);
		data += 3 + n;
		size -= 3 + n;
	}
	end_of_core();
	return 0;
}
