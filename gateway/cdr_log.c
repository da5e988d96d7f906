/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/cdr_log.h"

#include "gateway/cdr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX    (256u << 10) /* octets */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000
#define CLOSE_MAX_MS 5000

struct cdr_line {
	struct cdr_line *next;
	uint64_t seq;
	int slot;
	size_t len;
	char name[CDR_FILE_NAME];
	char text[];
};

struct cdr_job {
	struct work work;
	struct cdr_log *log;
	struct cdr_file_write write; /* the helper thread's */
	unsigned lines;
};

static void run_next(struct cdr_log *log);

void cdr_log_init(struct cdr_log *log, struct loop *loop,
		  const struct cdr_io *io)
{
	memset(log, 0, sizeof(*log));
	log->loop = loop;
	log->io = io != NULL ? io : &cdr_file_io;
	log->dir_fd = -1;
	log->state_fd = -1;
	log->next_seq = 1;
	log->last = &log->first;
	log->retry_ms = RETRY_MIN_MS;
}

int cdr_log_set_dir(struct cdr_log *log, int dir_fd)
{
	if (log->dir_fd >= 0) {
		close(log->dir_fd);
	}
	log->dir_fd = dir_fd;
	return 0;
}

int cdr_log_set_state_dir(struct cdr_log *log, int dir_fd)
{
	int fd = log->io->open(dir_fd, CDR_STATE_NAME,
			       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			       0600);
	int err = fd < 0 ? -errno : 0;

	close(dir_fd);
	if (err != 0) {
		return err;
	}
	if (log->state_fd >= 0) {
		close(log->state_fd);
	}
	log->state_fd = fd;
	return 0;
}

uint64_t cdr_log_start(struct cdr_log *log)
{
	uint64_t state = cdr_file_read_state(log->state_fd);
	uint64_t found = cdr_file_last_seq(log->dir_fd);
	uint64_t last = state > found ? state : found;

	log->next_seq = last + 1;
	run_next(log);
	return last;
}

static void name_for(int64_t wall_ms, char name[CDR_FILE_NAME])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	memset(name, 0, CDR_FILE_NAME);
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(name, CDR_FILE_NAME, "cdr-%Y%m%dT%H.jsonl", &tm) == 0) {
		memcpy(name, "cdr-19700101T00.jsonl",
		       sizeof("cdr-19700101T00.jsonl"));
	}
}

static int lose(struct cdr_log *log, const struct cdr *cdr, int err)
{
	log->stats.lost++;
	log_err("cdr: record of call %s lost: %s", cdr->id, strerror(-err));
	return err;
}

int cdr_log_put(struct cdr_log *log, struct cdr *cdr, int slot)
{
	char text[CDR_LINE_MAX];
	struct cdr_line *line;
	int n;

	if (log->queued >= CDR_QUEUE_MAX) {
		return lose(log, cdr, -ENOBUFS);
	}
	cdr->seq = log->next_seq;
	n = cdr_line(cdr, log->node, text, sizeof(text));
	if (n < 0) {
		return lose(log, cdr, n);
	}
	line = malloc(sizeof(*line) + (size_t)n);
	if (line == NULL) {
		return lose(log, cdr, -ENOMEM);
	}
	line->next = NULL;
	line->seq = cdr->seq;
	line->slot = slot;
	line->len = (size_t)n;
	name_for(cdr->t.end, line->name);
	memcpy(line->text, text, (size_t)n);
	*log->last = line;
	log->last = &line->next;
	log->queued++;
	log->next_seq++;
	run_next(log);
	return 0;
}

static void job_run(struct work *w)
{
	struct cdr_job *job = container_of(w, struct cdr_job, work);

	cdr_file_write(&job->write);
}

static void job_free(struct cdr_job *job)
{
	free(job->write.data);
	free(job);
}

static void on_retry(struct timer *t)
{
	run_next(container_of(t, struct cdr_log, retry));
}

static void job_failed(struct cdr_log *log, int err)
{
	unsigned n;

	log->failing = true;
	log->stats.failures++;
	n = log_allow(&log->limit, loop_now(log->loop).ns);
	if (n > 0) {
		log_err("cdr: cannot write %s: %s; %u records wait in memory",
			log->first->name, strerror(-err), log->queued);
	}
	timer_start(log->loop, &log->retry, on_retry, log->retry_ms);
	log->retry_ms = 2 * log->retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS
							 : 2 * log->retry_ms;
}

