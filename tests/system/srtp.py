#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Encrypted calls with a phone that insists on SRTP (baresip), both ways: each
side hears the other's tone; the CDR names the suite; no key is in any log or
trace. A phone without SRTP gets no call where it is required, and a plain one
where it is preferred."""
import os
import re
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../tools/demo")]
import audio  # noqa: E402
from lab import BUILD, Lab, main, wait_for  # noqa: E402
from phone import Phone  # noqa: E402

HOLD_S = 4
THEIR_HZ, OUR_HZ = 697, 440  # the phone's, the line's
KEY = re.compile(r"inline:[^x]")


def tone(path):
    """Of half seconds in which that tone is nearly all there is to hear."""
    def share(hz):
        x = audio.read(path)
        good = total = 0
        for at in range(0, len(x) - 4000, 4000):
            spectrum = np.abs(np.fft.rfft(x[at:at + 4000])) ** 2
            k = hz // 2
            total += 1
            good += spectrum[k - 3:k + 4].sum() > 0.8 * spectrum.sum() \
                and audio.level(x[at:at + 4000]) > -30
        return good, total
    return share


def make_tone(path):
    t = np.arange(audio.RATE * 60) / audio.RATE
    audio.write(path, 6000 * np.sin(2 * np.pi * THEIR_HZ * t))


def text_of(path):
    with open(path, errors="replace") as f:
        return f.read()


class Scene:
    def __init__(self, name, srtp, account):
        self.lab = Lab(name, trunk=f"    srtp: {srtp}")
        self.account = account

    def __enter__(self):
        lab = self.lab.__enter__()
        self.phone = None
        try:
            self.begin(lab)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def begin(self, lab):
        make_tone(lab.path("tone.wav"))
        lab.exchange("--text", "--stay", "--answer-after", "0.2", "--hold",
                     str(HOLD_S), "--from", "0711555", "--play",
                     f"tone:{OUR_HZ}", "--record",
                     lab.path("exchange-%n.wav"),
                     "--at", "4 call 030123456")
        lab.gateway()
        lab.line_up()
        self.trace = lab.start("trace", BUILD + "/trunkctl", "--socket",
                               lab.dir + "/run/ctl", "trace", "-w",
                               lab.path("trace.pcap"))
        self.phone = Phone(lab.path("phone"), "030123456", lab.port["phone"],
                           lab.port["sip"] + 10, lab.port["phone_media"],
                           lab.path("tone.wav"),
                           more="module srtp.so\n", account=self.account)

    def __exit__(self, *what):
        if self.phone:
            self.phone.close()
        return self.lab.__exit__(*what)

    def cdrs(self, n):
        wait_for(lambda: len(self.lab.cdrs()) >= n, 40)
        return self.lab.cdrs()

    def dial(self):
        """The phone's call; the phone ends it."""
        time.sleep(0.5)
        self.phone.dial(f"sip:0711222@127.0.0.1:{self.lab.port['sip']}")
        if wait_for(self.lab.calls, 3):
            time.sleep(HOLD_S)
        self.phone.hangup()


def judge_audio(s):
    heard = [(f"phone {i}", f, OUR_HZ) for i, f in enumerate(s.phone.heard())]
    heard += [(f"line {i}", s.lab.path(f"exchange-{i}.wav"), THEIR_HZ)
              for i in (1, 2)]
    s.lab.ok("the phone recorded both calls", len(heard) == 4, len(heard))
    for name, path, hz in heard:
        if not s.lab.ok(f"{name} was recorded", os.path.exists(path)):
            continue
        good, total = tone(path)(hz)
        s.lab.ok(f"{name} hears the other's tone", good >= HOLD_S,
                 f"{good} of {total} half seconds")


def judge_secrets(s):
    s.lab.stop(s.trace)
    # what the phone itself writes down is its own business
    for name in ("gateway.log", "trace.pcap"):
        text = text_of(s.lab.path(name))
        s.lab.ok(f"no key in {name}", not KEY.search(text))
    s.lab.ok("the trace has the masked lines",
             "inline:xxxx" in text_of(s.lab.path("trace.pcap")))


def both_insist():
    with Scene("srtp", "required", ";mediaenc=srtp-mand") as s:
        s.cdrs(1)  # the exchange's call
        s.dial()
        cdrs = s.cdrs(2)
        s.lab.ok("two calls were answered",
                 len(cdrs) == 2 and all("t_answer" in c for c in cdrs))
        suites = [c.get("srtp") for c in cdrs]
        s.lab.ok("the CDRs name the suite",
                 len(suites) == 2 and all(suites), suites)
        time.sleep(0.5)
        judge_audio(s)
        judge_secrets(s)
        return s.lab


def phone_without(mode, answered):
    with Scene(f"srtp-{mode}", mode, "") as s:
        s.cdrs(1)
        s.dial()
        cdrs = s.cdrs(2)
        s.lab.ok(f"a phone without SRTP is {'' if answered else 'not '}served",
                 len(cdrs) == 2
                 and all(("t_answer" in c) == answered for c in cdrs),
                 [c.get("sip_detail") for c in cdrs])
        s.lab.ok("nothing is encrypted", not any("srtp" in c for c in cdrs))
        return s.lab


def test():
    return (both_insist().failed + phone_without("required", False).failed
            + phone_without("preferred", True).failed)


main(test)
