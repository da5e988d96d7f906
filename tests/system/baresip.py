#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""baresip by TLS and SRTP over IPv6, both ways: each call is answered, the phone
holds and resumes it, and clears it; the CDRs name the suite of SRTP."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../tools/demo")]
import audio  # noqa: E402
import numpy as np  # noqa: E402
import phone  # noqa: E402
from lab import BUILD, Lab, main, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402

TRUNK = """    transport: tls
    srtp: required
    tls: {certificate: us.pem, key: us.key, ca: ca.pem, name: phone.example,
          verify: server}"""


def start_phone(lab):
    with open(lab.path("phone.pem"), "a") as pem, open(lab.path("phone.key")) \
            as key:
        pem.write(key.read())
    t = np.arange(audio.RATE * 300) / audio.RATE  # it clears at its end
    audio.write(lab.path("tone.wav"), 6000 * np.sin(2 * np.pi * 697 * t))
    phone.CONFIG = phone.CONFIG.replace(
        "sip_listen 127.0.0.1:{sip}", "sip_listen [::1]:{sip}").replace(
        "net_interface 127.0.0.1", "net_interface ::1")
    return phone.Phone(
        lab.path("phone"), "030123456", lab.port["phone"], lab.port["sip"] + 10,
        lab.port["phone_media"], lab.path("tone.wav"),
        more=f"module srtp.so\nsip_certificate {lab.path('phone.pem')}\n"
             f"sip_cafile {lab.path('ca.pem')}\n",
        account=";mediaenc=srtp-mand")


class Trace:
    """All SIP that the gateway sends and gets."""

    def __init__(self, lab):
        self.path = lab.path("trace.pcap")
        self.process = lab.start("trace", BUILD + "/trunkctl", "--socket",
                                 lab.dir + "/run/ctl", "trace", "-w", self.path)

    def count(self, text):
        if not os.path.exists(self.path):
            return 0
        with open(self.path, errors="replace") as f:
            return f.read().count(text)


def hold_and_clear(lab, what, p, trace):
    """A call is up; the phone does the rest."""
    before = trace.count("a=recvonly")
    p.command("hold")
    lab.ok(f"{what}: the phone holds", wait_for(
        lambda: trace.count("a=recvonly") > before, 20))
    lab.ok(f"{what}: the call stays", len(lab.calls()) == 1)
    invites = trace.count("CSeq: ")
    p.command("resume")
    lab.ok(f"{what}: and resumes", wait_for(
        lambda: trace.count("CSeq: ") >= invites + 3, 20))
    p.hangup()
    lab.ok(f"{what}: and clears", wait_for(lambda: not lab.calls(), 20))


def answered(lab):
    with open(lab.path("gateway.log"), errors="replace") as f:
        return f.read().count(": answered\n")


def test():
    with Lab("baresip", trunk=TRUNK, media_address='"::1"') as lab:
        tls = lab.port["sip"] + 11
        lab.conf["server"] = f'"[::1]:{lab.port["phone"] + 1}"'
        lab.conf["t1"] = f'500, bind6: "[::1]:{lab.port["sip"]}", tls_port: {tls}'
        authority(lab)
        issue(lab, "us", "DNS:us.example,IP:::1")
        issue(lab, "phone", "DNS:phone.example", 1001)
        p = start_phone(lab)
        try:
            lab.gateway()
            exchange = lab.exchange("--stdin", "--stay", "--answer-after",
                                    "0.2", "--hold", "600",
                                    stdin=subprocess.PIPE)
            lab.ok("the line comes up", lab.line_up(30))
            trace = Trace(lab)
            exchange.stdin.write(b"call 030123456\n")
            exchange.stdin.flush()
            lab.ok("the phone is called by TLS and IPv6", wait_for(
                lambda: answered(lab) == 1, 40))
            hold_and_clear(lab, "called", p, trace)
            lab.line_up(30)  # a stall of the machine is a fault of the line
            p.dial(f"sip:0711222@[::1]:{tls};transport=tls")
            lab.ok("the phone calls", wait_for(lambda: answered(lab) == 2, 20))
            hold_and_clear(lab, "calls", p, trace)
        finally:
            p.close()
        wait_for(lambda: len(lab.cdrs()) == 2, 10)
        cdrs = lab.cdrs()
        lab.ok("two CDRs, of answered calls", len(cdrs) == 2
               and all("t_answer" in c and c["q850"] == 16 for c in cdrs),
               [c.get("sip_detail") for c in cdrs])
        lab.ok("both by SRTP", all(c.get("srtp") for c in cdrs),
               [c.get("srtp") for c in cdrs])
        return lab.failed


main(test)
