# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of SIPp against sip-driver (../interop/sip_driver.c) with a
configuration: Step says what SIPp does and what the driver must count."""
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
from sippxml import called, calling_in, recv, send  # noqa: E402

DRIVER = os.environ.get("SIP_DRIVER", os.path.join(TOP, "build/sip-driver"))
LIMIT_S = 8
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
# For trunks over TLS, as "own".
TLS = ("transport: tls\n    tls: {certificate: us.pem, key: us.key, ca: ca.pem,"
       " name: provider.example}")

SERVICE_ROUTE = "Service-Route: <sip:sr@[local_ip]:[local_port];lr>"
CHALLENGE = ('WWW-Authenticate: Digest realm="provider.example", '
             'nonce="{nonce}", algorithm={algorithm}, qop="auth"')


def challenge(nonce, algorithm="MD5", more=""):
    return send("401 Unauthorized", CHALLENGE.format(
        nonce=nonce, algorithm=algorithm) + more)


def registrar(*checks):
    """Challenges once, then wants credentials."""
    return [recv("REGISTER", *checks), challenge("a1b2c3"),
            recv("REGISTER", *checks,
                 ("Authorization", 'username="pbx1".*response="[0-9a-f]+"')),
            send("200 OK", "[last_Contact:];expires=3600", SERVICE_ROUTE)]


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


# What SIPp says of a check or a response that it did not want.
FAULT = re.compile(r"(header \S+ not found)|(with regexp '[^']*')|"
                   r"(received '(?:SIP/2.0|[A-Z]+) [^\r\n]*)|"
                   r"(unexpected (?:BYE|CANCEL))")


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
        self.procs, self.limit = [], LIMIT_S
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
            self.step.calls, "-nostdin", "-timeout", f"{self.limit}s",
            "-timeout_error", "-trace_err", "-error_file", self.path("errors"),
            "-trace_logs", "-log_file", self.path("got"),
            env=dict(os.environ, TERM="dumb"))

    def driver(self, us, peer, calls):
        return self.start("driver", DRIVER, f"127.0.0.1:{us}",
                          f"127.0.0.1:{peer}", calls, "conf=gateway.yaml",
                          f"limit={self.limit}", *self.step.driver)

    def run(self, base, calls=1):
        """Ports: base ours (and +1, plain beside TLS), +2 the peer, +3 SIPp
        behind TLS."""
        us, peer, inner = base, base + 2, base + 3
        self.configure(peer)
        sipp_at = inner if self.tls and not self.step.inward else peer
        if self.step.inward:
            driver = self.driver(us, peer, calls)
            if self.tls:
                self.relay("out", inner, us)
            time.sleep(0.4)
            sipp = self.sipp(peer, inner if self.tls else us)
        else:
            sipp = self.sipp(sipp_at, us)
            if self.tls:
                self.relay("in", peer, inner)
            time.sleep(0.4)
            driver = self.driver(us, peer, calls)
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
