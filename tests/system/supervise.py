#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The supervisor: what it tells systemd, a role that hangs, a stall of the
whole machine, a reload that needs all roles anew, and 64 spans."""
import os
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, Lab, main, wait_for  # noqa: E402


SPAN = """  - name: s{i}
    line: {{driver: pseudowire, local: "127.0.0.1:{a}", peer: "127.0.0.1:{b}",
           clock: slave}}
    isdn: {{side: user, switch: euroisdn}}
"""


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.said = []

    def heard(self, word):
        try:
            while True:
                self.said += self.socket.recv(4096).decode().splitlines()
        except BlockingIOError:
            return word in self.said

    def forget(self):
        self.heard("")
        self.said = []


def ctl(lab, *words):
    return subprocess.run([BUILD + "/trunkctl", "--socket",
                           lab.path("run/ctl"), *words], capture_output=True,
                          text=True, check=False)


def hangs(lab, gateway):
    """Two roles at once: each takes five seconds to be noticed."""
    before = lab.role_pids(gateway)
    for role in ("sip", "isdn"):
        os.kill(before[role], signal.SIGSTOP)

    def back():
        now = lab.role_pids(gateway)
        return len(now) == 5 and all(now[r] != before[r]
                                     for r in ("sip", "isdn"))
    lab.ok("a role that hangs is ended and started anew", wait_for(back, 10))
    now = lab.role_pids(gateway)
    lab.ok("the others are not touched", all(
        now.get(r) == before[r] for r in ("core", "media", "console")))
    lab.ok("the line is back", lab.line_up())


def stalls(lab, gateway):
    before = lab.role_pids(gateway)
    gateway.send_signal(signal.SIGSTOP)
    time.sleep(7)
    gateway.send_signal(signal.SIGCONT)
    time.sleep(1.5)
    lab.ok("a stall of the supervisor ends no role",
           lab.role_pids(gateway) == before)


def write(lab, text):
    with open(lab.yaml, "w") as f:
        f.write(text)


def restarts(lab, gateway, systemd):
    with open(lab.yaml) as f:
        good = f.read()
    before = lab.role_pids(gateway)
    lab.ok("a reload of an unknown kind is refused",
           ctl(lab, "reload", "--restrat").returncode != 0)
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    held.bind(("127.0.0.1", 0))
    write(lab, good.replace(f":{lab.port['sip']}\"",
                            f":{held.getsockname()[1]}\""))
    lab.ok("a reload with a restart is taken",
           ctl(lab, "reload", "--restart").returncode == 0)

    def anew(old):
        now = lab.role_pids(gateway)
        return len(now) == 5 and not set(now.values()) & set(old.values()) \
            and lab.ctl("status")
    lab.ok("a port in use: the former configuration goes on",
           wait_for(lambda: anew(before), 15) and gateway.poll() is None)
    held.close()
    before = lab.role_pids(gateway)
    systemd.forget()
    write(lab, good.replace("drain: 2", "drain: 2\n  spare_spans: 3"))
    ctl(lab, "reload", "--restart")
    lab.ok("a good one: all roles are new",
           wait_for(lambda: anew(before), 15) and gateway.poll() is None)
    lab.ok("systemd: RELOADING, then READY, never STOPPING", wait_for(
        lambda: systemd.heard("READY=1"), 5)
        and systemd.heard("RELOADING=1") and not systemd.heard("STOPPING=1"))
    r = ctl(lab, "reload")
    lab.ok("and that file is the one in use", "no changes" in r.stdout,
           r.stdout + r.stderr)
    lab.ok("the line comes up again", lab.line_up())


def stops(lab, gateway, systemd):
    gateway.send_signal(signal.SIGTERM)
    gateway.send_signal(signal.SIGHUP)
    lab.ok("SIGTERM: status 0", gateway.wait(15) == 0, gateway.returncode)
    lab.ok("systemd: STOPPING", systemd.heard("STOPPING=1"))


def few_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))


def large():
    """The most spans, from a shell that grants 1,024 open files."""
    with Lab("spans64", drain=1) as lab:
        lab.write_conf()
        with open(lab.yaml) as f:
            text = f.read()
        more = "".join(SPAN.format(i=i, a=lab.port["sip"] + 100 + 2 * i,
                                   b=lab.port["sip"] + 101 + 2 * i)
                       for i in range(63))
        text = text.replace("trunks:\n", more + "trunks:\n", 1)
        write(lab, text.replace(f"{lab.port['rtp']}-{lab.port['rtp_end']}",
                                "44000-63999"))
        gateway = lab.start("gateway", BUILD + "/trunkgate", lab.yaml,
                            preexec_fn=few_files)

        def log():
            with open(lab.path("gateway.log")) as f:
                return f.read()
        lab.ok("all 68 roles come up", wait_for(
            lambda: "all 68 roles are up" in log(), 20))
        spans = (lab.ctl("spans") or {}).get("core", [])
        lab.ok("64 spans are there", len(spans) == 64, len(spans))
        lab.ok("no control message was lost", "lost" not in log())
        lab.ok("and they stop", lab.stop(gateway, seconds=15) == 0)
        return lab.failed


def test():
    with Lab("supervise", drain=2) as lab:
        systemd = Systemd(lab.path("notify"))
        os.environ.update(NOTIFY_SOCKET=lab.path("notify"),
                          WATCHDOG_USEC="10000000")
        gateway = lab.gateway()
        lab.exchange("--stdin", "--stay", stdin=subprocess.PIPE)
        lab.ok("the line comes up", lab.line_up())
        lab.ok("systemd: READY and WATCHDOG", systemd.heard("READY=1")
               and wait_for(lambda: systemd.heard("WATCHDOG=1"), 3))
        lab.ok("systemd: STATUS says what it does", wait_for(
            lambda: systemd.heard("STATUS=in service; 5 of 5 roles up"), 5))
        hangs(lab, gateway)
        stalls(lab, gateway)
        restarts(lab, gateway, systemd)
        stops(lab, gateway, systemd)
        return lab.failed


main(lambda: test() + large())
