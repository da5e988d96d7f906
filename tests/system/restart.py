#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: 100 calls of RTP in real time
"""SIGKILL of the sip role, then of the core, under 108 answered calls on four
spans, with one provider by UDP and one by TLS with SRTP, most placed by the line,
some by each provider: no answered call and no RTP frame is lost either way;
re-INVITE, session refresh and BYE work on each afterwards, from either end;
registrations and probing go on; a new call of each is answered within a
second."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, Lab, main, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402
from provider import Provider  # noqa: E402
from wire import Tls  # noqa: E402

SPANS = 4
EACH = 25   # of each span's exchange
INWARD = 4  # of each provider
TRIES = 4  # rounds in which the machine may have stood still
CALLS = SPANS * EACH + 2 * INWARD
NEW = "2001"  # the number of the first call afterwards

CONF = """
gateway: {{node: lab, run_dir: {dir}/run, cdr_dir: {dir}/cdr,
          state_dir: {dir}/state, drain: 5}}
sip: {{bind: "127.0.0.1:{sip}", tls_port: {tls}}}
media: {{address: 127.0.0.1, ports: {rtp}-{rtp_end}, silent_release: 0}}
spans:
{spans}
trunks:
  - name: provider
    server: "127.0.0.1:{phone}"
    options: 2
    number: "4711"
    register: {{mode: plain, users: ["4711"]}}
  - name: secure
    server: "127.0.0.1:{secure}"
    transport: tls
    tls: {{certificate: us.pem, key: us.key, ca: ca.pem, name: peer.example}}
    srtp: required
    options: 2
    number: "4712"
    register: {{mode: plain, users: ["4712"]}}
emergency: ["110", "112"]
routes:
{routes}
  - {{from: provider, to: e0, allow: ["*"]}}
  - {{from: secure, to: e3, allow: ["*"]}}
"""
# Where each span's calls go.
TO = ["provider"] * 3 + ["secure"]
SPAN = """  - name: e{i}
    line: {{driver: pseudowire, local: "127.0.0.1:{near}",
           peer: "127.0.0.1:{far}", clock: slave}}
    isdn: {{side: user, switch: euroisdn}}
