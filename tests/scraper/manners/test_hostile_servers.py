"""S3, S4 and S16: servers that send too much, too slowly, without end, or under another's name."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from probing import ask
from rawweb import RawWeb, answer, serving

from newsroom.errors import Refused
from newsroom.settings import Settings
from scraper import settings as scrapy_settings
from scraper.manners.compression import BoundedCompression
from scraper.outlets.registry import Outlet

MakeOutlet = Callable[..., Outlet]
LIMIT = 1_000_000
ZEROS = bytes(5 * LIMIT)


def _wide_zstd() -> bytes:
    """A frame of few bytes that asks for a window of 128 MB before it gives the first."""
    level = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=level)
    return packer.compress(b"<html>small</html>") + packer.flush()


BOMBS = {
    "gzip": (gzip.compress(ZEROS), "gzip"),
    "x-gzip": (gzip.compress(ZEROS), "x-gzip"),
    "deflate": (zlib.compress(ZEROS), "deflate"),
    "raw deflate": (zlib.compress(ZEROS)[2:-4], "deflate"),
    "br": (brotli.compress(ZEROS, quality=5), "br"),
    "zstd": (zstd.compress(ZEROS), "zstd"),
    "gzip twice": (gzip.compress(gzip.compress(ZEROS)), "gzip, gzip"),
    "zstd in br": (brotli.compress(zstd.compress(ZEROS)), "zstd, br"),
}


@pytest.mark.parametrize(("body", "coding"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_cut_at_the_limit(body: bytes, coding: str) -> None:
    assert len(body) < LIMIT / 10
    with pytest.raises(Refused) as caught:
        for one in reversed(coding.split(", ")):
            try:
                body = BoundedCompression._decode(body, one.encode(), LIMIT)
            except Exception as error:
                if type(error).__name__ != "_DecompressionMaxSizeExceeded":
                    raise
                raise Refused("too-large", "as the middleware says it") from error
    assert caught.value.code == "too-large"


def test_zstd_that_is_honest_or_not() -> None:
    two = zstd.compress(b"one ") + zstd.compress(b"two")
    assert BoundedCompression._decode(two, b"zstd", LIMIT) == b"one two"
    with pytest.raises(zstd.ZstdError):
        BoundedCompression._decode(_wide_zstd(), b"zstd", LIMIT)


def _routes(web: RawWeb) -> dict[str, str]:
    """Every hostile answer under its path, with what it must come to."""
    codes = {}
    for number, (body, coding) in enumerate(BOMBS.values()):
        path = f"/bomb-{number}"
        web.routes[path] = answer(body, f"Content-Encoding: {coding}")
        codes[path] = "too-large"
    wrapped = gzip.compress(gzip.compress(gzip.compress(b"x")))
    web.routes["/wrapped"] = answer(
        wrapped, "Content-Encoding: gzip, gzip", "Content-Encoding: gzip"
    )
    web.routes["/liar"] = answer(b"not gzip at all", "Content-Encoding: zstd")
    web.routes["/wide"] = answer(_wide_zstd(), "Content-Encoding: zstd")
    web.routes["/long-header"] = answer(b"x", "X: " + "x" * 1_000_000)
    web.routes["/many-headers"] = answer(b"x", *(f"X-{n}: {n}" for n in range(100_000)))
    codes |= {"/wrapped": "decode", "/liar": "decode", "/wide": "decode"}
    codes |= {"/long-header": "DownloadFailedError", "/many-headers": "DownloadFailedError"}
    return codes


def test_too_much(make_outlet: MakeOutlet, settings: Settings) -> None:
    """Each is refused under its name, and an honest page after each is still read."""
    small = settings.crawl.model_copy(update={"body_max_bytes": LIMIT})
    with serving() as web:
        web.routes["/good"] = answer(zstd.compress(b"<html>" * 1000), "Content-Encoding: zstd")
        codes = _routes(web)
        web.routes["/endless"] = web.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, 0.001)
        web.routes["/chunks"] = web.drip(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + b"x" * 65_535 + b"\r\n", 0.001
        )  # fmt: skip
        web.routes["/promise"] = lambda connection, _: connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"
        )
        web.routes["/endless-head"] = web.drip(
            b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n" * 10_000, 0.001
        )
        web.routes["/hints"] = web.drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5_000, 0.001)
        expected: dict[str, Any] = codes | {
            "/endless": "DownloadCancelledError",
            "/chunks": "DownloadCancelledError",
            "/promise": "DownloadCancelledError",
            "/endless-head": "DownloadFailedError",
            "/hints": "DownloadFailedError",
        }
        paths = [path for bad in expected for path in (bad, f"/good?{bad}")]
        for path in paths:
            if path.startswith("/good"):
                web.routes[path] = web.routes["/good"]
        urls = [f"http://quay.test{path}" for path in paths]
        answers = ask(
            settings.model_copy(update={"crawl": small}), [make_outlet()], urls,
            demo_address=web.address, shared=False, values={"RETRY_ENABLED": False},
        )  # fmt: skip
    got = {u.removeprefix("http://quay.test"): a.get("bytes") or a["error"] for u, a in answers.items()}  # fmt: skip
    assert got == expected | {p: 6000 for p in paths if p.startswith("/good")}


def test_too_slow(make_outlet: MakeOutlet, settings: Settings) -> None:
    """Two answers in a row that take too long end the run for their host, whatever waits behind."""
    timeout_s = 0.5
    quick = settings.crawl.model_copy(update={"timeout_s": timeout_s})
    last_good: list[float] = []

    def good(connection: socket.socket, head: str) -> None:
        last_good.append(time.monotonic())
        answer(b"fine")(connection, head)

    with serving() as web:
        drip = web.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", 0.1)
        web.routes |= {f"/drip-{n}": drip for n in range(20)}
        web.routes["/head"] = web.drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.1)
        web.routes["/silent"] = lambda *_: web.over.wait(30) and None
        web.routes |= {"/loop": answer(b"", "Location: /loop?again", status="302 Found"), "/good-1": good, "/good-2": good}  # fmt: skip
        web.routes["/loop?again"] = answer(b"", "Location: /loop", status="302 Found")
        paths = [
            "/loop",
            "/good-1",
            "/head",
            "/good-2",
            "/silent",
            *(f"/drip-{n}" for n in range(20)),
        ]
        answers = ask(
            settings.model_copy(update={"crawl": quick}), [make_outlet()],
            [f"http://quay.test{path}" for path in paths], demo_address=web.address, shared=False,
        )  # fmt: skip
        took_s = time.monotonic() - last_good[-1]
    got = {u.removeprefix("http://quay.test"): a.get("status") or a["error"] for u, a in answers.items()}  # fmt: skip
    assert got["/good-1"] == got["/good-2"] == 200  # one slow answer alone ends nothing
    assert [got[path] for path in paths[4:6]] == ["DownloadTimeoutError"] * 2
    assert {got[path] for path in paths[6:]} == {"host-stopped"}
    assert got["/loop"] == "IgnoreRequest" or "edirect" in str(got["/loop"])
    assert took_s < 20 * timeout_s  # two of the twenty were waited for


AT = datetime.now(UTC)
Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _certificate(name: str, *, by: Pair | None, days: int = 1, ca: bool = False) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (by[0].subject, by[1]) if by else (subject, key)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=10))
        .not_valid_after(AT + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return certificate, key


HANDSHAKE = """
import json, sys
from twisted.internet import asyncioreactor
asyncioreactor.install()
from scrapy.utils.test import get_crawler
from scrapy.core.downloader.contextfactory import _load_context_factory_from_settings
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory, Protocol
values, ports = json.load(sys.stdin)
factory = _load_context_factory_from_settings(get_crawler(settings_dict=values))
results = {}
class Client(Protocol):
    name = ""
    def connectionMade(self):
        self.transport.write(b"hello")
    def dataReceived(self, data):
        finish(self.name, data.decode())
    def connectionLost(self, reason):
        finish(self.name, reason.value.__class__.__name__)
