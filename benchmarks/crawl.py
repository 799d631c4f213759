"""Pages stored a second, from the feed to the database, beside two other crawlers.

Run: ``python -m benchmarks.crawl [--news-please PYTHON] [--pages N]``. PYTHON is the interpreter of
a virtual environment with news-please 1.6.16 (``pip install news-please==1.6.16``); without it that
column says so. One made-up site for all: 7 hosts, one feed each, every article 40 kB of HTML with a
text of its own, served by another process on loopback, no pauses. Politeness is off in this run
alone, by the exception for reserved names that only the demo has; the others are simply not slowed.

- newsroom: as ``newsroom crawl``: feed, fetch, WARC with a sync a page, extraction in a limited
  child, PostgreSQL with a commit a page.
- news-please, library mode: ``NewsPlease.from_urls`` with the addresses given; nothing is stored.
- fundus-style: a thread a host, requests, lxml selectors written for exactly this site, a line of
  JSON a page. No guard, no robots, no archive, no language, no near copies: a floor, not a product.

Then the stages of ours apart, and ``newsroom extract`` with one and two processes.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import requests
from lxml import etree, html
from pydantic import SecretStr

from newsroom import log, migrate, stack
from newsroom.db import Database
from newsroom.records import Publisher, Via
from newsroom.settings import Settings
from newsroom.store import publishers
from scraper import intake, offline
from scraper.archives import replay, warc
from scraper.archives.archive import Archive
from scraper.crawl import crawl
from scraper.extraction.extract import EXTRACTOR, extract
from scraper.outlets.registry import Outlet, Registry

RESULTS = Path(__file__).parent / "results" / "crawl"
HOSTS = 7
PACKAGES = ("scrapy", "trafilatura", "lxml", "warcio", "psycopg", "requests")
NOUNS = """
council mayor harbour school budget report water bridge market farmer teacher doctor court judge
police station railway storm river winter summer company worker union minister voter election party
leader speech plan project cost money price tax bank loan house street garden village island coast
ship captain engine factory energy power light museum library student
"""
VERBS = """
said asked told wanted decided built closed opened refused promised explained found lost paid
showed wrote counted moved carried watched
"""
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def article(number: int) -> str:
    """English in grammar, if not in sense; no two pages share a sentence."""
    chance = random.Random(number)
    nouns, verbs = NOUNS.split(), VERBS.split()
    names = chance.sample(nouns, 40)
    lines = [
        f"The {n[0]} of the {n[1]} {v[0]} that a {n[2]} in the {n[3]} would be with the {n[4]} "
        f"after it {v[1]} the {n[5]}"
        for n, v in ((chance.choices(nouns, k=6), chance.choices(verbs, k=2)) for _ in range(36))
    ]
    paragraphs = "".join(f"<p>{'. '.join(lines[i : i + 3])}.</p>" for i in range(0, 36, 3))
    title = f"{names[0].capitalize()} {names[1]} decides about {names[2]} number {number}"
    at = (START + timedelta(minutes=number)).isoformat()
    about = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": title,
            "datePublished": at,
            "author": [{"@type": "Person", "name": "Ada Reporter"}],
        }
    )
    menu = "".join(
        f'<li class="nav-{i}"><a href="/section/{i}">Section {i}</a></li>' for i in range(90)
    )
    aside = "".join(
        f'<div class="card"><a href="/teaser-{i}"><img src="/i/{i}.jpg" alt="">'
        f"<h3>Read also {i}</h3></a></div>"
        for i in range(60)
    )
    script = f"<script>window.__STATE__={json.dumps(names * 40)}</script>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="article:published_time" content="{at}">'
        f'<script type="application/ld+json">{about}</script>{script}</head><body>'
        f"<nav><ul>{menu}</ul></nav><main><article><h1>{title}</h1>"
        f'<div class="byline">By <span class="author">Ada Reporter</span></div>'
        f'<div class="body">{paragraphs}</div></article></main><aside>{aside}</aside></body></html>'
    )


def serve(pages: int, port: Any) -> None:
    bodies = {f"/2026/11/story-number-{n}-of-the-day": article(n).encode() for n in range(pages)}
    paths = list(bodies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers["Host"]
            body, kind, status = bodies.get(self.path), "text/html; charset=utf-8", 200
            if self.path.startswith("/feed-"):
                mine = paths[int(self.path.removeprefix("/feed-")) :: HOSTS]
                links = "".join(f"<item><link>http://{host}{path}</link></item>" for path in mine)
                body = f'<rss version="2.0"><channel>{links}</channel></rss>'.encode()
                kind = "application/rss+xml"
            elif body is None:
                body, status = b"nothing here", 404
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    port.send(server.server_address[1])
    server.serve_forever()


def outlets() -> list[Outlet]:
    def one(n: int) -> Outlet:
        domain = f"paper{n}.test"
        publisher = Publisher(
            publisher_id=f"paper{n}", name=f"Paper {n}", domain=domain, country="US", language="en",
            timezone="UTC", demo=True,
        )  # fmt: skip
        feed = f"http://{domain}/feed-{n}"
        return Outlet(
            publisher=publisher, front_page=f"http://{domain}/", feeds=(feed,), delay_s=0.0
        )

    return [one(n) for n in range(HOSTS)]


def newsroom(settings: Settings, port: int) -> dict[str, Any]:
    """Timed from the first page on: the others' imports are not counted either."""
    at: list[float] = []
    report = crawl(
        settings,
        outlets(),
        demo_address=("127.0.0.1", port),
        doors=(Via.FEED,),
        progress=lambda _: at.append(time.monotonic()),
    )
    stored = report.tally.stored.total()
    return {
        "stored": stored,
        "wall_s": round(at[-1] - at[0], 2),
        "with_start_s": round(report.seconds, 2),
    }


