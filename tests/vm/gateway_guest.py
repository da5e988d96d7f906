# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: trunkgate on span 1, an exchange (pbxsim) on span 2, SIPp as
the phone that echoes what it hears. usage: gateway_guest.py DIR e1|t1|load

DIR has the source of the exchange's speech and gets what it heard, for the
judge outside (samples.py)."""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../system")
from lab import BUILD, Lab, main, wait_for  # noqa: E402

CALLS = 10
MANY = int(os.environ.get("CALLS", "500"))
SLOW_S = 60  # things take longer here, and by how much is not judged
E1 = "driver: dahdi, span: 1, buffer: 100"
T1 = E1 + ", d_slot: 24, last_slot: 24"


class Pair(Lab):
    def __init__(self, name, t1):
        self.t1 = ["--t1"] if t1 else []
        super().__init__(name, line_conf=T1 if t1 else E1,
                         span="    echo: false"
                              + ("\n    law: ulaw" if t1 else ""))

    def exchange(self, *options, name="pbxsim", **more):
        return self.start(name, BUILD + "/pbxsim", "--line", "dahdi",
                          "--span", 2, "--buffer", 100, *self.t1, *options,
                          **more)

    def span(self):
        """(up, text) as the core sees the span."""
        spans = (self.ctl("spans") or {}).get("core", [])
        return (spans[0].get("up"), spans[0].get("text")) if spans else (0, "")

    def line(self):
        """As the media role sees it."""
        lines = (self.ctl("spans") or {}).get("media", [])
        return lines[0] if lines else {}


def summary(log):
    with open(log) as f:
        found = [json.loads(x) for x in f if '"ev":"summary"' in x]
    return found[-1] if found else {}


def stalls(lab):
    """Blocks that the line brought, blocks bridged, slips: until now."""
    line = lab.line()
    return (line["rx"]["packets"], line["blocks"]["bridged"],
            line["clock"]["slips"])


def note_stalls(lab, directory, before):
    """The machine's stalls: what is heard through them is not judged."""
    blocks, bridged, slips = (b - a for a, b in zip(before, stalls(lab)))
    share = bridged / max(blocks, 1)
    if share > 0.03 or slips > 2:
        with open(directory + "/stalled", "w") as f:
            f.write(f"{share:.0%} of the blocks bridged, {slips} slips")


def calls_out(lab, directory):
    """From the exchange to the phone; what the exchange says comes back."""
    shutil.copy(directory + "/user.wav", lab.dir)
    x = lab.exchange("--from", "0711", "--play", "user.wav",
                     "--record", "net-%n.wav", "--count", CALLS, "--rate", 5,
                     "--hold", 5, "--at", "4 call 601", "--limit", 150)
    wait_for(lambda: len(lab.calls()) == CALLS, SLOW_S)
    before = stalls(lab)
    x.wait(180)
    note_stalls(lab, directory, before)
    s = summary(lab.path("pbxsim.log"))
    lab.ok("calls from the exchange are answered",
           s.get("made_answered") == CALLS, s.get("made_answered"))
    good = wait_for(lambda: len(lab.cdrs()) >= CALLS, SLOW_S)
    lab.ok("each has its CDR", good and len(lab.cdrs()) == CALLS
           and all(r["q850"] == 16 for r in lab.cdrs()), len(lab.cdrs()))
    for f in glob.glob(lab.path("net-*.wav")) + [lab.path("pbxsim.log")]:
        shutil.copy(f, directory)


