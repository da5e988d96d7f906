# SPDX-License-Identifier: GPL-2.0-or-later
"""What a recording says about the path it came through. 8 kHz, 16 bit."""
import wave

import numpy as np

RATE = 8000
FULL_SCALE_DBM0 = 3.14  # a sine of full scale, A-law (G.711)


def read(path):
    """Samples as floats; the file's length field is not trusted."""
    with open(path, "rb") as f:
        raw = f.read()
    at = raw.find(b"data")
    return np.frombuffer(raw[at + 8:len(raw) - (len(raw) - at) % 2],
                         dtype="<i2").astype(float)


def write(path, samples):
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(np.clip(samples, -32768, 32767).astype("<i2").tobytes())


def level(x):
    """dBm0 of the mean power; -99 for silence."""
    power = np.mean(np.square(x)) if len(x) else 0.0
    if power <= 0.25:
        return -99.0
    return 10 * np.log10(power / (32768.0 ** 2 / 2)) + FULL_SCALE_DBM0


def active(x, below=30.0, frame=80):
    """Mask of the samples in frames that are at most `below` dB under the
    loudest frame: where somebody speaks."""
    n = len(x) // frame
    power = np.mean(np.square(x[:n * frame].reshape(n, frame)), axis=1)
    return np.repeat(power > np.max(power) * 10 ** (-below / 10), frame)


def align(reference, recording):
    """Delay in samples of reference within recording, by cross-correlation."""
    n = 1 << (len(reference) + len(recording)).bit_length()
    c = np.fft.irfft(np.fft.rfft(recording, n)
                     * np.conj(np.fft.rfft(reference, n)), n)
    d = int(np.argmax(c))
    return d if d < n // 2 else d - n


def pieces(reference, recording, stalls=(), size=RATE // 2, reach=400):
    """(start, reference piece, recording piece) for each half second, each
    aligned anew: a jitter buffer may move by a few samples. Those that lie in
    a stall of the machine, (from, to) in samples of reference, are left out."""
    base = align(reference, recording)
    for s in range(0, len(reference) - size + 1, size):
        ref = reference[s:s + size]
        lo = s + base - reach
        if any(a < s + size and b > s for a, b in stalls):
            continue
        if np.max(np.abs(ref)) < 200 or lo < 0 \
                or lo + size + 2 * reach > len(recording):
            continue
        window = recording[lo:lo + size + 2 * reach]
        d = align(ref, window)
        d = min(max(d, 0), 2 * reach)
        yield s, ref, window[d:d + size]


def compare(reference, recording, stalls=()):
    """Correlation and level difference (dB) of the speech, over the aligned
    pieces; None when the speech is not found."""
    num = a2 = b2 = 0.0
    for _, a, b in pieces(reference, recording, stalls):
        num += float(np.dot(a, b))
        a2 += float(np.dot(a, a))
        b2 += float(np.dot(b, b))
    if a2 <= 0 or b2 <= 0:
        return None
    return num / np.sqrt(a2 * b2), 10 * np.log10(b2 / a2)


def dropouts(reference, recording, longest_ms=20, stalls=()):
    """Stretches, in ms, where speech was sent and silence came out."""
    found = []
    frame = RATE // 200  # 5 ms
    for _, a, b in pieces(reference, recording, stalls):
        run = 0
        talking = active(a, 20.0, frame)
        for i in range(0, len(a) - frame + 1, frame):
            gone = talking[min(i, len(talking) - 1)] \
                and np.max(np.abs(b[i:i + frame])) < 24 \
                and np.max(np.abs(a[i:i + frame])) > 400
            run = run + 5 if gone else 0
            if run > longest_ms and (not found or run == longest_ms + 5):
                found.append(run)
            elif run > longest_ms:
                found[-1] = run
    return found


def onset(x, threshold=300.0):
    """Index of the first sample that is clearly speech; None if there is
    none."""
    hits = np.nonzero(np.abs(x) > threshold)[0]
    return int(hits[0]) if len(hits) else None
