/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/offer.h"

#include <errno.h>
#include <string.h>

#include "gateway/base/str.h"

/* The number at *at, which is moved to the next, in a circle. */
static bool take_number(const char *numbers, size_t *at,
			char number[COMMAND_WORD])
{
	size_t n = strcspn(numbers + *at, ",");

	memcpy(number, numbers + *at, n);
	number[n] = '\0';
	*at += n + (numbers[*at + n] == ',');
	if (!numbers[*at]) {
		*at = 0;
	}
	return n > 0;
}

int offers_add(struct offers *all, const char *numbers,
	       const struct profile *p, double now_s)
{
	struct cc_number check;
	char number[COMMAND_WORD];
	unsigned i = 0;
	size_t at = 0;

	do {
		if (!take_number(numbers, &at, number) ||
		    cc_number_set(&check, number) < 0) {
			return -EINVAL;
		}
	} while (at);
	while (i < OFFERS && all->offer[i].left) {
		i++;
	}
	if (i == OFFERS) {
		return -ENOSPC;
	}
	all->offer[i] = (struct offer){
		.left = p->count,
		.next_s = now_s,
		.every_s = 1 / p->rate,
		.profile = *p,
	};
	str_copy(all->offer[i].numbers, COMMAND_WORD, numbers);
	return 0;
}

unsigned offers_run(struct offers *all, struct calls *calls, double now_s)
{
	char number[COMMAND_WORD];
	unsigned lost = 0;

	for (unsigned i = 0; i < OFFERS; i++) {
		struct offer *o = &all->offer[i];

		while (o->left && o->next_s <= now_s) {
			o->left--;
			o->next_s += o->every_s;
			take_number(o->numbers, &o->at, number);
			lost += call_make(calls, number, &o->profile) < 0;
		}
	}
	return lost;
}

bool offers_pending(const struct offers *all)
{
	for (unsigned i = 0; i < OFFERS; i++) {
		if (all->offer[i].left) {
			return true;
		}
	}
	return false;
}

void offers_stop(struct offers *all)
{
	for (unsigned i = 0; i < OFFERS; i++) {
		all->offer[i].left = 0;
	}
}
