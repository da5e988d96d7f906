#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls both ways between an exchange and SIPp with a bad network in between
(tools/impair): a tenth of the SIP messages is lost, a tenth comes late and in
another order, some come twice. Each call is answered and cleared as it should
be, and has its CDR; nothing is left."""
import os
import re
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


def by_transaction(xml):
    """SIPp would take a 200 of the INVITE that comes again, since its ACK was
    lost, for that of its BYE, and never repeat that."""
    call, ack, bye = re.split("(?=<send><)|(?=<pause)", xml)
    for name, text in ("invite", call), ("bye", bye):
        xml = xml.replace(text, text.replace(
            "<send ", f'<send start_txn="{name}" ').replace(
            "<recv ", f'<recv response_txn="{name}" '))
    return xml.replace(ack, ack.replace("<send>", '<send ack_txn="invite">'))


def sipp(lab, name, xml, to, calls):
    """As the phone; its Contact is the network's end at our side."""
    contact = CONTACT.replace("[local_port]", str(lab.port["caller"]))
    with open(lab.path(name + ".xml"), "w") as f:
        f.write(xml.replace(CONTACT, contact).replace("</scenario>", AFTER))
    return lab.start(name, "sipp", f"127.0.0.1:{to}", "-sf",
                     lab.path(name + ".xml"), "-i", "127.0.0.1", "-p",
                     lab.port["phone"], "-mp", lab.port["phone_media"],
                     "-nostdin", "-m", calls, "-recv_timeout", "40000",
                     "-trace_err", "-error_file", lab.path(name + ".err"),
                     "-r", "5", env=dict(os.environ, TERM="dumb"))


def judge(lab, way, before, seconds):
    wait_for(lambda: len(lab.cdrs()) >= before + CALLS, seconds)
    cdrs = lab.cdrs()[before:]
    lab.ok(f"{way}: each call has its CDR, once", len(cdrs) == CALLS,
           len(cdrs))
    bad = [c for c in cdrs if "t_answer" not in c or c["q850"] != 16]
    lab.ok(f"{way}: each was answered and cleared in order", not bad,
           f"{len(bad)} of {CALLS} were not: {bad[:2]}")
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
        p = sipp(lab, "calls", by_transaction(
            calling_in("in", "0711200", sdp(8))), inner, CALLS)
        lab.ok("in: SIPp is content", p.wait(120) == 0)
        judge(lab, "in", 0, 60)
        # With two responses to lose, SIPp does not know an INVITE again; and
        # what comes late of a call that is over is another call for it.
        sipp(lab, "called", called("out", {"INVITE": [
            recv("INVITE"), *taken(sdp(8))]}), inner, 2 * CALLS)
        exchange.stdin.write(f"count {CALLS}\nrate 5\nhold 0.5\n"
                             "call 030123\n".encode())
        exchange.stdin.flush()
        judge(lab, "out", CALLS, 90)
        books(lab)
        lab.ok("it was a bad network", lab.stop(relay, signal.SIGTERM) == 0)
        return lab.failed


main(test)
