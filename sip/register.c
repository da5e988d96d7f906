/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/register.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/auth.h"
#include "sip/check.h"
#include "sip/uri.h"

#define BASE_MS	   30000
#define MAX_MS	   1800000
#define UNRESOLVED_MS 1000
#define SPREAD_MS  50	 /* between two beginnings, on average */
#define SHORT_S	   120	 /* granted less: refreshed at half */
#define LEAST_S	   10	 /* a binding of less is of no use */
#define CONTACTS   64	 /* of a 200 that are looked at */

enum state { WAITING, TRYING, UP, TAKEN_BACK };

/* One binding at one server. */
struct binding {
	struct txn_user user;
	struct registers *all;
	struct timer timer;
	txn_id txn;
	struct sip_path path;
	struct sip_digest digest;
	enum state state;
	bool wanted, gin;
	uint8_t trunk;
	uint8_t server;	  /* fixed, with register.all; or tried last */
	uint8_t tried;	  /* servers of this round */
	unsigned failures;
	uint32_t cseq, expires_s;
	mono_t until;	  /* in force */
	char name[48];	  /* of the user; "" = the trunk itself (GIN) */
	char call_id[SIP_TAG_LEN + NET_STR_MAX], tag[SIP_TAG_LEN];
	char contact[SIP_URI_MAX];
	char routes[SIP_ROUTE_TEXT]; /* Service-Route; ", " between */
};

struct registers {
	struct loop *loop;
	struct sip_stack *stack;
	struct register_stats stats;
	char user_agent[CONF_NAME];
	unsigned n;
	struct binding *binding[SIP_REGISTERS];
};

static const struct txn_user_ops user_ops;

static struct trunk_table *trunks_of(const struct binding *b)
{
	return sip_stack_trunks(b->all->stack);
}

static const struct conf_trunk *conf_of(const struct binding *b)
{
	return trunk_conf(trunks_of(b), b->trunk);
}

static unsigned random_below(unsigned n)
{
	unsigned x = 0;

	(void)!getrandom(&x, sizeof(x), 0);
	return n ? x % n : 0;
}

static void on_timer(struct timer *t);

static void wait_ms(struct binding *b, int64_t ms)
{
	if (timer_start(b->all->loop, &b->timer, on_timer, ms) < 0)
		log_err("trunk %s: no memory for a timer", conf_of(b)->name);
}

/* --- the request --- */

/* RFC 6140 5.2: a bnc Contact has no user part and no "@". The token says
 * which trunk a call is for, and that it comes by this registration. */
static void make_contact(struct binding *b)
{
	const char *token = trunk_token(trunks_of(b), b->trunk);
	struct net_addr local;
	char host[NET_STR_MAX];

	sip_stack_local(b->all->stack, &b->path, &local);
	net_str(&local, host);
	snprintf(b->contact, sizeof(b->contact), "sip:%s%s%s%s%s%s%s",
		 b->gin ? "" : b->name, b->gin ? "" : "@", host,
		 b->path.proto == SIP_TCP   ? ";transport=tcp"
		 : b->path.proto == SIP_TLS ? ";transport=tls"
					    : "",
		 b->gin ? ";bnc" : "", token[0] ? ";line=" : "", token);
}

static int add_headers(struct binding *b, struct sip_msg *m, uint32_t expires)
{
	char text[SIP_URI_MAX + 32];
	int err;

	trunk_route(trunks_of(b), b->trunk, text, sizeof(text));
	if (text[0] && (err = sip_msg_add(m, "Route", text)) != 0)
		return err;
	snprintf(text, sizeof(text), "<%s>;expires=%u", b->contact, expires);
	err = sip_msg_add(m, "Contact", text);
	snprintf(text, sizeof(text), "%u", expires);
	if (err || (err = sip_msg_add(m, "Expires", text)) != 0 ||
	    (err = sip_msg_add(m, "Supported", "path")) != 0 ||
	    (err = sip_msg_add(m, "Allow", SIP_ALLOW)) != 0)
		return err;
	if (b->gin && ((err = sip_msg_add(m, "Require", "gin")) != 0 ||
		       (err = sip_msg_add(m, "Proxy-Require", "gin")) != 0))
		return err;
	return b->all->user_agent[0] ? sip_msg_add(m, "User-Agent",
						   b->all->user_agent)
				     : 0;
}