"""


class Gateway(Lab):
    def ends(self, i):
        """(ours, the exchange's) port of span i's pseudowire."""
        return self.port["metrics"] + 1 + 2 * i, self.port["metrics"] + 2 + 2 * i

    def write_conf(self):
        spans = "".join(SPAN.format(i=i, near=self.ends(i)[0],
                                    far=self.ends(i)[1])
                        for i in range(SPANS))
        with open(self.yaml, "w") as f:
            f.write(CONF.format(**dict(self.conf, spans=spans, routes="".join(
                f"  - {{from: e{i}, to: {TO[i]}}}\n" for i in range(SPANS)))))

    def exchanges(self):
        return [self.start(f"pbxsim{i}", BUILD + "/pbxsim", "--local",
                           f"127.0.0.1:{self.ends(i)[1]}", "--peer",
                           f"127.0.0.1:{self.ends(i)[0]}", "--stdin", "--stay",
                           stdin=subprocess.PIPE) for i in range(SPANS)]

    def answered(self):
        return [c for c in self.calls() if c.get("answered")]


def tell(exchanges, text):
    for e in exchanges:
        e.stdin.write(text.encode())
        e.stdin.flush()


def kill(lab, gateway, role):
    """Returns when its successor runs."""
    pid = lab.role_pids(gateway)[role]
    os.kill(pid, signal.SIGKILL)
    lab.ok(f"{role}: it is back", wait_for(
        lambda: lab.role_pids(gateway).get(role) not in (None, pid), 5, 0.01))


def first_call(lab, provider, what):
    dialog, took = provider.call(NEW)
    lab.ok(f"{what}: a new call is answered within 1 s",
           dialog is not None and took <= 1.0, f"{took * 1000:.0f} ms")
    if dialog:
        provider.bye(dialog)


def every(lab, what, dialogs, act):
    """dialogs: of (provider, Dialog); act: a method of the first."""
    statuses = [act(p, d) for p, d in dialogs]
    lab.ok(what, statuses == [200] * len(statuses),
           sorted(set(statuses)))


def stalls(lab):
    """Time that media left out because the machine stood still."""
    with open(lab.path("gateway.log"), errors="replace") as f:
        faults = f.read().count(": fault, ")
    found = re.findall(r"'skipped_ms': (\d+)", str(lab.ctl("status")))
    return faults, found


def judge_frames(lab, providers, role):
    """What came to us by its numbers; what we sent is judged by the CDRs."""
    streams = [s for p in providers for s in p.streams.values()]
    gaps = [g for s in streams for g in s.gaps]
    lab.ok(f"{role}: no RTP frame is lost on its way out",
           len(streams) >= CALLS and not gaps,
           f"{sum(s.frames for s in streams)} of {len(streams)} streams, "
           f"gaps {gaps[:5]}")


def judge_records(lab, role, before):
    n = before + CALLS + 2
    wait_for(lambda: len(lab.cdrs()) >= n, 15)
    records = lab.cdrs()[before:]
    lab.ok(f"{role}: each call has its CDR, with cause 16",
           [r["q850"] for r in records] == [16] * (CALLS + 2), len(records))
    lab.ok(f"{role}: those of the second provider were encrypted",
           sum("srtp" in r for r in records) == EACH + INWARD + 1)
    return records


def judge_in(lab, role, records):
    lab.ok(f"{role}: no RTP frame is lost on its way in",
           all(r["rtp_rx"] > 50 and r["rtp_lost"] == 0 for r in records
               if r["to"] != NEW),
           [r["rtp_lost"] for r in records if r["rtp_lost"]][:5])


def set_up(lab, providers, exchanges, role):
    """(provider, Dialog) of each call; None: they do not come up."""
    for p in providers:
        p.streams.clear()
        p.dialogs.clear()
    for p in providers:
        for i in range(INWARD):
            p.call(f"300{i}")
    tell(exchanges, f"count {EACH}\nrate 12\nhold 0\ncall 1001\n")
    if not lab.ok(f"{role}: {CALLS} calls are up", wait_for(
            lambda: len(lab.answered()) == CALLS, 20), len(lab.answered())):
        return None
    time.sleep(1)
    return [(p, d) for p in providers for d in p.dialogs.values()]


def works_on_each(lab, dialogs, role):
    lab.ok(f"{role}: no answered call is lost",
           wait_for(lambda: len(lab.answered()) == CALLS, 5)
           and not any(d.over for _, d in dialogs), len(lab.answered()))
    every(lab, f"{role}: re-INVITE works on each", dialogs, Provider.reinvite)
    every(lab, f"{role}: session refresh works on each", dialogs,
          Provider.refresh)


def clear_each(lab, exchanges, dialogs, role):
    every(lab, f"{role}: BYE works on each from the providers",
          dialogs[::2], Provider.bye)
    tell(exchanges, "hangup all\n")
    lab.ok(f"{role}: and from the exchange", wait_for(
        lambda: all(d.over for _, d in dialogs) and not lab.calls(), 15))


def round_of(lab, gateway, providers, exchanges, role):
    """False when the machine stalled, and frames were not judged."""
    stalled = stalls(lab)
    before = len(lab.cdrs())
    dialogs = set_up(lab, providers, exchanges, role)
    if dialogs is None:
        return True
    seen = [(len(p.registered), len(p.probed)) for p in providers]
    kill(lab, gateway, role)
    for p in providers:
        first_call(lab, p, f"{role}, {p.wire.proto}")
    works_on_each(lab, dialogs, role)
    smooth = stalls(lab) == stalled
    if smooth:
        judge_frames(lab, providers, role)
    if role == "sip":
        lab.ok("sip: it registers and probes again", wait_for(
            lambda: all(len(p.registered) > r and len(p.probed) > o
                        for p, (r, o) in zip(providers, seen)), 5))
    clear_each(lab, exchanges, dialogs, role)
    records = judge_records(lab, role, before)
    if smooth:
        judge_in(lab, role, records)
    return smooth


def test():
    with Gateway("restart") as lab:
        authority(lab)
        issue(lab, "us", "DNS:us.example")
        issue(lab, "peer", "DNS:peer.example")
        secure, tls = lab.port["caller"], lab.port["caller"] + 14
        lab.conf.update(secure=secure, tls=tls)
        providers = (
            Provider(lab.port["phone"], lab.port["phone_media"],
                     lab.port["sip"]),
            Provider(secure, lab.port["caller_media"], tls, secure=True,
                     wire=Tls(secure, tls, lab, "peer", "us.example")))
        gateway = lab.gateway()
        exchanges = lab.exchanges()
        tell(exchanges, "on * answer 0.1\n")
        lab.ok("the lines come up", lab.line_up())
        lab.ok("the trunks are registered",
               wait_for(lambda: all(p.registered for p in providers), 5))
        for role in ("sip", "core"):
            lab.ok(f"{role}: a round without a stall of the machine", any(
                round_of(lab, gateway, providers, exchanges, role)
                for _ in range(TRIES)))
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        for p in providers:
            p.close()
        return lab.failed


main(test)
