/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/value.h"

#include "gateway/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBER_TEXT 64

typedef bool reader_fn(const struct value_env *, const struct setting *,
		       const struct node *, void *to);

static bool wrong(const struct value_env *env, const struct setting *s,
		  const struct node *n, const char *what)
{
	report_error(env->report, n->at, "%s: \"%.60s\" is not %s", s->path,
		     n->text, what);
	return false;
}

static bool too_long(const struct value_env *env, const struct setting *s,
		     const struct node *n)
{
	struct problem *p = report_error(env->report, n->at,
					 "%s: longer than %d characters",
					 s->path, s->size - 1);

	p->is_secret = s->type == VALUE_SECRET;
	return false;
}

static bool all_of(const char *text, const char *set)
{
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr(set, *text)) {
			return false;
		}
	}
	return true;
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool read_text(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	if (has_control(n->text)) {
		return wrong(env, s, n, "free of control characters");
	}
	if (strlen(n->text) < (size_t)s->min) {
		report_error(env->report, n->at, "%s: must not be empty",
			     s->path);
		return false;
	}
	return str_copy(to, s->size, n->text) || too_long(env, s, n);
}

static bool read_name(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	if (!all_of(n->text, "-_.")) {
		return wrong(env, s, n, "letters, digits, - _ .");
	}
	return read_text(env, s, n, to);
}

static bool read_digits(const struct value_env *env, const struct setting *s,
			const struct node *n, void *to)
{
	const char *t = n->text + (n->text[0] == '+');

	if (strspn(t, "0123456789*#") != strlen(t)) {
		return wrong(env, s, n, "digits");
	}
	return str_copy(to, s->size, n->text) || too_long(env, s, n);
}

static void store_int(void *to, uint16_t size, int32_t v)
{
	int8_t i8 = (int8_t)v;
	int16_t i16 = (int16_t)v;

	switch (size) {
	case 1:
		memcpy(to, &i8, 1);
		break;
	case 2:
		memcpy(to, &i16, 2);
		break;
	default:
		memcpy(to, &v, sizeof(v));
	}
}

/* A decimal number as people write it: no leading zero, no 1e3, no 0x. */
static bool parse_int(const char *text, int32_t *v)
{
	bool minus = text[0] == '-';
	uint32_t u;

	if (str_to_u32(text + minus, INT32_MAX, &u) < 0) {
		return false;
	}
	*v = minus ? -(int32_t)u : (int32_t)u;
	return true;
}

static bool read_int(const struct value_env *env, const struct setting *s,
		     const struct node *n, void *to)
{
	int32_t v;

	if (n->quoted || !parse_int(n->text, &v)) {
		return wrong(env, s, n, "a whole number");
	}
	if (v < s->min || v > s->max) {
		report_error(env->report, n->at, "%s: %d is not in %d-%d%s%s",
			     s->path, v, s->min, s->max, *s->unit ? " " : "",
			     s->unit);
		return false;
	}
	store_int(to, s->size, v);
	return true;
}

static bool read_bool(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	static const char *const yes[] = { "yes", "on", "True", "TRUE", NULL };
	static const char *const no[] = { "no", "off", "False", "FALSE",
					  NULL };
	bool v = !strcmp(n->text, "true");
	struct problem *p;

	if (!n->quoted && (v || !strcmp(n->text, "false"))) {
		memcpy(to, &v, sizeof(v));
		return true;
	}
	p = report_error(env->report, n->at,
			 "%s: \"%.60s\" is not true or false", s->path,
			 n->text);
	for (unsigned i = 0; yes[i]; i++) {
		if (!strcmp(n->text, yes[i])) {
			problem_fix(p, "write true");
		} else if (!strcmp(n->text, no[i])) {
			problem_fix(p, "write false");
		}
	}
	return false;
}

const char *value_suggest(const char *text, const char *const *names)
{
	const char *best = NULL;
	unsigned least = 3; /* more than two slips is another word */

	for (; *names; names++) {
		unsigned d = str_distance(text, *names);

		if (d < least && d < strlen(*names)) {
			least = d;
			best = *names;
		}
	}
	return best;
}