def calls_in(lab):
    """From the phone to the exchange, which stays."""
    x = lab.exchange("--stay", "--answer-after", "0.1", name="answers")
    lab.line_up(SLOW_S)
    numbers = lab.path("numbers.csv")
    with open(numbers, "w") as f:
        f.write("SEQUENTIAL\n601;\n")
    before = len(lab.cdrs())
    lab.sipp("caller", "uac.xml", "caller", "-inf", numbers, "-m", CALLS, "-r",
             2, "-timeout", 100).wait(120)
    wait_for(lambda: len(lab.cdrs()) >= before + CALLS, SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    lab.ok("calls from the phone are answered", causes == [16] * CALLS,
           causes)
    return x


def span_ctl(*words):
    subprocess.run([HERE + "/../../build/vm/span_ctl", *words], check=True,
                   stdout=subprocess.DEVNULL)


def configure_again():
    """Span 2 as it was: its channels are the upper half."""
    with open("/etc/dahdi/system.conf") as f:
        lines = [x for x in f if x.split("=")[0] in ("bchan", "dchan", "alaw")]
    with open("/tmp/span2.conf", "w") as f:
        f.writelines(lines[3:])
    subprocess.run(["dahdi_cfg", "-c", "/tmp/span2.conf"], check=True,
                   stdout=subprocess.DEVNULL)


def cut(lab, exchange):
    """The far end's span is taken away, and comes back."""
    lab.stop(exchange)
    lab.ok("in service before the cut", lab.span()[0], lab.span()[1])
    span_ctl("destroy", "0:1")
    down = wait_for(lambda: not lab.span()[0] and not lab.line().get("up"),
                    SLOW_S)
    text = lab.line().get("text", "")
    lab.ok("a cut is an alarm in words", down and lab.line().get("alarms")
           and ("card brings no samples" in text or "red alarm" in text), text)
    red = wait_for(lambda: "red" in lab.line().get("alarms", []), SLOW_S)
    lab.ok("the driver's red alarm is among them", red,
           lab.line().get("alarms"))
    span_ctl("create", "0:1", "31")
    configure_again()
    exchange = lab.exchange("--stay", "--answer-after", "0.1", name="again")
    lab.ok("in service again by itself", lab.line_up(2 * SLOW_S),
           lab.span()[1])
    before = len(lab.cdrs())
    lab.sipp("caller2", "uac.xml", "caller", "-inf", lab.path("numbers.csv"),
             "-m", 2, "-r", 1, "-timeout", 60).wait(90)
    wait_for(lambda: len(lab.cdrs()) >= before + 2, SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    lab.ok("and takes calls", causes == [16, 16], causes)


def card_comes_later(lab):
    """The gateway starts without its span, which then comes."""
    span_ctl("destroy", "0:0")
    span_ctl("destroy", "0:1")
    gateway = lab.gateway()
    time.sleep(4)
    text = lab.line().get("text", "")
    lab.ok("without its card the gateway runs and says so",
           gateway.poll() is None and not lab.line().get("up")
           and "the card is not there" in text, text)
    with open(lab.path("gateway.log")) as f:
        told = [x for x in f if "there is no such device" in x]
    lab.ok("in one line of the log", len(told) == 1, len(told))
    subprocess.run(["dahdi_cfg"], check=True, stdout=subprocess.DEVNULL)
    lab.ok("the card comes and is taken",
           wait_for(lambda: lab.line().get("rx", {}).get("packets", 0) > 10,
                    SLOW_S), lab.line().get("text"))


def many(lab):
    """Calls in a row: every channel comes free again."""
    before = len(lab.cdrs())
    x = lab.exchange("--from", "0711", "--count", MANY, "--rate", 4,
                     "--hold", 0.5, "--at", "3 call 601", "--limit", 300,
                     name="many")
    x.wait(320)
    wait_for(lambda: len(lab.cdrs()) >= before + MANY, SLOW_S)
    records = lab.cdrs()[before:]
    answered = summary(lab.path("many.log")).get("made_answered", 0)
    channels = (lab.ctl("spans") or {}).get("core", [{}])[0]
    lab.ok(f"{MANY} calls in a row, each with one CDR", len(records) == MANY,
           len(records))
    # The machine may be too slow for the timers of some.
    lab.ok("nearly all of them answered", answered >= MANY * 0.9, answered)
    lab.ok("and no channel is stuck",
           channels.get("free") == channels.get("channels") == 30
           and not lab.calls(), channels.get("free"))


def main_test():
    directory, kind = os.path.abspath(sys.argv[1]), sys.argv[2]
    with Pair("vm-" + kind, kind == "t1") as lab:
        if kind == "e1":
            card_comes_later(lab)
        else:
            lab.gateway()
        lab.phone("-rtp_echo")
        if kind == "load":
            many(lab)
            return lab.failed
        calls_out(lab, directory)
        exchange = calls_in(lab)
        if kind == "e1":
            cut(lab, exchange)
    return lab.failed


if __name__ == "__main__":
    main(main_test)
