/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/cc.h"

#include <errno.h>
#include <string.h>

static const char *const type_names[CC_TYPES] = {
	[CC_SETUP] = "SETUP",	      [CC_MORE] = "MORE",
	[CC_DIGITS] = "DIGITS",	      [CC_PROCEEDING] = "PROCEEDING",
	[CC_PROGRESS] = "PROGRESS",   [CC_ALERTING] = "ALERTING",
	[CC_ANSWER] = "ANSWER",	      [CC_UPDATE] = "UPDATE",
	[CC_HOLD] = "HOLD",	      [CC_RETRIEVE] = "RETRIEVE",
	[CC_TRANSFER] = "TRANSFER",   [CC_DTMF] = "DTMF",
	[CC_INFO] = "INFO",	      [CC_RELEASE] = "RELEASE",
	[CC_RELEASED] = "RELEASED",   [CC_END_STATE] = "END_STATE",
	[CC_RELOAD] = "RELOAD",	      [CC_SNAPSHOT] = "SNAPSHOT",
	[CC_CLEAR] = "CLEAR",	      [CC_KEEP] = "KEEP",
	[CC_KEPT] = "KEPT",	      [CC_SETTLED] = "SETTLED",
	[CC_BARRED] = "BARRED",	      [CC_SERVERS] = "SERVERS",
};

/* Q.850 (2018) table 1, in words. */
static const char *const cause_names[128] = {
	[1] = "Unallocated (unassigned) number",
	[2] = "No route to specified transit network",
	[3] = "No route to destination",
	[4] = "Send special information tone",
	[5] = "Misdialled trunk prefix",
	[6] = "Channel unacceptable",
	[7] = "Call awarded, delivered in established channel",
	[8] = "Preemption",
	[9] = "Preemption, circuit reserved for reuse",
	[14] = "QoR: ported number",
	[16] = "Normal call clearing",
	[17] = "User busy",
	[18] = "No user responding",
	[19] = "No answer from user (user alerted)",
	[20] = "Subscriber absent",
	[21] = "Call rejected",
	[22] = "Number changed",
	[23] = "Redirection to new destination",
	[24] = "Call rejected due to feature at destination",
	[25] = "Exchange routing error",
	[26] = "Non-selected user clearing",
	[27] = "Destination out of order",
	[28] = "Invalid number format (address incomplete)",
	[29] = "Facility rejected",
	[30] = "Response to STATUS ENQUIRY",
	[31] = "Normal, unspecified",
	[34] = "No circuit/channel available",
	[38] = "Network out of order",
	[39] = "Permanent frame mode connection out of service",
	[40] = "Permanent frame mode connection operational",
	[41] = "Temporary failure",
	[42] = "Switching equipment congestion",
	[43] = "Access information discarded",
	[44] = "Requested circuit/channel not available",
	[46] = "Precedence call blocked",
	[47] = "Resource unavailable, unspecified",
	[49] = "Quality of service not available",
	[50] = "Requested facility not subscribed",
	[53] = "Outgoing calls barred within CUG",
	[55] = "Incoming calls barred within CUG",
	[57] = "Bearer capability not authorized",
	[58] = "Bearer capability not presently available",
	[62] = "Inconsistency in outgoing access information and "
	       "subscriber class",
	[63] = "Service or option not available, unspecified",
	[65] = "Bearer capability not implemented",
	[66] = "Channel type not implemented",
	[69] = "Requested facility not implemented",
	[70] = "Only restricted digital information bearer available",
	[79] = "Service or option not implemented, unspecified",
	[81] = "Invalid call reference value",
	[82] = "Identified channel does not exist",
	[83] = "A suspended call exists, but this call identity does not",
	[84] = "Call identity in use",
	[85] = "No call suspended",
	[86] = "Call having the requested call identity has been cleared",
	[87] = "User not member of CUG",
	[88] = "Incompatible destination",
	[90] = "Non-existent CUG",
	[91] = "Invalid transit network selection",
	[95] = "Invalid message, unspecified",
	[96] = "Mandatory information element is missing",
	[97] = "Message type non-existent or not implemented",
	[98] = "Message not compatible with call state or message type "
	       "non-existent or not implemented",
	[99] = "Information element/parameter non-existent or not implemented",
	[100] = "Invalid information element contents",
	[101] = "Message not compatible with call state",
	[102] = "Recovery on timer expiry",
	[103] = "Parameter non-existent or not implemented, passed on",
	[110] = "Message with unrecognized parameter, discarded",
	[111] = "Protocol error, unspecified",
	[127] = "Interworking, unspecified",
};

