#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A PBX that speaks SIP has two calls with parties on lines and connects them
(REFER with Replaces): its calls end, and the parties hear each other. Then it
transfers one blind to a number behind the line, and hangs up before it has
answered. A killed core changes nothing for those who talk."""
import json
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, main, wait_for  # noqa: E402

# Each another tone: what sounds like its echo is one to the canceller.
SCRIPT = """
hangup-after 16
play tone:700@-20
on 3001 answer 0.1
play tone:1100@-20
on 3002 answer 0.1
play tone:1700@-20
on 3003 answer 0.1
play tone:2300@-20
on 5* answer 2
"""
SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
       "t=0 0\r\nm=audio {port} RTP/AVP 8\r\n")


def header(text, name):
    found = re.search(rf"^{name}: *(.*?)\r$", text, re.M | re.I)
    return found.group(1) if found else ""


def headers(text, name):
    return "".join(f"{name}: {v}\r\n" for v in
                   re.findall(rf"^{name}: *(.*?)\r$", text, re.M | re.I))


class Phone:
    """UDP, one thread: whatever comes is kept, requests are answered 200."""

    def __init__(self, lab):
        self.lab = lab
        self.me = f"127.0.0.1:{lab.port['phone']}"
        self.gw = ("127.0.0.1", lab.port["sip"])
        self.s = socket.socket(type=socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", lab.port["phone"]))
        self.s.settimeout(0.1)
        self.seen = []
        self.n = 0

    def listen(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = self.s.recv(65535).decode()
            except TimeoutError:
                continue
            if not text.startswith("SIP/2.0"):
                self.s.sendto(("SIP/2.0 200 OK\r\n" + "".join(
                    headers(text, h) for h in
                    ("Via", "From", "To", "Call-ID", "CSeq"))
                    + "Content-Length: 0\r\n\r\n").encode(), self.gw)
            self.seen.append(text)

    def wait(self, pattern, seconds=5.0):
        def look():
            self.listen(0.1)
            return next((t for t in self.seen if re.search(pattern, t, re.S)),
                        None)
        return wait_for(look, seconds, 0)

    def send(self, method, uri, call, extra="", body=""):
        self.n += 1
        text = (f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.me};branch=z9hG4bKx{self.n}\r\n"
                f"From: {call['from']}\r\nTo: {call['to']}\r\n"
                f"Call-ID: {call['id']}\r\nCSeq: {call['cseq']} {method}\r\n"
                f"Max-Forwards: 70\r\nContact: <sip:phone@{self.me}>\r\n"
                f"{extra}Content-Length: {len(body)}\r\n\r\n{body}")
        self.s.sendto(text.encode(), self.gw)

    def call(self, number):
        c = {"id": f"t{self.n}@phone", "cseq": 1, "port": 9 + self.n,
             "from": f"<sip:2000@{self.me}>;tag=f{self.n}",
             "to": f"<sip:{number}@127.0.0.1>"}
        self.send("INVITE", f"sip:{number}@127.0.0.1:{self.gw[1]}", c,
                  "Content-Type: application/sdp\r\n",
                  SDP.format(port=self.lab.port["phone_media"] + 2 * self.n))
        ok = self.wait(rf"^SIP/2.0 200 .*Call-ID: {c['id']}\r")
        if not ok:
            return None
        c["to"] = header(ok, "To")
        c["target"] = header(ok, "Contact").strip("<>")
        self.send("ACK", c["target"], c)
        return c

    def within(self, method, c, extra=""):
        c["cseq"] += 1
        self.send(method, c["target"], c, extra)
        return self.wait(rf"^SIP/2.0 2.*Call-ID: {c['id']}\r.*"
                         rf"CSeq: {c['cseq']} {method}\r")

    def notified(self, c, status):
        return self.wait(rf"^NOTIFY .*Call-ID: {c['id']}\r.*"
                         rf"\r\n\r\nSIP/2.0 {status} ")


def tag(value):
    return value.split(";tag=")[1]


def joined(lab):
    return len([c for c in lab.calls() if c.get("answered")]) == 2


def attended(lab, phone, gateway):
    a, b = phone.call("3001"), phone.call("3002")
    if not lab.ok("two calls are up", a and b):
        return
    refer = (f"Refer-To: <sip:3002@127.0.0.1?Replaces={b['id'].replace('@', '%40')}"
             f"%3Bto-tag%3D{tag(b['to'])}%3Bfrom-tag%3D{tag(b['from'])}>\r\n")
    lab.ok("REFER with Replaces is accepted", phone.within("REFER", a, refer))
    lab.ok("the transferor is told 200", phone.notified(a, 200))
    lab.ok("its other call is released",
           phone.wait(rf"^BYE .*Call-ID: {b['id']}\r"))
    lab.ok("it hangs up", phone.within("BYE", a))
    phone.listen(2)
    lab.ok("the two parties go on", joined(lab), lab.calls())
    os.kill(lab.role_pids(gateway)["core"], signal.SIGKILL)
    phone.listen(3)
    lab.ok("a killed core leaves them", joined(lab), lab.calls())


def blind(lab, phone):
    c = phone.call("3003")
    lab.ok("blind transfer to a line is accepted",
           phone.within("REFER", c, "Refer-To: <sip:5001@127.0.0.1>\r\n"))
    lab.ok("the transferor hangs up", phone.within("BYE", c))
    lab.ok("and is told 200 all the same", phone.notified(c, 200))
    phone.listen(2)


def heard(lab):
    """Of each party: for how long it has heard something, and how loud."""
    with open(lab.path("pbxsim.log")) as f:
        said = [json.loads(x) for x in f if x.startswith("{")]
    return [(e["sound_s"], e["level_dbm0"]) for e in said if e.get("ev") == "heard"]


def test():
    with Lab("transfer", out=', match: ["2*"]', trunk="    refer: on\n    refer_allow: [\"5*\"]\n"
             "    codecs: [PCMA]") as lab:
        script = lab.path("script")
        with open(script, "w") as f:
            f.write(SCRIPT)
        lab.exchange("--script", script)
        gateway = lab.gateway()
        lab.line_up()
        phone = Phone(lab)
        attended(lab, phone, gateway)
        blind(lab, phone)
        calls = lab.calls()
        lab.ok("four parties talk", len(calls) == 4, calls)
        wait_for(lambda: not lab.calls(), 25)
        done = [c for c in lab.cdrs() if c.get("transfer") == "done"]
        wait_for(lambda: len(heard(lab)) == 4)
        lab.ok("four CDRs tell of it", len(done) == 4, lab.cdrs())
        lab.ok("each names the other",
               {c["id"] for c in done} == {c["joined_with"] for c in done})
        lab.ok("they have heard each other: RTP, none refused",
               all(c.get("rtp_rx", 0) >= 50 and c.get("rtp_bad", 1) == 0
                   for c in done), [(c.get("rtp_rx"), c.get("rtp_bad"))
                                    for c in done])
        tones = heard(lab)
        lab.ok("and the tone that the other one plays, for 8 s at least",
               len(tones) == 4 and all(s > 8 and -24 < level < -9
                                       for s, level in tones), tones)
        return lab.failed


main(test)
