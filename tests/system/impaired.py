#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls both ways between an exchange and SIPp with a bad network in between
(tools/impair): a tenth of the SIP messages is lost, a tenth comes late and in
another order, some come twice. Each call is answered and cleared as it should
be, and has its CDR; nothing is left."""
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../interop")]
from lab import BUILD, Lab, main, wait_for  # noqa: E402
from sippxml import CONTACT, called, calling_in  # noqa: E402
from sippxml import recv, sdp, taken  # noqa: E402

CALLS = 25
BAD = ["--loss", "10", "--reorder", "10", "--reorder-by", "40", "--duplicate",
       "3", "--seed", "7"]
# SIPp answers what comes again for so long.
AFTER = '<timewait milliseconds="8000"/>\n</scenario>'


def sipp(lab, name, xml, to, *options):
    """As the phone; its Contact is the network's end at our side."""
    contact = CONTACT.replace("[local_port]", str(lab.port["caller"]))
    with open(lab.path(name + ".xml"), "w") as f:
        f.write(xml.replace(CONTACT, contact).replace("</scenario>", AFTER))
    return lab.start(name, "sipp", f"127.0.0.1:{to}", "-sf",
                     lab.path(name + ".xml"), "-i", "127.0.0.1", "-p",
                     lab.port["phone"], "-mp", lab.port["phone_media"],
                     "-nostdin", "-m", CALLS, "-recv_timeout", "40000",
                     "-trace_err", "-error_file", lab.path(name + ".err"),
                     *options, env=dict(os.environ, TERM="dumb"))


def judge(lab, way, before, seconds):
    wait_for(lambda: len(lab.cdrs()) >= before + CALLS, seconds)
    cdrs = lab.cdrs()[before:]
    lab.ok(f"{way}: each call has its CDR, once", len(cdrs) == CALLS,
           len(cdrs))
    good = sum("t_answer" in c and c["q850"] == 16 for c in cdrs)
    lab.ok(f"{way}: each was answered and cleared in order", good == CALLS,
           f"{good} of {CALLS}")
    lab.ok(f"{way}: nothing is left", wait_for(lambda: not lab.calls(), 10))


def books(lab):
    """No number of a record is missing."""
    numbers = [c["seq"] for c in lab.cdrs()]
    lab.ok("the records are numbered without a gap",
           numbers == list(range(1, len(numbers) + 1)))


def test():
    with Lab("impaired") as lab:
        there, us = lab.port["phone"], lab.port["sip"]  # as each other sees it
        peer, inner = lab.port["caller"], lab.port["caller"] + 12
        lab.conf["server"] = f"127.0.0.1:{peer}"
        # SIPp at `there` calls `inner`; we are called from `peer`, and call it
        relay = lab.start("impair", BUILD + "/impair", "--udp",
                          f"{inner}:{us}:{peer}:{there}", *BAD)
        lab.gateway()
        exchange = lab.exchange("--stdin", "--stay", "--answer-after", "0.1",
                                stdin=subprocess.PIPE)
        lab.ok("the line comes up", lab.line_up(30))
        p = sipp(lab, "calls", calling_in("in", "0711200", sdp(8)), inner,
                 "-r", "5")
        lab.ok("in: SIPp is content", p.wait(120) == 0)
        judge(lab, "in", 0, 60)
        # with two responses to lose, SIPp does not know an INVITE again
        sipp(lab, "called", called("out", {"INVITE": [
            recv("INVITE"), *taken(sdp(8))]}), inner)
        exchange.stdin.write(f"count {CALLS}\nrate 5\nhold 0.5\n"
                             "call 030123\n".encode())
        exchange.stdin.flush()
        judge(lab, "out", CALLS, 90)
        books(lab)
        lab.ok("it was a bad network", lab.stop(relay, signal.SIGTERM) == 0)
        return lab.failed


main(test)
