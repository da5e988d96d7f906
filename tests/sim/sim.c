/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/sim.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/load.h"
#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "gateway/parts.h"
#include "tests/sim/look.h"
#include "tests/sim/peer_line.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/peer_sip.h"
#include "tests/sim/peer_xch.h"

#define WALL_MS 1700000000000

struct sim sim;

const char sim_yaml[] =
	"sip: {bind: \"192.0.2.1:5060\"}\n"
	"media: {address: \"127.0.0.1\", ports: 20000-20127}\n"
	"spans:\n"
	"  - name: carrier\n"
	"    line: {driver: pseudowire, local: \"127.0.0.1:5000\","
	" peer: \"127.0.0.1:5001\"}\n"
	"    isdn: {side: user, switch: euroisdn}\n"
	"    country_code: \"49\"\n"
	"    area_code: \"711\"\n"
	"trunks:\n"
	"  - name: provider\n"
	"    server: 192.0.2.9:5060\n"
	"emergency: [\"110\", \"112\"]\n"
	"routes:\n"
	"  - {from: carrier, to: provider}\n"
	"  - {from: provider, to: carrier, allow: [\"0*\", \"+49*\"]}\n";

/* --- what is the machine's is ours --- */

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t us = sim.loop != NULL ? loop_now(sim.loop).ns / 1000 : 0;

	(void)tz;
	tv->tv_sec = us / 1000000;
	tv->tv_usec = us % 1000000;
	return 0;
}

static uint64_t next_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned sim_random(unsigned n)
{
	return (unsigned)(next_random(&sim.random) % n);
}

ssize_t getrandom(void *buf, size_t len, unsigned flags)
{
	uint8_t *p = buf;

	(void)flags;
	for (size_t i = 0; i < len; i++) {
		p[i] = (uint8_t)next_random(&sim.chance);
	}
	return (ssize_t)len;
}

int64_t sim_ms(void)
{
	return loop_now(sim.loop).ns / NS_PER_MS;
}

static void sink(enum log_level level, const char *line)
{
	if (getenv("SIM_LOG") != NULL) {
		fprintf(stderr, "%10lld %d %s\n",
			sim.loop != NULL ? (long long)sim_ms() : 0, level,
			line);
	}
}

/* --- later --- */

struct sim_event {
	struct sim_event *next, **link;
	struct timer timer;
	sim_later_fn *fn;
	struct sim_parcel parcel;
	uint8_t data[];
};

static void drop_event(struct sim_event *e)
{
	*e->link = e->next;
	if (e->next != NULL) {
		e->next->link = e->link;
	}
	timer_stop(sim.loop, &e->timer);
	free(e);
}

static void on_event(struct timer *t)
{
	struct sim_event *e = container_of(t, struct sim_event, timer);

	e->fn(&e->parcel);
	drop_event(e);
}

void sim_later(int64_t ms, sim_later_fn *fn, const struct sim_parcel *p)
{
	struct sim_event *e = calloc(1, sizeof(*e) + p->len);

	ck_assert_ptr_nonnull(e);
	e->fn = fn;
	e->parcel = *p;
	memcpy(e->data, p->data, p->len);
	e->parcel.data = e->data;
	e->next = sim.events;
	e->link = &sim.events;
	if (e->next != NULL) {
		e->next->link = &e->next;
	}
	sim.events = e;
	ck_assert_int_eq(timer_start(sim.loop, &e->timer, on_event, ms), 0);
}

/* --- the D channel --- */

static void arrive_gateway(const struct sim_parcel *p)
{
	struct role *media = sim_role(ROLE_MEDIA, 0);

	if (media != NULL) {
		fake_media_hear(media, p->where, p->data, p->len);
	}
}

static void arrive_xch(const struct sim_parcel *p)
{
	xch_hear(p->where, p->data, p->len);
}

static void carry(unsigned span, const uint8_t *octets, size_t len,
		  sim_later_fn *fn)
{
	struct sim_wire *w = &sim.wire[span];
	struct sim_parcel p = {.where = span, .data = octets, .len = len};

	if (sim.on_frame != NULL) {
		sim.on_frame(span, fn == arrive_gateway, octets, len);
	}
	if (w->cut || (w->loss != 0 && sim_random(1000) < w->loss)) {
		return;
	}
	w->frames++;
	if (w->delay_ms > 0) {
		sim_later(w->delay_ms, fn, &p);
	} else {
		fn(&p);
	}
}

void sim_frame_to_gateway(unsigned span, const uint8_t *octets, size_t len)
{
	carry(span, octets, len, arrive_gateway);
}

void sim_frame_to_xch(unsigned span, const uint8_t *octets, size_t len)
{
	carry(span, octets, len, arrive_xch);
}

/* --- joining, as gateway/supervisor.c does it --- */

static const struct {
	enum role_id a, b;
} joints[] = {
	{ROLE_CORE, ROLE_SIP},
	{ROLE_CORE, ROLE_ISDN},
	{ROLE_CORE, ROLE_MEDIA},
	{ROLE_MEDIA, ROLE_ISDN},
};

