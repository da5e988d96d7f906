#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""config_check_ms: `trunkgate --check` of a large file (32 spans, 32 trunks,
128 routes), the whole process, median of seven runs."""
import os
import statistics
import subprocess
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def large():
    spans = "".join(
        f"  - name: span{i}\n    line: {{driver: pseudowire, local: "
        f"\"127.0.0.1:{40000 + 2 * i}\", peer: \"127.0.0.1:{40001 + 2 * i}\"}}"
        f"\n    isdn: {{side: user, switch: euroisdn}}\n" for i in range(32))
    trunks = "".join(
        f"  - name: trunk{i}\n    server: 127.0.{i}.1:5060\n"
        f"    sources: [127.0.{i}.0/24]\n" for i in range(32))
    routes = "".join(
        f"  - {{from: trunk{i % 32}, to: span{i % 32}, match: [\"{i}*\"], "
        f"allow: [\"0*\", \"1*\", \"+49*\"]}}\n" for i in range(128))
    return (f"spans:\n{spans}trunks:\n{trunks}emergency: [\"112\"]\n"
            f"routes:\n{routes}")


def main():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(large())
        f.flush()
        times = []
        for _ in range(7):
            start = time.monotonic()
            subprocess.run([TOP + "/build/trunkgate", "--check", f.name],
                           check=True, stdout=subprocess.DEVNULL)
            times.append((time.monotonic() - start) * 1000)
    print(f"config_check_ms\t{statistics.median(times):.1f}\tms")


main()
