# SPDX-License-Identifier: GPL-2.0-or-later
"""How a provider's SIP travels, on loopback: by UDP, or by TLS of OpenSSL, over
connections of either side. receive() gives (message, where an answer goes);
send() without a way is for requests."""
import re
import select
import socket
import ssl
import threading

WAIT_S = 0.1


class Udp:
    proto = "UDP"

    def __init__(self, port, gateway):
        self.gateway = ("127.0.0.1", gateway)
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.socket.setblocking(False)

    def receive(self):
        select.select([self.socket], [], [], WAIT_S)
        try:
            yield self.socket.recv(65536).decode(errors="replace"), None
        except BlockingIOError:
            pass

    def send(self, text, way=None):
        self.socket.sendto(text.encode(), self.gateway)

    def close(self):
        self.socket.close()


class _Connection:
    def __init__(self, sock):
        self.sock, self.data = sock, b""
        sock.settimeout(5)

    def messages(self):
        while True:
            head, end, rest = self.data.lstrip(b"\r\n").partition(b"\r\n\r\n")
            size = re.search(rb"^Content-Length: *(\d+)", head, re.M | re.I)
            size = int(size[1]) if size else 0
            if not end or len(rest) < size:
                return
            self.data = rest[size:]
            yield (head + end + rest[:size]).decode(errors="replace")


class Tls:
    """cert, key: both ends verify each other by the lab's CA."""
    proto = "TLS"

    def __init__(self, port, gateway, lab, name, their_name):
        self.gateway, self.their_name = ("127.0.0.1", gateway), their_name
        self.contexts = []
        for side in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT):
            c = ssl.SSLContext(side)
            c.load_cert_chain(lab.path(name + ".pem"), lab.path(name + ".key"))
            c.load_verify_locations(lab.path("ca.pem"))
            c.verify_mode = ssl.CERT_REQUIRED
            self.contexts.append(c)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.connections = []
        self.lock = threading.RLock()  # an SSL object has one user at a time

    def _accept(self):
        sock, _ = self.listener.accept()
        try:
            sock.settimeout(5)
            self.connections.append(_Connection(
                self.contexts[0].wrap_socket(sock, server_side=True)))
        except OSError:
            sock.close()

    def _connect(self):
        sock = socket.create_connection(self.gateway, 5)
        self.connections.append(_Connection(self.contexts[1].wrap_socket(
            sock, server_hostname=self.their_name)))

    def _read(self, connection):
        """False: it is over."""
        connection.sock.settimeout(0)
        try:
            while True:
                data = connection.sock.recv(65536)
                if not data:
                    return False
                connection.data += data
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        finally:
            connection.sock.settimeout(5)

    def receive(self):
        with self.lock:
            connections = list(self.connections)
        ready, _, _ = select.select(
            [self.listener, *(c.sock for c in connections)], [], [], WAIT_S)
        with self.lock:
            if self.listener in ready:
                self._accept()
            for c in connections:
                if c.sock in ready and not self._read(c):
                    self._drop(c)
        for c in connections:
            for text in c.messages():
                yield text, c

    def _drop(self, connection):
        if connection in self.connections:
            self.connections.remove(connection)

    def send(self, text, way=None):
        """A request goes by the newest connection, or by one of ours."""
        with self.lock:
            try:
                if not way:
                    if not self.connections:
                        self._connect()
                    way = self.connections[-1]
                way.sock.sendall(text.encode())
            except OSError:
                self._drop(way)  # it is said again

    def close(self):
        self.listener.close()
        for c in self.connections:
            c.sock.close()
