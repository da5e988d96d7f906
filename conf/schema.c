/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/schema.h"

#include <stddef.h>

static const char *const log_names[] = { "error", "warning", "info", "debug",
					 NULL };
static const uint8_t log_codes[] = { 0, 1, 2, 3 };
static const char *const driver_names[] = { "pseudowire", "dahdi", NULL };
static const char *const time_names[] = { "wall", "lockstep", NULL };
static const char *const clock_names[] = { "master", "slave", NULL };
static const char *const law_names[] = { "alaw", "ulaw", NULL };
static const char *const side_names[] = { "user", "network", NULL };
static const char *const switch_names[] = { "euroisdn", "ni2", NULL };
static const char *const d_names[] = { "primary", "backup", "none", NULL };
static const char *const hunt_names[] = { "up", "down", "round",
					   "auto", NULL };
static const char *const ringback_names[] = { "auto", "on", "off", NULL };
static const char *const busy_names[] = { "reject", "service", "d_channel",
					  NULL };
static const char *const attest_names[] = { "none", "A", "B", "C", NULL };
static const char *const stir_verify_names[] = { "off", "on", "required",
						 NULL };
static const char *const stir_failed_names[] = { "pass", "mark", "reject",
						 NULL };
static const char *const transport_names[] = { "udp", "tcp", "tls", "auto",
					       NULL };
static const char *const learn_names[] = { "off", "port", "address", NULL };
static const char *const accept_names[] = { "sources", "registration", NULL };
static const char *const verify_names[] = { "both", "server", "none", NULL };
static const char *const dtmf_names[] = { "inband", "rfc4733", NULL };
static const uint8_t dtmf_codes[] = { 0, 1 };
static const char *const codec_names[] = { "PCMA", "PCMU", NULL };
static const uint8_t codec_codes[] = { 8, 0 };
static const char *const srtp_names[] = { "off", "preferred", "required",
					  NULL };
static const char *const suite_names[] = {
	"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
	"AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
	"AEAD_AES_128_GCM", "AEAD_AES_256_GCM", NULL
};
static const char *const register_names[] = { "off", "plain", "gin", NULL };
static const char *const refer_names[] = { "off", "attended", "on", NULL };
static const char *const early_names[] = { "honour", "ignore", "send", NULL };
static const char *const prack_names[] = { "off", "on", "required", NULL };
static const char *const identity_names[] = { "p-asserted-identity",
					      "p-preferred-identity",
					      "remote-party-id", NULL };
static const char *const privacy_names[] = { "id", "full", "critical", NULL };
static const char *const divert_names[] = { "diversion", "history-info",
					    "both", "off", NULL };
static const char *const way_names[] = { "in", "out", NULL };
static const char *const action_names[] = { "add", "remove", "replace", NULL };
static const uint8_t suite_codes[] = { 1, 2, 3, 4, 5, 6 };

/* Where a member lies, and its size. */
#define AT(s, m) offsetof(struct s, m), sizeof(((struct s *)0)->m)
/* A list: its place, the size of one, the place of its count. */
#define LIST_AT(s, m, n) \
	offsetof(struct s, m), sizeof(((struct s *)0)->m[0]), \
		offsetof(struct s, n)

#define NONE CONF_COST_NONE
#define SPAN CONF_COST_SPAN
#define LINE CONF_COST_LINE
#define ALL  CONF_COST_ALL

/* path, type, at, size, count_at, min, max, default, unit, names, codes,
 * cost, help */
static const struct setting gateway_settings[] = {
	{ "node", VALUE_NAME, AT(conf_gateway, node), 0, 1, 0, "trunkgate",
	  "", NULL, NULL, NONE, "name of this gateway in CDRs and status" },
	{ "run_dir", VALUE_TEXT, AT(conf_gateway, run_dir), 0, 1, 0,
	  "/run/trunkgate", "", NULL, NULL, ALL,
	  "directory of the control socket" },
	{ "cdr_dir", VALUE_TEXT, AT(conf_gateway, cdr_dir), 0, 1, 0,
	  "/var/log/trunkgate/cdr", "", NULL, NULL, ALL,
	  "directory of the call detail records" },
	{ "state_dir", VALUE_TEXT, AT(conf_gateway, state_dir), 0, 1, 0,
	  "/var/lib/trunkgate", "", NULL, NULL, ALL,
	  "directory of the CDR sequence and the call journal" },
	{ "metrics", VALUE_ADDRESS, AT(conf_gateway, metrics), 0, 1, 0, "",
	  "", NULL, NULL, ALL, "address and port of the Prometheus text" },
	{ "log", VALUE_CODE, AT(conf_gateway, log_level), 0, 0, 0, "info", "",
	  log_names, log_codes, ALL, "how much is logged" },
	{ "drain", VALUE_INT, AT(conf_gateway, drain_s), 0, 0, 65535, "30",
	  "s", NULL, NULL, NONE, "at SIGTERM calls may go on so long" },
	{ "spare_spans", VALUE_INT, AT(conf_gateway, spare_spans), 0, 0,
	  CONF_SPANS - 1, "2", "", NULL, NULL, ALL,
	  "spans that a reload can add before a restart is needed; about 2 "
	  "MiB each" },
};

