#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Spans that go out of service and come back one by one, by command and by
reload, and that leave the file and come to it, while a call runs on the other."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab as laboratory  # noqa: E402
from lab import BUILD, Lab, main, wait_for  # noqa: E402

SPAN = """  - name: %s
    line: {{driver: pseudowire, local: "127.0.0.1:{line2}",
           peer: "127.0.0.1:{far2}", clock: slave, jitter: {jitter}}}
    shutdown: {shutdown}
    isdn: {{side: user, switch: euroisdn, t309: {t309}}}
"""
ROUTE = "  - {{from: %s, to: provider}}\n"
FRAMES = 50  # of RTP, a second


class Two(Lab):
    def __init__(self):
        super().__init__("spans", shutdown="false", t309=90, jitter=5)
        self.conf.update(line2=self.port["line"] + 5,
                         far2=self.port["line"] + 6)
        self.spans_are("second")

    def spans_are(self, *names):
        """Those of the file beside the first one."""
        self.text = laboratory.CONF.replace(
            "trunks:\n", "".join(SPAN % n for n in names) + "trunks:\n")
        self.text += "".join(ROUTE % n for n in names)

    def write_conf(self):
        with open(self.yaml, "w") as f:
            f.write(self.text.format(**self.conf))

    def on(self, name):
        """An exchange on that span, to be told to call; its calls stay."""
        far, line = ("far", "line") if name == "carrier" else ("far2", "line2")
        return self.start(
            name, BUILD + "/pbxsim", "--local",
            f"127.0.0.1:{self.conf[far]}", "--peer",
            f"127.0.0.1:{self.conf[line]}", "--from", "0711", "--hold", 0,
            "--stay", "--stdin", stdin=subprocess.PIPE)

    def say(self, *words):
        r = subprocess.run([BUILD + "/trunkctl", "--socket",
                            self.path("run/ctl"), *words],
                           capture_output=True, text=True, check=False)
        return r.returncode, r.stdout + r.stderr

    def span(self, index):
        spans = (self.ctl("spans") or {})
        return {**spans.get("core", [{}, {}])[index],
                "line": spans.get("media", [{}, {}])[index]}

    def line(self, index):
        lines = (self.ctl("spans") or {}).get("media", [])
        return lines[index] if len(lines) > index else {}

    def up(self, index):
        good = wait_for(lambda: self.span(index).get("up"), 30)
        time.sleep(1.5)  # RESTART of 30 B channels
        return good

    def call(self, exchange):
        exchange.stdin.write(b"call 601\n")
        exchange.stdin.flush()

    def calls_are(self, n):
        return wait_for(lambda: [c["answered"] for c in self.calls()]
                        == n * [True], 30)


def second_goes(lab, before, what):
    """Its call ends, with its record; the other's goes on."""
    lab.ok(what + ": its call ends", wait_for(
        lambda: len(lab.cdrs()) == before + 1, 20) and lab.calls_are(1))
    lab.ok(what + ": the other call goes on", lab.span(0).get("calls") == 1)


def second_comes(lab, exchange, what):
    lab.ok(what + ": it is back", lab.up(1), lab.span(1).get("text"))
    lab.call(exchange)
    lab.ok(what + ": and takes calls", lab.calls_are(2), len(lab.calls()))


def dies(lab, exchange):
    """The process of its D channel is killed."""
    before = len(lab.cdrs())
    with open(lab.path("gateway.log")) as log:
        pid = [int(line.split()[-1]) for line in log
               if "isdn second: up, process" in line][-1]
    os.kill(pid, signal.SIGKILL)
    second_goes(lab, before, "killed")
    second_comes(lab, exchange, "killed")
    lab.ok("killed: a channel that was out is out", wait_for(
        lambda: lab.span(1).get("free") == 28, 10), lab.span(1).get("free"))


