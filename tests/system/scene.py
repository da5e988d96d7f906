# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls both ways between an exchange and a caller behind a Kamailio."""
import os
import subprocess

from lab import SIPP, wait_for


def log(lab):
    with open(lab.path("gateway.log"), errors="replace") as f:
        return f.read()


def answered(lab, n, at_least=0):
    """Waits for n CDRs; how many of those from at_least on were answered."""
    wait_for(lambda: len(lab.cdrs()) >= n, 20)
    return sum("t_answer" in c and c["q850"] == 16 for c in lab.cdrs()[at_least:])


class Scene:
    """kamailio: the one that callers go by, unless another is said."""

    def __init__(self, lab):
        self.lab = lab
        self.port = lab.port["caller"] + 10
        self.exchange = self.kamailio = None

    def start_exchange(self):
        self.exchange = self.lab.exchange("--stdin", "--stay", "--answer-after",
                                          "0.1", stdin=subprocess.PIPE)

    def say(self, text):
        self.exchange.stdin.write(text.encode())
        self.exchange.stdin.flush()

    def call_out(self, digit, hold=0.5):
        """The exchange calls; it clears, or with hold 0 somebody else."""
        self.say(f"hold {hold}\ncall {digit}001\n")

    def call_in(self, number, by=None):
        p = self.lab.start(
            "caller", "sipp", f"127.0.0.1:{(by or self.kamailio).port}", "-sf",
            f"{SIPP}/uac_routed.xml", "-i", "127.0.0.1", "-p",
            self.lab.port["caller"], "-mi", "127.0.0.1", "-mp",
            self.lab.port["caller_media"], "-nostdin", "-m", "1", "-d", "500",
            "-s", number, "-timeout", "30", "-timeout_error",
            env=dict(os.environ, TERM="dumb"))
        p.wait(40)
        return p.returncode
