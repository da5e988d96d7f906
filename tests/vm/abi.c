/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media/dahdi_abi.h against the driver's own header, at compile time. Built
 * by tests/vm/line.sh with the header that the machine's cache has.
 */
#include <dahdi/user.h>
#include <stddef.h>

#include "media/dahdi_abi.h"

#define SAME(a, b) _Static_assert((a) == (b), #a)
#define SAME_PLACE(s, m, t, n) \
	SAME(offsetof(struct s, m), offsetof(struct t, n)); \
	SAME(sizeof(((struct s *)0)->m), sizeof(((struct t *)0)->n))

SAME(DAHDI_ABI_ELAST, ELAST);

SAME(sizeof(struct dahdi_abi_span), sizeof(struct dahdi_spaninfo));
SAME_PLACE(dahdi_abi_span, number, dahdi_spaninfo, spanno);
SAME_PLACE(dahdi_abi_span, name, dahdi_spaninfo, name);
SAME_PLACE(dahdi_abi_span, desc, dahdi_spaninfo, desc);
SAME_PLACE(dahdi_abi_span, alarms, dahdi_spaninfo, alarms);
SAME(offsetof(struct dahdi_abi_span, levels),
     offsetof(struct dahdi_spaninfo, txlevel));
SAME_PLACE(dahdi_abi_span, bpv, dahdi_spaninfo, bpvcount);
SAME_PLACE(dahdi_abi_span, crc4, dahdi_spaninfo, crc4count);
SAME_PLACE(dahdi_abi_span, ebit, dahdi_spaninfo, ebitcount);
SAME_PLACE(dahdi_abi_span, fas, dahdi_spaninfo, fascount);
SAME_PLACE(dahdi_abi_span, fe, dahdi_spaninfo, fecount);
SAME_PLACE(dahdi_abi_span, cv, dahdi_spaninfo, cvcount);
SAME_PLACE(dahdi_abi_span, be, dahdi_spaninfo, becount);
SAME_PLACE(dahdi_abi_span, prbs, dahdi_spaninfo, prbs);
SAME_PLACE(dahdi_abi_span, errsec, dahdi_spaninfo, errsec);
SAME_PLACE(dahdi_abi_span, irq_misses, dahdi_spaninfo, irqmisses);
SAME_PLACE(dahdi_abi_span, sync_source, dahdi_spaninfo, syncsrc);
SAME_PLACE(dahdi_abi_span, configured, dahdi_spaninfo, numchans);
SAME_PLACE(dahdi_abi_span, channels, dahdi_spaninfo, totalchans);
SAME_PLACE(dahdi_abi_span, spans, dahdi_spaninfo, totalspans);
SAME_PLACE(dahdi_abi_span, lbo, dahdi_spaninfo, lbo);
SAME_PLACE(dahdi_abi_span, coding, dahdi_spaninfo, lineconfig);
SAME_PLACE(dahdi_abi_span, lbo_text, dahdi_spaninfo, lboname);
SAME(offsetof(struct dahdi_abi_span, card),
     offsetof(struct dahdi_spaninfo, location));
SAME(sizeof(((struct dahdi_abi_span *)0)->card),
     sizeof(((struct dahdi_spaninfo *)0)->location) +
     sizeof(((struct dahdi_spaninfo *)0)->manufacturer) +
     sizeof(((struct dahdi_spaninfo *)0)->devicetype));
SAME_PLACE(dahdi_abi_span, type, dahdi_spaninfo, spantype);

SAME(sizeof(struct dahdi_abi_channel), sizeof(struct dahdi_params));
SAME_PLACE(dahdi_abi_channel, number, dahdi_params, channo);
SAME_PLACE(dahdi_abi_channel, span, dahdi_params, spanno);
SAME_PLACE(dahdi_abi_channel, position, dahdi_params, chanpos);
SAME_PLACE(dahdi_abi_channel, signalling, dahdi_params, sigtype);
SAME_PLACE(dahdi_abi_channel, law, dahdi_params, curlaw);
SAME_PLACE(dahdi_abi_channel, idle_bits, dahdi_params, idlebits);
SAME_PLACE(dahdi_abi_channel, name, dahdi_params, name);
SAME_PLACE(dahdi_abi_channel, alarms, dahdi_params, chan_alarms);

