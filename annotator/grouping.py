"""Group stored articles into events and stories: ids are kept, only changed rows replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from annotator import encoder
from annotator.events.cluster import METHOD, Assignment, Params, group
from annotator.events.identity import match
from annotator.events.signature import Item
from annotator.events.title import central_title
from newsroom.db import Conn, Database
from newsroom.store import embeddings, events
from newsroom.store.events import Group, Member, When

ENCODE_BATCH = 256
UNTITLED = "(no headline)"
K = TypeVar("K", bound=Hashable)


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
            for row in embeddings.window(conn, encoder.vector_version(), since)
        ]
        return _store(conn, items, group(items, params or Params()))


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


def _store(conn: Conn, items: Sequence[Item], assigned: Sequence[Assignment]) -> Grouped:
    window = [item.id for item in items]
    before = events.members_near(conn, window)
    inside = set(window)
    event_sets = _groups((a.event, a.id) for a in assigned if a.story is not None)
    story_sets = _groups((a.story, a.id) for a in assigned)
    event_ids = _named(event_sets, _groups((m.event_id, m.article_id) for m in before), "event")
    story_ids = _named(story_sets, _groups((m.story_id, m.article_id) for m in before), "story")
    # What lies before the window keeps its place: only the window was judged again.
    members = [m for m in before if m.article_id not in inside] + [
        Member(
            article_id=a.id,
            event_id=None if a.event is None else event_ids[a.event],
            story_id=story_ids[a.story],
            score=round(max(-1.0, min(1.0, a.score)), 6),
        )
        for a in assigned
        if a.story is not None
    ]
    when = events.times(conn, [m.article_id for m in members])
    by_id = {item.id: item for item in items}
    story_of = {m.event_id: m.story_id for m in members if m.event_id is not None}
    story_rows = _rows(_groups((m.story_id, m.article_id) for m in members), {}, by_id, when)
    event_rows = _rows(_groups((m.event_id, m.article_id) for m in members), story_of, by_id, when)
    events.replace(
        conn, window=window, stories=story_rows, events=event_rows, members=members, method=METHOD
    )
    return Grouped(
        articles=len(items),
        events=len(event_sets),
        stories=len(story_sets),
        in_events=sum(a.event is not None for a in assigned),
    )


def _groups(pairs: Iterable[tuple[K | None, str]]) -> dict[K, set[str]]:
    groups: defaultdict[K, set[str]] = defaultdict(set)
    for key, article in pairs:
        if key is not None:
            groups[key].add(article)
    return dict(groups)


def _named(
    new: Mapping[int, set[str]], previous: Mapping[str, set[str]], kind: str
) -> dict[int, str]:
    keys = sorted(new)
    return dict(zip(keys, match(previous, [new[k] for k in keys], kind=kind), strict=True))


def _rows(
    groups: Mapping[str, set[str]],
    story_of: Mapping[str, str],
    items: Mapping[str, Item],
    when: Mapping[str, When],
) -> list[Group]:
    rows = []
    for group_id, articles in sorted(groups.items()):
        known = [when[a] for a in articles if a in when]
        inside = [items[a] for a in sorted(articles) if a in items]
        if not known or not inside:  # wholly before the window: unchanged
            continue
        title, title_article_id = central_title(inside) or (UNTITLED, inside[0].id)
        rows.append(
            Group(
                group_id=group_id,
                story_id=story_of.get(group_id),
                title=title,
                title_article_id=title_article_id,
                first_at=min(w.sort_at for w in known),
                last_at=max(w.sort_at for w in known),
                articles=len(known),
                publishers=len({w.publisher_id for w in known}),
                method=METHOD,
            )
        )
    return rows
