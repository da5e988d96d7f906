#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: speech in real time
"""The demo: good as it is, on a used machine too, within a minute; its files
open in tshark and sngrep; with the audio path muted it must fail."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
TRIES = 3  # the machine may stand still for longer than the speech


def ok(what, good, detail=""):
    print(("ok " if good else "not ok ") + "demo: " + what
          + (f" ({detail})" if detail else ""), flush=True)
    return bool(good)


def demo(directory, *options):
    start = time.monotonic()
    r = subprocess.run([TOP + "/tools/demo/run", "--dir", directory,
                        *options], capture_output=True, text=True,
                       timeout=150, check=False)
    return r, time.monotonic() - start


def stalled(text):
    return re.search(r"[1-9]\d* stalls of the machine|stood still", text)


def judge_files(directory):
    pcap = directory + "/demo.pcap"
    r = subprocess.run(["tshark", "-r", pcap, "-d", "udp.port==4729,gsmtap",
                        "-T", "fields", "-e", "_ws.col.Protocol"],
                       capture_output=True, text=True, check=False)
    kinds = set(r.stdout.split())
    good = ok("one capture with SIP, RTP and Q.931", {"Q.931", "RTP"} <= kinds
              and any(k.startswith("SIP") for k in kinds), sorted(kinds))
    r = subprocess.run(["tshark", "-r", pcap, "-Y", "_ws.malformed"],
                       capture_output=True, text=True, check=False)
    good &= ok("tshark finds nothing malformed", not r.stdout.strip(),
               r.stdout[:200])
    out = directory + "/sngrep.pcap"
    subprocess.run(["sngrep", "-N", "-I", pcap, "-O", out, "-q"],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                   check=False, env=dict(os.environ, TERM="xterm"))
    good &= ok("sngrep opens it", os.path.exists(out)
               and os.path.getsize(out) > 1000)
    with open(directory + "/ladder-1.svg") as f:
        good &= ok("the ladder is an SVG with both sides",
                   "SETUP" in (svg := f.read()) and "INVITE" in svg)
    return good


def test():
    directory = tempfile.mkdtemp(prefix="tg-demo-")
    for n in range(TRIES):
        r, took = demo(directory)
        if r.returncode == 0 or not stalled(r.stdout):
            break
    good = ok("exit status 0", r.returncode == 0, f"try {n + 1}")
    if not good:
        print("# " + "\n# ".join(r.stdout.splitlines()[-60:]))
        print("# " + "\n# ".join(r.stderr.splitlines()[-10:]))
    good &= ok("at most 60 s", took <= 60, f"{took:.0f} s")
    if good:
        good &= judge_files(directory)
        cdrs = [json.loads(x) for x in r.stdout.splitlines()
                if x.startswith('  {"id"')]
        good &= ok("two CDRs, one in each direction",
                   [c["dir"] for c in cdrs] == ["pstn>sip", "sip>pstn"])
    muted, _ = demo(directory, "--mute")
    good &= ok("with the audio path muted it fails", muted.returncode != 0
               and "FAIL" in muted.stdout, muted.stdout[-200:]
               if muted.returncode == 0 else "")
    shutil.rmtree(directory, ignore_errors=True)
    return good


sys.exit(0 if test() else 1)
