from __future__ import annotations

import gzip
import io
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsroom.db import Database
from newsroom.errors import BadRequest, Later, Misconfigured, Refused
from newsroom.settings import Crawl, Settings
from newsroom.store import backfill as store
from scraper.archives import archive, verifying
from scraper.archives.archive import Archive
from scraper.archives.warc import LocalFile, Source
from scraper.backfill import ccnews, sources
from scraper.backfill.ccnews import FileReport, backfill
from scraper.backfill.lease import Lease
from scraper.backfill.remote import RemoteFile, Web
from scraper.extraction.extractors import Extractors
from scraper.outlets import registry

Story = Callable[..., str]
WORDS = [
    "the",
    "council",
    "harbour",
    "lighthouse",
    "said",
    "that",
    "repairs",
    "would",
    "cost",
    "more",
    "than",
    "town",
    "spends",
    "each",
    "year",
    "while",
    "residents",
    "and",
    "fishermen",
    "argued",
    "about",
    "whether",
    "old",
    "tower",
    "should",
    "stay",
    "because",
    "ships",
    "still",
    "look",
    "for",
    "its",
    "light",
    "when",
    "storms",
    "come",
    "from",
    "north",
    "with",
    "little",
    "warning",
    "according",
    "to",
    "keeper",
    "who",
    "has",
    "lived",
    "beside",
    "it",
    "since",
    "before",
    "war",
]
GERMAN = "".join(
    f"<p>Der Rat der Stadt hat am Dienstag zum {n}. Mal lange beraten, was aus dem alten Turm werden soll.</p>"
    for n in range(20)
)


def page(story: Story, n: int) -> str:
    """A story whose text no other shares."""
    chance = random.Random(n)
    lines = (" ".join(chance.choices(WORDS, k=18)).capitalize() + "." for _ in range(12))
    head, _, tail = story(f"Lighthouse story number {n}").partition("</h1>")
    return head + "</h1>" + "".join(f"<p>{line}</p>" for line in lines) + "</article>" + tail[-14:]


@pytest.fixture
def news(tmp_path: Path, story: Story) -> Path:
    """What a crawler of everything brings home: known and unknown outlets, junk between them."""
    pages = [
        (f"https://www.cnn.com/2026/11/0{n}/story-{n}", 200, "text/html", page(story, n))
        for n in range(1, 6)
    ]
    pages[2:2] = [
        ("https://unknown.example.com/a-story", 200, "text/html", page(story, 90)),
        ("https://www.cnn.com/gone", 404, "text/html", "<html>gone</html>"),
        ("https://www.cnn.com/moved", 301, "text/html", ""),
        ("https://www.cnn.com/picture", 200, "image/png", "\x89PNG"),
        ("https://www.cnn.com/rat", 200, "text/html", story("Der Rat").split("<p>")[0] + GERMAN),
        ("https://www.cnn.com/nothing", 200, "text/html", "<html><h1>Page not found</h1></html>"),
    ]  # fmt: skip
    path = tmp_path / "CC-NEWS-20261101000000-00001.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, status, kind, body in pages:
            http = StatusAndHeaders(f"{status} X", [("Content-Type", kind)], protocol="HTTP/1.1")
            data = io.BytesIO(body.encode("utf-8"))
            writer.write_record(writer.create_warc_record(url, "response", data, http_headers=http))
    return path


_SHARED: list[Extractors] = []


@pytest.fixture(autouse=True)
def _share(extractors: Extractors) -> None:
    _SHARED[:] = [extractors]


def run(db: Database, folder: Path, *files: Source, **wishes: object) -> list[FileReport]:
    with Archive(folder) as pages:
        return list(backfill(db, files, registry.load(), pages, _SHARED[0], **wishes))  # type: ignore[arg-type]


def test_known_outlets_come_in_once_and_lie_in_our_archive(
    db: Database, settings: Settings, news: Path, snapshot: Callable[[], object]
) -> None:
    folder = settings.archive_dir
    rings: list[int] = []
    told: list[tuple[str, int, int | None, int]] = []
    [report] = run(db, folder, LocalFile(news), ring=rings.append, tell=lambda *a: told.append(a))
    assert report.state == "done"
    assert report.records == 11
    assert report.counts == {
        "new": 5, "soft-404": 1, "not-wanted": 1, "http-status": 1, "redirect": 1, "not-html": 1, "language": 1,
    }  # fmt: skip
    assert rings == [5]
    assert told[-1] == (news.name, news.stat().st_size, news.stat().st_size, 5)
    before = snapshot()
    assert {row["via"] for row in before["pages"]} == {"backfill"}  # type: ignore[index]
    checked = verifying.verify(db, verifying.files_of(folder), whole=True)
    assert (checked.pages, checked.spare, checked.wrong) == (6, 0, 0)

    [again] = run(db, folder, LocalFile(news))
    assert again.state == "done-before"
    assert snapshot() == before


