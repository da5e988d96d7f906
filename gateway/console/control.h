/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local control socket that trunkctl speaks to. A client sends one line,
 * `VERB [ARGUMENT]`, and gets `ok` or `error` on a line of its own, then the
 * answer, then the end of the stream. The verb `trace` answers with JSON
 * lines for as long as the client stays; a client that reads too slowly loses
 * lines and is told how many.
 *
 * Who may connect is decided by the socket's file mode. Thread: the loop's.
 */
#ifndef CONSOLE_CONTROL_H
#define CONSOLE_CONTROL_H

#include "gateway/console/query.h"

#define CONTROL_CLIENTS 32

struct control;

/* Called when the first trace client comes (true) and the last one goes. */
typedef void control_trace_fn(void *owner, bool on);

/* listen_fd is owned from here on. NULL + errno. */
struct control *control_open(struct loop *, int listen_fd, struct asker *,
			     control_trace_fn *, void *owner);
void control_close(struct control *);
/* One line (JSON, no newline) for all trace clients. */
void control_trace(struct control *, const char *line, size_t len);

#endif
