/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *remedy(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return "; is it running? Its gateway.run_dir with /ctl is the "
		       "PATH for --socket";
	case EACCES:
	case EPERM:
		return "; only its owner and its group may write to it";
	default:
		return "";
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(un.sun_path)) {
		fprintf(stderr, "trunkctl: %s: path too long\n", path);
		return -1;
	}
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		fprintf(stderr, "trunkctl: no gateway answers on %s: %s%s\n",
			path, strerror(errno), remedy(errno));
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	return fd;
}

FILE *client_ask(const char *socket_path, const char *request, bool *ok)
{
	int fd = connect_to(socket_path);
	char line[16];
	FILE *f;

	if (fd < 0) {
		return NULL;
	}
	if (dprintf(fd, "%s\n", request) < 0 || !(f = fdopen(fd, "r"))) {
		perror("trunkctl");
		close(fd);
		return NULL;
	}
	if (!fgets(line, sizeof(line), f)) {
		fputs("trunkctl: the gateway gave no answer\n", stderr);
		fclose(f);
		return NULL;
	}
	*ok = !strcmp(line, "ok\n");
	return f;
}

char *client_read_all(FILE *f)
{
	char *text = NULL;
	size_t size = 0, len = 0, got;

	do {
		if (len + 4096 > size) {
			char *grown = realloc(text, size = len + 65536);

			if (!grown) {
				free(text);
				fclose(f);
				return NULL;
			}
			text = grown;
		}
		got = fread(text + len, 1, size - len - 1, f);
		len += got;
	} while (got);
	text[len] = '\0';
	fclose(f);
	return text;
}
