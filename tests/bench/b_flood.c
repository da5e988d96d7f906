/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * A flood of INVITEs from a known trunk: the sip role with a core that answers
 * at once, in a process of its own, against our generator in another, over UDP
 * on loopback.
 *
 *   capacity   calls (INVITE 200 ACK BYE 200) a second with WINDOW under way
 *   goodput    the same while INVITEs come at ten times that rate, and how
 *              many of the calls that were there before can be ended
 *
 * Medians of ROUNDS.
 */
#include "conf/conf.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/cc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	   5
#define WINDOW	   32
#define SECOND_NS  (NS_PER_S)
#define STANDING   50
#define CALLS	   (1 << 20)
#define FACTOR	   10

/* --- the role, with a core that answers --- */

static struct link core;

static void core_on_msg(struct link *l, const struct link_head *head, int fd)
{
	const struct cc_msg *m = (const void *)head;
	struct cc_msg answer = {.end = {CC_END_TRUNK, 0}};

	(void)l;
	(void)fd;
	if (head->type != CC_SETUP || m->cause.value) {
		return;
	}
	answer.leg = m->leg;
	answer.media = (struct cc_media){.valid = 1, .codec = CC_PCMA};
	net_parse(&answer.media.rtp, "127.0.0.1:40000");
	link_send(&core, &answer.head, CC_ANSWER, sizeof(answer));
}

static void core_on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_ops = {core_on_msg, core_on_down};

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

_Noreturn static void serve(int fd, const struct net_addr *us,
			    const struct net_addr *peer)
{
	static struct conf_for_sip conf;
	struct conf_trunk *t = &conf.trunks[0];
	struct loop *loop = loop_new_uv();
	const struct link_ops *ops;
	struct link *slot;
	struct role *role;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_set_sink(quiet);
	conf.sip.bind = *us;
	conf.sip.t1_ms = 500;
	conf.sip.ring_s = 60;
	conf.n_trunks = 1;
	strcpy(t->name, "flood");
	net_str(peer, t->servers[0]);
	t->n_servers = 1;
	t->n_codecs = 1;
	t->codecs[0] = CC_PCMA;
	t->ptime_ms = 20;
	role = loop ? sip_role_ops.open(loop, &conf, sizeof(conf)) : NULL;
	if (!role) {
		_exit(1);
	}
	slot = sip_role_ops.slot(role, ROLE_CORE, 0, &ops);
	link_open_mem(slot, ops, &core, &core_ops, loop);
	sip_role_ops.link_up(role, ROLE_CORE, 0);
	sip_role_ops.socket(role, ROLE_SOCK_SIP, 0, fd);
	sip_role_ops.start(role);
	loop_run(loop);
	_exit(0);
}

/* --- the generator --- */

static int sock;
static struct net_addr us, peer;
static unsigned next_call;
static char tags[CALLS][20];
static bool hold_on; /* answered calls are not ended */
static unsigned held[STANDING], n_held;
static unsigned answered, ended, refused;

static void send_text(const char *text, int len)
{
	if (send(sock, text, (size_t)len, 0) < 0 && errno != EAGAIN &&
	    errno != ENOBUFS && errno != ECONNREFUSED) {
		perror("b_flood: send");
		exit(1);
	}
}

static void request(const char *method, unsigned call, unsigned cseq,
		    const char *tag, const char *sdp)
{
	char text[1500], at[NET_STR_MAX], from[NET_STR_MAX];
	int n;

	n = snprintf(text, sizeof(text),
		     "%s sip:+49711123@%s SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%u;rport\r\n"
		     "Max-Forwards: 70\r\nFrom: <sip:+4930555@%s>;tag=f%u\r\n"
		     "To: <sip:+49711123@%s>%s%s\r\nCall-ID: c%u@flood\r\n"
		     "CSeq: %u %s\r\nContact: <sip:+4930555@%s>\r\n%s"
		     "Content-Length: %zu\r\n\r\n%s",
		     method, net_str(&us, at), net_str(&peer, from), method,
		     call, from, call, at, *tag ? ";tag=" : "", tag, call, cseq,
		     method, from, *sdp ? "Content-Type: application/sdp\r\n" : "",
		     strlen(sdp), sdp);
	send_text(text, n);
}

static const char offer[] =
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
	"t=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n";

static void invite(void)
{
	request("INVITE", next_call++ % CALLS, 1, "", offer);
}

/* Like any peer's, our BYE is repeated while there is no answer (T1). */
#define PENDING 65536
#define T1_MS	500

static struct {
	unsigned call;
	mono_t at;
} pending[PENDING];
static unsigned pending_from, pending_to;
static bool over[CALLS];

static void bye(unsigned call)
{
	request("BYE", call, 2, tags[call], "");
	pending[pending_to % PENDING].call = call;
	pending[pending_to++ % PENDING].at = clock_mono();
}

static void repeat_byes(void)
{
	mono_t now = clock_mono();

	while (pending_from != pending_to &&
	       mono_diff_ms(now, pending[pending_from % PENDING].at) > T1_MS) {
		unsigned call = pending[pending_from++ % PENDING].call;

		if (!over[call]) {
			request("ACK", call, 1, tags[call], "");
			bye(call);
		}
	}
}

