#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The provider is away, and a PBX (pbxsim) at the line has to notice so that it
calls elsewhere: each call is refused at once with the cause that is configured,
or layer 2 is taken down when the last call has ended (SERVICE, which EuroISDN
does not have, is tried in tests/sim). When the provider is back, so is all."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, main, wait_for  # noqa: E402
from provider import Provider  # noqa: E402


class Pbx:
    def __init__(self, lab):
        self.lab = lab
        self.process = lab.exchange("--stdin", "--stay", "--side", "user",
                                    stdin=subprocess.PIPE)

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def events(self, **like):
        found = []
        with open(self.lab.path("pbxsim.log"), errors="replace") as f:
            for line in f:
                if line.startswith("{") and line.endswith("}\n"):
                    e = json.loads(line)
                    if all(e.get(k) == v for k, v in like.items()):
                        found.append(e)
        return found

    def call(self, hold=0.3):
        """How a call ends: (answered, cause), and after how many seconds."""
        before = len(self.events(ev="call", state="released"))
        start = time.monotonic()
        self.say(f"hold {hold}\ncall 030123")
        wait_for(lambda: len(self.events(ev="call", state="released"))
                 > before, 15)
        ended = self.events(ev="call", state="released")[before:]
        took = time.monotonic() - start
        if not ended:
            return (False, 0), took
        return (ended[0].get("was_answered"), ended[0].get("cause")), took


class Scene:
    def __init__(self, lab):
        self.lab = lab
        self.provider = None
        self.back()
        lab.gateway()
        self.pbx = Pbx(lab)
        lab.ok("the line comes up", lab.line_up(30))

    def back(self):
        port = self.lab.port
        self.provider = Provider(port["phone"], port["phone_media"],
                                 port["sip"])

    def log(self, text):
        with open(self.lab.path("gateway.log"), errors="replace") as f:
            return f.read().count(text)

    def away(self):
        """Its host says at once that nobody is there."""
        n = self.log("trunk provider: down")
        self.provider.close()
        self.lab.ok("the provider is found to be away", wait_for(
            lambda: self.log("trunk provider: down") > n, 15))

    def works(self, what):
        self.lab.ok(what, self.pbx.call()[0] == (True, 16))


def refused(s, cause, what):
    ended, took = s.pbx.call()
    s.lab.ok(what, ended == (False, cause) and took < 2,
             f"{ended}, {took:.1f} s")


def reject():
    with Lab("busy-out-cause", side="network", trunk="    options: 5",
             span="    busy_out_cause: 42") as lab:
        s = Scene(lab)
        s.works("a call of the PBX")
        s.away()
        for _ in range(3):
            refused(s, 42, "a call is refused at once, with that cause")
        s.back()
        lab.ok("the provider is found to be back", wait_for(
            lambda: s.pbx.call()[0] == (True, 16), 20))
        s.provider.close()
        return lab.failed


def d_channel():
    with Lab("busy-out-d-channel", side="network", trunk="    options: 5",
             span="    busy_out: d_channel") as lab:
        s = Scene(lab)
        s.pbx.say("hold 12\ncall 030123")
        lab.ok("a long call", wait_for(
            lambda: s.pbx.events(ev="call", state="answered"), 10))
        s.away()
        refused(s, 38, "a call is refused at once")
        def downs():
            return len(s.pbx.events(ev="span", up=False))
        before = downs()
        wait_for(lambda: downs() > before, 6)
        lab.ok("the call that is there keeps the line up", downs() == before
               and not s.pbx.events(ev="call", state="released", call=1))
        lab.ok("when it has ended, layer 2 goes", wait_for(
            lambda: downs() > before, 20)
            and s.pbx.events(ev="call", state="released", call=1,
                             was_answered=True))
        s.back()
        lab.ok("with the provider the line is back", wait_for(
            lambda: s.pbx.call()[0] == (True, 16), 40))
        s.provider.close()
        return lab.failed


main(lambda: reject() + d_channel())
