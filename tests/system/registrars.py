#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kamailio as the registrar of trunks in other ways than kamailio.py: by RFC
5626 over a connection (through a relay that can lose it), for all numbers at
once by RFC 6140, by IPv6, and two of them at the same time for two numbers of a trunk."""
import os
import select
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import Lab, main, wait_for  # noqa: E402
from proxy import Kamailio  # noqa: E402
from scene import Scene, answered, log  # noqa: E402

TRUNKS = """    transport: tcp
    domain: lab.example
    auth: {{user: flow, password: secret-flow}}
    register: {{mode: plain, outbound: true, expires: 600}}
    keepalive: 4
  - name: bulk
    server: 127.0.0.1:{one}
    domain: lab.example
    auth: {{user: bulk, password: secret-bulk}}
    register: {{mode: gin, expires: 60}}
  - name: pair
    server: ["127.0.0.1:{one}", "127.0.0.1:{two}"]
    domain: lab.example
    auth: {{user: pair1, password: secret-pair}}
    register: {{mode: plain, users: [pair1, pair2], all: true, expires: 60}}
    options: 10
  - name: six
    server: "[::1]:{one}"
    transport: tcp
    domain: lab.example
    auth: {{user: six, password: secret-six}}
    register: {{mode: plain, expires: 60}}
