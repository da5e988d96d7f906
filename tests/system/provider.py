# SPDX-License-Identifier: GPL-2.0-or-later
"""A provider's end of a SIP trunk that outlives what the gateway goes through:
answers INVITE, OPTIONS and REGISTER on loopback, sends each RTP frame back under
an SSRC of its own and books the numbers of those that came; may send requests
within each dialog, and calls of its own. With secure=True media is SRTP."""
import base64
import itertools
import re
import select
import socket
import struct
import threading
import time

from srtp2 import Srtp
from wire import Udp

KEY = base64.b64encode(bytes(range(30))).decode()
FRAME = 160  # timestamps of a packet of 20 ms
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; root only


def header(message, name):
    found = re.search(rf"^{name}: *(.*?)\r$", message, re.M | re.I)
    return found[1] if found else ""


class Stream:
    """What came from one of the gateway's RTP ports."""

    def __init__(self):
        self.frames = 0
        self.gaps = []  # (frames missing, samples missing)
        self.seq = self.ts = self.ssrc = None

    def take(self, packet):
        seq, ts, ssrc = struct.unpack("!HII", packet[2:12])
        if self.seq is not None:
            missing = (seq - self.seq - 1) & 0xffff
            jump = (ts - self.ts - FRAME) & 0xffffffff
            if missing or jump or ssrc != self.ssrc:
                self.gaps.append((missing, jump))
        self.seq, self.ts, self.ssrc = seq, ts, ssrc
        self.frames += 1


class Dialog:
    def __init__(self, message, ours, theirs):
        """ours, theirs: From and To values as we write them."""
        self.call_id = header(message, "Call-ID")
        self.ours, self.theirs = ours, theirs
        self.target = header(message, "Contact").strip("<>").split(">")[0]
        self.cseq = 100
        self.over = False


