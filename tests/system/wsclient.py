"""A WebSocket client by hand (RFC 6455) for tests: strict about what a server may send, free in what it sends itself."""
import base64
import hashlib
import json
import os
import socket
import struct

PATIENCE = 30.0
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, headers, body):
        super().__init__("handshake answered %d %.200r" % (status, body))
        self.status, self.headers, self.body = status, headers, body


class Closed(Exception):
    """A close frame came, or (code 1006) the connection ended without one."""

    def __init__(self, code, reason=""):
        super().__init__("closed with %d %s" % (code, reason))
        self.code, self.reason = code, reason


def frame(opcode, payload, fin=True, mask=True, rsv=0):
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    n = len(payload)
    if n <= 125:
        head += bytes([bit | n])
    elif n <= 0xFFFF:
        head += bytes([bit | 126]) + struct.pack("!H", n)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", n)
    if not mask:
        return head + payload
    key = os.urandom(4)
    stream = (key * (n // 4 + 1))[:n]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(n, "big")


def handshake(port, path, origin=None, subprotocols=(), headers=(), host=None):
    """The bytes of an upgrade request, and the key in it."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET %s HTTP/1.1" % path, "Host: %s" % (host or "127.0.0.1:%d" % port), "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key]
    if origin is not None:
        lines.append("Origin: " + origin)
    if subprotocols:
        lines.append("Sec-WebSocket-Protocol: " + ", ".join(subprotocols))
    lines += ["%s: %s" % pair for pair in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), key


class WebSocket:
    def __init__(self, port, path, timeout=PATIENCE, receive_buffer=None, unix=None, **more):
        """unix: over the socket at this path instead of the port."""
        self.sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(unix or ("127.0.0.1", port))
        if not unix:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.have = b""
        self.pongs = []
        request, key = handshake(port, path, **more)
        self.sock.sendall(request)
        try:
            self.headers = self.read_answer(key)
        except BaseException:
            self.sock.close()
            raise
        self.subprotocol = self.headers.get("sec-websocket-protocol")

    def read_answer(self, key):
        while b"\r\n\r\n" not in self.have:
            self.fill()
        head, self.have = self.have.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        self.cookies = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("set-cookie:")]
        headers = dict((k.strip().lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines[1:]))
        if status != 101:
            body = self.have
            while len(body) < int(headers.get("content-length", "0")):
                more = self.sock.recv(65536)
                if not more:
                    break
                body += more
            raise Refused(status, headers, body)
        expected = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()
        assert headers.get("sec-websocket-accept") == expected, headers
        assert headers.get("upgrade", "").lower() == "websocket", headers
        return headers

    def fill(self):
        more = self.sock.recv(65536)
        if not more:
            raise Closed(1006)
        self.have += more

    def take(self, n):
        while len(self.have) < n:
            self.fill()
        taken, self.have = self.have[:n], self.have[n:]
        return taken

    # ---- sending ----

    def send(self, opcode, payload=b"", **more):
        self.sock.sendall(frame(opcode, payload, **more))

    def send_text(self, text):
        self.send(TEXT, text.encode())

    def send_bytes(self, data):
        self.send(BINARY, data)

    def send_json(self, value):
        self.send_text(json.dumps(value))

    def send_close(self, code=None, reason=""):
        self.send(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())

    # ---- receiving ----

    def read_frame(self):
        first, second = self.take(2)
        assert not second & 0x80, "a server's frame must not be masked"
        assert not first & 0x70, "no extension was agreed on"
        n = second & 0x7F
        if n == 126:
            n, = struct.unpack("!H", self.take(2))
            assert n > 125, "length not in its shortest form"
        elif n == 127:
            n, = struct.unpack("!Q", self.take(8))
            assert n > 0xFFFF, "length not in its shortest form"
        opcode, fin = first & 15, bool(first & 0x80)
        assert opcode < 8 or (n <= 125 and fin), "control frames are short and whole"
        return opcode, fin, self.take(n)

    def receive(self):
        """The next message: str or bytes. Pings are answered, pongs kept in self.pongs. Raises Closed."""
        kind, parts = None, []
        while True:
            opcode, fin, payload = self.read_frame()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == PONG:
                self.pongs.append(payload)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())
            else:
                assert opcode in ((TEXT, BINARY) if kind is None else (0,)), "opcode %d" % opcode
                kind = kind or opcode
                parts.append(payload)
                if fin:
                    whole = b"".join(parts)
                    return whole.decode() if kind == TEXT else whole

    def receive_json(self):
        return json.loads(self.receive())

    def ping(self, data=b"are you there"):
        """A round trip. Messages that come before the pong are returned."""
        self.send(PING, data)
        seen = []
        while data not in self.pongs:
            opcode, fin, payload = self.read_frame()
            if opcode == PONG:
                self.pongs.append(payload)
            elif opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                raise Closed(struct.unpack("!H", payload[:2])[0] if payload else 1005, payload[2:].decode())
            else:
                assert fin
                seen.append(payload.decode() if opcode == TEXT else payload)
        self.pongs.remove(data)
        return seen

    def wait_close(self):
        """Read to the end; the Closed that ended it."""
        while True:
            try:
                self.receive()
            except Closed as end:
                return end

    # ---- leaving ----

    def close(self, code=1000):
        """In order: close frame, the server's own, the end of TCP. Returns the code it answered."""
        try:
            self.send_close(code)
            end = self.wait_close()
            if end.code != 1006:
                while self.sock.recv(65536):
                    pass
            return end.code
        finally:
            self.sock.close()

    def reset(self):
        """Vanish: TCP reset, nothing said."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
