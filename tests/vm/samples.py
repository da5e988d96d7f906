#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what one end of a line heard what the other played, sample by sample?

    samples.py make DIR          net.wav and user.wav, of random G.711 codes
    samples.py judge NAME DIR    net-N.wav against user.wav, and the reverse
    samples.py echo NAME DIR N   DIR/calls/ROUND/net-N.wav against user.wav: N
                                 calls that had the gateway and a phone's echo
                                 in their path; DIR/cancelled: with the canceller
    samples.py clear NAME DIR    DIR/clear/WAY/net-1.wav against user.wav: data

The machine may stall; then a line slips, which its owner counts in its summary
and which shows as a jump within the source, or as idle codes. Each sample must
be the next one of the source, or idle; there may not be more jumps than slips
were counted, and no sample may be altered. Behind the gateway a stall also makes
it fill and catch up, which it counts (`counted` in the folder of the calls): each
jump must be one of those, and the samples altered those of its concealment, of
which a data call has none. Of the round with the fewest stalls each call must
bring GOOD_S of exact samples. Behind the canceller no sample is exact: enough
pieces of what is heard must be the source, by their correlation.
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
FILL = 848      # what stands for lost data: 0xff of A-law
PERIOD = 40     # samples: concealment repeats no shorter piece
BLOCK = 80      # samples: nor for less, and then goes on in the source
BLEND = 80      # samples: and leads over no more of what follows
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


def speech(law):
    """Codes of the middle segments: no two of them sound as idle does."""
    return [c for c in range(256) if 200 < abs(decode(law, c)) < 8000]


def write_values(path, values):
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(struct.pack(f"<{len(values)}h", *values))


def write(path, law, seed, codes):
    rnd = random.Random(seed)
    write_values(path, [decode(law, rnd.choice(codes))
                        for _ in range(SECONDS * 8000)])


def read(path):
    with wave.open(path, "rb") as w:
        data = w.readframes(w.getnframes())
    return struct.unpack(f"<{len(data) // 2}h", data)


class Source:
    """What was played, perhaps again and again."""

    def __init__(self, path):
        self.samples = read(path)
        self.places = {self.samples[i:i + MATCH]: i
                       for i in range(len(self.samples) - MATCH)}

    def compare(self, heard, fill=0):
        """(right, altered, jumps) of a recording."""
        right = altered = jumps = 0
        at, i = None, 0
        while i < len(heard):
            if at is not None and heard[i] == self.samples[at]:
                right, i = right + 1, i + 1
                at = (at + 1) % len(self.samples)
                continue
            found = self.places.get(heard[i:i + MATCH])
            if found is not None:
                jumps += at is not None
                at = found
            else:
                altered += abs(heard[i]) > IDLE and heard[i] != fill \
                    and i + MATCH <= len(heard)
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
        source = Source(f"{directory}/{other}.wav")
        files = sorted(glob.glob(f"{directory}/{end}-*.wav"))
        bad, least, jumps = [], SECONDS * 8000, 0
        for f in files:
            right, altered, j = source.compare(read(f))
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


def counted(directory):
    """What the gateway and the exchange have counted in a round."""
    with open(directory + "/counted") as f:
        return json.load(f)


def calmest(directory):
    """The round in which the machine stalled least; "" if there was none."""
    rounds = [(1e9, "")]
    for d in glob.glob(directory + "/*"):
        c = counted(d)
        rounds.append((c["bridged"] / max(c["packets"], 1)
                       + c["slips"] / 100, d))
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


def wrongs(path, found, line, call, fill):
    """What a call heard that nobody has counted. Data are not concealed, but
    filled."""
    right, altered, jumps = found
    concealed = 8 * (call["concealed_ms"] + 1) if call["concealed_ms"] else 0
    allowed = sum(line[k] for k in ("bridged", "dropped", "slips",
                                    "far_slips")) \
        + call["rtp_lost"] + call["rtp_late"] + concealed // PERIOD \
        + concealed // BLOCK
    most = 0 if fill or not concealed \
        else concealed + BLEND * min(jumps, allowed)
    if jumps <= allowed and altered <= most:
        return []
    return [f"{path}: {right} right, {altered} altered of {most} concealed, "
            f"{jumps} jumps of {allowed} counted"]


def judge_round(source, played, fill=0):
    """(samples right of each call, what is wrong)"""
    line, right, bad = counted(played), [], []
    for n, call in line["calls"].items():
        path = f"{played}/net-{n}.wav"
        found = source.compare(read(path), fill) \
            if os.path.exists(path) else (0, 0, 0)
        right.append(found[0])
        bad += wrongs(path, found, line, call, fill)
    return sorted(right), bad


def tell(good, name, what, details, bad=()):
    print(f"{'ok' if good else 'not ok'} {name}: {what} ({details})")
    for line in bad:
        print("# " + line)


def echo(name, directory, calls):
    source = Source(f"{directory}/user.wav")
    rounds = {d: judge_round(source, d)
              for d in sorted(glob.glob(directory + "/calls/*"))}
    bad = [line for _, lines in rounds.values() for line in lines]
    tell(rounds and not bad, name, "no sample is altered, moved or lost that "
         "nobody has counted", f"{len(rounds)} rounds", bad)
    played = calmest(directory + "/calls")
    right = rounds.get(played, ([], []))[0]
    tell(len(right) == calls and right[0] >= GOOD_S * 8000, name,
         "what the phone echoes is what was said", f"{len(right)} calls, "
         f"least {right[:1]} samples right, round {os.path.basename(played)}")
    if not os.path.exists(directory + "/cancelled"):
        return
    played = calmest(directory + "/cancelled")
    like = sorted(alike(source.samples, read(f))
                  for f in glob.glob(f"{played}/net-*.wav"))
    tell(len(like) == 2 and like[0] >= LEAST_PIECES, name,
         "and behind the canceller", f"{', '.join(map(str, like))} pieces "
         f"alike, round {os.path.basename(played)}")


def clear(name, directory):
    source = Source(f"{directory}/data.wav")
    for way in "from", "to":
        right, bad = judge_round(source, f"{directory}/clear/{way}", FILL)
        tell(not bad and right[:1] >= [GOOD_S * 8000], name,
             f"data {way} the line, octet for octet and both ways",
             f"{right} right", bad)


def main(args):
    if args[:1] == ["make"] and len(args) == 2:
        law = "ulaw" if args[1].endswith("t1") else "alaw"
        write(args[1] + "/net.wav", law, 1, speech(law))
        write(args[1] + "/user.wav", law, 2, speech(law))
        write(args[1] + "/data.wav", law, 3, range(256))
        return 0
    if args[:1] == ["judge"] and len(args) == 3:
        judge(args[1], args[2])
        return 0
    if args[:1] == ["echo"] and len(args) == 4:
        echo(args[1], args[2], int(args[3]))
        return 0
    if args[:1] == ["clear"] and len(args) == 3:
        clear(args[1], args[2])
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