static const struct setting sip_settings[] = {
	{ "bind", VALUE_ADDRESS, AT(conf_sip, bind), 0, 1, 0, "0.0.0.0:5060",
	  "", NULL, NULL, ALL, "address and port for SIP, UDP and TCP" },
	{ "bind6", VALUE_ADDRESS, AT(conf_sip, bind6), 0, 1, 0, "", "", NULL,
	  NULL, ALL, "the same for IPv6, such as \"[::]:5060\"; empty: none" },
	{ "tls_port", VALUE_INT, AT(conf_sip, tls_port), 0, 1, 65535, "5061",
	  "", NULL, NULL, ALL,
	  "port of TLS at these addresses, when a trunk uses it" },
	{ "dns", VALUE_HOSTS, LIST_AT(conf_sip, dns, n_dns), 0, CONF_DNS, "",
	  "", NULL, NULL, ALL,
	  "name servers, as addresses with or without :port; none: the "
	  "system's" },
	{ "user_agent", VALUE_TEXT, AT(conf_sip, user_agent), 0, 0, 0,
	  "trunkgate", "", NULL, NULL, NONE,
	  "User-Agent and Server header; empty: not sent" },
	{ "t1", VALUE_INT, AT(conf_sip, t1_ms), 0, 50, 4000, "500", "ms",
	  NULL, NULL, NONE, "timer T1 of RFC 3261" },
	{ "ring", VALUE_INT, AT(conf_sip, ring_s), 0, 5, 3600, "180", "s",
	  NULL, NULL, NONE, "no answer for so long: the call is given up" },
	{ "limits.messages_per_second", VALUE_INT, AT(conf_sip, limits.messages_per_s), 0, 0, 1000000,
	  "0", "", NULL, NULL, NONE,
	  "SIP messages in a second from all peers together; 0: no limit; new "
	  "calls leave a quarter to the others" },
	{ "limits.octets_per_second", VALUE_INT, AT(conf_sip, limits.octets_per_s), 0, 0, 1000000000,
	  "0", "", NULL, NULL, NONE,
	  "the same in octets" },
	{ "limits.transactions", VALUE_INT, AT(conf_sip, limits.transactions), 0, 1, 28672,
	  "28672", "", NULL, NULL, NONE,
	  "requests that are kept at a time; more new calls are refused with 503" },
	{ "limits.connections", VALUE_INT, AT(conf_sip, limits.connections), 0, 1, 1024,
	  "1024", "", NULL, NULL, NONE,
	  "TCP and TLS connections at a time" },
	{ "limits.handshakes", VALUE_INT, AT(conf_sip, limits.handshakes), 0, 1, 128,
	  "128", "", NULL, NULL, NONE,
	  "connections at a time that are not ready for use" },
};

static const struct setting media_settings[] = {
	{ "address", VALUE_ADDRESS, AT(conf_media, rtp), 0, 0, 0, "0.0.0.0",
	  "", NULL, NULL, ALL,
	  "local address for RTP; 0.0.0.0: the one SIP uses" },
	{ "ports", VALUE_PORTS, AT(conf_media, port_min), 0, 1024, 65535,
	  "10000-19999", "", NULL, NULL, ALL, "range of UDP ports for RTP" },
	{ "dscp", VALUE_INT, AT(conf_media, dscp), 0, 0, 63, "46", "", NULL,
	  NULL, ALL, "DSCP of RTP packets" },
	{ "jitter_min", VALUE_INT, AT(conf_media, jitter_min_ms), 0, 10, 200,
	  "20", "ms", NULL, NULL, ALL, "least depth of the jitter buffer" },
	{ "jitter_max", VALUE_INT, AT(conf_media, jitter_max_ms), 0, 20, 500,
	  "200", "ms", NULL, NULL, ALL,
	  "greatest depth of the jitter buffer; as jitter_min: fixed" },
	{ "silent_alarm", VALUE_INT, AT(conf_media, silent_alarm_s), 0, 1,
	  3600, "5", "s", NULL, NULL, ALL,
	  "no RTP for so long: one-way audio alarm" },
	{ "silent_release", VALUE_INT, AT(conf_media, silent_release_s), 0, 0,
	  3600, "60", "s", NULL, NULL, ALL,
	  "no RTP for so long: the call is released; 0: never" },
	{ "cpus", VALUE_CORES, LIST_AT(conf_media, cpus, n_cpus), 0,
	  CONF_CPUS, "", "", NULL, NULL, ALL,
	  "processor cores of the media engine, a thread on each; none: one "
	  "thread on any core" },
	{ "max_load", VALUE_INT, AT(conf_media, max_load), 0, 20, 100, "90",
	  "%", NULL, NULL, ALL,
	  "an engine thread that is busy for so much of its time for 5 s takes "
	  "no more calls, but emergencies (cause 42); 100: no limit" },
};