"""
ROUTES = """  - {from: carrier, to: bulk, match: ["7*"]}
  - {from: carrier, to: pair, match: ["8*"]}
  - {from: carrier, to: six, match: ["6*"]}
  - {from: six, to: carrier, allow: ["*"]}
  - {from: bulk, to: carrier, allow: ["*"]}
  - {from: pair, to: carrier, allow: ["*"]}"""


class Relay:
    """TCP between the gateway and Kamailio. lose(): the connections there are
    carry nothing any more, as behind a NAT that has forgotten them."""

    def __init__(self, port, to):
        self.to, self.opened, self.pairs = to, 0, []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def lose(self):
        self.pairs = []

    def close(self):
        self.running = False
        self.thread.join()

    def run(self):
        kept = []  # lost ones stay open
        while self.running:
            pairs = list(self.pairs)
            ends = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
            ready, _, _ = select.select([self.listener, *ends], [], [], 0.1)
            for s in ready:
                if s is self.listener:
                    kept.append(self.connect(s.accept()[0]))
                elif not self.pass_on(s, ends[s]):
                    self.pairs = [p for p in self.pairs if s not in p]

    def connect(self, a):
        self.opened += 1
        try:
            pair = (a, socket.create_connection(("127.0.0.1", self.to)))
            self.pairs.append(pair)
            return pair
        except OSError:
            a.close()
            return ()

    @staticmethod
    def pass_on(a, b):
        try:
            data = a.recv(65536)
            b.sendall(data)
        except OSError:
            data = b""
        if not data:
            a.close()
            b.close()
        return bool(data)


def flow(s, relay):
    lab, k = s.lab, s.kamailio
    lab.ok("flow: registered", wait_for(lambda: k.seen("register flow "), 20))
    lab.ok("flow: the registrar grants RFC 5626", wait_for(
        lambda: "user flow registered for 600 s, calls come by this way"
        in log(lab), 5))
    lab.ok("flow: a call in", s.call_in("0711122") == 0)
    lab.ok("flow: by the very connection of the REGISTER", relay.opened == 1)
    lab.ok("flow: not by our address", k.seen(
        rf"in 0711122 by \S+ sip:127\.0\.0\.1:(?!{lab.port['sip']}\b)") == 1)
    # it answers, and the way has to have lasted
    wait_for(lambda: False, 32)
    relay.lose()
    start = time.monotonic()
    lab.ok("flow: it is found to be dead", wait_for(
        lambda: "user flow is registered anew: its way" in log(lab), 20))
    lab.ok("flow: registered by a new one", wait_for(
        lambda: k.seen("register flow from") >= 2 and relay.opened == 2, 5),
        f"{time.monotonic() - start:.0f} s")
    lab.ok("flow: and a call comes by that", s.call_in("0711123") == 0)
    lab.ok("flow: both answered", answered(lab, 2) == 2)


def bulk(s):
    lab, k = s.lab, s.kamailio
    lab.ok("GIN: registered in bulk", wait_for(
        lambda: k.seen(r"bulk bulk sip:[0-9.:]+;bnc"), 20))
    before = len(lab.cdrs())
    for number in ("+4971177", "+4971178"):
        lab.ok(f"GIN: a call to {number}", s.call_in(number) == 0)
        lab.ok(f"GIN: {number} is the user of our Contact",
               k.seen(rf"in \{number} by sip:\{number}@") == 1)
    lab.ok("GIN: both answered", answered(lab, before + 2, before) == 2)
    numbers = sorted(c["to"] for c in lab.cdrs()[before:])
    lab.ok("GIN: to these numbers", numbers == ["+4971177", "+4971178"], numbers)
    s.call_out("7")
    lab.ok("GIN: a call out", answered(lab, before + 3, before) == 3)


def six(s):
    lab, k = s.lab, s.kamailio
    lab.ok("IPv6: registered", wait_for(
        lambda: k.seen(r"register six from \S*::1\S* "), 20))
    before = len(lab.cdrs())
    lab.ok("IPv6: a call in", s.call_in("0711666") == 0)
    lab.ok("IPv6: by our Contact there",
           k.seen(r"in 0711666 by sip:six@\[::1\]:") == 1)
    s.call_out("6")
    lab.ok("IPv6: a call out; both answered",
           answered(lab, before + 2, before) == 2 and k.seen("out 6001") == 1)


def pair(s):
    lab, one, two = s.lab, s.kamailio, s.two
    for k in (one, two):
        for user in ("pair1", "pair2"):
            lab.ok(f"pair: {user} at {k.name}", wait_for(
                lambda k=k, u=user: k.seen(f"register {u} "), 20))
    before = len(lab.cdrs())
    lab.ok("pair: a call in by the first", s.call_in("0711881", one) == 0)
    lab.ok("pair: a call in by the second", s.call_in("0711882", two) == 0)
    lab.ok("pair: both answered", answered(lab, before + 2, before) == 2)
    one.kill()
    lab.ok("pair: with the first dead, a call in by the second",
           s.call_in("0711881", two) == 0)
    s.call_out("8")
    lab.ok("pair: and a call out", answered(lab, before + 4, before) == 4
           and two.seen("out 8001") == 1)


def test():
    with Lab("registrars", routes=ROUTES) as lab:
        s = Scene(lab)
        relay_at, two_at = s.port + 4, s.port + 2
        known = {"flow": ("secret-flow", "^07111"),
                 "bulk": ("secret-bulk", "^nobody"),
                 "six": ("secret-six", "666$"),
                 "pair1": ("secret-pair", "1$"), "pair2": ("secret-pair", "2$")}
        s.kamailio = Kamailio(lab, "one", s.port, lab.port["phone"], known,
                              expires=600, outbound=1, owner="pair1",
                              gin=r"^\\+497117[78]$")
        s.two = Kamailio(lab, "two", two_at, lab.port["phone"], known,
                         expires=600, owner="pair1")
        for k in (s.kamailio, s.two):
            k.start()
        relay = Relay(relay_at, s.port)
        lab.conf["server"] = f"127.0.0.1:{relay_at}"
        lab.conf["trunk"] = TRUNKS.format(one=s.port, two=two_at)
        lab.conf["t1"] = f"500, bind6: \"[::1]:{lab.port['sip']}\""
        gateway = lab.gateway()
        lab.phone("-trace_err")
        s.start_exchange()
        lab.ok("the line comes up", lab.line_up(30))
        flow(s, relay)
        bulk(s)
        six(s)
        pair(s)
        lab.ok("the gateway stops in order", lab.stop(gateway) == 0)
        relay.close()
        return lab.failed


main(test)