/* NULL + errno. */
static struct sip_msg *build(struct binding *b, uint32_t expires)
{
	char domain[CONF_HOST], uri[CONF_HOST + 8], to[CONF_HOST + 64],
		from[CONF_HOST + 96];
	struct sip_request r = {.method = "REGISTER", .uri = uri, .to = to};
	struct sip_msg *m;
	int err;

	trunk_domain(trunks_of(b), b->trunk, &b->path.remote, domain);
	snprintf(uri, sizeof(uri), "sip:%s", domain);
	snprintf(to, sizeof(to), "<sip:%s%s%s>", b->name,
		 b->name[0] ? "@" : "", domain);
	snprintf(from, sizeof(from), "%s;tag=%s", to, b->tag);
	r.from = from;
	r.call_id = b->call_id;
	r.cseq = ++b->cseq;
	make_contact(b);
	m = sip_request_new(&r);
	err = m ? add_headers(b, m, expires) : 0;
	if (err) {
		sip_msg_free(m);
		errno = -err;
		return NULL;
	}
	return m;
}

/* Takes m; NULL: out of memory. */
static int post(struct binding *b, struct sip_msg *m)
{
	if (!m)
		return -ENOMEM;
	b->all->stats.sent++;
	return txn_request(sip_stack_txns(b->all->stack), &b->user, m,
			   &b->path, &b->txn);
}

/* Another server, or a wait of at least so long; for_good: a long one. */
static void failed(struct binding *b, const char *why, int64_t least_ms,
		   bool for_good);

/* In the same round, once challenged or corrected: at the same server. */
static void send_again(struct binding *b)
{
	struct sip_msg *m = build(b, b->expires_s);

	/* Under the nonce that it knows already, where there is one. */
	if (m)
		(void)sip_auth_repeat(trunks_of(b), b->trunk, &b->digest,
				      &b->path, m);
	b->state = TRYING;
	if (post(b, m) < 0)
		failed(b, "cannot be sent", 0, false);
}

/* The server whose turn it is. */
static int pick_server(struct binding *b)
{
	const struct conf_trunk *c = conf_of(b);
	unsigned at = c->reg.all ? b->server : b->tried;
	struct sip_path path;
	int err = trunk_pick(trunks_of(b), b->trunk, at, &path);

	if (err)
		return err;
	if (!net_addr_eq(&path.remote, &b->path.remote)) {
		memset(&b->digest, 0, sizeof(b->digest));
		b->routes[0] = '\0';
	}
	b->path = path;
	return 0;
}

static void begin(struct binding *b)
{
	b->digest.tries = b->digest.nonce[0] != '\0';
	if (pick_server(b) == 0) {
		send_again(b);
	} else { /* not resolved yet; the trunk tells when that fails */
		b->state = WAITING;
		wait_ms(b, UNRESOLVED_MS);
	}
}

static void on_timer(struct timer *t)
{
	struct binding *b = container_of(t, struct binding, timer);

	if (b->state == TRYING || b->state == TAKEN_BACK)
		return;
	b->tried = 0;
	b->expires_s = conf_of(b)->reg.expires_s;
	begin(b);
}

/* --- what came of it --- */

static bool in_force(const struct binding *b)
{
	return b->until.ns && mono_diff_ms(b->until, loop_now(b->all->loop)) > 0;
}

static void failed(struct binding *b, const char *why, int64_t least_ms,
		   bool for_good)
{
	const struct conf_trunk *c = conf_of(b);
	int64_t upper = BASE_MS << (b->failures < 6 ? b->failures : 6), ms;
	struct sip_path path;

	b->txn = 0;
	b->tried++;
	if (!for_good && !c->reg.all && b->path.remote.family &&
	    trunk_pick(trunks_of(b), b->trunk, b->tried, &path) == 0) {
		begin(b); /* the next server, at once */
		return;
	}
	upper = upper > MAX_MS || for_good ? MAX_MS : upper;
	ms = upper / 2 + random_below((unsigned)(upper / 2));
	ms = ms < least_ms ? least_ms : ms;
	b->failures++;
	b->state = WAITING;
	b->all->stats.failed++;
	log_warn("trunk %s: user %s not registered: %s; again in %lld s",
		 c->name, b->name[0] ? b->name : "(all)", why,
		 (long long)ms / 1000);
	wait_ms(b, ms);
}

