#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The gateway as its operator sees it: trunkctl, reload, drain, metrics, full
channel group, full disk, emergency numbers, and a restart that goes on with
the CDR numbers."""
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, Lab, main, wait_for  # noqa: E402


def tell(exchange, text):
    exchange.stdin.write(text.encode())
    exchange.stdin.flush()


def answered(lab):
    return [c for c in lab.calls() if c.get("answered")]


def ctl_text(lab, *words):
    return subprocess.run([BUILD + "/trunkctl", "--socket",
                           lab.path("run/ctl"), *words], capture_output=True,
                          text=True, check=False)


def looks(lab):
    for verb in ("status", "spans", "channels", "calls", "trunks"):
        got = lab.ctl(verb)
        lab.ok(f"trunkctl {verb} is JSON", got is not None
               and "no answer" not in json.dumps(got), json.dumps(got)[:80])
        text = ctl_text(lab, verb)
        lab.ok(f"trunkctl {verb} is text for people", text.returncode == 0
               and "{" not in text.stdout, text.stdout[:60])
    why = lab.ctl("explain", "carrier", "1001")
    lab.ok("explain names the route", why and "provider" in json.dumps(why),
           json.dumps(why)[:120])
    wrong = ctl_text(lab, "nonsense")
    lab.ok("an unknown command: status 2 and where the others are",
           wrong.returncode == 2 and "no command \"nonsense\"" in wrong.stderr
           and "--help" in wrong.stderr, wrong.stderr[:120])


def metrics(lab):
    url = f"http://127.0.0.1:{lab.port['metrics']}/metrics"
    with urllib.request.urlopen(url, timeout=5) as r:
        text = r.read().decode()
    bad = [x for x in text.splitlines() if x and not re.match(
        r'(# (HELP|TYPE) [a-zA-Z_:][\w:]* .*|[a-zA-Z_:][\w:]*(\{[^}]*\})? '
        r'[-+0-9.eEinfNa]+)$', x)]
    types = re.findall(r"^# TYPE (\S+)", text, re.M)
    lab.ok("Prometheus text is well formed", text and not bad, bad[:2])
    lab.ok("each metric has one TYPE", len(types) == len(set(types)))
    for name in ("trunkgate_calls", "span", "sip", "media"):
        lab.ok(f"metrics speak of {name}", name in text)
    odd = [t for t in types if not t.startswith("trunkgate_")]
    lab.ok("metrics have one prefix", not odd, odd[:3])


def log(lab):
    with open(lab.path("gateway.log")) as f:
        return f.read()


def reloads(lab, gateway):
    pids = lab.role_pids(gateway)
    good = open(lab.yaml).read()
    with open(lab.yaml, "w") as f:
        f.write(good.replace("euroisdn", "eurisdn"))
    r = ctl_text(lab, "reload")
    lab.ok("a bad file is refused, with the line", r.returncode == 1
           and "eurisdn" in r.stderr and ":" in r.stderr, r.stderr[:90])
    lab.ok("and nothing changed", answered(lab)
           and lab.role_pids(gateway) == pids)
    with open(lab.yaml, "w") as f:
        f.write(good.replace('allow: ["*"]', 'allow: ["7*"]'))
    r = ctl_text(lab, "nfas", "switch", "nobody")
    lab.ok("a group that is not there is told", r.returncode == 1
           and "no such NFAS group" in r.stderr, r.stderr)
    r = ctl_text(lab, "reload")
    lab.ok("a good file is applied", r.returncode == 0, r.stdout[:90])

    def why():
        return json.dumps(lab.ctl("explain", "provider", "1001"))
    lab.ok("the new routes hold",
           wait_for(lambda: "not in the allow list" in why(), 3), why()[:200])
    lab.ok("the call went on", answered(lab)
           and lab.role_pids(gateway) == pids)
    with open(lab.yaml, "w") as f:
        f.write(good.replace("ringback: auto", "echo_tail: 128"))
    r = ctl_text(lab, "reload")
    lab.ok("what would end calls is refused and said", r.returncode == 1
           and "echo_tail" in r.stderr and answered(lab), r.stderr[:90])
    with open(lab.yaml, "w") as f:
        f.write("spans: [\n")
    gateway.send_signal(signal.SIGHUP)
    lab.ok("a bad file by SIGHUP is told line by line", wait_for(
        lambda: "reload: nothing was changed\n" in log(lab), 5)
        and "\\x0a" not in log(lab) and answered(lab))
    with open(lab.yaml, "w") as f:
        f.write(good)
    gateway.send_signal(signal.SIGHUP)
    lab.ok("SIGHUP reloads too",
           wait_for(lambda: "not in the allow list" not in why(), 5))


def full_group(lab, exchange):
    before = len(lab.cdrs())
    tell(exchange, "hold 0\ncount 29\nrate 40\ncall 1001\n")
    lab.ok("30 calls fill the group", wait_for(
        lambda: len(answered(lab)) == 30, 15), len(answered(lab)))
    caller = lab.sipp("full", "uac.xml", "caller", "-inf",
                      numbers(lab, "1999"), "-m", "1")
    caller.wait(15)
    lab.ok("one more from SIP: 503, cause 34", wait_for(
        lambda: [r["q850"] for r in lab.cdrs()[before:]] == [34], 5),
        [r["q850"] for r in lab.cdrs()[before:]])
    tell(exchange, "hangup all\n")
    lab.ok("all end", wait_for(lambda: lab.calls() == [], 10))


def numbers(lab, number):
    path = lab.path("one.csv")
    with open(path, "w") as f:
        f.write(f"SEQUENTIAL\n{number};\n")
    return path


def full_disk(lab, exchange):
    """The CDR directory is a file system of 64 KiB, and full."""
    before = len(lab.cdrs())
    fd = os.open(lab.path("cdr/filler"), os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(fd, b"x" * 512):
            pass
    except OSError:
        os.close(fd)
    tell(exchange, "count 20\nrate 20\nhold 0.2\ncall 1001\n")
    lab.ok("calls run while the disk is full", wait_for(
        lambda: waiting(lab) >= 15, 15), waiting(lab))
    os.unlink(lab.path("cdr/filler"))
    lab.ok("when there is room again no CDR is lost or doubled", wait_for(
        lambda: len(lab.cdrs()) == before + 20, 20),
        len(lab.cdrs()) - before)
    seqs = sorted(r["seq"] for r in lab.cdrs())
    lab.ok("CDR numbers have no gap",
           seqs == list(range(seqs[0], seqs[0] + len(seqs))))


def waiting(lab):
    return lab.ctl("status")["core"]["cdr"]["waiting"]


def drains(lab, gateway, exchange):
    tell(exchange, "count 1\nhold 2\ncall 1001\n")
    lab.ok("a call is up", wait_for(lambda: answered(lab), 10))
    start = time.monotonic()
    gateway.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    tell(exchange, "call 1002\n")
    status = gateway.wait(20)
    took = time.monotonic() - start
    lab.ok("SIGTERM waits for the call to end", status == 0
           and 1.0 < took < 5.5, f"{took:.1f} s, status {status}")
    last = lab.cdrs()[-2:]
    ends = {r["to"]: r["q850"] for r in last}
    lab.ok("which ended by itself, and a new one was refused",
           ends.get("1001") == 16 and ends.get("1002") not in (None, 16),
           ends)


def again(lab, exchange):
    seq = max(r["seq"] for r in lab.cdrs())
    lab.gateway()
    lab.line_up()
    tell(exchange, "count 1\nhold 0.3\ncall 1001\n")
    lab.ok("after a restart the CDR numbers go on", wait_for(
        lambda: max(r["seq"] for r in lab.cdrs()) == seq + 1, 15), seq)


def test():
    with Lab("service") as lab:
        os.mkdir(lab.path("cdr"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs",
                        lab.path("cdr")], check=True)
        try:
            gateway = lab.gateway()
            lab.phone("-aa")
            exchange = lab.exchange("--stdin", "--stay",
                                    stdin=subprocess.PIPE)
            lab.ok("the line comes up", lab.line_up())
            tell(exchange, "hold 0\ncall 1001\n")
            lab.ok("a call is up", wait_for(lambda: answered(lab), 10))
            looks(lab)
            metrics(lab)
            reloads(lab, gateway)
            full_group(lab, exchange)
            full_disk(lab, exchange)
            drains(lab, gateway, exchange)
            again(lab, exchange)
        finally:
            for p in reversed(lab.children):
                lab.stop(p)
            subprocess.run(["umount", "-l", lab.path("cdr")], check=False)
        return lab.failed


main(test)
