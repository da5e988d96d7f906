/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One capture file for everything: raw IP (link type 101). SIP stands in the
 * UDP packets it came in; a D-channel frame in GSMTAP (version 2, type E1/T1,
 * sub-type LAPD) over UDP port 4729 between two loopback addresses. tshark
 * and sngrep both open it.
 */
#ifndef TRUNKCTL_PCAP_H
#define TRUNKCTL_PCAP_H

#include "gateway/base/net.h"

#include <stdint.h>
#include <stdio.h>

/* Writes the file header. 0 or -errno. */
int pcap_begin(FILE *);
int pcap_udp(FILE *, int64_t t_us, const struct net_addr *from,
	     const struct net_addr *to, const uint8_t *data, size_t len);
/* sent: by the gateway, shown as the uplink. */
int pcap_frame(FILE *, int64_t t_us, unsigned span, unsigned slot, int sent,
	       const uint8_t *frame, size_t len);

#endif
