/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* What an earlier life may have left in the state and CDR directories: the
 * journal, the state file, the last CDR file, as any octets. */
#include "gateway/base/log.h"
#include "gateway/cdr_file.h"
#include "gateway/journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static int open_dir(void)
{
	static char path[] = "/tmp/f_records.XXXXXX";
	static int fd = -1;

	if (fd < 0 && mkdtemp(path) != NULL) {
		fd = open(path, O_RDONLY | O_DIRECTORY);
	}
	return fd;
}

static void put_file(int dir, const char *name, const uint8_t *p, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n) {
		abort();
	}
	close(fd);
}

static void try_journal(int dir, const uint8_t *p, size_t n)
{
	struct journal j;
	uint8_t record[RECORD];
	unsigned found = 0;

	put_file(dir, "calls.journal", p, n);
	if (journal_open(&j, dir, 1, RECORD, 4) != 0) {
		return;
	}
	for (int i = journal_next(&j, -1, record); i >= 0;
	     i = journal_next(&j, i, record)) {
		found++;
	}
	if (found != j.used || journal_take(&j) < 0) {
		abort();
	}
	journal_close(&j);
}

static void try_state(int dir, const uint8_t *p, size_t n)
{
	int fd;

	put_file(dir, CDR_STATE_NAME, p, n);
	fd = openat(dir, CDR_STATE_NAME, O_RDONLY);
	cdr_file_read_state(fd);
	close(fd);
}

/* Afterwards the file ends in a whole line. */
static void try_lines(int dir, const uint8_t *p, size_t n)
{
	static const char name[] = "cdr-20260101T00.jsonl";
	struct stat st;
	char c = '\n';
	int fd;

	put_file(dir, name, p, n);
	cdr_file_last_seq(dir);
	fd = openat(dir, name, O_RDONLY);
	if (fstat(fd, &st) != 0 ||
	    (st.st_size > 0 && pread(fd, &c, 1, st.st_size - 1) != 1) ||
	    c != '\n') {
		abort();
	}
	close(fd);
	unlinkat(dir, name, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int dir = open_dir();

	if (dir < 0 || size == 0) {
		return 0;
	}
	log_set_sink(quiet);
	switch (data[0] % 3) {
	case 0:
		try_journal(dir, data + 1, size - 1);
		break;
	case 1:
		try_state(dir, data + 1, size - 1);
		break;
	default:
		try_lines(dir, data + 1, size - 1);
		break;
	}
	return 0;
}
