# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: trunkgate on spans 1 and 3, exchanges (pbxsim) on 2 and 4,
SIPp as the phone that sends back what it hears. usage:
gateway_guest.py DIR e1|t1|bounce

DIR has the source of the exchange's speech and gets what it heard, for the
judge outside (samples.py): in calls/ROUND of each round of calls, and in
cancelled/ROUND of those behind the echo canceller. A round in
which the machine stalled is played again, since what is heard through a stall
tells nothing; how long things take is not judged."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../system")
import lab as laboratory  # noqa: E402
from lab import BUILD, Lab, main, wait_for  # noqa: E402

MANY = int(os.environ.get("CALLS", "500"))
IN = 10          # calls from the phone
ROUNDS = 3
SLOW_S = 60      # things take longer here
DIGITS = "159D"
BOUNCES = 0.5, 2, 5, 20  # s; after T203 and T200 four times layer 2 is lost
E1 = "driver: dahdi, span: {}, buffer: 100"
T1 = E1 + ", d_slot: 24, last_slot: 24"

SPAN = """  - name: {name}
    line: {{{line}}}
    echo: {echo}
    nlp: false
    echo_tail: 32
    law: {law}
    isdn: {{side: user, switch: euroisdn}}
"""
ROUTE = "  - {{from: {name}, to: provider}}\n"
CARRIER, SECOND = ("carrier", 1, "false"), ("second", 3, "true")


class Spans(Lab):
    """spans: (name, number, echo) of each."""

    def __init__(self, name, t1, spans):
        self.t1 = ["--t1"] if t1 else []
        self.describe(spans)
        # Few, long packets: it is SIPp that has the most to do here.
        super().__init__(name, trunk="    ptime: 60")

    def describe(self, spans):
        """The file has these from now on."""
        text = laboratory.CONF
        law = "ulaw" if self.t1 else "alaw"
        made = "".join(SPAN.format(name=n, line=(
            T1 if self.t1 else E1).format(i), echo=echo, law=law)
                       for n, i, echo in spans)
        text = text.replace("silent_release: 0",
                            "silent_release: 0, jitter_max: 500, "
                            "max_load: 100")
        head, rest = text.split("spans:\n")
        trunks = rest[rest.index("trunks:"):]
        more = "".join(ROUTE.format(name=n) for n, _, _ in spans[1:])
        self.text = head + "spans:\n" + made.replace("{", "{{").replace(
            "}", "}}") + trunks + more.replace("{", "{{").replace("}", "}}")

    def write_conf(self):
        with open(self.yaml, "w") as f:
            f.write(self.text.format(**self.conf))

    def exchange(self, *options, span=2, name="pbxsim", **more):
        return self.start(name, BUILD + "/pbxsim", "--line", "dahdi",
                          "--span", span, "--buffer", 100, *self.t1, *options,
                          **more)

    def span(self, index=0):
        """As the core sees the span."""
        spans = (self.ctl("spans") or {}).get("core", [])
        return spans[index] if len(spans) > index else {}

    def line(self, index=0):
        """As the media role sees it."""
        lines = (self.ctl("spans") or {}).get("media", [])
        return lines[index] if len(lines) > index else {}

    def up(self, index, seconds=SLOW_S):
        return wait_for(lambda: self.span(index).get("up"), seconds)


def summary(log):
    with open(log) as f:
        found = [json.loads(x) for x in f if '"ev":"summary"' in x]
    return found[-1] if found else {}


def stalls(lab, index):
    """Blocks that the line brought, blocks bridged, slips: until now."""
    line = lab.line(index)
    return (line["rx"]["packets"], line["blocks"]["bridged"],
            line["clock"]["slips"])


def one_round(lab, directory, calls, options, span, index):
    """Calls from the exchange to the phone; what the exchange says comes
    back. Whether the machine was calm, and how many were answered."""
    name = os.path.basename(os.path.dirname(directory))
    x = lab.exchange("--from", "0711", "--play", "user.wav",
                     "--record", "net-%n.wav", "--count", calls, "--rate", 6,
                     "--hold", 6, "--at", "4 call 601", "--limit", 150,
                     *options, span=span, name=name)
    wait_for(lambda: len(lab.calls()) == calls, SLOW_S)
    before = stalls(lab, index)
    x.wait(180)
    blocks, bridged, slips = (b - a for a, b in
                              zip(before, stalls(lab, index)))
    os.makedirs(directory)
    for f in glob.glob(lab.path("net-*.wav")):
        shutil.move(f, directory)
    share = bridged / max(blocks, 1)
    with open(directory + "/stalled", "w") as f:
        f.write(f"{share:.4f} {slips}\n")
    return share <= 0.01 and slips <= 1, summary(
        lab.path(name + ".log")).get("made_answered", 0)


