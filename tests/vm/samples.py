#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what one end of a line heard what the other played, sample by sample?

    samples.py make DIR          net.wav and user.wav, of random G.711 codes
    samples.py judge NAME DIR    net-N.wav against user.wav, and the reverse
    samples.py echo NAME DIR N   DIR/calls/ROUND/net-N.wav against user.wav: N
                                 calls that had the gateway and a phone's echo
                                 in their path; DIR/cancelled: with the canceller

The machine may stall; then a line slips, which its owner counts in its summary
and which shows as a jump within the source, or as idle codes. Each sample must
be the next one of the source, or idle; there may not be more jumps than slips
were counted, and no sample may be altered. Behind the gateway a stall also makes
it conceal and catch up: there the round with the fewest stalls is judged, in
which each call must bring GOOD_S of exact samples. Behind the canceller no sample
is exact: enough pieces of what is heard must be the source, by their correlation.
"""
import glob
import json
import os
import random
import struct
import sys
import wave

SECONDS = 12
MATCH = 4       # samples that say where in the source we are
IDLE = 16       # largest sample of silence, 16 bit
CALLS = 4
GOOD_S = 2.0    # of each call, at least
SIGNS = 24
PIECE = 200     # samples
LEAST_PIECES = 16
LIKE = 0.95     # correlation behind the canceller, of so many pieces


def decode(law, code):
    """G.711 to 16 bit."""
    if law == "alaw":
        code ^= 0x55
        low, exponent = code & 0x0f, code >> 4 & 7
        value = (low << 4) + 8 if exponent == 0 else \
            (low << 4) + 0x108 << exponent - 1
        return value if code & 0x80 else -value
    code ^= 0xff
    value = (((code & 0x0f) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -value if code & 0x80 else value


def write(path, law, seed):
    """Codes of the middle segments: no two of them sound as idle does."""
    rnd = random.Random(seed)
    codes = [c for c in range(256) if 200 < abs(decode(law, c)) < 8000]
    values = [decode(law, rnd.choice(codes)) for _ in range(SECONDS * 8000)]
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(struct.pack(f"<{len(values)}h", *values))


def read(path):
    with wave.open(path, "rb") as w:
        data = w.readframes(w.getnframes())
    return struct.unpack(f"<{len(data) // 2}h", data)


def compare(source, heard):
    """(right, altered, jumps) of a recording."""
    places = {source[i:i + MATCH]: i for i in range(len(source) - MATCH)}
    right = altered = jumps = 0
    at, i = None, 0
    while i < len(heard):
        if at is not None and at < len(source) and heard[i] == source[at]:
            right, at, i = right + 1, at + 1, i + 1
            continue
        found = places.get(tuple(heard[i:i + MATCH]))
        if found is not None:
            jumps += at is not None
            at = found
        else:
            altered += abs(heard[i]) > IDLE and i + MATCH <= len(heard)
            i += 1
    return right, altered, jumps


def slips(directory):
    n = 0
    for end in ("net", "user"):
        with open(f"{directory}/{end}.log") as log:
            for line in log:
                if '"ev":"summary"' in line:
                    n += json.loads(line)["line"]["slips"]
    return n


def judge(name, directory):
    allowed = slips(directory)
    for end, other in (("net", "user"), ("user", "net")):
        source = read(f"{directory}/{other}.wav")
        files = sorted(glob.glob(f"{directory}/{end}-*.wav"))
        bad, least, jumps = [], SECONDS * 8000, 0
        for f in files:
            right, altered, j = compare(source, read(f))
            least, jumps = min(least, right), max(jumps, j)
            if altered or j > allowed or right < GOOD_S * 8000:
                bad.append(f"{os.path.basename(f)}: {right} right, {altered} "
                           f"altered, {j} jumps")
        good = not bad and len(files) == CALLS
        print(("ok " if good else "not ok ") + f"{name}: what {end} hears is "
              f"what {other} plays ({len(files)} calls, least {least} samples"
              f" right, {jumps} jumps of {allowed} slips)")
        for line in bad:
            print("# " + line)


def calmest(directory):
    """The round in which the machine stalled least; "" if there was none."""
    rounds = [(1e9, "")]
    for d in sorted(glob.glob(directory + "/*")):
        with open(d + "/stalled") as f:
            share, slips = map(float, f.read().split())
            rounds.append((share + slips / 100, d))
    return min(rounds)[1]


def signs(samples, at):
    return sum((samples[at + k] > 0) << k for k in range(SIGNS))


def window_likeness(source, places, heard):
    """Correlation of a piece with the source, where most of its signs say that
    it is."""
    shifts = {}
    for i in range(0, len(heard) - SIGNS, 5):
        at = places.get(signs(heard, i))
        if at is not None:
            shifts[at - i] = shifts.get(at - i, 0) + 1
    if not shifts:
        return 0.0
    shift = max(shifts, key=shifts.get)
    pairs = [(source[i + shift], x) for i, x in enumerate(heard)
             if 0 <= i + shift < len(source)]
    power = sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)
    return sum(a * b for a, b in pairs) / (power ** 0.5 + 1)


def alike(source, heard):
    """How many pieces of a recording are the source: a stall of the machine
    spoils those that it falls into."""
    places = {signs(source, i): i for i in range(len(source) - SIGNS)}
    pieces = [heard[i:i + PIECE] for i in range(0, len(heard) - PIECE, PIECE)]
    return sum(window_likeness(source, places, p) >= LIKE for p in pieces
               if sum(abs(x) for x in p) > 100 * PIECE)


def echo(name, directory, calls):
    source = read(f"{directory}/user.wav")
    played = calmest(directory + "/calls")
    right = sorted(compare(source, read(f))[0]
                   for f in glob.glob(f"{played}/net-*.wav"))
    good = len(right) == calls and right[0] >= GOOD_S * 8000
    print(("ok " if good else "not ok ") + f"{name}: what the phone echoes is "
          f"what was said ({len(right)} calls, least {right[:1]} samples "
          f"right, round {os.path.basename(played)})")
    if not os.path.exists(directory + "/cancelled"):
        return
    played = calmest(directory + "/cancelled")
    like = sorted(alike(source, read(f))
                  for f in glob.glob(f"{played}/net-*.wav"))
    good = len(like) == 2 and like[0] >= LEAST_PIECES
    print(("ok " if good else "not ok ") + f"{name}: and behind the canceller "
          f"({', '.join(map(str, like))} pieces alike, round "
          f"{os.path.basename(played)})")


def main(args):
    if args[:1] == ["make"] and len(args) == 2:
        law = "ulaw" if args[1].endswith("t1") else "alaw"
        write(args[1] + "/net.wav", law, 1)
        write(args[1] + "/user.wav", law, 2)
        return 0
    if args[:1] == ["judge"] and len(args) == 3:
        judge(args[1], args[2])
        return 0
    if args[:1] == ["echo"] and len(args) == 4:
        echo(args[1], args[2], int(args[3]))
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