static const struct setting span_settings[] = {
	{ "name", VALUE_NAME, AT(conf_span, name), 0, 1, 0, NULL, "", NULL,
	  NULL, LINE, "name of the span in routes, logs and CDRs" },
	{ "busy_out", VALUE_ENUM, AT(conf_span, busy_out), 0, 0, 0, "reject",
	  "", busy_names, NULL, SPAN,
	  "what the line sees while no trunk of its routes is up, so that a PBX "
	  "calls elsewhere; reject: calls end at once with busy_out_cause; "
	  "service: its idle B channels are taken out of service (NI2); "
	  "d_channel: layer 2 is taken down when its last call has ended" },
	{ "busy_out_cause", VALUE_INT, AT(conf_span, busy_out_cause), 0, 1, 127,
	  "38", "", NULL, NULL, NONE,
	  "cause of calls from the line that find all trunks of their routes "
	  "down: 34, 38, 41 or 42 make most PBXs overflow" },
	{ "shutdown", VALUE_BOOL, AT(conf_span, shutdown), 0, 0, 0, "false",
	  "", NULL, NULL, NONE,
	  "out of service, its device is left free; a reload changes it while "
	  "calls run on the other spans" },
	{ "country", VALUE_NAME, AT(conf_span, country), 0, 2, 0, "de", "",
	  NULL, NULL, LINE, "whose tones are played to this line" },
	{ "law", VALUE_ENUM, AT(conf_span, law), 0, 0, 0, "alaw", "",
	  law_names, NULL, LINE, "companding law of the line" },
	{ "line.driver", VALUE_ENUM, AT(conf_span, line.driver), 0, 0, 0,
	  NULL, "", driver_names, NULL, LINE, "where the line comes from" },
	{ "line.local", VALUE_ADDRESS, AT(conf_span, line.local), 0, 1, 0,
	  "", "", NULL, NULL, LINE,
	  "pseudowire: own address and port; needed" },
	{ "line.peer", VALUE_ADDRESS, AT(conf_span, line.peer), 0, 1, 0, "",
	  "", NULL, NULL, LINE, "pseudowire: far address and port; needed" },
	{ "line.span", VALUE_INT, AT(conf_span, line.dahdi_span), 0, 0, 128,
	  "0", "", NULL, NULL, LINE,
	  "dahdi: number of the span, as dahdi_scan says; needed" },
	{ "line.buffer", VALUE_INT, AT(conf_span, line.buffer_ms), 0, 12, 100,
	  "20", "ms", NULL, NULL, LINE,
	  "dahdi: queued towards the line, at least 12; what the machine may "
	  "be late is 10 ms less" },
	{ "line.clock", VALUE_ENUM, AT(conf_span, line.clock), 0, 0, 0,
	  "slave", "", clock_names, NULL, LINE,
	  "master: we give the clock; slave: we follow the far end; with "
	  "dahdi system.conf says it" },
	{ "line.time", VALUE_ENUM, AT(conf_span, line.time), 0, 0, 0, "wall",
	  "", time_names, NULL, LINE,
	  "lockstep: block by block with the far end (tests)" },
	{ "line.frames", VALUE_INT, AT(conf_span, line.frames), 0, 1, 64, "8",
	  "", NULL, NULL, LINE, "frames in a packet; 8 are 1 ms" },
	{ "line.jitter", VALUE_INT, AT(conf_span, line.jitter_ms), 0, 1, 60,
	  "5", "ms", NULL, NULL, LINE, "depth of the line's jitter buffer" },
	{ "line.rtp", VALUE_BOOL, AT(conf_span, line.rtp), 0, 0, 0, "false",
	  "", NULL, NULL, LINE, "RTP header before the control word" },
	{ "line.d_slot", VALUE_INT, AT(conf_span, line.d_slot), 0, 0, 31,
	  "16", "", NULL, NULL, LINE,
	  "time slot of the D channel; T1: 24; 0: none, as with d_channel" },
	{ "line.first_slot", VALUE_INT, AT(conf_span, line.first_slot), 0, 1,
	  31, "1", "", NULL, NULL, LINE, "first time slot carried" },
	{ "line.last_slot", VALUE_INT, AT(conf_span, line.last_slot), 0, 1,
	  31, "31", "", NULL, NULL, LINE, "last time slot carried; T1: 24" },
	{ "line.idle", VALUE_INT, AT(conf_span, line.idle), 0, 0, 255, "213",
	  "", NULL, NULL, LINE, "octet on idle B channels; 213 is 0xd5; law ulaw: 255" },
	{ "isdn.side", VALUE_ENUM, AT(conf_span, isdn.side), 0, 0, 0, NULL,
	  "", side_names, NULL, SPAN,
	  "user: the far end is the network; network: it is a PBX" },
	{ "isdn.switch", VALUE_ENUM, AT(conf_span, isdn.exchange), 0, 0, 0,
	  "euroisdn", "", switch_names, NULL, SPAN,
	  "kind of exchange; ni2: National ISDN 2, on T1s" },
	{ "isdn.nfas", VALUE_NAME, AT(conf_span, isdn.nfas.group), 0, 0, 0,
	  "", "", NULL, NULL, LINE,
	  "NFAS group: spans with the same name share their D channels" },
	{ "isdn.interface", VALUE_INT, AT(conf_span, isdn.nfas.interface), 0,
	  0, CONF_NFAS_IDS - 1, "0", "", NULL, NULL, LINE,
	  "nfas: the carrier's number of this interface; needed" },
	{ "isdn.d_channel", VALUE_ENUM, AT(conf_span, isdn.nfas.d), 0, 0, 0,
	  "primary", "", d_names, NULL, LINE,
	  "nfas: what slot d_slot carries; none: it is one more B channel; "
	  "needed" },
	{ "isdn.hunt", VALUE_ENUM, AT(conf_span, isdn.hunt), 0, 0, 0,
	  "auto", "", hunt_names, NULL, SPAN,
	  "order of choosing B channels; auto: up on the network side, down on "
	  "the user side" },
	{ "isdn.exclusive", VALUE_BOOL, AT(conf_span, isdn.exclusive), 0, 0,
	  0, "true", "", NULL, NULL, SPAN,
	  "our choice of B channel is not negotiable" },
	{ "isdn.restart", VALUE_BOOL, AT(conf_span, isdn.restart), 0, 0, 0,
	  "true", "", NULL, NULL, SPAN,
	  "RESTART of the B channels when the link comes up" },
	{ "isdn.own_numbers", VALUE_BOOL, AT(conf_span, isdn.own_numbers), 0,
	  0, 0, "false", "", NULL, NULL, NONE,
	  "callers' own, unscreened numbers may be sent (special arrangement, "
	  "CLIP no screening): user side: the number in From; network side: "
	  "both, as two calling numbers" },
	{ "isdn.divert_info", VALUE_BOOL, AT(conf_span, isdn.divert_info), 0,
	  0, 0, "false", "", NULL, NULL, SPAN,
	  "diverted calls bear divertingLegInformation2 (EN 300 207-1), too: "
	  "how often, and the number first called; for lines that have it" },
	{ "isdn.t301", VALUE_INT, AT(conf_span, isdn.t301_s), 0, 30, 3600,
	  "180", "s", NULL, NULL, SPAN, "T301: the called party rings" },
	{ "isdn.t309", VALUE_INT, AT(conf_span, isdn.t309_s), 0, 0, 600, "90",
	  "s", NULL, NULL, SPAN, "T309: calls outlive a lost D channel" },
	{ "isdn.t310", VALUE_INT, AT(conf_span, isdn.t310_s), 0, 5, 300, "60",
	  "s", NULL, NULL, SPAN, "T310: call proceeding, nothing further" },
	{ "isdn.t200", VALUE_INT, AT(conf_span, isdn.t200_ms), 0, 200, 10000,
	  "1000", "ms", NULL, NULL, SPAN, "T200: layer 2 repeats" },
	{ "isdn.t203", VALUE_INT, AT(conf_span, isdn.t203_ms), 0, 1000, 60000,
	  "10000", "ms", NULL, NULL, SPAN, "T203: layer 2 asks when silent" },
	{ "ringback", VALUE_ENUM, AT(conf_span, ringback), 0, 0, 0, "auto",
	  "", ringback_names, NULL, NONE,
	  "ringback to the line; auto: when we are the network side" },
	{ "echo", VALUE_BOOL, AT(conf_span, echo), 0, 0, 0, "true", "", NULL,
	  NULL, LINE, "line echo canceller" },
	{ "nlp", VALUE_BOOL, AT(conf_span, nlp), 0, 0, 0, "true", "", NULL,
	  NULL, LINE, "non-linear processor of the echo canceller" },
	{ "echo_tail", VALUE_INT, AT(conf_span, echo_tail_ms), 0, 32, 128,
	  "64", "ms", NULL, NULL, LINE, "echo tail: 32, 64 or 128" },
	{ "country_code", VALUE_DIGITS, AT(conf_span, country_code), 0, 0, 0,
	  "", "", NULL, NULL, NONE,
	  "national numbers of this line get it, \"49\"" },
	{ "area_code", VALUE_DIGITS, AT(conf_span, area_code), 0, 0, 0, "",
	  "", NULL, NULL, NONE, "local numbers of this line get it, \"711\"" },
	{ "clock_source", VALUE_INT, AT(conf_span, clock_source), 0, 0, 64,
	  "0", "", NULL, NULL, NONE,
	  "rank of the far end as the source of the clock for lines where we "
	  "are master: 1 is taken first; no span has one: the carriers' lines "
	  "in the order of the file; a card follows the order of system.conf, "
	  "which should be the same" },
	{ "alarm_raise", VALUE_INT, AT(conf_span, alarm_raise_ms), 0, 0, 10000,
	  "2500", "ms", NULL, NULL, LINE,
	  "a fault of the line is an alarm after this time; with dahdi 0: the "
	  "driver has waited already; new calls avoid the line at once" },
	{ "alarm_clear", VALUE_INT, AT(conf_span, alarm_clear_ms), 0, 0, 60000,
	  "10000", "ms", NULL, NULL, LINE,
	  "without fault for this time, the alarm ends and calls are taken" },
	{ "alarm_hold", VALUE_INT, AT(conf_span, alarm_hold_ms), 0, 0, 60000,
	  "2500", "ms", NULL, NULL, LINE,
	  "a fault of the line releases calls after this time" },
	{ "rai_hold", VALUE_INT, AT(conf_span, rai_hold_ms), 0, 0, 60000,
	  "10000", "ms", NULL, NULL, LINE,
	  "the same when it is the far end that does not hear us (RAI)" },
};

