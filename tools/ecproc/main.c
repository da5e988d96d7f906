/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ecproc: the gateway's line echo canceller over files, so that anyone can
 * judge it on signals of their own.
 *
 *    ecproc [--tail MS] [--law alaw|ulaw] [--nlp] FAR.raw NEAR.raw OUT.raw
 *
 * FAR is what was sent to the line, NEAR what came back; OUT is written: what
 * the gateway would encode towards RTP. Samples are 8 kHz, 16 bit, signed,
 * little-endian, without a header. Both inputs pass through the law first, as
 * on an E1, then through the very code of the tick (media/lanes.h): canceller,
 * NLP, tones, switching off and on by 2,100 Hz. It begins from reset and does
 * the same each time. The shorter input decides the length.
 *
 * Prints a line for each second: levels in dBm0 (Rin, Sin, Sout), their
 * differences ERL and ERLE in dB (- while Rin is silent), and the events in
 * it. Exit status 2: arguments; 1: files that cannot be read or written.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "media/law.h"
#include "tools/ecproc/audio.h"
#include "tools/ecproc/watch.h"

struct options {
	unsigned tail_ms;
	enum law law;
	bool nlp;
	bool help;
	char **name;	/* far, near, out */
};

static const char usage[] =
	"usage: ecproc [--tail 32|64|128] [--law alaw|ulaw] [--nlp] "
	"FAR.raw NEAR.raw OUT.raw\n"
	"samples: 8 kHz, 16 bit, signed, little-endian, no header; "
	"defaults: --tail 128 --law alaw\n";

struct files {
	struct audio_in far;
	struct audio_in near;
	FILE *out;
};

static void through_law(int16_t *x, enum law law)
{
	for (size_t i = 0; i < ECHO_BLOCK; i++)
		x[i] = law_decode(law, law_encode(law, x[i]));
}

/* One block through lane 0; the other lanes are off. */
static void block_run(struct lane_group *g, struct lane_block *b,
		      const int16_t *far, const int16_t *near, int16_t *out)
{
	for (size_t i = 0; i < ECHO_BLOCK; i++) {
		b->far[i][0] = far[i];
		b->near[i][0] = near[i];
	}
	b->used = 1;
	lane_group_run(g, b);
	law_lane(b->near[0], ECHO_LANES, out, ECHO_BLOCK);
}

static bool write_failed(const struct options *o)
{
	fprintf(stderr, "ecproc: %s: %s\n", o->name[2], strerror(errno));
	return false;
}

/* Samples of the next block of both; -1: told already. */
static int block_read(struct files *f, const struct options *o, int16_t *far,
		      int16_t *near)
{
	int n = audio_read(&f->far, far), k = audio_read(&f->near, near);

	if (n < 0 || k < 0)
		return -1;
	if (n != k)
		fprintf(stderr, "ecproc: warning: %s is longer than %s, its "
				"rest is left out\n",
			n > k ? o->name[0] : o->name[1],
			n > k ? o->name[1] : o->name[0]);
	through_law(far, o->law);
	through_law(near, o->law);
	return n < k ? n : k;
}

static bool process(struct files *f, const struct options *o,
		    struct lane_group *g)
{
	static struct lane_block b;
	int16_t far[ECHO_BLOCK], near[ECHO_BLOCK], out[ECHO_BLOCK];
	struct watch w;
	int n;

	watch_init(&w, o->nlp ? ECHO_ON | ECHO_NLP : ECHO_ON);
	watch_head();
	do {
		n = block_read(f, o, far, near);
		if (n < 0)
			return false;
		if (!n)
			break;
		block_run(g, &b, far, near, out);
		watch_block(&w, g, &b, (size_t)n);
		watch_levels(&w, far, near, out, (size_t)n);
		if (!audio_write(f->out, out, (size_t)n))
			return write_failed(o);
		watch_print(&w, false);
	} while (n == ECHO_BLOCK);
	watch_print(&w, true);
	watch_summary(&w, g);
	return true;
}

static bool files_open(struct files *f, const struct options *o)
{
	if (!audio_open(&f->far, o->name[0]) ||
	    !audio_open(&f->near, o->name[1]))
		return false;
	if (audio_is(&f->far, o->name[2]) || audio_is(&f->near, o->name[2])) {
		fprintf(stderr, "ecproc: %s: is an input, it would be lost\n",
			o->name[2]);
		return false;
	}
	f->out = fopen(o->name[2], "wb");
	return f->out || write_failed(o);
}

static int run(const struct options *o)
{
	struct lane_group g;
	struct files f = { { NULL, NULL, { 0 }, 0 }, { NULL, NULL, { 0 }, 0 },
			   NULL };
	int err = lane_group_init(&g, o->tail_ms, ECHO_ISA_BEST);
	bool good;

	if (err < 0) {
		fprintf(stderr, "ecproc: canceller: %s\n", strerror(-err));
		return 1;
	}
	lane_group_reset(&g, 0);
	lane_group_want(&g, 0, true, o->nlp);
	good = files_open(&f, o) && process(&f, o, &g);
	audio_close(&f.far);
	audio_close(&f.near);
	if (f.out && fclose(f.out) && good)
		good = write_failed(o);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "ecproc: output: %s\n", strerror(errno));
		good = false;
	}
	lane_group_fini(&g);
	return good ? 0 : 1;
}

static bool tail_parse(struct options *o, const char *text)
{
	static const unsigned tails[] = { 32, 64, 128 };
	char *end;
	unsigned long ms = strtoul(text, &end, 10);

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		if (*text && !*end && ms == tails[i]) {
			o->tail_ms = tails[i];
			return true;
		}
	fprintf(stderr, "ecproc: --tail %s: there are 32, 64 and 128 ms\n",
		text);
	return false;
}

static bool law_parse(struct options *o, const char *text)
{
	if (strcmp(text, "alaw") && strcmp(text, "ulaw")) {
		fprintf(stderr, "ecproc: --law %s: there are alaw and ulaw\n",
			text);
		return false;
	}
	o->law = strcmp(text, "alaw") ? LAW_U : LAW_A;
	return true;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "tail", required_argument, NULL, 't' },
		{ "law", required_argument, NULL, 'l' },
		{ "nlp", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (c == 't')
			good = tail_parse(o, optarg) && good;
		else if (c == 'l')
			good = law_parse(o, optarg) && good;
		else if (c == 'n')
			o->nlp = true;
		else if (c == 'h')
			o->help = true;
		else
			good = false;
	}
	o->name = argv + optind;
	if (good && !o->help && argc - optind != 3) {
		fprintf(stderr, "ecproc: three files are wanted\n");
		good = false;
	}
	return good;
}

int main(int argc, char **argv)
{
	struct options o = { .tail_ms = 128, .law = LAW_A };

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (o.help) {
		fputs(usage, stdout);
		return 0;
	}
	return run(&o);
}