const char *cc_type_name(unsigned type)
{
	if (type >= CC_TYPES || type_names[type] == NULL) {
		return "?";
	}
	return type_names[type];
}

const char *cause_name(unsigned value)
{
	if (value >= 128 || cause_names[value] == NULL) {
		return "";
	}
	return cause_names[value];
}

int cc_number_set(struct cc_number *n, const char *text)
{
	struct cc_number out = {.valid = 1, .plan = CC_PLAN_E164};
	size_t len = 0;

	if (*text == '+') {
		out.type = CC_TON_INTERNATIONAL;
		text++;
	}
	for (; *text != '\0'; text++) {
		if (strchr(" -./()", *text) != NULL) {
			continue; /* visual separators, RFC 3966 3 and habit */
		}
		if (strchr("0123456789*#", *text) == NULL) {
			return -EINVAL;
		}
		if (len + 1 >= sizeof(out.digits)) {
			return -ERANGE;
		}
		out.digits[len++] = *text;
	}
	if (len == 0) {
		return -EINVAL;
	}
	*n = out;
	return 0;
}

const char *cc_number_str(const struct cc_number *n,
			  char buf[CC_DIGITS_MAX + 2])
{
	size_t len = strnlen(n->digits, sizeof(n->digits) - 1);
	char *p = buf;

	if (n->valid && n->type == CC_TON_INTERNATIONAL && len > 0) {
		*p++ = '+';
	}
	if (!n->valid) {
		len = 0;
	}
	memcpy(p, n->digits, len);
	p[len] = '\0';
	return buf;
}

