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

void channel_init(struct channels *c, const struct conf_span *span)
{
	unsigned slot;

	*c = (struct channels){ .hunt = channel_order(span) };
	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		if (slot != span->line.d_slot &&
		    slot >= span->line.first_slot &&
		    slot <= span->line.last_slot) {
			c->at[slot].state = CHANNEL_IDLE;
		}
	}
}

uint8_t channel_hunt(struct channels *c, uint32_t avoid)
{
	unsigned i, slot;

	for (i = 1; i < CHANNEL_SLOTS; i++) {
		switch (c->hunt) {
		case CONF_HUNT_DOWN:
			slot = CHANNEL_SLOTS - i;
			break;
		case CONF_HUNT_ROUND:
			slot = (c->last + i) % CHANNEL_SLOTS;
			break;
		case CONF_HUNT_UP:
		default:
			slot = i;
			break;
		}
		if (c->at[slot].state == CHANNEL_IDLE &&
		    !(avoid & (1u << slot))) {
			c->last = (uint8_t)slot;
			return (uint8_t)slot;
		}
	}
	return 0;
}

bool channel_exists(const struct channels *c, unsigned slot)
{
	return slot < CHANNEL_SLOTS && c->at[slot].state != CHANNEL_NONE;
}

bool channel_is_idle(const struct channels *c, unsigned slot)
{
	return slot < CHANNEL_SLOTS && c->at[slot].state == CHANNEL_IDLE;
}

void *channel_owner(const struct channels *c, unsigned slot)
{
	return slot < CHANNEL_SLOTS ? c->at[slot].owner : NULL;
}

void channel_take(struct channels *c, unsigned slot, void *owner)
{
	assert(channel_exists(c, slot));
	c->at[slot] = (struct channel){ CHANNEL_BUSY, owner };
}

void channel_set(struct channels *c, unsigned slot, enum channel_state state)
{
	assert(channel_exists(c, slot) && state != CHANNEL_BUSY);
	c->at[slot] = (struct channel){ state, NULL };
}

void channel_drop(struct channels *c, unsigned slot, const void *owner)
{
	if (slot < CHANNEL_SLOTS && c->at[slot].state == CHANNEL_BUSY &&
	    c->at[slot].owner == owner) {
		c->at[slot] = (struct channel){ CHANNEL_IDLE, NULL };
	}
}

unsigned channel_count(const struct channels *c, enum channel_state state)
{
	unsigned slot, n = 0;

	for (slot = 0; slot < CHANNEL_SLOTS; slot++) {
		n += c->at[slot].state == state;
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

bool channel_glare(bool our_exclusive, bool their_exclusive, bool we_network)
{
	return our_exclusive == their_exclusive ? !we_network
						: their_exclusive;
}
