#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""STIR between the whole gateway and software that is not ours: PyJWT and the
OpenSSL under python3-cryptography judge what the gateway signs, and make the
tokens that it verifies; certificates are OpenSSL's. The verdict is looked for
where people look: in the responses, in the CDR, and in what the exchange at the
other end of the line is told."""
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, TOP + "/tests/system")
import lab as laboratory  # noqa: E402
import pki  # noqa: E402

URL = "https://cert.example.org/gateway.pem"
THEIRS = "https://cert.example.org/theirs.pem"
STIR = """    stir:
      sign: true
      certificate: {dir}/gateway.pem
      key: {dir}/gateway.key
      x5u: "{url}"
      numbers: ["+49711*"]
      verify: "on"
      ca: {dir}/ca.pem
      certificates: {dir}/others.pem
      failed: {failed}
"""
TNAUTH = """1.3.6.1.5.5.7.1.26=ASN1:SEQUENCE:list
keyUsage=digitalSignature
[list]
provider=EXP:0,IA5:709J
"""


def issue(lab, name, curve="P-256"):
    """NAME.pem and NAME.key, with a TNAuthList, of the lab's CA."""
    pki.run(lab, "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:" + curve, "-nodes", "-keyout", name + ".key",
            "-out", name + ".csr", "-subj", "/CN=SHAKEN " + name)
    os.chmod(lab.path(name + ".key"), 0o600)
    with open(lab.path("tnauth.ext"), "w") as f:
        f.write(TNAUTH)
    pki.run(lab, "openssl", "x509", "-req", "-in", name + ".csr", "-CA",
            "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "90",
            "-extfile", "tnauth.ext", "-out", name + ".pem")


def others(lab, *chains):
    with open(lab.path("others.pem"), "w") as out:
        for url, name in chains:
            with open(lab.path(name + ".pem")) as f:
                out.write(f"# {name}\n{url}\n{f.read()}")


