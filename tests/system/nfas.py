#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: a digit must be heard in time
"""Two gateways, user and network, joined by an NFAS group of T1s with primary
and backup D channel. usage: nfas.py [--dahdi] [SPANS...]

The span of the D channel in use is taken away under calls on another span, it
comes back as standby, the operator switches back; a loop call per span checks
the numbers of the interfaces, and finds two that are swapped. Lines are
pseudowires, or, in the machine of tests/vm, spans of the real driver: 1, 3 ...
here and 2, 4 ... at the far end."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, SIPP, Lab, main, wait_for  # noqa: E402

DAHDI = "--dahdi" in sys.argv
SIZES = [int(a) for a in sys.argv[1:] if a.isdigit()] or [4]
CALLS = 10
LOOP = "4155550100"
SLOW_S = 90 if DAHDI else 30
# The machine of tests/vm is slow: no canceller, few and long packets. A stall is
# an alarm of the line there, which must end no call, and may swallow a digit, or
# the loop call: only then the loop calls are tried again.
TRIES = 4

CONF = """
gateway: {{node: {name}, run_dir: {dir}/run, cdr_dir: {dir}/cdr,
          state_dir: {dir}/state, drain: 2}}
sip: {{bind: "127.0.0.1:{sip}"}}
media: {{address: 127.0.0.1, ports: {rtp}-{rtp_end}, silent_release: 0,
        jitter_max: 500, max_load: 100}}
spans:
{spans}
trunks:
  - {{name: provider, server: "127.0.0.1:{phone}"{ptime}}}
{loop}
emergency: ["911"]
routes:
{loop_routes}
  - {{from: west, to: provider}}
  - {{from: provider, to: west, allow: ["*"]}}
"""

# The far end sends what comes for that number back to the group, by itself.
LOOP_TRUNK = '  - {{name: loop, server: "127.0.0.1:{sip}"{ptime}}}'
LOOP_ROUTES = f"""  - {{from: west, to: loop, match: ["{LOOP}"]}}
  - {{from: loop, to: west, allow: ["*"]}}"""

INFO = ("INFO sip:caller SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: long-{}\r\n"
        "CSeq: 9 INFO\r\nContent-Length: 0\r\n\r\n")

SPAN = """  - name: {name}-{i}
    law: ulaw
    country: us
    echo: {echo}
    alarm_hold: {hold}
    line: {{{line}, d_slot: 24, last_slot: 24}}
    isdn: {{side: {side}, switch: ni2, nfas: west, interface: {interface},
           d_channel: {d}}}
