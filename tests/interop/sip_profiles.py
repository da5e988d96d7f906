#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each profile of conf/profiles against SIPp, by the transport that it says: the
scenario quotes the clause that it follows. It passes with the profile; the same
trunk without it fails, for the reason that the clause is about."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
sys.path[:0] = [HERE, os.path.join(TOP, "tests/system")]
from pki import authority, issue  # noqa: E402
from sippxml import (called, calling_in, recv, sdp, send, taken)  # noqa: E402

DRIVER = os.environ.get("SIP_DRIVER", os.path.join(TOP, "build/sip-driver"))
LIMIT_S = 8
LANES = 3
NUMBER = "+441632960000"

CONF = """
spans: [{{name: line, isdn: {{side: user}}, line: {{driver: pseudowire,
  local: "127.0.0.1:1", peer: "127.0.0.1:2"}}}}]
trunks:
  - name: provider
    server: 127.0.0.1:{peer}
    domain: provider.example
    auth: {{user: pbx1, password: s3cret}}
    number: "{number}"
    {own}
    {profile}
routes: [{{from: line, to: provider}},
         {{from: provider, to: line, allow: ["*"]}}]
"""
# In both runs, so that it is not for want of TLS that the generic one fails.
TLS = ("transport: tls\n    tls: {certificate: us.pem, key: us.key, ca: ca.pem,"
       " name: provider.example}")

SERVICE_ROUTE = "Service-Route: <sip:sr@[local_ip]:[local_port];lr>"
CHALLENGE = ('WWW-Authenticate: Digest realm="provider.example", '
             'nonce="{nonce}", algorithm={algorithm}, qop="auth"')


def registrar(*checks, algorithm="MD5"):
    """Challenges once, then wants the password (MD5: SIPp knows no other)."""
    return [recv("REGISTER", *checks),
            send("401 Unauthorized",
                 CHALLENGE.format(nonce="a1b2c3", algorithm=algorithm)),
            recv("REGISTER", *checks,
                 ("Authorization", 'username="pbx1".*response="[0-9a-f]+"')),
            send("200 OK", "[last_Contact:];expires=3600", SERVICE_ROUTE)]


GIN = (("Require", "gin"), ("Proxy-Require", "gin"),
       ("Contact", "<sip:[0-9.:]+[^@]*;bnc[;>]"))
OPTIONS = [recv("OPTIONS"), send("200 OK", "Allow: INVITE, ACK, BYE")]
ROUTE = ("Route", "<sip:sr@")
KEYS = ("sdp", "RTP/SAVP .*a=crypto:1 ")


class Step:
    """One run of SIPp. generic: what is wrong without the profile (a pattern):
    the check that fails, or a figure of the driver. calls: so many Call-IDs;
    driver: its options; figures: what it must count."""

    def __init__(self, xml, generic, calls=1, driver=(), **figures):
        self.xml, self.generic, self.calls = xml, generic, calls
        self.driver, self.figures = list(driver), figures
        self.inward = "<send" in xml[:xml.find("<recv")]


def out(generic, branches, calls=1, *driver, after=600, **figures):
    return Step(called("profile", branches), generic, calls,
                ["place=+49711000", "hold=100", f"after={after}", *driver],
                **figures)


def into(generic, body, *headers, refused=0, **figures):
    return Step(calling_in("profile", "0711200", body, *headers,
                           refused=refused), generic, 1, ["hold=3000"],
                **figures)


PASSED, FAILED = 1, 2  # of CC_SCREEN_...

