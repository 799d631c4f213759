"""Group stored articles into events and stories: ids are kept, only changed rows replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from annotator import encoder
from annotator.events import keeping
from annotator.events.cluster import METHOD, Params, group
from annotator.events.keeping import Kept
from annotator.events.rebuild import placed
from annotator.events.rebuild import rebuild as replay
from annotator.events.signature import Item
from newsroom.db import Database
from newsroom.store import embeddings, events

ENCODE_BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What a grouping left: counts for a log line or a summary."""

    articles: int
    events: int
    stories: int
    in_events: int


def regroup(db: Database, since: datetime, params: Params | None = None) -> Grouped:
    """Group every current article since a time. Running it again changes no row."""
    _encode_missing(db, since)
    version = encoder.vector_version()
    with db.transaction() as conn:
        events.lock(conn)
        items = [
            Item(
                id=row["article_id"],
                title=row["title"],
                text=row["text"],
                published_at=row["published_at"],
                publisher=row["publisher_id"],
                vector=row["vector"],
            )
            for row in embeddings.window(conn, version, since)
        ]
        assigned = group(items, params or Params())
        kept = keeping.record(
            conn,
            [placed(a, event=a.event, story=a.story) for a in assigned],
            method=METHOD,
            encoder=version,
        )
    places = [place for item in items if (place := kept.places.get(item.id)) is not None]
    return Grouped(
        articles=len(items),
        events=len({p.event_id for p in places} - {None}),
        stories=len({p.story_id for p in places}),
        in_events=sum(p.event_id is not None for p in places),
    )


def rebuild(
    db: Database,
    since: datetime,
    *,
    window_days: int,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Kept:
    """Group the days since one anew, in their order (:mod:`annotator.events.rebuild`)."""
    _encode_missing(db, since - timedelta(days=window_days))
    with db.transaction() as conn:
        return replay(
            conn,
            since,
            encoder=encoder.vector_version(),
            window_days=window_days,
            progress=progress,
        )


def _encode_missing(db: Database, since: datetime) -> None:
    """Vectors of articles that no labeller with an encoder has read yet."""
    while True:
        with db.transaction() as conn:
            todo = embeddings.missing(conn, encoder.vector_version(), since, ENCODE_BATCH)
        if not todo:
            return
        vectors = encoder.article_vectors([(t.title, t.text) for t in todo])
        with db.transaction() as conn:
            keyed = {t.content_sha256: v for t, v in zip(todo, vectors, strict=True)}
            embeddings.add(conn, encoder.vector_version(), keyed)
