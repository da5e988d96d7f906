# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory on loopback: one gateway, an exchange (pbxsim), SIPp.

    with Lab("calls") as lab:
        lab.gateway()
        lab.exchange("--answer-after", "0.1")
        ...
        lab.ok("every call has its CDR", a == b, f"{a} of {b}")

Each check prints `ok NAME` or `not ok NAME`, for tests/run. Everything started
is ended by pid when the block is left; everything written lies in lab.dir,
which is kept when a check failed.
"""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(TOP, os.environ.get("TG_BUILD", "build"))
SIPP = os.path.join(TOP, "tests/system/sipp")

CONF = """
gateway:
  node: lab
  run_dir: {dir}/run
  cdr_dir: {dir}/cdr
  state_dir: {dir}/state
  metrics: 127.0.0.1:{metrics}
  drain: {drain}
sip: {{bind: "127.0.0.1:{sip}", t1: {t1}}}
media: {{address: {media_address}, ports: {rtp}-{rtp_end},
        silent_release: 0}}
spans:
  - name: carrier
    line: {{{line_conf}}}
{span}
    isdn: {{side: {side}, switch: euroisdn}}
    ringback: {ringback}
trunks:
  - name: provider
    server: {server}
{trunk}
emergency: ["110", "112"]
routes:
{routes}
  - {{from: carrier, to: provider{out}}}
  - {{from: provider, to: carrier, allow: [{allow}]}}
"""

PSEUDOWIRE = """driver: pseudowire, local: "127.0.0.1:{line}",
           peer: "127.0.0.1:{far}", clock: slave, time: {time}"""


def free_block(n):
    """First of n successive UDP and TCP ports that are free on loopback."""
    base = 20000 + os.getpid() * 181 % 24000
    while True:
        with contextlib.ExitStack() as held:
            try:
                for p in range(base, base + n):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        s = held.enter_context(socket.socket(type=kind))
                        s.bind(("127.0.0.1", p))
                return base
            except OSError:
                base = 20000 + (base + 997 - 20000) % 24000


def wait_for(what, seconds=10.0, step=0.05):
    """Polls until what() is true; its value, or the last false one."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


