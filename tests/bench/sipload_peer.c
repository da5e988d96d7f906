/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer: its calls, its messages, the time it takes. */
#include "tests/bench/sipload_priv.h"

#include "gateway/base/link.h"
#include "gateway/bound.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS	(1 << 20)
#define PENDING (1 << 16)
#define T1_MS	500
#define DRAIN_MS 1000

struct call {
	char number[16], tag[20];
	bool keep, over, refused, rang;
};

/* BYEs, oldest first. */
struct pending {
	unsigned call;
	mono_t at;
};

struct sipload_count sipload;

static struct call *calls;
static struct pending pending[PENDING];
static unsigned pending_from, pending_to;
static struct sipload_ends ends;
static pid_t role_pid, core_pid;

/* --- what it says --- */

static void send_text(const char *text, int len)
{
	if (send(ends.peer_fd, text, (size_t)len, 0) < 0 && errno != EAGAIN &&
	    errno != ENOBUFS && errno != ECONNREFUSED) {
		perror("sipload: send");
		exit(1);
	}
}

static void request(const char *method, unsigned call, unsigned cseq,
		    const char *sdp)
{
	const struct call *c = &calls[call];
	char text[1500], at[NET_STR_MAX], from[NET_STR_MAX];
	int n;

	net_str(&ends.us, at);
	net_str(&ends.peer, from);
	n = snprintf(text, sizeof(text),
		     "%s sip:+%s@%s SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%u;rport\r\n"
		     "Max-Forwards: 70\r\nFrom: <sip:+4930555@%s>;tag=f%u\r\n"
		     "To: <sip:+%s@%s>%s%s\r\nCall-ID: c%u@load\r\n"
		     "CSeq: %u %s\r\nContact: <sip:+4930555@%s>\r\n%s"
		     "Content-Length: %zu\r\n\r\n%s",
		     method, c->number, at, from, method, call, from, call,
		     c->number, at, *c->tag ? ";tag=" : "", c->tag, call, cseq,
		     method, from,
		     *sdp ? "Content-Type: application/sdp\r\n" : "",
		     strlen(sdp), sdp);
	send_text(text, n);
}

void sipload_invite(const char *number, bool keep)
{
	static const char offer[] =
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
		"m=audio 30000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
		"a=ptime:20\r\n";
	unsigned call = sipload.begun++ % CALLS;
	struct call *c = &calls[call];

	*c = (struct call){.keep = keep};
	snprintf(c->number, sizeof(c->number), "%s", number);
	request("INVITE", call, 1, offer);
}

static void bye(unsigned call)
{
	request("BYE", call, 2, "");
	pending[pending_to % PENDING].call = call;
	pending[pending_to++ % PENDING].at = clock_mono();
}

/* Like any peer's, our BYE is repeated while there is no answer (T1); the ACK
 * comes again with the 200, which may have been the lost one. */
static void repeat_byes(void)
{
	mono_t now = clock_mono();

	while (pending_from != pending_to &&
	       mono_diff_ms(now, pending[pending_from % PENDING].at) > T1_MS) {
		unsigned call = pending[pending_from++ % PENDING].call;

		if (!calls[call].over) {
			request("ACK", call, 1, "");
			bye(call);
		}
	}
}

/* --- what it hears --- */

static void on_answer(unsigned call, const char *text)
{
	const char *to = strstr(text, "\r\nTo: ");
	const char *tag = to ? strstr(to, ";tag=") : NULL;
	struct call *c = &calls[call];

	if (!tag || c->tag[0]) {
		return; /* the 200 once more */
	}
	snprintf(c->tag, sizeof(c->tag), "%.*s",
		 (int)strcspn(tag + 5, "\r\n;"), tag + 5);
	sipload.answered++;
	sipload.messages_in++;
	request("ACK", call, 1, "");
	if (!c->keep) {
		bye(call);
	}
}

/* Acknowledged as its transaction wants it: with the branch of the INVITE. */
static void on_refusal(unsigned call, const char *text)
{
	char ack[1024], at[NET_STR_MAX], from[NET_STR_MAX];
	const char *to = strstr(text, "\r\nTo: ");
	struct call *c = &calls[call];

	if (!to) {
		return;
	}
	sipload.refused += !c->refused;
	c->refused = true;
	net_str(&ends.us, at);
	net_str(&ends.peer, from);
	send_text(ack,
		  snprintf(ack, sizeof(ack),
			   "ACK sip:+%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP "
			   "%s;branch=z9hG4bKINVITE%u;rport\r\nMax-Forwards: 70"
			   "\r\nFrom: <sip:+4930555@%s>;tag=f%u%.*s\r\n"
			   "Call-ID: c%u@load\r\nCSeq: 1 ACK\r\n"
			   "Content-Length: 0\r\n\r\n",
			   c->number, at, from, call, from, call,
			   (int)strcspn(to + 2, "\r") + 2, to, call));
}

static void on_response(unsigned call, const char *text)
{
	struct call *c = &calls[call];

	if (text[8] == '1') {
		sipload.messages_in++;
		sipload.ringing += !c->rang && !strncmp(text + 8, "180", 3);
		c->rang = c->rang || !strncmp(text + 8, "180", 3);
	} else if (strstr(text, " BYE\r\n")) {
		sipload.ended += !c->over;
		sipload.messages_in += !c->over;
		c->over = true;
	} else if (text[8] == '2') {
		on_answer(call, text);
	} else {
		on_refusal(call, text);
	}
}