def test_every_outlet_on_request(db: Database, tmp_path: Path, news: Path) -> None:
    [report] = run(db, tmp_path / "w", LocalFile(news), everything=True)
    assert report.counts["new"] == 6
    assert report.counts["not-wanted"] == 0


def test_a_run_that_was_cut_goes_on_where_it_was(
    db: Database, tmp_path: Path, news: Path, monkeypatch: pytest.MonkeyPatch, snapshot: Callable[[], object]
) -> None:  # fmt: skip
    """Cut after each commit in turn: in the end every record was counted exactly once."""
    monkeypatch.setattr(ccnews, "STEP_PAGES", 1)
    monkeypatch.setattr(ccnews, "STRETCH", 2)

    class Cut(Exception):
        pass

    def cut(_name: str, done: int, total: int, _pages: int) -> None:
        if done < total:
            raise Cut

    seen: list[int] = []
    for _ in range(30):
        try:
            run(db, tmp_path / "w", LocalFile(news), tell=cut)
        except Cut:
            with db.transaction() as conn:
                [row] = store.every(conn)
            seen.append(row.offset_bytes)
        else:
            break
    with db.transaction() as conn:
        [row] = store.every(conn)
    assert row.state == "done"
    assert seen == sorted(set(seen))
    assert len(seen) >= 5
    assert row.records == 11
    assert row.counts["new"] == 5
    assert sum(row.counts.values()) == 11
    assert len(snapshot()["articles"]) == 5  # type: ignore[index]


def test_one_file_has_one_reader(
    db: Database, tmp_path: Path, news: Path, database_url: str
) -> None:
    """Two hosts share a list: what one reads the other leaves, until the lease has run out."""
    scope = ccnews.scope(registry.load(), everything=False)
    size = str(news.stat().st_size)
    with Lease(db, kind="ccnews", source=news.name, scope=scope, mark=size) as lease:
        [report] = run(db, tmp_path / "w", LocalFile(news))
        assert report.state == "busy"
        with psycopg.connect(database_url) as conn:  # the first host loses its power
            conn.execute(
                "UPDATE backfills SET lease_until = now() - interval '1 s', holder = 'other:1'"
            )
        [report] = run(db, tmp_path / "w", LocalFile(news))
        assert report.state == "done"
        with pytest.raises(Later, match="taken over"), db.transaction() as mine:
            lease.advance(mine, offset_bytes=7, records=1, counts={})
    with db.transaction() as conn:
        [row] = store.every(conn)
    assert (row.state, row.records) == ("done", 11)


def test_no_room_stops_everything_and_loses_nothing(
    db: Database, tmp_path: Path, news: Path, snapshot: Callable[[], object]
) -> None:
    with (
        pytest.raises(Misconfigured, match="free in") as caught,
        Archive(tmp_path / "w") as pages,
    ):
        pages._free_min_bytes = 1 << 60
        list(backfill(db, [LocalFile(news)], registry.load(), pages, _SHARED[0]))
    assert caught.value.code == "archive-full"
    assert snapshot()["pages"] == []  # type: ignore[index]
    [report] = run(db, tmp_path / "w", LocalFile(news))
    assert (report.state, report.counts["new"]) == ("done", 5)


def test_damage_is_named_and_the_rest_comes_in(db: Database, tmp_path: Path, news: Path) -> None:
    whole = bytearray(news.read_bytes())
    place = len(whole) // 5
    whole[place : place + 30] = bytes(30)
    news.write_bytes(whole)
    [report] = run(db, tmp_path / "w", LocalFile(news))
    assert report.state == "done"
    assert report.counts["damaged"] == 1
    assert report.counts["new"] == 4
    assert news.name in report.damaged[0]


@pytest.fixture
def server(news: Path) -> Iterator[tuple[tuple[str, int], Counter[str], dict[str, object]]]:
    """A file server that knows ranges, and breaks off when told to."""
    asked: Counter[str] = Counter()
    temper: dict[str, object] = {"break_after": None, "robots": b"", "status": 200, "busy": 0}
    files = {"/crawl-data/a.warc.gz": news.read_bytes()}
    files["/list/warc.paths.gz"] = gzip.compress(b"http://cc.test/crawl-data/a.warc.gz\n")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            if self.path == "/robots.txt":
                self._answer(200, temper["robots"])  # type: ignore[arg-type]
                return
            if int(str(temper["busy"])) > 0:
                temper["busy"] = int(str(temper["busy"])) - 1
                self._answer(503, b"")
                return
            body = files.get(self.path)
            if body is None or temper["status"] != 200:
                self._answer(404, b"")
                return
            named = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(named[1]) if named else 0
            if start >= len(body):
                self._answer(416, b"no such range")
            else:
                self._answer(206 if named else 200, body[start:])

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = temper["break_after"]
            self.wfile.write(body if cut is None or status >= 400 else body[: int(str(cut))])
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield ("127.0.0.1", httpd.server_address[1]), asked, temper
        httpd.shutdown()
        thread.join()