SAME(sizeof(struct dahdi_abi_buffers), sizeof(struct dahdi_bufferinfo));
SAME_PLACE(dahdi_abi_buffers, tx_policy, dahdi_bufferinfo, txbufpolicy);
SAME_PLACE(dahdi_abi_buffers, rx_policy, dahdi_bufferinfo, rxbufpolicy);
SAME_PLACE(dahdi_abi_buffers, count, dahdi_bufferinfo, numbufs);
SAME_PLACE(dahdi_abi_buffers, size, dahdi_bufferinfo, bufsize);
SAME_PLACE(dahdi_abi_buffers, read_full, dahdi_bufferinfo, readbufs);
SAME_PLACE(dahdi_abi_buffers, write_full, dahdi_bufferinfo, writebufs);

SAME(DAHDI_ABI_FLUSH, DAHDI_FLUSH);
SAME(DAHDI_ABI_GET_PARAMS, DAHDI_GET_PARAMS);
SAME(DAHDI_ABI_GETEVENT, DAHDI_GETEVENT);
SAME(DAHDI_ABI_SPANSTAT, DAHDI_SPANSTAT);
SAME(DAHDI_ABI_SET_BUFINFO, DAHDI_SET_BUFINFO);
SAME(DAHDI_ABI_AUDIOMODE, DAHDI_AUDIOMODE);
SAME(DAHDI_ABI_ECHOCANCEL, DAHDI_ECHOCANCEL);
SAME(DAHDI_ABI_SETLAW, DAHDI_SETLAW);
SAME(DAHDI_ABI_ECHOTRAIN, DAHDI_ECHOTRAIN);
SAME(DAHDI_ABI_BUFFER_EVENTS, DAHDI_BUFFER_EVENTS);

SAME(DAHDI_ABI_FLUSH_READ, DAHDI_FLUSH_READ);
SAME(DAHDI_ABI_FLUSH_WRITE, DAHDI_FLUSH_WRITE);
SAME(DAHDI_ABI_FLUSH_EVENT, DAHDI_FLUSH_EVENT);
SAME(DAHDI_ABI_FLUSH_ALL, DAHDI_FLUSH_ALL);
SAME(DAHDI_ABI_IMMEDIATE, DAHDI_POLICY_IMMEDIATE);
SAME(DAHDI_ABI_ULAW, DAHDI_LAW_MULAW);
SAME(DAHDI_ABI_ALAW, DAHDI_LAW_ALAW);
SAME(DAHDI_ABI_CLEAR, DAHDI_SIG_CLEAR);
SAME(DAHDI_ABI_HDLCFCS, DAHDI_SIG_HDLCFCS);
SAME(DAHDI_ABI_HARDHDLC, DAHDI_SIG_HARDHDLC);

SAME(DAHDI_ABI_RECOVER, DAHDI_ALARM_RECOVER);
SAME(DAHDI_ABI_LOOPBACK, DAHDI_ALARM_LOOPBACK);
SAME(DAHDI_ABI_YELLOW, DAHDI_ALARM_YELLOW);
SAME(DAHDI_ABI_RED, DAHDI_ALARM_RED);
SAME(DAHDI_ABI_BLUE, DAHDI_ALARM_BLUE);
SAME(DAHDI_ABI_NOTOPEN, DAHDI_ALARM_NOTOPEN);
SAME(DAHDI_ABI_LOS, DAHDI_ALARM_LOS);
SAME(DAHDI_ABI_LFA, DAHDI_ALARM_LFA);
SAME(DAHDI_ABI_LMFA, DAHDI_ALARM_LMFA);

SAME(DAHDI_ABI_EV_NONE, DAHDI_EVENT_NONE);
SAME(DAHDI_ABI_EV_ALARM, DAHDI_EVENT_ALARM);
SAME(DAHDI_ABI_EV_NOALARM, DAHDI_EVENT_NOALARM);
SAME(DAHDI_ABI_EV_ABORT, DAHDI_EVENT_ABORT);
SAME(DAHDI_ABI_EV_OVERRUN, DAHDI_EVENT_OVERRUN);
SAME(DAHDI_ABI_EV_BADFCS, DAHDI_EVENT_BADFCS);
SAME(DAHDI_ABI_EV_REMOVED, DAHDI_EVENT_REMOVED);
SAME(DAHDI_ABI_EV_READ_OVERRUN, DAHDI_EVENT_READ_OVERRUN);
SAME(DAHDI_ABI_EV_WRITE_UNDERRUN, DAHDI_EVENT_WRITE_UNDERRUN);

/* ISO C wants something in a file. */
extern const int abi_is_the_same;
const int abi_is_the_same = 1;
