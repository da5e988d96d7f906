/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/auth.h"

#include <errno.h>

#include "gateway/base/log.h"

/* By its address: the port of a connection of its own says nothing. */
static bool is_server(const struct trunk_table *t, unsigned trunk,
		      const struct net_addr *a)
{
	struct sip_path path;
	unsigned i;

	for (i = 0; trunk_pick(t, trunk, i, &path) == 0; i++) {
		if (net_ip_eq(&path.remote, a))
			return true;
	}
	return false;
}

bool sip_auth_can(const struct trunk_table *t, unsigned trunk)
{
	const struct conf_trunk *c = trunk_conf(t, trunk);

	if (c && !c->auth_user[0])
		log_warn("trunk %s: %s:%u: asked for a user and a password, "
			 "but it has no auth",
			 c->name, trunk_file(t), c->reg.auth_line);
	return c && c->auth_user[0];
}

/* A registration that is refused says so by itself. */
static void tell(const struct trunk_table *t, const struct conf_trunk *c,
		 const struct sip_msg *request, int err)
{
	if (err == -EACCES && !sip_msg_is(request, "REGISTER"))
		log_warn("trunk %s: %s:%u: user or password refused", c->name,
			 trunk_file(t), c->reg.auth_line);
	if (err == -EPERM)
		log_warn("trunk %s: %s:%u: asked for the password of another "
			 "realm than \"%s\": not answered",
			 c->name, trunk_file(t), c->reg.auth_line,
			 c->reg.realm);
}

int sip_auth_answer(const struct trunk_table *t, unsigned trunk,
		    struct sip_digest *d, const struct sip_msg *response,
		    struct sip_msg *request)
{
	const struct conf_trunk *c = trunk_conf(t, trunk);
	char who[NET_STR_MAX];
	int err;

	if (!c || !c->auth_user[0])
		return -ENOENT;
	/* Several may share its address: the transaction knows whose it is. */
	if (!(response->trunks >> trunk & 1) ||
	    !is_server(t, trunk, &response->path.remote)) {
		log_warn("trunk %s: %s is none of its servers and asks for "
			 "the password: not answered",
			 c->name, net_str(&response->path.remote, who));
		return -EPERM;
	}
	err = sip_digest_answer(d, response, request, c->reg.realm,
				c->auth_user, c->auth_password);
	tell(t, c, request, err);
	return err;
}

int sip_auth_repeat(const struct trunk_table *t, unsigned trunk,
		    struct sip_digest *d, const struct sip_path *to,
		    struct sip_msg *request)
{
	const struct conf_trunk *c = trunk_conf(t, trunk);

	if (!c || !is_server(t, trunk, &to->remote))
		return -EPERM;
	return sip_digest_repeat(d, request, c->auth_user, c->auth_password);
}