"""


class Side(Lab):
    """One of the gateways; other: the far one, set before it starts."""

    def __init__(self, name, side, size, swapped=False):
        super().__init__(f"nfas{size}-{name}", side=side)
        if side == "user":  # two of them in one process: other ports
            self.port = {k: v + 450 for k, v in self.port.items()}
            self.conf.update(self.port)
        self.size = size
        self.swapped = swapped
        self.conf["ptime"] = ", ptime: 60" if DAHDI else ""
        self.other = None

    def line(self, i):
        if DAHDI:
            span = 2 * i + (1 if self.conf["side"] == "user" else 2)
            return f"driver: dahdi, span: {span}, buffer: 100"
        return (f'driver: pseudowire, local: "127.0.0.1:'
                f'{self.port["sip"] + 6 + i}", peer: "127.0.0.1:'
                f'{self.other.port["sip"] + 6 + i}", clock: '
                + ("slave" if self.conf["side"] == "user" else "master"))

    def write_conf(self):
        spans = ""
        for i in range(self.size):
            wire = i
            if self.swapped and i in (2, 3):
                wire = 5 - i
            spans += SPAN.format(name="t1", i=i, line=self.line(i),
                                 side=self.conf["side"], interface=wire,
                                 hold=60000 if DAHDI else 500,
                                 echo="false" if DAHDI else "true",
                                 d=("primary", "backup", "none", "none")[i])
        loops = self.conf["side"] == "network"
        with open(self.yaml, "w") as f:
            f.write(CONF.format(**dict(
                self.conf, name=self.name, spans=spans,
                loop=LOOP_TRUNK.format(**self.conf) if loops else "",
                loop_routes=LOOP_ROUTES if loops else "")))

    def d_states(self):
        isdn = (self.ctl("spans") or {}).get("isdn", [{}])
        return [s.get("d_state") for s in isdn[0].get("spans", [])][:2]

    def free(self):
        spans = (self.ctl("spans") or {}).get("core", [])
        return [s["free"] for s in spans if s.get("up")]


def both(near, far, states):
    return wait_for(lambda: near.d_states() == states
                    and far.d_states() == states, SLOW_S)


def long_calls(near, scenario):
    """They last until end_calls()."""
    with open(f"{SIPP}/uac.xml") as f:
        text = f.read()
    made, ended = text.split('<pause distribution="uniform" min="500" max="1500"/>')
    ended = ended.replace("[last_To:]", "To: <sip:[field0]@[remote_ip]:"
                          "[remote_port]>[peer_tag_param]", 1)
    text = made + '<recv request="INFO"/>' + ended
    with open(near.path(scenario), "w") as f:
        f.write(text)
    with open(near.path("numbers.csv"), "w") as f:
        f.write("SEQUENTIAL\n6155551212;\n")
    return near.start("caller", "sipp", f"127.0.0.1:{near.port['sip']}",
                      "-sf", near.path(scenario), "-i", "127.0.0.1", "-p",
                      near.port["caller"], "-mi", "127.0.0.1", "-mp",
                      near.port["caller_media"], "-nostdin", "-inf",
                      near.path("numbers.csv"), "-m", CALLS, "-r", 5,
                      "-cid_str", "long-%u",
                      env=dict(os.environ, TERM="dumb"))


def end_calls(near, caller):
    """SIPp takes what comes for a Call-ID from anybody."""
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        for i in range(1, CALLS + 1):
            s.sendto(INFO.format(i).encode(), ("127.0.0.1",
                                               near.port["caller"]))
    caller.wait(60)


def switch_over(near, far):
    far.phone()
    near.ok("both D channels are there",
            both(near, far, ["IN SERVICE", "STANDBY"]),
            f"{near.d_states()} {far.d_states()}")
    wait_for(lambda: sum(near.free()) == near.size * 24 - 2
             and sum(far.free()) == near.size * 24 - 2, SLOW_S)
    caller = long_calls(near, "long.xml")
    near.ok("calls are up", wait_for(
        lambda: len([c for c in near.calls() if c["answered"]]) == CALLS
        and len(far.calls()) == CALLS, SLOW_S), len(near.calls()))
    subprocess.run([BUILD + "/trunkctl", "--socket", far.dir + "/run/ctl",
                    "span", "t1-0", "down"], stdout=subprocess.DEVNULL,
                   check=True)
    near.ok("the backup takes over", both(
        near, far, ["OUT OF SERVICE", "IN SERVICE"]),
        f"{near.d_states()} {far.d_states()}")
    subprocess.run([BUILD + "/trunkctl", "--socket", far.dir + "/run/ctl",
                    "span", "t1-0", "up"], stdout=subprocess.DEVNULL,
                   check=True)
    near.ok("the primary comes back as standby", both(
        near, far, ["STANDBY", "IN SERVICE"]),
        f"{near.d_states()} {far.d_states()}")
    near.ctl("nfas", "switch", "west")
    near.ok("and is in service when told so", both(
        near, far, ["IN SERVICE", "STANDBY"]),
        f"{near.d_states()} {far.d_states()}")
    left = len(near.calls()), len(far.calls())
    near.ok("not one call is lost", left == (CALLS, CALLS), left)
    end_calls(near, caller)
    for lab in near, far:
        wait_for(lambda: len(lab.cdrs()) >= CALLS, 20)
        causes = [r["q850"] for r in lab.cdrs()]
        lab.ok("each ends as usual", causes == [16] * CALLS, causes)
    near.ok("all channels are free", wait_for(
        lambda: sum(near.free()) == near.size * 24 - 2, SLOW_S), near.free())


def verify(near, far):
    def is_right(r):
        return r.returncode == 0 and r.stdout.count("right") == near.size

    def is_swapped(r):
        return r.returncode == 1 \
            and "interfaces 2 and 3 are swapped" in r.stdout

    swapped = near.swapped or far.swapped
    judge = is_swapped if swapped else is_right
    for i in range(TRIES):
        before = near.stalled() + far.stalled()
        r = subprocess.run([BUILD + "/trunkctl", "--socket",
                            near.dir + "/run/ctl", "nfas", "verify", "west",
                            LOOP], capture_output=True, text=True,
                           check=False, timeout=200)
        if judge(r) or near.stalled() + far.stalled() == before:
            break
        print(f"# a stall in try {i + 1}: {r.stdout}{r.stderr}")
    near.ok("swapped interfaces are found" if swapped
            else "interfaces are numbered right", judge(r),
            f"try {i + 1}" if judge(r) else r.stdout + r.stderr)


def group(size, swapped=False):
    name = "swapped-" if swapped else ""
    with Side(name + "network", "network", size, swapped) as far, \
            Side(name + "user", "user", size) as near:
        near.other, far.other = far, near
        far.gateway()
        near.gateway()
        if swapped:
            both(near, far, ["IN SERVICE", "STANDBY"])
        else:
            switch_over(near, far)
        verify(near, far)
        return near.failed + far.failed


def test():
    failed = sum(group(size) for size in SIZES)
    if not DAHDI:
        failed += group(4, swapped=True)
    return failed


main(test)
