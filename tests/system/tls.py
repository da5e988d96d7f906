#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS through the whole gateway: the supervisor reads the files, the sip role
serves a peer of OpenSSL that shows its certificate, on IPv4 and IPv6; SIGHUP
brings a new certificate without ending anything; a bad one changes nothing and
is told with its place in the file; no key in any log; an unknown peer cannot
even connect, and fail2ban's filter for Asterisk finds that out."""
import os
import signal
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, wait_for  # noqa: E402
from pki import authority, issue  # noqa: E402

OPTIONS = ("OPTIONS sip:gw@us.example SIP/2.0\r\n"
           "Via: SIP/2.0/TLS peer.example;branch=z9hG4bK{n}\r\n"
           "From: <sip:p@peer.example>;tag={n}\r\nTo: <sip:gw@us.example>\r\n"
           "Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")


def ask(lab, n, host="127.0.0.1", cert="peer"):
    """The answer to OPTIONS, and the serial number of the gateway's
    certificate."""
    c = ssl.create_default_context(cafile=lab.path("ca.pem"))
    if cert:
        c.load_cert_chain(lab.path(cert + ".pem"), lab.path(cert + ".key"))
    try:
        with socket.create_connection((host, lab.tls), 5) as raw, \
                c.wrap_socket(raw, server_hostname="us.example") as s:
            s.settimeout(5)
            serial = s.getpeercert()["serialNumber"]
            s.sendall(OPTIONS.format(n=n).encode())
            return s.recv(4096).decode(), int(serial, 16)
    except OSError as e:
        return f"{type(e).__name__} {e}", 0


def connect(lab):
    c = ssl.create_default_context(cafile=lab.path("ca.pem"))
    c.load_cert_chain(lab.path("peer.pem"), lab.path("peer.key"))
    return c.wrap_socket(socket.create_connection(("127.0.0.1", lab.tls), 5),
                         server_hostname="us.example")


def alias(lab):
    """RFC 5923: the peer has opened a connection and wants to be called on it;
    nobody listens where the server is."""
    text = OPTIONS.format(n="alias").replace(
        "peer.example;branch", f"peer.example:{lab.port['phone']};alias;branch")
    with connect(lab) as s:
        s.settimeout(40)
        s.sendall(text.encode())
        got = b""
        while b"OPTIONS sip:" not in got or not got.endswith(b"\r\n\r\n"):
            more = s.recv(4096)
            if not more:
                break
            got += more
        got = got.decode()
        lab.ok("our requests come by a connection with alias",
               "OPTIONS sip:" in got, " ".join(got.split())[-80:])
        request = got[got.find("OPTIONS sip:"):]
        lab.ok("and say that theirs may come by ours",
               ";alias;" in request.partition("Via: ")[2].partition("\r\n")[0])
        head = "".join(x + "\r\n" for x in request.split("\r\n") if x.split(
            ":")[0] in ("Via", "From", "To", "Call-ID", "CSeq"))
        s.sendall(f"SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode())
        lab.ok("the server is found to be up", wait_for(
            lambda: f"127.0.0.1:{lab.port['phone']} is up" in log(lab), 20))


def log(lab):
    with open(lab.path("gateway.log"), errors="replace") as f:
        return f.read()


def main():
    lab = Lab("tls", trunk="""    transport: tls
    options: 5
    sources: [127.0.0.1/32, "::1/128"]
    tls: {certificate: us.pem, key: us.key, ca: ca.pem, name: peer.example}""")
    lab.tls = lab.port["caller"]
    with lab:
        authority(lab)
        issue(lab, "us", "DNS:us.example", 1001)
        issue(lab, "peer", "DNS:peer.example", 1002)
        issue(lab, "other", "DNS:other.example", 1003)
        lab.conf["t1"] = f"500, tls_port: {lab.tls}, " \
                         f"bind6: \"[::1]:{lab.port['sip']}\""
        gateway = lab.gateway()

        text, serial = ask(lab, "a1")
        lab.ok("OPTIONS by TLS is answered", text.startswith("SIP/2.0 "), text[:14])
        lab.ok("our certificate is shown", serial == 1001, serial)
        text, _ = ask(lab, "a2", host="::1")
        lab.ok("by IPv6, too", text.startswith("SIP/2.0 "), text[:14])
        lab.ok("nobody listens at the server", wait_for(
            lambda: f"127.0.0.1:{lab.port['phone']} is down" in log(lab), 20))
        alias(lab)
        text, _ = ask(lab, "a3", cert=None)
        lab.ok("without a certificate: nothing", "SIP/2.0" not in text)
        text, _ = ask(lab, "a4", cert="other")
        lab.ok("with somebody else's: nothing", "SIP/2.0" not in text)
        lab.ok("that is told, with its place",
               wait_for(lambda: "gateway.yaml:" in log(lab)
                        and "not for peer.example" in log(lab)))

        issue(lab, "us", "DNS:us.example", 2001)
        gateway.send_signal(signal.SIGHUP)
        lab.ok("SIGHUP brings the new certificate",
               wait_for(lambda: ask(lab, "b1")[1] == 2001))
        with open(lab.path("us.pem"), "w") as f:
            f.write("rubbish\n")
        gateway.send_signal(signal.SIGHUP)
        lab.ok("a bad one is told", wait_for(
            lambda: "tls.certificate: " in log(lab)
            and "the former one goes on" in log(lab)))
        text, serial = ask(lab, "c1")
        lab.ok("and changes nothing", serial == 2001, serial)
        lab.ok("no key in the log", "PRIVATE" not in log(lab))

        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.bind(("127.0.0.2", 0))
            s.settimeout(5)
            try:
                s.connect(("127.0.0.1", lab.tls))
                answer = s.recv(100)
            except OSError as e:
                answer = str(e).encode()
        lab.ok("a stranger gets no octet", b"\x16" not in answer[:1], answer)
        line = wait_for(lambda: [x for x in log(lab).splitlines()
                                 if "SecurityEvent" in x
                                 and "127.0.0.2" in x])
        lab.ok("and a SecurityEvent line", bool(line))
        if not line:
            return
        filter_file = "/etc/fail2ban/filter.d/asterisk.conf"
        if not os.path.exists(filter_file):
            print("skip fail2ban's filter: no fail2ban")
            return
        journal = "Nov 26 20:00:00 host trunkgate[9]: " + line[0][3:]
        for form, text, more in (
                ("as written", line[0], ""),
                ("in the journal", journal,
                 "[_daemon='trunkgate\\S*: sip']")):
            r = subprocess.run(["fail2ban-regex", text, filter_file + more],
                               capture_output=True, text=True, check=False)
            lab.ok("fail2ban's filter for Asterisk matches it " + form,
                   " 1 matched" in r.stdout, text)


main()
