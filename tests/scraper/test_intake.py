"""The one way in, when several come through it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

from newsroom.db import Database
from newsroom.records import Publisher
from scraper import intake

WORKERS, ROUNDS = 4, 12
WHEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
OUTLET = Publisher(
    publisher_id="ledger", name="The Ledger", domain="ledger.example",
    country="US", language="en", timezone="UTC",
)  # fmt: skip


def test_copies_that_come_in_together_are_told(db: Database, make_article: Any) -> None:
    """Of the same text under many addresses one is the original, whoever was first."""
    together = Barrier(WORKERS, timeout=20)

    def take(worker: int) -> int:
        copies = 0
        for n in range(ROUNDS):
            found = make_article(f"{n}-{worker}", title=f"By desk {worker}", text=f"Wire text {n}.")
            item = intake.Incoming(
                source=found.url, url=found.url, publisher=OUTLET, found=found, at=WHEN
            )
            together.wait()
            copies += intake.take_all(db, [item]).stored["same-text"]
        return copies

    with ThreadPoolExecutor(WORKERS) as pool:
        assert sum(pool.map(take, range(WORKERS))) == ROUNDS * (WORKERS - 1)
    with db.transaction() as conn:
        row = conn.execute("SELECT count(*) AS n FROM articles WHERE duplicate_of IS NULL")
        assert row.fetchone() == {"n": ROUNDS}