/* Index of the word in names, or -1 and a report that lists them. */
static int find_word(const struct value_env *env, const struct setting *s,
		     const struct node *n)
{
	const char *near;
	char all[120] = "";
	struct problem *p;

	for (int i = 0; s->names[i]; i++) {
		size_t len = strlen(all);

		if (!strcmp(n->text, s->names[i])) {
			return i;
		}
		snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
			 s->names[i]);
	}
	near = value_suggest(n->text, s->names);
	p = report_error(env->report, n->at, "%s: \"%.60s\" is not known",
			 s->path, n->text);
	if (near) {
		problem_fix(p, "did you mean \"%s\"?", near);
	} else {
		problem_fix(p, "one of: %s", all);
	}
	return -1;
}

static bool read_enum(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	int i = find_word(env, s, n);

	if (i >= 0) {
		memcpy(to, &i, sizeof(i));
	}
	return i >= 0;
}

static bool read_code(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	int i = find_word(env, s, n);

	if (i >= 0 && s->size) {
		memcpy(to, &s->codes[i], 1);
	}
	return i >= 0;
}

static bool read_address(const struct value_env *env, const struct setting *s,
			 const struct node *n, void *to)
{
	struct net_addr a = { 0 };

	if (!n->text[0]) {
		memset(to, 0, sizeof(a));
		return true;
	}
	if (net_parse(&a, n->text) < 0) {
		return wrong(env, s, n, s->min ? "an address with :port" :
						 "an address");
	}
	if (s->min == 1 && !a.port) {
		problem_fix(report_error(env->report, n->at,
					 "%s: a port is missing", s->path),
			    "write ADDRESS:PORT, such as %.60s:5060",
			    n->text);
		return false;
	}
	if (!s->min && a.port) {
		return wrong(env, s, n, "an address without a port");
	}
	memcpy(to, &a, sizeof(a));
	return true;
}

static bool read_ports(const struct value_env *env, const struct setting *s,
		       const struct node *n, void *to)
{
	char low[NUMBER_TEXT];
	const char *dash = strchr(n->text, '-');
	uint32_t v[2];

	if (!dash || !str_copy_n(low, sizeof(low), n->text,
				 (size_t)(dash - n->text)) ||
	    str_to_u32(low, 65535, &v[0]) < 0 ||
	    str_to_u32(dash + 1, 65535, &v[1]) < 0) {
		return wrong(env, s, n, "a range of ports, such as "
			     "10000-19999");
	}
	if (v[0] < (uint32_t)s->min || v[0] >= v[1]) {
		report_error(env->report, n->at,
			     "%s: from %d up to 65535, the lower one first",
			     s->path, s->min);
		return false;
	}
	store_int(to, 2, (int32_t)v[0]);
	store_int((char *)to + 2, 2, (int32_t)v[1]);
	return true;
}

static bool read_host(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	struct net_addr a;
	const char *colon = strchr(n->text, ':');
	uint32_t port = 1;

	if (net_parse(&a, n->text) < 0) {
		if (!n->text[0] || !all_of(n->text, "-_.:") ||
		    (colon && (str_to_u32(colon + 1, 65535, &port) < 0 ||
			       !port))) {
			return wrong(env, s, n,
				     "a host or address, with or without "
				     ":port");
		}
	}
	return str_copy(to, s->size, n->text) || too_long(env, s, n);
}

static bool read_user(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	if (!n->text[0] || !all_of(n->text, "-_.+")) {
		return wrong(env, s, n,
			     "a user name: letters, digits, - _ . +");
	}
	return str_copy(to, s->size, n->text) || too_long(env, s, n);
}

static bool read_pattern(const struct value_env *env, const struct setting *s,
			 const struct node *n, void *to)
{
	if (!n->text[0] || !str_pattern_ok(n->text)) {
		return wrong(env, s, n, "a number pattern, such as \"0*\"");
	}
	return str_copy(to, s->size, n->text) || too_long(env, s, n);
}

/* --- kinds of SIP messages --- */

static bool is_status(const char *t)
{
	return t[0] >= '1' && t[0] <= '6' &&
	       ((isdigit((unsigned char)t[1]) &&
		 (isdigit((unsigned char)t[2]) || t[2] == 'x')) ||
		(t[1] == 'x' && t[2] == 'x')) &&
	       (!t[3] || t[3] == ' ');
}