static const struct setting trunk_settings[] = {
	{ "name", VALUE_NAME, AT(conf_trunk, name), 0, 1, 0, NULL, "", NULL,
	  NULL, NONE, "name of the trunk in routes, logs and CDRs" },
	{ "server", VALUE_HOSTS, LIST_AT(conf_trunk, servers, n_servers), 1,
	  CONF_SERVERS, NULL, "", NULL, NULL, NONE,
	  "host or address, with :port; a list is tried in order" },
	{ "profile", VALUE_NAME, AT(conf_trunk, profile), 0, 0, 0, "", "",
	  NULL, NULL, NONE,
	  "a ready trunk whose settings it has, where it says nothing else: "
	  "asterisk, de-1tr118, freeswitch, kamailio, sipconnect-1.1-static, "
	  "-registration, sipconnect-2.0-..., teams, uk-nd1034, us-shaken" },
	{ "sources", VALUE_NETWORKS, LIST_AT(conf_trunk, sources, n_sources),
	  0, CONF_SOURCES, "", "", NULL, NULL, NONE,
	  "networks that it also calls from" },
	{ "accept", VALUE_ENUM, AT(conf_trunk, match.accept), 0, 0, 0,
	  "sources", "", accept_names, NULL, NONE,
	  "sources: calls come from server and sources alone, everything else "
	  "is dropped unread; registration: also from anywhere, when they bear "
	  "the token of our registered Contact or a certificate of the peer" },
	{ "users", VALUE_PATTERNS, LIST_AT(conf_trunk, match.users,
					   match.n_users), 0, CONF_USERS, "",
	  "", NULL, NULL, NONE,
	  "called users that are this trunk's, where several share a "
	  "provider's address; none: auth.user, number and register.users" },
	{ "transport", VALUE_ENUM, AT(conf_trunk, transport), 0, 0, 0, "udp",
	  "", transport_names, NULL, ALL,
	  "transport of SIP; auto: as NAPTR and SRV records say (RFC 3263)" },
	{ "tcp_above", VALUE_INT, AT(conf_trunk, wire.tcp_above), 0, 0, 65535,
	  "1300", "octets", NULL, NULL, NONE,
	  "longer requests go by TCP instead of UDP (RFC 3261 18.1.1); 0: "
	  "never" },
	{ "external", VALUE_ADDRESS, AT(conf_trunk, wire.external), 0, 2, 0,
	  "", "", NULL, NULL, NONE,
	  "own address, with or without :port, as the peer sees it behind NAT; "
	  "for SIP and for RTP" },
	{ "contact_host", VALUE_TEXT, AT(conf_trunk, wire.contact), 0, 0, 0,
	  "", "", NULL, NULL, NONE,
	  "own host name, with or without :port, in Contact, for peers that "
	  "know us by name; empty: the address" },
	{ "rtp_learn", VALUE_ENUM, AT(conf_trunk, wire.rtp_learn), 0, 0, 0,
	  "off", "", learn_names, NULL, NONE,
	  "off: RTP is taken only from the address and port in the peer's SDP; "
	  "port: when none comes from there, also from another port of that "
	  "host; address: from any host (a peer behind NAT; with srtp, or where "
	  "nobody else can reach our ports). The first that keeps sending is "
	  "learnt, once a call, and is sent to" },
	{ "outbound_proxy", VALUE_TEXT, AT(conf_trunk, wire.proxy), 0, 0, 0, "",
	  "", NULL, NULL, NONE,
	  "host or address, with or without :port, that all requests go by; "
	  "server then only names the domain" },
	{ "options", VALUE_INT, AT(conf_trunk, wire.options_s), 0, 0, 3600,
	  "0", "s", NULL, NULL, NONE,
	  "ask each server by OPTIONS so often whether it is there, 30 s while "
	  "it is not; one that answered and stops is down after 3; 0: never" },
	{ "keepalive", VALUE_INT, AT(conf_trunk, wire.keepalive_s), 0, 0, 3600,
	  "0", "s", NULL, NULL, NONE,
	  "keep-alive so often (RFC 5626): line ends on connections, STUN by "
	  "UDP, where 24-29 keep most NATs open; 0: none" },
	{ "tls.certificate", VALUE_FILE, AT(conf_trunk, tls.certificate), 0, 0,
	  0, "", "", NULL, NULL, NONE,
	  "file with our certificate and the chain up to the CA (PEM); read "
	  "anew at each reload" },
	{ "tls.key", VALUE_FILE, AT(conf_trunk, tls.key), 0, 1, 0, "", "",
	  NULL, NULL, NONE, "file with its private key (PEM)" },
	{ "tls.ca", VALUE_FILE, AT(conf_trunk, tls.ca), 0, 0, 0, "", "", NULL,
	  NULL, NONE,
	  "file with the CAs whose certificates are believed (PEM); empty: "
	  "those of the system" },
	{ "tls.crl", VALUE_FILE, AT(conf_trunk, tls.crl), 0, 0, 0, "", "", NULL,
	  NULL, NONE,
	  "file with the CAs' lists of revoked certificates (PEM), read anew at "
	  "each reload; once a list has ended nobody is believed" },
	{ "tls.name", VALUE_TEXT, AT(conf_trunk, tls.name), 0, 0, 0, "", "",
	  NULL, NULL, NONE,
	  "domain that the peer's certificate must bear (RFC 5922); empty: "
	  "domain, or a name under server" },
	{ "tls.verify", VALUE_ENUM, AT(conf_trunk, tls.verify), 0, 0, 0,
	  "both", "", verify_names, NULL, NONE,
	  "who must show a valid certificate: both: the peer, whoever "
	  "connects; server: the peer where we connect to it; none: nobody" },
	{ "codecs", VALUE_CODES, LIST_AT(conf_trunk, codecs, n_codecs), 1, 4,
	  "PCMA, PCMU", "", codec_names, codec_codes, NONE,
	  "codecs in order of preference" },
	{ "clear_mode", VALUE_BOOL, AT(conf_trunk, wire.clear_mode), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "data calls (unrestricted digital, 64 kbit/s) as CLEARMODE (RFC "
	  "4040), bit for bit; false: refused with cause 65" },
	{ "ptime", VALUE_INT, AT(conf_trunk, ptime_ms), 0, 10, 60, "20", "ms",
	  NULL, NULL, NONE, "length of RTP packets, a multiple of 10" },
	{ "dtmf", VALUE_CODE, AT(conf_trunk, dtmf_events), 0, 0, 0, "rfc4733",
	  "", dtmf_names, dtmf_codes, NONE, "how digits are sent" },
	{ "srtp", VALUE_ENUM, AT(conf_trunk, srtp.mode), 0, 0, 0, "off", "",
	  srtp_names, NULL, NONE,
	  "encrypted media, keyed by SDES (RFC 4568); required: a call without "
	  "is refused" },
	{ "srtp_suites", VALUE_CODES,
	  LIST_AT(conf_trunk, srtp.suites, srtp.n_suites), 1, CONF_SUITES,
	  "AES_CM_128_HMAC_SHA1_80, AEAD_AES_256_GCM, AES_256_CM_HMAC_SHA1_80, "
	  "AES_CM_128_HMAC_SHA1_32", "", suite_names, suite_codes, NONE,
	  "suites of SRTP in order of preference" },
	{ "prack", VALUE_ENUM, AT(conf_trunk, dialog.prack), 0, 0, 0, "on", "",
	  prack_names, NULL, NONE,
	  "reliable provisional responses (RFC 3262), where the peer has them; "
	  "required: calls without are refused" },
	{ "session_expires", VALUE_INT,
	  AT(conf_trunk, dialog.session_expires_s), 0, 0, 86400,
	  "1800", "s", NULL, NULL, NONE,
	  "session timer (RFC 4028) asked for; 0: none" },
	{ "min_se", VALUE_INT, AT(conf_trunk, dialog.min_se_s), 0, 90, 86400,
	  "90", "s", NULL, NULL, NONE,
	  "shortest session timer that is accepted" },
	{ "session_id", VALUE_BOOL, AT(conf_trunk, dialog.session_id), 0, 0,
	  0, "true", "", NULL, NULL, NONE, "Session-ID (RFC 7989)" },
	{ "follow_redirects", VALUE_BOOL, AT(conf_trunk, dialog.follow_3xx),
	  0, 0, 0, "false", "", NULL, NULL, NONE,
	  "a call that is answered 3xx is placed anew, to the numbers named "
	  "there, over the same trunk; else it ends" },
	{ "early_media", VALUE_ENUM, AT(conf_trunk, dialog.early), 0, 0, 0,
	  "honour", "", early_names, NULL, NONE,
	  "P-Early-Media (RFC 5009): honour: the peer says whether its early "
	  "media is heard or ringback of ours, and is told where it "
	  "understands that; send: it is told in any case; ignore: neither" },
	{ "late_offer", VALUE_BOOL, AT(conf_trunk, dialog.late_offer), 0, 0,
	  0, "false", "", NULL, NULL, NONE,
	  "calls are placed without a session description: the peer's answer "
	  "offers (RFC 3261 13.2.1); nothing is heard before it, but by PRACK" },
	{ "refer", VALUE_ENUM, AT(conf_trunk, refer.mode), 0, 0, 0, "off", "",
	  refer_names, NULL, NONE,
	  "the peer may transfer the other party of a call (REFER, RFC 3515): "
	  "attended: to one that it talks to, over this trunk; on: to numbers "
	  "of refer_allow as well, by the routes of that party's span or of "
	  "this trunk" },
	{ "refer_allow", VALUE_PATTERNS,
	  LIST_AT(conf_trunk, refer.allow, refer.n_allow), 0, CONF_PATTERNS, "",
	  "", NULL, NULL, NONE,
	  "with refer on: the only numbers that the peer may transfer to" },
	{ "replaces", VALUE_BOOL, AT(conf_trunk, refer.replaces), 0, 0, 0,
	  "true", "", NULL, NULL, NONE,
	  "an INVITE of the peer may take over another call of this trunk "
	  "(RFC 3891)" },
	{ "trusted", VALUE_BOOL, AT(conf_trunk, who.trusted), 0, 0, 0, "false",
	  "", NULL, NULL, NONE,
	  "P-Asserted-Identity is believed and sent (RFC 3325)" },
	{ "identity", VALUE_ENUM, AT(conf_trunk, who.header), 0, 0, 0,
	  "p-asserted-identity", "", identity_names, NULL, NONE,
	  "header that names the caller besides From; the first is sent to "
	  "a trusted trunk only, a restricted number in any to no other" },
	{ "identity_tel", VALUE_BOOL, AT(conf_trunk, who.tel), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "P-Asserted-Identity a second time, as tel: URI" },
	{ "privacy", VALUE_ENUM, AT(conf_trunk, who.privacy), 0, 0, 0, "id",
	  "", privacy_names, NULL, NONE,
	  "Privacy of a restricted caller: id; full: id;user;header; critical: "
	  "these or no call" },
	{ "diversion", VALUE_ENUM, AT(conf_trunk, who.divert), 0, 0, 0,
	  "diversion", "", divert_names, NULL, NONE,
	  "header of diverted calls: Diversion (RFC 5806), History-Info (RFC "
	  "7044) or both; read are both, this one first; off: neither" },
	{ "identity_updates", VALUE_BOOL, AT(conf_trunk, who.updates), 0, 0, 0,
	  "true", "", NULL, NULL, NONE,
	  "another connected party, after a transfer, is told in UPDATE or "
	  "INVITE (RFC 4916), and believed of a trusted trunk" },
	{ "tel_uri", VALUE_BOOL, AT(conf_trunk, who.tel_uri), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "Request-URI and To of calls are tel: URIs (RFC 3966)" },
	{ "phone_context", VALUE_TEXT, AT(conf_trunk, who.context), 0, 0, 0,
	  "", "", NULL, NULL, NONE,
	  "phone-context of numbers that are not global, both ways; with one "
	  "set, calls to a number of another are refused" },
	{ "trunk_context", VALUE_TEXT, AT(conf_trunk, who.group_context), 0, 0,
	  0, "", "", NULL, NULL, NONE,
	  "trunk-context of our trunk groups (RFC 4904), which are the spans: "
	  "tgrp in a Request-URI chooses one, in Contact tells it; empty: "
	  "no trunk groups" },
	{ "carrier_context", VALUE_DIGITS, AT(conf_trunk, who.carrier_context),
	  0, 0, 0, "", "", NULL, NULL, NONE,
	  "country of carrier codes, such as \"+1\": cic (RFC 4694) is the "
	  "line's transit network, both ways; empty: cic is ignored" },
	{ "routing_number", VALUE_BOOL, AT(conf_trunk, who.routing_number), 0,
	  0, 0, "false", "", NULL, NULL, NONE,
	  "a ported number's rn (RFC 4694) is dialled instead of it" },
	{ "user_to_user", VALUE_BOOL, AT(conf_trunk, who.uui), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "user-to-user information of ISDN both ways (RFC 7433)" },
	{ "stir.sign", VALUE_BOOL, AT(conf_trunk, who.stir.sign), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "calls that we place bear a SHAKEN PASSporT (RFC 8224, RFC 8588)" },
	{ "stir.div", VALUE_BOOL, AT(conf_trunk, who.stir.div), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "a call that one of stir.numbers has diverted is signed as the call "
	  "to that number, and its diversion by a div token (RFC 8946)" },
	{ "stir.certificate", VALUE_FILE, AT(conf_trunk, who.stir.certificate),
	  0, 0, 0, "", "", NULL, NULL, NONE,
	  "file with the certificate that we sign with (PEM, P-256); read anew "
	  "at each reload" },
	{ "stir.key", VALUE_FILE, AT(conf_trunk, who.stir.key), 0, 1, 0, "",
	  "", NULL, NULL, NONE, "file with its private key (PEM)" },
	{ "stir.x5u", VALUE_TEXT, AT(conf_trunk, who.stir.x5u), 0, 0, 0, "",
	  "", NULL, NULL, NONE,
	  "https URL where others find that certificate" },
	{ "stir.numbers", VALUE_PATTERNS, LIST_AT(conf_trunk,
						 who.stir.numbers,
						 who.stir.n_numbers), 0,
	  CONF_PATTERNS, "", "", NULL, NULL, NONE,
	  "calling numbers that the line may use, as +E.164: attested fully, "
	  "A" },
	{ "stir.others", VALUE_ENUM, AT(conf_trunk, who.stir.others), 0, 0, 0,
	  "C", "", attest_names, NULL, NONE,
	  "what all other calling numbers get: B: a customer of ours that we "
	  "know, C: we are but the gateway, none: not signed" },
	{ "stir.origid", VALUE_TEXT, AT(conf_trunk, who.stir.origid), 0, 0, 0,
	  "", "", NULL, NULL, NONE,
	  "UUID that tells where the call came in; empty: a new one for each "
	  "call" },
	{ "stir.verify", VALUE_ENUM, AT(conf_trunk, who.stir.verify), 0, 0, 0,
	  "off", "", stir_verify_names, NULL, NONE,
	  "PASSporTs of calls that come in are verified; required: a call "
	  "without is answered 428" },
	{ "stir.ca", VALUE_FILE, AT(conf_trunk, who.stir.ca), 0, 0, 0, "", "",
	  NULL, NULL, NONE,
	  "file with the CAs that certificates of others must lead to (PEM)" },
	{ "stir.certificates", VALUE_FILE,
	  AT(conf_trunk, who.stir.certificates), 0, 0, 0, "", "", NULL, NULL,
	  NONE,
	  "file with the certificates of others: a line with the URL (x5u), "
	  "then the chain (PEM), and so on; nothing is fetched, read anew at "
	  "each reload" },
	{ "stir.failed", VALUE_ENUM, AT(conf_trunk, who.stir.failed), 0, 0, 0,
	  "pass", "", stir_failed_names, NULL, NONE,
	  "a call whose verification failed, here or by the provider's "
	  "verstat: pass: goes on, mark: goes on with its number marked "
	  "verified and failed, reject: is refused (never emergency calls)" },
	{ "stir.country_code", VALUE_DIGITS,
	  AT(conf_trunk, who.stir.country_code), 0, 0, 0, "", "", NULL, NULL,
	  NONE,
	  "country code of this peer's numbers without +; empty: taken as "
	  "they are" },
	{ "dscp", VALUE_INT, AT(conf_trunk, wire.dscp), 0, 0, 63, "24", "", NULL,
	  NULL, NONE, "DSCP of SIP messages" },
	{ "max_calls", VALUE_INT, AT(conf_trunk, max_calls), 0, 0, 65535, "0",
	  "", NULL, NULL, NONE,
	  "calls at a time; 0: no limit; of the peer's emergency calls as many "
	  "again, 10 at least" },
	{ "max_calls_per_second", VALUE_INT, AT(conf_trunk, max_calls_per_s),
	  0, 0, 10000, "0", "", NULL, NULL, NONE,
	  "new calls in a second, emergency calls apart; 0: no limit" },
	{ "limits.messages_per_second", VALUE_INT, AT(conf_trunk, wire.limits.messages_per_s), 0, 0, 1000000,
	  "5000", "", NULL, NULL, NONE,
	  "SIP messages in a second from one address of this peer; 0: no "
	  "limit; new calls leave a quarter to the others" },
	{ "limits.octets_per_second", VALUE_INT, AT(conf_trunk, wire.limits.octets_per_s), 0, 0, 1000000000,
	  "10000000", "", NULL, NULL, NONE,
	  "the same in octets" },
	{ "limits.transactions", VALUE_INT, AT(conf_trunk, wire.limits.transactions), 0, 1, 24576,
	  "24576", "", NULL, NULL, NONE,
	  "requests of this peer that are kept at a time, 32 s each where there "
	  "is room; more new calls are refused with 503" },
	{ "limits.connections", VALUE_INT, AT(conf_trunk, wire.limits.connections), 0, 1, 1024,
	  "256", "", NULL, NULL, NONE,
	  "TCP and TLS connections from one address of this peer" },
	{ "limits.handshakes", VALUE_INT, AT(conf_trunk, wire.limits.handshakes), 0, 1, 128,
	  "32", "", NULL, NULL, NONE,
	  "of them such whose TLS handshake is not done" },
	{ "bind", VALUE_ADDRESS, AT(conf_trunk, bind), 0, 1, 0, "", "", NULL,
	  NULL, ALL, "own address and port for this trunk" },
	{ "bind6", VALUE_ADDRESS, AT(conf_trunk, wire.bind6), 0, 1, 0, "", "", NULL,
	  NULL, ALL, "a second one for IPv6" },
	{ "domain", VALUE_TEXT, AT(conf_trunk, domain), 0, 0, 0, "", "", NULL,
	  NULL, NONE, "domain in From and To; empty: the addresses" },
	{ "auth.user", VALUE_TEXT, AT(conf_trunk, auth_user), 0, 0, 0, "", "",
	  NULL, NULL, NONE, "user name for digest authentication" },
	{ "auth.realm", VALUE_TEXT, AT(conf_trunk, reg.realm), 0, 0, 0, "",
	  "", NULL, NULL, NONE,
	  "the only realm that they are for; empty: any of the servers'" },
	{ "auth.password", VALUE_SECRET, AT(conf_trunk, auth_password), 0, 0,
	  0, "", "", NULL, NULL, NONE, "its password, or {file: NAME}" },
	{ "register.mode", VALUE_ENUM, AT(conf_trunk, reg.mode), 0, 0, 0,
	  "off", "", register_names, NULL, NONE,
	  "REGISTER at the servers: plain, or gin for all numbers at once (RFC "
	  "6140)" },
	{ "register.users", VALUE_USERS,
	  LIST_AT(conf_trunk, reg.users, reg.n_users), 0, CONF_REGISTER_USERS,
	  "", "", NULL, NULL, NONE,
	  "users registered, a list for one binding each; none: auth.user" },
	{ "register.all", VALUE_BOOL, AT(conf_trunk, reg.all), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "at every server at the same time, not at one after the other" },
	{ "register.outbound", VALUE_BOOL, AT(conf_trunk, reg.outbound), 0, 0,
	  0, "false", "", NULL, NULL, NONE,
	  "ask that calls come by the way that REGISTER went (RFC 5626: reg-id, "
	  "+sip.instance); keepalive, unless set, is then 29 s by UDP, 120 s on "
	  "connections, and a way that fails is made anew" },
	{ "register.expires", VALUE_INT, AT(conf_trunk, reg.expires_s), 0, 60,
	  86400, "3600", "s", NULL, NULL, NONE,
	  "time asked for; the registrar decides" },
	{ "number", VALUE_DIGITS, AT(conf_trunk, who.number), 0, 0, 0, "", "",
	  NULL, NULL, NONE,
	  "the trunk's own number, asserted for unscreened callers" },
	{ "header_rules", VALUE_RULES, 0, 0, 0, 0, CONF_TRUNK_RULES, "", "",
	  NULL, NULL, NONE,
	  "changes to the headers of its messages, in this order" },
};

