#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The torture messages of RFC 4475 and RFC 5118 on real sockets, by UDP, TCP
and TLS (of OpenSSL), whole and in two pieces, to the sip role with a core that
answers calls (build/sip-driver). TCP and TLS give the same verdict, that of
expected.tsv; after each message the role answers, on the same connection or,
when that was closed, on the next."""
import os
import re
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, TOP, Lab, main, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402

VECTORS = os.path.join(TOP, "tests/vectors/torture")
# A stream has no end of message but Content-Length: clerr gets the body that it
# announces, and a call without one is refused.
STREAM = {"clerr.dat": ["processed"], "inv2543.dat": ["400"]}
MARK = ("OPTIONS sip:gw@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{proto} 127.0.0.1"
        ";branch=z9hG4bKmark{n};rport\r\nFrom: <sip:m@127.0.0.1>;tag=m\r\n"
        "To: <sip:gw@127.0.0.1>\r\nCall-ID: mark{n}\r\nCSeq: 7 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
PATIENCE = 10  # for what must come; nothing else is waited for


def vectors():
    """(file, kind, the verdicts that are right on a stream)"""
    with open(VECTORS + "/expected.tsv", encoding="utf-8") as f:
        for line in f:
            if line.startswith(("#", "file\t")):
                continue
            field = line.split("\t")
            right = [x.strip().split(" ")[0].split("(")[0]
                     for x in field[5].split(";")[0].split("|")]
            yield field[0], field[2], STREAM.get(field[0], right)


def responses(data):
    """(status, Call-ID) of each response in what was received."""
    found = []
    for head in re.findall(rb"SIP/2\.0 (\d\d\d) .*?\r\n(.*?)\r\n\r\n", data,
                           re.S):
        call = re.search(rb"^(?:Call-ID|i) *: *(.*?)\r?$", head[1] + b"\r\n",
                         re.M | re.I)
        found.append((int(head[0]), call.group(1) if call else b""))
    return found


class Peer:
    """Of one role, over one transport: no message comes twice to it."""

    def __init__(self, lab, name, port):
        self.name, self.proto = name, name.split()[0]
        self.port, self.n = port, 0
        self.context = ssl.create_default_context(cafile=lab.path("ca.pem"))
        options = ["transport=tls", "cert=us.pem", "key=us.key", "ca=ca.pem",
                   "name=peer.example", "verify=server"] \
            if self.proto == "TLS" else []
        self.role = lab.start(
            "driver", BUILD + "/sip-driver", f"127.0.0.1:{port}",
            f"127.0.0.1:{lab.port['rtp']}", 4000, "limit=500", *options)

    def connect(self):
        if self.proto == "UDP":
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect(("127.0.0.1", self.port))
        else:
            s = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.proto == "TLS":
            s = self.context.wrap_socket(s, server_hostname="us.example")
        s.settimeout(PATIENCE)
        return s

    def mark(self):
        self.n += 1
        return (MARK.format(proto=self.proto, n=self.n).encode(),
                b"mark%d" % self.n)

    @staticmethod
    def collect(s, enough):
        """What comes until that is true of the responses, or to the end."""
        data = b""
        while not enough(responses(data)):
            try:
                got = s.recv(65536)
            except OSError:
                break
            if not got:
                break
            data += got
        return responses(data)

    def say(self, data, answered):
        """The verdict on a message over a connection of its own; answered: it
        must be. After it OPTIONS: with its answer all has been read."""
        half = len(data) // 2 if "two" in self.name else len(data)
        mark, mark_id = self.mark()

        def enough(got):
            ours = [call for _, call in got if call != mark_id]
            return len(ours) < len(got) and (ours or not answered)

        with self.connect() as s:
            try:
                for piece in (data[:half], data[half:] + missing(data), mark):
                    s.sendall(piece)
            except OSError:
                pass  # it was closed: what was said still arrives
            got = self.collect(s, enough)
        mine = [status for status, call in got if call != mark_id]
        final = [x for x in mine if x >= 200]
        return str(final[0]) if final else "processed" if mine else "drop"

    def alive(self):
        with self.connect() as s:
            mark, mark_id = self.mark()
            for _ in range(3):  # a datagram may be lost in a stall
                s.sendall(mark)
                got = self.collect(s, lambda r: (200, mark_id) in r)
                if (200, mark_id) in got:
                    return True
        return False

    def is_up(self):
        try:
            return self.alive()
        except OSError:
            return False


def missing(data):
    """Of the body, as its header has it: a stream waits for it."""
    head, _, body = data.partition(b"\r\n\r\n")
    m = re.search(rb"^(?:Content-Length|l) *: *(\d+) *\r?$", head, re.M | re.I)
    n = int(m.group(1)) - len(body) if m else 0
    return b"x" * n if 0 < n < 100000 else b""


def fits(verdict, kind, right):
    if verdict in right:
        return True
    # calls are answered here, or find no number
    return "processed" in right and (verdict == "processed" or (
        kind == "INVITE" and verdict in ("200", "404", "481", "484")))


def run(lab, peers):
    wrong, differ, dead, n = [], [], [], 0
    for name, kind, right in vectors():
        with open(f"{VECTORS}/{name}", "rb") as f:
            data = f.read()
        got = {p.name: p.say(data, "drop" not in right)
               for p in peers if p.proto != "UDP"}
        with peers[0].connect() as s:
            s.send(data[:65000])  # its answer goes to the port in Via
        if len({fits(v, kind, right) or v for v in got.values()}) != 1:
            differ.append((name, got))
        wrong += [(name, p, v, right) for p, v in got.items()
                  if not fits(v, kind, right)]
        dead += [(name, p.name) for p in peers if not p.alive()]
        n += 1
    lab.ok("all messages were sent", n == 62, n)
    lab.ok("TCP and TLS, whole and in two pieces: the same verdict",
           not differ, differ[:3])
    lab.ok("it is that of expected.tsv", not wrong, wrong)
    lab.ok("after each it answers, by UDP, TCP and TLS", not dead, dead[:5])


def test():
    with Lab("torture") as lab:
        authority(lab)
        issue(lab, "us", "DNS:us.example")
        peers = [Peer(lab, name, lab.port["sip"] + 2 * i) for i, name in
                 enumerate(("UDP", "TCP", "TCP in two", "TLS", "TLS in two"))]
        lab.ok("the roles are there", all(
            wait_for(p.is_up, 10) for p in peers))
        run(lab, peers)
        lab.ok("the roles run to the end", all(
            p.role.poll() is None for p in peers))
        return lab.failed


main(test)