/* "INVITE", "200", "18x INVITE", "requests", "responses". */
static bool read_message(const struct value_env *env, const struct setting *s,
			 const struct node *n, void *to)
{
	static const char *const names[] = {
		"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER",
		"PRACK", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE",
		"MESSAGE", "PUBLISH", "requests", "responses", NULL };
	bool status = is_status(n->text);
	const char *word = n->text + (status ? strlen("200") : 0);
	const char *near;
	struct problem *p;

	word += status && *word == ' ';
	for (unsigned i = 0; names[i]; i++) {
		if (!strcmp(word, names[i]) && (!status || names[i][0] < 'a')) {
			return str_copy(to, s->size, n->text);
		}
	}
	if (status && !*word) {
		return str_copy(to, s->size, n->text);
	}
	p = report_error(env->report, n->at,
			 "%s: \"%.60s\" is no kind of message", s->path,
			 n->text);
	near = value_suggest(word, names);
	if (near) {
		problem_fix(p, "did you mean \"%s\"?", near);
	} else {
		problem_fix(p, "write INVITE, 200, 18x or \"200 INVITE\"");
	}
	return false;
}

static bool read_network(const struct value_env *env, const struct setting *s,
			 const struct node *n, void *to)
{
	struct net_prefix p = { 0 };

	if (net_prefix_parse(&p, n->text) < 0) {
		return wrong(env, s, n,
			     "a network, such as 192.0.2.0/24");
	}
	memcpy(to, &p, sizeof(p));
	return true;
}

static bool read_core(const struct value_env *env, const struct setting *s,
		      const struct node *n, void *to)
{
	uint32_t v;

	if (n->quoted || str_to_u32(n->text, UINT8_MAX, &v) < 0) {
		return wrong(env, s, n, "a processor core, 0-255");
	}
	store_int(to, s->size, (int32_t)v);
	return true;
}

/* A key of mode 600 is its owner's alone: the gateway may be another. */
static void unreadable(const struct value_env *env, const struct setting *s,
		       const struct node *n, int err)
{
	struct problem *p = report_error(env->report, n->at,
					 "%s: cannot read %.80s: %s", s->path,
					 n->text,
					 err ? strerror(err) : "not a file");

	if (err == EACCES) {
		problem_fix(p, "chown %u %.80s, or LoadCredential= in the unit",
			    (unsigned)geteuid(), n->text);
	}
}

/* --- secrets --- */

static bool read_secret_file(const struct value_env *env,
			     const struct setting *s, const struct node *n,
			     void *to)
{
	char path[CONF_PATH * 2], text[256];
	struct stat st;
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s%s%s",
		 n->text[0] == '/' ? "" : env->dir,
		 n->text[0] == '/' ? "" : "/", n->text);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077)) {
		problem_fix(report_warning(env->report, n->at,
					   "%s: %.80s can be read by others",
					   s->path, n->text),
			    "chmod 600 %.80s", n->text);
	}
	if (fd >= 0) {
		got = read(fd, text, sizeof(text));
		close(fd);
	}
	if (got < 0) {
		unreadable(env, s, n, errno);
		return false;
	}
	while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == '\r')) {
		got--;
	}
	if (got == 0 || !str_copy_n(to, s->size, text, (size_t)got)) {
		report_error(env->report, n->at,
			     "%s: %.80s holds no secret of 1-%d characters",
			     s->path, n->text, s->size - 1);
		return false;
	}
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool read_secret(const struct value_env *env, const struct setting *s,
			const struct node *n, void *to)
{
	const struct node *file = n->kind == NODE_MAP ? n->child : NULL;

	if (n->kind == NODE_SCALAR) {
		/* Said without the text: it is a secret. */
		if (!str_copy(to, s->size, n->text)) {
			return too_long(env, s, n);
		}
		return true;
	}
	if (!file || file->next || strcmp(file->key, "file") ||
	    file->kind != NODE_SCALAR || !env->dir) {
		report_error(env->report, n->at,
			     "%s: a text or {file: NAME} is needed", s->path)
			->is_secret = true;
		return false;
	}
	return read_secret_file(env, s, file, to);
}

/* --- files that somebody else reads --- */

