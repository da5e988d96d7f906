#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: 20 calls a second
"""1,000 calls through the live gateway, both directions, mixed outcomes, mean
hold 1 s, 20 calls/s on 30 channels; then the books must balance.

The first 200 calls come at twice the rate, so that each pool has seen its peak
before memory is looked at; T1 of SIP is 100 ms, so that what transactions must
remember for 64 T1 is full by then too."""
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, Lab, main, wait_for  # noqa: E402

CALLS = int(os.environ.get("CALLS", "1000"))  # half in each direction
RATE = 20
WARM = 200
SLOPE_KIB_PER_1000 = 64

# pbxsim: how calls to the exchange end, and the calls it makes.
SCRIPT = """
on 2* busy
on 3* reject 1
on 4* reject 27
on * answer 0.1
hold 0.5-1.5
"""
MORE = """
rate {rate}
count {n}
call 1001,1002,1003,1004,1005,1006,2001,3001,4001,1007
"""


def rss_kib(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as f:
            total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return total


def fds(pids):
    """The least of a few looks: trunkctl itself is a descriptor."""
    looks = []
    for _ in range(5):
        looks.append(sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids))
        time.sleep(0.1)
    return min(looks)


def calls_made(lab):
    """Calls that the exchange has tried; some find its own group full."""
    with open(lab.path("pbxsim.log")) as f:
        return sum('"dir":"made","state":"setup"' in line for line in f)


def setups(capture):
    """SETUPs that reached the gateway, as tshark counts them."""
    r = subprocess.run(["tshark", "-r", capture, "-Y", "q931.message_type == 5"
                        " && gsmtap.uplink == 0", "-T", "fields", "-e",
                        "q931.call_ref"], capture_output=True, text=True,
                       check=False)
    return len(set(r.stdout.split()))  # layer 2 may say one twice


def slope_per_1000(points):
    """Least squares: KiB per 1,000 calls."""
    if len(points) < 3:
        return 0.0
    xs, ys = zip(*points)
    mx, my = statistics.mean(xs), statistics.mean(ys)
    var = sum((x - mx) ** 2 for x in xs)
    return 1000 * sum((x - mx) * (y - my) for x, y in points) / var \
        if var else 0.0


def numbers_file(lab, n):
    """CSV for SIPp: one number a line."""
    path = lab.path("numbers.csv")
    with open(path, "w") as f:
        f.write("SEQUENTIAL\n")
        for i in range(n):
            first = "1112314111"[i % 10]
            f.write(f"{first}{100 + i % 800};\n")
    return path