static const struct setting rule_settings[] = {
	{ "direction", VALUE_ENUM, AT(conf_rule, way), 0, 0, 0, NULL, "",
	  way_names, NULL, NONE,
	  "in: before a message is read; out: after it is written" },
	{ "messages", VALUE_MESSAGES, LIST_AT(conf_rule, messages, n_messages),
	  0, CONF_RULE_MESSAGES, "", "", NULL, NULL, NONE,
	  "of which kinds: INVITE, 200, 18x, \"2xx REGISTER\", requests, "
	  "responses; none: all" },
	{ "action", VALUE_ENUM, AT(conf_rule, action), 0, 0, 0, NULL, "",
	  action_names, NULL, NONE, "what is done" },
	{ "header", VALUE_TEXT, AT(conf_rule, header), 0, 1, 0, NULL, "", NULL,
	  NULL, NONE,
	  "name of the header, the long one; Request-URI and Status (\"183 "
	  "Session Progress\") can be replaced too; SDP: the lines a, b, e, i, "
	  "p, s and u of the body, each by itself (\"b=AS:64\")" },
	{ "pattern", VALUE_TEXT, AT(conf_rule, pattern), 0, 0, 0, "", "", NULL,
	  NULL, NONE,
	  "regular expression (PCRE): what is replaced, or which of several are "
	  "removed; empty: the whole" },
	{ "value", VALUE_TEXT, AT(conf_rule, value), 0, 0, 0, "", "", NULL,
	  NULL, NONE,
	  "what is added, or stands for what matched; \\0 to \\9 are groups of "
	  "pattern, $0 to $9 of when.pattern" },
	{ "when.header", VALUE_TEXT, AT(conf_rule, when.header), 0, 0, 0, "",
	  "", NULL, NULL, NONE, "only when this header is there" },
	{ "when.pattern", VALUE_TEXT, AT(conf_rule, when.pattern), 0, 0, 0, "",
	  "", NULL, NULL, NONE, "and matches" },
	{ "when.absent", VALUE_BOOL, AT(conf_rule, when.absent), 0, 0, 0,
	  "false", "", NULL, NULL, NONE,
	  "the opposite: it is not there, or does not match" },
	{ "when.called", VALUE_TEXT, AT(conf_rule, when.called), 0, 0, 0, "",
	  "", NULL, NULL, NONE,
	  "only when the called number fits, such as \"+49*\"" },
	{ "when.calling", VALUE_TEXT, AT(conf_rule, when.calling), 0, 0, 0, "",
	  "", NULL, NULL, NONE, "only when the calling number fits" },
};

