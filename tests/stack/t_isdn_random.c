/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/*
 * Two of our roles, hundreds of calls both ways at random: glare, full
 * groups, lost frames, cut wires, dying cores. Whatever happens, each leg
 * ends by exactly one RELEASED, nothing comes after it, and in the end every
 * channel is idle at both ends. RIG_SEEDS=n tries more seeds, RIG_SEED=n one.
 */
#include "tests/stack/isdn_rig.c"

#define MAX_LEGS 256

struct known {
	leg_id id;
	bool in, alerting, answered;
	bool released;	/* by us or by them: no more actions */
	bool told;	/* they sent RELEASE: only RELEASED may follow */
};

struct book {
	struct known legs[MAX_LEGS];
	unsigned n;
	unsigned begun, ended, answered;
};

static struct book books[2];

static struct book *book_of(const struct our *o)
{
	return &books[o == &rig->b];
}

static struct known *find(struct book *b, leg_id id)
{
	unsigned i;

	for (i = 0; i < b->n; i++) {
		if (b->legs[i].id == id) {
			return &b->legs[i];
		}
	}
	return NULL;
}

static void add(struct book *b, leg_id id, bool in)
{
	ck_assert_uint_lt(b->n, MAX_LEGS);
	b->legs[b->n++] = (struct known){ .id = id, .in = in };
	b->begun++;
}

static void on_core_msg(struct our *o, const struct cc_msg *m)
{
	struct book *b = book_of(o);
	struct known *k = find(b, m->leg);

	if (m->head.type == CC_SETUP) {
		ck_assert_ptr_null(k);
		add(b, m->leg, true);
		return;
	}
	ck_assert_ptr_nonnull(k); /* nothing after RELEASED */
	ck_assert(!k->told || m->head.type == CC_RELEASED);
	if (m->head.type == CC_ANSWER) {
		k->answered = true;
		b->answered++;
	} else if (m->head.type == CC_RELEASE) {
		ck_assert(!k->told);
		k->told = k->released = true;
	} else if (m->head.type == CC_RELEASED) {
		*k = b->legs[--b->n];
		b->ended++;
	}
}

static void act_on(struct our *o, struct known *k)
{
	unsigned what = rig_random(100);

	if (k->released) {
		return;
	}
	if (what < 8) {
		k->released = true;
		core_release(o, k->id, (uint8_t)(1 + rig_random(127)));
	} else if (k->in && !k->alerting && !k->answered && what < 40) {
		k->alerting = true;
		core_say(o, CC_ALERTING, k->id);
	} else if (k->in && !k->answered && what < 70) {
		k->answered = true;
		core_say(o, CC_ANSWER, k->id);
	}
}

static void begin_call(struct our *o)
{
	struct book *b = book_of(o);
	struct cc_msg m = a_call("123");

	if (b->n >= MAX_LEGS - 40) {
		return;
	}
	m.complete = rig_random(8) != 0;
	add(b, ++rig->next_leg, false);
	core_send(o, CC_SETUP, rig->next_leg, &m);
}

/* A new core that knows none of the calls has to release them. */
static void on_kept(struct our *o, const struct cc_kept *kept)
{
	add(book_of(o), kept->leg, false);
	find(book_of(o), kept->leg)->released = true;
	core_release(o, kept->leg, CAUSE_TEMPORARY);
}

static void core_restarts(struct our *o)
{
	struct book *b = book_of(o);
	struct link_head settled;


	link_close(&o->core);
	rig_advance(rig_random(3000));
	b->ended += b->n;
	b->n = 0;
	our_link(o, ROLE_CORE, &o->core, &core_side);
	link_send(&o->core, &settled, CC_SETTLED, sizeof(settled));
	rig_advance(10);
}

static void disaster(struct our *o)
{
	switch (rig_random(6)) {
	case 0:
		rig->cut = true;
		rig_advance(rig_random(2) ? rig_random(3000)
					  : rig_random(150000));
		rig->cut = false;
		break;
	case 1:
		core_restarts(o);
		break;
	case 2:
		rig->loss = rig_random(200);
		break;
	default:
		rig->loss = rig_random(20);
		break;
	}
}

static void step(void)
{
	struct our *o = rig_random(2) ? &rig->a : &rig->b;
	struct book *b = book_of(o);
	unsigned i;

	for (i = rig_random(4); i > 0; i--) {
		begin_call(rig_random(2) ? &rig->a : &rig->b);
	}
	for (i = 0; i < b->n; i++) {
		act_on(o, &b->legs[i]);
	}
	if (rig_random(60) == 0) {
		disaster(o);
	}
	rig_advance(rig_random(1500));
}

static void check_channels(struct our *o)
{
	struct isdn *isdn = container_of(o->role, struct isdn, role);
	unsigned slot;

	for (slot = 1; slot < 32; slot++) {
		struct leg *l = channel_owner(&isdn->channels, slot);

		ck_assert(!l || (l->s.phase != LEG_FREE && l->s.number == slot));
	}
}

static void one_run(uint32_t seed)
{
	struct conf_for_isdn conf;
	int i;

	memset(books, 0, sizeof(books));
	rig_conf(&conf, false);
	conf.span.isdn.hunt = CONF_HUNT_UP; /* much glare */
	conf.span.isdn.restart = seed & 1;
	conf.span.isdn.exclusive = seed & 2;
	rig_open_conf(RIG_OUR, &conf);
	rig->random = seed * 2654435761u | 1;
	rig->a.on_msg = rig->b.on_msg = on_core_msg;
	rig->a.on_kept = rig->b.on_kept = on_kept;
	for (i = 0; i < 400; i++) {
		step();
		check_channels(&rig->a);
		check_channels(&rig->b);
	}
	/* peace, and an end to all calls */
	rig->loss = 0;
	rig->cut = false;
	rig_advance(200000);
	for (i = 0; i < 2; i++) {
		struct our *o = i ? &rig->b : &rig->a;
		unsigned n;

		for (n = 0; n < books[i].n; n++) {
			if (!books[i].legs[n].released) {
				core_release(o, books[i].legs[n].id, 16);
			}
		}
	}
	rig_advance(200000);
	if (getenv("RIG_LOG")) {
		fprintf(stderr, "seed %u: %u + %u calls, %u answered\n", seed,
			books[0].begun, books[1].begun,
			books[0].answered + books[1].answered);
	}
	ck_assert_uint_eq(books[0].n, 0);
	ck_assert_uint_eq(books[1].n, 0);
	ck_assert_uint_eq(books[0].begun, books[0].ended);
	ck_assert_uint_eq(books[1].begun, books[1].ended);
	expect_idle(&rig->a, 30);
	expect_idle(&rig->b, 30);
	rig_close();
}

START_TEST(test_random)
{
	const char *one = getenv("RIG_SEED"), *many = getenv("RIG_SEEDS");
	uint32_t seed, n = many ? (uint32_t)atoi(many) : 6;

	if (one) {
		one_run((uint32_t)atoi(one));
		return;
	}
	for (seed = 1; seed <= n; seed++) {
		fprintf(stderr, "seed %u\n", seed);
		one_run(seed);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_random);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
