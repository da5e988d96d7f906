#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway, user, and pbxsim, network, joined by an NFAS group of four T1s. The
D channel in use is lost under calls on all lines, its line is not: the backup
takes over; then the whole T1 of the backup goes, and its calls alone go with it;
the primary, which is back as standby, takes over."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab as laboratory  # noqa: E402
from lab import BUILD, Lab, main, wait_for  # noqa: E402

SIZE = 4
CALLS = 60  # on three of the lines: hunted from the first on
ACK_S = 1  # without CONNECT ACKNOWLEDGE a call is still in setup: T313
HURT_S = 20  # longer than T203 and what follows, shorter than T309

SPAN = """  - name: t1-{i}
    law: ulaw
    country: us
    echo: false
    line: {{driver: pseudowire, local: "127.0.0.1:{line}",
           peer: "127.0.0.1:{far}", clock: slave, d_slot: 24, last_slot: 24}}
    isdn: {{side: user, switch: ni2, nfas: west, interface: {i},
           d_channel: {d}}}
"""


class Group(Lab):
    def __init__(self):
        super().__init__("nfas-pbx")
        self.size = SIZE
        self.lines = [self.port["line"] + 400 + i for i in range(SIZE)]
        self.far = self.lines[0] + SIZE

    def write_conf(self):
        spans = "".join(SPAN.format(
            i=i, line=self.lines[i], far=self.far + i,
            d=("primary", "backup", "none", "none")[i])
            for i in range(self.size))
        text = laboratory.CONF
        head = text[:text.index("spans:")].format(**self.conf)
        with open(self.yaml, "w") as f:
            f.write(head + "spans:\n" + spans + f"""trunks:
  - name: provider
    server: {self.conf['server']}
emergency: ["911"]
routes:
  - {{from: west, to: provider}}
  - {{from: provider, to: west, allow: ["*"]}}
""")

    def group(self):
        return ((self.ctl("spans") or {}).get("isdn") or [{}])[0]

    def d_states(self):
        return [s.get("d_state") for s in self.group().get("spans", [])][:2]

    def are(self, *states):
        return wait_for(lambda: self.d_states() == list(states), 40)

    def all_free(self, seconds):
        return wait_for(lambda: sum(
            s["free"] for s in (self.ctl("spans") or {}).get("core", []))
            == self.size * 24 - 2, seconds)

    def say(self, *words):
        r = subprocess.run([BUILD + "/trunkctl", "--socket",
                            self.path("run/ctl"), *words],
                           capture_output=True, text=True, check=False)
        return r.returncode, r.stdout + r.stderr

    def answered(self):
        return sum(c["answered"] for c in self.calls())


def say(exchange, *lines):
    for line in lines:
        exchange.stdin.write(line.encode() + b"\n")
    exchange.stdin.flush()


def begin(lab):
    exchange = lab.start(
        "pbxsim", BUILD + "/pbxsim", "--nfas", SIZE, "--local",
        f"127.0.0.1:{lab.far}", "--peer", f"127.0.0.1:{lab.lines[0]}",
        "--country", "us", "--from", "6155551212", "--hold", 0, "--count",
        CALLS, "--rate", 20, "--stay", "--stdin", stdin=subprocess.PIPE)
    lab.ok("both D channels are there", lab.are("IN SERVICE", "STANDBY"),
           lab.d_states())
    lab.ok("all channels are there", lab.all_free(20))
    say(exchange, "call 601")
    lab.ok("calls are up", wait_for(lambda: lab.answered() == CALLS, 60),
           lab.answered())
    time.sleep(ACK_S)
    return exchange


def lines_in_use(lab):
    used = [c["caller"]["span"] for c in lab.calls()]
    return {s: used.count(s) for s in sorted(set(used))}


def d_channel_is_lost(lab, exchange):
    used = lines_in_use(lab)
    lab.ok("they are on three lines", len(used) == 3, used)
    say(exchange, f"flip 0.5 {HURT_S} 24 0")
    lab.ok("the backup takes over", lab.are("OUT OF SERVICE", "IN SERVICE"),
           lab.d_states())
    lab.ok("the primary comes back as standby",
           lab.are("STANDBY", "IN SERVICE"), lab.d_states())
    lab.ok("not one call is lost", lab.answered() == CALLS, lab.answered())
    return used


def line_is_lost(lab, exchange, used):
    say(exchange, f"drop {HURT_S} 1")
    lab.ok("the primary takes over", lab.are("IN SERVICE", "OUT OF SERVICE"),
           lab.d_states())
    left = CALLS - used["t1-1"]
    lab.ok("the calls of that line end, and no other",
           wait_for(lambda: lab.answered() == left, 20)
           and "t1-1" not in lines_in_use(lab), lab.answered())
    lab.ok("and its D channel is standby when it is back",
           lab.are("IN SERVICE", "STANDBY"), lab.d_states())
    lab.ok("the others are still up", lab.answered() == left, lab.answered())
    say(exchange, "hangup all")
    lab.ok("each has its record", wait_for(
        lambda: len(lab.cdrs()) == CALLS, 20), len(lab.cdrs()))
    causes = [r["q850"] for r in lab.cdrs()]
    lab.ok("and ends as usual, but for those",
           causes.count(16) == left, causes)
    lab.ok("all channels are free", lab.all_free(40))


def of_size(lab, size):
    """The group begins anew, for a span more or less; nothing else does."""
    lab.size = size
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok(f"{size} spans: what that costs is told", code == 1
           and "t1-0.isdn.nfas (other spans of the group)" in text, text)
    code, text = lab.say("reload", "--restart")
    lab.ok(f"{size} spans: is done", code == 0, text)
    lab.ok(f"{size} spans: both D channels are there",
           lab.are("IN SERVICE", "STANDBY"), lab.d_states())
    lab.ok(f"{size} spans: with their channels", lab.all_free(20)
           and len(lab.group()["spans"]) == size)


def first_is_down(lab):
    """The line of the span that the group's role has its name from is out of
    service: the role begins anew all the same."""
    lab.say("span", "t1-0", "down")
    lab.ok("a line is down", lab.are("OUT OF SERVICE", "IN SERVICE"),
           lab.d_states())
    for size in SIZE - 1, SIZE:
        lab.size = size
        lab.write_conf()
        lab.say("reload", "--restart")
        lab.ok(f"{size} spans, one is down: the role has as many", wait_for(
            lambda: len(lab.group().get("spans", [])) == size, 20),
            lab.group().get("spans"))
        lab.ok("and the other D channel", lab.are("OUT OF SERVICE",
                                                  "IN SERVICE"),
               lab.d_states())
    lab.say("span", "t1-0", "up")
    lab.ok("all lines are back", lab.are("STANDBY", "IN SERVICE"),
           lab.d_states())


def regroup(lab, gateway, exchange):
    pids = lab.role_pids(gateway)
    of_size(lab, SIZE - 1)
    of_size(lab, SIZE)
    first_is_down(lab)
    now = lab.role_pids(gateway)
    lab.ok("no other role was touched", all(
        now.get(r) == pids[r] for r in ("core", "media", "sip", "console")))
    say(exchange, "call 601")
    lab.ok("and takes calls", wait_for(lambda: lab.answered() > 0, 20))


def test():
    with Group() as lab:
        gateway = lab.gateway()
        lab.phone()
        exchange = begin(lab)
        used = d_channel_is_lost(lab, exchange)
        line_is_lost(lab, exchange, used)
        regroup(lab, gateway, exchange)
    return lab.failed


main(test)