static const struct setting route_settings[] = {
	{ "from", VALUE_END, AT(conf_route, from), 0, 0, 0, NULL, "", NULL,
	  NULL, NONE, "span or trunk that a call comes from" },
	{ "to", VALUE_END, AT(conf_route, to), 0, 0, 0, NULL, "", NULL, NULL,
	  NONE, "span or trunk that it goes to" },
	{ "match", VALUE_PATTERNS, LIST_AT(conf_route, match, n_match), 0,
	  CONF_PATTERNS, "", "", NULL, NULL, NONE,
	  "called numbers of this route; none: all" },
	{ "allow", VALUE_PATTERNS, LIST_AT(conf_route, allow, n_allow), 0,
	  CONF_PATTERNS, "", "", NULL, NULL, NONE,
	  "numbers that may reach the line, as they come, before strip and "
	  "prefix; needed towards a span" },
	{ "strip", VALUE_INT, AT(conf_route, strip), 0, 0, 20, "0", "digits",
	  NULL, NULL, NONE, "leading digits taken away" },
	{ "prefix", VALUE_DIGITS, AT(conf_route, prefix), 0, 0, 0, "", "",
	  NULL, NULL, NONE, "digits put before the number, after strip" },
};

#define ROWS(t) sizeof(t) / sizeof((t)[0]), t

