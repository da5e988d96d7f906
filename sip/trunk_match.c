/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several trunks a request is for, by what it says. */
#include "sip/trunk_priv.h"

#include "gateway/base/str.h"

#include <nettle/hmac.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* --- the token --- */

/* From the password, so that a restart does not change what is registered;
 * without one it lives as long as the process. */
void trunk_make_token(struct trunk *k)
{
	struct hmac_sha256_ctx c;
	uint8_t key[64] = {0}, digest[SHA256_DIGEST_SIZE];
	size_t len = strlen(k->conf.auth_password);

	if (!len && k->token[0]) {
		return;
	}
	len = len < sizeof(key) ? len : sizeof(key);
	memcpy(key, k->conf.auth_password, len);
	if (!len && getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
		return;
	}
	hmac_sha256_set_key(&c, sizeof(key), key);
	hmac_sha256_update(&c, strlen(k->conf.name),
			   (const uint8_t *)k->conf.name);
	hmac_sha256_update(&c, strlen(k->conf.auth_user),
			   (const uint8_t *)k->conf.auth_user);
	hmac_sha256_digest(&c, sizeof(digest), digest);
	for (unsigned i = 0; i < (TRUNK_TOKEN - 1) / 2; i++) {
		snprintf(k->token + 2 * i, 3, "%02x", digest[i]);
	}
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&c, sizeof(c));
}

const char *trunk_token(const struct trunk_table *t, unsigned idx)
{
	return idx < t->n ? t->trunk[idx].token : "";
}

/* In constant time: it is a secret towards the whole world. */
static bool is_token(const struct trunk *k, const char *text)
{
	uint8_t differ = 0;

	if (!k->token[0] || !text || strlen(text) != TRUNK_TOKEN - 1) {
		return false;
	}
	for (unsigned i = 0; i < TRUNK_TOKEN - 1; i++) {
		differ |= (uint8_t)(k->token[i] ^ text[i]);
	}
	return !differ;
}

static const char *line_of(osip_uri_t *uri)
{
	osip_uri_param_t *p = NULL;
	char name[] = "line";

	if (!uri || osip_uri_uparam_get_byname(uri, name, &p) < 0 || !p) {
		return NULL;
	}
	return p->gvalue;
}

static uint64_t by_token(const struct trunk_table *t, uint64_t among,
			 const struct sip_msg *m)
{
	osip_uri_t *uri = m->osip->req_uri;
	const char *line = line_of(uri);
	uint64_t found = 0;

	for (unsigned i = 0; uri && i < t->n; i++) {
		if ((among >> i & 1) && (is_token(&t->trunk[i], line) ||
					 is_token(&t->trunk[i], uri->username))) {
			found |= UINT64_C(1) << i;
		}
	}
	return found;
}

/* --- the called user --- */

/* "+49711123" and "49711123" are one number. */
static bool is_user(const char *want, const char *user)
{
	return *want && !strcmp(want + (*want == '+'), user + (*user == '+'));
}

/* Where the file says nothing of users: who the trunk is at its provider. */
static bool is_own_user(const struct conf_trunk *c, const char *user)
{
	for (unsigned i = 0; i < c->reg.n_users; i++) {
		if (is_user(c->reg.users[i], user)) {
			return true;
		}
	}
	return is_user(c->auth_user, user) || is_user(c->who.number, user);
}

static bool is_users(const struct conf_trunk *c, const char *user)
{
	for (unsigned i = 0; i < c->match.n_users; i++) {
		if (is_user(c->match.users[i], user) ||
		    str_pattern_match(c->match.users[i], user)) {
			return true;
		}
	}
	return !c->match.n_users && is_own_user(c, user);
}

/* The user part, or what stands in its place in tel:, without parameters. */
static bool user_of(const osip_uri_t *uri, char out[CONF_HOST])
{
	const char *user = !uri ? NULL
			   : uri->username ? uri->username
					   : uri->string;

	return user && str_copy_n(out, CONF_HOST, user, strcspn(user, ";:@"));
}

static uint64_t by_user(const struct trunk_table *t, uint64_t among,
			const osip_uri_t *uri)
{
	char user[CONF_HOST];
	uint64_t found = 0;

	if (!user_of(uri, user)) {
		return 0;
	}
	for (unsigned i = 0; i < t->n; i++) {
		if ((among >> i & 1) && is_users(&t->trunk[i].conf, user)) {
			found |= UINT64_C(1) << i;
		}
	}
	return found;
}

/* --- all of it --- */

static bool is_one(uint64_t mask)
{
	return mask && !(mask & (mask - 1));
}

int trunk_match(const struct trunk_table *t, uint64_t among, bool outside,
		const struct sip_msg *m)
{
	uint64_t found = among;

	if (outside || !is_one(among)) {
		found = by_token(t, among, m);
	}
	if (!found && !outside) {
		found = by_user(t, among, m->osip->req_uri);
	}
	if (!found && !outside && m->osip->to) {
		found = by_user(t, among, m->osip->to->url);
	}
	return is_one(found) ? __builtin_ctzll(found) : -1;
}

uint64_t trunk_open_to_all(const struct trunk_table *t, unsigned bind)
{
	uint64_t found = 0;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->trunk[i].conf.match.accept == CONF_ACCEPT_REGISTRATION &&
		    trunk_has_bind(t, i, bind)) {
			found |= UINT64_C(1) << i;
		}
	}
	return found;
}