static void on_answer(unsigned call, const char *text)
{
	const char *to = strstr(text, "\r\nTo: ");
	const char *tag = to ? strstr(to, ";tag=") : NULL;

	if (!tag || tags[call][0]) {
		return; /* the 200 once more */
	}
	snprintf(tags[call], sizeof(tags[call]), "%.*s",
		 (int)strcspn(tag + 5, "\r\n;"), tag + 5);
	answered++;
	request("ACK", call, 1, tags[call], "");
	if (hold_on && n_held < STANDING) {
		held[n_held++] = call;
	} else {
		bye(call);
	}
}

/* Acknowledged as its transaction wants it: with the branch of the INVITE. */
static void on_refusal(unsigned call, const char *text)
{
	char ack[1024], at[NET_STR_MAX], from[NET_STR_MAX];
	const char *to = strstr(text, "\r\nTo: ");

	if (!to) {
		return;
	}
	refused++;
	send_text(ack,
		  snprintf(ack, sizeof(ack),
			   "ACK sip:+49711123@%s SIP/2.0\r\nVia: SIP/2.0/UDP "
			   "%s;branch=z9hG4bKINVITE%u;rport\r\nMax-Forwards: 70"
			   "\r\nFrom: <sip:+4930555@%s>;tag=f%u%.*s\r\n"
			   "Call-ID: c%u@flood\r\nCSeq: 1 ACK\r\n"
			   "Content-Length: 0\r\n\r\n",
			   net_str(&us, at), net_str(&peer, from), call, from,
			   call, (int)strcspn(to + 2, "\r") + 2, to, call));
}

/* One datagram of the role; false: none. */
static bool receive(void)
{
	static char text[4096];
	ssize_t n = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);
	const char *id;
	unsigned call;

	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	id = strstr(text, "\r\nCall-ID: c");
	if (strncmp(text, "SIP/2.0 ", 8) != 0 || text[8] == '1' || !id) {
		return true;
	}
	call = (unsigned)strtoul(id + 12, NULL, 10) % CALLS;
	if (strstr(text, " BYE\r\n")) {
		ended += !over[call];
		over[call] = true;
	} else if (text[8] != '2') {
		on_refusal(call, text);
	} else {
		on_answer(call, text);
	}
	return true;
}

static void wait_readable(int ms)
{
	struct pollfd p = {sock, POLLIN, 0};

	poll(&p, 1, ms);
}

/* Until all that can be has been ended. */
static void drain(void)
{
	for (int i = 0; i < 40; i++) {
		while (receive()) {
		}
		repeat_byes();
		wait_readable(50);
	}
}

/* Calls ended in a second, with a fixed number under way. */
static double capacity(void)
{
	mono_t start = clock_mono();
	unsigned begun = 0, first = ended, done = ended + refused;
	int64_t took;

	while (mono_diff_ns(clock_mono(), start) < SECOND_NS) {
		while (begun + done - (ended + refused) < WINDOW) {
			invite();
			begun++;
		}
		wait_readable(5);
		while (receive()) {
		}
		repeat_byes();
	}
	took = mono_diff_ns(clock_mono(), start);
	first = ended - first;
	drain();
	return first * 1e9 / (double)took;
}

/* The same while INVITEs come at that rate. */
static double flood(double rate)
{
	mono_t start = clock_mono();
	unsigned first = ended, sent = 0;
	int64_t now;

	while ((now = mono_diff_ns(clock_mono(), start)) < 2 * SECOND_NS) {
		unsigned due = (unsigned)(rate * (double)now / 1e9);

		for (unsigned i = 0; i < 16 && sent < due; i++, sent++) {
			invite();
		}
		for (unsigned i = 0; i < 16 && receive(); i++) {
		}
		repeat_byes();
	}
	first = ended - first;
	drain();
	return first * 1e9 / (double)now;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double v[ROUNDS])
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	return v[ROUNDS / 2];
}

/* Calls that stand while the flood goes on. */
static void stand(void)
{
	hold_on = true;
	while (n_held < STANDING) {
		invite();
		wait_readable(20);
		while (receive()) {
		}
	}
	hold_on = false;
	drain();
}

static unsigned end_standing(void)
{
	unsigned first;

	drain();
	first = ended;
	for (unsigned i = 0; i < n_held; i++) {
		bye(held[i]);
		wait_readable(20);
		while (receive()) {
		}
	}
	drain();
	return ended - first < n_held ? ended - first : n_held;
}

static int bound(struct net_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, size = 1 << 20;

	net_parse(a, "127.0.0.1");
	len = net_to_sockaddr(a, &ss);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len)) {
		perror("b_flood: socket");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

int main(void)
{
	double can[ROUNDS], does[ROUNDS], percent[ROUNDS];
	struct sockaddr_storage ss;
	unsigned survived;
	socklen_t len;
	pid_t pid;
	int fd;

	fd = bound(&us);
	sock = bound(&peer);
	pid = fork();
	if (pid == 0) {
		serve(fd, &us, &peer);
	}
	close(fd);
	len = net_to_sockaddr(&us, &ss);
	if (pid < 0 || connect(sock, (struct sockaddr *)&ss, len)) {
		perror("b_flood");
		return 1;
	}
	usleep(300000);
	stand();
	capacity(); /* to warm up */
	for (int i = 0; i < ROUNDS; i++) {
		can[i] = capacity();
		does[i] = flood(FACTOR * can[i]);
		percent[i] = 100 * does[i] / can[i];
	}
	survived = end_standing();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("sip_calls_per_s\t%.0f\tcalls/s\n", median(can));
	printf("sip_goodput_percent_at_10x\t%.0f\t%%\n", median(percent));
	printf("sip_calls_kept_in_flood\t%u\tof %u\n", survived, STANDING);
	return survived == STANDING ? 0 : 1;
}
