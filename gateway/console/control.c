/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/console/control.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 512
#define OUT_MAX	    (4u << 20) /* octets waiting for a slow client */

struct client {
	struct control *control;
	struct watch watch;
	bool used, tracing;
	bool asking; /* within query_ask(): its caller flushes */
	bool ending; /* close when all is written */
	char in[REQUEST_MAX];
	size_t in_len;
	char *out;
	size_t out_len, out_size;
	uint64_t missed; /* trace lines */
	struct query *query;
};

struct control {
	struct loop *loop;
	struct asker *asker;
	control_trace_fn *on_trace;
	void *owner;
	struct watch listen;
	unsigned tracing;
	struct client clients[CONTROL_CLIENTS];
};

static void on_client(struct watch *w, int events);

static void client_close(struct client *c)
{
	struct control *ctl = c->control;

	if (c->query) {
		query_cancel(ctl->asker, c->query);
	}
	watch_stop(ctl->loop, &c->watch);
	close(c->watch.fd);
	free(c->out);
	if (c->tracing && --ctl->tracing == 0) {
		ctl->on_trace(ctl->owner, false);
	}
	memset(c, 0, sizeof(*c));
}

/* Writes what waits; closes the client when it was the last or on error. */
static void flush(struct client *c)
{
	ssize_t n = 0;

	while (c->out_len && (n = send(c->watch.fd, c->out, c->out_len,
				       MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) {
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if ((n < 0 && errno != EAGAIN) || (!c->out_len && c->ending)) {
		client_close(c);
		return;
	}
	watch_start(c->control->loop, &c->watch, c->watch.fd,
		    WATCH_READ | (c->out_len ? WATCH_WRITE : 0), on_client);
}

static bool queue(struct client *c, const char *text, size_t len)
{
	if (c->out_len + len > OUT_MAX) {
		return false;
	}
	if (c->out_len + len > c->out_size) {
		size_t size = (c->out_len + len) * 2;
		char *grown = realloc(c->out, size);

		if (!grown) {
			return false;
		}
		c->out = grown;
		c->out_size = size;
	}
	memcpy(c->out + c->out_len, text, len);
	c->out_len += len;
	return true;
}

static void on_answer(void *client, bool ok, const char *text)
{
	struct client *c = client;

	c->query = NULL;
	c->ending = true;
	if (!queue(c, ok ? "ok\n" : "error\n", ok ? 3 : 6) ||
	    !queue(c, text, strlen(text))) {
		log_warn("console: an answer of %zu octets did not fit",
			 strlen(text));
	}
	if (!c->asking) {
		flush(c);
	}
}

static void begin_trace(struct client *c)
{
	c->tracing = true;
	queue(c, "ok\n", 3);
	if (c->control->tracing++ == 0) {
		c->control->on_trace(c->control->owner, true);
	}
}

static void on_request(struct client *c)
{
	char *arg = strchr(c->in, ' ');

	if (arg) {
		*arg++ = '\0';
	}
	if (!strcmp(c->in, "trace")) {
		begin_trace(c);
	} else {
		c->asking = true;
		c->query = query_ask(c->control->asker, c->in, arg ? arg : "",
				     on_answer, c);
		c->asking = false;
	}
	flush(c);
}

static void read_request(struct client *c)
{
	ssize_t n = recv(c->watch.fd, c->in + c->in_len,
			 sizeof(c->in) - 1 - c->in_len, MSG_DONTWAIT);
	char *end;

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		client_close(c);
		return;
	}
	c->in_len += n > 0 ? (size_t)n : 0;
	c->in[c->in_len] = '\0';
	end = memchr(c->in, '\n', c->in_len);
	if (end) {
		*end = '\0';
		on_request(c);
	} else if (c->in_len == sizeof(c->in) - 1 ||
		   memchr(c->in, 0, c->in_len)) {
		on_answer(c, false, "a request is one line of text");
	}
}

/* After the request the client says nothing more: only its end counts. */
static void watch_end(struct client *c)
{
	char waste[256];
	ssize_t n = recv(c->watch.fd, waste, sizeof(waste), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		client_close(c);
	}
}

static void on_client(struct watch *w, int events)
{
	struct client *c = container_of(w, struct client, watch);

	if (events & WATCH_READ) {
		if (c->query || c->tracing || c->ending) {
			watch_end(c);
		} else {
			read_request(c);
		}
	}
	if (c->used && (events & WATCH_WRITE)) {
		flush(c);
	}
}

static void on_listen(struct watch *w, int events)
{
	struct control *ctl = container_of(w, struct control, listen);
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	for (unsigned i = 0; fd >= 0 && i < CONTROL_CLIENTS; i++) {
		struct client *c = &ctl->clients[i];

		if (!c->used) {
			c->used = true;
			c->control = ctl;
			c->watch.fd = fd;
			if (watch_start(ctl->loop, &c->watch, fd, WATCH_READ,
					on_client) < 0) {
				client_close(c);
			}
			return;
		}
	}
	if (fd >= 0) {
		log_warn("console: more than %d clients, one turned away",
			 CONTROL_CLIENTS);
		close(fd);
	}
}

struct control *control_open(struct loop *loop, int listen_fd,
			     struct asker *asker, control_trace_fn *on_trace,
			     void *owner)
{
	struct control *ctl = calloc(1, sizeof(*ctl));
	int r;

	if (!ctl) {
		close(listen_fd);
		return NULL;
	}
	ctl->loop = loop;
	ctl->asker = asker;
	ctl->on_trace = on_trace;
	ctl->owner = owner;
	r = watch_start(loop, &ctl->listen, listen_fd, WATCH_READ, on_listen);
	if (r < 0) {
		close(listen_fd);
		free(ctl);
		errno = -r;
		return NULL;
	}
	return ctl;
}

void control_close(struct control *ctl)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (ctl->clients[i].used) {
			client_close(&ctl->clients[i]);
		}
	}
	watch_stop(ctl->loop, &ctl->listen);
	close(ctl->listen.fd);
	free(ctl);
}

static void tell_missed(struct client *c)
{
	char text[64];
	int n;

	if (c->missed) {
		n = snprintf(text, sizeof(text), "{\"missed\":%llu}\n",
			     (unsigned long long)c->missed);
		if (queue(c, text, (size_t)n)) {
			c->missed = 0;
		}
	}
}

void control_trace(struct control *ctl, const char *line, size_t len)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *c = &ctl->clients[i];

		if (!c->tracing) {
			continue;
		}
		tell_missed(c);
		if (c->out_len + len + 1 > OUT_MAX || !queue(c, line, len)) {
			c->missed++;
			continue;
		}
		queue(c, "\n", 1);
		flush(c);
	}
}
