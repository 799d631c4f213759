"""A small web of our own: real HTTP on loopback, any host name, every request counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsroom.records import Publisher
from scraper.extraction.extractors import Extractors
from scraper.outlets.registry import Outlet

Answer = tuple[int, Mapping[str, str], bytes]

SENTENCES = (
    "The harbour council met on Tuesday to decide what the town will do with its old lighthouse.",
    "Several residents said that the tower should stay, because ships still look for its light.",
    "The mayor answered that repairs would cost more than the town spends on roads in a year.",
    "An engineer explained how the foundation has moved since the storm of the winter before last.",
    "Children from the school brought drawings of the lighthouse and pinned them to the wall.",
    "A decision was put off until the autumn, when a second report on the costs is expected.",
    "Fishermen along the quay were divided, as they are about most things that cost money.",
    "The keeper's grandson offered to paint the railings himself if somebody gave him the paint.",
)


def _story(
    title: str = "Town argues about its old lighthouse", *, head: str = "", tail: str = ""
) -> str:
    """An article page in plain HTML; the body has 127 words."""
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    return (
        f"<html lang=en><head><title>{title}</title>{head}</head><body>"
        f"<article><h1>{title}</h1>{body}</article>{tail}</body></html>"
    )


@dataclass
class Web:
    """``pages`` by (host, path) or by path alone; ``hits`` counts what was asked."""

    address: tuple[str, int] = ("127.0.0.1", 0)
    pages: dict[tuple[str, str] | str, Answer] = field(default_factory=dict)
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(
        self,
        path: str,
        body: str | bytes = "",
        *,
        host: str = "",
        status: int = 200,
        **headers: str,
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "text/html; charset=utf-8")
        self.pages[(host, path) if host else path] = (status, named, data)

    def asked(self, host: str) -> list[str]:
        return [path for (name, path), n in self.hits.items() for _ in range(n) if name == host]


@pytest.fixture
def story() -> Callable[..., str]:
    """Makes an article page in plain HTML: ``story(title, head=…, tail=…)``."""
    return _story


@pytest.fixture
def sentences() -> tuple[str, ...]:
    """The sentences of that article."""
    return SENTENCES


@pytest.fixture
def web() -> Iterator[Web]:
    site = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers.get("Host", "").rsplit(":", 1)[0]
            site.hits[host, self.path] += 1
            answer = site.pages.get((host, self.path)) or site.pages.get(self.path)
            status, headers, body = answer or (404, {}, b"nothing here")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = ("127.0.0.1", server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def extractors() -> Iterator[Extractors]:
    """One extracting process for all tests that read pages: it takes seconds to start."""
    with Extractors(1) as running:
        yield running


@pytest.fixture
def make_outlet() -> Callable[..., Outlet]:
    def make(name: str = "quay", *, demo: bool = True, **values: object) -> Outlet:
        domain = f"{name}.test"
        publisher = Publisher(
            publisher_id=name,
            name=f"The {name.title()} Gazette",
            domain=domain,
            country="US",
            language="en",
            timezone="America/New_York",
            demo=demo,
        )
        defaults: dict[str, object] = {"front_page": f"http://{domain}/", "delay_s": 0.0}
        return Outlet(publisher=publisher, **(defaults | values))  # type: ignore[arg-type]

    return make


@pytest.fixture
def snapshot(database_url: str) -> Callable[[], dict[str, list[dict[str, object]]]]:
    """Reads every row of every table of the intake, to show that nothing changed."""
    import psycopg
    from psycopg.rows import dict_row

    tables = ("publishers", "pages", "articles", "refusals", "work")

    def read() -> dict[str, list[dict[str, object]]]:
        with psycopg.connect(database_url, row_factory=dict_row) as conn:
            return {t: conn.execute(f"SELECT * FROM {t} ORDER BY 1").fetchall() for t in tables}

    return read
