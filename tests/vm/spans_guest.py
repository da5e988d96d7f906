# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: the span `second` comes, goes and fails in each way that the
driver can play, while a call runs on `carrier`, which must not notice."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dahdi_lab import (CARRIER, SECOND, SLOW_S, Spans, assign,  # noqa: E402
                       configure, device_of, span_ctl)
from lab import BUILD, main, wait_for  # noqa: E402

# Its hold-off is looked at.
HOLD_S = 10
SECOND = dict(SECOND, echo="false", hold=HOLD_S * 1000)
TO_SECOND = '  - {from: provider, to: second, match: ["7*"], allow: ["*"]}'


class Scenes(Spans):
    def __init__(self):
        super().__init__("vm-spans", False, [CARRIER], routes="")

    def on_second(self):
        """The exchange at the far end of the second span."""
        self.far = self.exchange("--from", "0712", "--hold", 0, "--stay",
                                 "--stdin", span=4, name="second",
                                 stdin=subprocess.PIPE)

    def file_has(self, *spans):
        """What trunkctl reload says to that."""
        self.describe(spans)
        self.conf["routes"] = TO_SECOND if SECOND in spans else ""
        self.write_conf()
        return self.ctl("reload")

    def call(self, what):
        """A call more on the second span, and the first one's goes on."""
        self.line_up(2 * SLOW_S)
        time.sleep(2)  # the far end has restarted its channels, too
        self.far.stdin.write(b"call 602\n")
        self.far.stdin.flush()
        self.ok(what, wait_for(lambda: self.answered()
                               == ["carrier", "second"], SLOW_S),
                f"{self.answered()} {self.line(1).get('text')}")

    def loses(self, what, action):
        """The second span's call ends, with its record."""
        before = len(self.cdrs())
        action()
        good = wait_for(lambda: len(self.cdrs()) == before + 1, SLOW_S)
        records = self.cdrs()[before:]
        self.ok(what, good and records[0]["span"] == "second"
                and self.answered() == ["carrier"],
                [r["q850"] for r in records])
        return records[-1] if records else {}

    def is_free(self, what):
        """Another program can have the device."""
        r = subprocess.run([BUILD + "/pbxsim", "--line", "dahdi", "--span",
                            "3", "--seconds", "1", "--limit", "20"],
                           check=False, capture_output=True, text=True,
                           cwd=self.dir)
        self.ok(what, "another program" not in r.stdout + r.stderr
                and r.returncode != 2, r.stderr[-100:])

    def says(self, words):
        return wait_for(lambda: words in self.line(1).get("text", ""), SLOW_S)

    def told_once(self, what, since, *words):
        told = [self.told(w, since) for w in words]
        self.ok(what, told == [1] * len(words), told)


def added(lab):
    said = lab.file_has(CARRIER, SECOND)
    lab.call("a span that came to the file takes calls")
    lab.ok("and no call was touched", "a new span; no call is touched"
           in said.get("text", ""), said)


def restarted(lab):
    lab.loses("a span that is restarted loses its call",
              lambda: lab.ctl("span", "second", "restart"))
    lab.call("and takes calls again")
    lab.loses("so does one that is taken down",
              lambda: lab.ctl("span", "second", "down"))
    lab.ok("which says so", lab.says("by the operator"),
           lab.line(1).get("text"))
    lab.is_free("its device is free")
    lab.ctl("span", "second", "up")
    lab.call("it is back")


def unassigned(lab):
    device, since = device_of(3), lab.log_end()
    gone = lab.loses("a span that is unassigned loses its call",
                     lambda: assign("remove", device))
    lab.ok("by the cause of a line out of order", gone.get("q850") == 27,
           gone.get("q850"))
    lab.ok("its line says what is wrong", lab.says("the card is not there"),
           lab.line(1).get("text"))
    wait_for(lambda: lab.told("span 3 is gone", since), SLOW_S)
    assign("auto", device)
    lab.ok("assigned again it needs its lines of system.conf", wait_for(
        lambda: lab.told("channel 1: not configured", since), SLOW_S))
    configure(3)
    lab.call("configured again it takes calls by itself")
    lab.told_once("each step is one line of the log", since,
                  "second: alarm: the card is not there",
                  "second: DAHDI span 3 is gone",
                  "second: DAHDI span 3, channel 1: not configured",
                  "second: DAHDI span 3 is there")


def configured_again(lab):
    """What an operator does to any card, calls or not."""
    before, blocks = len(lab.cdrs()), lab.line(1)["rx"]["packets"]
    configure(1, 4)
    lab.ok("dahdi_cfg under calls ends none of them", wait_for(
        lambda: lab.line(1)["rx"]["packets"] > blocks + 200, SLOW_S)
        and lab.answered() == ["carrier", "second"]
        and len(lab.cdrs()) == before, lab.answered())


def cut(lab):
    """The far end is taken away under a call: the driver raises red within two
    seconds, and the call has the hold-off from then on."""
    before = len(lab.cdrs())
    lab.far.kill()
    lab.far.wait()
    start = time.time()
    span_ctl("destroy", "1:1")
    lab.ok("the driver's red alarm is told, in words", wait_for(
        lambda: "red" in lab.line(1).get("alarms", []), SLOW_S)
        and any(w in lab.line(1).get("text", "")
                for w in ("red alarm", "card brings no samples")),
        lab.line(1).get("text"))
    lab.sipp("caller", "uac.xml", "caller", "-inf", lab.path("numbers.csv"),
             "-m", 1)
    wait_for(lambda: len(lab.cdrs()) > before, SLOW_S)
    new = [(r["span"], r["q850"]) for r in lab.cdrs()[before:][:1]]
    lab.ok("a new call avoids the line at once", new == [("carrier", 16)],
           new)
    lab.ok("the one that is there stays", lab.answered()
           == ["carrier", "second"], lab.answered())
    wait_for(lambda: len(lab.cdrs()) > before + 1, SLOW_S)
    gone = lab.cdrs()[-1]
    held = gone["t_end"] / 1000 - start
    lab.ok("until the hold-off is over, then it ends by the right cause",
           gone["span"] == "second" and gone["q850"] == 27
           and held >= HOLD_S, f"{gone['q850']}, {held:.1f} s")
    span_ctl("create", "1:1", "31")
    configure(4)
    lab.on_second()
    lab.call("a line that is good again takes calls by itself")


def removed(lab):
    lab.loses("a span that left the file loses its call",
              lambda: lab.file_has(CARRIER))
    lab.ok("and is gone", wait_for(
        lambda: len(lab.ctl("spans")["media"]) == 1, SLOW_S))
    lab.is_free("its device is free")


def test():
    with Scenes() as lab:
        lab.gateway()
        lab.phone("-rtp_echo")
        with open(lab.path("numbers.csv"), "w") as f:
            f.write("SEQUENTIAL\n701;\n")
        lab.on_second()
        x = lab.exchange("--from", "0711", "--hold", 0, "--at", "4 call 601",
                         "--answer-after", "0.1", "--stay", name="first")
        lab.ok("a call is up", wait_for(lambda: lab.answered() == ["carrier"],
                                        SLOW_S))
        added(lab)
        restarted(lab)
        unassigned(lab)
        configured_again(lab)
        cut(lab)
        removed(lab)
        lab.stop(x)
        wait_for(lambda: not lab.calls(), SLOW_S)
        last = lab.cdrs()[-1]
        lab.ok("the first span's call has lasted", last["span"] == "carrier"
               and last["q850"] == 16, last["bill_ms"])
    return lab.failed


main(test)
