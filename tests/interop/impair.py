# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends numbered packets through build/impair and looks at what comes out."""
import re
import select
import signal
import socket
import subprocess
import sys
import time

PROGRAM = sys.argv[1]


def check(name, good, why=""):
    print(f"ok {name}" if good else f"not ok {name}: {why}", flush=True)


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(("127.0.0.1", 0))
    return s


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Impair:
    """The program between a client and a server socket."""

    def __init__(self, *args, tcp_target=None):
        self.client, self.server = udp(), udp()
        self.near, self.far = free_port(), free_port()
        path = ["--udp", f"{self.near}:{self.server.getsockname()[1]}:"
                f"{self.far}:{self.client.getsockname()[1]}"]
        if tcp_target:
            self.near = free_port(socket.SOCK_STREAM)
            path = ["--tcp", f"{self.near}:{tcp_target}"]
        self.p = subprocess.Popen([PROGRAM, *path, "--seconds", "60", *args],
                                  stdout=subprocess.PIPE, text=True)
        self.wait_open(tcp_target)

    def wait_open(self, tcp):
        """Until its port is taken."""
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        for _ in range(500):
            with socket.socket(socket.AF_INET, kind) as s:
                try:
                    s.bind(("127.0.0.1", self.near))
                except OSError:
                    return
            time.sleep(0.01)

    def send(self, count, size=60, back=False, gap=0.0):
        s = self.server if back else self.client
        port = self.far if back else self.near
        for i in range(count):
            s.sendto(i.to_bytes(4, "big") + bytes(size - 4),
                     ("127.0.0.1", port))
            if gap or i % 100 == 99:
                time.sleep(gap or 0.002)

    def receive(self, back=False, quiet=0.5):
        """Numbers in the order of arrival, until nothing comes any more."""
        s = self.client if back else self.server
        got = []
        while select.select([s], [], [], quiet)[0]:
            got.append(int.from_bytes(s.recv(2048)[:4], "big"))
        return got

    def end(self):
        self.p.send_signal(signal.SIGTERM)
        out, _ = self.p.communicate(timeout=10)
        self.client.close()
        self.server.close()
        counters = {}
        for line in out.splitlines():
            way = line.split()[2]
            counters[way] = {k: int(v)
                             for k, v in re.findall(r"(\w+)=(\d+)", line)}
        return counters, self.p.returncode


def through(count, *args, back=False):
    r = Impair(*args)
    r.send(count, back=back)
    got = r.receive(back=back)
    counters, _ = r.end()
    return got, counters["back" if back else "there"]


def command_line():
    run = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True)
    check("impair_help", run.returncode == 0 and "--loss PCT" in run.stdout)
    bad = [[], ["--udp", "1"], ["--udp", "1:2:x"], ["--udp", "70000:1"],
           ["--udp", "1:2", "--loss", "101"], ["--udp", "1:2", "--loss", "1x"],
           ["--udp", "1:2", "--hole", "3"], ["--udp", "1:2", "--dist", "no"],
           ["--udp", "1:2", "stray"], ["--udp", "1:2", "--seed", "-1"]]
    codes = [subprocess.run([PROGRAM, *b], capture_output=True).returncode
             for b in bad]
    check("impair_bad_command_lines", codes == [2] * len(bad), codes)
    with udp() as taken:
        port = taken.getsockname()[1]
        run = subprocess.run([PROGRAM, "--udp", f"{port}:9"],
                             capture_output=True, text=True)
        check("impair_port_in_use",
              run.returncode == 1 and str(port) in run.stderr)


def clean():
    got, n = through(2000)
    check("impair_clean", got == list(range(2000)), len(got))
    check("impair_counts", n["received"] == n["sent"] == 2000 and
          n["octets"] == 2000 * 60 and n["lost"] == 0, n)
    got, n = through(500, back=True)
    check("impair_clean_back", got == list(range(500)), len(got))


def loss():
    a, n = through(3000, "--loss", "10", "--seed", "5")
    check("impair_loss", 200 < n["lost"] < 400, n)
    check("impair_loss_counted", len(a) == 3000 - n["lost"] == n["sent"], n)
    # the ports differ from run to run and are part of the seed
    r = Impair("--loss", "10")
    r.send(3000)
    first = r.receive()
    near, far = r.near, r.far
    r.end()
    p = f"{near}:{{}}:{far}:{{}}"
    again = []
    for seed in ("1", "2"):
        c, s = udp(), udp()
        with subprocess.Popen(
                [PROGRAM, "--udp", p.format(s.getsockname()[1],
                                            c.getsockname()[1]),
                 "--loss", "10", "--seed", seed, "--seconds", "60"],
                stdout=subprocess.DEVNULL) as q:
            r.p, r.client, r.server = q, c, s
            r.wait_open(None)
            r.send(3000)
            again.append(r.receive())
            q.terminate()
        c.close()
        s.close()
    check("impair_same_seed_same_loss", again[0] == first)
    check("impair_other_seed_other_loss", again[1] != first)
    got, n = through(6000, "--loss", "5", "--burst", "5")
    gaps = [b - a - 1 for a, b in zip(got, got[1:]) if b - a > 1]
    mean = sum(gaps) / max(1, len(gaps))
    check("impair_bursts", 3.5 < mean < 7 and 150 < n["lost"] < 500,
          (mean, n))


