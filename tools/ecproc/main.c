/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ecproc: the gateway's line echo canceller over files, so that anyone can
 * judge it on signals of their own.
 *
 *    ecproc [--tail MS] [--law alaw|ulaw] [--nlp] FAR.raw NEAR.raw OUT.raw
 *
 * FAR is what was sent to the line, NEAR what came back; OUT is written.
 * Samples are 8 kHz, 16 bit, signed, little-endian, without a header. Both
 * inputs pass through the law first, as on an E1. It begins from reset and
 * does the same each time. The shorter input decides the length. Prints the
 * figures of each second of audio. Exit status 2 for bad arguments, 1 for
 * files that cannot be read or written.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/echo.h"
#include "media/law.h"

enum { RATE = 8000 };

struct options {
	unsigned tail_ms;
	enum law law;
	unsigned flags;
};

struct files {
	FILE *far;
	FILE *near;
	FILE *out;
};

/* Energies of a second, and the events counted before it. */
struct second {
	double far;
	double near;
	double out;
	size_t n;
	struct echo_stats before;
};

static int usage(void)
{
	fprintf(stderr, "usage: ecproc [--tail 32|64|128] [--law alaw|ulaw] "
			"[--nlp] FAR.raw NEAR.raw OUT.raw\n");
	return 2;
}

/* Up to a block of samples through the law; the rest of it is silence. */
static size_t block_read(FILE *f, enum law law, int16_t *x)
{
	uint8_t byte[2 * ECHO_BLOCK];
	size_t n = fread(byte, 2, ECHO_BLOCK, f);

	memset(x, 0, ECHO_BLOCK * sizeof(*x));
	for (size_t i = 0; i < n; i++) {
		int v = (int16_t)(byte[2 * i] | byte[2 * i + 1] << 8);

		x[i] = law_decode(law, law_encode(law, v));
	}
	return n;
}

static bool block_write(FILE *f, const int16_t *x, size_t n)
{
	uint8_t byte[2 * ECHO_BLOCK];

	for (size_t i = 0; i < n; i++) {
		byte[2 * i] = (uint8_t)(x[i] & 0xff);
		byte[2 * i + 1] = (uint8_t)(x[i] >> 8 & 0xff);
	}
	return fwrite(byte, 2, n, f) == n;
}

static double energy(const int16_t *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)x[i] * x[i];
	}
	return sum;
}

static double dbm0(double sum, size_t n)
{
	double power = (double)LAW_PEAK_0DBM0 * (double)LAW_PEAK_0DBM0 / 2;

	return 10 * log10(sum / ((double)n * power) + 1e-10);
}

/* One line for the second that is over. */
static void second_print(struct second *s, const struct echo_group *g,
			 double at)
{
	struct echo_stats now;
	double far = dbm0(s->far, s->n), near = dbm0(s->near, s->n);
	double out = dbm0(s->out, s->n);

	echo_group_stats(g, 0, &now);
	printf("%7.2f %6.1f %6.1f %6.1f %6.1f %6.1f", at, far, near, out,
	       far - near, near - out);
	if (now.converged != s->before.converged) {
		printf(now.converged ? " converged" : " lost");
	}
	if (now.path_changes != s->before.path_changes) {
		printf(" path-change");
	}
	if (now.divergences != s->before.divergences) {
		printf(" divergence");
	}
	if (now.double_talk) {
		printf(" double-talk");
	}
	if (now.narrow_band) {
		printf(" narrow-band");
	}
	printf("\n");
	*s = (struct second){ .before = now };
}

static void summary_print(const struct echo_group *g)
{
	struct echo_stats s;

	echo_group_stats(g, 0, &s);
	printf("erl %.1f dB, erle %.1f dB, acom %.1f dB, echo at %.1f ms, "
	       "%u path changes, %u divergences (%s)\n",
	       (double)s.erl_db, (double)s.erle_db, (double)s.acom_db,
	       s.tail_samples / 8.0, s.path_changes, s.divergences,
	       echo_group_isa(g));
}

