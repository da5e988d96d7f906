# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: processor time a block of the media role with 30 calls,
with none, and of a bare loop on the same span: prints `cost OURS IDLE BARE`, in
us."""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from gateway_guest import Spans  # noqa: E402
from lab import main, wait_for  # noqa: E402

CALLS = 30
SECONDS = 15
TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def blocks_of(lab):
    return lab.line()["rx"]["packets"]


def measure(lab, pid):
    cpu, blocks = cpu_of(pid), blocks_of(lab)
    time.sleep(SECONDS)
    return (cpu_of(pid) - cpu) / (blocks_of(lab) - blocks)


def gateway(lab):
    pid = lab.role_pids(lab.gateway())["media"]
    wait_for(lambda: blocks_of(lab) > 100, 60)
    idle = measure(lab, pid)
    lab.phone("-rtp_echo")
    x = lab.exchange("--from", "0711", "--count", CALLS, "--rate", 6,
                     "--hold", 0, "--at", "4 call 601", "--stay")
    wait_for(lambda: len(lab.calls()) == CALLS, 60)
    busy = measure(lab, pid)
    lab.stop(x)
    return busy, idle


def main_test():
    with Spans("cost", False, [("carrier", 1, "false")]) as lab:
        ours, idle = gateway(lab)
        failed = lab.failed
    out = subprocess.run([HERE + "/../../build/vm/bare_loop", "1",
                          str(SECONDS)], capture_output=True, text=True,
                         check=True).stdout.split()
    bare = float(out[1]) / int(out[0])
    print(f"cost {ours * 1e6:.1f} {idle * 1e6:.1f} {bare * 1e6:.1f}")
    return failed


if __name__ == "__main__":
    main(main_test)