static bool is_text(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static bool is_digits(const char *s)
{
	return s[strspn(s, "0123456789*#")] == '\0';
}

/* Types 5 and 7 are reserved (Q.931 4.5.10): passed, taken as unknown. */
static bool number_ok(const struct cc_number *n)
{
	return n->valid <= 1 && n->type <= 7 && n->plan <= 15 &&
	       n->presentation <= CC_PRES_UNAVAILABLE &&
	       n->screening <= CC_SCREEN_NETWORK &&
	       is_text(n->digits, sizeof(n->digits)) && is_digits(n->digits);
}

static bool addr_ok(const struct net_addr *a)
{
	return a->family == 0 || a->family == 4 || a->family == 6;
}

static bool crypto_ok(const struct cc_crypto *c)
{
	return c->suite < CC_SRTP_SUITES && c->tx.mki_len <= CC_MKI_MAX &&
	       c->rx.mki_len <= CC_MKI_MAX;
}

static bool media_ok(const struct cc_media *m)
{
	return m->valid <= 1 && addr_ok(&m->rtp) &&
	       (m->codec == CC_PCMU || m->codec == CC_PCMA ||
		(m->codec >= CC_CLEARMODE && m->codec <= 127)) &&
	       m->dtmf_pt <= 127 && m->direction <= CC_INACTIVE &&
	       crypto_ok(&m->crypto);
}

static bool end_ok(const struct cc_end *e)
{
	return e->kind == CC_END_SPAN || e->kind == CC_END_TRUNK;
}

static bool cause_ok(const struct cc_cause *c)
{
	return c->value <= 127 &&
	       (c->location <= 15 || c->location == CC_LOC_NONE);
}

static bool sub_ok(const struct cc_sub *s)
{
	return s->type <= 7 && s->odd <= 1 && s->len <= CC_SUB_MAX;
}

static bool verified_ok(const struct cc_verified *v)
{
	return v->verdict <= CC_VERDICT_UNSIGNED &&
	       (v->attest == 0 || (v->attest >= 'A' && v->attest <= 'C'));
}

static bool extra_ok(const struct cc_extra *e)
{
	return verified_ok(&e->verified) && e->divert.reason <= 15 && e->divert.original_reason <= 15 &&
	       e->divert.count <= CC_DIVERT_MAX &&
	       number_ok(&e->divert.original) && sub_ok(&e->called_sub) &&
	       sub_ok(&e->calling_sub) && e->uui.len <= CC_UUI_MAX &&
	       is_text(e->carrier, sizeof(e->carrier)) &&
	       is_digits(e->carrier) && is_text(e->group, sizeof(e->group));
}

static bool msg_ok(const struct cc_msg *m)
{
	if (m->leg == 0 || !end_ok(&m->end) || !cause_ok(&m->cause) ||
	    m->bearer > CC_BEARER_OTHER || m->progress > 15 ||
	    m->channel > 31 || m->complete > 1 || m->emergency > 1 ||
	    m->transfer >= CC_TRANSFERS) {
		return false;
	}
	if (m->head.type == CC_DTMF &&
	    (m->digit == 0 || strchr("0123456789*#ABCD", m->digit) == NULL)) {
		return false;
	}
	if (m->head.type == CC_TRANSFER && m->transfer == CC_TRANSFER_NONE) {
		return false;
	}
	return media_ok(&m->media) && number_ok(&m->called) &&
	       number_ok(&m->calling) && number_ok(&m->asserted) &&
	       number_ok(&m->connected) && number_ok(&m->redirecting) &&
	       extra_ok(&m->extra) &&
	       is_text(m->name, sizeof(m->name)) &&
	       is_text(m->ref, sizeof(m->ref)) &&
	       is_text(m->detail, sizeof(m->detail));
}

static bool leg_msg_ok(const struct link_head *head)
{
	return msg_ok((const struct cc_msg *)head);
}

static bool end_state_ok(const struct link_head *head)
{
	const struct cc_end_state *e = (const void *)head;

	return end_ok(&e->end) && e->up <= 1 && e->channels <= 31 &&
	       e->free <= e->channels && is_text(e->text, sizeof(e->text));
}

static bool snapshot_ok(const struct link_head *head)
{
	const struct cc_snapshot *s = (const void *)head;

	return s->leg != 0 && cause_ok(&s->cause) && s->len > 0 &&
	       s->len <= CC_SNAPSHOT_MAX;
}

static bool kept_ok(const struct link_head *head)
{
	const struct cc_kept *k = (const void *)head;

	return k->leg != 0 && end_ok(&k->end) && k->channel <= 31 &&
	       k->held <= 1 && media_ok(&k->media);
}

static bool settled_ok(const struct link_head *head)
{
	(void)head;
	return true;
}

static bool barred_ok(const struct link_head *head)
{
	const struct cc_barred *b = (const void *)head;

	return b->end.kind == CC_END_SPAN && end_ok(&b->end);
}

static bool servers_ok(const struct link_head *head)
{
	const struct cc_servers *s = (const void *)head;
	bool ok = s->end.kind == CC_END_TRUNK && s->server < CC_SERVERS_MAX &&
		  s->n > 0 && s->n <= CC_ADDRESSES && s->host[0] != '\0' &&
		  is_text(s->host, sizeof(s->host));

	for (unsigned i = 0; ok && i < s->n; i++) {
		uint8_t family = s->at[i].addr.family;

		ok = (family == 4 || family == 6) && s->at[i].addr.port != 0;
	}
	return ok;
}

/* From type on, up to the next row's. */
static const struct form {
	uint16_t type;
	size_t len;
	bool (*ok)(const struct link_head *); /* NULL: not on these links */
} forms[] = {
	{0, 0, NULL},
	{CC_SETUP, sizeof(struct cc_msg), leg_msg_ok},
	{CC_END_STATE, sizeof(struct cc_end_state), end_state_ok},
	{CC_RELOAD, 0, NULL},
	{CC_SNAPSHOT, sizeof(struct cc_snapshot), snapshot_ok},
	{CC_KEPT, sizeof(struct cc_kept), kept_ok},
	{CC_SETTLED, sizeof(struct link_head), settled_ok},
	{CC_BARRED, sizeof(struct cc_barred), barred_ok},
	{CC_SERVERS, sizeof(struct cc_servers), servers_ok},
	{CC_TYPES, 0, NULL},
};

bool cc_msg_ok(const struct link_head *head)
{
	unsigned i = sizeof(forms) / sizeof(forms[0]) - 1;

	while (forms[i].type > head->type) {
		i--;
	}
	return head->version == LINK_VERSION && forms[i].ok != NULL &&
	       head->len == forms[i].len && forms[i].ok(head);
}