static bool are_joined(enum role_id a, enum role_id b)
{
	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++) {
		if ((joints[i].a == a && joints[i].b == b) ||
		    (joints[i].a == b && joints[i].b == a)) {
			return true;
		}
	}
	return false;
}

static struct sim_child *child(enum role_id id, unsigned index)
{
	for (unsigned i = 0; i < sim.n_children; i++) {
		struct sim_child *c = &sim.children[i];

		if (c->ops->id == id && c->index == index) {
			return c;
		}
	}
	ck_abort_msg("no role %d/%u", id, index);
	return NULL;
}

struct role *sim_role(enum role_id id, unsigned index)
{
	return child(id, index)->role;
}

static unsigned span_of(const struct sim_child *a, const struct sim_child *b)
{
	return a->ops->id == ROLE_ISDN ? a->index : b->index;
}

/* The end of a at its link with b. */
static struct link *end_of(struct sim_child *a, const struct sim_child *b,
			   const struct link_ops **ops)
{
	struct link *l = a->ops->slot(a->role, b->ops->id, span_of(a, b), ops);

	ck_assert_ptr_nonnull(l);
	return l;
}

static void join(struct sim_child *a, struct sim_child *b)
{
	const struct link_ops *a_ops, *b_ops;
	struct link *a_end = end_of(a, b, &a_ops), *b_end = end_of(b, a, &b_ops);
	unsigned span = span_of(a, b);

	link_close(a_end);
	link_close(b_end);
	ck_assert_int_eq(link_open_mem(a_end, a_ops, b_end, b_ops, sim.loop),
			 0);
	a->ops->link_up(a->role, b->ops->id, span);
	b->ops->link_up(b->role, a->ops->id, span);
}

static void hand_sockets(struct sim_child *c)
{
	if (c->ops->id == ROLE_CORE) {
		c->ops->socket(c->role, ROLE_SOCK_CDR_DIR, 0, dup(sim.dir_fd));
		c->ops->socket(c->role, ROLE_SOCK_STATE_DIR, 0,
			       dup(sim.dir_fd));
		look_core_no_sync(c->role);
	} else if (c->ops->id == ROLE_SIP) {
		sip_peer_attach(c->role);
	} else if (c->ops->id == ROLE_MEDIA && sim.real_media) {
		peer_line_hand(c->role);
	}
}

static void start(struct sim_child *c)
{
	size_t len;
	void *part = parts_make(sim.conf, c->ops->id, c->index, &len);

	ck_assert_ptr_nonnull(part);
	c->role = c->ops->open(sim.loop, part, len);
	free(part);
	ck_assert_ptr_nonnull(c->role);
	for (unsigned i = 0; i < sim.n_children; i++) {
		struct sim_child *peer = &sim.children[i];

		if (peer != c && peer->role != NULL &&
		    are_joined(c->ops->id, peer->ops->id)) {
			join(c, peer);
		}
	}
	hand_sockets(c);
	ck_assert_int_eq(c->ops->start(c->role), 0);
}

void sim_revive(enum role_id id, unsigned index)
{
	struct sim_child *c = child(id, index);

	ck_assert_ptr_null(c->role);
	start(c);
}

void sim_leave(enum role_id id, unsigned index)
{
	struct sim_child *c = child(id, index);
	struct role *role = c->role;

	ck_assert_ptr_nonnull(role);
	c->role = NULL;
	c->ops->close(role);
	if (id == ROLE_SIP) {
		sip_peer_detach(role);
	}
}

/*
 * A process that is killed writes no last words to the disk, but a role that
 * is closed here does: its files are put back to what they were.
 */
#define FILES_MAX 16

struct file {
	char name[64];
	char *data;
	size_t len;
};

static int copy_file(struct file *f, const char *name)
{
	int fd = openat(sim.dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	str_copy(f->name, sizeof(f->name), name);
	f->len = (size_t)st.st_size;
	f->data = malloc(f->len + 1);
	ck_assert_ptr_nonnull(f->data);
	ck_assert_int_eq(read(fd, f->data, f->len), (ssize_t)f->len);
	return close(fd);
}

static unsigned copy_files(struct file files[FILES_MAX])
{
	struct dirent **names;
	int n = scandir(sim.dir, &names, NULL, alphasort);
	unsigned k = 0;

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			ck_assert_uint_lt(k, FILES_MAX);
			copy_file(&files[k++], names[i]->d_name);
		}
		free(names[i]);
	}
	free(names);
	return k;
}

static void put_files_back(struct file files[FILES_MAX], unsigned n)
{
	struct dirent **names;
	int all = scandir(sim.dir, &names, NULL, alphasort);

	for (int i = 0; i < all; i++) {
		if (names[i]->d_name[0] != '.') {
			unlinkat(sim.dir_fd, names[i]->d_name, 0);
		}
		free(names[i]);
	}
	free(names);
	for (unsigned i = 0; i < n; i++) {
		int fd = openat(sim.dir_fd, files[i].name,
				O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, files[i].data, files[i].len),
				 (ssize_t)files[i].len);
		close(fd);
		free(files[i].data);
	}
}

