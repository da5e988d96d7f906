#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does the judge of samples (samples.py) see what is wrong? Recordings made up,
each with its fault, and what was counted."""
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import samples  # noqa: E402

LENGTH = 6 * 8000
AT = 20000
NOTHING = {"packets": 600, "bridged": 0, "dropped": 0, "slips": 0,
           "far_slips": 0, "concealed_ms": 0, "rtp_lost": 0, "rtp_late": 0}


def exact(x):
    return x


def altered(x):
    return x[:AT] + [x[AT] + 64] + x[AT + 1:]


def missing(x):
    return x[:AT] + x[AT + 80:]


def repeated(x):
    return x[:AT] + x[AT - 80:]


def concealed(x):
    return x[:AT] + [v // 2 for v in x[AT - 160:AT]] + x[AT + 160:]


def filled(x):
    return x[:AT] + [samples.FILL] * 480 + x[AT + 480:]


# fault, what was counted, is it good: speech; data
CASES = (
    (exact, {}, True, True),
    (altered, {}, False, False),
    (altered, {"slips": 1}, False, False),
    (altered, {"concealed_ms": 20}, True, False),
    (missing, {}, False, False),
    (missing, {"slips": 1}, True, True),
    (missing, {"rtp_late": 1}, True, True),
    (repeated, {}, False, False),
    (repeated, {"bridged": 1}, True, True),
    (concealed, {}, False, False),
    (concealed, {"rtp_lost": 1}, False, False),
    (concealed, {"concealed_ms": 20, "rtp_lost": 1}, True, False),
    (filled, {}, False, False),
    (filled, {"concealed_ms": 60}, True, True),
)


def record(directory, source, fault, counted):
    os.makedirs(directory)
    samples.write_values(directory + "/net-1.wav", fault(
        list(source.samples[800:800 + LENGTH])))
    with open(directory + "/counted", "w") as f:
        json.dump({**NOTHING, **counted,
                   "calls": {"1": {**NOTHING, **counted}}}, f)


def judged(judge, *args):
    """True: all is well, as the judge says."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        judge(*args)
    return "not ok" not in out.getvalue()


def test(directory):
    samples.main(["make", directory])
    speech = samples.Source(directory + "/user.wav")
    data = samples.Source(directory + "/data.wav")
    for fault, counted, *want in CASES:
        record(directory + "/calls/0", speech, fault, counted)
        for way in "from", "to":
            record(f"{directory}/clear/{way}", data, fault, counted)
        got = [judged(samples.echo, "", directory, 1),
               judged(samples.clear, "", directory)]
        print(f"{'ok' if got == want else 'not ok'} judge: "
              f"{fault.__name__}, counted {counted} ({got})")
        for d in "/calls", "/clear":
            shutil.rmtree(directory + d)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as d:
        test(d)
