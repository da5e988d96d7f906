/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/console/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS 32
#define TIMEOUT_S   10

struct http {
	struct loop *loop;
	struct asker *asker;
	struct MHD_Daemon *daemon;
	struct watch watch;
	struct timer timer; /* libmicrohttpd's own time-outs */
	struct request *requests;
	int listen_fd;
};

/* One GET /metrics, suspended until the roles have answered. */
struct request {
	struct http *http;
	struct request *next;
	struct MHD_Connection *connection;
	struct query *query;
	char *text;
	bool asked, ok;
};

static void run(struct http *h);

static void on_timer(struct timer *t)
{
	run(container_of(t, struct http, timer));
}

static void on_readable(struct watch *w, int events)
{
	(void)events;
	run(container_of(w, struct http, watch));
}

static void run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES) {
		timer_start(h->loop, &h->timer, on_timer, (int64_t)ms + 1);
	}
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status,
			     const char *type, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;

	if (!r) {
		return MHD_NO;
	}
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

static void on_answer(void *client, bool ok, const char *text)
{
	struct request *q = client;

	q->query = NULL;
	q->ok = ok;
	q->text = strdup(text);
	if (q->asked) {
		MHD_resume_connection(q->connection);
		run(q->http);
	}
}

static enum MHD_Result metrics(struct http *h, struct MHD_Connection *c,
			       void **state)
{
	struct request *q = *state;

	if (!q) {
		q = calloc(1, sizeof(*q));
		if (!q) {
			return MHD_NO;
		}
		q->http = h;
		q->connection = c;
		q->next = h->requests;
		h->requests = q;
		*state = q;
		return MHD_YES; /* headers only; called again for the body */
	}
	if (q->text) {
		return reply(c, q->ok ? MHD_HTTP_OK :
					MHD_HTTP_SERVICE_UNAVAILABLE,
			     "text/plain; version=0.0.4; charset=utf-8",
			     q->text);
	}
	q->query = query_ask(h->asker, "metrics", "", on_answer, q);
	if (q->text) {
		return metrics(h, c, state);
	}
	q->asked = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **state)
{
	(void)version;
	(void)data;
	*size = 0;
	if (strcmp(method, "GET")) {
		return reply(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
			     "GET only\n");
	}
	if (!strcmp(url, "/healthz")) {
		return reply(c, MHD_HTTP_OK, "text/plain", "ok\n");
	}
	if (strcmp(url, "/metrics")) {
		return reply(c, MHD_HTTP_NOT_FOUND, "text/plain",
			     "there are /metrics and /healthz\n");
	}
	return metrics(arg, c, state);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct http *h = arg;
	struct request *q = *state, **p = &h->requests;

	(void)c;
	(void)why;
	while (*p && *p != q) {
		p = &(*p)->next;
	}
	if (!q || !*p) {
		return;
	}
	*p = q->next;
	if (q->query) {
		query_cancel(h->asker, q->query);
	}
	free(q->text);
	free(q);
	*state = NULL;
}

struct http *http_open(struct loop *loop, int listen_fd, struct asker *asker)
{
	struct http *h = calloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info;

	if (!h) {
		close(listen_fd);
		return NULL;
	}
	h->loop = loop;
	h->asker = asker;
	h->listen_fd = listen_fd;
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, h, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
	info = h->daemon ? MHD_get_daemon_info(h->daemon,
					       MHD_DAEMON_INFO_EPOLL_FD) :
			   NULL;
	if (!info || watch_start(loop, &h->watch, info->epoll_fd, WATCH_READ,
				 on_readable) < 0) {
		http_close(h);
		errno = EIO;
		return NULL;
	}
	return h;
}

void http_close(struct http *h)
{
	watch_stop(h->loop, &h->watch);
	timer_stop(h->loop, &h->timer);
	for (struct request *q = h->requests; q; q = q->next) {
		if (q->asked && !q->text) {
			MHD_resume_connection(q->connection);
		}
	}
	if (h->daemon) {
		MHD_stop_daemon(h->daemon); /* closes the listener too */
	} else {
		close(h->listen_fd);
	}
	free(h);
}