def private(lab, name):
    with open(lab.path(name + ".key"), "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


def public(lab, name):
    with open(lab.path(name + ".pem"), "rb") as f:
        return x509.load_pem_x509_certificate(f.read()).public_key()


def claims(**more):
    out = {"attest": "A", "dest": {"tn": ["4971188"]}, "iat": int(time.time()),
           "orig": {"tn": "12155551212"},
           "origid": "123e4567-e89b-42d3-a456-426655440000"}
    out.update(more)
    return out


def canonical(lab, name, payload, alg="ES256"):
    """A token in the form of RFC 8225 9; PyJWT has an order of its own."""
    def b64(octets):
        return base64.urlsafe_b64encode(octets).decode().rstrip("=")

    def text(what):
        return json.dumps(what, separators=(",", ":"), sort_keys=True).encode()

    head = {"alg": alg, "ppt": "shaken", "typ": "passport", "x5u": THEIRS}
    signed = b64(text(head)) + "." + b64(text(payload))
    r, s = utils.decode_dss_signature(private(lab, name).sign(
        signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def by_pyjwt(lab, name, payload, x5u=THEIRS):
    return jwt.encode(payload, private(lab, name), algorithm="ES256",
                      headers={"ppt": "shaken", "typ": "passport",
                               "x5u": x5u})


def identity(token):
    return f"Identity: {token};info=<{THEIRS}>;alg=ES256;ppt=shaken\r\n"


def header(message, name):
    found = re.search(rf"^{name}: *(.*?)\r$", message, re.M | re.I)
    return found[1] if found else ""


class Peer:
    """The provider, one message at a time."""

    def __init__(self, lab):
        self.lab = lab
        self.me = f"127.0.0.1:{lab.port['phone']}"
        self.gateway = ("127.0.0.1", lab.port["sip"])
        self.s = socket.socket(type=socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", lab.port["phone"]))
        self.s.settimeout(10)
        self.n = 0

    def send(self, text):
        self.s.sendto(text.encode(), self.gateway)

    def receive(self, start):
        while True:
            text = self.s.recv(65536).decode()
            if text.startswith(start):
                return text

    def reply(self, request, status):
        lines = "".join(f"{n}: {header(request, n)}\r\n" for n in
                        ("Via", "From", "Call-ID", "CSeq"))
        self.send(f"SIP/2.0 {status}\r\n{lines}"
                  f"To: {header(request, 'To')};tag=x\r\n"
                  "Content-Length: 0\r\n\r\n")

    def call(self, extra, number="4971188"):
        """An INVITE; its final response. A call that is answered ends."""
        self.n += 1
        uri = f"sip:+{number}@127.0.0.1:{self.gateway[1]};user=phone"
        sdp = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
               "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
               f"m=audio {self.lab.port['phone_media']} RTP/AVP 8\r\n")
        base = (f"From: <sip:+12155551212@{self.me};user=phone>;tag=f"
                f"\r\nCall-ID: in{self.n}@{self.me}\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:peer@{self.me}>\r\n")

        def message(method, to, branch, seq, tail):
            self.send(f"{method} {uri} SIP/2.0\r\n"
                      f"Via: SIP/2.0/UDP {self.me};branch=z9hG4bK{branch}\r\n"
                      f"To: {to}\r\nCSeq: {seq} {method}\r\n{base}{tail}")

        message("INVITE", f"<{uri}>", f"i{self.n}", 1,
                f"{extra}Content-Type: application/sdp\r\n"
                f"Content-Length: {len(sdp)}\r\n\r\n{sdp}")
        final = self.receive("SIP/2.0 ")
        early = ""
        while final.startswith("SIP/2.0 1"):
            early += header(final, "Reason")
            final = self.receive("SIP/2.0 ")
        to, none = header(final, "To"), "Content-Length: 0\r\n\r\n"
        if final.startswith("SIP/2.0 2"):
            message("ACK", to, f"a{self.n}", 1, none)
            message("BYE", to, f"b{self.n}", 2, none)
            self.receive("SIP/2.0 200")
        else:
            message("ACK", to, f"i{self.n}", 1, none)
        return final


def cdr(lab, peer, n=None):
    want = f"in{n or peer.n}@{peer.me}"

    def find():
        for record in lab.cdrs():
            if record.get("call_id") == want:
                return record
        return None
    return laboratory.wait_for(find) or {}


def outgoing(lab, peer):
    """What the gateway signs, judged by PyJWT."""
    lab.exchange("--on", "* answer 0.1", "--from", "0711555", "--screening",
                 "passed", "--to-type", "unknown", "--at", "2 call 030123456",
                 "--stay")
    invite = peer.receive("INVITE ")
    peer.reply(invite, "486 Busy Here")
    value = header(invite, "Identity")
    token = value.split(";")[0]
    head = jwt.get_unverified_header(token)
    lab.ok("the token's header", head == {"alg": "ES256", "ppt": "shaken",
                                          "typ": "passport", "x5u": URL}, head)
    said = jwt.decode(token, public(lab, "gateway"), algorithms=["ES256"])
    good = (said["attest"] == "A" and said["orig"] == {"tn": "49711555"} and
            said["dest"] == {"tn": ["4930123456"]} and
            abs(said["iat"] - time.time()) < 30)
    lab.ok("PyJWT verifies what the gateway signs", good, said)
    text = base64.urlsafe_b64decode(token.split(".")[1] + "===").decode()
    lab.ok("in canonical form", text == json.dumps(
        said, separators=(",", ":"), sort_keys=True))
    lab.ok("with its parameters", value.endswith(
        f";info=<{URL}>;alg=ES256;ppt=shaken"))
    try:
        jwt.decode(token, public(lab, "theirs"), algorithms=["ES256"])
        lab.ok("by no other key", False)
    except jwt.InvalidSignatureError:
        lab.ok("by no other key", True)

    def ours():
        return [r for r in lab.cdrs() if r.get("to", "").endswith("30123456")]
    record = (laboratory.wait_for(ours) or [{}])[0]
    lab.ok("its CDR", record.get("attest") == "A", record.get("attest"))


def line_was_told(lab):
    """Screening of the last SETUP that the exchange got."""
    with open(lab.path("pbxsim.log")) as f:
        found = re.findall(r'"screening": ?"(\w+)"', f.read())
    return found[-1] if found else None


def incoming(lab, peer):
    for what, make in (("by hand", canonical), ("by PyJWT", by_pyjwt)):
        final = peer.call(identity(make(lab, "theirs", claims())))
        lab.ok(f"a token made {what} passes", final.startswith("SIP/2.0 200"),
               final.split("\r\n")[0])
        record = cdr(lab, peer)
        lab.ok(f"made {what}: the CDR", record.get("stir") == "passed" and
               record.get("attest") == "A", record.get("stir"))
        lab.ok(f"made {what}: the line", line_was_told(lab) == "passed",
               line_was_told(lab))
    last = []

    def fresh(**more):
        last[:] = [canonical(lab, "theirs", claims(**more))]
        return last[0]

    # Each is made when it is its turn: the machine may stall for seconds.
    cases = [
        ("without", lambda: "", "200", "unsigned"),
        ("expired", lambda: identity(fresh(iat=int(time.time()) - 3600)),
         "403 Stale Date", "failed"),
        ("future", lambda: identity(fresh(iat=int(time.time()) + 3600)),
         "403 Stale Date", "failed"),
        ("another caller", lambda: identity(fresh(
            orig={"tn": "12155559999"})), "438", "failed"),
        ("another called", lambda: identity(fresh(
            dest={"tn": ["4971199"]})), "438", "failed"),
        ("another key", lambda: identity(canonical(
            lab, "gateway", claims())), "438", "failed"),
        ("alg none", lambda: identity(canonical(
            lab, "theirs", claims(), "none")), "437", "failed"),
        ("alg HS256", lambda: identity(jwt.encode(
            claims(), "secret", "HS256", {"ppt": "shaken", "typ": "passport",
                                          "x5u": THEIRS})), "437", "failed"),
        ("unknown certificate", lambda: identity(by_pyjwt(
            lab, "theirs", claims(), THEIRS + "x")).replace(
                THEIRS, THEIRS + "x"), "436", "failed"),
        ("x5u is not info", lambda: identity(fresh()).replace(
            THEIRS, THEIRS + "x"), "436", "failed"),
        ("truncated", lambda: identity(fresh()[:-2]), "438", "failed"),
        ("garbage", lambda: "Identity: garbage\r\n", "438", "failed"),
        ("huge", lambda: "Identity: " + "e" * 3500 + "\r\n", "438",
         "failed"),
        ("good behind a bad one", lambda: "Identity: garbage\r\n" +
         identity(fresh()), "200", "passed"),
        ("replayed", lambda: identity(last[0]), "438", "failed"),
    ]
    for what, extra, status, verdict in cases:
        final = peer.call(extra())
        reason = header(final, "Reason")
        told = status == "200" or reason.startswith(f"STIR;cause={status[:3]}")
        lab.ok(f"{what}: {status}", told and
               final.startswith("SIP/2.0 " + status),
               final.split("\r\n")[0] + " " + reason)
        record = cdr(lab, peer)
        lab.ok(f"{what}: the CDR", record.get("stir") == verdict,
               record.get("stir"))
    lab.ok("each was counted", counted(lab) >= 10, counted(lab))


def counted(lab):
    text = subprocess.run(["curl", "-s", "http://127.0.0.1:"
                           f"{lab.port['metrics']}/metrics"],
                          capture_output=True, text=True, check=False).stdout
    return sum(int(float(n)) for n in re.findall(
        r"^trunkgate_sip_stir_failed_total\{.*\} (\S+)$", text, re.M))


def reloaded(lab, peer, gateway):
    """The provider's certificate is replaced; a key on another curve is not
    taken, and said so."""
    issue(lab, "renewed")
    others(lab, (THEIRS, "renewed"))
    gateway.send_signal(1)
    lab.ok("a new certificate of the peer, after a reload",
           laboratory.wait_for(lambda: peer.call(identity(canonical(
               lab, "renewed", claims()))).startswith("SIP/2.0 200"), 10, 0.5))
    issue(lab, "p384", "P-384")
    for end in (".pem", ".key"):
        os.replace(lab.path("p384" + end), lab.path("gateway" + end))
    gateway.send_signal(1)

    def told():
        with open(lab.path("gateway.log")) as f:
            return re.search(r"gateway\.yaml:\d+: stir\.key: not on P-256.*"
                             "the former one goes on", f.read())
    lab.ok("a key on another curve is named", laboratory.wait_for(told))
    lab.ok("the other calls are untouched", peer.call(identity(canonical(
        lab, "renewed", claims()))).startswith("SIP/2.0 200"))


def secret_is_safe(lab):
    with open(lab.path("gateway.key")) as f:
        lines = f.read().split("\n")[1:-2]
    with open(lab.path("gateway.log")) as f:
        log = f.read()
    lab.ok("no line of a key in the log",
           not any(line in log for line in lines if line))


def test():
    with laboratory.Lab("stir", span='    country_code: "49"') as lab:
        pki.authority(lab)
        issue(lab, "gateway")
        issue(lab, "theirs")
        others(lab, (THEIRS, "theirs"))
        lab.conf["trunk"] = STIR.format(dir=lab.dir, url=URL, failed="reject")
        peer = Peer(lab)
        gateway = lab.gateway()
        outgoing(lab, peer)
        lab.line_up()
        incoming(lab, peer)
        reloaded(lab, peer, gateway)
        secret_is_safe(lab)
    return lab.failed


if __name__ == "__main__":
    laboratory.main(test)
