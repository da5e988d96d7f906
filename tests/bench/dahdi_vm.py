#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gateway costs on the real DAHDI driver, with 30 calls and with none,
over the least that a program can do with a span, at the same time in the same
machine (tests/vm); medians of its windows. With calls most of it is arithmetic
and RTP, which the bare loop has not, on a processor that is emulated. And what
io_uring would save or cost there."""
import os
import subprocess
import sys
from statistics import median

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def build():
    os.makedirs("build/vm", exist_ok=True)
    include = subprocess.run(["tests/vm/machine", "--print-include"],
                             capture_output=True, text=True,
                             check=True).stdout.strip()
    more = {"span_ctl": [], "bare_loop": ["media/dahdi_sys.c",
                                          "gateway/base/clock.c", "-luring"]}
    for name, rest in more.items():
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-I.",
                        "-I" + include, f"tests/vm/{name}.c", *rest, "-o",
                        "build/vm/" + name], check=True)


def main():
    build()
    out = subprocess.run(["tests/vm/machine", "--timeout", "240", "--spans",
                          "4", "--", "python3", "-B",
                          "tests/vm/cost_guest.py"],
                         capture_output=True, text=True, check=False)
    lines = [x.split() for x in out.stdout.splitlines()]
    found = {calls: [(float(x[2]), float(x[3])) for x in lines
                     if x[:2] == ["cost", calls]] for calls in ("0", "30")}
    moved = [(float(x[1]), float(x[2])) for x in lines if x[:1] == ["moved"]]
    if not (found["0"] and found["30"] and moved):
        print(out.stdout + out.stderr, file=sys.stderr)
        return 1

    def row(name, values, unit, digits=0):
        print(f"dahdi_vm_{name}\t{median(values):.{digits}f}\t{unit}")

    both = found["0"] + found["30"]
    row("block_us", [x for x, _ in found["30"]], "us")
    row("idle_block_us", [x for x, _ in found["0"]], "us")
    row("bare_block_us", [x for _, x in both], "us")
    row("cost_ratio", [x / y for x, y in found["30"]], "ratio", 2)
    row("idle_cost_ratio", [x / y for x, y in found["0"]], "ratio", 2)
    row("moved_us", [x for x, _ in moved], "us")
    row("moved_by_uring_us", [x for _, x in moved], "us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
