/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and responses made by us. */
#include "sip/msg_priv.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{181, "Call Is Being Forwarded"},
	{182, "Queued"},
	{183, "Session Progress"},
	{199, "Early Dialog Terminated"},
	{200, "OK"},
	{202, "Accepted"},
	{300, "Multiple Choices"},
	{301, "Moved Permanently"},
	{302, "Moved Temporarily"},
	{305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{410, "Gone"},
	{412, "Conditional Request Failed"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{421, "Extension Required"},
	{422, "Session Interval Too Small"},
	{423, "Interval Too Brief"},
	{428, "Use Identity Header"},
	{436, "Bad Identity Info"},
	{437, "Unsupported Credential"},
	{438, "Invalid Identity Header"},
	{480, "Temporarily Unavailable"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{483, "Too Many Hops"},
	{484, "Address Incomplete"},
	{485, "Ambiguous"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{491, "Request Pending"},
	{493, "Undecipherable"},
	{500, "Server Internal Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Server Time-out"},
	{505, "Version Not Supported"},
	{513, "Message Too Large"},
	{580, "Precondition Failure"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
	{604, "Does Not Exist Anywhere"},
	{606, "Not Acceptable"},
};

const char *sip_reason_phrase(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
		if (phrases[i].status == status) {
			return phrases[i].phrase;
		}
	}
	return "Unknown";
}

static bool is_clean(const char *text)
{
	return !text[strcspn(text, "\r\n")];
}

static int set_uri(struct sip_msg *m, const char *text)
{
	osip_uri_t *uri;

	if (osip_uri_init(&uri)) {
		return -ENOMEM;
	}
	if (osip_uri_parse(uri, text)) {
		osip_uri_free(uri);
		return -EBADMSG;
	}
	osip_message_set_uri(m->osip, uri);
	return 0;
}

int sip_msg_set_cseq(struct sip_msg *m, uint32_t cseq)
{
	char text[16];
	char *copy;

	if (!m->osip->cseq) {
		return -EINVAL;
	}
	snprintf(text, sizeof(text), "%u", cseq);
	copy = osip_strdup(text);
	if (!copy) {
		return -ENOMEM;
	}
	osip_free(m->osip->cseq->number);
	m->osip->cseq->number = copy;
	return 0;
}

static int fill_request(struct sip_msg *m, const struct sip_request *r)
{
	osip_message_t *o = m->osip;
	char text[128];
	int err;

	if (!is_clean(r->method) || !is_clean(r->uri) || !is_clean(r->from) ||
	    !is_clean(r->to) || !is_clean(r->call_id)) {
		return -EINVAL;
	}
	osip_message_set_method(o, osip_strdup(r->method));
	osip_message_set_version(o, osip_strdup("SIP/2.0"));
	err = set_uri(m, r->uri);
	if (err) {
		return err;
	}
	if (osip_message_set_from(o, r->from) || osip_message_set_to(o, r->to) ||
	    osip_message_set_call_id(o, r->call_id)) {
		return -EBADMSG;
	}
	snprintf(text, sizeof(text), "%u %s", r->cseq, r->method);
	if (osip_message_set_cseq(o, text)) {
		return -EBADMSG;
	}
	err = sip_msg_set_call_id(m);
	if (err) {
		return err;
	}
	if (r->contact) {
		err = sip_msg_add(m, "Contact", r->contact);
		if (err) {
			return err;
		}
	}
	snprintf(text, sizeof(text), "%u",
		 r->max_forwards ? r->max_forwards : 70u);
	return sip_msg_add(m, "Max-Forwards", text);
}

struct sip_msg *sip_request_new(const struct sip_request *r)
{
	struct sip_msg *m = sip_msg_new();
	int err;

	if (!m) {
		return NULL;
	}
	err = fill_request(m, r);
	if (err) {
		sip_msg_free(m);
		errno = -err;
		return NULL;
	}
	return m;
}

static int clone_via(void *from, void **to)
{
	osip_via_t *copy = NULL;
	int err = osip_via_clone(from, &copy);

	*to = copy;
	return err;
}

static int clone_route(void *from, void **to)
{
	osip_record_route_t *copy = NULL;
	int err = osip_record_route_clone(from, &copy);

	*to = copy;
	return err;
}

static int add_to_tag(osip_message_t *o, const char *tag)
{
	osip_generic_param_t *old = NULL;
	char made[SIP_TAG_LEN];

	if (osip_to_get_tag(o->to, &old) >= 0 && old) {
		return 0;
	}
	if (!tag || !*tag) {
		sip_token(made);
		tag = made;
	}
	return osip_to_set_tag(o->to, osip_strdup(tag));
}

static int copy_headers(osip_message_t *to, const struct sip_msg *request,
			int status)
{
	const osip_message_t *from = request->osip;
	const osip_from_t *f = request->from_was ? request->from_was
						 : from->from;
	const osip_to_t *t = request->to_was ? request->to_was : from->to;

	if (osip_from_clone(f, &to->from) || osip_to_clone(t, &to->to) ||
	    osip_call_id_clone(from->call_id, &to->call_id) ||
	    osip_cseq_clone(from->cseq, &to->cseq) ||
	    osip_list_clone(&from->vias, &to->vias, clone_via)) {
		return -ENOMEM;
	}
	if (status > 100 && status < 300 &&
	    osip_list_clone(&from->record_routes, &to->record_routes,
			    clone_route)) {
		return -ENOMEM;
	}
	return 0;
}

/* RFC 3261 8.2.6.1 */
static int copy_timestamp(struct sip_msg *to, const struct sip_msg *from)
{
	const char *stamp = sip_msg_plain(from, "Timestamp", 0);

	return stamp ? sip_msg_add(to, "Timestamp", stamp) : 0;
}

struct sip_msg *sip_response_new(const struct sip_msg *request, int status,
				 const char *reason, const char *to_tag)
{
	struct sip_msg *m = sip_msg_new();

	if (!m) {
		return NULL;
	}
	if (!reason || !is_clean(reason)) {
		reason = sip_reason_phrase(status);
	}
	m->path = request->path;
	osip_message_set_version(m->osip, osip_strdup("SIP/2.0"));
	osip_message_set_status_code(m->osip, status);
	osip_message_set_reason_phrase(m->osip, osip_strdup(reason));
	if (copy_headers(m->osip, request, status) ||
	    sip_msg_set_call_id(m) ||
	    (status > 100 && add_to_tag(m->osip, to_tag)) ||
	    (status == 100 && copy_timestamp(m, request))) {
		sip_msg_free(m);
		errno = ENOMEM;
		return NULL;
	}
	return m;
}
