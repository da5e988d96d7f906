/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each setting is one row here: the loader, the JSON Schema, the reference,
 * `--explain` and the cost of a reload all come from these rows.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/conf.h"
#include "conf/load.h"

enum value_type {
	VALUE_TEXT,	/* char[size], min = least length */
	VALUE_NAME,	/* char[size]: letters, digits, - _ . */
	VALUE_DIGITS,	/* char[size]: 0-9 * # and a leading + */
	VALUE_INT,	/* int of size octets, min..max */
	VALUE_BOOL,
	VALUE_ENUM,	/* enum; names[] by value */
	VALUE_CODE,	/* uint8_t; names[], codes[] */
	VALUE_ADDRESS,	/* struct net_addr; min = 1: a port is needed, 2:
			   may be */
	VALUE_PORTS,	/* two uint16_t: "10000-20000" */
	VALUE_SECRET,	/* char[size]: text, or {file: F} */
	VALUE_FILE,	/* char[size]: a file that can be read, as a path from
			   anywhere; min = 1: others must not read it */
	VALUE_END,	/* name of a span or trunk; resolved by the checker */
	VALUE_HOSTS,	/* list: char[max][size]; count in count_at */
	VALUE_PATTERNS, /* list: char[max][size] */
	VALUE_NETWORKS, /* list: struct net_prefix[max] */
	VALUE_CODES,	/* list: uint8_t[max], names[], codes[] */
	VALUE_CORES,	/* list: uint8_t[max], numbers 0-255 */
	VALUE_USERS,	/* list: char[max][size], user parts of SIP URIs */
	VALUE_MESSAGES, /* list: char[max][size], kinds of SIP messages */
	VALUE_RULES	/* list of maps, see conf_rule_section; kept beside the
			   section's struct, in the order of the trunks */
};

struct setting {
	const char *path; /* within its section: "line.driver" */
	enum value_type type;
	uint16_t at, size; /* where in the section's struct */
	uint16_t count_at; /* lists: offset of the uint8_t count */
	int32_t min, max;
	const char *def;   /* as it would stand in the file; NULL: needed */
	const char *unit;  /* "" = none */
	const char *const *names; /* NULL-terminated */
	const uint8_t *codes;
	enum conf_cost cost;
	const char *help;
};

struct section {
	const char *name;  /* key at the top: "spans" */
	bool is_list;
	size_t at, size;   /* in struct conf; size of one */
	size_t count_at;   /* offset of the uint16_t count; 0: not a list */
	unsigned max;	   /* items */
	unsigned n;
	const struct setting *settings;
	const char *help;
};

extern const struct section conf_sections[];
extern const unsigned conf_n_sections;
/* One header rule of a trunk: not at the top of the file. */
extern const struct section conf_rule_section;

/* The list of emergency numbers has no settings of its own. */
#define CONF_EMERGENCY_KEY "emergency"
#define CONF_EMERGENCY_HELP "numbers that nothing blocks or rewrites, nor limits " \
	"unless it is a flood of them"

#endif