class Provider:
    def __init__(self, sip, media, gateway, wire=None, secure=False):
        self.wire = wire or Udp(sip, gateway)
        self.name = f"127.0.0.1:{sip}"
        self.gateway = f"127.0.0.1:{gateway}"
        self.media_port, self.secure = media, secure
        self.media = self._socket(media)
        self.media.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.dialogs = {}  # Call-ID -> Dialog
        self.streams = {}  # the gateway's RTP port -> Stream
        self.keys = {}  # the same -> (the gateway's, Srtp)
        self.registered = []  # times of REGISTER
        self.probed = []  # times of OPTIONS
        self.answers = {}  # (Call-ID, CSeq) -> (status, message)
        self.lock = threading.Condition()
        self.branches = itertools.count()
        self.running = True
        self.threads = [threading.Thread(target=f, daemon=True)
                        for f in (self._serve_sip, self._serve_media)]
        for t in self.threads:
            t.start()

    @staticmethod
    def _socket(port):
        s = socket.socket(type=socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", port))
        s.setblocking(False)
        return s

    def close(self):
        self.running = False
        for t in self.threads:
            t.join()
        self.wire.close()
        self.media.close()

    # --- RTP ---
    def _serve_media(self):
        while self.running:
            select.select([self.media], [], [], 0.2)
            while True:
                try:
                    packet, source = self.media.recvfrom(2048)
                except BlockingIOError:
                    break
                if len(packet) >= 12:
                    self._echo(packet, source)

    def _echo(self, packet, source):
        stream = self.streams.setdefault(source[1], Stream())
        if self.secure:
            if source[1] not in self.keys:
                return  # sooner than its description was read
            crypto = self.keys[source[1]][1]
            packet = crypto.open(packet)
            if not packet:
                stream.gaps.append("not genuine")
                return
        stream.take(packet)
        packet = packet[:8] + b"echo" + packet[12:]
        self.media.sendto(crypto.seal(packet) if self.secure else packet,
                          source)

    def _learn_key(self, text):
        port = re.search(r"^m=audio (\d+)", text, re.M)
        key = re.search(r"^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([^|\s]+)",
                        text, re.M)
        if port and key and self.keys.get(int(port[1]), ("",))[0] != key[1]:
            self.keys[int(port[1])] = (key[1], Srtp(key[1], KEY))

    # --- SIP ---
    def _serve_sip(self):
        while self.running:
            for text, way in self.wire.receive():
                self._learn_key(text)
                with self.lock:
                    if text.startswith("SIP/2.0 "):
                        self._take_answer(text)
                    else:
                        self._take_request(text, way)
                    self.lock.notify_all()

    def _take_answer(self, text):
        status = int(text[8:11])
        if status >= 200:
            key = header(text, "Call-ID"), header(text, "CSeq")
            self.answers[key] = (status, text)

    def _take_request(self, text, way):
        def reply(headers="", sdp="", status="200 OK"):
            self._reply(text, way, headers, sdp, status)

        method = text.split(" ", 1)[0]
        call_id = header(text, "Call-ID")
        if method == "ACK":
            return
        if method == "REGISTER":
            self.registered.append(time.monotonic())
            reply("Contact: " + header(text, "Contact") + ";expires=60\r\n")
        elif method == "OPTIONS":
            self.probed.append(time.monotonic())
            reply()
        elif method == "INVITE":
            if call_id not in self.dialogs:
                self.dialogs[call_id] = Dialog(
                    text, self._tagged(header(text, "To")),
                    header(text, "From"))
            reply(self._contact(), self._sdp())
        elif call_id in self.dialogs and method in ("BYE", "UPDATE", "INFO"):
            self.dialogs[call_id].over |= method == "BYE"
            reply(self._contact() if method == "UPDATE" else "")
        else:
            reply(status="481 No such call")

    @staticmethod
    def _tagged(value):
        return value if ";tag=" in value else value + ";tag=provider"

    def _contact(self):
        return (f"Contact: <sip:provider@{self.name};transport="
                f"{self.wire.proto.lower()}>\r\n")

    def _sdp(self):
        profile, crypto = "AVP", ""
        if self.secure:
            profile = "SAVP"
            crypto = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
        return ("v=0\r\no=p 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {self.media_port} RTP/{profile} 8\r\n{crypto}"
                "a=ptime:20\r\n")

    @staticmethod
    def _body(sdp):
        kind = "Content-Type: application/sdp\r\n" if sdp else ""
        return f"{kind}Content-Length: {len(sdp)}\r\n\r\n{sdp}"

    def _reply(self, request, way, headers, sdp, status):
        vias = "".join(f"Via: {v}\r\n" for v in re.findall(
            r"^Via: *(.*?)\r$", request, re.M | re.I))
        self._send(f"SIP/2.0 {status}\r\n{vias}"
                   f"From: {header(request, 'From')}\r\n"
                   f"To: {self._tagged(header(request, 'To'))}\r\n"
                   f"Call-ID: {header(request, 'Call-ID')}\r\n"
                   f"CSeq: {header(request, 'CSeq')}\r\n"
                   f"{headers}{self._body(sdp)}", way)

    def _send(self, text, way=None):
        self.wire.send(text, way)

    def _line(self, method, uri):
        return (f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/{self.wire.proto} {self.name};"
                f"branch=z9hG4bKp{next(self.branches)}\r\n"
                "Max-Forwards: 70\r\n")

    def _exchange(self, text, key, seconds):
        """Sent until it is answered finally: (status, message), or (0, "")."""
        end = time.monotonic() + seconds
        wait = 0.25
        with self.lock:
            while key not in self.answers and time.monotonic() < end:
                self._send(text)
                self.lock.wait_for(lambda: key in self.answers, wait)
                wait = min(2 * wait, 2)
            return self.answers.get(key, (0, ""))

    def request(self, dialog, method, headers="", sdp="", seconds=10):
        """Within a dialog; the status that answers it."""
        dialog.cseq += 1
        ids = (f"From: {dialog.ours}\r\nTo: {dialog.theirs}\r\n"
               f"Call-ID: {dialog.call_id}\r\nCSeq: {dialog.cseq} ")
        text = (self._line(method, dialog.target) + ids + method + "\r\n"
                + self._contact() + headers + self._body(sdp))
        status, _ = self._exchange(
            text, (dialog.call_id, f"{dialog.cseq} {method}"), seconds)
        if method == "INVITE" and 200 <= status < 300:
            self._send(self._line("ACK", dialog.target) + ids + "ACK\r\n"
                       + self._body(""))
        return status

    def reinvite(self, dialog):
        return self.request(dialog, "INVITE", sdp=self._sdp())

    def refresh(self, dialog):
        return self.request(dialog, "UPDATE", "Supported: timer\r\n"
                            "Session-Expires: 1800;refresher=uac\r\n")

    def bye(self, dialog):
        dialog.over = True
        return self.request(dialog, "BYE")

    def call(self, number, seconds=10):
        """A call to the line: (its Dialog, seconds until it was answered),
        or (None, 0)."""
        call_id = f"call{next(self.branches)}@{self.name}"
        ours = f"<sip:4711@{self.name}>;tag=caller"
        uri = f"sip:{number}@{self.gateway}"
        ids = f"From: {ours}\r\nCall-ID: {call_id}\r\nCSeq: 1 "
        text = (self._line("INVITE", uri) + ids + f"INVITE\r\nTo: <{uri}>\r\n"
                + self._contact() + self._body(self._sdp()))
        start = time.monotonic()
        status, answer = self._exchange(text, (call_id, "1 INVITE"), seconds)
        took = time.monotonic() - start
        if status != 200:
            return None, 0
        dialog = Dialog(answer, ours, header(answer, "To"))
        self._send(self._line("ACK", dialog.target) + ids
                   + f"ACK\r\nTo: {dialog.theirs}\r\n" + self._body(""))
        self.dialogs[call_id] = dialog
        return dialog, took
