# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: calls of the gateway on spans of the real driver, SIPp as the
phone that sends back what it hears. usage: gateway_guest.py DIR e1|t1|bounce

DIR has the source of the exchange's speech and gets what it heard, for the
judge outside (samples.py): in calls/ROUND of each round of calls, in
cancelled/ROUND of those behind the echo canceller, in clear/WAY of data calls;
each with `counted`, what a stall of the machine has cost as the gateway says. A
scene is played again only if something was counted in it, and says so: what is
heard through a stall tells little. How long things take is not judged."""
import glob
import json
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dahdi_lab import (CARRIER, HERE, SECOND, SLOW_S, Spans,  # noqa: E402
                       configure, span_ctl, summary)
import data  # noqa: E402
from lab import main, wait_for  # noqa: E402

MANY = int(os.environ.get("CALLS", "500"))
MOST = 0.9 * MANY  # that a line with stalls takes
IN = 10          # calls from the phone
ROUNDS = 3
DIGITS = "159D"
BOUNCES = 0.5, 2, 5, 20  # s; after T203 and T200 four times layer 2 is lost


class Counted:
    """What a line, and who is at its far end, has lost since then."""

    def __init__(self, lab, index=0):
        self.lab, self.index = lab, index
        self.before = self.now()

    def now(self):
        line = self.lab.line(self.index)
        return {"packets": line["rx"]["packets"],
                "bridged": line["blocks"]["bridged"],
                "dropped": line["blocks"]["dropped"],
                "slips": line["clock"]["slips"]}

    def since(self, log, records=()):
        """log: the exchange's; records: CDRs, in the order of its calls."""
        now = self.now()
        return dict({k: now[k] - self.before[k] for k in now},
                    far_slips=summary(self.lab.path(log + ".log")).get(
                        "line", {}).get("slips", 0),
                    calls={i + 1: {k: r[k] for k in (
                        "concealed_ms", "rtp_lost", "rtp_late")}
                           for i, r in enumerate(records)})


def is_calm(counted):
    return counted["bridged"] <= 0.01 * counted["packets"] \
        and counted["slips"] + counted["far_slips"] <= 1


def is_still(counted):
    return not any(counted[k] for k in ("bridged", "dropped", "slips",
                                        "far_slips"))


def keep(lab, directory, counted):
    """For the judge."""
    os.makedirs(directory)
    for f in glob.glob(lab.path("net-*.wav")):
        shutil.move(f, directory)
    with open(directory + "/counted", "w") as f:
        json.dump(counted, f)


def costs(counted):
    return ", ".join(f"{counted[k]} {k}" for k in (
        "bridged", "dropped", "slips", "far_slips"))


def one_round(lab, directory, calls, span, index):
    """Calls from the exchange to the phone; what the exchange says comes
    back. Numbers tell whose record is whose."""
    name = os.path.basename(os.path.dirname(directory))
    before, counted = len(lab.cdrs()), Counted(lab, index)
    numbers = [str(601 + i) for i in range(calls)]
    x = lab.exchange("--from", "0711", "--play", "user.wav",
                     "--record", "net-%n.wav", "--count", calls, "--rate", 6,
                     "--hold", 6, "--at", "4 call " + ",".join(numbers),
                     "--limit", 150, span=span, name=name)
    x.wait(180)
    wait_for(lambda: len(lab.cdrs()) >= before + calls, SLOW_S)
    records = sorted(lab.cdrs()[before:], key=lambda r: r["to"])
    lab.ok("each call has one CDR, and ended as usual",
           [r["to"] for r in records] == numbers
           and all(r["q850"] == 16 for r in records), len(records))
    found = counted.since(name, records)
    keep(lab, directory, found)
    return found, summary(lab.path(name + ".log")).get("made_answered", 0)


def calls_out(lab, directory, calls, span=2, index=0):
    """In rounds, until the machine was calm in one."""
    if not os.path.exists(lab.path("user.wav")):
        shutil.copy(os.path.dirname(directory) + "/user.wav", lab.dir)
    for i in range(ROUNDS):
        found, answered = one_round(lab, f"{directory}/{i}", calls, span,
                                    index)
        lab.ok("calls from the exchange are answered", answered == calls,
               f"{answered} of {calls}, round {i + 1}: {costs(found)}")
        if is_calm(found):
            break


def data_calls(lab, directory):
    """Data from the exchange to the phone and back, and in a call of the
    phone's."""
    shutil.copy(directory + "/data.wav", lab.path("sent.wav"))
    for way in "from", "to":
        counted = Counted(lab)
        records = data.talk(lab, lab.path("net-1.wav"), way == "from")
        keep(lab, f"{directory}/clear/{way}", counted.since("pbxsim", records))
        found = [(r.get("codec"), r["q850"]) for r in records]
        lab.ok(f"data {way} the line is CLEARMODE",
               found == [("CLEARMODE", 16)], found)