def web(db: Database, address: tuple[str, int]) -> Web:
    return Web(db=db, crawl=Crawl(), demo_hosts={"cc.test": address})


def test_from_the_web_through_broken_connections(db: Database, tmp_path: Path, server) -> None:
    """The stream goes on where it broke off; a list on the web names the file."""
    address, asked, temper = server
    [file] = sources.resolve(["http://cc.test/list/warc.paths.gz"], web(db, address))
    assert file.name == "crawl-data/a.warc.gz"
    temper["break_after"] = 1_500
    [report] = run(db, tmp_path / "w", file)
    assert (report.state, report.counts["new"]) == ("done", 5)
    assert asked["/crawl-data/a.warc.gz"] > 2
    assert asked["/robots.txt"] == 1
    assert file.size == (tmp_path / "CC-NEWS-20261101000000-00001.warc.gz").stat().st_size


def test_a_busy_host_is_asked_again(db: Database, tmp_path: Path, server) -> None:
    address, asked, temper = server
    temper["busy"] = 2
    [report] = run(
        db, tmp_path / "w", RemoteFile("http://cc.test/crawl-data/a.warc.gz", web(db, address))
    )
    assert report.counts["new"] == 5
    assert asked["/crawl-data/a.warc.gz"] == 3


@pytest.mark.parametrize(
    ("temper_says", "code"),
    [
        ({"robots": b"User-agent: *\nDisallow: /crawl-data/"}, "robots"),
        ({"status": 404}, "http-status"),
    ],
)
def test_what_may_not_be_had_is_failed_under_its_name(
    db: Database, tmp_path: Path, server, temper_says: dict[str, object], code: str
) -> None:
    address, asked, temper = server
    temper.update(temper_says)
    [report] = run(
        db, tmp_path / "w", RemoteFile("http://cc.test/crawl-data/a.warc.gz", web(db, address))
    )
    assert report.state == "failed"
    assert code in str(report.message)
    assert asked["/crawl-data/a.warc.gz"] == (0 if code == "robots" else 1)
    with db.transaction() as conn:
        [row] = store.every(conn)
    assert (row.state, row.error_code) == ("failed", code)


INSIDE = [
    "http://127.0.0.1/a.warc.gz", "http://[::1]/a.warc.gz", "http://localhost/a.warc.gz", "http://2130706433/a.warc.gz",
    "http://user@cc.test/a.warc.gz", "http://cc.test:8080/a.warc.gz", "https://cc.test/a.warc.gz",
]  # fmt: skip


def test_no_inside_address_is_asked(db: Database, server) -> None:
    """Only the exact demo name over plain HTTP leads to the test's server."""
    address, asked, _ = server
    for url in INSIDE:
        with pytest.raises((Refused, Later)):
            RemoteFile(url, web(db, address)).open(0).read(10)
    assert not asked


def test_a_redirect_to_the_inside_is_refused(db: Database) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if self.path == "/robots.txt" else 302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        with pytest.raises(Refused, match="port") as caught:
            web(db, ("127.0.0.1", httpd.server_address[1])).get("http://cc.test/a.warc.gz")
        httpd.shutdown()
        thread.join()
    assert caught.value.code == "bad-url"


def test_names_that_mean_nothing(db: Database, tmp_path: Path) -> None:
    nobody = Web(db=db, crawl=Crawl())
    with pytest.raises(BadRequest, match="no such file"):
        list(sources.resolve([str(tmp_path / "missing.warc.gz")], nobody))
    bad = tmp_path / "warc.paths"
    bad.write_text("not an archive\n")
    with pytest.raises(BadRequest, match="names no WARC file"):
        list(sources.resolve([str(bad)], nobody))
    torn = tmp_path / "warc.paths.gz"
    torn.write_bytes(gzip.compress(b"x.warc.gz\n" * 999)[:-12])
    with pytest.raises(BadRequest, match=r"warc\.paths\.gz"):
        list(sources.resolve([str(torn)], nobody))
    good = tmp_path / "good.paths"
    good.write_text("# a comment\ncrawl-data/CC-NEWS/2026/11/x.warc.gz\n\n")
    [file] = sources.resolve([str(good)], nobody)
    assert isinstance(file, RemoteFile)
    assert file.url == "https://data.commoncrawl.org/crawl-data/CC-NEWS/2026/11/x.warc.gz"


def test_another_registry_wants_the_file_again(db: Database, tmp_path: Path, news: Path) -> None:
    run(db, tmp_path / "w", LocalFile(news))
    fewer = registry.Registry(registry.load().outlets[1:])
    with archive.Archive(tmp_path / "w") as pages:
        [report] = backfill(db, [LocalFile(news)], fewer, pages, _SHARED[0])
    assert report.state == "done"