SCENES = {
    # RFC 6140 5.2: "Require: gin", a Contact with "bnc" and without a user; RFC
    # 3608 5: its Service-Route is the route of the call; RFC 3325 9.2: a user
    # agent that is not trusted says by P-Preferred-Identity whom it wants
    # asserted.
    "sipconnect-1.1-registration": ("", [out(
        "header Route:", {
            "REGISTER": registrar(*GIN),
            "INVITE": [recv("INVITE", ROUTE,
                            ("P-Preferred-Identity", r"sip:\+4930555@"),
                            ("P-Asserted-Identity", None)),
                       *taken(sdp(0))]}, 2, "screening=1", answered=1)]),
    # RFC 3323 4.1.1.3, RFC 3325 9.3: From is anonymous, the number is asserted
    # to the trusted provider, "Privacy: id" says for whom it is not.
    "sipconnect-1.1-static": ("", [out(
        "header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE", ("From", "anonymous"),
                            ("P-Asserted-Identity", r"sip:\+4930555@"),
                            ("Privacy", "id")),
                       *taken(sdp(0))]}, 2, "screening=1", "presentation=1",
        answered=1)]),
    # RFC 6140 5.2 over TLS; RFC 4568 5.1, RFC 3711: RTP/SAVP, with its keys.
    "sipconnect-2.0-registration": (TLS, [out(
        "header Route:", {
            "REGISTER": registrar(*GIN),
            "INVITE": [recv("INVITE", ROUTE, KEYS),
                       *taken(sdp(0, True))]}, 2, answered=1)]),
    # RFC 3264 6, RFC 4568 5.1.2: where keys are required, plain RTP is no
    # offer that can be taken: 488.
    "sipconnect-2.0-static": (TLS, [into(
        "received .SIP/2.0 200", sdp(0), refused=488)]),
    # RFC 3261 10.2: the main number registers by itself; RFC 3551 4.5.14: PCMA
    # is all that is offered; RFC 5009 5: P-Early-Media; RFC 3325 9.2.
    "de-1tr118": ("register: {users: [\"+49711000\"]}", [out(
        "header Route:", {
            "REGISTER": registrar(
                ("To", r"sip:\+49711000@provider\.example"),
                ("Contact", r"sip:\+49711000@")),
            "INVITE": [recv("INVITE", ROUTE, ("sdp", " RTP/AVP 8 101[^0-9 ]"),
                            ("P-Early-Media", "supported"),
                            ("P-Preferred-Identity", r"sip:\+4930555@")),
                       *taken(sdp(8))]}, 2, "screening=1", answered=1)]),
    # ND1034 as an endorsement of SIPconnect; RFC 3325 9.1: the presentation
    # number, which nobody has screened, is in From, the network's is asserted;
    # RFC 3551 4.5.14: A-law.
    "uk-nd1034": ("", [out(
        "header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE", ("From", r"sip:\+441632960123@"),
                            ("P-Asserted-Identity", r"sip:\+441632960000@"),
                            ("sdp", " RTP/AVP 8 101[^0-9 ]")),
                       *taken(sdp(8))]}, 2, "calling=+441632960123",
        "screening=0", answered=1)]),
    # RFC 8224 8.1: what is signed is the number of P-Asserted-Identity. TS
    # 24.229 7.2A.20: verstat there is the provider's verdict on a call.
    "us-shaken": ("", [
        out("header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("P-Asserted-Identity", r"sip:\+12155551212@"),
                            ("sdp", " RTP/AVP 0 101[^0-9 ]")),
                       *taken(sdp(0))]}, 2, "calling=+12155551212",
            "screening=1", answered=1),
        into("^asserted_screening is 0", sdp(0),
             "P-Asserted-Identity: <sip:+12155551213;verstat="
             "TN-Validation-Failed@[local_ip];user=phone>",
             asserted_screening=FAILED)]),
    # pjsip.conf, endpoint, send_pai: what Asterisk asserts is believed, and so
    # is what we assert (trust_id_inbound).
    "asterisk": ("", [
        out("header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("P-Asserted-Identity", r"sip:\+4930555@"),
                            ("Session-Expires", "1800")),
                       *taken(sdp(8))]}, 2, "screening=1", answered=1),
        into("^asserted is ,", sdp(8),
             "P-Asserted-Identity: <sip:+4930778@[local_ip]>",
             asserted="4930778")]),
    # mod_sofia, sip_cid_type: Remote-Party-ID names the caller, both ways
    # (draft-ietf-sip-privacy-04 5.1); there is no 100rel.
    "freeswitch": ("", [
        out("header Remote-Party-ID:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("Remote-Party-ID", r"sip:\+4930555@.*screen=yes")),
                       *taken(sdp(0))]}, 2, "screening=1", answered=1),
        into("^asserted is ,", sdp(0),
             "Remote-Party-ID: <sip:+4930778@[local_ip]>;party=calling;"
             "screen=yes;privacy=off", asserted="4930778")]),
    # RFC 3261 8.1.3.4: a redirect server's 302 is followed.
    "kamailio": ("", [out(
        "answered is 0", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE"),
                       send("302 Moved Temporarily", "Contact: <sip:+49711999@"
                            "[local_ip]:[local_port]>"),
                       recv("ACK"),
                       recv("INVITE", ("first", r"sip:\+49711999@")),
                       *taken(sdp(8))]}, 2, answered=1)]),
    # Direct Routing, SIP protocol: the SBC sends OPTIONS first, whose Contact,
    # and that of an INVITE, is its name; media is SRTP alone (RFC 4568 6.1).
    "teams": (TLS + "\n    contact_host: sbc1.site.example", [out(
        "regexp .RTP/SAVP", {
            "OPTIONS": [recv("OPTIONS",
                             ("Contact", "<sip:sbc1[.]site[.]example")),
                        send("200 OK", "Allow: INVITE, ACK, BYE, OPTIONS")],
            "INVITE": [recv("INVITE",
                            ("Contact", "<sip:[^>]*sbc1[.]site[.]example"),
                            KEYS, ("sdp", "a=crypto:1 AES_CM_128_HMAC_SHA1_80")),
                       *taken(sdp(0, True))]}, 2, answered=1)]),
}


