/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/register_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/outbound.h"
#include "sip/uri.h"

#define BASE_MS	   30000
#define MAX_MS	   1800000
#define UNRESOLVED_MS 1000
#define SPREAD_MS  50	 /* between two beginnings, on average */
#define SHORT_S	   120	 /* granted less: refreshed at half */
#define LEAST_S	   10	 /* a binding of less is of no use */
#define CONTACTS   64	 /* of a 200 that are looked at */

static const struct txn_user_ops user_ops;

static struct trunk_table *trunks_of(const struct binding *b)
{
	return sip_stack_trunks(b->all->stack);
}

const struct conf_trunk *binding_conf(const struct binding *b)
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
		log_err("trunk %s: no memory for a timer", binding_conf(b)->name);
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

static bool by_flow(const struct binding *b)
{
	return binding_conf(b)->reg.outbound && !b->no_outbound;
}

/* RFC 5626 4.2: the reg-id is one of the server's, whichever user it is for. */
static int add_contact(struct binding *b, struct sip_msg *m, uint32_t expires)
{
	char text[SIP_URI_MAX + SIP_INSTANCE + 64], instance[SIP_INSTANCE];
	int n = snprintf(text, sizeof(text), "<%s>;expires=%u", b->contact,
			 expires);

	if (by_flow(b)) {
		sip_outbound_instance(b->all->node, binding_conf(b), instance);
		snprintf(text + n, sizeof(text) - (size_t)n,
			 ";reg-id=%u;+sip.instance=\"<%s>\"", b->server + 1u,
			 instance);
	}
	return sip_msg_add(m, "Contact", text);
}

