#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# alone: a stall of the line is a gap in the data
"""Data calls (unrestricted digital, 64 kbit/s) as CLEARMODE, both ways, through
the whole gateway: SIPp sends back what it hears, and the exchange must hear all
256 octets in the order in which it sent them."""
import os
import random
import struct
import subprocess
import sys
import time
import wave

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import SIPP, Lab, main, wait_for  # noqa: E402

LOOP = 16001  # octets that are played again and again
EXACT = 8000 * 3  # so many in a row must be right ...
CALL_S = 6
TRIES = 3  # ... for the machine may stall
FIT = 64  # octets that say where in the loop we are


def alaw(code):
    """G.711 table 1a: the value of an octet, as 16 bits."""
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    value = (mantissa << 4) + 8
    if exponent:
        value = value + 0x100 << exponent - 1
    return value if code & 0x80 else -value


VALUES = [alaw(c) for c in range(256)]
CODES = {v: c for c, v in enumerate(VALUES)}


def write_codes(path, codes):
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(struct.pack(f"<{len(codes)}h",
                                  *(VALUES[c] for c in codes)))


def read_codes(path):
    if not os.path.exists(path):
        return b""  # there was no call
    with wave.open(path, "rb") as w:
        n = w.getnframes()
        return bytes(CODES.get(v, 0) for v in
                     struct.unpack(f"<{n}h", w.readframes(n)))


def longest(heard, sent):
    """The longest piece of what was heard that was sent so."""
    best = at = 0
    twice = sent + sent
    while at + FIT <= len(heard):
        where = twice.find(heard[at:at + FIT])
        if where < 0:
            at += 1
            continue
        n = 0
        while at + n < len(heard) and \
                heard[at + n] == sent[(where + n) % len(sent)]:
            n += 1
        best = max(best, n)
        at += n
    return best


def scenario(lab, name):
    """One of SIPp's, with data in place of speech."""
    with open(f"{SIPP}/{name}") as f:
        text = f.read()
    text = text.replace("RTP/AVP 8", "RTP/AVP 97").replace(
        "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 CLEARMODE/8000").replace(
        'pause distribution="uniform" min="500" max="1500"',
        f'pause milliseconds="{CALL_S * 1000}"')
    with open(lab.path("data-" + name), "w") as f:
        f.write(text)
    return lab.path("data-" + name)


def talk(lab, wav, from_line):
    """The exchange plays sent.wav, and what it hears is in wav; the call's
    records."""
    before = len(lab.cdrs())
    x = lab.exchange("--play", "loop:" + lab.path("sent.wav"), "--record",
                     wav, "--bearer", "data", "--from", "0711", "--hold",
                     CALL_S, "--answer-after", "0.1", "--stdin",
                     stdin=subprocess.PIPE)
    lab.line_up(30)
    if from_line:
        phone = lab.phone("-rtp_echo", scenario=scenario(lab, "uas.xml"))
        time.sleep(1)  # for a machine under load
        x.stdin.write(b"call 601\n")
        x.stdin.flush()
    else:
        with open(lab.path("numbers.csv"), "w") as f:
            f.write("SEQUENTIAL\n0711123;\n")
        phone = lab.sipp("caller", scenario(lab, "uac.xml"), "caller",
                         "-rtp_echo", "-m", 1, "-inf",
                         lab.path("numbers.csv"))
    wait_for(lambda: len(lab.cdrs()) > before, 60)
    lab.stop(x)
    lab.stop(phone)
    return lab.cdrs()[before:]


def both_ways(lab, sent):
    for from_line in (True, False):
        way = "from the line" if from_line else "to the line"
        for i in range(TRIES):
            wav = lab.path(f"heard-{from_line}-{i}.wav")
            cdrs = talk(lab, wav, from_line)
            n = longest(read_codes(wav), sent)
            if n >= EXACT:
                break
        lab.ok(f"{way}: octet for octet", n >= EXACT, f"{n} in a row")
        c = cdrs[-1] if cdrs else {}
        lab.ok(f"{way}: its record says so", c.get("codec") == "CLEARMODE"
               and c.get("bearer") == "unrestricted" and c["q850"] == 16,
               c if c.get("q850") != 16 else "")


def test():
    sent = random.Random(4040).choices(range(256), k=LOOP)
    with Lab("data", trunk="    clear_mode: true\n") as lab:
        write_codes(lab.path("sent.wav"), sent)
        lab.gateway()
        both_ways(lab, bytes(sent))
    return lab.failed


if __name__ == "__main__":
    main(test)
