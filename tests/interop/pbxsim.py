# SPDX-License-Identifier: GPL-2.0-or-later
"""pbxsim against pbxsim. usage: pbxsim.py PROGRAM

In lockstep wherever audio or time is judged; in wall time only what must be:
a line that is lost, and a clock that follows.
"""
import json
import math
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import wave
from array import array

PROGRAM = os.path.abspath(sys.argv[1])
DIR = tempfile.mkdtemp(prefix="tg-pbxsim-")
LIMIT = "60"
failures = 0
running = []


def check(name, good, detail=""):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + "pbxsim " + name
          + (f" ({detail})" if detail != "" else ""), flush=True)


def two_ports():
    with socket.socket(type=socket.SOCK_DGRAM) as a, \
            socket.socket(type=socket.SOCK_DGRAM) as b:
        a.bind(("127.0.0.1", 0))
        b.bind(("127.0.0.1", 0))
        return a.getsockname()[1], b.getsockname()[1]


class End:
    """One pbxsim and the events it printed."""

    def __init__(self, local, peer, *options):
        self.out = tempfile.TemporaryFile("w+", dir=DIR)
        self.process = subprocess.Popen(
            [PROGRAM, "--local", f"127.0.0.1:{local}", "--peer",
             f"127.0.0.1:{peer}", "--limit", LIMIT, *options],
            stdout=self.out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, cwd=DIR)
        running.append(self.process)

    def wait(self):
        """Waits for its end; the events by then."""
        self.status = self.process.wait(float(LIMIT) + 10)
        self.out.seek(0)
        self.text = self.out.read()
        self.events = []
        for line in self.text.splitlines():
            try:
                self.events.append(json.loads(line))
            except ValueError:
                pass
        return self

    def find(self, **want):
        return [e for e in self.events
                if all(e.get(k) == v for k, v in want.items())]

    def call(self, number, state):
        found = self.find(ev="call", call=number, state=state)
        return found[0] if found else {}

    def summary(self):
        found = self.find(ev="summary")
        return found[-1] if found else {}

    def digits(self, number):
        return "".join(e["digit"] for e in self.find(ev="dtmf", call=number))


def start(network, user, lockstep=True):
    n, u = two_ports()
    both = ["--lockstep"] if lockstep else []
    if not lockstep:  # of a machine that stalls
        both = ["--jitter", "40"]
    return (End(n, u, *both, *network),
            End(u, n, "--side", "user", "--clock", "slave", *both, *user))


def pair(network, user):
    a, b = start(network, user)
    return a.wait(), b.wait()


def show(name, *ends):
    for e in ends:
        print(f"# {name}: exit {e.status}")
        print("\n".join("# " + line for line in e.text.splitlines()[-12:]))


