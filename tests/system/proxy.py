# SPDX-License-Identifier: GPL-2.0-or-later
"""Kamailio as a provider: registrar with digest, and a proxy that stays in the
route (Record-Route). It serves UDP, TCP and, with a certificate, TLS.

What it sees is read from its log, one line each, `proxy: WHAT ...`:
    register ACCOUNT from ADDRESS expires N     accepted
    bulk ACCOUNT CONTACT expires N              by RFC 6140
    out NUMBER by PROTO           a call of the gateway, authenticated
    options from ADDRESS          answered
    in NUMBER by CONTACT          a call for the gateway
                                  (IPv6: the same ports, at ::1)
    dialog METHOD by PROTO        within a dialog, by the route set
    stray METHOD                  within a dialog, not by the route set
"""
import os
import re
import signal
import subprocess

from lab import wait_for

CONF = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
tcp_children=2
memdbg=5
memlog=5
auto_aliases=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
listen=udp:[::1]:{port}
listen=tcp:[::1]:{port}
tcp_connection_lifetime=600
{tls_global}
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "htable.so"
loadmodule "auth.so"
loadmodule "nathelper.so"
loadmodule "sanity.so"
loadmodule "path.so"
loadmodule "stun.so"
{tls_module}
modparam("htable", "htable", "secret=>size=4;")
modparam("htable", "htable", "bulk=>size=2;")
modparam("registrar", "max_expires", {expires})
modparam("registrar", "min_expires", 5)
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 0)
modparam("registrar", "outbound_mode", {outbound})
modparam("registrar", "received_avp", "$avp(i:801)")
modparam("nathelper", "received_avp", "$avp(i:801)")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_expire", {nonce})
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", 60000)

event_route[htable:mod-init] {{
{secrets}
}}

request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (!sanity_check("17895", "7")) {{
		xlog("L_NOTICE", "proxy: insane $rm\\n");
		exit;
	}}
	if (has_totag()) {{
		if (loose_route()) {{
			xlog("L_NOTICE", "proxy: dialog $rm by $proto $(hdr(Route))\\n");
			t_relay();
			exit;
		}}
		if (is_method("ACK") && t_check_trans()) {{
			t_relay();
			exit;
		}}
		xlog("L_NOTICE", "proxy: stray $rm\\n");
		if (!is_method("ACK"))
			sl_send_reply("404", "Not here");
		exit;
	}}
	if (is_method("CANCEL")) {{
		if (t_check_trans())
			t_relay();
		exit;
	}}
	if (is_method("OPTIONS")) {{
		xlog("L_NOTICE", "proxy: options from $si\\n");
		sl_send_reply("200", "OK");
		exit;
	}}
	if (is_method("REGISTER"))
		route(REGISTERS);
	if (!is_method("INVITE")) {{
		sl_send_reply("405", "Method Not Allowed");
		exit;
	}}
	t_check_trans();
	if ($sp == {caller})
		route(IN);
	route(OUT);
}}

route[REGISTERS] {{
	if ("{gin}" != "" && $hdr(Require) =~ "gin") {{
		route(GIN);
	}}
	if (is_present_hf("Require") && $hdr(Require) =~ "gin") {{
		xlog("L_NOTICE", "proxy: no gin here\\n");
		append_to_reply("Unsupported: gin\\r\\n");
		sl_send_reply("420", "Bad Extension");
		exit;
	}}
	if (!pv_www_authenticate("{realm}", "$sht(secret=>$au)", "0")) {{
		www_challenge("{realm}", "1");
		exit;
	}}
	if ($au != $tU && $au != "{owner}") {{
		sl_send_reply("403", "Not yours");
		exit;
	}}
	if ($proto == "tcp") {{
		fix_nated_register();
	}}
	$var(host) = "127.0.0.1";
	if (af == INET6)
		$var(host) = "[::1]";
	append_to_reply("Service-Route: <sip:$var(host):{port};transport=$proto;lr;sr=1>\\r\\n");
	xlog("L_NOTICE", "proxy: register $tU from $si:$sp expires $hdr(Expires)\\n");
	save("location");
	exit;
}}

# RFC 6140 5.2, 7.1: one Contact for all numbers; a call for one of them has
# it as the user part.
route[GIN] {{
	if (!pv_www_authenticate("{realm}", "$sht(secret=>$au)", "0")) {{
		www_challenge("{realm}", "1");
		exit;
	}}
	$var(contact) = $(ct{{nameaddr.uri}});
	if (!($var(contact) =~ ";bnc") || $var(contact) =~ "@"
	    || !($hdr(Proxy-Require) =~ "gin")) {{
		sl_send_reply("400", "No bulk number contact");
		exit;
	}}
	$sht(bulk=>contact) = $(var(contact){{s.replace,;bnc,}});
	xlog("L_NOTICE", "proxy: bulk $au $var(contact) expires $hdr(Expires)\n");
	append_to_reply("Contact: <$var(contact)>;expires=60\r\n");
	sl_send_reply("200", "OK");
	exit;
}}

