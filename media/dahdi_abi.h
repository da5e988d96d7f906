/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we use of the DAHDI driver's interface to programs, in our own words:
 * Debian has its header only inside the source package of the kernel module,
 * and the gateway is built without it. tests/vm/abi.c holds each number and
 * each place against the driver's own dahdi/user.h.
 */
#ifndef MEDIA_DAHDI_ABI_H
#define MEDIA_DAHDI_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Names of spans without a card begin so. */
#define DAHDI_ABI_DYNAMIC "DYN/"

/* A read or write refused so means that events wait to be fetched. */
#define DAHDI_ABI_ELAST 500

struct dahdi_abi_span {
	int32_t number; /* in; 0 = the one of the descriptor's channel */
	char name[20];
	char desc[40];
	int32_t alarms; /* enum dahdi_abi_alarm */
	int32_t levels[2]; /* tx, rx */
	int32_t bpv, crc4, ebit, fas;	 /* counters since the load */
	uint32_t fe, cv, be, prbs, errsec;
	int32_t irq_misses;
	int32_t sync_source; /* span; 0 = free run */
	int32_t configured;  /* channels */
	int32_t channels;    /* 31: E1, 24: T1 */
	int32_t spans;	     /* in the system */
	int32_t lbo, coding;
	char lbo_text[40];
	char card[120];	     /* location, manufacturer, device type */
	int32_t unused_1[2];
	char type[6];
} __attribute__((packed));

struct dahdi_abi_channel {
	int32_t number, span;
	int32_t position;  /* in its span, from 1: the time slot */
	int32_t signalling; /* enum dahdi_abi_signalling */
	int32_t unused_1[6];
	int32_t law;	   /* enum dahdi_abi_law */
	int32_t idle_bits;
	char name[40];
	int32_t times[11];
	uint32_t alarms;
};

struct dahdi_abi_buffers {
	int32_t tx_policy, rx_policy;
	int32_t count, size;
	int32_t read_full, write_full; /* the driver says -1 */
};

#define DAHDI_ABI_CODE 0xda
#define DAHDI_ABI_FLUSH	     _IOW(DAHDI_ABI_CODE, 3, int)
#define DAHDI_ABI_GET_PARAMS _IOWR(DAHDI_ABI_CODE, 5, struct dahdi_abi_channel)
#define DAHDI_ABI_GETEVENT   _IOR(DAHDI_ABI_CODE, 8, int)
#define DAHDI_ABI_SPANSTAT   _IOWR(DAHDI_ABI_CODE, 10, struct dahdi_abi_span)
#define DAHDI_ABI_SET_BUFINFO \
	_IOW(DAHDI_ABI_CODE, 27, struct dahdi_abi_buffers)
#define DAHDI_ABI_AUDIOMODE	_IOW(DAHDI_ABI_CODE, 32, int)
#define DAHDI_ABI_ECHOCANCEL	_IOW(DAHDI_ABI_CODE, 33, int)
#define DAHDI_ABI_SETLAW	_IOW(DAHDI_ABI_CODE, 39, int)
#define DAHDI_ABI_ECHOTRAIN	_IOW(DAHDI_ABI_CODE, 50, int)
#define DAHDI_ABI_BUFFER_EVENTS _IOW(DAHDI_ABI_CODE, 105, int)

enum dahdi_abi_flush {
	DAHDI_ABI_FLUSH_READ = 1,
	DAHDI_ABI_FLUSH_WRITE = 2,
	DAHDI_ABI_FLUSH_EVENT = 4,
	DAHDI_ABI_FLUSH_ALL = 7,
};

enum dahdi_abi_policy { DAHDI_ABI_IMMEDIATE = 0 };

enum dahdi_abi_law { DAHDI_ABI_ULAW = 1, DAHDI_ABI_ALAW = 2 };

enum dahdi_abi_signalling {
	DAHDI_ABI_CLEAR = 1 << 7,		/* bchan= */
	DAHDI_ABI_HDLCFCS = 7 << 7,		/* dchan= */
	DAHDI_ABI_HARDHDLC = 1 << 19 | 1 << 7,	/* hardhdlc= */
};

enum dahdi_abi_alarm {
	DAHDI_ABI_RECOVER = 1,
	DAHDI_ABI_LOOPBACK = 2,
	DAHDI_ABI_YELLOW = 4,
	DAHDI_ABI_RED = 8,
	DAHDI_ABI_BLUE = 16,
	DAHDI_ABI_NOTOPEN = 32,
	DAHDI_ABI_LOS = 1 << 8,
	DAHDI_ABI_LFA = 1 << 9,
	DAHDI_ABI_LMFA = 1 << 10,
};

enum dahdi_abi_event {
	DAHDI_ABI_EV_NONE = 0,
	DAHDI_ABI_EV_ALARM = 4,
	DAHDI_ABI_EV_NOALARM = 5,
	DAHDI_ABI_EV_ABORT = 6,
	DAHDI_ABI_EV_OVERRUN = 7,
	DAHDI_ABI_EV_BADFCS = 8,
	DAHDI_ABI_EV_REMOVED = 20,
	DAHDI_ABI_EV_READ_OVERRUN = 29,
	DAHDI_ABI_EV_WRITE_UNDERRUN = 30,
};

#endif
