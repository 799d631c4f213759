"""An article whose text can be seen at any hour, through the one way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsroom import ids
from newsroom.db import Database
from newsroom.records import Publisher, RawPage, Via
from scraper import dedup, intake
from scraper.intake import Incoming, Tally

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def hour() -> Callable[[float], datetime]:
    """Hours after the article was published."""
    return lambda n: START + timedelta(hours=n)


@pytest.fixture
def see(db: Database, make_article: Any, hour: Any) -> Callable[..., Tally]:
    """Stores what was seen: ``see(text, at=3)``; ``body`` names the page's bytes."""

    def store(
        text: str,
        *,
        at: float,
        name: str = "bridge",
        title: str = "Council votes on the bridge",
        outlet: str = "ledger",
        url: str | None = None,
        body: str | None = None,
        publisher_name: str | None = None,
        **changes: Any,
    ) -> Tally:
        address = f"https://{outlet}.example/{name}"
        publisher = Publisher(
            publisher_id=outlet,
            name=publisher_name or f"The {outlet.title()}",
            domain=f"{outlet}.example",
            country="US",
            language="en",
            timezone="UTC",
        )
        signature = dedup.signature(text)
        found = make_article(
            name,
            title=title,
            text=text,
            article_id=ids.article_id(address),
            url=address,
            canonical_url=address,
            publisher_id=outlet,
            fetched_at=hour(at),
            via=Via.FEED,
            minhash=signature.minhash if signature else None,
            bands=signature.bands if signature else (),
        )
        body_sha256 = ids.body_sha256((body or f"{title}{text}").encode())
        page = RawPage(
            page_id=ids.page_id(url or address, body_sha256),
            url=url or address,
            final_url=url or address,
            canonical_url=url or address,
            publisher_id=outlet,
            fetched_at=hour(at),
            status=200,
            content_type="text/html",
            body_sha256=body_sha256,
            body_bytes=10,
            via=found.via,
            warc_file=None,
            warc_offset=None,
            robots_rule=None,
        )
        found = replace(found, **({"page_id": page.page_id} | changes))
        item = Incoming(
            source=found.url,
            url=found.url,
            publisher=publisher,
            page=page,
            found=found,
            at=hour(at),
        )
        return intake.take_all(db, [item])

    return store


@pytest.fixture
def rows(db: Database) -> Callable[[str], list[dict[str, Any]]]:
    """The answer to a query; nothing for a statement that only changes rows."""

    def ask(sql: str) -> list[dict[str, Any]]:
        with db.transaction() as conn:
            cursor = conn.execute(sql)
            return [dict(row) for row in cursor] if cursor.description else []

    return ask