/* What the registrar grants: of our Contact, else of the whole. */
static uint32_t granted(const struct binding *b, const struct sip_msg *m)
{
	char text[SIP_URI_MAX + SIP_PARAMS], value[16];
	struct sip_name_addr a;
	struct sip_uri ours, u;
	unsigned i;

	if (sip_uri_parse(&ours, b->contact) < 0)
		return 0;
	for (i = 0; i < CONTACTS && sip_msg_header(m, "contact", i, text,
						   sizeof(text)) >= 0;
	     i++) {
		if (!sip_name_addr_parse(&a, text) ||
		    sip_uri_parse(&u, a.uri) < 0 ||
		    strcasecmp(u.host, ours.host) != 0 ||
		    strcmp(u.user, ours.user) != 0 ||
		    (u.port ? u.port : SIP_PORT) !=
			    (ours.port ? ours.port : SIP_PORT))
			continue;
		if (sip_param(a.params, "expires", value, sizeof(value)))
			return (uint32_t)strtoul(value, NULL, 10);
		break;
	}
	return sip_msg_header(m, "expires", 0, text, sizeof(text)) > 0
		       ? (uint32_t)strtoul(text, NULL, 10)
		       : b->expires_s;
}

static void take_routes(struct binding *b, const struct sip_msg *m)
{
	char *out = b->routes;
	const char *text;
	size_t used = 0, n;
	unsigned i;

	for (i = 0; (text = sip_msg_plain(m, "Service-Route", i)); i++) {
		n = strlen(text);
		if (used + n + 3 > SIP_ROUTE_TEXT) {
			used = 0; /* half a route set leads astray */
			log_warn("trunk %s: Service-Route too long",
				 conf_of(b)->name);
			break;
		}
		if (used) {
			memcpy(out + used, ", ", 2);
			used += 2;
		}
		memcpy(out + used, text, n);
		used += n;
	}
	out[used] = '\0';
}

static void registered(struct binding *b, const struct sip_msg *m)
{
	uint32_t s = granted(b, m);
	int64_t ms = (int64_t)s * 1000;

	if (s < LEAST_S) {
		failed(b, "the binding is not kept", 0, false);
		return;
	}
	if (b->state != UP && b->failures + !in_force(b))
		log_info("trunk %s: user %s registered for %u s",
			 conf_of(b)->name, b->name[0] ? b->name : "(all)", s);
	b->until = loop_now(b->all->loop);
	b->until.ns += ms * INT64_C(1000000);
	b->state = UP;
	b->failures = 0;
	b->tried = 0;
	b->all->stats.ok++;
	take_routes(b, m);
	wait_ms(b, s < SHORT_S ? ms / 2
			       : ms * 8 / 10 + random_below((unsigned)(ms / 10)));
}

static int64_t retry_after_ms(const struct sip_msg *m)
{
	char text[64];

	if (sip_msg_header(m, "retry-after", 0, text, sizeof(text)) <= 0)
		return 0;
	return (int64_t)(strtoul(text, NULL, 10) % 86400) * 1000;
}

/* Too short for the registrar. */
static bool longer(struct binding *b, const struct sip_msg *m)
{
	char text[32];
	unsigned long s;

	if (sip_msg_header(m, "min-expires", 0, text, sizeof(text)) <= 0)
		return false;
	s = strtoul(text, NULL, 10);
	if (s <= b->expires_s || s > 7 * 86400)
		return false;
	b->expires_s = (uint32_t)s;
	return true;
}

/* Registers its one address instead of all numbers. */
static bool without_gin(struct binding *b)
{
	const struct conf_trunk *c = conf_of(b);

	if (!b->gin || !c->auth_user[0])
		return false;
	log_warn("trunk %s: its registrar has no RFC 6140: user %s alone is "
		 "registered",
		 c->name, c->auth_user);
	b->gin = false;
	str_copy(b->name, sizeof(b->name), c->auth_user);
	return true;
}