class Traffic:
    """Calls both ways, and memory over the number of CDRs meanwhile."""

    def __init__(self, lab, gateway, exchange):
        self.lab, self.gateway, self.exchange = lab, gateway, exchange
        self.pids = [gateway.pid, *lab.role_pids(gateway).values()]
        self.points = []
        self.per_side = 0
        self.sipp_status = []

    def run(self, calls, rate):
        half = calls // 2
        self.per_side += half
        start = time.monotonic()
        self.exchange.stdin.write(MORE.format(rate=rate / 2,
                                              n=half).encode())
        self.exchange.stdin.flush()
        caller = self.lab.sipp(
            "caller", "uac.xml", "caller", "-inf",
            numbers_file(self.lab, half), "-m", half, "-r", rate // 2,
            "-timeout", 120 + 2 * calls // rate)
        while not self.is_over(caller) and self.gateway.poll() is None \
                and time.monotonic() - start < calls / rate + 60:
            self.look()
            time.sleep(0.5)
        self.sipp_status.append(caller.poll())
        return time.monotonic() - start

    def is_over(self, caller):
        return caller.poll() is not None and not self.lab.calls() \
            and calls_made(self.lab) >= self.per_side

    def look(self):
        self.points.append((len(self.lab.cdrs()), rss_kib(self.pids)))
        if os.environ.get("RSS"):
            print(self.points[-1], [rss_kib([p]) for p in self.pids],
                  flush=True)


def judge_books(lab, offered, before, traffic):
    def settled():
        return not lab.calls() and len(lab.cdrs()) >= offered

    wait_for(settled, 20)
    records = lab.cdrs()
    lab.ok("CDRs equal the calls offered", len(records) == offered,
           f"{len(records)} of {offered}")
    seqs = sorted(r["seq"] for r in records)
    lab.ok("CDR numbers have no gap",
           seqs == list(range(seqs[0], seqs[0] + len(seqs)))
           if seqs else False)
    lab.ok("no call is left", lab.calls() == [])
    spans = lab.ctl("spans")["core"]
    lab.ok("no channel is left busy",
           all(s["free"] == s["channels"] == 30 for s in spans), spans)
    after = fds(traffic.pids)
    lab.ok("descriptors are as before", after == before,
           f"{before} then {after}")
    slope = slope_per_1000(traffic.points)
    lab.ok(f"memory grows by at most {SLOPE_KIB_PER_1000} KiB per 1,000 calls",
           slope <= SLOPE_KIB_PER_1000, f"{slope:.1f}")
    return records


def judge_outcomes(lab, records):
    out = [r for r in records if r["dir"] == "pstn>sip"]
    by = {}
    for r in out:
        by.setdefault(r["to"][0] if r.get("to") else "?", []).append(r["q850"])
    for first, cause, what in (
            ("1", 16, "answered calls end with cause 16"),
            ("2", 17, "486 becomes cause 17"),
            ("3", 1, "404 becomes cause 1"),
            ("4", 27, "a Reason header decides")):
        got = by.get(first, [])
        full = got.count(34)  # found the whole group busy
        lab.ok(what, got and full <= len(got) / 4
               and all(c in (cause, 34) for c in got),
               f"{len(got) - full}, and {full} found no channel")


def judge_capture(lab, path):
    r = subprocess.run(["tshark", "-r", path, "-Y",
                        "_ws.malformed || _ws.expert.severity >= 8388608",
                        "-T", "fields", "-e", "frame.number", "-e",
                        "_ws.col.Info"], capture_output=True, text=True,
                       check=False)
    bad = [x for x in r.stdout.splitlines() if x]
    lab.ok("tshark finds nothing malformed in what was said", not bad,
           "; ".join(bad[:3]))
    r = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e",
                        "_ws.col.Protocol"], capture_output=True, text=True,
                       check=False)
    kinds = set(r.stdout.split())
    lab.ok("the capture holds SIP and Q.931", {"SIP", "Q.931"} & kinds
           and any(k.startswith("SIP") for k in kinds), sorted(kinds))


def test():
    with Lab("calls", t1=100) as lab:
        gateway = lab.gateway()
        lab.phone("-trace_err")
        exchange = lab.exchange("--stdin", "--stay", stdin=subprocess.PIPE)
        lab.ok("the line comes up", lab.line_up())
        traffic = Traffic(lab, gateway, exchange)
        before = fds(traffic.pids)
        capture = lab.start("trace", BUILD + "/trunkctl", "--socket",
                            lab.path("run/ctl"), "trace", "-w",
                            lab.path("calls.pcap"))
        exchange.stdin.write(SCRIPT.encode())
        traffic.run(WARM, 2 * RATE)
        traffic.points.clear()
        took = traffic.run(CALLS - WARM, RATE)
        lab.stop(capture)
        offered = CALLS // 2 + setups(lab.path("calls.pcap"))
        records = judge_books(lab, offered, before, traffic)
        judge_outcomes(lab, records)
        lab.ok("SIPp saw no protocol error", traffic.sipp_status == [0, 0],
               traffic.sipp_status)
        judge_capture(lab, lab.path("calls.pcap"))
        rate = (CALLS - WARM) / took
        lab.ok("the rate was held", rate >= RATE * 0.6, f"{rate:.1f} calls/s, "
               "the last call's end included")
        lab.stop(exchange)
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        return lab.failed


main(test)
