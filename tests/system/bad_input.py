#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong input from outside: an unknown SIP source gets nothing, malformed SIP
a 400 or nothing, broken pseudowire packets are counted; a call in progress
never notices. Wrong files and taken ports are told in one line, status 2."""
import glob
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import BUILD, TOP, Lab, main, wait_for  # noqa: E402

SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))


def udp(address, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.settimeout(0.5)
    return s


def answer(sock):
    try:
        return sock.recv(65536)
    except OSError:
        return b""


def options(lab, source, more=""):
    host, port = source.getsockname()
    return (f"OPTIONS sip:{lab.port['sip']}@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{random.random()}"
            f"\r\nFrom: <sip:a@{host}>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\n"
            f"Call-ID: {random.random()}@x\r\nCSeq: 1 OPTIONS\r\n"
            f"Max-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n").encode()


def unknown_source(lab, gw):
    stranger = udp("127.9.9.9")
    known = udp("127.0.0.1")
    lab.ok("a known source's OPTIONS is answered with 200",
           send(lab, known, options(lab, known)).startswith(b"SIP/2.0 200"))
    start = len(log(lab))
    heard = b""
    until = time.monotonic() + 3
    sent = 0
    while time.monotonic() < until:
        stranger.sendto(options(lab, stranger), gw)
        sent += 1
        time.sleep(0.002)
    heard = answer(stranger)
    lab.ok("an unknown source gets no reply", heard == b"", heard[:40])
    lines = [x for x in log(lab)[start:] if "127.9.9.9" in x]
    lab.ok("and a log line a second at most", 1 <= len(lines) <= 5,
           f"{len(lines)} for {sent} messages")


def send(lab, sock, data):
    sock.sendto(data, ("127.0.0.1", lab.port["sip"]))
    return answer(sock)


def malformed_sip(lab, rng):
    known = udp("127.0.0.1")
    good = options(lab, known)
    bad = re.sub(rb"CSeq: 1 OPTIONS", b"CSeq: one OPTIONS", good)
    lab.ok("a broken CSeq gets a 400",
           send(lab, known, bad).startswith(b"SIP/2.0 400"))
    known.settimeout(0.002)
    for _ in range(3000):
        data = bytearray(options(lab, known))
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        send(lab, known, bytes(data[:rng.randrange(len(data) + 1)]))
    for path in glob.glob(TOP + "/tests/vectors/torture/**/*.dat",
                          recursive=True):
        with open(path, "rb") as f:
            send(lab, known, f.read())
    known.settimeout(0.5)
    while answer(known):
        pass
    lab.ok("after 3,000 broken messages and the torture set it still answers",
           send(lab, known, options(lab, known)).startswith(b"SIP/2.0 200"))


def broken_line(lab, rng):
    """Octets into the pseudowire's port, from the far end's address."""
    sock = udp("127.0.0.1")  # another port: a stray
    for _ in range(2000):
        sock.sendto(rng.randbytes(rng.randrange(0, 600)),
                    ("127.0.0.1", lab.port["line"]))


def log(lab):
    with open(lab.path("gateway.log"), errors="replace") as f:
        return f.read().splitlines()


def refused(lab, what, file, pattern):
    r = subprocess.run([BUILD + "/trunkgate", file], capture_output=True,
                       text=True, timeout=20, check=False)
    said = [x for x in r.stderr.splitlines() if re.search(pattern, x)]
    lab.ok(f"{what}: one clear line, status 2",
           r.returncode == 2 and len(said) == 1,
           f"status {r.returncode}: {(said or r.stderr.splitlines())[-1:]}")


def malformed_line(lab, rng):
    """Nonsense in the peer's name: its address and port, by a raw socket."""
    start = len(log(lab))
    before = lab.ctl("spans")["media"][0]["rx"]
    ip = bytes([127, 0, 0, 1])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as s:
        for _ in range(200):
            text = rng.randbytes(rng.randrange(1, 60))
            udp = struct.pack("!HHHH", lab.port["far"], lab.port["line"],
                              8 + len(text), 0) + text
            s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0,
                                 0, 64, socket.IPPROTO_UDP, 0, ip, ip) + udp,
                     ("127.0.0.1", 0))

    def told():
        return [x for x in log(lab)[start:] if "packets dropped" in x]
    lab.ok("malformed packets on the line are told", wait_for(told, 4))
    lab.ok("in a log line a second at most", len(told()) <= 3, len(told()))
    rx = lab.ctl("spans")["media"][0]["rx"]
    dropped = {k: rx[k] - before[k] for k in ("malformed", "stray", "excess")}
    # A few of the random ones are control words without samples (L = 1).
    lab.ok("and counted", dropped["malformed"] > 0
           and sum(dropped.values()) >= 150, dropped)


def cannot_start(lab):
    """With the gateway running: everything it has is taken."""
    refused(lab, "a gateway that runs already", lab.yaml, "already runs")
    with open(lab.yaml) as f:
        text = f.read()
    other = lab.path("other.yaml")

    def variant(**change):
        t = text.replace(lab.dir, lab.dir + "/other")
        for a, b in change.items():
            t = t.replace(str(lab.port[a]), str(b))
        with open(other, "w") as f:
            f.write(t)
        return other
    refused(lab, "a line port in use", variant(), r"carrier: cannot use")
    spare = lab.port["phone_media"] + 10
    refused(lab, "a SIP port in use", variant(line=spare),
            r"sip\.bind: cannot use")
    with open(other, "w") as f:
        f.write(text.replace("euroisdn", "eurisdn"))
    refused(lab, "a bad file", other, r"error: .*eurisdn")
    refused(lab, "a missing file", lab.path("none.yaml"), "No such file")
    with open(other, "w") as f:
        f.write(text.replace(lab.dir + "/cdr", "/proc/no/such")
                .replace(lab.dir, lab.dir + "/other"))
    refused(lab, "a directory that cannot be", other, "/proc/no/such")


def test():
    print(f"# SEED={SEED}")
    rng = random.Random(SEED)
    random.seed(SEED)
    with Lab("bad_input", trunk="    sources: [127.0.0.1/32]") as lab:
        gateway = lab.gateway()
        lab.phone("-aa")
        exchange = lab.exchange("--stdin", "--stay", stdin=subprocess.PIPE)
        lab.ok("the line comes up", lab.line_up())
        exchange.stdin.write(b"hold 0\ncall 1001\n")
        exchange.stdin.flush()
        lab.ok("a call is up", wait_for(
            lambda: [c for c in lab.calls() if c.get("answered")], 10))
        pids = lab.role_pids(gateway)
        unknown_source(lab, ("127.0.0.1", lab.port["sip"]))
        malformed_sip(lab, rng)
        malformed_line(lab, rng)
        broken_line(lab, rng)
        cannot_start(lab)
        lab.ok("no role has died", lab.role_pids(gateway) == pids)
        lab.ok("the call is still up",
               [c for c in lab.calls() if c.get("answered")])
        exchange.stdin.write(b"hangup all\n")
        exchange.stdin.flush()
        lab.ok("and ends as it should",
               wait_for(lambda: [r["q850"] for r in lab.cdrs()
                                 if r.get("to") == "1001"] == [16], 10),
               [r["q850"] for r in lab.cdrs()])
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        return lab.failed


main(test)