def calls_out(lab, directory, calls, *options, span=2, index=0):
    """In rounds, until the machine was calm in one."""
    if not os.path.exists(lab.path("user.wav")):
        shutil.copy(os.path.dirname(directory) + "/user.wav", lab.dir)
    for i in range(ROUNDS):
        before = len(lab.cdrs())
        calm, answered = one_round(lab, f"{directory}/{i}", calls, options,
                                   span, index)
        if calm:
            break
    lab.ok("calls from the exchange are answered", answered == calls,
           f"{answered} of {calls}, round {i + 1}")
    good = wait_for(lambda: len(lab.cdrs()) >= before + calls, SLOW_S)
    records = lab.cdrs()[before:]
    lab.ok("each has its CDR", good and len(records) == calls
           and all(r["q850"] == 16 for r in records), len(records))


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
    before = len(lab.cdrs())
    x = lab.exchange("--from", "0711", "--dtmf", DIGITS, "--dtmf-after", 2,
                     "--hold", 7, "--at", "3 call 601", "--limit", 100,
                     name=name)
    x.wait(120)
    with open(lab.path(name + ".log")) as f:
        heard = [json.loads(x) for x in f if '"ev":"dtmf"' in x]
    got = "".join(str(h["digit"]) for h in heard)
    wait_for(lambda: len(lab.cdrs()) == before + 1, SLOW_S)
    n = [r.get("dtmf", r.get("media", {}).get("dtmf"))
         for r in lab.cdrs()[before:]]
    return got, n


def digits(lab):
    """The exchange dials in band, the phone by RFC 4733: each hears the
    other. The gateway counts what it has passed on. A stall of the machine
    may swallow one, or cut one in two: then again."""
    for i in range(2 * ROUNDS):
        got, n = digits_once(lab, f"digits{i}")
        if got == DIGITS and n == [2 * len(DIGITS)]:
            break
    lab.ok("digits of the phone are heard by the exchange", got == DIGITS, got)
    lab.ok("and those of the exchange are passed on", n == [2 * len(DIGITS)],
           n)


def span_ctl(*words):
    subprocess.run([HERE + "/../../build/vm/span_ctl", *words], check=True,
                   stdout=subprocess.DEVNULL)


def configure(first, count=1):
    """Spans as they were: their lines of system.conf, from that one on."""
    with open("/etc/dahdi/system.conf") as f:
        lines = [x for x in f if x.split("=")[0] in ("bchan", "dchan", "alaw")]
    with open("/tmp/spans.conf", "w") as f:
        f.writelines(lines[3 * (first - 1):3 * (first - 1 + count)])
    subprocess.run(["dahdi_cfg", "-c", "/tmp/spans.conf"], check=True,
                   stdout=subprocess.DEVNULL)


def cut(lab, exchange):
    """The far end's span is taken away, and comes back; a call on the other
    span does not notice."""
    other = lab.exchange("--from", "0712", "--count", 1, "--hold", 0,
                         "--at", "4 call 602", "--stay", span=4, name="other")
    lab.ok("in service before the cut", lab.up(0), lab.span().get("text"))
    wait_for(lambda: len(lab.calls()) == 1, SLOW_S)
    lab.stop(exchange)
    span_ctl("destroy", "0:1")
    down = wait_for(lambda: not lab.span().get("up")
                    and not lab.line().get("up"), SLOW_S)
    lab.ok("calls avoid a line that is cut", down)
    red = wait_for(lambda: "red" in lab.line().get("alarms", []), SLOW_S)
    text = lab.line().get("text", "")
    lab.ok("the driver's red alarm is told, in words", red
           and ("card brings no samples" in text or "red alarm" in text), text)
    span_ctl("create", "0:1", "31")
    configure(2)
    lab.exchange("--stay", "--answer-after", "0.1", name="again")
    lab.ok("in service again by itself", lab.up(0, 2 * SLOW_S),
           lab.span().get("text"))
    lab.ok("the call on the other span goes on", len(lab.calls()) == 1)
    before = len(lab.cdrs())
    lab.sipp("caller2", "uac.xml", "caller", "-inf", lab.path("numbers.csv"),
             "-m", 2, "-r", 1, "-timeout", 60).wait(90)
    wait_for(lambda: len(lab.cdrs()) >= before + 2, SLOW_S)
    causes = [r["q850"] for r in lab.cdrs()[before:]]
    lab.ok("and takes calls", causes == [16, 16], causes)
    lab.stop(other)


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


def many_once(lab, name):
    before = len(lab.cdrs())
    x = lab.exchange("--from", "0711", "--count", MANY, "--rate", 8,
                     "--hold", 0.5, "--at", "3 call 601", "--limit", 300,
                     name=name)
    x.wait(320)
    wait_for(lambda: len(lab.cdrs()) >= before + MANY, SLOW_S)
    records = lab.cdrs()[before:]
    lab.ok(f"{MANY} calls in a row, each with one CDR", len(records) == MANY,
           len(records))
    return summary(lab.path(name + ".log")).get("made_answered", 0)


def many(lab):
    """Calls in a row: every channel comes free again. The machine may be too
    slow for the timers of some, then again."""
    answered = many_once(lab, "many")
    if answered < MANY:
        answered = many_once(lab, "more")
    lab.ok("all of them answered", answered == MANY, answered)
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


