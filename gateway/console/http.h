/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /metrics: Prometheus text of all roles; GET /healthz: the console is
 * alive. libmicrohttpd, driven by our loop. Thread: the loop's.
 */
#ifndef CONSOLE_HTTP_H
#define CONSOLE_HTTP_H

#include "gateway/console/query.h"

struct http;

/* listen_fd is owned from here on. NULL + errno. */
struct http *http_open(struct loop *, int listen_fd, struct asker *);
void http_close(struct http *);

#endif
