/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channels of a span, by the names that the driver itself gives them:
 * /dev/dahdi/chan/SPAN/POSITION. Not in the tick.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "media/dahdi_priv.h"

struct opening {
	const struct dahdi_span *conf;
	const struct dahdi_sys *sys;
	unsigned slot; /* at work on */
	char *why;
	size_t size;
};

static int complain(const struct opening *o, int err, const char *what)
{
	snprintf(o->why, o->size, "DAHDI span %u, channel %u: %s",
		 o->conf->span, o->slot, what);
	return err;
}

static int open_node(const struct opening *o)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/dahdi/chan/%03u/%03u",
		 o->conf->span, o->slot);
	fd = o->sys->open(path);
	if (fd >= 0)
		return fd;
	switch (fd) {
	case -ENOENT:
	case -ENODEV:
		return complain(o, fd, "there is no such device: is the "
				"card's module loaded and the span assigned "
				"(dahdi_scan)?");
	case -ENXIO:
		return complain(o, fd, "not configured: it needs a bchan= or "
				"dchan= line in /etc/dahdi/system.conf, then "
				"dahdi_cfg");
	case -EBUSY:
		return complain(o, fd, "another program has it open: stop "
				"that one (Asterisk?)");
	case -EACCES:
	case -EPERM:
		return complain(o, fd, "not permitted: run as root, or give "
				"the device to our user (README, DAHDI)");
	default:
		return complain(o, fd, strerror(-fd));
	}
}

static int set(const struct opening *o, int fd, unsigned long what, int value)
{
	return o->sys->control(fd, what, &value);
}

static int set_buffers(const struct opening *o, int fd, int count, int size)
{
	struct dahdi_abi_buffers b = {
		.tx_policy = DAHDI_ABI_IMMEDIATE,
		.rx_policy = DAHDI_ABI_IMMEDIATE,
		.count = count,
		.size = size,
	};

	return o->sys->control(fd, DAHDI_ABI_SET_BUFINFO, &b);
}

/*
 * The canceller that the driver would switch on for this channel: is it the
 * card's own? The driver prefers that to the kernel's, whose names we know; a
 * system.conf without an echocanceller= line gives the channel none.
 */
static bool has_own_canceller(const struct opening *o)
{
	static const char *const kernels[] = { "MG2", "KB1", "JPAH", "OSLEC",
					       "SEC", "SEC2" };
	char path[80], name[40];

	snprintf(path, sizeof(path),
		 "/sys/class/dahdi/dahdi!chan!%03u!%03u/ec_factory",
		 o->conf->span, o->slot);
	if (o->sys->text(path, name, sizeof(name)) <= 0)
		return false;
	name[strcspn(name, "\r\n")] = '\0';
	for (unsigned i = 0; i < sizeof(kernels) / sizeof(*kernels); i++)
		if (!strcasecmp(name, kernels[i]))
			return false;
	return name[0] != '\0';
}

/* A card whose canceller does not want to is used without it. */
static int set_canceller(const struct opening *o, int fd)
{
	int taps = o->conf->tail_ms * DAHDI_TAPS_MS;
	int err = set(o, fd, DAHDI_ABI_ECHOCANCEL, 0);

	if (!err && taps && has_own_canceller(o))
		set(o, fd, DAHDI_ABI_ECHOCANCEL, taps);
	return err;
}

/* Leaving audio mode takes away gains, conferences and echo cancellers that
 * were left there. */
static int set_b_channel(const struct opening *o, int fd)
{
	int law = o->conf->ulaw ? DAHDI_ABI_ULAW : DAHDI_ABI_ALAW;
	int err = set_buffers(o, fd, DAHDI_B_BUFFERS, LINE_BLOCK);

	if (!err)
		err = set(o, fd, DAHDI_ABI_AUDIOMODE, 0);
	if (!err)
		err = set(o, fd, DAHDI_ABI_AUDIOMODE, 1);
	if (!err)
		err = set(o, fd, DAHDI_ABI_SETLAW, law);
	if (!err)
		err = set_canceller(o, fd);
	return err ? complain(o, err, strerror(-err)) : 0;
}

static int set_channel(const struct opening *o, int fd)
{
	struct dahdi_abi_channel c = { .number = 0 };
	int err = o->sys->control(fd, DAHDI_ABI_GET_PARAMS, &c);

	if (err < 0)
		return complain(o, err, strerror(-err));
	if (o->slot != o->conf->d_slot && c.signalling != DAHDI_ABI_CLEAR)
		return complain(o, -EINVAL, "no B channel: it must stand in a "
				"bchan= line of /etc/dahdi/system.conf");
	if (o->slot != o->conf->d_slot)
		return set_b_channel(o, fd);
	if (c.signalling != DAHDI_ABI_HDLCFCS &&
	    c.signalling != DAHDI_ABI_HARDHDLC)
		return complain(o, -EINVAL, "no D channel: it must stand in a "
				"dchan= (or hardhdlc=) line of "
				"/etc/dahdi/system.conf");
	err = set_buffers(o, fd, DAHDI_D_BUFFERS, DAHDI_D_OCTETS);
	return err ? complain(o, err, strerror(-err)) : 0;
}

/* Is the span of the kind that the configuration says? */
static int check_span(const struct opening *o, int fd)
{
	struct dahdi_abi_span s = { .number = 0 };
	int err = o->sys->control(fd, DAHDI_ABI_SPANSTAT, &s);
	int channels = o->conf->last_slot <= 24 ? 24 : 31;

	if (err < 0)
		return complain(o, err, strerror(-err));
	if (s.channels == channels)
		return 0;
	snprintf(o->why, o->size, "DAHDI span %u has %d channels: for a%s set "
		 "line.last_slot and line.d_slot to %s", o->conf->span,
		 s.channels, s.channels == 24 ? " T1" : "n E1",
		 s.channels == 24 ? "24" : "31 and 16");
	return -EINVAL;
}

static int open_channel(const struct opening *o, bool first)
{
	int fd = open_node(o);
	int err = fd < 0 ? fd : 0;

	if (!err && first)
		err = check_span(o, fd);
	if (!err)
		err = set_channel(o, fd);
	if (err && fd >= 0)
		o->sys->close(fd);
	return err ? err : fd;
}

int dahdi_open(const struct dahdi_span *span, int fds[LINE_SLOTS],
	       unsigned *n, char *why, size_t size)
{
	struct opening o = { span, span->sys ? span->sys : &dahdi_kernel, 0,
			     why, size };

	*n = 0;
	for (o.slot = span->first_slot; o.slot <= span->last_slot; o.slot++) {
		int fd = open_channel(&o, *n == 0);

		if (fd < 0) {
			while (*n > 0)
				o.sys->close(fds[--*n]);
			return fd;
		}
		fds[(*n)++] = fd;
	}
	return 0;
}

bool dahdi_is_there(const struct dahdi_sys *sys, int fd)
{
	struct dahdi_abi_channel c = { .number = 0 };

	sys = sys ? sys : &dahdi_kernel;
	return sys->control(fd, DAHDI_ABI_GET_PARAMS, &c) == 0;
}