static bool receive(void)
{
	static char text[4096];
	ssize_t n = recv(ends.peer_fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	const char *id;

	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	id = strstr(text, "\r\nCall-ID: c");
	if (!strncmp(text, "SIP/2.0 ", 8) && id) {
		on_response((unsigned)strtoul(id + 12, NULL, 10) % CALLS, text);
	}
	return true;
}

bool sipload_take(unsigned n)
{
	unsigned i = 0;

	while (i < n && receive()) {
		i++;
	}
	repeat_byes();
	return i > 0;
}

void sipload_wait(int ms)
{
	struct pollfd p = {ends.peer_fd, POLLIN, 0};

	poll(&p, 1, ms);
}

void sipload_drain(void)
{
	mono_t start = clock_mono();

	while (mono_diff_ms(clock_mono(), start) < DRAIN_MS) {
		if (!sipload_take(64)) {
			sipload_wait(50);
		}
	}
}

unsigned sipload_end_kept(void)
{
	unsigned left = 0;

	for (unsigned i = 0; i < sipload.begun && i < CALLS; i++) {
		if (calls[i].keep && calls[i].tag[0]) {
			bye(i);
			sipload_wait(20);
			sipload_take(64);
		}
	}
	sipload_drain();
	for (unsigned i = 0; i < sipload.begun && i < CALLS; i++) {
		left += calls[i].keep && calls[i].tag[0] && !calls[i].over;
	}
	return left;
}

double sipload_capacity(unsigned window)
{
	unsigned begun = 0, first = sipload.ended;
	unsigned done = sipload.ended + sipload.refused;
	mono_t start = clock_mono();
	double cpu = sipload_cpu_s();

	while (mono_diff_ns(clock_mono(), start) < NS_PER_S) {
		while (begun + done - (sipload.ended + sipload.refused) <
		       window) {
			sipload_invite("49711123", false);
			begun++;
		}
		sipload_wait(5);
		sipload_take(64);
	}
	first = sipload.ended - first;
	cpu = sipload_cpu_s() - cpu;
	sipload_drain();
	return first / cpu;
}

/* --- the processes --- */

static double cpu_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) ||
	    clock_gettime(clock, &ts)) {
		return 0;
	}
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double sipload_cpu_s(void)
{
	return cpu_of(role_pid) + cpu_of(core_pid);
}

static double waited_of(pid_t pid)
{
	unsigned long long ran, waited = 0;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/schedstat", (int)pid);
	f = fopen(name, "r");
	if (f) {
		if (fscanf(f, "%llu %llu", &ran, &waited) != 2) {
			waited = 0;
		}
		fclose(f);
	}
	return (double)waited / 1e9;
}

double sipload_waited_s(void)
{
	double role = waited_of(role_pid), peer = waited_of(getpid());

	return role > peer ? role : peer;
}

unsigned sipload_rss_kib(void)
{
	char name[64], line[256];
	unsigned kib = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)role_pid);
	f = fopen(name, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %u", &kib) == 1) {
			break;
		}
	}
	if (f) {
		fclose(f);
	}
	return kib;
}

static int bound(struct net_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, size = 4 << 20;

	net_parse(a, "127.0.0.1");
	len = net_to_sockaddr(a, &ss);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len)) {
		perror("sipload: socket");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

/* As the supervisor does. */
static void open_pair(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	net_parse(&ends.us, "127.0.0.1");
	if (bound_sip_pair(&ends.us, ends.us_fd) ||
	    getsockname(ends.us_fd[0], (struct sockaddr *)&ss, &len)) {
		perror("sipload: sockets");
		exit(1);
	}
	net_from_sockaddr(&ends.us, (struct sockaddr *)&ss);
}

/* The peer has the first processor that we may use, the role the next. */
static void share_processors(void)
{
	static cpu_set_t may; /* before the first time */
	static bool known;
	cpu_set_t own;
	int n = 0;

	ends.cpu = -1;
	CPU_ZERO(&own);
	if (!known && sched_getaffinity(0, sizeof(may), &may)) {
		return;
	}
	known = true;
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++) {
		if (!CPU_ISSET((unsigned)i, &may)) {
			continue;
		}
		if (n++) {
			ends.cpu = i;
		} else {
			CPU_SET((unsigned)i, &own);
		}
	}
	if (ends.cpu < 0 || sched_setaffinity(0, sizeof(own), &own)) {
		fprintf(stderr, "sipload: one processor for peer and role\n");
	}
}

static void begin_processes(enum sipload_core core)
{
	int link[2] = {-1, -1};

	if (core == SIPLOAD_REAL && link_socketpair(link)) {
		perror("sipload: link");
		exit(1);
	}
	role_pid = fork();
	if (role_pid == 0) {
		sipload_serve(core, &ends, link[0]);
	}
	if (core == SIPLOAD_REAL && role_pid > 0) {
		core_pid = fork();
		if (core_pid == 0) {
			sipload_serve_core(&ends, link[1]);
		}
		close(link[0]);
		close(link[1]);
	}
	if (role_pid < 0 || core_pid < 0) {
		perror("sipload: fork");
		exit(1);
	}
}

int sipload_open(enum sipload_core core)
{
	struct sockaddr_storage ss;
	socklen_t len;

	sipload = (struct sipload_count){0};
	pending_from = pending_to = 0;
	role_pid = core_pid = 0;
	calls = calloc(CALLS, sizeof(*calls));
	open_pair();
	ends.peer_fd = bound(&ends.peer);
	share_processors();
	begin_processes(core);
	close(ends.us_fd[0]);
	close(ends.us_fd[1]);
	len = net_to_sockaddr(&ends.us, &ss);
	if (!calls || connect(ends.peer_fd, (struct sockaddr *)&ss, len)) {
		perror("sipload: connect");
		return -1;
	}
	usleep(300000);
	return 0;
}

static void end_process(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

void sipload_close(void)
{
	end_process(role_pid);
	end_process(core_pid);
	close(ends.peer_fd);
	free(calls);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sipload_median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}
