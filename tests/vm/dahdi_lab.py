# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory in the machine: trunkgate on spans 1 and 3 of the real driver,
exchanges (pbxsim) on 2 and 4, SIPp as the phone; and what an operator does to the
driver. How long things take is not judged: the machine is slow, and may stall."""
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../system")
import lab as laboratory  # noqa: E402
from lab import BUILD, Lab, wait_for  # noqa: E402

SLOW_S = 60      # things take longer here
E1 = "driver: dahdi, span: {}, buffer: 100"
T1 = E1 + ", d_slot: 24, last_slot: 24"

SPAN = """  - name: {name}
    line: {{{line}}}
    echo: {echo}
    nlp: false
    echo_tail: 32
    law: {law}
    alarm_hold: {hold}
    isdn: {{side: user, switch: euroisdn}}
"""
ROUTE = "  - {{from: {name}, to: provider}}\n"
# A stall of the machine is a fault of the lines: it must end no call, unless
# the hold-off is what is looked at.
CARRIER = {"name": "carrier", "span": 1, "echo": "false", "hold": 60000}
SECOND = {"name": "second", "span": 3, "echo": "true", "hold": 60000}


class Spans(Lab):
    """spans: CARRIER and the like."""

    def __init__(self, name, t1, spans, **conf):
        self.t1 = ["--t1"] if t1 else []
        self.describe(spans)
        # Few, long packets: it is SIPp that has the most to do here.
        conf["trunk"] = "    ptime: 60\n" + conf.get("trunk", "")
        super().__init__(name, **conf)

    def describe(self, spans):
        """The file has these from now on."""
        text = laboratory.CONF
        law = "ulaw" if self.t1 else "alaw"
        made = "".join(SPAN.format(line=(T1 if self.t1 else E1).format(
            s["span"]), law=law, **s) for s in spans)
        text = text.replace("silent_release: 0",
                            "silent_release: 0, jitter_max: 500, "
                            "max_load: 100")
        head, rest = text.split("spans:\n")
        trunks = rest[rest.index("trunks:"):]
        more = "".join(ROUTE.format(**s) for s in spans[1:])
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

    def answered(self):
        """Spans of the calls that are answered."""
        return sorted(c["caller"]["span"] for c in self.calls()
                      if c["answered"])

    def log_end(self):
        return os.path.getsize(self.path("gateway.log"))

    def told(self, words, since=0):
        """How many lines of the gateway's log have these words."""
        with open(self.path("gateway.log")) as f:
            f.seek(since)
            return sum(words in x for x in f)


def summary(log):
    with open(log) as f:
        found = [json.loads(x) for x in f if '"ev":"summary"' in x]
    return found[-1] if found else {}


# --- the operator and the driver ---

def span_ctl(*words):
    subprocess.run([HERE + "/../../build/vm/span_ctl", *words], check=True,
                   stdout=subprocess.DEVNULL)


def configure(first, count=1):
    """dahdi_cfg, with the lines of system.conf for these spans."""
    with open("/etc/dahdi/system.conf") as f:
        lines = [x for x in f if x.split("=")[0] in ("bchan", "dchan", "alaw")]
    with open("/tmp/spans.conf", "w") as f:
        f.writelines(lines[3 * (first - 1):3 * (first - 1 + count)])
    subprocess.run(["dahdi_cfg", "-c", "/tmp/spans.conf"], check=True,
                   stdout=subprocess.DEVNULL)


def device_of(span):
    return os.path.dirname(glob.glob(
        f"/sys/bus/dahdi_devices/devices/*/span-{span}")[0])


def assign(action, device):
    """action: remove or auto."""
    subprocess.run(["dahdi_span_assignments", action, device], check=True,
                   stderr=subprocess.DEVNULL)