/* One block through lane 0, the other lanes are off. */
static void block_cancel(struct echo_group *g, const int16_t *far,
			 int16_t *near)
{
	static float f[ECHO_BLOCK][ECHO_LANES], n[ECHO_BLOCK][ECHO_LANES];

	for (size_t i = 0; i < ECHO_BLOCK; i++) {
		f[i][0] = far[i];
		n[i][0] = near[i];
	}
	echo_group_run(g, (const float (*)[ECHO_LANES])f, n, 1);
	law_lane(n[0], ECHO_LANES, near, ECHO_BLOCK);
}

static int process(const struct files *f, const struct options *o,
		   struct echo_group *g)
{
	int16_t far[ECHO_BLOCK], near[ECHO_BLOCK];
	struct second s = { .n = 0 };
	size_t at = 0, n;

	printf("#  time    far   near    out    erl   erle  events\n");
	do {
		size_t k = block_read(f->near, o->law, near);

		n = block_read(f->far, o->law, far);
		n = k < n ? k : n;
		s.far += energy(far, n);
		s.near += energy(near, n);
		block_cancel(g, far, near);
		s.out += energy(near, n);
		if (!block_write(f->out, near, n)) {
			return -EIO;
		}
		s.n += n;
		at += n;
		if (s.n && (s.n >= RATE || n < ECHO_BLOCK)) {
			second_print(&s, g, (double)at / RATE);
		}
	} while (n == ECHO_BLOCK);
	summary_print(g);
	return ferror(f->far) || ferror(f->near) ? -EIO : 0;
}

static FILE *file_open(const char *name, const char *mode)
{
	FILE *f = fopen(name, mode);

	if (!f) {
		fprintf(stderr, "ecproc: %s: %s\n", name, strerror(errno));
	}
	return f;
}

/* -EIO if what was written did not get to its place. */
static int files_close(struct files *f)
{
	if (f->far) {
		fclose(f->far);
	}
	if (f->near) {
		fclose(f->near);
	}
	return f->out && fclose(f->out) ? -EIO : 0;
}

static int run(char **name, const struct options *o)
{
	struct echo_group *g = echo_group_new(o->tail_ms, ECHO_ISA_BEST);
	struct files f = { NULL, NULL, NULL };
	int err = -EIO, closed;

	if (!g) {
		fprintf(stderr, "ecproc: tail of %u ms: %s\n", o->tail_ms,
			strerror(errno));
		return errno == EINVAL ? 2 : 1;
	}
	echo_group_set_lane(g, 0, o->flags);
	f.far = file_open(name[0], "rb");
	f.near = f.far ? file_open(name[1], "rb") : NULL;
	f.out = f.near ? file_open(name[2], "wb") : NULL;
	if (f.out) {
		err = process(&f, o, g);
	}
	closed = files_close(&f);
	if (f.out && (err || closed)) {
		fprintf(stderr, "ecproc: %s: %s\n", name[2],
			strerror(err ? -err : -closed));
	}
	err = err ? err : closed;
	echo_group_free(g);
	return err ? 1 : 0;
}

static bool law_parse(const char *name, enum law *law)
{
	if (!strcmp(name, "alaw")) {
		*law = LAW_A;
	} else if (!strcmp(name, "ulaw")) {
		*law = LAW_U;
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "tail", required_argument, NULL, 't' },
		{ "law", required_argument, NULL, 'l' },
		{ "nlp", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { 128, LAW_A, ECHO_ON };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 't':
			o.tail_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			if (!law_parse(optarg, &o.law)) {
				return usage();
			}
			break;
		case 'n':
			o.flags |= ECHO_NLP;
			break;
		default:
			return usage();
		}
	}
	return argc - optind == 3 ? run(argv + optind, &o) : usage();
}
