#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scanners that nobody here wrote: sipvicious (svmap, svwar, svcrack) and
sipsak. From an address that is nobody's they get not one octet, UDP or TCP;
what they sent is counted and told for fail2ban; a call that is up and new ones
go on. As a known source sipsak is answered in each of its modes, and its
spoilt messages do no harm."""
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import SIPP, Lab, main, wait_for  # noqa: E402

SO_RCVBUFFORCE = 33
PHONE = "127.0.0.9"  # known; 127.0.0.1 is where the scanners are

MESSAGE = """MESSAGE sip:100@127.0.0.1 SIP/2.0
From: <sip:scan@127.0.0.1>;tag=1
To: <sip:100@127.0.0.1>
Call-ID: message
CSeq: 1 MESSAGE
Max-Forwards: 70
Content-Type: text/plain
Content-Length: 5

hello"""


class Tap:
    """Counts what leaves our SIP port for the scanners, below all of SIP."""

    def __init__(self, port):
        self.port, self.to_us, self.replies = port, 0, []
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                 socket.htons(0x0800))
        # all of lo comes here: none of it may be lost in a stall
        self.raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        self.raw.bind(("lo", 0))
        self.raw.settimeout(0.2)
        self.on = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.on:
            try:
                data, address = self.raw.recvfrom(65536)
            except socket.timeout:
                continue
            if address[2] == socket.PACKET_OUTGOING or data[9] not in (6, 17):
                continue
            head = 4 * (data[0] & 15)
            source, dest = (int.from_bytes(data[head + i:head + i + 2], "big")
                            for i in (0, 2))
            size = len(data) - head - 8 if data[9] == 17 else \
                len(data) - head - 4 * (data[head + 12] >> 4)
            if dest == self.port and data[12:16] == b"\x7f\0\0\1":
                self.to_us += 1
            if source == self.port and data[16:20] == b"\x7f\0\0\1" and size:
                self.replies.append(data[head:head + 200])

    def close(self):
        self.on = False
        self.thread.join()
        self.raw.close()


def counter(lab, name):
    url = f"http://127.0.0.1:{lab.port['metrics']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as r:
        m = re.search(rf"^trunkgate_sip_{name}_total(?:{{[^}}]*}})? (\d+)",
                      r.read().decode(), re.M)
    return int(m.group(1)) if m else -1


def tool(lab, *cmd, seconds=30):
    """Its exit status (-1: had to be ended) and what it printed."""
    try:
        r = subprocess.run([str(c) for c in cmd], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=seconds,
                           stdin=subprocess.DEVNULL, check=False,
                           env=dict(os.environ, HOME=lab.dir))
        return r.returncode, r.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        return -1, (e.stdout or b"").decode(errors="replace")


def tail(text):
    return " ".join(text.split())[-200:]


def tcp_probe(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.settimeout(5)
            s.sendall(b"OPTIONS sip:100@127.0.0.1 SIP/2.0\r\n\r\n")
            return s.recv(1000)
    except OSError:
        return b""


def strangers(lab, say):
    port = lab.port["sip"]
    target = f"sip:100@127.0.0.1:{port}"
    tap = Tap(port)
    before = counter(lab, "unknown_source")
    try:
        for what, cmd in (
                ("svmap", ["svmap", "-p", port, "127.0.0.1"]),
                ("svmap INVITE", ["svmap", "-p", port, "-m", "INVITE",
                                  "127.0.0.1"]),
                ("svwar", ["svwar", "-p", port, "-e100-140", "--force",
                           "127.0.0.1"]),
                ("svwar INVITE", ["svwar", "-p", port, "-e100-140", "--force",
                                  "-m", "INVITE", "127.0.0.1"]),
                ("svcrack", ["svcrack", "-p", port, "-u100", "-r100-140",
                             "127.0.0.1"]),
                ("sipsak", ["sipsak", "-s", target]),
                ("sipsak usrloc", ["sipsak", "-U", "-C",
                                   "sip:x@127.0.0.1:9", "-s", target]),
                ("sipsak by TCP", ["sipsak", "--transport=tcp", "-s", target]),
                ("sipsak flood", ["sipsak", "-F", "-e", "300", "-s", target])):
            had = counter(lab, "unknown_source")
            status, text = tool(lab, *cmd, seconds=6)
            lab.ok(f"{what} finds nothing",
                   status != 0 or not re.search(r"\| *trunkgate|SIP/2\.0 [2-6]",
                                                text), tail(text))
            lab.ok(f"{what} was seen", wait_for(
                lambda h=had: counter(lab, "unknown_source") > h, 5))
        lab.ok("by TCP not one octet", tcp_probe(port) == b"")
        say("call 1002\n")
        lab.ok("a new call is served meanwhile", wait_for(
            lambda: any("t_answer" in c for c in lab.cdrs()), 20))
    finally:
        tap.close()
    counted = counter(lab, "unknown_source") - before
    lab.ok("each was counted", counted > 100, counted)
    lab.ok("all of it was on the wire", tap.to_us >= counted, tap.to_us)
    lab.ok("no octet was sent to them", not tap.replies, tap.replies[:1])
    with open(lab.path("gateway.log"), errors="replace") as f:
        lines = f.read().count("SecurityEvent=\"FailedACL\"")
    lab.ok("they are told for fail2ban, and not line by line",
           1 <= lines < counted / 2, lines)


def known(lab):
    """The scanners' address is the provider's now."""
    target = f"sip:100@127.0.0.1:{lab.port['sip']}"
    with open(lab.yaml) as f:
        text = f.read()
    with open(lab.yaml, "w") as f:
        f.write(text.replace(f"    server: {PHONE}:",
                             "    sources: [127.0.0.1/32]\n"
                             f"    server: {PHONE}:"))
    lab.ctl("reload")
    lab.ok("sipsak as a known source: answered", wait_for(
        lambda: tool(lab, "sipsak", "-s", target)[0] == 0, 10))
    with open(lab.path("message.sip"), "w") as f:
        f.write(MESSAGE)
    for proto in ("udp", "tcp"):
        by = f"--transport={proto}"
        status, text = tool(lab, "sipsak", by, "-s", target)
        lab.ok(f"by {proto} OPTIONS is answered", status == 0, tail(text))
        status, text = tool(lab, "sipsak", by, "-vvv", "-f",
                            lab.path("message.sip"), "-s", target)
        lab.ok(f"by {proto} its MESSAGE is refused", status != 0
               and re.search(r"SIP/2\.0 (405|501)", text), tail(text))
        status, text = tool(lab, "sipsak", by, "-vvv", "-U", "-C",
                            "sip:x@127.0.0.1:9", "-s", target)
        lab.ok(f"by {proto} its REGISTER is refused", status != 0
               and re.search(r"SIP/2\.0 (403|404|405|501)", text), tail(text))
    status, text = tool(lab, "sipsak", "-vv", "-T", "-s", target)
    lab.ok("sipsak's traceroute ends here", status == 0
           or "483" in text, tail(text))
    tool(lab, "sipsak", "-R", "-t", "60", "-s", target, seconds=8)
    tool(lab, "sipsak", "-F", "-e", "300", "-s", target, seconds=8)
    lab.ok("after its spoilt messages and its flood: answered",
           wait_for(lambda: tool(lab, "sipsak", "-s", target)[0] == 0, 20))


def test():
    with Lab("scan") as lab:
        lab.conf["server"] = f"{PHONE}:{lab.port['phone']}"
        gateway = lab.gateway()
        lab.start("phone", "sipp", f"127.0.0.1:{lab.port['sip']}", "-sf",
                  f"{SIPP}/uas.xml", "-i", PHONE, "-p", lab.port["phone"],
                  "-mi", PHONE, "-mp", lab.port["phone_media"], "-nostdin",
                  env=dict(os.environ, TERM="dumb"))
        exchange = lab.exchange("--stdin", "--stay", stdin=subprocess.PIPE)

        def say(text):
            exchange.stdin.write(text.encode())
            exchange.stdin.flush()

        lab.ok("the line comes up", lab.line_up(30))
        say("hold 3600\ncall 1001\n")
        lab.ok("a call is up", wait_for(lambda: len(lab.calls()) == 1, 20))
        say("hold 0.5\n")
        strangers(lab, say)
        known(lab)
        lab.ok("the call is still up", len(lab.calls()) == 1)
        say("hangup all\n")
        lab.ok("and ends in good order", wait_for(
            lambda: len(lab.cdrs()) == 2 and all(
                c["q850"] == 16 and "t_answer" in c for c in lab.cdrs()), 20),
            [c["q850"] for c in lab.cdrs()])
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        return lab.failed


main(test)