const struct section conf_sections[] = {
	{ "gateway", false, offsetof(struct conf, gateway),
	  sizeof(struct conf_gateway), 0, 1, ROWS(gateway_settings),
	  "the gateway itself" },
	{ "sip", false, offsetof(struct conf, sip), sizeof(struct conf_sip),
	  0, 1, ROWS(sip_settings), "what all trunks share" },
	{ "media", false, offsetof(struct conf, media),
	  sizeof(struct conf_media), 0, 1, ROWS(media_settings),
	  "RTP and the media engine" },
	{ "spans", true, offsetof(struct conf, spans),
	  sizeof(struct conf_span), offsetof(struct conf, n_spans),
	  CONF_SPANS, ROWS(span_settings), "E1 and T1 lines" },
	{ "trunks", true, offsetof(struct conf, trunks),
	  sizeof(struct conf_trunk), offsetof(struct conf, n_trunks),
	  CONF_TRUNKS, ROWS(trunk_settings), "SIP trunks" },
	{ "routes", true, offsetof(struct conf, routes),
	  sizeof(struct conf_route), offsetof(struct conf, n_routes),
	  CONF_ROUTES, ROWS(route_settings),
	  "first match wins, in this order" },
};

const struct section conf_rule_section = {
	"header_rules", true, offsetof(struct conf, rules),
	sizeof(struct conf_rule), offsetof(struct conf, n_rules),
	CONF_RULES, ROWS(rule_settings), "changes to headers"
};

const unsigned conf_n_sections =
	sizeof(conf_sections) / sizeof(conf_sections[0]);