def finish(name, result):
    results.setdefault(name, result)
    if len(results) == len(ports):
        reactor.stop()
for name, port in ports.items():
    made = type("Made", (Client,), {"name": name})
    end = wrapClientTLS(factory.creatorForNetloc(b"quay.test", 443), TCP4ClientEndpoint(reactor, "127.0.0.1", port))
    end.connect(Factory.forProtocol(made)).addErrback(lambda f, name=name: finish(name, f.type.__name__))
reactor.callLater(20, reactor.stop)
reactor.run()
json.dump(results, sys.stdout)
"""


def test_certificates(settings: Settings, tmp_path: Path) -> None:
    """Real handshakes with the context that the crawler uses; one authority is trusted."""
    ours = _certificate("Our Authority", by=None, ca=True)
    others = _certificate("Another Authority", by=None, ca=True)
    pairs = {
        "good": _certificate("quay.test", by=ours),
        "self-signed": _certificate("quay.test", by=None),
        "expired": _certificate("quay.test", by=ours, days=-1),
        "wrong host": _certificate("other.test", by=ours),
        "unknown authority": _certificate("quay.test", by=others),
    }
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(ours[0].public_bytes(serialization.Encoding.PEM))
    ports: dict[str, int] = {}
    listeners = []

    def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
        try:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(5)
                secure.sendall(b"welcome")
        except OSError:
            return

    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in pairs}
    contexts["TLS 1.1"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        contexts["TLS 1.1"].maximum_version = ssl.TLSVersion.TLSv1_1
    for name, context in contexts.items():
        certificate, key = pairs.get(name, pairs["good"])
        file = tmp_path / f"{name}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context.load_cert_chain(file)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        ports[name] = listener.getsockname()[1]
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    values = scrapy_settings.build(settings, [], {})
    done = subprocess.run(
        [sys.executable, "-c", HANDSHAKE], input=json.dumps([values, ports]), text=True,
        capture_output=True, check=True, timeout=60,
        env={"SSL_CERT_FILE": str(trusted), "SSL_CERT_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    for listener in listeners:
        listener.close()
    results = json.loads(done.stdout)
    assert results.pop("good") == "welcome"
    assert len(results) == 5
    assert "welcome" not in results.values()