static int add_headers(struct binding *b, struct sip_msg *m, uint32_t expires)
{
	char text[SIP_URI_MAX + 32];
	int err;

	trunk_route(trunks_of(b), b->trunk, text, sizeof(text));
	if (text[0] && (err = sip_msg_add(m, "Route", text)) != 0)
		return err;
	err = add_contact(b, m, expires);
	snprintf(text, sizeof(text), "%u", expires);
	if (err || (err = sip_msg_add(m, "Expires", text)) != 0 ||
	    (err = sip_msg_add(m, "Supported",
				      by_flow(b) ? "path, outbound"
						 : "path")) != 0 ||
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

/* What is refused for good is wrong in the file: there. */
static void tell_failed(const struct binding *b, const char *why, int64_t ms,
			bool for_good)
{
	const struct conf_trunk *c = binding_conf(b);
	char place[CONF_PATH + 16] = "";

	if (for_good)
		snprintf(place, sizeof(place), "%s:%u: ",
			 trunk_file(trunks_of(b)), c->reg.auth_line);
	log_warn("trunk %s: %suser %s not registered: %s; again in %lld s",
		 c->name, place, b->name[0] ? b->name : "(all)", why,
		 (long long)ms / 1000);
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
	const struct conf_trunk *c = binding_conf(b);
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
	b->reused = b->digest.tries;
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
	b->tried = b->longer = 0;
	b->expires_s = binding_conf(b)->reg.expires_s;
	begin(b);
}

/* --- what came of it --- */

bool binding_in_force(const struct binding *b)
{
	return b->until.ns && mono_diff_ms(b->until, loop_now(b->all->loop)) > 0;
}

static void failed(struct binding *b, const char *why, int64_t least_ms,
		   bool for_good)
{
	const struct conf_trunk *c = binding_conf(b);
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
	b->state = least_ms && !for_good ? PUT_OFF : WAITING;
	b->all->stats.failed++;
	tell_failed(b, why, ms, for_good);
	wait_ms(b, ms);
}

/* How surely a Contact is ours. Who sees us behind NAT writes its host anew, a
 * session border controller perhaps all of it. */
enum likeness { UNLIKE, SAME_USER, OURS };

static enum likeness likeness(const struct sip_uri *ours,
			      const struct sip_uri *u)
{
	if (strcmp(u->user, ours->user) != 0)
		return UNLIKE;
	return strcasecmp(u->host, ours->host) == 0 &&
			       (u->port ? u->port : SIP_PORT) ==
				       (ours->port ? ours->port : SIP_PORT)
		       ? OURS
		       : SAME_USER;
}

/* Of the Contact that is likest ours: of several the one that lasts longest,
 * which has just been made. -1: nothing is said. */
static int64_t granted_contact(const struct binding *b, const struct sip_msg *m)
{
	char text[SIP_URI_MAX + SIP_PARAMS], value[16];
	enum likeness best = UNLIKE, like;
	struct sip_name_addr a;
	struct sip_uri ours, u;
	int64_t best_s = -1, s;

	if (sip_uri_parse(&ours, b->contact) < 0)
		return 0;
	for (unsigned i = 0; i < CONTACTS; i++) {
		if (sip_msg_header(m, "contact", i, text, sizeof(text)) < 0)
			break;
		if (!sip_name_addr_parse(&a, text) ||
		    sip_uri_parse(&u, a.uri) < 0)
			continue;
		s = sip_param(a.params, "expires", value, sizeof(value))
			    ? (int64_t)(uint32_t)strtoul(value, NULL, 10)
			    : -1;
		like = likeness(&ours, &u);
		if (like > best || (like == best && s > best_s)) {
			best = like;
			best_s = s;
		}
	}
	return best_s;
}

/* What the registrar grants: of our Contact, else of the whole. */
static uint32_t granted(const struct binding *b, const struct sip_msg *m)
{
	int64_t s = granted_contact(b, m);
	char text[16];

	if (s >= 0)
		return (uint32_t)s;
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
				 binding_conf(b)->name);
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

/* RFC 5626 4.4: who says that calls come by this way has to answer what keeps
 * it open. */
static void keep_flow(struct binding *b, const struct sip_msg *m)
{
	const struct conf_trunk *c = binding_conf(b);
	unsigned s = sip_outbound_flow_s(m);

	if (!s)
		s = c->wire.keepalive_s ? c->wire.keepalive_s
					: TRUNK_KEEP_CONN_S;
	if (by_flow(b) && sip_outbound_granted(m) && m->path.flow)
		sip_transport_flow_keep(sip_stack_transport(b->all->stack),
					m->path.flow, 1000 * s, true);
}

static const char *how(const struct binding *b, const struct sip_msg *m)
{
	if (!by_flow(b))
		return "";
	return sip_outbound_granted(m) ? ", calls come by this way"
				       : "; its registrar has no RFC 5626";
}

static void registered(struct binding *b, const struct sip_msg *m)
{
	uint32_t s = granted(b, m);
	int64_t ms = (int64_t)s * 1000;

	if (s < LEAST_S) {
		failed(b, "the binding is not kept", 0, false);
		return;
	}
	if (b->state != UP && b->failures + !binding_in_force(b))
		log_info("trunk %s: user %s registered for %u s%s",
			 binding_conf(b)->name, b->name[0] ? b->name : "(all)", s,
			 how(b, m));
	b->since = b->until = loop_now(b->all->loop);
	b->until.ns += ms * INT64_C(1000000);
	b->state = UP;
	b->failures = 0;
	b->tried = 0;
	b->all->stats.ok++;
	take_routes(b, m);
	sip_digest_next(&b->digest, m);
	keep_flow(b, m);
	wait_ms(b, s < SHORT_S ? ms / 2
			       : ms * 8 / 10 + random_below((unsigned)(ms / 10)));
}

#define LONGER_MOST 5 /* a registrar may want one second more each time */

/* Too short for the registrar. */
static bool longer(struct binding *b, const struct sip_msg *m)
{
	char text[32];
	unsigned long s;

	if (sip_msg_header(m, "min-expires", 0, text, sizeof(text)) <= 0)
		return false;
	s = strtoul(text, NULL, 10);
	if (s <= b->expires_s || s > 7 * 86400 || b->longer == LONGER_MOST)
		return false;
	b->longer++;
	b->expires_s = (uint32_t)s;
	return true;
}

/* RFC 5626 11.6: First Hop Lacks Outbound Support. */
static bool without_outbound(struct binding *b)
{
	if (!by_flow(b))
		return false;
	log_warn("trunk %s: the way to its registrar has no RFC 5626",
		 binding_conf(b)->name);
	b->no_outbound = true;
	return true;
}

/* Registers its one address instead of all numbers. */
static bool without_gin(struct binding *b)
{
	const struct conf_trunk *c = binding_conf(b);

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
	int err;

	/* stale is optional: a nonce that has ended says nothing of the
	 * password, the first answer to a new one does. */
	if (b->reused)
		b->digest.tries = 0;
	b->reused = false;
	err = m ? sip_auth_answer(trunks_of(b), b->trunk, &b->digest, response,
				  m)
		: -ENOMEM;

	if (!err) {
		if (post(b, m) < 0)
			failed(b, "cannot be sent", 0, false);
		return;
	}
	sip_msg_free(m);
	memset(&b->digest, 0, sizeof(b->digest));
	failed(b, !*binding_conf(b)->auth_user
			  ? "asked for a password, but it has no auth"
		  : err == -EACCES ? "user or password refused"
				   : "its challenge cannot be answered",
	       0, !*binding_conf(b)->auth_user || err == -EACCES ||
			  err == -EPERM);
}

static void refused(struct binding *b, const struct sip_msg *m, int status)
{
	int after_s = sip_msg_retry_after(m);
	char why[64];

	b->all->stats.refused++;
	if (status == 401 || status == 407) {
		challenged(b, m);
		return;
	}
	if ((status == 423 && longer(b, m)) ||
	    (status == 420 && without_gin(b)) ||
	    (status == 439 && without_outbound(b))) {
		send_again(b);
		return;
	}
	snprintf(why, sizeof(why), "%d %s", status, sip_reason_phrase(status));
	failed(b, why, after_s > 0 ? after_s * INT64_C(1000) : 0,
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
	if (!binding_in_force(b))
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

/* Beginnings are spread over the bindings there are. */
static int begin_soon(struct binding *b)
{
	return timer_start(b->all->loop, &b->timer, on_timer,
			   1 + random_below(SPREAD_MS * b->all->n));
}

/* The file still has the server that it has asked last. */
static bool is_at_server(const struct binding *b)
{
	struct sip_path path;
	unsigned i;

	for (i = 0; !trunk_pick(trunks_of(b), b->trunk, i, &path); i++) {
		if (net_addr_eq(&path.remote, &b->path.remote))
			return true;
	}
	return false;
}

static int want(struct registers *r, unsigned trunk, const char *name, bool gin,
		unsigned server)
{
	struct binding *b = find(r, trunk, name, gin, server);

	if (b) { /* why it failed may have been put right, or the server moved */
		b->wanted = true;
		return b->state == WAITING || !is_at_server(b) ? begin_soon(b)
							       : 0;
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
	return begin_soon(b);
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
	str_copy(r->node, sizeof(r->node), conf->node);
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

/* --- the way --- */

static bool goes_by(const struct binding *b, const struct sip_path *path)
{
	return b->state == UP && b->trunk == path->trunk &&
	       b->path.proto == path->proto &&
	       net_addr_eq(&b->path.remote, &path->remote);
}

/* RFC 5626 4.5 */
static void way_failed(struct binding *b)
{
	int64_t lasted = mono_diff_ms(loop_now(b->all->loop), b->since);
	char text[NET_STR_MAX];

	log_info("trunk %s: user %s is registered anew: its way to %s is gone",
		 binding_conf(b)->name, b->name[0] ? b->name : "(all)",
		 net_str(&b->path.remote, text));
	b->state = WAITING;
	wait_ms(b, lasted < BASE_MS
			   ? BASE_MS / 2 + random_below(BASE_MS / 2)
			   : 1 + random_below(SPREAD_MS * b->all->n));
}

/* Calls may need it. Some registrars close each connection in good order, and
 * come by one of their own. */
static bool is_missed(const struct binding *b, int err)
{
	return by_flow(b) || binding_conf(b)->wire.keepalive_s ||
	       (err && err != -ETIME);
}

void sip_registers_flow_down(struct registers *r, const struct sip_path *path,
			     int err)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		struct binding *b = r->binding[i];

		if (goes_by(b, path) && is_missed(b, err))
			way_failed(b);
	}
}

const struct register_stats *sip_registers_stats(const struct registers *r)
{
	return &r->stats;
}