# What SIPp says of a check or a response that it did not want.
FAULT = re.compile(r"(header \S+ not found)|(with regexp '[^']*')|"
                   r"(received 'SIP/2.0 [^\r\n]*)")


class Bench:
    """A directory with certificates, and ports of its own for each run."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tg-profiles-")
        self.port = 20000 + os.getpid() % 300 * 80
        authority(self)
        issue(self, "us", "DNS:gw.example")
        issue(self, "peer", "DNS:provider.example")

    def path(self, name):
        return os.path.join(self.dir, name)


class Run:
    """One step with the profile or without: self.wrong says what is."""

    def __init__(self, bench, name, n, profile, own, step):
        self.bench, self.step = bench, step
        self.dir = bench.path(f"{name}-{n}-{'with' if profile else 'without'}")
        self.tls = "transport: tls" in own
        self.own, self.profile = own, profile
        self.procs = []
        os.mkdir(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, log, *cmd, **more):
        with open(self.path(log), "wb") as f:
            p = subprocess.Popen([str(c) for c in cmd], stdout=f,
                                 stderr=subprocess.STDOUT, cwd=self.dir, **more)
        self.procs.append(p)
        return p

    def text(self, name):
        try:
            with open(self.path(name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def configure(self, peer):
        for name in ("us.pem", "us.key", "ca.pem"):
            shutil.copy(self.bench.path(name), self.dir)
        with open(self.path("gateway.yaml"), "w") as f:
            f.write(CONF.format(
                peer=peer, number=NUMBER, own=self.own,
                profile=f"profile: {self.profile}" if self.profile else ""))
        with open(self.path("scenario.xml"), "w") as f:
            f.write(self.step.xml)

    def relay(self, kind, at, to):
        self.start("relay", sys.executable, os.path.join(HERE, "tls_relay.py"),
                   kind, at, to, self.bench.path("peer.pem"),
                   self.bench.path("peer.key"), self.bench.path("ca.pem"),
                   "127.0.0.1", stdin=subprocess.PIPE)
        for _ in range(60):
            if "ready" in self.text("relay"):
                return
            time.sleep(0.05)

    def sipp(self, port, to):
        return self.start(
            "sipp", "sipp", f"127.0.0.1:{to}", "-sf", "scenario.xml", "-i",
            "127.0.0.1", "-p", port, "-t", "t1" if self.tls else "u1", "-m",
            self.step.calls, "-nostdin", "-timeout", f"{LIMIT_S}s",
            "-timeout_error", "-trace_err", "-error_file", self.path("errors"),
            "-trace_logs", "-log_file", self.path("got"),
            env=dict(os.environ, TERM="dumb"))

    def driver(self, us, peer):
        return self.start("driver", DRIVER, f"127.0.0.1:{us}",
                          f"127.0.0.1:{peer}", 1, "conf=gateway.yaml",
                          f"limit={LIMIT_S}", *self.step.driver)

    def run(self, base):
        """Ports: base ours (and +1, plain beside TLS), +2 the peer, +3 SIPp
        behind TLS."""
        us, peer, inner = base, base + 2, base + 3
        self.configure(peer)
        sipp_at = inner if self.tls and not self.step.inward else peer
        if self.step.inward:
            driver = self.driver(us, peer)
            if self.tls:
                self.relay("out", inner, us)
            time.sleep(0.4)
            sipp = self.sipp(peer, inner if self.tls else us)
        else:
            sipp = self.sipp(sipp_at, us)
            if self.tls:
                self.relay("in", peer, inner)
            time.sleep(0.4)
            driver = self.driver(us, peer)
        good = self.ends_well(sipp)
        try:
            driver.wait(4 if good else 0.5)
        except subprocess.TimeoutExpired:
            pass
        for p in self.procs:
            p.kill()
            p.wait()
        return self.judge(good)

    def ends_well(self, sipp):
        """SIPp's verdict; one failed check is enough."""
        while sipp.poll() is None and not FAULT.search(self.text("errors")):
            time.sleep(0.05)
        return sipp.poll() == 0

    def judge(self, good):
        """"" or what is wrong."""
        wrong = [] if good else [
            next(filter(None, m.groups()))
            for m in FAULT.finditer(self.text("errors"))] or ["timeout"]
        told = dict(line.partition(" ")[::2]
                    for line in self.text("driver").splitlines())
        return ", ".join(wrong + [f"{k} is {told.get(k)}, not {v}"
                                  for k, v in self.step.figures.items()
                                  if told.get(k) != str(v)])


def main():
    if not shutil.which("sipp"):
        print("skip sip_profiles: no sipp")
        return 0
    bench = Bench()
    jobs, failed = [], 0
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        for name, (own, steps) in SCENES.items():
            for n, step in enumerate(steps):
                for profile in (name, ""):
                    run = Run(bench, name, n, profile, own, step)
                    jobs.append((name, profile, step, pool.submit(
                        run.run, bench.port + 4 * len(jobs) % 8000)))
    for name, profile, step, job in jobs:
        wrong = job.result()
        good = not wrong if profile else re.search(step.generic, wrong)
        failed += not good
        way = "in" if step.inward else "out"
        print(("ok " if good else "not ok ")
              + (f"{name}, {way}: with it" if profile else
                 f"{name}, {way}: the generic trunk fails for that reason")
              + ("" if good else f" ({wrong or 'it passes'})"))
    names = {f[:-5] for f in os.listdir(os.path.join(TOP, "conf/profiles"))}
    print(("ok " if names == set(SCENES) else "not ok ")
          + "each profile has its scenario")
    if failed:
        print(f"# kept: {bench.dir}")
    else:
        shutil.rmtree(bench.dir)
    return failed != 0


sys.exit(main())