def by_command(lab, exchange):
    before = len(lab.cdrs())
    lab.say("channel", "second/7", "out")
    lab.ok("restart is done", lab.say("span", "second", "restart")[0] == 0)
    second_goes(lab, before, "restart")
    second_comes(lab, exchange, "restart")
    lab.ok("restart: a channel that was out is out", wait_for(
        lambda: lab.span(1).get("free") == 28, 10), lab.span(1).get("free"))
    dies(lab, exchange)
    lab.say("channel", "second/7", "in")
    before = len(lab.cdrs())
    lab.ok("down is done", lab.say("span", "second", "down")[0] == 0)
    second_goes(lab, before, "down")
    lab.ok("down is told in words", wait_for(
        lambda: "by the operator" in lab.span(1)["line"].get("text", ""), 10),
        lab.span(1)["line"].get("text"))
    code, text = lab.say("span", "second", "up")
    lab.ok("up is done", code == 0, text)
    second_comes(lab, exchange, "up")
    for words, status in (("nobody", "up"), 1), (("second", "sideways"), 2):
        code, text = lab.say("span", *words)
        lab.ok(f"{' '.join(words)} is refused in words", code == status
               and ("no such span" in text or "usage" in text), text)


def channel(lab):
    """One channel, while calls run."""
    code, text = lab.say("channel", "carrier/7", "out")
    lab.ok("a channel is taken out", code == 0 and "out of service" in text,
           "" if code == 0 else text)
    lab.ok("and is not counted", wait_for(
        lambda: lab.span(0).get("free") == 28, 10), lab.span(0).get("free"))
    code, text = lab.say("channel", "carrier/7", "in")
    lab.ok("and in again", code == 0 and wait_for(
        lambda: lab.span(0).get("free") == 29, 10))
    for words, why in (("carrier/16", "out"), "no such channel"), \
            (("carrier/7", "away"), "usage"), (("nobody/1", "out"),
                                               "no such channel"):
        code, text = lab.say("channel", *words)
        lab.ok(f"{' '.join(words)} is refused in words", code > 0
               and why in text, text.split("\n")[0])


def by_reload(lab, exchange):
    before = len(lab.cdrs())
    lab.conf.update(shutdown="true")
    lab.write_conf()
    lab.ok("a file that takes it out is taken", lab.say("reload")[0] == 0)
    second_goes(lab, before, "shutdown")
    lab.conf.update(shutdown="false")
    lab.write_conf()
    lab.ok("and one that brings it back", lab.say("reload")[0] == 0)
    second_comes(lab, exchange, "no shutdown")
    before = len(lab.cdrs())
    lab.conf.update(t309=60)
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok("a setting of its D channel has its cost told", code == 1
           and "ends the calls of this span" in text, text)
    lab.ok("and that alone is paid", lab.say("reload", "--restart")[0] == 0)
    second_goes(lab, before, "t309")
    second_comes(lab, exchange, "t309")
    before = len(lab.cdrs())
    lab.say("channel", "second/7", "out")
    lab.conf.update(jitter=20)
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok("a setting of its line has its cost told", code == 1
           and "second.line.jitter: ends the calls of this span" in text, text)
    lab.ok("and that alone is paid, too",
           lab.say("reload", "--restart")[0] == 0)
    second_goes(lab, before, "jitter")
    second_comes(lab, exchange, "jitter")
    lab.ok("its line has the new one", wait_for(
        lambda: lab.line(1)["clock"]["depth_frames"] > 80, 10),
        lab.line(1)["clock"])
    lab.ok("jitter: a channel that was out is out", wait_for(
        lambda: lab.span(1).get("free") == 28, 10), lab.span(1).get("free"))
    lab.say("channel", "second/7", "in")
    before = len(lab.cdrs())
    lab.say("span", "second", "down")
    second_goes(lab, before, "down")
    lab.conf.update(jitter=5)
    lab.write_conf()
    lab.ok("a line that is down may change, too",
           lab.say("reload", "--restart")[0] == 0)
    time.sleep(3)
    lab.ok("and stays down", wait_for(
        lambda: "by the operator" in lab.line(1).get("text", ""), 10),
        lab.line(1).get("text"))
    lab.say("span", "second", "up")
    second_comes(lab, exchange, "changed and up")


