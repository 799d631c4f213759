"""Four articles of three outlets about one quake, one of them a copy, in one event and one story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from annotator.events import keeping
from annotator.events.keeping import Placed
from newsroom import ids
from newsroom.db import Conn
from newsroom.records import Article, DateSource, Publisher, Via
from newsroom.store import articles, publishers

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
OUTLETS = ("wire", "ledger", "post")
FIRST = (
    "An earthquake killed nine people in the port of Almery on Monday.\n"
    "The quake damaged the old customs house beside the harbour.\n"
    "“It was over in a moment,” said the harbour master."
)
LATER = (
    "The death toll from the earthquake in Almery rose to 14 on Tuesday.\n"
    "Schools in the town stay closed until the end of the week."
)
OTHER = (
    "The earthquake in Almery killed 14 people, the prefect said.\n"
    "The old customs house beside the harbour was damaged by the quake.\n"
    "Two cruise ships were sent away to other ports."
)
TEXTS = {
    "wire": ("Quake kills nine in Almery", FIRST, 0),
    "copy": ("Nine dead in Almery quake", FIRST, 1),
    "ledger": ("Almery quake toll reaches 14", LATER, 24),
    "post": ("Fourteen dead in Almery earthquake", OTHER, 26),
}
OUTLET_OF = {"wire": "wire", "copy": "post", "ledger": "ledger", "post": "post"}


def article(name: str, **changes: str) -> Article:
    title, text, hours = TEXTS[name]
    title, text = changes.get("title", title), changes.get("text", text)
    url = f"https://{OUTLET_OF[name]}.example/{name}"
    return Article(
        article_id=ids.article_id(url),
        publisher_id=OUTLET_OF[name],
        url=url,
        canonical_url=url,
        title=title,
        text=text,
        text_sha256=ids.text_sha256(text),
        content_sha256=ids.content_sha256(title, text),
        language="en",
        words=len(text.split()),
        published_at=DAY + timedelta(hours=hours),
        date_source=DateSource.PAGE,
        via=Via.FETCH,
        extractor="test",
        fetched_at=DAY + timedelta(hours=hours),
    )


def fill(conn: Conn) -> dict[str, str]:
    """Store and group them; article ids by name, and those of ``event`` and ``story``."""
    publishers.upsert(
        conn,
        [
            Publisher(publisher_id=one, name=f"The {one.title()}", domain=f"{one}.example",
                      country="US", language="en", timezone="UTC")
            for one in OUTLETS
        ],
    )  # fmt: skip
    for name in TEXTS:
        copied = {"duplicate_of": article("wire").article_id, "duplicate_reason": "same-text"}
        articles.add(conn, article(name), stages=[], **(copied if name == "copy" else {}))
    found = {name: article(name).article_id for name in TEXTS}
    placed = [Placed(id=a, event=0, story=0, score=0.5) for a in found.values()]
    places = keeping.record(conn, placed, method="test").places
    place = places[found["wire"]]
    assert place.event_id is not None
    return found | {"event": place.event_id, "story": place.story_id}
