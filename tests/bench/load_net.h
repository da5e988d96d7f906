/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network of the bench's own: nothing but a loopback, on which nobody else
 * has ports, packet filters or a tap. What a packet costs on its way is charged
 * as on any loopback:
 *
 *   the sender     UDP and IP out, then IP and UDP in, to the queue of the
 *                  receiver's socket; of these the second half would be
 *                  another machine's, or of a processor that has the network
 *                  card's interrupts
 *   the receiver   taking it out of that queue, from the memory of the
 *                  sender's processor if that is another one
 *
 * So a gateway pays for what its far ends receive, and they for what it does.
 * To have receive packet steering bring it all to the far ends' processor makes
 * it dearer where that processor is woken by way of a hypervisor.
 */
#ifndef BENCH_LOAD_NET_H
#define BENCH_LOAD_NET_H

/* For this process and those it will start. 0, or -errno where that is not
 * permitted: all goes over the machine's loopback then. */
int load_net_own(void);

#endif