static void challenged(struct binding *b, const struct sip_msg *response)
{
	struct sip_msg *m = build(b, b->expires_s);
	int err = m ? sip_auth_answer(trunks_of(b), b->trunk, &b->digest,
				      response, m)
		    : -ENOMEM;

	if (!err) {
		if (post(b, m) < 0)
			failed(b, "cannot be sent", 0, false);
		return;
	}
	sip_msg_free(m);
	memset(&b->digest, 0, sizeof(b->digest));
	failed(b, err == -EACCES ? "user or password refused"
				 : "its challenge cannot be answered",
	       0, err == -EACCES || err == -EPERM);
}

static void refused(struct binding *b, const struct sip_msg *m, int status)
{
	char why[64];

	b->all->stats.refused++;
	if (status == 401 || status == 407) {
		challenged(b, m);
		return;
	}
	if ((status == 423 && longer(b, m)) ||
	    (status == 420 && without_gin(b))) {
		send_again(b);
		return;
	}
	snprintf(why, sizeof(why), "%d %s", status, sip_reason_phrase(status));
	failed(b, why, retry_after_ms(m),
	       status == 403 || status == 404 || status == 410 ||
		       status == 604);
}

static struct binding *of_user(struct txn_user *u)
{
	return container_of(u, struct binding, user);
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	struct binding *b = of_user(u);
	int status = sip_msg_status(m);

	if (status < 200 || id != b->txn)
		return;
	txn_detach(sip_stack_txns(b->all->stack), id);
	b->txn = 0;
	if (b->state == TAKEN_BACK) {
		/* once with credentials, then it may lapse by itself */
		if ((status == 401 || status == 407) && !b->failures++) {
			b->expires_s = 0;
			challenged(b, m);
			b->state = TAKEN_BACK;
		}
		return;
	}
	if (status < 300)
		registered(b, m);
	else
		refused(b, m, status);
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	struct binding *b = of_user(u);

	(void)id;
	b->txn = 0;
	if (b->state == TAKEN_BACK)
		return;
	trunk_server_down(trunks_of(b), b->trunk, &b->path.remote,
			  TRUNK_DOWN_MS);
	failed(b, why == TXN_FAIL_TRANSPORT ? "not reachable" : "no answer", 0,
	       false);
}

static void on_end(struct txn_user *u, txn_id id)
{
	struct binding *b = of_user(u);

	if (b->txn == id)
		b->txn = 0;
}

static const struct txn_user_ops user_ops = {
	.on_response = on_response,
	.on_fail = on_fail,
	.on_end = on_end,
};

/* --- which there are --- */

static void take_back(struct binding *b)
{
	struct sip_msg *m;

	timer_stop(b->all->loop, &b->timer);
	txn_detach(sip_stack_txns(b->all->stack), b->txn);
	b->txn = 0;
	b->state = TAKEN_BACK;
	b->failures = 0;
	if (!in_force(b))
		return;
	b->until.ns = 0;
	m = build(b, 0);
	if (m)
		(void)sip_auth_repeat(trunks_of(b), b->trunk, &b->digest,
				      &b->path, m);
	(void)post(b, m);
}

static void binding_free(struct binding *b)
{
	timer_stop(b->all->loop, &b->timer);
	txn_detach(sip_stack_txns(b->all->stack), b->txn);
	free(b);
}

static struct binding *find(struct registers *r, unsigned trunk,
			    const char *name, bool gin, unsigned server)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		struct binding *b = r->binding[i];

		if (b->trunk == trunk && b->gin == gin && b->server == server &&
		    b->state != TAKEN_BACK && strcmp(b->name, name) == 0)
			return b;
	}
	return NULL;
}

