/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/cdr_file.h"

#include "gateway/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_LEN 21 /* 20 digits and a newline */
#define TAIL_MAX  (2 * CDR_LINE_MAX)

static int real_open(int dir_fd, const char *name, int flags, mode_t mode)
{
	return openat(dir_fd, name, flags, mode);
}

const struct cdr_io cdr_file_io = {
	.open = real_open,
	.pwrite = pwrite,
	.fsync = fsync,
	.ftruncate = ftruncate,
};

/* 0 or -errno. A short write without a reason is a full disk. */
static int write_all(const struct cdr_io *io, int fd, const char *data,
		     size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = io->pwrite(fd, data, len, at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -ENOSPC;
		}
		data += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Length of the file up to and with its last newline. */
static off_t whole_lines(int fd, off_t size)
{
	char c;

	while (size > 0) {
		if (pread(fd, &c, 1, size - 1) != 1 || c == '\n') {
			break;
		}
		size--;
	}
	return size;
}

/* Where to write, with everything behind it cut off. 0 or -errno. */
static int find_base(struct cdr_file_write *w, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return -errno;
	}
	if (!w->known) {
		w->base = whole_lines(fd, st.st_size);
	} else if (w->base > st.st_size) {
		w->base = st.st_size; /* somebody else cut or moved it */
	}
	w->based = true;
	if (w->base < st.st_size && w->io->ftruncate(fd, w->base) != 0) {
		return -errno;
	}
	return 0;
}

/* Not counted as a failure: the last line of the file says the same. */
static void write_state(const struct cdr_file_write *w)
{
	char text[STATE_LEN + 1];

	if (w->state_fd < 0) {
		return;
	}
	snprintf(text, sizeof(text), "%020" PRIu64 "\n", w->seq);
	if (write_all(w->io, w->state_fd, text, STATE_LEN, 0) == 0) {
		w->io->fsync(w->state_fd);
	}
}

void cdr_file_write(struct cdr_file_write *w)
{
	int fd = w->io->open(w->dir_fd, w->name,
			     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0) {
		w->err = -errno;
		return;
	}
	w->err = find_base(w, fd);
	if (w->err == 0) {
		w->err = write_all(w->io, fd, w->data, w->len, w->base);
		if (w->err == 0 && w->io->fsync(fd) != 0) {
			w->err = -errno;
		}
		if (w->err != 0) {
			/* When this fails too, the next try cuts. */
			(void)!w->io->ftruncate(fd, w->base);
		}
	}
	close(fd);
	if (w->err == 0) {
		write_state(w);
	}
}

static uint64_t parse_seq(const char *digits, size_t max)
{
	uint64_t v = 0;

	for (size_t i = 0; i < max && digits[i] >= '0' && digits[i] <= '9';
	     i++) {
		v = v * 10 + (uint64_t)(digits[i] - '0');
	}
	return v;
}

uint64_t cdr_file_read_state(int state_fd)
{
	char text[STATE_LEN];

	if (state_fd < 0 ||
	    pread(state_fd, text, sizeof(text), 0) != STATE_LEN ||
	    text[STATE_LEN - 1] != '\n' ||
	    strspn(text, "0123456789") != STATE_LEN - 1) {
		return 0;
	}
	return parse_seq(text, STATE_LEN - 1);
}

static bool is_cdr_name(const char *name)
{
	return strlen(name) == strlen("cdr-YYYYMMDDTHH.jsonl") &&
	       strncmp(name, "cdr-", 4) == 0 &&
	       strcmp(name + strlen(name) - 6, ".jsonl") == 0;
}

/* The greatest file name below `below` ("" = any). */
static bool newest_name(int dir_fd, const char *below,
			char name[CDR_FILE_NAME])
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	name[0] = '\0';
	if (dir == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return false;
	}
	while ((e = readdir(dir)) != NULL) {
		if (is_cdr_name(e->d_name) && strcmp(e->d_name, name) > 0 &&
		    (*below == '\0' || strcmp(e->d_name, below) < 0)) {
			str_copy(name, CDR_FILE_NAME, e->d_name);
		}
	}
	closedir(dir);
	return name[0] != '\0';
}

/* The number in the last whole line of an open file; 0 = no line there. */
static uint64_t last_in_file(int fd)
{
	char tail[TAIL_MAX + 1];
	const char *line, *p;
	struct stat st;
	off_t size, from;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return 0;
	}
	size = whole_lines(fd, st.st_size);
	if (size < st.st_size && ftruncate(fd, size) != 0) {
		log_warn("cdr: cannot cut a part of a line: %s",
			 strerror(errno));
	}
	from = size > TAIL_MAX ? size - TAIL_MAX : 0;
	n = pread(fd, tail, (size_t)(size - from), from);
	if (n <= 1) {
		return 0;
	}
	tail[n - 1] = '\0'; /* the last newline */
	line = strrchr(tail, '\n');
	p = strstr(line == NULL ? tail : line, "\"seq\":");
	return p == NULL ? 0 : parse_seq(p + 6, 20);
}

uint64_t cdr_file_last_seq(int dir_fd)
{
	char name[CDR_FILE_NAME], below[CDR_FILE_NAME] = "";
	uint64_t seq = 0;

	while (dir_fd >= 0 && seq == 0 && newest_name(dir_fd, below, name)) {
		int fd = openat(dir_fd, name,
				O_RDWR | O_CLOEXEC | O_NOFOLLOW);

		if (fd >= 0) {
			seq = last_in_file(fd);
			close(fd);
		}
		memcpy(below, name, sizeof(below));
	}
	return seq;
}
