/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers by name, whether osip keeps them as text or taken apart. */
#include "sip/msg_priv.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef int print_fn(const void *header, char **out);
typedef void free_fn(void *header);

/* osip's functions behind one type each. */
static int print_via(const void *h, char **out)
{
	return osip_via_to_str(h, out);
}

static void free_via(void *h)
{
	osip_via_free(h);
}

static int print_from(const void *h, char **out)
{
	return osip_from_to_str(h, out);
}

static void free_from(void *h)
{
	osip_from_free(h);
}

static int print_contact(const void *h, char **out)
{
	return osip_contact_to_str(h, out);
}

static void free_contact(void *h)
{
	osip_contact_free(h);
}

static int print_call_id(const void *h, char **out)
{
	return osip_call_id_to_str(h, out);
}

static int print_cseq(const void *h, char **out)
{
	return osip_cseq_to_str(h, out);
}

static int print_text(const void *h, char **out)
{
	return osip_content_length_to_str(h, out);
}

static void free_text(void *h)
{
	osip_content_length_free(h);
}

static int print_type(const void *h, char **out)
{
	return osip_content_type_to_str(h, out);
}

static void free_type(void *h)
{
	osip_content_type_free(h);
}

static int print_encoding(const void *h, char **out)
{
	return osip_accept_encoding_to_str(h, out);
}

static void free_encoding(void *h)
{
	osip_accept_encoding_free(h);
}

static int print_info(const void *h, char **out)
{
	return osip_call_info_to_str(h, out);
}

static void free_info(void *h)
{
	osip_call_info_free(h);
}

static int print_challenge(const void *h, char **out)
{
	return osip_www_authenticate_to_str(h, out);
}

static void free_challenge(void *h)
{
	osip_www_authenticate_free(h);
}

static int print_credentials(const void *h, char **out)
{
	return osip_authorization_to_str(h, out);
}

static void free_credentials(void *h)
{
	osip_authorization_free(h);
}

static int print_auth_info(const void *h, char **out)
{
	return osip_authentication_info_to_str(h, out);
}

static void free_auth_info(void *h)
{
	osip_authentication_info_free(h);
}

struct kept {
	const char *name;
	size_t at;	 /* in osip_message_t */
	bool list;
	print_fn *print;
	free_fn *free;	 /* lists only */
};

static const struct kept kept[] = {
	{"Via", offsetof(osip_message_t, vias), true, print_via, free_via},
	{"From", offsetof(osip_message_t, from), false, print_from, NULL},
	{"To", offsetof(osip_message_t, to), false, print_from, NULL},
	{"Call-ID", offsetof(osip_message_t, call_id), false, print_call_id,
	 NULL},
	{"CSeq", offsetof(osip_message_t, cseq), false, print_cseq, NULL},
	{"Contact", offsetof(osip_message_t, contacts), true, print_contact,
	 free_contact},
	{"Route", offsetof(osip_message_t, routes), true, print_from,
	 free_from},
	{"Record-Route", offsetof(osip_message_t, record_routes), true,
	 print_from, free_from},
	{"Content-Type", offsetof(osip_message_t, content_type), false,
	 print_type, NULL},
	{"MIME-Version", offsetof(osip_message_t, mime_version), false,
	 print_text, NULL},
	{"Allow", offsetof(osip_message_t, allows), true, print_text,
	 free_text},
	{"Accept", offsetof(osip_message_t, accepts), true, print_type,
	 free_type},
	{"Accept-Encoding", offsetof(osip_message_t, accept_encodings), true,
	 print_encoding, free_encoding},
	{"Accept-Language", offsetof(osip_message_t, accept_languages), true,
	 print_encoding, free_encoding},
	{"Content-Encoding", offsetof(osip_message_t, content_encodings), true,
	 print_text, free_text},
	{"Alert-Info", offsetof(osip_message_t, alert_infos), true, print_info,
	 free_info},
	{"Call-Info", offsetof(osip_message_t, call_infos), true, print_info,
	 free_info},
	{"Error-Info", offsetof(osip_message_t, error_infos), true, print_info,
	 free_info},
	{"WWW-Authenticate", offsetof(osip_message_t, www_authenticates), true,
	 print_challenge, free_challenge},
	{"Proxy-Authenticate", offsetof(osip_message_t, proxy_authenticates),
	 true, print_challenge, free_challenge},
	{"Authorization", offsetof(osip_message_t, authorizations), true,
	 print_credentials, free_credentials},
	{"Proxy-Authorization", offsetof(osip_message_t, proxy_authorizations),
	 true, print_credentials, free_credentials},
	{"Authentication-Info", offsetof(osip_message_t, authentication_infos),
	 true, print_auth_info, free_auth_info},
	{"Proxy-Authentication-Info",
	 offsetof(osip_message_t, proxy_authentication_infos), true,
	 print_auth_info, free_auth_info},
};

