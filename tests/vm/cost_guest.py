# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: what a block costs the media role with no calls and with
30, and at the same time, on another span, the bare loop: prints for each window
`cost CALLS OURS BARE`, in us of processor time. Then what the blocks of all
channels take the bare loop, one by one and at once: `moved ONE-BY-ONE AT-ONCE`,
in us. Both of a line have the same machine, loaded as it may be."""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from dahdi_lab import CARRIER, Spans  # noqa: E402
from lab import main, wait_for  # noqa: E402

BARE = HERE + "/../../build/vm/bare_loop"
CALLS = 30
WINDOWS = 5
SECONDS = 4
TURNS = 3


def start_bare(*options):
    return subprocess.Popen([BARE, "3", str(SECONDS), *options], text=True,
                            stdout=subprocess.PIPE)


def result_of(bare):
    """us of processor time a block, us that a block takes."""
    blocks, seconds, median = bare.communicate()[0].split()
    return float(seconds) * 1e6 / int(blocks), int(median) / 1000


def cpu_ns(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def blocks_of(lab):
    return lab.line()["rx"]["packets"]


def windows(lab, pid, calls):
    for _ in range(WINDOWS):
        bare = start_bare()
        cpu, blocks = cpu_ns(pid), blocks_of(lab)
        time.sleep(SECONDS)
        cpu, blocks = cpu_ns(pid) - cpu, blocks_of(lab) - blocks
        print(f"cost {calls} {cpu / blocks / 1000:.1f} "
              f"{result_of(bare)[0]:.1f}", flush=True)


def gateway(lab):
    pid = lab.role_pids(lab.gateway())["media"]
    wait_for(lambda: blocks_of(lab) > 100, 60)
    windows(lab, pid, 0)
    lab.phone("-rtp_echo")
    x = lab.exchange("--from", "0711", "--count", CALLS, "--rate", 6,
                     "--hold", 0, "--at", "4 call 601", "--stay")
    wait_for(lambda: len(lab.calls()) == CALLS, 60)
    windows(lab, pid, CALLS)
    lab.stop(x)


def main_test():
    with Spans("cost", False, [CARRIER]) as lab:
        gateway(lab)
        failed = lab.failed
    for _ in range(TURNS):
        one, once = (result_of(start_bare(*o))[1] for o in ([], ["batch"]))
        print(f"moved {one:.1f} {once:.1f}", flush=True)
    return failed


if __name__ == "__main__":
    main(main_test)