# --- sound ---
def write_wav(name, samples):
    with wave.open(os.path.join(DIR, name), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(array("h", samples).tobytes())


def read_wav(name):
    with wave.open(os.path.join(DIR, name), "rb") as w:
        return array("h", w.readframes(w.getnframes()))


def speech(seed, seconds):
    """Syllables of gliding harmonics, with pauses: a stand-in for speech."""
    rnd = random.Random(seed)
    out, phase = [], 0.0
    while len(out) < seconds * 8000:
        pitch, loud = rnd.uniform(90, 240), rnd.choice([0, 4000, 12000])
        n = rnd.randrange(800, 2400)
        for i in range(n):
            phase += pitch / 8000
            env = math.sin(math.pi * i / n)
            v = sum(math.sin(2 * math.pi * k * phase) / k for k in range(1, 9))
            out.append(int(loud * env * v / 2 + rnd.uniform(-20, 20)))
    return [max(-32000, min(32000, s)) for s in out[:int(seconds * 8000)]]


def alaw(sample):
    """What is left of a 16-bit sample behind G.711 A-law."""
    sign, x = (1, sample >> 3) if sample >= 0 else (-1, (-sample - 1) >> 3)
    exponent = max(0, x.bit_length() - 5)
    if exponent == 0:
        step, value = 2, x & ~1
    else:
        step = 1 << exponent
        value = x & ~(step - 1)
    return sign * (value + step // 2) * 8


def same_sound(played, recorded):
    """The delay at which recorded is played behind A-law; None: nowhere."""
    want = [alaw(s) for s in played]
    first = next(i for i, v in enumerate(want) if abs(v) > 100)
    key = want[first:first + 200]
    got = list(recorded)
    for at in range(len(got) - 200):
        if got[at] == key[0] and got[at:at + 200] == key:
            n = min(len(want) - first, len(got) - at)
            if n > 8000 and got[at:at + n] == want[first:first + n]:
                return at - first
    return None


# --- the cases ---
def outcomes():
    a, b = pair(
        ["--on", "1* answer 0.5 ringback", "--on", "2* busy", "--on",
         "21* answer", "--on", "3* noanswer", "--on", "4* reject 34", "--on",
         "5* answer 0", "--on", "6* busy 3", "--until", "7"],
        ["--call", "1001,2001,3001,4001,5001,6001,7001", "--count", "7",
         "--rate", "5", "--from", "+4971112345", "--presentation",
         "restricted", "--hold", "1", "--give-up", "8", "--expect",
         "answered=3,busy=2,no_answer=1,cause.34=1,failed=1,channels_busy=0"])
    check("calls end as their rules say", a.status == b.status == 0)
    calling = a.call(1, "setup").get("calling", {})
    check("a restricted caller arrives with number and type",
          calling == {"digits": "4971112345", "type": "international",
                      "plan": "e164", "presentation": "restricted",
                      "screening": calling.get("screening")}, calling)
    check("causes arrive", [b.call(n, "released").get("cause")
                            for n in (1, 2, 4, 6)] == [16, 17, 34, 17])
    check("alerting with tones, then the answer",
          b.call(1, "alerting").get("inband")
          and abs(b.call(1, "answered").get("t", 0)
                  - b.call(1, "alerting").get("t", 0) - 0.5) < 0.05)
    check("an answer without alerting",
          not b.call(5, "alerting") and b.call(5, "answered"))
    check("busy tone is heard before clearing",
          b.find(ev="tone", call=6, tone="busy")
          and b.call(6, "progress").get("cause") == 17)
    check("the hold time is the line's",
          abs(b.call(1, "released").get("talked_s", 0) - 1) < 0.05)
    if a.status or b.status:
        show("outcomes", a, b)


def audio():
    write_wav("net.wav", speech(1, 4))
    write_wav("user.wav", speech(2, 4))
    a, b = pair(["--answer-after", "1.5", "--play", "net.wav", "--record",
                 "net%n-%c.wav", "--until", "1"],
                ["--call", "1", "--play", "user.wav", "--record",
                 "user%n.wav", "--hold", "5"])
    channel = b.call(1, "proceeding").get("channel")
    there = same_sound(read_wav("user.wav"), read_wav(f"net1-{channel}.wav"))
    back = same_sound(read_wav("net.wav"), read_wav("user1.wav"))
    check("speech to the network arrives sample by sample",
          there is not None, f"delay {there} samples")
    check("speech to the user arrives sample by sample",
          back is not None, f"delay {back} samples")
    if there is None or back is None:
        show("audio", a, b)


def digits():
    all_digits = "0123456789*#ABCD"
    a, b = pair(["--dtmf", all_digits[::-1], "--until", "1"],
                ["--call", "1", "--dtmf", all_digits, "--hold", "6",
                 "--play", "tone:440@-20"])
    check("digits are heard both ways", a.digits(1) == all_digits
          and b.digits(1) == all_digits[::-1], a.digits(1))


def ringing():
    a, b = pair(["--on", "* answer 12 ringback", "--until", "1"],
                ["--call", "1", "--hold", "1"])
    tones = [e["tone"] for e in b.find(ev="tone")]
    check("ringback is known by its cadence", tones == ["ringback"], tones)


def echo():
    rules = []
    for model in range(2, 10):
        rules += [f"echo {model}:{model + 4}:{model * 10}",
                  f"on {model} answer 0"]
    with open(os.path.join(DIR, "echo.script"), "w") as f:
        f.write("\n".join(rules) + "\n")
    a, b = pair(["--script", "echo.script", "--until", "8"],
                ["--call", "2,3,4,5,6,7,8,9", "--count", "8", "--rate", "50",
                 "--play", "noise:-15", "--hold", "4"])
    worst = 0
    for e in b.find(ev="heard"):
        erl = e["sent_dbm0"] - e["level_dbm0"]
        worst = max(worst, abs(erl - (e["call"] + 1 + 4)))
    check("echo return loss of D.2 to D.9 within 1 dB",
          len(b.find(ev="heard")) == 8 and worst <= 1, f"off {worst:.2f} dB")


def echo_delay():
    click = [0] * 16000
    click[4000] = 24000
    write_wav("click.wav", click)
    peaks = {}
    for ms in (0, 40):
        pair(["--echo", f"2:6:{ms}", "--until", "1"],
             ["--call", "1", "--play", "click.wav", "--hold", "2",
              "--record", "back.wav"])
        got = [abs(s) for s in read_wav("back.wav")]
        peaks[ms] = got.index(max(got))
    check("the delay of an echo is as asked",
          peaks[40] - peaks[0] == 320, str(peaks))


def bit_errors():
    a, b = pair(["--until", "1"],
                ["--call", "1", "--hold", "20", "--at", "1 flip 0.001 4 16"])
    s = b.summary().get("line", {})
    check("a call survives bit errors in the D channel",
          b.status == 0 and s.get("bits_flipped", 0) > 50
          and a.summary()["line"]["frames_bad"] > 1, s.get("bits_flipped"))


def same_seed():
    said = []
    for _ in range(2):
        a, b = pair(["--seed", "7", "--until", "20", "--on", "1* answer 0.2"],
                    ["--seed", "9", "--call", "1,2", "--count", "20",
                     "--rate", "20", "--hold", "0.2-1.5"])
        said.append([(e["call"], e.get("talked_s"))
                     for e in b.find(ev="call", state="released")])
    check("the same seed gives the same calls",
          len(said[0]) == 20 and said[0] == said[1])


def out_of_service():
    a, b = pair(["--at", "4 down 6", "--seconds", "40"],
                ["--call", "1", "--hold", "0", "--at", "30 call 2",
                 "--seconds", "38", "--expect", "made=2,answered=2"])
    states = [e["up"] for e in b.find(ev="line")]
    check("a line out of service ends its calls and comes back",
          b.status == 0 and states[-3:] == [True, False, True], str(states))
    if b.status:
        show("down", a, b)


def many():
    both = ["--on", "*1 answer 0.1", "--on", "*2 busy", "--on",
            "*3 reject 21", "--on", "*4 answer 0", "--call",
            "11,12,13,14", "--count", "500", "--rate", "10", "--hold",
            "0.5-1.5", "--expect",
            "made=500,received=500,channels_busy=0,ended=1000", "--until",
            "1000"]
    a, b = pair(both, both)
    check("1,000 calls both ways leave no channel busy",
          a.status == b.status == 0,
          f"answered {b.summary().get('answered')}, unanswered "
          f"{b.summary().get('unanswered_by_cause')}")
    if a.status or b.status:
        show("many", a, b)


def usage():
    def run(*options):
        return subprocess.run([PROGRAM, *options], capture_output=True,
                              text=True, timeout=20, check=False)
    help_ = run("--help")
    check("--help", help_.returncode == 0 and "--local" in help_.stdout)
    bad = [["--nonsense"], ["--local"], ["--local", "x", "--peer", "y"],
           ["--local", "127.0.0.1:1"], [], ["--call", "1"],
           ["--local", "127.0.0.1:0", "--peer", "127.0.0.1:9"]]
    here = ["--local", "127.0.0.1:50999", "--peer", "127.0.0.1:50998"]
    bad += [here + more for more in
            (["--play", "/nonexistent.wav"], ["--script", "/nonexistent"],
             ["--echo", "1:2:3"], ["--on", "1 sing"], ["--expect", "x=1"],
             ["--frames", "7", "--lockstep"], ["--country", "xx"])]
    wrong = [o for o in bad if run(*o).returncode != 2 or not run(*o).stderr]
    check("wrong usage is refused with status 2", not wrong, wrong or "")


# --- wall time: started first, judged last ---
def start_wall():
    with open(os.path.join(DIR, "lost.script"), "w") as f:
        f.write("answer-after 0\nhold 1\nat 1 drop 4\nwait 8\ncall 7\n")
    # the second call waits until the line is in service again: 10 s without
    # a stall of this machine
    lost = start(["--script", "lost.script"],
                 ["--call", "1", "--hold", "0", "--answer-after", "0",
                  "--until", "2"], lockstep=False)
    short = start(["--at", "1 drop 0.3", "--until", "1"],
                  ["--call", "1", "--hold", "4"], lockstep=False)
    return lost, short


def judge_wall(lost, short):
    a, b = (e.wait() for e in lost)
    states = [e["up"] for e in b.find(ev="line")]
    check("a lost line is told, ends its call and comes back",
          states[-2:] == [False, True] and b.call(1, "released")
          and b.call(2, "answered") and a.status == 0, str(states))
    if a.status:
        show("lost", a, b)
    a, b = (e.wait() for e in short)
    check("a call outlives a break of 0.3 s", b.status == 0)


def skew():
    """Each of three times: a stall of the machine makes a slave start anew."""
    rates = {80: [], -80: []}
    for _ in range(3):
        ends = {ppm: start(["--ppm", str(ppm), "--seconds", "11"],
                           ["--seconds", "10"], lockstep=False)
                for ppm in rates}
        for ppm, (a, b) in ends.items():
            a.wait()
            rates[ppm].append(b.wait().summary()["line"]["rate_ppb"])
    fast, slow = (sorted(rates[ppm])[1] for ppm in (80, -80))
    check("a slave follows a master that runs 80 ppm fast or slow",
          40000 < fast < 120000 and -120000 < slow < -40000,
          f"median {fast} and {slow} ppb")


def main():
    try:
        wall = start_wall()
        for case in (usage, outcomes, audio, digits, ringing, echo,
                     echo_delay, bit_errors, same_seed, out_of_service, many):
            case()
        judge_wall(*wall)
        skew()
    finally:
        for p in running:
            if p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(DIR, ignore_errors=True)
    return 1 if failures else 0


sys.exit(main())
