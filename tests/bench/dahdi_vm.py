#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gateway costs on the real DAHDI driver, with 30 calls and with none,
over the least that a program can do with the span, in the same machine
(tests/vm). With calls most of it is arithmetic and RTP, which the bare loop has
not, on a processor that is emulated."""
import os
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def main():
    os.makedirs("build/vm", exist_ok=True)
    include = subprocess.run(["tests/vm/machine", "--print-include"],
                             capture_output=True, text=True,
                             check=True).stdout.strip()
    for name in ("span_ctl", "bare_loop"):
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-I.",
                        "-I" + include, f"tests/vm/{name}.c", "-o",
                        "build/vm/" + name], check=True)
    out = subprocess.run(["tests/vm/machine", "--timeout", "240", "--",
                          "python3", "-B", "tests/vm/cost_guest.py"],
                         capture_output=True, text=True, check=False)
    found = [x.split()[1:] for x in out.stdout.splitlines()
             if x.startswith("cost ")]
    if not found:
        print(out.stdout + out.stderr, file=sys.stderr)
        return 1
    ours, idle, bare = map(float, found[0])
    print(f"dahdi_vm_block_us\t{ours:.0f}\tus")
    print(f"dahdi_vm_idle_block_us\t{idle:.0f}\tus")
    print(f"dahdi_vm_bare_block_us\t{bare:.0f}\tus")
    print(f"dahdi_vm_cost_ratio\t{ours / bare:.2f}\tratio")
    print(f"dahdi_vm_idle_cost_ratio\t{idle / bare:.2f}\tratio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
