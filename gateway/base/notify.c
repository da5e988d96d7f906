/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STATUS_MAX 512

/* Decimal digits only: strtoull would take signs and blanks as well. */
static int parse_u64(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	if (*s == '\0') {
		return -EINVAL;
	}
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9') {
			return -EINVAL;
		}
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v)) {
			return -EINVAL;
		}
	}
	*out = v;
	return 0;
}

static int make_address(const char *addr, struct sockaddr_un *sa,
			socklen_t *sa_len)
{
	size_t len = strlen(addr);

	if ((addr[0] != '@' && addr[0] != '/') || len < 2 ||
	    len >= sizeof(sa->sun_path)) {
		return -EINVAL;
	}
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path, addr, len);
	*sa_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (addr[0] == '@') {
		/* An abstract name is as long as the address says. */
		sa->sun_path[0] = '\0';
	} else {
		*sa_len += 1;
	}
	return 0;
}

int notify_open_at(struct notify *n, const char *addr,
		   const char *watchdog_usec)
{
	struct sockaddr_un sa;
	socklen_t sa_len;
	uint64_t usec = 0;
	int fd, err;

	n->fd = -1;
	n->watchdog_us = 0;
	if (addr == NULL) {
		return 0;
	}
	err = make_address(addr, &sa, &sa_len);
	if (err < 0) {
		return err;
	}
	if (watchdog_usec != NULL) {
		err = parse_u64(watchdog_usec, &usec);
		if (err < 0) {
			return err;
		}
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		err = -errno;
		goto close_fd;
	}
	n->fd = fd;
	n->watchdog_us = usec;
	return 0;

close_fd:
	close(fd);
	return err;
}

int notify_open(struct notify *n)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid_text = getenv("WATCHDOG_PID");
	uint64_t pid;
	int err;

	if (pid_text != NULL &&
	    (parse_u64(pid_text, &pid) < 0 || pid != (uint64_t)getpid())) {
		/* The watchdog is for another process. */
		usec = NULL;
	}
	err = notify_open_at(n, getenv("NOTIFY_SOCKET"), usec);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return err;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0) {
		close(n->fd);
	}
	n->fd = -1;
	n->watchdog_us = 0;
}

static int send_text(struct notify *n, const char *text)
{
	ssize_t sent;

	if (n->fd < 0) {
		return -ENOTCONN;
	}
	do {
		sent = send(n->fd, text, strlen(text), MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int notify_ready(struct notify *n)
{
	char text[64];

	snprintf(text, sizeof(text), "READY=1\nMAINPID=%ld", (long)getpid());
	return send_text(n, text);
}

int notify_reloading(struct notify *n)
{
	struct timespec ts;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	return send_text(n, text);
}

int notify_stopping(struct notify *n)
{
	return send_text(n, "STOPPING=1");
}

int notify_watchdog(struct notify *n)
{
	return send_text(n, "WATCHDOG=1");
}

int notify_status(struct notify *n, const char *text)
{
	char line[sizeof("STATUS=") + STATUS_MAX];
	size_t at = strlen("STATUS=");

	memcpy(line, "STATUS=", at);
	for (; *text != '\0' && at < sizeof(line) - 1; text++, at++) {
		line[at] = (unsigned char)*text < ' ' ? ' ' : *text;
	}
	line[at] = '\0';
	return send_text(n, line);
}
