"""The crawling process: ``python -m scraper.crawl_child``, spoken to by :mod:`scraper.crawl`."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import ExitStack
from typing import TextIO

from scrapy.crawler import CrawlerProcess

from newsroom.db import Database
from newsroom.errors import NewsroomError
from newsroom.records import Via
from scraper import settings as scrapy_settings
from scraper.archives import archive
from scraper.backfill.shelf import Shelf
from scraper.desk import Desk, OutletCount
from scraper.extraction.extractors import Extractors
from scraper.frontpage.desk import FrontPages
from scraper.job import Job, decode
from scraper.manners.hosts import SharedHosts
from scraper.revisions import schedule
from scraper.revisions.looks import Looks
from scraper.spiders.backfill import BackfillSpider
from scraper.spiders.outlet import OutletSpider
from scraper.spiders.revisit import RevisitSpider

EXIT_ORPHANED = 130


def main() -> None:
    """Read the job, crawl, report. An error of ours becomes an event."""
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not mix with the report
    try:
        job = decode(sys.stdin.readline())
        threading.Thread(target=_end_with_caller, args=(sys.stdin,), daemon=True).start()
        counts = _crawl(job, out)
    except NewsroomError as error:
        kind = type(error).__name__
        _say(out, {"event": "error", "kind": kind, "code": error.code, "message": error.message})
        return
    _say(
        out,
        {"event": "done", "outlets": [_report(job, counts, i) for i in range(len(job.outlets))]},
    )


def _crawl(job: Job, out: TextIO) -> dict[str, OutletCount]:
    def tell(outlet: str, outcome: str, fresh: int) -> None:
        _say(out, {"event": "page", "outlet": outlet, "outcome": outcome, "fresh": fresh})

    with (
        Database(job.settings.require_database()) as db,
        archive.opened(job.settings) as pages,
        Extractors(job.settings.crawl.extractors or os.cpu_count() or 1) as extractors,
        ExitStack() as stack,
    ):
        revisits = job.settings.revisits
        plan = schedule.read(revisits.ages_h, revisits.checks_max)
        desk = Desk(db, pages, extractors, tell, plan)
        front_pages = stack.enter_context(FrontPages(db, job.settings, extractors, desk.keep))
        values = scrapy_settings.build(
            job.settings, job.outlets, job.demo_hosts(), hosts=SharedHosts(db)
        )
        if job.timeout_s is not None:
            values["CLOSESPIDER_TIMEOUT"] = job.timeout_s
        process = CrawlerProcess(values)
        desk.halt = process.stop
        for outlet in job.outlets:
            desk.count(outlet)
            if Via.REVISIT in job.doors:
                process.crawl(
                    RevisitSpider,
                    outlet=outlet,
                    desk=desk,
                    looks=Looks(db, plan),
                    budget=min(revisits.per_outlet, job.limit or revisits.per_outlet),
                )
                continue
            if job.past is not None:
                process.crawl(
                    BackfillSpider,
                    outlet=outlet,
                    desk=desk,
                    shelf=Shelf(db, job.past.backfill_id),
                    door=job.past.door,
                    window=job.past.window,
                    budget=job.limit or job.settings.crawl.pages_per_outlet,
                )
                continue
            process.crawl(
                OutletSpider,
                outlet=outlet,
                desk=desk,
                front_pages=front_pages,
                budget=job.settings.crawl.pages_per_outlet,
                limit=job.limit,
                doors=job.doors,
                revisit=job.revisit,
            )
        process.start(install_signal_handlers=False)
        if desk.fatal is not None:
            raise desk.fatal
        return desk.counts


def _report(job: Job, counts: dict[str, OutletCount], index: int) -> dict[str, object]:
    publisher_id = job.outlets[index].publisher.publisher_id
    count = counts[publisher_id]
    return {
        "publisher_id": publisher_id,
        "fetched": count.fetched,
        "listings": dict(count.listings),
        "stored": dict(count.tally.stored),
        "refused": dict(count.tally.refused),
        "failed": dict(count.failed),
        "notes": count.notes,
    }


def _say(out: TextIO, event: dict[str, object]) -> None:
    out.write(json.dumps(event) + "\n")
    out.flush()


def _end_with_caller(stdin: TextIO) -> None:
    """Every transaction is whole, so that ending at any moment is safe."""
    stdin.read()
    os._exit(EXIT_ORPHANED)


if __name__ == "__main__":
    main()
