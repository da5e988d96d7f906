#!/usr/bin/python3
# alone: it needs both processors, in real time
# SPDX-License-Identifier: GPL-2.0-or-later
"""The media role with two E1s of calls between generators of lines and RTP
(tests/bench/load.h), in real time: what is said comes through both ways, and
the echo does not. Content alone is judged, outside of stalls of the machine;
but a line that slips in one is a new echo path to its canceller, so a run that
had a stall may be tried again."""
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TRIES = 3
SLIP_MS = 5.0  # the lines' jitter buffers hold so much


def stalled(text):
    found = re.findall(r"line ([\d.]+) ms, RTP ([\d.]+) ms late at worst; "
                       r"stalls ([\d.]+) and ([\d.]+) ms", text)
    return any(float(ms) >= SLIP_MS for run in found for ms in run)


def run(kind):
    """In the clear, or with SRTP; 0: it was good."""
    for _ in range(TRIES):
        p = subprocess.run([f"{ROOT}/build/tests/bench/b_trunk", "--quick",
                            "--only", kind],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=150)
        print(p.stdout, end="")
        if p.returncode == 0 or not stalled(p.stdout):
            break
    print(f"{'not ' * (p.returncode != 0)}ok trunk: {kind} "
          f"(exit status {p.returncode})")
    return p.returncode


sys.exit(max([run(kind) for kind in ("plain", "gcm")]))