def restart(lab):
    """The second span begins anew; a call on the first does not notice."""
    x = lab.exchange("--from", "0711", "--play", "user.wav", "--record",
                     "stays-%n.wav", "--hold", 0, "--at", "4 call 601",
                     "--stay", name="stays")
    y = lab.exchange("--from", "0712", "--hold", 0, "--at", "4 call 602",
                     "--stay", span=4, name="goes")
    wait_for(lambda: len(lab.calls()) == 2, SLOW_S)
    before = len(lab.cdrs())
    blocks = lab.line(0)["rx"]["packets"]
    told = lab.ctl("span", "second", "restart")
    gone = wait_for(lambda: len(lab.cdrs()) == before + 1, SLOW_S)
    lab.ok("a span that is restarted loses its calls", gone, told)
    lab.ok("and is in service again", lab.up(1) and wait_for(
        lambda: lab.line(1).get("up"), SLOW_S), lab.line(1).get("text"))
    lab.ok("the other span's call goes on", len(lab.calls()) == 1
           and lab.line(0)["rx"]["packets"] > blocks, len(lab.calls()))
    lab.stop(y)
    lab.ctl("span", "second", "down")
    lab.ok("a span that is down says so", wait_for(
        lambda: "by the operator" in lab.line(1).get("text", ""), SLOW_S),
        lab.line(1).get("text"))
    free = subprocess.run([BUILD + "/pbxsim", "--line", "dahdi", "--span", "3",
                           "--seconds", "1", "--limit", "20"], check=False,
                          capture_output=True, text=True, cwd=lab.dir)
    lab.ok("its device is free", "another program" not in free.stdout
           + free.stderr and free.returncode != 2, free.stderr[-100:])
    lab.ctl("span", "second", "up")
    y = lab.exchange("--stay", span=4, name="back")
    lab.ok("and comes back", lab.up(1, 2 * SLOW_S), lab.line(1).get("text"))
    lab.ok("the other span's call has gone on", len(lab.calls()) == 1)
    lab.stop(x)
    lab.stop(y)
    wait_for(lambda: not lab.calls(), SLOW_S)


def by_the_file(lab):
    """The second span leaves the file, and comes to it; a call on the first does
    not notice."""
    x = lab.exchange("--from", "0711", "--hold", 0, "--at", "4 call 601",
                     "--stay", name="first")
    lab.ok("a call is up", wait_for(lambda: [c["answered"] for c in
                                             lab.calls()] == [True], SLOW_S))
    lab.describe([CARRIER])
    lab.write_conf()
    told = lab.ctl("reload")
    lab.ok("a span that left the file is gone", wait_for(
        lambda: len(lab.ctl("spans")["media"]) == 1, SLOW_S), told)
    free = subprocess.run([BUILD + "/pbxsim", "--line", "dahdi", "--span", "3",
                           "--seconds", "1", "--limit", "20"], check=False,
                          capture_output=True, text=True, cwd=lab.dir)
    lab.ok("and its device is free", "another program" not in free.stdout
           + free.stderr and free.returncode != 2, free.stderr[-100:])
    lab.describe([CARRIER, SECOND])
    lab.write_conf()
    told = lab.ctl("reload")
    y = lab.exchange("--from", "0712", "--hold", 0, "--at", "4 call 602",
                     "--stay", span=4, name="new")
    lab.ok("one that came to it takes calls", wait_for(
        lambda: [c["answered"] for c in lab.calls()] == [True] * 2,
        2 * SLOW_S), lab.line(1).get("text", told))
    lab.stop(y)
    wait_for(lambda: len(lab.calls()) == 1, SLOW_S)
    lab.ok("the first span's call has gone on", [
        c["caller"]["span"] for c in lab.calls()] == ["carrier"])
    lab.stop(x)
    wait_for(lambda: not lab.calls(), SLOW_S)


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
    with Spans("vm-e1", False, [CARRIER, SECOND]) as lab:
        card_comes_later(lab)
        dialling = dialling_phone(lab, "digits.xml")
        digits(lab)
        lab.stop(dialling)
        lab.phone("-rtp_echo")
        calls_out(lab, directory + "/calls", 30)
        calls_out(lab, directory + "/cancelled", 2, span=4, index=1)
        restart(lab)
        by_the_file(lab)
        many(lab)
        cut(lab, calls_in(lab))
    return lab.failed


def spans(_):
    with Spans("vm-spans", False, [CARRIER, SECOND]) as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        by_the_file(lab)
    return lab.failed


def bounce(_):
    with Spans("vm-bounce", False, [("carrier", 1, "false")]) as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        bounces(lab)
    return lab.failed


def t1(directory):
    with Spans("vm-t1", True, [("carrier", 1, "false")]) as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        calls_out(lab, directory + "/calls", 10)
        calls_in(lab)
    return lab.failed


if __name__ == "__main__":
    PLAYS = {"spans": spans, "e1": e1, "t1": t1, "bounce": bounce}
    main(lambda: PLAYS[sys.argv[2]](os.path.abspath(sys.argv[1])))
