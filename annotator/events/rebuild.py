"""Group everything since a day anew, as if its articles came in one day after the other.

Each day is grouped by the code that groups every night, over the same number of days. What lies
before the first day is context and keeps its place. People's edits hold throughout. Nothing of what
is stored for these days has a say, except that a group keeps the id of the one it continues: so a
second rebuild changes no row, and two databases with the same articles come out alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta

from annotator.events import keeping, standing
from annotator.events import ledger as pure
from annotator.events.cluster import ATTACHED, METHOD, Assignment, group
from annotator.events.keeping import Kept, Placed
from annotator.events.ledger import Proposal
from annotator.events.signature import Item
from newsroom.db import Conn
from newsroom.store import embeddings, events, ledger
from newsroom.store.ledger import Contradiction, Place

Judge = Callable[[Sequence[Item]], Sequence[Assignment]]


def rebuild(
    conn: Conn,
    since: datetime,
    *,
    encoder: str,
    window_days: int,
    judge: Judge = group,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Kept:
    """Replay the days from ``since`` (midnight UTC) and keep what comes out, as one version.

    Articles must have their vectors. Holds the lock of a write until the transaction ends.
    """
    events.lock(conn)
    start = _midnight(since)
    window = timedelta(days=window_days)
    items = [
        Item(
            id=row["article_id"],
            title=row["title"],
            text=row["text"],
            published_at=row["published_at"],
            publisher=row["publisher_id"],
            vector=row["vector"],
        )
        for row in embeddings.window(conn, encoder, start - window)
    ]
    before = _before(conn, [i.id for i in items], start)
    # One article of a day before is free to be joined; an event of two or more stays as it is.
    size = Counter(p.event_id for p in before.values())
    places = {a: p for a, p in before.items() if p.event_id is not None and size[p.event_id] > 1}
    fixed = set(places)
    edits = [e for e in ledger.standing(conn) if e.together]
    when = {a: w.sort_at for a, w in events.times(conn, [i.id for i in items]).items()}
    scores: dict[str, Assignment] = {}
    against: dict[int, Contradiction] = {}
    for day in sorted({_midnight(at) for at in when.values() if at >= start}):
        end = day + timedelta(days=1)
        assigned = judge([i for i in items if end - window <= when[i.id] < end])
        settled = pure.settle(
            places,
            {a.id: Proposal(event=a.event, story=a.story) for a in assigned},
            edits=edits,
            fixed=fixed,
        )
        places = settled.places
        judged = {a.id for a in assigned}
        for edit in edits:
            if not edit.together.isdisjoint(judged):
                against.pop(edit.entry_id, None)
        against |= {c.entry_id: c for c in settled.contradictions}
        # Where its event has left the window, an article is alone, which says nothing of its fit.
        scores |= {a.id: a for a in assigned if a.event is not None or a.id not in scores}
        progress(day)
    return keeping.record(
        conn,
        [
            placed(
                scores[i.id],
                event=place.event_id if (place := places.get(i.id)) else None,
                story=place.story_id if place else None,
            )
            for i in items
            if i.id in scores
        ],
        method=METHOD,
        reason=f"rebuilt from {start:%Y-%m-%d}",
        encoder=encoder,
        fixed=fixed,
        against=list(against.values()),
    )


def placed(found: Assignment, *, event: Hashable | None, story: Hashable | None) -> Placed:
    """What a grouping says of an article, at a place of its own or another."""
    return Placed(
        id=found.id,
        event=event,
        story=story,
        score=found.score,
        role=found.role if event is not None else ATTACHED,
        evidence=standing.evidence(found.nearest) if event is not None else {},
    )


def _before(conn: Conn, articles: Sequence[str], start: datetime) -> dict[str, Place]:
    """What is stored of the days before: the members of the stories of articles, as they are."""
    near = keeping.places_of(events.members_near(conn, articles))
    when = events.times(conn, sorted(near))
    return {a: p for a, p in near.items() if a in when and when[a].sort_at < start}


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
