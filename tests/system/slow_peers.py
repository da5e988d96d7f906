#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are a burden: handshakes that never end, peers that never
send, that send an octet now and then, that never read. They are bounded in
number and in time, by the trunk's limits, told once and counted; who behaves is
served meanwhile. A stranger's connection is closed without an octet."""
import os
import re
import socket
import ssl
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402

OPTIONS = ("OPTIONS sip:gw@us.example SIP/2.0\r\n"
           "Via: SIP/2.0/{proto} 127.0.0.1;branch=z9hG4bK{n}\r\n"
           "From: <sip:p@peer.example>;tag={n}\r\nTo: <sip:gw@us.example>\r\n"
           "Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
LIMIT = 8


def log(lab):
    with open(lab.path("gateway.log"), errors="replace") as f:
        return f.read()


def limited(lab, what):
    url = f"http://127.0.0.1:{lab.port['metrics']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as r:
        m = re.search(r'^trunkgate_sip_limited_total{limit="%s"} (\d+)' % what,
                      r.read().decode(), re.M)
    return int(m.group(1)) if m else -1


def connect(lab, port, source="127.0.0.1"):
    s = socket.socket()
    s.settimeout(5)
    s.bind((source, 0))
    s.connect(("127.0.0.1", port))
    return s


def is_closed(s, seconds=0.0):
    """Has the gateway ended it, without an octet?"""
    s.settimeout(seconds or 0.001)
    try:
        return s.recv(100) == b""
    except ConnectionError:
        return True
    except OSError:
        return False


def asks(s, n, proto="TCP"):
    s.settimeout(5)
    s.sendall(OPTIONS.format(n=n, proto=proto).encode())
    return s.recv(4096).startswith(b"SIP/2.0 ")


def asks_by_tls(lab, n, source):
    c = ssl.create_default_context(cafile=lab.path("ca.pem"))
    c.load_cert_chain(lab.path("peer.pem"), lab.path("peer.key"))
    try:
        with c.wrap_socket(connect(lab, lab.tls, source),
                           server_hostname="us.example") as s:
            return asks(s, n, "TLS")
    except OSError:
        return False


def half_open(lab):
    start = time.monotonic()
    held = [connect(lab, lab.tls) for _ in range(3 * LIMIT)]
    for s in held[::2]:
        try:
            s.sendall(b"\x16\x03\x01\x02\x00\x01\x00")  # the begin of a hello
        except OSError:
            pass
    wait_for(lambda: limited(lab, "handshakes") >= 2 * LIMIT)
    closed = sum(is_closed(s) for s in held)
    lab.ok("handshakes beyond the limit are closed at once, the others not",
           closed == 2 * LIMIT, f"{closed} of {len(held)}")
    lab.ok("another address is served meanwhile",
           asks_by_tls(lab, "half", "127.0.0.3"))
    lab.ok("which limit it was is told, once",
           log(lab).count("more than the trunk's limits.handshakes allows "
                          f"({LIMIT})") == 1)
    lab.ok("each is counted", limited(lab, "handshakes") == 2 * LIMIT)
    rest = [s for s in held if not is_closed(s)]
    lab.ok("the others end after 8 s", wait_for(
        lambda: all(is_closed(s) for s in rest), 15))
    took = time.monotonic() - start
    lab.ok("and not before", took > 7, f"{took:.1f} s")
    lab.ok("then the address is served again",
           asks_by_tls(lab, "again", "127.0.0.1"))


def many(lab):
    """Silent, slow and deaf ones; as many as there may be."""
    held = [connect(lab, lab.port["sip"]) for _ in range(4 * LIMIT)]
    for i, s in enumerate(held):
        try:
            if i % 3 == 1:
                s.sendall(b"OPTIONS sip:")
            elif i % 3 == 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                s.settimeout(0.2)
                s.sendall(OPTIONS.format(n=f"d{i}", proto="TCP").encode() * 200)
        except OSError:
            pass
    wait_for(lambda: limited(lab, "connections") >= 2 * LIMIT)
    lab.ok("connections beyond the limit are refused",
           limited(lab, "connections") == 2 * LIMIT,
           limited(lab, "connections"))
    lab.ok("that is told, once",
           log(lab).count("more than the trunk's limits.connections allows "
                          f"({2 * LIMIT})") == 1)
    with connect(lab, lab.port["sip"], "127.0.0.3") as s:
        lab.ok("another address is served meanwhile", asks(s, "many"))
    for s in held:
        s.close()


def main():
    lab = Lab("slow_peers", trunk=f"""    transport: tls
    sources: [127.0.0.1/32, 127.0.0.3/32]
    limits: {{handshakes: {LIMIT}}}
    tls: {{certificate: us.pem, key: us.key, ca: ca.pem, name: peer.example}}
  - name: plain
    server: 127.0.0.4
    transport: tcp
    sources: [127.0.0.1/32, 127.0.0.3/32]
    limits: {{connections: {2 * LIMIT}}}""")
    lab.tls = lab.port["caller"]
    with lab:
        authority(lab)
        issue(lab, "us", "DNS:us.example", 1001)
        issue(lab, "peer", "DNS:peer.example", 1002)
        lab.conf["t1"] = f"500, tls_port: {lab.tls}"
        lab.gateway()
        half_open(lab)
        many(lab)
        for port, what in ((lab.port["sip"], "TCP"), (lab.tls, "TLS")):
            with connect(lab, port, "127.0.0.2") as s:
                lab.ok(f"a stranger's {what} is closed without an octet",
                       is_closed(s, 5))


main()