static int want(struct registers *r, unsigned trunk, const char *name, bool gin,
		unsigned server)
{
	struct binding *b = find(r, trunk, name, gin, server);

	if (b) {
		b->wanted = true;
		return 0;
	}
	if (r->n == SIP_REGISTERS) {
		log_warn("trunk %s: more than %u registrations",
			 trunk_conf(sip_stack_trunks(r->stack), trunk)->name,
			 SIP_REGISTERS);
		return 0;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->user.ops = &user_ops;
	b->all = r;
	b->trunk = (uint8_t)trunk;
	b->server = (uint8_t)server;
	b->gin = gin;
	b->wanted = true;
	str_copy(b->name, sizeof(b->name), name);
	sip_token(b->tag);
	sip_token(b->call_id);
	r->binding[r->n++] = b;
	return timer_start(r->loop, &b->timer, on_timer,
			   1 + random_below(SPREAD_MS * r->n));
}

static int want_users(struct registers *r, unsigned trunk, unsigned server)
{
	const struct conf_trunk *c =
		trunk_conf(sip_stack_trunks(r->stack), trunk);
	const struct conf_register *reg = &c->reg;
	unsigned i;
	int err = 0;

	if (reg->mode == CONF_REGISTER_GIN)
		return want(r, trunk, reg->n_users ? reg->users[0] : "", true,
			    server);
	if (!reg->n_users)
		return want(r, trunk, c->auth_user, false, server);
	for (i = 0; i < reg->n_users && !err; i++)
		err = want(r, trunk, reg->users[i], false, server);
	return err;
}

int sip_registers_reload(struct registers *r, const struct conf_for_sip *conf)
{
	unsigned i, k, left = 0;
	int err = 0;

	str_copy(r->user_agent, sizeof(r->user_agent), conf->sip.user_agent);
	for (i = 0; i < r->n; i++)
		r->binding[i]->wanted = false;
	for (i = 0; i < conf->n_trunks && !err; i++) {
		const struct conf_trunk *c = &conf->trunks[i];

		if (c->reg.mode == CONF_REGISTER_OFF)
			continue;
		for (k = 0; k < (c->reg.all ? c->n_servers : 1u) && !err; k++)
			err = want_users(r, i, k);
	}
	for (i = 0; i < r->n; i++) {
		struct binding *b = r->binding[i];

		if (!b->wanted && b->state == TAKEN_BACK && !b->txn) {
			binding_free(b);
			continue;
		}
		if (!b->wanted && b->state != TAKEN_BACK)
			take_back(b);
		r->binding[left++] = b;
	}
	r->n = left;
	return err;
}

struct registers *sip_registers_new(struct loop *loop, struct sip_stack *stack,
				    const struct conf_for_sip *conf)
{
	struct registers *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->loop = loop;
	r->stack = stack;
	if (sip_registers_reload(r, conf) == 0)
		return r;
	sip_registers_free(r);
	errno = ENOMEM;
	return NULL;
}

void sip_registers_free(struct registers *r)
{
	unsigned i;

	if (!r)
		return;
	for (i = 0; i < r->n; i++)
		binding_free(r->binding[i]);
	free(r);
}

void sip_registers_drain(struct registers *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		if (r->binding[i]->state != TAKEN_BACK)
			take_back(r->binding[i]);
	}
}

/* --- questions --- */

unsigned sip_registers_count(const struct registers *r, unsigned trunk,
			     unsigned *up)
{
	unsigned i, n = 0;

	*up = 0;
	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];

		if (b->trunk != trunk || !b->wanted)
			continue;
		n++;
		*up += in_force(b);
	}
	return n;
}

bool sip_registers_up(const struct registers *r, unsigned trunk)
{
	unsigned up;

	return sip_registers_count(r, trunk, &up) == 0 || up > 0;
}

/* That of the server that the call goes to; where only one has the
 * registration, its way serves for all. */
void sip_registers_route(const struct registers *r, unsigned trunk,
			 const struct net_addr *to, struct sip_msg *m)
{
	const struct binding *found = NULL;
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];
		bool same = net_addr_eq(&b->path.remote, to);

		if (b->trunk != trunk || !b->routes[0] || !in_force(b))
			continue;
		if (same || (!found && !conf_of(b)->reg.all))
			found = b;
		if (same)
			break;
	}
	if (found)
		(void)sip_msg_add(m, "Route", found->routes);
}

bool sip_registers_has_user(const struct registers *r, unsigned trunk,
			    const char *user)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];

		if (b->trunk == trunk && b->wanted && !b->gin &&
		    strcmp(b->name, user) == 0)
			return true;
	}
	return false;
}

const struct register_stats *sip_registers_stats(const struct registers *r)
{
	return &r->stats;
}