static const struct kept *find_kept(const char *name)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (!strcasecmp(kept[i].name, name)) {
			return &kept[i];
		}
	}
	return NULL;
}

static osip_list_t *list_of(const struct sip_msg *m, const struct kept *k)
{
	return (osip_list_t *)(void *)((char *)m->osip + k->at);
}

static void *nth(const struct sip_msg *m, const struct kept *k, unsigned n)
{
	void *one;

	if (k->list) {
		return osip_list_get(list_of(m, k), (int)n);
	}
	if (n) {
		return NULL;
	}
	memcpy(&one, (char *)m->osip + k->at, sizeof(one));
	return one;
}

static int give(const char *text, char *buf, size_t size)
{
	size_t len = strlen(text);

	if (len >= size) {
		return -EMSGSIZE;
	}
	memcpy(buf, text, len + 1);
	return (int)len;
}

int sip_msg_header(const struct sip_msg *m, const char *name, unsigned n,
		   char *buf, size_t size)
{
	const struct kept *k = find_kept(name);
	const char *plain;
	char *text = NULL;
	void *h;
	int len;

	if (!k) {
		plain = sip_msg_plain(m, name, n);
		return plain ? give(plain, buf, size) : -ENOENT;
	}
	h = nth(m, k, n);
	if (!h) {
		return -ENOENT;
	}
	if (k->print(h, &text) || !text) {
		return -EBADMSG;
	}
	len = give(text, buf, size);
	osip_free(text);
	return len;
}

const char *sip_msg_plain(const struct sip_msg *m, const char *name,
			  unsigned n)
{
	osip_list_iterator_t it;
	osip_header_t *h = osip_list_get_first(&m->osip->headers, &it);

	for (; h; h = osip_list_get_next(&it)) {
		if (h->hname && !strcasecmp(h->hname, name) && !n--) {
			return h->hvalue ? h->hvalue : "";
		}
	}
	return NULL;
}

/* Does one comma list hold the token? */
static bool list_has(const char *list, const char *token)
{
	size_t want = strlen(token);

	while (*list) {
		size_t len;

		list += strspn(list, " \t,");
		len = strcspn(list, " \t,;");
		if (len == want && !strncasecmp(list, token, len)) {
			return true;
		}
		list += strcspn(list, ",");
	}
	return false;
}

bool sip_msg_has_token(const struct sip_msg *m, const char *name,
		       const char *token)
{
	char text[512];
	int len;

	for (unsigned n = 0;; n++) {
		len = sip_msg_header(m, name, n, text, sizeof(text));
		if (len == -ENOENT) {
			return false;
		}
		if (len >= 0 && list_has(text, token)) {
			return true;
		}
	}
}

int sip_msg_add(struct sip_msg *m, const char *name, const char *value)
{
	char *n, *v;
	int err = -ENOMEM;

	if (name[strcspn(name, "\r\n: ")] || value[strcspn(value, "\r\n")]) {
		return -EINVAL;
	}
	if (!find_kept(name)) {
		return osip_message_set_header(m->osip, name, value) ? -ENOMEM
								     : 0;
	}
	if (!strcasecmp(name, "Allow")) { /* else a line for each method */
		return osip_message_set_allow(m->osip, value) ? -ENOMEM : 0;
	}
	n = strdup(name);
	v = strdup(value);
	if (n && v) {
		err = osip_message_set_multiple_header(m->osip, n, v);
		err = err ? -EBADMSG : 0;
	}
	free(n);
	free(v);
	return err;
}

static void remove_plain(struct sip_msg *m, const char *name)
{
	int i = 0;

	while (i < osip_list_size(&m->osip->headers)) {
		osip_header_t *h = osip_list_get(&m->osip->headers, i);

		if (h->hname && !strcasecmp(h->hname, name)) {
			osip_list_remove(&m->osip->headers, i);
			osip_header_free(h);
		} else {
			i++;
		}
	}
}

void sip_msg_remove(struct sip_msg *m, const char *name)
{
	const struct kept *k = find_kept(name);

	if (!k) {
		remove_plain(m, name);
		return;
	}
	while (k->list && osip_list_size(list_of(m, k))) {
		void *h = osip_list_get(list_of(m, k), 0);

		osip_list_remove(list_of(m, k), 0);
		k->free(h);
	}
}

#define RETRY_AFTER_MOST_S 86400

int sip_msg_retry_after(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Retry-After", 0);
	unsigned long s;

	if (!text || *text < '0' || *text > '9')
		return -ENOENT;
	s = strtoul(text, NULL, 10);
	return s < RETRY_AFTER_MOST_S ? (int)s : RETRY_AFTER_MOST_S;
}