/* The first n lines are on disk. */
static void drop_lines(struct cdr_log *log, unsigned n)
{
	while (n-- > 0) {
		struct cdr_line *line = log->first;

		log->first = line->next;
		if (log->first == NULL) {
			log->last = &log->first;
		}
		log->queued--;
		log->stats.written++;
		if (log->on_safe != NULL && line->slot >= 0) {
			log->on_safe(log->owner, line->slot);
		}
		free(line);
	}
}

static void job_done(struct work *w)
{
	struct cdr_job *job = container_of(w, struct cdr_job, work);
	struct cdr_log *log = job->log;
	unsigned lines = job->lines;
	int err = job->write.err;

	if (log == NULL) {
		job_free(job); /* the log was closed meanwhile */
		return;
	}
	log->job = NULL;
	if (job->write.based) {
		memcpy(log->name, job->write.name, sizeof(log->name));
		log->size = job->write.base;
	}
	if (err == 0) {
		log->size += (off_t)job->write.len;
		if (log->failing) {
			log_info("cdr: writing again");
		}
		log->failing = false;
		log->retry_ms = RETRY_MIN_MS;
	}
	job_free(job);
	if (err != 0) {
		job_failed(log, err);
		return;
	}
	drop_lines(log, lines);
	run_next(log);
}

/* As many lines of one file as fit a batch. */
static struct cdr_job *make_job(struct cdr_log *log)
{
	struct cdr_job *job = calloc(1, sizeof(*job));
	const struct cdr_line *l;
	size_t len = 0;

	if (job == NULL) {
		return NULL;
	}
	for (l = log->first; l != NULL && len + l->len <= BATCH_MAX &&
	     strcmp(l->name, log->first->name) == 0; l = l->next) {
		len += l->len;
		job->lines++;
	}
	job->write.data = malloc(len);
	if (job->write.data == NULL) {
		free(job);
		return NULL;
	}
	for (l = log->first; job->write.len < len; l = l->next) {
		memcpy(job->write.data + job->write.len, l->text, l->len);
		job->write.len += l->len;
		job->write.seq = l->seq;
	}
	memcpy(job->write.name, log->first->name, sizeof(job->write.name));
	job->write.known = strcmp(log->name, job->write.name) == 0;
	job->write.base = job->write.known ? log->size : 0;
	return job;
}

static void run_next(struct cdr_log *log)
{
	struct cdr_job *job;

	if (log->job != NULL || log->first == NULL || log->dir_fd < 0 ||
	    timer_is_running(&log->retry)) {
		return;
	}
	job = make_job(log);
	if (job == NULL) {
		job_failed(log, -ENOMEM);
		return;
	}
	job->log = log;
	job->write.io = log->io;
	job->write.dir_fd = log->dir_fd;
	job->write.state_fd = log->state_fd;
	log->job = job;
	if (loop_work(log->loop, &job->work, job_run, job_done) != 0) {
		log->job = NULL;
		job_free(job);
		job_failed(log, -EAGAIN);
	}
}

/* Until all is written, the disk refuses, or takes too long. */
static void flush(struct cdr_log *log)
{
	struct timespec ms = {0, 1000000};

	timer_stop(log->loop, &log->retry);
	run_next(log);
	for (int i = 0; i < CLOSE_MAX_MS && log->job != NULL; i++) {
		loop_poll(log->loop);
		if (log->job != NULL) {
			nanosleep(&ms, NULL);
		}
	}
	timer_stop(log->loop, &log->retry);
}

static void close_fds(struct cdr_log *log)
{
	if (log->dir_fd >= 0) {
		close(log->dir_fd);
	}
	if (log->state_fd >= 0) {
		close(log->state_fd);
	}
}

void cdr_log_close(struct cdr_log *log)
{
	struct cdr_line *line;

	if (log->loop == NULL) {
		return;
	}
	flush(log);
	if (log->queued > 0) {
		log_err("cdr: %u records not written; the journal keeps them",
			log->queued);
	}
	while ((line = log->first) != NULL) {
		log->first = line->next;
		free(line);
	}
	if (log->job != NULL) {
		log->job->log = NULL; /* it still uses the descriptors */
	} else {
		close_fds(log);
	}
	memset(log, 0, sizeof(*log));
}
