#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kamailio as the provider of three accounts, by UDP, TCP and TLS: registered
with digest, refreshed, taken back at the end; calls both ways through its
Record-Route, each BYE by the route set. GIN, which it does not have, falls back
to one user; a wrong password is said once, with the trunk. Then two of them
behind SRV records: the second takes the calls when the first is killed, and the
first again when it is back."""
import os
import re
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, main, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402
from proxy import Kamailio  # noqa: E402
from scene import Scene, answered, log  # noqa: E402

TRUNK = """    transport: {transport}
    domain: lab.example
    auth: {{user: {user}, password: {password}}}
    register: {{mode: {mode}, expires: 60}}
    keepalive: 5
{more}"""
KINDS = {"udp": "1", "tcp": "6", "tls": "7"}  # and the digit of their calls
PAIR = "8"


def accounts():
    known = {f"{kind}1": (f"secret-{kind}", f"^0711{digit}")
             for kind, digit in KINDS.items()}
    return dict(known, wrong=("another", "^nobody"))


def trunks(lab, port):
    """The trunk of the template is udp; then the others."""
    def trunk(kind, mode="plain", password=None, more=""):
        return TRUNK.format(transport=kind, user=f"{kind}1", mode=mode,
                            password=password or f"secret-{kind}", more=more)

    def head(name, server):
        return f"  - name: {name}\n    server: {server}\n"

    tls = "    tls: {certificate: us.pem, key: us.key, ca: ca.pem}\n"
    pair = TRUNK.format(transport="udp", user="pair", mode="off",
                        password="secret-pair", more="    options: 10\n")
    return (trunk("udp")
            + head("tcp", f"127.0.0.1:{port}") + trunk("tcp", "gin")
            + head("tls", f"127.0.0.1:{port + 1}")
            + trunk("tls", more=tls)
            + head("wrong", f"127.0.0.1:{port}")
            + TRUNK.format(transport="udp", user="wrong", mode="plain",
                           password="not-this", more="")
            + head("pair", "pair.example") + pair)


def routes():
    to = dict(KINDS, pair=PAIR)
    del to["udp"]  # that is the trunk of the template
    return "\n".join(f"  - {{from: carrier, to: {kind}, match: [\"{digit}*\"]}}\n"
                     f"  - {{from: {kind}, to: carrier, allow: [\"*\"]}}"
                     for kind, digit in to.items())


def counter(lab, name):
    url = f"http://127.0.0.1:{lab.port['metrics']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as r:
        m = re.search(rf"^trunkgate_sip_{name}_total (\d+)",
                      r.read().decode(), re.M)
    return int(m.group(1)) if m else -1


def registrations(s):
    lab, k = s.lab, s.kamailio
    for kind in KINDS:
        lab.ok(f"{kind}: registered", wait_for(
            lambda u=f"register {kind}1 ": k.seen(u), 30))
    lab.ok("tcp: without RFC 6140, one user is registered",
           k.seen("no gin here") >= 1
           and "has no RFC 6140" in log(lab))
    lab.ok("its STUN answers our keep-alives by UDP", wait_for(
        lambda: counter(lab, "stun_answers") > 0, 20))
    lab.ok("a wrong password is said, with the trunk", wait_for(
        lambda: re.search(r"trunk wrong: \S+:\d+: user wrong not registered: "
                          "user or password refused", log(lab)), 10))
    lab.ok("and is nowhere in the log", "not-this" not in log(lab)
           and "secret-" not in log(lab))


def calls(s):
    lab, k = s.lab, s.kamailio
    for kind, digit in KINDS.items():
        before, byes = len(lab.cdrs()), k.seen(f"dialog BYE by {kind}")
        s.call_out(digit)
        lab.ok(f"{kind}: a call out through the proxy",
               answered(lab, before + 1, before) == 1)
        lab.ok(f"{kind}: it was authenticated and came by {kind}",
               k.seen(f"out {digit}001 by {kind}") == 1)
        lab.ok(f"{kind}: ACK and BYE by the route set", wait_for(
            lambda: k.seen(f"dialog BYE by {kind}") == byes + 1, 5)
            and k.seen(f"dialog ACK by {kind}") >= 1)
        before = len(lab.cdrs())
        lab.ok(f"{kind}: a call in, cleared by its caller",
               s.call_in(f"0711{digit}22") == 0)
        lab.ok(f"{kind}: answered at the exchange",
               answered(lab, before + 1, before) == 1)
        lab.ok(f"{kind}: by our Contact, with its token",
               k.seen(rf"in 0711{digit}22 by sip:{kind}1@\S+;line=") == 1)
    lab.ok("nothing came past the route set", k.seen("stray") == 0)
    lab.ok("Kamailio found nothing insane", k.seen("insane") == 0)
    lab.ok("Service-Route is what calls go by",
           k.seen(r"service-route <sip:127\.0\.0\.1:\d+;transport=udp;lr;sr=1>")
           >= 1)


def called_clears(s):
    """The exchange is called and clears: our BYE goes by the route set of the
    other role."""
    lab, k = s.lab, s.kamailio
    before, byes = len(lab.cdrs()), k.seen("dialog BYE by udp")
    s.say("hangup-after 0.3\n")
    s.call_in("0711133")
    lab.ok("the called line clears", answered(lab, before + 1, before) == 1)
    lab.ok("by the route set", wait_for(
        lambda: k.seen("dialog BYE by udp") > byes, 5))


def refreshed_and_taken_back(s, gateway):
    lab, k = s.lab, s.kamailio
    for kind in KINDS:
        lab.ok(f"{kind}: refreshed", wait_for(
            lambda u=f"register {kind}1 ": k.seen(u) >= 2, 60))
    lab.ok("no challenge was answered in vain",
           log(lab).count("not registered") == 1)
    lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
    for kind in KINDS:
        lab.ok(f"{kind}: taken back", wait_for(
            lambda u=rf"register {kind}1 from \S+ expires 0\b": k.seen(u), 5))


def dns(lab, first, second):
    """dnsmasq, with the records of the pair."""
    port = lab.port["caller"] + 16
    return port, ["dnsmasq", "--no-daemon", f"--port={port}", "--no-resolv",
                  "--no-hosts", "--listen-address=127.0.0.1",
                  "--bind-interfaces", "--conf-file=/dev/null",
                  "--user=root", "--group=root", "--local-ttl=60",
                  f"--srv-host=_sip._udp.pair.example,one.example,{first},10",
                  f"--srv-host=_sip._udp.pair.example,two.example,{second},20",
                  "--host-record=one.example,127.0.0.1",
                  "--host-record=two.example,127.0.0.1"]


def failover(s):
    lab, one, two = s.lab, s.one, s.two
    count = len(lab.cdrs())

    def call(what, by):
        nonlocal count
        other = two if by is one else one
        had, others = by.seen("out 8001"), other.seen("out 8001")
        s.call_out(PAIR)
        lab.ok(what, answered(lab, count + 1, count) == 1)
        lab.ok(what + ": by that one", by.seen("out 8001") == had + 1
               and other.seen("out 8001") == others)
        count += 1

    call("SRV: the first takes calls", one)
    s.call_out(PAIR, 3600)
    wait_for(lambda: one.seen("dialog ACK by udp") >= 2, 20)
    one.kill()
    call("SRV: the first is killed, the second takes the next", two)
    lab.ok("SRV: a call is still up", len(lab.calls()) == 1)
    byes = one.seen("dialog BYE by udp")
    one.start()
    lab.ok("SRV: the first is found to be back", wait_for(
        lambda: f"trunk pair: 127.0.0.1:{one.port} is up" in log(lab), 60))
    call("SRV: and takes calls again", one)
    s.say("hangup all\n")
    lab.ok("SRV: the old call ends in good order", wait_for(
        lambda: not lab.calls(), 20) and one.seen("dialog BYE by udp") > byes)


def test():
    with Lab("kamailio", routes=routes()) as lab:
        s = Scene(lab)
        authority(lab)
        issue(lab, "us", "DNS:gw.example")
        issue(lab, "kamailio", "DNS:lab.example")
        tls = {"cert": lab.path("kamailio.pem"),
               "key": lab.path("kamailio.key"), "ca": lab.path("ca.pem")}
        s.kamailio = Kamailio(lab, "kamailio", s.port, lab.port["phone"],
                              accounts(), tls=tls)
        pair = {"pair": ("secret-pair", "^nobody$")}
        s.one, s.two = (Kamailio(lab, name, s.port + n, lab.port["phone"], pair,
                                 algorithm="SHA-256")
                        for name, n in (("one", 2), ("two", 3)))
        for k in (s.kamailio, s.one, s.two):
            k.start()
        port, command = dns(lab, s.one.port, s.two.port)
        lab.start("dnsmasq", *command)
        lab.conf["server"] = f"127.0.0.1:{s.port}"
        lab.conf["trunk"] = trunks(lab, s.port)
        lab.conf["t1"] = f"100, tls_port: {s.port + 7}, dns: [\"127.0.0.1:{port}\"]"
        gateway = lab.gateway()
        lab.phone("-trace_err")
        s.start_exchange()
        registrations(s)
        lab.ok("the line comes up", lab.line_up(30))
        calls(s)
        failover(s)
        called_clears(s)
        refreshed_and_taken_back(s, gateway)
        return lab.failed


main(test)