# Each host is a loopback address of its own, so that no crawler takes them for one.
def base(host: int, port: int) -> str:
    return f"http://127.0.0.{host + 2}:{port}"


NEWS_PLEASE = """
import json, sys, time, logging
logging.disable(logging.CRITICAL)
from newsplease import NewsPlease
urls = json.load(sys.stdin)
NewsPlease.from_html("<html><body><p>warm</p></body></html>", url="http://127.0.0.1/x")
started = time.monotonic()
found = NewsPlease.from_urls(urls, request_args={"timeout": 30}, fetch_images=False)
good = sum(1 for a in found.values() if a is not None and getattr(a, "maintext", None))
print(json.dumps({"stored": good, "wall_s": round(time.monotonic() - started, 2)}))
"""


def news_please(python: str | None, pages: int, port: int) -> dict[str, Any]:
    if python is None:
        return {"not_measured": "give the interpreter of its environment with --news-please"}
    urls = [f"{base(n % HOSTS, port)}/2026/11/story-number-{n}-of-the-day" for n in range(pages)]
    done = subprocess.run(
        [python, "-c", NEWS_PLEASE],
        input=json.dumps(urls),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return {"not_measured": done.stderr.strip().splitlines()[-1][:300]}
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    freeze = [python, "-m", "pip", "list", "--format=json"]
    installed = json.loads(
        subprocess.run(freeze, capture_output=True, text=True, check=True).stdout
    )
    names = {"news-please", "newspaper4k", "lxml"}
    return said | {"versions": {p["name"]: p["version"] for p in installed if p["name"] in names}}


TITLE = etree.XPath("string(//article/h1)")
AUTHORS = etree.XPath("//article//span[@class='author']/text()")
BODY = etree.XPath("//article/div[@class='body']/p")
STATED = etree.XPath("string(//script[@type='application/ld+json'])")


def parsed(body: bytes, url: str) -> dict[str, Any]:
    tree = html.document_fromstring(body)
    stated = json.loads(STATED(tree))
    text = "\n".join(paragraph.text_content() for paragraph in BODY(tree))
    return {
        "url": url, "title": TITLE(tree), "authors": AUTHORS(tree), "text": text,
        "published": datetime.fromisoformat(stated["datePublished"]).isoformat(),
    }  # fmt: skip


def fundus_style(folder: Path, port: int) -> dict[str, Any]:
    lock = threading.Lock()
    stored = 0
    started = time.monotonic()
    with (folder / "fundus.jsonl").open("wb") as out, ThreadPoolExecutor(HOSTS) as pool:

        def host(n: int) -> None:
            nonlocal stored
            session = requests.Session()
            feed = etree.fromstring(session.get(f"{base(n, port)}/feed-{n}", timeout=30).content)
            for link in feed.findall(".//link"):
                record = parsed(session.get(link.text, timeout=30).content, link.text)
                with lock:
                    out.write(orjson.dumps(record) + b"\n")
                    stored += 1

        list(pool.map(host, range(HOSTS)))
    return {"stored": stored, "wall_s": round(time.monotonic() - started, 2)}


def stages(db: Database, folder: Path, pages: int) -> dict[str, float]:
    """Pages a second of each part of ours alone, in one process."""
    made = [
        (f"http://paper{n % HOSTS}.test/2026/11/story-{n}", article(n).encode())
        for n in range(pages)
    ]
    now = datetime.now(UTC)
    known = Registry(tuple(outlets()))
    rates: dict[str, float] = {}

    def rate(name: str, work: Callable[[], object]) -> None:
        started = time.monotonic()
        work()
        rates[name] = round(pages / (time.monotonic() - started), 1)

    with Archive(folder / "stages") as archive:
        rate("archive, a sync a page", lambda: [
            archive.write(url=u, asked_url=u, fetched_at=now, status=200,
                          headers=[("Content-Type", "text/html")], body=b) for u, b in made
        ])  # fmt: skip
    [path] = (folder / "stages").iterdir()
    found = [r for r in warc.responses(warc.LocalFile(path)) if isinstance(r, warc.Response)]
    rate("reading the archive", lambda: sum(1 for _ in warc.responses(warc.LocalFile(path))))
    read = [extract(r.body, r.url, now=now) for r in found[:3]]  # loads what is loaded lazily
    rate("extraction", lambda: read.extend(extract(r.body, r.url, now=now) for r in found))
    items = [replay.incoming(r, x, known) for r, x in zip(found, read[3:], strict=True)]
    items = [
        replace(item, publisher=outlets()[i % HOSTS].publisher) for i, item in enumerate(items)
    ]
    with db.transaction() as conn:
        publishers.upsert(conn, [outlet.publisher for outlet in outlets()])
    rate("store, a commit a page", lambda: [intake.take_all(db, [item]) for item in items])
    return rates


def batch(pages: list[tuple[str, bytes]]) -> dict[str, float]:
    """``newsroom extract``: pages a second on the wall clock, children started before."""
    lines = b"".join(
        orjson.dumps({"id": i, "url": url, "html": body.decode("utf-8", "replace")}) + b"\n"
        for i, (url, body) in enumerate(pages)
    )
    rates = {}
    for processes in (1, 2):
        empty = io.BytesIO(lines.split(b"\n", 1)[0] + b"\n")
        started = time.monotonic()
        offline.extract_lines(empty, io.BytesIO(), processes=processes, now=datetime.now(UTC))
        start_s = time.monotonic() - started
        started = time.monotonic()
        offline.extract_lines(
            io.BytesIO(lines), io.BytesIO(), processes=processes, now=datetime.now(UTC)
        )
        rates[f"{processes} processes"] = round(
            len(pages) / (time.monotonic() - started - start_s), 1
        )
    return rates


def real_pages() -> list[tuple[str, bytes]]:
    """The real pages of the data folder three times over; none without it."""
    folder = os.environ.get("NEWSROOM_DATA_DIR")
    path = Path(folder or ".") / "real_pages.warc.gz"
    if not path.is_file():
        return []
    found = warc.responses(warc.LocalFile(path))
    return [(r.url, r.body) for r in found if isinstance(r, warc.Response)] * 3


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--news-please", metavar="PYTHON")
    arguments.add_argument("--pages", type=int, default=420)
    arguments.add_argument("--output", type=Path, default=RESULTS)
    wishes = arguments.parse_args()
    log.configure(Settings(log_level="ERROR"))
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(wishes.pages, theirs), daemon=True)
    server.start()
    port = ours.recv()
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        settings = Settings(database_url=SecretStr(services.database_url), home=home)
        runs: dict[str, dict[str, Any]] = {
            "fundus_style": fundus_style(home, port),
            "news_please": news_please(wishes.news_please, wishes.pages, port),
            "newsroom": newsroom(settings, port),
        }
        for name, run in runs.items():
            if "wall_s" in run:
                run["pages_per_s"] = round(run["stored"] / run["wall_s"], 1)
            print(name, run, file=sys.stderr)
        with Database(services.database_url) as db:
            apart = stages(db, home, min(wishes.pages, 200))
    server.terminate()
    made = [(f"http://paper0.test/2026/11/story-{n}", article(n).encode()) for n in range(200)]
    real = real_pages()
    result = {
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
        "pages": wishes.pages,
        "page_bytes": len(article(1).encode()),
        "versions": {p: version(p) for p in PACKAGES},
        "extractor": EXTRACTOR,
        "runs": runs,
        "stages_pages_per_s": apart,
        "batch_extraction_pages_per_s": {
            "made-up pages": batch(made),
            "real pages": batch(real) if real else "no data folder",
        },
    }  # fmt: skip
    shutil.rmtree(home)
    wishes.output.mkdir(parents=True, exist_ok=True)
    (wishes.output / "throughput.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    sys.exit(main())