route[OUT] {{
	if (!pv_proxy_authenticate("{realm}", "$sht(secret=>$au)", "0")) {{
		proxy_challenge("{realm}", "1");
		exit;
	}}
	if (is_present_hf("Route")) {{
		xlog("L_NOTICE", "proxy: service-route $(hdr(Route))\\n");
		remove_hf("Route");
	}}
	consume_credentials();
	xlog("L_NOTICE", "proxy: out $rU by $proto\\n");
	record_route();
	$du = "sip:127.0.0.1:{phone}";
	t_relay();
	exit;
}}

route[IN] {{
	$var(number) = $rU;
{accounts}
	if ("{gin}" != "" && $var(number) =~ "{gin}") {{
		$ru = "sip:" + $var(number) + "@"
			+ $(sht(bulk=>contact){{s.substr,4,0}});
		xlog("L_NOTICE", "proxy: in $var(number) by $ru\n");
		record_route();
		t_relay();
		exit;
	}}
	if (!lookup("location")) {{
		sl_send_reply("404", "Not registered");
		exit;
	}}
	xlog("L_NOTICE", "proxy: in $var(number) by $ru $du\\n");
	record_route();
	t_relay();
	exit;
}}
"""

TLS = """
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {cert}
ca_list = {ca}
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {cert}
ca_list = {ca}
"""


def modules():
    for d in ("/usr/lib/x86_64-linux-gnu/kamailio/modules",
              "/usr/lib/aarch64-linux-gnu/kamailio/modules"):
        if os.path.isdir(d):
            return d
    found = subprocess.run(["dpkg", "-L", "kamailio"], capture_output=True,
                           text=True, check=False).stdout
    m = re.search(r"^(.*/modules)/tm\.so$", found, re.M)
    return m.group(1) if m else ""


class Kamailio:
    """name: of its log; accounts: {user: (password, numbers by a pattern)};
    owner: one of them that may register the others; gin: numbers of a bulk
    registration, by a pattern; outbound: 1 with RFC 5626."""

    def __init__(self, lab, name, port, phone, accounts, **more):
        self.lab, self.name, self.port = lab, name, port
        self.conf = {"port": port, "modules": modules(), "phone": phone,
                     "caller": lab.port["caller"], "expires": 20,
                     "algorithm": "", "realm": "lab.example", "nonce": 300,
                     "outbound": 0, "gin": "", "owner": "",
                     "tls_global": "", "tls_module": ""}
        tls = more.pop("tls", None)
        self.conf.update(more)
        if tls:
            self.conf["tls_global"] = (
                f"enable_tls=yes\nlisten=tls:127.0.0.1:{port + 1}\n")
            self.conf["tls_module"] = (
                'loadmodule "tls.so"\n'
                f'modparam("tls", "config", "{lab.path(name + ".tls")}")\n')
            with open(lab.path(name + ".tls"), "w") as f:
                f.write(TLS.format(**tls))
        self.conf["secrets"] = "\n".join(
            f'\t$sht(secret=>{user}) = "{secret}";'
            for user, (secret, _) in accounts.items())
        self.conf["accounts"] = "\n".join(
            f'\tif ($rU =~ "{pattern}") $ru = "sip:{user}@{self.conf["realm"]}";'
            for user, (_, pattern) in accounts.items())
        self.process = None

    def start(self):
        conf = self.lab.path(self.name + ".cfg")
        with open(conf, "w") as f:
            f.write(CONF.format(**self.conf))
        run = self.lab.path(self.name + ".run")
        os.makedirs(run, exist_ok=True)
        self.process = self.lab.start(
            self.name, "kamailio", "-f", conf, "-DD", "-E", "-m", "32", "-M",
            "8", "-Y", run, "-P", run + "/pid", start_new_session=True)
        if not wait_for(self.is_there, 20):
            raise RuntimeError(f"{self.name} does not start")

    def is_there(self):
        with open(f"/proc/{self.process.pid}/net/udp") as f:
            return f":{self.port:04X} " in f.read()

    def stop(self):
        self.lab.stop(self.process)

    def kill(self):
        """All of its processes at once, as if its power had failed."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log(self):
        with open(self.lab.path(self.name + ".log"), errors="replace") as f:
            return f.read()

    def seen(self, pattern):
        """How often a line `proxy: ...` matched."""
        return len(re.findall("proxy: " + pattern, self.log()))