void sim_kill(enum role_id id, unsigned index)
{
	struct sim_child *c = child(id, index);
	struct file files[FILES_MAX];
	const struct link_ops *ops;
	unsigned n;

	ck_assert_ptr_nonnull(c->role);
	if (id == ROLE_SIP) {
		sip_peer_detach(c->role);
	}
	for (unsigned i = 0; i < sim.n_children; i++) {
		struct sim_child *peer = &sim.children[i];

		if (peer->role != NULL &&
		    are_joined(id, peer->ops->id)) {
			link_close(end_of(c, peer, &ops));
		}
	}
	n = id == ROLE_CORE ? copy_files(files) : 0;
	sim_leave(id, index);
	if (id == ROLE_CORE) {
		put_files_back(files, n);
	}
}

void sim_bounce(enum role_id a, enum role_id b, unsigned span)
{
	join(child(a, a == ROLE_ISDN ? span : 0),
	     child(b, b == ROLE_ISDN ? span : 0));
}

/* --- life --- */

static void add(const struct role_ops *ops, unsigned index)
{
	sim.children[sim.n_children++] =
		(struct sim_child){.ops = ops, .index = index};
}

static struct conf *load(const char *yaml)
{
	char *report;
	struct conf *conf =
		conf_load_text("sim", yaml, strlen(yaml), NULL, &report);

	ck_assert_msg(conf != NULL, "%s", report);
	free(report);
	return conf;
}

static void make_dir(void)
{
	str_copy(sim.dir, sizeof(sim.dir), "/tmp/t_sim.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(sim.dir));
	sim.dir_fd = open(sim.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(sim.dir_fd, 0);
}

void sim_open(const struct sim_options *o)
{
	memset(&sim, 0, sizeof(sim));
	log_set_sink(sink);
	sim.random = sim.chance = o->seed;
	srandom(o->seed); /* libpri's first call reference */
	sim.real_media = o->real_media;
	sim.conf = load(o->yaml != NULL ? o->yaml : sim_yaml);
	sim.loop = loop_new_sim(WALL_MS);
	ck_assert_ptr_nonnull(sim.loop);
	make_dir();
	sip_peer_open();
	if (sim.real_media) {
		peer_line_open();
	}
	add(&core_role_ops, 0);
	add(sim.real_media ? &media_role_ops : &fake_media_ops, 0);
	for (unsigned i = 0; i < sim.conf->n_spans; i++) {
		if (conf_leader(sim.conf->spans, i) == i) {
			add(&isdn_role_ops, i);
			xch_open(i);
		}
	}
	add(&sip_role_ops, 0);
	for (unsigned i = 0; i < sim.n_children; i++) {
		start(&sim.children[i]);
	}
}

void sim_advance(int64_t ms)
{
	loop_advance(sim.loop, ms);
}

static void remove_dir(void)
{
	DIR *d = opendir(sim.dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		unlinkat(sim.dir_fd, e->d_name, 0);
	}
	if (d != NULL) {
		closedir(d);
	}
	close(sim.dir_fd);
	rmdir(sim.dir);
}

void sim_close(void)
{
	mono_t before;

	for (unsigned i = 0; i < sim.n_children; i++) {
		if (sim.children[i].role != NULL) {
			sim_leave(sim.children[i].ops->id,
				  sim.children[i].index);
		}
	}
	for (unsigned i = 0; i < sim.conf->n_spans; i++) {
		if (conf_leader(sim.conf->spans, i) == i) {
			xch_close(i);
		}
	}
	if (sim.real_media) {
		peer_line_close();
	}
	sip_peer_close();
	while (sim.events != NULL) {
		drop_event(sim.events);
	}
	before = loop_now(sim.loop);
	loop_run(sim.loop);
	ck_assert_msg(mono_diff_ns(loop_now(sim.loop), before) == 0,
		      "a timer is left");
	loop_free(sim.loop);
	sim.loop = NULL;
	remove_dir();
	log_set_sink(NULL);
	free(sim.conf);
}

/* --- CDRs --- */

static char last_cdr[8192];

unsigned sim_cdrs(void)
{
	struct dirent **names;
	int n = scandir(sim.dir, &names, NULL, alphasort);
	char path[320];
	unsigned lines = 0;

	last_cdr[0] = '\0';
	for (int i = 0; i < n; i++) {
		FILE *f = NULL;

		snprintf(path, sizeof(path), "%s/%s", sim.dir,
			 names[i]->d_name);
		if (strstr(path, ".jsonl") != NULL) {
			f = fopen(path, "r");
		}
		while (f != NULL && fgets(last_cdr, sizeof(last_cdr), f)) {
			lines++;
		}
		if (f != NULL) {
			fclose(f);
		}
		free(names[i]);
	}
	free(names);
	return lines;
}

const char *sim_last_cdr(void)
{
	sim_cdrs();
	return last_cdr;
}
