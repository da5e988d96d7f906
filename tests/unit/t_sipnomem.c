/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The lower half of the sip role when the n-th allocation fails, for each n:
 * it goes on or gives up, and when all is freed nothing is left. libosip2 gets
 * its memory always: what it does without is not ours to mend. Sanitizers own
 * the allocator, so under them this is one run without failures.
 */
#include "sip/digest.h"
#include "sip/stack.h"

#include "gateway/base/log.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <osipparser2/osip_port.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INTERPOSED 0
#else
#define INTERPOSED 1
#endif

/* Those that succeed from here on, -1: all; after one failure all do. */
static long allocations_left = -1;
static long blocks;

#if INTERPOSED
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

static int may_allocate(void)
{
	if (allocations_left < 0 || allocations_left-- > 0) {
		blocks++;
		return 1;
	}
	errno = ENOMEM;
	return 0;
}

void *malloc(size_t n)
{
	return may_allocate() ? __libc_malloc(n) : NULL;
}

void *calloc(size_t n, size_t size)
{
	return may_allocate() ? __libc_calloc(n, size) : NULL;
}

void *realloc(void *p, size_t n)
{
	blocks -= p != NULL;
	if (!may_allocate()) {
		blocks += p != NULL;
		return NULL;
	}
	return __libc_realloc(p, n);
}

void free(void *p)
{
	blocks -= p != NULL;
	__libc_free(p);
}

static void *osip_gets(size_t n)
{
	blocks++;
	return __libc_malloc(n);
}

static void *osip_regets(void *p, size_t n)
{
	blocks += p == NULL;
	return __libc_realloc(p, n);
}

static void osip_frees(void *p)
{
	blocks -= p != NULL;
	__libc_free(p);
}
#endif

static struct conf_for_sip *conf;
static struct sip_stack *stack;
static struct net_addr peer;
static char sent[16384]; /* the last request of ours */
static struct sip_wire wire;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static int on_send(struct sip_wire *w, const struct net_addr *local,
		   const struct net_addr *remote, const char *data, size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	if (strncmp(data, "SIP/", 4) && strncmp(data, "ACK", 3)) {
		memcpy(sent, data, len);
		sent[len] = '\0';
	}
	return 0;
}

static const struct sip_wire_ops wire_ops = {.send = on_send};

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	struct txn_layer *l = sip_stack_txns(stack);
	struct sip_part p;

	(void)u;
	sip_msg_body(m, "application/sdp", &p);
	txn_reply(l, id, 180, NULL);
	txn_reply(l, id, 200, NULL);
	txn_acked(l, id);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const struct sip_stack_user_ops stack_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
};
static struct sip_stack_user stack_user = {&stack_ops};

static void receive(const char *text)
{
	sip_transport_inject(sip_stack_transport(stack), 0, &peer, text,
			     strlen(text));
}

#define REST                                                                  \
	" sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa;rport\r\n"    \
	"From: <sip:2@h>;tag=f\r\nTo: <sip:1@h>\r\nCall-ID: c@h\r\nCSeq: 1 "

static void peer_calls(void)
{
	receive("INVITE" REST "INVITE\r\nContent-Type: application/sdp\r\n"
		"Record-Route: <sip:p;lr>\r\n\r\nv=0\r\n");
	receive("CANCEL" REST "CANCEL\r\n\r\n");
	receive("OPTIONS" REST "OPTIONS\r\n\r\n");
	receive("OPTIONS" REST "INVITE\r\n\r\n");
}

/* The peer's answer to what we sent last. */
static void peer_answers(int status, const char *challenge)
{
	struct sip_msg *q = sip_msg_from_text(sent, strlen(sent)), *r = NULL;
	char *text;
	size_t len;

	if (q) {
		r = sip_response_new(q, status, NULL, "t");
	}
	if (r && challenge) {
		sip_msg_add(r, "WWW-Authenticate", challenge);
	}
	if (r && !sip_msg_print(r, &text, &len)) {
		receive(text);
		free(text);
	}
	sip_msg_free(r);
	sip_msg_free(q);
}

static void credentials(const struct sip_msg *q)
{
	struct sip_digest d = {.nc = 0};
	struct sip_msg *c = sip_msg_clone(q);
	struct sip_msg *r = sip_response_new(q, 401, NULL, "t");

	if (c && r &&
	    !sip_msg_add(r, "WWW-Authenticate",
			 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")) {
		sip_digest_answer(&d, r, c, "", "user", "password");
	}
	sip_msg_free(c);
	sip_msg_free(r);
}

static void we_call(int status)
{
	struct sip_request spec = {.method = "INVITE", .uri = "sip:1@h",
				   .from = "<sip:a@b>;tag=1",
				   .to = "<sip:c@d>", .call_id = "x",
				   .cseq = 1, .contact = "<sip:me@here>"};
	struct sip_path path = {.remote = peer};
	struct txn_layer *l = sip_stack_txns(stack);
	struct sip_msg *m = sip_request_new(&spec);
	txn_id id;

	sent[0] = '\0';
	if (!m) {
		return;
	}
	sip_msg_set_body(m, "application/sdp", "v=0\r\n", 5);
	credentials(m);
	if (txn_request(l, NULL, m, &path, &id)) {
		return;
	}
	txn_cancel(l, id, "Q.850;cause=16");
	peer_answers(180, NULL); /* sends the CANCEL */
	peer_answers(200, NULL);
	spec.method = "ACK";
	m = sip_request_new(&spec);
	if (m) {
		txn_ack(l, id, m, &path);
	}
	peer_answers(status, NULL);
}

static void run(void)
{
	struct loop *loop = loop_new_sim(0);

	if (!loop) {
		return;
	}
	stack = sip_stack_new(loop, conf, &stack_user, 16);
	if (stack) {
		sip_transport_wire(sip_stack_transport(stack), &wire);
		peer_calls();
		we_call(486);
		we_call(200);
		loop_advance(loop, 100000);
	}
	sip_stack_free(stack);
	loop_free(loop);
}

START_TEST(test_each_allocation)
{
	long n, before;

	run(); /* warm: what libraries keep for ever */
	for (n = 0; n < 5000; n++) {
		before = blocks;
		allocations_left = INTERPOSED ? n : -1;
		run();
		if (allocations_left >= 0 || !INTERPOSED) {
			break; /* none failed: every one has been tried */
		}
		ck_assert_msg(blocks == before, "n = %ld: %ld blocks left", n,
			      blocks - before);
	}
	allocations_left = -1;
	ck_assert_int_lt(n, 5000);
	ck_assert_msg(!INTERPOSED || n > 100, "only %ld allocations", n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipnomem");
	TCase *t = tcase_create("sipnomem");
	int failed;

#if INTERPOSED
	osip_set_allocators(osip_gets, osip_regets, osip_frees);
#endif
	log_set_sink(quiet);
	conf = calloc(1, sizeof(*conf));
	net_parse(&conf->sip.bind, "198.51.100.1");
	net_parse(&peer, "192.0.2.1:5060");
	conf->n_trunks = 1;
	conf->trunks[0].n_servers = 1;
	strcpy(conf->trunks[0].servers[0], "192.0.2.1");
	wire.ops = &wire_ops;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_each_allocation);
	suite_add_tcase(s, t);
	failed = suite_run(s, CK_NOFORK);
	free(conf);
	return failed != 0;
}