def disorder():
    got, n = through(2000, "--duplicate", "10")
    check("impair_duplicate", len(got) == 2000 + n["duplicated"] and
          120 < n["duplicated"] < 280 and sorted(set(got)) ==
          list(range(2000)), n)
    got, n = through(2000, "--reorder", "10", "--reorder-by", "20")
    check("impair_reorder", 120 < n["reordered"] < 280 and
          sorted(got) == list(range(2000)) and got != sorted(got), n)
    got, n = through(1000, "--jitter", "20")
    check("impair_jitter_keeps_order", got == list(range(1000)))
    got, n = through(1000, "--jitter", "20", "--free")
    check("impair_free_jitter", got != sorted(got) and
          sorted(got) == list(range(1000)))


def latency(*args, count=50):
    r = Impair(*args)
    delays = []
    for i in range(count):
        start = time.monotonic()
        r.client.sendto(i.to_bytes(4, "big"), ("127.0.0.1", r.near))
        if select.select([r.server], [], [], 5)[0]:
            r.server.recv(100)
            delays.append(1000 * (time.monotonic() - start))
    r.end()
    return sorted(delays)


def delay():
    d = latency("--delay", "40")
    check("impair_delay", len(d) == 50 and 40 <= d[0] < 60, d[:3])
    d = latency("--jitter", "20", "--dist", "uniform", count=100)
    check("impair_uniform", len(d) == 100 and d[0] < 15 and d[50] > 8, d)
    d = latency("--jitter", "20", "--dist", "normal", count=100)
    check("impair_normal", len(d) == 100 and d[0] < 15 and d[90] > 15, d)


def rate():
    start = time.monotonic()
    r = Impair("--rate", "80", "--queue", "60000")
    r.send(50, size=200)
    got = r.receive(quiet=1)
    took = time.monotonic() - start - 1
    r.end()
    check("impair_rate", len(got) == 50 and took >= 0.9, (len(got), took))
    got, n = through(500, "--rate", "80", "--queue", "100")
    check("impair_queue_overflows", n["overflow"] > 300 and
          len(got) == 500 - n["overflow"], n)


def hole():
    r = Impair("--hole", "0:3")
    r.send(10)
    inside = r.receive(quiet=0.2)
    time.sleep(3.2)
    r.send(10)
    after = r.receive()
    n, _ = r.end()
    check("impair_hole", not inside and len(after) == 10 and
          n["there"]["hole"] == 10, (inside, after, n))
    r = Impair()
    r.p.send_signal(signal.SIGUSR1)
    time.sleep(0.3)
    r.send(10)
    inside = r.receive()
    r.p.send_signal(signal.SIGUSR1)
    time.sleep(0.3)
    r.send(10)
    after = r.receive()
    r.end()
    check("impair_hole_by_signal", not inside and len(after) == 10)


def one_way():
    r = Impair("--loss", "100", "--direction", "there")
    r.send(20)
    r.send(20, back=True)
    there, back = r.receive(), r.receive(back=True)
    n, code = r.end()
    check("impair_one_way", not there and len(back) == 20 and code == 0, n)


def ends():
    start = time.monotonic()
    run = subprocess.run([PROGRAM, "--udp", f"{free_port()}:9", "--seconds",
                          "0.5"], capture_output=True, text=True, timeout=20)
    took = time.monotonic() - start
    check("impair_ends", run.returncode == 0 and took >= 0.5 and
          "there received=0" in run.stdout, run.stdout)


def tcp():
    listener = socket.create_server(("127.0.0.1", 0))
    r = Impair("--delay", "20", "--hole", "1:0.3",
               tcp_target=listener.getsockname()[1])
    c = socket.create_connection(("127.0.0.1", r.near), timeout=10)
    s, _ = listener.accept()
    data = bytes((i * 7 + i // 251) & 255 for i in range(300000))
    got = bytearray()
    sent = 0
    c.setblocking(False)
    while len(got) < len(data):
        ready = select.select([s], [c] if sent < len(data) else [], [], 10)
        if not ready[0] and not ready[1]:
            break
        if ready[1]:
            sent += c.send(data[sent:sent + 65536])
        if ready[0]:
            got += s.recv(65536)
    s.sendall(b"answer")
    c.setblocking(True)
    back = c.recv(100)
    c.close()
    closed = s.recv(10) == b""
    s.close()
    n, _ = r.end()
    check("impair_tcp", bytes(got) == data and back == b"answer" and closed and
          n["connections"]["accepted"] == 1, n)


for test in (command_line, clean, loss, disorder, delay, rate, hole, one_way,
             ends, tcp):
    try:
        test()
    except Exception as e:  # a test that breaks is a test that failed
        check(f"impair_{test.__name__}", False, repr(e))
