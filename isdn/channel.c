/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/channel.h"

#include <assert.h>
#include <stddef.h>

enum conf_hunt channel_order(const struct conf_span *span)
{
	if (span->isdn.hunt != CONF_HUNT_AUTO) {
		return span->isdn.hunt;
	}
	return span->isdn.side == CONF_SIDE_NETWORK ? CONF_HUNT_UP :
						      CONF_HUNT_DOWN;
}

static void add_span(struct channels *c, unsigned d_slot, unsigned first,
		     unsigned last)
{
	unsigned slot;

	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		if (slot != d_slot && slot >= first && slot <= last) {
			c->at[c->n + slot].state = CHANNEL_IDLE;
		}
	}
	c->n = (uint16_t)(c->n + CHANNEL_SLOTS);
}

void channel_init(struct channels *c, const struct conf_for_isdn *conf)
{
	const struct conf_line *line = &conf->span.line;
	unsigned i;

	*c = (struct channels){ .hunt = channel_order(&conf->span) };
	if (!conf->n_members) {
		add_span(c, line->d_slot, line->first_slot, line->last_slot);
	}
	for (i = 0; i < conf->n_members; i++) {
		const struct conf_member *m = &conf->members[i];

		add_span(c, m->d_slot, m->first_slot, m->last_slot);
	}
}

static bool is_among(const struct channel_list *set, unsigned number)
{
	unsigned i;

	for (i = 0; set && i < set->n; i++) {
		if (set->at[i] == number) {
			return true;
		}
	}
	return false;
}

void channel_set_silent(struct channels *c, unsigned span, uint32_t slots)
{
	for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++) {
		c->at[span * CHANNEL_SLOTS + slot].silent = slots >> slot & 1;
	}
}

bool channel_is_served(const struct channels *c, unsigned number)
{
	return !c->at[number].silent &&
	       !(c->dead & (1u << channel_span(number)));
}

uint16_t channel_hunt(struct channels *c, const struct channel_list *avoid)
{
	unsigned i, number;

	for (i = 1; i < c->n; i++) {
		switch (c->hunt) {
		case CONF_HUNT_DOWN:
			number = c->n - i;
			break;
		case CONF_HUNT_ROUND:
			number = (c->last + i) % c->n;
			break;
		case CONF_HUNT_UP:
		default:
			number = i;
			break;
		}
		if (channel_is_free(c, number) && !is_among(avoid, number)) {
			c->last = (uint16_t)number;
			return (uint16_t)number;
		}
	}
	return 0;
}

bool channel_exists(const struct channels *c, unsigned number)
{
	return number < c->n && c->at[number].state != CHANNEL_NONE;
}

bool channel_is_idle(const struct channels *c, unsigned number)
{
	return number < c->n && c->at[number].state == CHANNEL_IDLE;
}

bool channel_is_free(const struct channels *c, unsigned number)
{
	return channel_is_idle(c, number) && !c->at[number].barred &&
	       !c->at[number].near_end && !c->at[number].far_end &&
	       channel_is_served(c, number);
}

void *channel_owner(const struct channels *c, unsigned number)
{
	return number < c->n ? c->at[number].owner : NULL;
}

static void enter(struct channels *c, unsigned number,
		  enum channel_state state, void *owner)
{
	c->at[number].state = state;
	c->at[number].owner = owner;
}

void channel_take(struct channels *c, unsigned number, void *owner)
{
	assert(channel_exists(c, number));
	enter(c, number, CHANNEL_BUSY, owner);
}

void channel_set(struct channels *c, unsigned number, enum channel_state state)
{
	assert(channel_exists(c, number) && state != CHANNEL_BUSY);
	enter(c, number, state, NULL);
}

void channel_drop(struct channels *c, unsigned number, const void *owner)
{
	if (number < c->n && c->at[number].state == CHANNEL_BUSY &&
	    c->at[number].owner == owner) {
		enter(c, number, CHANNEL_IDLE, NULL);
	}
}

unsigned channel_count(const struct channels *c, enum channel_state state)
{
	unsigned number, n = 0;

	for (number = 0; number < c->n; number++) {
		n += c->at[number].state == state;
	}
	return n;
}

unsigned channel_count_on(const struct channels *c, unsigned span,
			  enum channel_state state)
{
	unsigned slot, n = 0;

	for (slot = 0; slot < CHANNEL_SLOTS; slot++) {
		n += c->at[span * CHANNEL_SLOTS + slot].state == state;
	}
	return n;
}

unsigned channel_count_free(const struct channels *c, unsigned span)
{
	unsigned slot, n = 0;

	for (slot = 0; slot < CHANNEL_SLOTS; slot++) {
		n += channel_is_free(c, span * CHANNEL_SLOTS + slot);
	}
	return n;
}

const char *channel_state_name(enum channel_state state)
{
	static const char *const names[CHANNEL_STATES] = {
		"none", "idle", "busy", "restarting", "out of service",
	};

	return state < CHANNEL_STATES ? names[state] : "?";
}

const char *channel_service_name(unsigned service)
{
	static const char *const names[] = { "in service", "maintenance",
					     "out of service" };

	return service < sizeof(names) / sizeof(names[0]) ? names[service]
							  : "?";
}

bool channel_glare(bool our_exclusive, bool their_exclusive, bool we_network)
{
	return our_exclusive == their_exclusive ? !we_network
						: their_exclusive;
}
