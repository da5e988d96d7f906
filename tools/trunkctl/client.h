/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway's local control socket (gateway/console/control.h). */
#ifndef TRUNKCTL_CLIENT_H
#define TRUNKCTL_CLIENT_H

#include <stdbool.h>
#include <stdio.h>

/* Connects and sends the request line. A stream to read the answer from, its
 * first line (ok or error) already taken; NULL when the gateway cannot be
 * reached (said on stderr). *ok: the answer is no error. */
FILE *client_ask(const char *socket_path, const char *request, bool *ok);
/* The rest of the stream as text, to be freed; closes it. NULL: no memory. */
char *client_read_all(FILE *);

#endif
