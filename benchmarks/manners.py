"""What hostile servers and shared politeness cost, at the limits that a crawl really has.

Run: ``python -m benchmarks.manners`` (about two minutes, no data needed).
1. Decompression bombs of 200 MB in each coding (S3): peak memory over the start and seconds, each
   in a fresh process. Target: +100 MB, 2 s, refused ``too-large``.
2. Hostile XML as feed and sitemap (S5): CPU seconds. Target: 1 s, refused.
3. A host that drips (S4): seconds from its last good page to the end of the run. Target: 60 s.
4. One turn of a host in PostgreSQL: milliseconds, and the closest two of eight threads' turns at
   five seconds. Target: never below five.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import brotli
from backports import zstd

from newsroom import migrate, stack
from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.records import Publisher, Via
from newsroom.settings import Settings
from newsroom.store import hosts
from scraper.listings.discover import links
from scraper.manners.polite import SLACK
from scraper.outlets.registry import Outlet

RESULTS = Path(__file__).parent / "results" / "manners"
BOMB_BYTES = 200_000_000
TURNS = 500
OUTLET = Outlet(
    publisher=Publisher(
        publisher_id="quay", name="The Quay", domain="quay.test", country="US", language="en",
        timezone="UTC", demo=True,
    ),
    front_page="http://quay.test/",
    delay_s=0.0,
)  # fmt: skip


def bombs() -> dict[str, tuple[bytes, str]]:
    zeros = bytes(BOMB_BYTES)
    packed = gzip.compress(zeros)
    return {
        "gzip": (packed, "gzip"),
        "deflate": (zlib.compress(zeros), "deflate"),
        "br": (brotli.compress(zeros, quality=4), "br"),
        "zstd": (zstd.compress(zeros), "zstd"),
        "gzip twice": (gzip.compress(packed), "gzip, gzip"),
        "zstd in br": (brotli.compress(zstd.compress(zeros)), "zstd, br"),
    }


def defuse(coding: str) -> None:
    """In a process of its own: the body comes in on stdin, as a response that was downloaded."""
    from scrapy.http import Request, Response
    from scrapy.utils.test import get_crawler

    from scraper import settings as scrapy_settings
    from scraper.manners.compression import BoundedCompression

    body = sys.stdin.buffer.read()
    values = scrapy_settings.build(Settings(), [], {})
    middleware = BoundedCompression.from_crawler(get_crawler(settings_dict=values))
    request = Request("http://quay.test/")
    response = Response(request.url, headers={"Content-Encoding": coding}, body=body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    try:
        middleware.process_response(request, response)
        code = "accepted"
    except Refused as refusal:
        code = refusal.code
    seconds = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        json.dumps({"code": code, "seconds": round(seconds, 3), "peak_mb": round(grown / 1024, 1)})
    )


def defused() -> dict[str, Any]:
    found = {}
    for name, (body, coding) in bombs().items():
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.manners", coding],
            input=body, capture_output=True, check=True,
        )  # fmt: skip
        found[name] = {"sent_bytes": len(body), **json.loads(done.stdout)}
    return found


def documents() -> dict[str, bytes]:
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    declared = {
        "billion laughs": (f"<!DOCTYPE x [<!ENTITY a0 'ha'>{laughs}]>", "&a9;"),
        "quadratic": (f"<!DOCTYPE x [<!ENTITY a '{'a' * 100_000}'>]>", "&a;" * 30_000),
        "external": ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", "&e;"),
    }
    listed = {
        name: f"{head}<rss><item><link>{used}</link></item></rss>".encode()
        for name, (head, used) in declared.items()
    }
    item = "<item><link>http://quay.test/story/{n}</link></item>"
    items = "".join(item.format(n=n) for n in range(10_000))
    return listed | {
        "10,000 items": f"<rss><channel>{items}</channel></rss>".encode(),
        "1.6 million levels": b"<rss>" + b"<a>" * 1_600_000,
        "300,000 attributes": b"<rss><a "
        + b" ".join(b'a%d=""' % n for n in range(300_000))
        + b"/>",
    }


def parsed() -> dict[str, Any]:
    found = {}
    for name, body in documents().items():
        for door in (Via.FEED, Via.SITEMAP):
            started = time.process_time()
            try:
                outcome = f"{len(links(body, OUTLET.front_page, OUTLET, door).pages)} pages"
            except Refused as refusal:
                outcome = refusal.code
            seconds = round(time.process_time() - started, 3)
            found[f"{name}, {door}"] = {"outcome": outcome, "cpu_s": seconds}
    return found


def dripped() -> dict[str, float | int]:
    """A real run at the real time limit against a host with one good page and twenty that drip."""
    from scrapy.crawler import CrawlerProcess

    from scraper import settings as scrapy_settings
    from scraper.spiders.probe import ProbeSpider

    last_good = [0.0]
    asked: list[str] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            path = connection.recv(65_536).split(b" ")[1].decode()
            asked.append(path)
            if path == "/robots.txt":
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            if path != "/good":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while path.startswith("/drip"):
                    connection.sendall(b"x")
                    time.sleep(1)
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            last_good[0] = time.monotonic()

    def listen(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=listen, args=(listener,), daemon=True).start()
    address = listener.getsockname()
    values = scrapy_settings.build(Settings(), [OUTLET], {"quay.test": address})
    pages = [f"http://quay.test/{p}" for p in ("good", *(f"drip{n}" for n in range(20)))]
    process = CrawlerProcess(values)
    process.crawl(ProbeSpider, urls=pages, answers={})
    process.start()
    return {
        "seconds": round(time.monotonic() - last_good[0], 1),
        "pages_waited_for": sum(path.startswith("/drip") for path in asked),
    }


def turns() -> dict[str, float]:
    home = Path(tempfile.mkdtemp(prefix="newsroom-manners-"))
    home.chmod(0o711)
    try:
        with stack.running(home) as services:
            migrate.upgrade(services.database_url)
            with Database(services.database_url) as db:
                return _turns(db)
    finally:
        shutil.rmtree(home)


def _turns(db: Database) -> dict[str, float]:
    def take(host: str, delay_s: float) -> tuple[float, float]:
        started = time.perf_counter()
        with db.transaction() as conn:
            wait_s = hosts.take_turn(conn, host, delay_s).wait_s
        now = time.perf_counter()
        return (now - started) * 1000, now + wait_s

    alone = [take(f"h{n}.example", 5.0)[0] for n in range(TURNS)]
    with ThreadPoolExecutor(8) as pool:
        shared = sorted(pool.map(lambda _: take("one.example", 5.0 * SLACK)[1], range(80)))
    gaps = [b - a for a, b in pairwise(shared)]
    return {
        "median_ms": round(statistics.median(alone), 2),
        "p95_ms": round(statistics.quantiles(alone, n=20)[-1], 2),
        "closest_two_turns_s": round(min(gaps), 3),
    }


def main() -> None:
    if len(sys.argv) > 1:
        defuse(sys.argv[1])
        return
    report = {
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("scrapy", "twisted", "lxml", "brotli")},
        "bombs": defused(),
        "xml": parsed(),
        "dripping_host": dripped(),
        "turn": turns(),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "hostile_servers.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
