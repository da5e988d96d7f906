# SPDX-License-Identifier: GPL-2.0-or-later
"""A table of cases against SIPp: each is run, and run once more as its control,
with one thing that SIPp says, or one setting of ours, put another way: then it
must fail, and for the reason that the case is about."""
import concurrent.futures
import re
import shutil

from sippxml import called, calling, invite
from sipprun import Bench, Run, Step

LANES = 4


class Case:
    """control: (what is written, what instead, pattern of what is then wrong).
    own: settings of the trunk; driver: options, figures: what it counts."""

    def __init__(self, what, xml, control, own="transport: udp", driver=(),
                 **figures):
        self.what, self.xml, self.control = what, xml, control
        self.own, self.driver, self.figures = own, list(driver), figures
        self.limit = 8

    def lasting(self, seconds):
        self.limit = seconds
        return self

    def step(self, change=None):
        """(settings, Step), as they are or with (old, new) changed."""
        texts = [self.own, self.xml, "\n".join(self.driver)]
        if change:
            changed = [t.replace(*change) for t in texts]
            assert changed != texts, f"{self.what}: no {change[0]}"
            texts = changed
        return texts[0], Step(texts[1], "", 1, texts[2].split(),
                              **self.figures)


def we_are_called(what, steps, control, driver=(), own="transport: udp",
                  **figures):
    """SIPp calls; steps begin with its INVITE, or are what follows a plain
    one."""
    if not steps[0].startswith("<send"):
        steps = [invite(), *steps]
    return Case(what, calling("case", steps), control, own, driver, **figures)


def we_call(what, steps, control, driver=(), own="transport: udp", **figures):
    return Case(what, called("case", {"INVITE": steps}), control, own,
                ["place=+49711000", *driver], **figures)


def ok(what, good, detail=""):
    print(("ok " if good else "not ok ") + what
          + (f" ({detail})" if detail and not good else ""), flush=True)
    return bool(good)


def run_all(cases):
    """The exit status."""
    if not shutil.which("sipp"):
        print("skip sipcase: no sipp")
        return 0
    steps = [(c, c.step(), c.step(c.control[:2])) for c in cases]
    bench = Bench()
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        def submit(case, own, step):
            n = len(jobs)
            run = Run(bench, "case", n, "", own, step)
            run.limit = case.limit
            jobs.append(pool.submit(run.run, bench.port + 4 * n % 8000))
            return jobs[-1]
        todo = [(case, submit(case, *plain), submit(case, *control))
                for case, plain, control in steps]
    good = True
    for case, plain, control in todo:
        good &= ok(case.what, not plain.result(), plain.result())
        wrong = control.result()
        good &= ok(f"{case.what}: its control fails for that reason",
                   re.search(case.control[2], wrong),
                   wrong or "it passes")
    if good:
        shutil.rmtree(bench.dir)
    else:
        print(f"# kept: {bench.dir}")
    return not good