class Lab:
    def __init__(self, name, **conf):
        self.name = name
        self.dir = tempfile.mkdtemp(prefix=f"tg-{name}-")
        self.failed = 0
        self.children = []
        base = free_block(400)
        self.port = {"sip": base, "phone": base + 1, "caller": base + 2,
                     "line": base + 3, "far": base + 4, "metrics": base + 5,
                     "phone_media": base + 360, "caller_media": base + 380,
                     "rtp": base + 20, "rtp_end": base + 359}
        self.conf = dict(self.port, dir=self.dir, drain=5, time="wall", t1=500,
                         side="user", ringback="auto", trunk="", span="",
                         allow='"*"', routes="", out="",
                         media_address="127.0.0.1",
                         server=f"127.0.0.1:{base + 1}")
        self.conf.update(conf)
        self.conf.setdefault("line_conf", PSEUDOWIRE.format(**self.conf))
        self.yaml = self.path("gateway.yaml")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for p in reversed(self.children):
            self.stop(p)
        if kind:
            self.ok("runs to its end", False, f"{kind.__name__}: {value}")
        if self.failed:
            print(f"# kept: {self.dir}", flush=True)
            self.show_logs()
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        return False

    def show_logs(self):
        for log in sorted(glob.glob(self.path("*.log"))):
            with open(log, errors="replace") as f:
                lines = [x[:300] for x in f.read().splitlines()[-12:]]
            print(f"# --- {os.path.basename(log)}")
            print("\n".join("# " + line for line in lines), flush=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def ok(self, what, good, detail=""):
        if not good:
            self.failed += 1
        print(("ok " if good else "not ok ") + f"{self.name}: {what}"
              + (f" ({detail})" if detail != "" else ""), flush=True)
        return good

    # --- programs ---
    def start(self, log, *cmd, **more):
        out = open(self.path(log + ".log"), "ab")
        p = subprocess.Popen([str(c) for c in cmd], stdout=out, stderr=out,
                             stdin=more.pop("stdin", subprocess.DEVNULL),
                             cwd=self.dir, **more)
        out.close()
        self.children.append(p)
        return p

    @staticmethod
    def stop(p, sig=signal.SIGTERM, seconds=10):
        if p.poll() is None:
            p.send_signal(sig)
            try:
                p.wait(seconds)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        return p.returncode

    def write_conf(self):
        with open(self.yaml, "w") as f:
            f.write(CONF.format(**self.conf))

    def gateway(self):
        self.write_conf()
        p = self.start("gateway", BUILD + "/trunkgate", self.yaml)
        up = wait_for(lambda: p.poll() is not None or self.ctl("status"))
        if not up or p.poll() is not None:
            raise RuntimeError("the gateway did not start")
        return p

    def exchange(self, *options, name="pbxsim", **more):
        return self.start(name, BUILD + "/pbxsim", "--local",
                          f"127.0.0.1:{self.port['far']}", "--peer",
                          f"127.0.0.1:{self.port['line']}", *options, **more)

    def line_up(self, seconds=15):
        """Waits until the gateway takes calls on all channels of its spans."""
        def up():
            said = self.ctl("spans") or {}
            spans = said.get("core", [])
            return bool(spans) and isinstance(spans, list) \
                and all(s.get("up") for s in spans) \
                and all(s.get("layer3", {}).get("restarting") == 0
                        for s in said.get("isdn", [{}]))
        good = wait_for(up, seconds)
        time.sleep(0.5)  # the far end hears that it is done
        return good

    def sipp(self, log, scenario, port, *options):
        return self.start(log, "sipp", f"127.0.0.1:{self.port['sip']}", "-sf",
                          os.path.join(SIPP, scenario), "-i", "127.0.0.1", "-p",
                          self.port[port], "-mi", "127.0.0.1", "-mp",
                          self.port[port + "_media"], "-nostdin", *options,
                          env=dict(os.environ, TERM="dumb"))

    def phone(self, *options, scenario="uas.xml"):
        p = self.sipp("phone", scenario, "phone", *options)
        time.sleep(0.3)
        return p

    # --- what the gateway says ---
    def ctl(self, *command):
        r = subprocess.run([BUILD + "/trunkctl", "--json", "--socket",
                            self.dir + "/run/ctl", *command],
                           capture_output=True, text=True, check=False)
        try:
            return json.loads(r.stdout)
        except ValueError:
            return None

    def stalled(self):
        """What stalls of the machine have cost the lines until now: blocks
        and slips."""
        return sum(line["blocks"]["bridged"] + line["blocks"]["dropped"]
                   + line["clock"]["slips"]
                   for line in (self.ctl("spans") or {}).get("media", []))

    def cdrs(self):
        records = []
        for f in sorted(glob.glob(self.path("cdr/*.jsonl"))):
            with open(f) as lines:  # the last may still be written
                records += [json.loads(line) for line in lines
                            if line.endswith("\n")]
        return records

    def calls(self):
        got = self.ctl("calls")
        if isinstance(got, dict):
            got = got.get("calls", got)
        return got if isinstance(got, list) else []

    def role_pids(self, gateway):
        """Role name -> pid of the gateway's processes."""
        pids = {}
        for d in glob.glob("/proc/[0-9]*"):
            try:
                with open(d + "/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
                with open(d + "/cmdline") as f:
                    words = f.read().split("\0")
            except OSError:
                continue
            if parent == gateway.pid and "--role" in words:
                pids[words[words.index("--role") + 1]] = int(d[6:])
        return pids


def main(test):
    """Runs test(), which returns the Lab's failures; the exit status."""
    sys.exit(1 if test() else 0)
