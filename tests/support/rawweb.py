"""A server that says exactly what a test writes, byte by byte, for what a real one would not say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Route = Callable[[socket.socket, str], None]


def answer(
    body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "text/html"
) -> Route:
    """Says one whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
    return lambda connection, _: connection.sendall(data)


@dataclass
class RawWeb:
    """``routes`` by path, 404 for others; ``requests`` are the heads as they came.

    The connection closes after each answer. A route that never ends ends with ``over``.
    """

    address: tuple[str, int]
    routes: dict[str, Route] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                chunk = connection.recv(65_536)
                if not chunk:
                    return
                data += chunk
            head = data.decode("latin-1")
            path = head.split(" ", 2)[1]
            self.requests.append((path, head))
            route = self.routes.get(path, answer(b"nothing here", status="404 Not Found"))
            route(connection, head)

    def drip(self, start: bytes, piece: bytes, every_s: float) -> Route:
        """Says ``piece`` again and again until the client or the test has enough."""

        def route(connection: socket.socket, _: str) -> None:
            connection.sendall(start)
            while not self.over.wait(every_s):
                connection.sendall(piece)

        return route


@contextmanager
def serving() -> Iterator[RawWeb]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = RawWeb(listener.getsockname())

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=web.serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield web
        web.over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