def calls_in(lab):
    """From the phone to the exchange, which stays."""
    x = lab.exchange("--stay", "--answer-after", "0.1", name="answers")
    lab.up(0)
    numbers = lab.path("numbers.csv")
    with open(numbers, "w") as f:
        f.write("SEQUENTIAL\n601;\n")
    before = len(lab.cdrs())
    lab.sipp("caller", "uac.xml", "caller", "-inf", numbers, "-m", IN, "-r",
             4, "-timeout", 100).wait(120)
    wait_for(lambda: len(lab.cdrs()) >= before + IN, SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    lab.ok("calls from the phone are answered", causes == [16] * IN, causes)
    return x


def digits_once(lab, name):
    before, counted = len(lab.cdrs()), Counted(lab)
    x = lab.exchange("--from", "0711", "--dtmf", DIGITS, "--dtmf-after", 4,
                     "--hold", 9, "--at", "3 call 601", "--limit", 100,
                     name=name)
    x.wait(120)
    with open(lab.path(name + ".log")) as f:
        heard = [json.loads(x) for x in f if '"ev":"dtmf"' in x]
    got = "".join(str(h["digit"]) for h in heard)
    wait_for(lambda: len(lab.cdrs()) == before + 1, SLOW_S)
    return got, [r.get("dtmf") for r in lab.cdrs()[before:]], \
        counted.since(name)


def digits(lab):
    """The exchange dials in band, the phone by RFC 4733: each hears the
    other, one after the other: while the gateway plays a digit to a line, one
    from there is taken for its echo. It counts what it has passed on. A stall
    of the machine may swallow one, or cut one in two."""
    for i in range(2 * ROUNDS):
        got, n, counted = digits_once(lab, f"digits{i}")
        if (got == DIGITS and n == [2 * len(DIGITS)]) or is_still(counted):
            break
        print(f"# digits again: {got}, {n}, {costs(counted)}", flush=True)
    lab.ok("digits of the phone are heard by the exchange", got == DIGITS, got)
    lab.ok("and those of the exchange are passed on", n == [2 * len(DIGITS)],
           n)


def many(lab):
    """Calls in a row: every channel comes free again. A stall of the machine
    is a fault of the line, which takes no calls meanwhile."""
    before, counted = len(lab.cdrs()), Counted(lab)
    x = lab.exchange("--from", "0711", "--count", MANY, "--rate", 8,
                     "--hold", 0.5, "--at", "3 call 601", "--limit", 300,
                     name="many")
    x.wait(320)
    wait_for(lambda: len(lab.cdrs()) >= before + MANY, SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    answered = summary(lab.path("many.log")).get("made_answered", 0)
    found = counted.since("many")
    if is_still(found):
        good = answered == MANY and causes == [16] * MANY
    else:
        good = min(answered, causes.count(16)) >= MOST and len(causes) >= MANY
    lab.ok(f"{MANY} calls in a row, answered and each with its CDR", good,
           f"{answered} answered, {len(causes)} CDRs, causes "
           f"{sorted(set(causes))}: {costs(found)}")
    span = lab.span()
    lab.ok("and no channel is stuck",
           span.get("free") == span.get("channels") == 30
           and not lab.calls(), span.get("free"))


def dialling_phone(lab, scenario):
    p = lab.start("phone", "sipp", f"127.0.0.1:{lab.port['sip']}", "-sf",
                  f"{HERE}/{scenario}", "-i", "127.0.0.1", "-p",
                  lab.port["phone"], "-mi", "127.0.0.1", "-mp",
                  lab.port["phone_media"], "-nostdin",
                  env=dict(os.environ, TERM="dumb"))
    time.sleep(0.3)
    return p


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
    span_ctl("create", "0:0", "31")
    span_ctl("create", "0:1", "31")
    configure(1, 2)
    lab.ok("the card comes and is taken",
           wait_for(lambda: lab.line().get("rx", {}).get("packets", 0) > 10,
                    SLOW_S), lab.line().get("text"))


def layer2_downs(lab):
    isdn = (lab.ctl("spans") or {}).get("isdn", [{}])[0]
    return isdn.get("layer2", {}).get("downs", 0)


def bounces(lab):
    """The far end's D channel falls silent, and comes back: answered calls
    stay. After the longest, layer 2 has been lost and made again."""
    x = lab.exchange("--from", "0711", "--count", 4, "--rate", 4, "--hold", 0,
                     "--at", "4 call 601", "--stay", name="bounces")
    wait_for(lambda: len([c for c in lab.calls() if c["answered"]]) == 4,
             SLOW_S)
    before, downs = len(lab.cdrs()), layer2_downs(lab)
    for seconds in BOUNCES:
        x.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        x.send_signal(signal.SIGCONT)
        up = lab.up(0)
        lab.ok(f"a D channel that was away for {seconds} s is back, and no "
               "call is lost", up and len(lab.calls()) == 4
               and len(lab.cdrs()) == before, lab.span().get("text"))
    lab.ok("layer 2 was lost, and is up again", wait_for(
        lambda: layer2_downs(lab) > downs and lab.span().get("up"), SLOW_S),
        layer2_downs(lab))
    lab.stop(x)
    wait_for(lambda: not lab.calls(), SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    lab.ok("the calls end as usual", causes == [16] * 4, causes)


def e1(directory):
    with Spans("vm-e1", False, [CARRIER, SECOND],
               trunk="    clear_mode: true\n") as lab:
        card_comes_later(lab)
        dialling = dialling_phone(lab, "digits.xml")
        digits(lab)
        lab.stop(dialling)
        data_calls(lab, directory)
        phone = lab.phone("-rtp_echo")
        calls_out(lab, directory + "/calls", 30)
        calls_out(lab, directory + "/cancelled", 2, span=4, index=1)
        many(lab)
        lab.stop(calls_in(lab))
        lab.stop(phone)
    return lab.failed


def bounce(_):
    with Spans("vm-bounce", False, [CARRIER]) as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        bounces(lab)
    return lab.failed


def t1(directory):
    with Spans("vm-t1", True, [CARRIER]) as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        calls_out(lab, directory + "/calls", 10)
        calls_in(lab)
    return lab.failed


if __name__ == "__main__":
    PLAYS = {"e1": e1, "t1": t1, "bounce": bounce}
    main(lambda: PLAYS[sys.argv[2]](os.path.abspath(sys.argv[1])))