static bool read_file_name(const struct value_env *env,
			   const struct setting *s, const struct node *n,
			   void *to)
{
	char path[CONF_PATH];
	struct stat st;
	int len, fd;

	if (!n->text[0]) {
		memset(to, 0, s->size);
		return true;
	}
	len = snprintf(path, sizeof(path), "%s%s%s",
		       n->text[0] == '/' || !env->dir ? "" : env->dir,
		       n->text[0] == '/' || !env->dir ? "" : "/", n->text);
	if (len >= s->size || !str_copy(to, s->size, path)) {
		return too_long(env, s, n);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		unreadable(env, s, n, fd < 0 ? errno : 0);
	} else if (s->min == 1 && (st.st_mode & 077)) {
		problem_fix(report_warning(env->report, n->at,
					   "%s: %.80s can be read by others",
					   s->path, n->text),
			    "chmod 600 %.80s", n->text);
	}
	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

/* --- lists --- */

static reader_fn *const readers[] = {
	[VALUE_TEXT] = read_text,	[VALUE_NAME] = read_name,
	[VALUE_DIGITS] = read_digits,	[VALUE_INT] = read_int,
	[VALUE_BOOL] = read_bool,	[VALUE_ENUM] = read_enum,
	[VALUE_CODE] = read_code,	[VALUE_ADDRESS] = read_address,
	[VALUE_PORTS] = read_ports,	[VALUE_SECRET] = read_secret,
	[VALUE_FILE] = read_file_name,
	[VALUE_END] = NULL, /* by the checker, when all names are known */
	[VALUE_HOSTS] = read_host,	[VALUE_PATTERNS] = read_pattern,
	[VALUE_NETWORKS] = read_network, [VALUE_CODES] = read_code,
	[VALUE_CORES] = read_core,	[VALUE_USERS] = read_user,
	[VALUE_MESSAGES] = read_message,
	[VALUE_RULES] = NULL, /* by load.c */
};

/* A list, or a single value standing for a list of one. */
static void read_list(const struct value_env *env, const struct setting *s,
		      const struct node *n, char *base)
{
	const struct node *item = n->kind == NODE_LIST ? n->child : n;
	uint8_t count = 0;

	for (; item; item = n->kind == NODE_LIST ? item->next : NULL) {
		if (item->kind != NODE_SCALAR) {
			report_error(env->report, item->at,
				     "%s: a single value is needed here",
				     s->path);
		} else if (count == s->max) {
			report_error(env->report, item->at,
				     "%s: at most %d values", s->path, s->max);
			break;
		} else if (readers[s->type](env, s, item,
					    base + s->at + count * s->size)) {
			count++;
		}
	}
	if (count < s->min && n->kind == NODE_LIST && !n->child) {
		report_error(env->report, n->at, "%s: must not be empty",
			     s->path);
	}
	memcpy(base + s->count_at, &count, sizeof(count));
}

static bool is_list(const struct setting *s)
{
	return s->type >= VALUE_HOSTS;
}

/* YAML's word for nothing: not a host or a password of that name. */
static bool is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted &&
	       (!strcmp(n->text, "~") || !strcasecmp(n->text, "null"));
}

void value_read(const struct value_env *env, const struct setting *s,
		const struct node *n, void *base)
{
	if (is_null(n)) {
		problem_fix(report_error(env->report, n->at,
					 "%s: null is no value", s->path),
			    "leave the line away");
	} else if (is_list(s) && n->kind != NODE_MAP) {
		read_list(env, s, n, base);
	} else if (n->kind != NODE_SCALAR && s->type != VALUE_SECRET) {
		report_error(env->report, n->at, "%s: a %s is needed here",
			     s->path, is_list(s) ? "list" : "single value");
	} else if (readers[s->type]) {
		readers[s->type](env, s, n, (char *)base + s->at);
	}
}

void value_default(const struct setting *s, void *base)
{
	struct report report;
	struct value_env env = { &report, NULL, NULL };
	char text[256], *save = NULL;
	struct node item[4] = { 0 }, list = { .kind = NODE_LIST };
	unsigned n = 0;

	if (!s->def || s->type == VALUE_RULES) {
		return;
	}
	report_init(&report, "defaults", "", 0);
	str_copy(text, sizeof(text), s->def);
	if (!is_list(s)) {
		item[0].text = text;
		value_read(&env, s, &item[0], base);
		return;
	}
	for (char *t = strtok_r(text, ", ", &save); t && n < 4;
	     t = strtok_r(NULL, ", ", &save), n++) {
		item[n].text = t;
		if (n) {
			item[n - 1].next = &item[n];
		}
	}
	list.child = n ? &item[0] : NULL;
	value_read(&env, s, &list, base);
}
