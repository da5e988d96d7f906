#!/usr/bin/python3
# alone: it needs both processors, in real time
# SPDX-License-Identifier: GPL-2.0-or-later
"""The media role with two E1s of calls between generators of lines and RTP
(tests/bench/load.h), in real time: what is said comes through both ways, and
the echo does not. Content alone is judged, outside of stalls of the machine."""
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def main():
    p = subprocess.run([f"{ROOT}/build/tests/bench/b_trunk", "--quick"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=300)
    print(p.stdout, end="")
    if p.returncode:
        print(f"not ok trunk (exit status {p.returncode})")
    return p.returncode


sys.exit(main())