def names(lab):
    return [s["name"] for s in lab.ctl("spans")["core"]]


def in_and_out_of_the_file(lab, exchange):
    """Removed, another one in its place, and a third: no restart."""
    before = len(lab.cdrs())
    lab.spans_are()
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok("a file without it is taken, and says so", code == 0
           and "second: removed" in text, text)
    second_goes(lab, before, "removed")
    lab.ok("the record knows its name",
           lab.cdrs()[-1]["span"] == "second")
    said = lab.ctl("spans")
    lab.ok("nobody knows it any more", names(lab) == ["carrier"]
           and len(said["media"]) == len(said["isdn"]) == 1, names(lab))
    lab.ok("nor the command", lab.say("span", "second", "up")[0] == 1)
    lab.spans_are("other")
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok("a file with another one is taken, and says so", code == 0
           and "other: a new span; no call is touched" in text, text)
    second_comes(lab, exchange, "new span")
    lab.ok("its routes are its own", lab.calls()[-1]["caller"]["span"]
           == "other")
    lab.spans_are("other", "third")
    head, tail = lab.text.rsplit("shutdown: {shutdown}", 1)
    lab.conf["line3"] = lab.port["line"] + 7
    lab.text = head + "shutdown: true" + tail
    head, tail = lab.text.rsplit("{line2}", 1)
    lab.text = head + "{line3}" + tail
    lab.write_conf()
    lab.ok("one that is planned is taken", lab.say("reload")[0] == 0)
    lab.ok("and is down", wait_for(
        lambda: "by the operator" in lab.line(2).get("text", ""), 10),
        lab.line(2).get("text"))
    lab.ok("the others are up", lab.calls_are(2))
    lab.spans_are("other", "third", "fourth", "fifth")
    lab.text = lab.text.replace("shutdown: {shutdown}", "shutdown: true")
    for i, line in enumerate(("{line3}", "{line4}", "{line5}")):
        lab.conf[line[1:-1]] = lab.port["line"] + 7 + i
        head, tail = lab.text.rsplit("{line2}", 1)
        lab.text = head + line + tail
    lab.write_conf()
    code, text = lab.say("reload")
    lab.ok("more than there is room for need a restart", code == 1
           and "spare_spans" in text, text)


def frames_ok(cdr):
    due = cdr["bill_ms"] * FRAMES / 1000
    return all(abs(cdr[k] - due) < 0.03 * due + FRAMES
               for k in ("rtp_tx", "rtp_rx"))


def main_test():
    with Two() as lab:
        gateway = lab.gateway()
        lab.phone("-rtp_echo")
        other, exchange = lab.on("carrier"), lab.on("second")
        lab.ok("both are up", lab.up(0) and lab.up(1))
        pids = lab.role_pids(gateway)
        lab.call(other)
        lab.call(exchange)
        lab.ok("a call on each", lab.calls_are(2), len(lab.calls()))
        channel(lab)
        by_command(lab, exchange)
        by_reload(lab, exchange)
        in_and_out_of_the_file(lab, exchange)
        now = lab.role_pids(gateway)
        lab.ok("no other role was touched", all(
            now.get(r) == pids[r] for r in ("core", "media", "sip",
                                            "console")))
        lab.stop(other)
        heard = wait_for(lambda: [c for c in lab.cdrs() if c.get("span")
                                  == "carrier"], 20)
        lab.ok("RTP of the other call never stopped", heard and frames_ok(
            heard[0]), heard and heard[0]["rtp_tx"])
    return lab.failed


if __name__ == "__main__":
    main(main_test)
