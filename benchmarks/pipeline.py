"""Speed of the two halves of the pipeline, each beside the least work that could do its job.

Run: ``python -m benchmarks.pipeline [FILE.warc.gz]``; without a file, the demo web's article pages.
1. page → stored article, one process, no network: beside trafilatura alone on the same bodies.
2. queue and store overhead with the scripted labeller, one process: beside labelling in a loop
   and inserting the same rows in one batch.
CPU seconds are those of this process and its children; PostgreSQL's show on the wall clock.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import trafilatura

import scraper.demo
from annotator import runner
from annotator.labellers import choose
from annotator.labellers.base import ArticleInput
from newsroom import ids, log, migrate, stack
from newsroom.db import Database
from newsroom.records import Article, Via
from newsroom.settings import Labels, Settings, Work
from newsroom.store import articles, publishers
from scraper.archives import archive
from scraper.archives.replay import replay
from scraper.archives.warc import LocalFile, Response, responses
from scraper.demo.site import build
from scraper.extraction.extractors import Extractors
from scraper.outlets import registry

RESULTS = Path(__file__).parent / "results" / "pipeline"
ARTICLES = 4000


def timed(function: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), cpu_s()
    function()
    return {
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(cpu_s() - cpu, 3),
    }


def cpu_s() -> float:
    """CPU seconds of this process and of its children that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def demo_pages(folder: Path) -> Path:
    truth = Path(scraper.demo.__file__).with_name("truth.json")
    wanted = {a["url"] for a in json.loads(truth.read_text())["articles"]}
    with archive.Archive(folder) as out:
        for (host, target), page in build(1).pages.items():
            if f"http://{host}{target}" in wanted:
                out.write(
                    url=f"http://{host}{target}",
                    asked_url=f"http://{host}{target}",
                    fetched_at=datetime.now(UTC),
                    status=200,
                    headers=[("Content-Type", "text/html; charset=utf-8")],
                    body=page.body,
                )
    return next(folder.glob("*.warc.gz"))


def pages_to_articles(db: Database, warc: Path) -> dict[str, object]:
    bodies = [(r.url, r.body) for r in responses(LocalFile(warc)) if isinstance(r, Response)]
    known = registry.load()
    alone = timed(
        lambda: [
            trafilatura.extract(b, url=u, with_metadata=True, output_format="json")
            for u, b in bodies
        ]
    )
    with Extractors(1) as extractors:
        whole = timed(lambda: replay(db, [LocalFile(warc)], known, extractors))
    return {
        "pages": len(bodies),
        "newsroom": whole | {"pages_per_cpu_s": round(len(bodies) / whole["cpu_s"], 1)},
        "trafilatura_only": alone | {"pages_per_cpu_s": round(len(bodies) / alone["cpu_s"], 1)},
        "ratio": round(alone["cpu_s"] / whole["cpu_s"], 2),
    }


def made_up(i: int) -> Article:
    url = f"https://bench.example/{i}"
    title, text = f"Headline {i}", f"Sentence one of article {i}. " * 60
    return Article(
        article_id=ids.article_id(url), publisher_id="bench.example", url=url, canonical_url=url,
        title=title, text=text, text_sha256=ids.text_sha256(text),
        content_sha256=ids.content_sha256(title, text), language="en", words=300, via=Via.IMPORT,
        extractor="bench", fetched_at=datetime.now(UTC),
    )  # fmt: skip


def overhead(db: Database) -> dict[str, object]:
    made = [made_up(i) for i in range(ARTICLES)]
    with db.transaction() as conn:
        publishers.of_domain(conn, "bench.example")
        for article in made:
            articles.add(conn, article, stages=["label"])
    bench = choose.bench(Labels(labeller="scripted"))

    def through_work_table() -> None:
        while runner.label_due(db, bench, Work()):
            pass

    def labels_alone() -> None:
        inputs = [ArticleInput(title=a.title, text=a.text) for a in made]
        assert len(list(bench.labeller.label(inputs))) == ARTICLES

    whole, alone = timed(through_work_table), timed(labels_alone)
    return {
        "articles": ARTICLES,
        "newsroom": whole | {"articles_per_s": round(ARTICLES / whole["wall_s"], 1)},
        "labeller_only": alone | {"articles_per_s": round(ARTICLES / alone["wall_s"], 1)},
    }


def main() -> None:
    log.configure(Settings(log_level="ERROR"))
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        with Database(services.database_url) as db:
            warc = Path(sys.argv[1]) if len(sys.argv) > 1 else demo_pages(home / "warc")
            result = {
                "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
                "python": platform.python_version(),
                "load_before": round(os.getloadavg()[0], 1),
                "input": "demo web" if len(sys.argv) == 1 else warc.name,
                "page_to_stored_article": pages_to_articles(db, warc),
                "queue_and_store_overhead": overhead(db),
            }
    shutil.rmtree(home)
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = "demo_web" if len(sys.argv) == 1 else "warc"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
