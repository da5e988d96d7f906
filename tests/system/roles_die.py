#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: judges times of a second
"""SIGKILL of each role in turn with 10 answered calls: the role is back within
a second, both ends of each lost call are released with cause 41, its CDR is
written, the next call works. The deaths of sip, core and console end no
answered call: those are hung up in order afterwards."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, main, wait_for  # noqa: E402

CALLS = 10
HARMLESS = ("console", "sip", "core")


def answered(lab):
    return [c for c in lab.calls() if c.get("answered")]


def place_calls(lab, exchange):
    exchange.stdin.write(b"count %d\nrate 20\nhold 0\ncall 1001\n" % CALLS)
    exchange.stdin.flush()
    return wait_for(lambda: len(answered(lab)) == CALLS, 10)


def exchange_events(lab):
    with open(lab.path("pbxsim.log")) as f:
        for line in f:
            try:
                yield json.loads(line)
            except ValueError:
                pass


def byes(lab):
    """Call-ID -> Q.850 cause of each BYE that the SIP phone received."""
    found = {}
    with open(lab.path("phone.msg"), errors="replace") as f:
        for part in f.read().split("UDP message ")[1:]:
            text = part.split("\n-----")[0]
            if not re.search(r"^BYE sip:", text, re.M):
                continue
            call_id = re.search(r"^Call-ID: *(\S+)", text, re.M)
            cause = re.search(r"^Reason: *Q.850 *;.*cause=(\d+)", text, re.M)
            if call_id:
                found[call_id[1]] = int(cause[1]) if cause else None
    return found


def phone_released(lab, role, before):
    """Both ends: the exchange is looked at elsewhere."""
    def new():
        return {k: v for k, v in byes(lab).items() if k not in before}
    lab.ok(f"{role}: the phone got a BYE for each call",
           wait_for(lambda: len(new()) >= CALLS, 15), len(new()))
    causes = {str(v) for v in new().values()}
    if role not in HARMLESS:
        lab.ok(f"{role}: the BYEs say cause 41", causes == {"41"},
               " ".join(sorted(causes)))


def kill_role(lab, gateway, exchange, role):
    before = len(lab.cdrs())
    before_byes = set(byes(lab))
    ended = sum(e.get("state") == "released" for e in exchange_events(lab))
    if not lab.ok(f"{role}: {CALLS} calls are up", place_calls(lab, exchange),
                  len(answered(lab))):
        return
    pid = lab.role_pids(gateway)[role]
    os.kill(pid, signal.SIGKILL)
    start = time.monotonic()
    back = wait_for(lambda: lab.role_pids(gateway).get(role) not in (None,
                                                                     pid), 5,
                    0.02)
    took = time.monotonic() - start
    lab.ok(f"{role}: the process is back within 1 s", back and took <= 1.0,
           f"{took * 1000:.0f} ms")
    if role in HARMLESS:
        wait_for(lambda: len(answered(lab)) == CALLS, 5)  # it asks who lives
        time.sleep(0.3)  # whatever is to go wrong
        lab.ok(f"{role}: no call is lost", len(answered(lab)) == CALLS
               and not set(byes(lab)) - before_byes, len(answered(lab)))
        exchange.stdin.write(b"hangup all\n")
        exchange.stdin.flush()
    lab.ok(f"{role}: each call has its CDR",
           wait_for(lambda: len(lab.cdrs()) == before + CALLS, 15),
           len(lab.cdrs()) - before)
    records = lab.cdrs()[before:]
    if role not in HARMLESS:
        causes = sorted({r["q850"] for r in records})
        lab.ok(f"{role}: the CDRs say cause 41", causes == [41], causes)
    lab.ok(f"{role}: the exchange saw each call end", wait_for(
        lambda: sum(e.get("state") == "released" for e in exchange_events(lab))
        >= ended + CALLS, 15))
    phone_released(lab, role, before_byes)
    lab.ok(f"{role}: no call is left",
           wait_for(lambda: lab.calls() == [], 10), lab.calls()[:2])
    lab.ok(f"{role}: the line takes calls again", lab.line_up(15))


def next_call(lab, exchange, role):
    before = len(lab.cdrs())
    exchange.stdin.write(b"count 1\nhold 0.3\ncall 1002\n")
    exchange.stdin.flush()
    done = wait_for(lambda: len(lab.cdrs()) > before, 10)
    last = lab.cdrs()[-1] if done else {}
    lab.ok(f"{role}: the next call works", last.get("q850") == 16
           and last.get("bill_ms", 0) > 0, last.get("q850"))


def test():
    with Lab("roles_die") as lab:
        gateway = lab.gateway()
        lab.phone("-aa", "-trace_msg", "-message_file",
                  lab.path("phone.msg"))
        exchange = lab.exchange("--stdin", "--stay", stdin=subprocess.PIPE)
        lab.ok("the line comes up", lab.line_up())
        for role in ("console", "sip", "isdn", "media", "core"):
            kill_role(lab, gateway, exchange, role)
            next_call(lab, exchange, role)
        seqs = [r["seq"] for r in lab.cdrs()]
        lab.ok("CDR numbers have no gap",
               sorted(seqs) == list(range(min(seqs), min(seqs) + len(seqs))))
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        return lab.failed


main(test)
