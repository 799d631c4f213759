"""A newsroom of nine articles whose events are grouped and edited at will."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from annotator.events import keeping
from annotator.events.keeping import Placed
from newsroom import ids as ids_of
from newsroom.db import Conn
from newsroom.records import Article, DateSource, Publisher, Via
from newsroom.store import articles, ledger, publishers
from newsroom.store.reading import lineage

PUBLISHER = Publisher(
    publisher_id="ledger", name="The Ledger", domain="ledger.example", country="US",
    language="en", timezone="UTC",
)  # fmt: skip
DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNT = 9
Partition = Sequence[Sequence[str]]


def article(n: int, at: datetime) -> Article:
    url = f"https://ledger.example/n{n}"
    title, text = f"Report {n}", f"The council met for the {n}th time. It voted after a debate."
    return Article(
        article_id=ids_of.article_id(url),
        publisher_id="ledger",
        url=url,
        canonical_url=url,
        title=title,
        text=text,
        text_sha256=ids_of.text_sha256(text),
        content_sha256=ids_of.content_sha256(title, text),
        language="en",
        words=11,
        published_at=at,
        date_source=DateSource.PAGE,
        via=Via.FETCH,
        extractor="test",
        fetched_at=min(at, DAY),
    )


def fill(conn: Conn) -> list[str]:
    """Nine articles of nine hours; their ids, sorted."""
    made = [article(n, DAY + timedelta(hours=n)) for n in range(COUNT)]
    publishers.upsert(conn, [PUBLISHER])
    for one in made:
        articles.add(conn, one, stages=[])
    return sorted(one.article_id for one in made)


def regroup(
    conn: Conn, groups: Partition, everything: Sequence[str], stories: Partition = ()
) -> keeping.Kept:
    """Group all articles as said, in one story or those said; who is not named is in no event."""
    event = {a: n for n, group in enumerate(groups) for a in group}
    story = {a: n for n, group in enumerate(stories) for a in group}
    placed = [
        Placed(id=a, event=event.get(a), story=story.get(a, -1), score=0.5) for a in everything
    ]
    return keeping.record(conn, placed, method="test")


def places(conn: Conn) -> dict[str, tuple[str | None, str]]:
    rows = conn.execute("SELECT article_id, event_id, story_id FROM event_members ORDER BY 1")
    return {r["article_id"]: (r["event_id"], r["story_id"]) for r in rows}


def titles(conn: Conn) -> dict[str, str]:
    return {r["event_id"]: r["title"] for r in conn.execute("SELECT event_id, title FROM events")}


def events_of(conn: Conn) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for article, (event, _) in places(conn).items():
        if event is not None:
            found.setdefault(event, []).append(article)
    return sorted(found.values())


def stories_of(conn: Conn) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for article, (_, story) in places(conn).items():
        found.setdefault(story, []).append(article)
    return sorted(found.values())


def story_of(conn: Conn, article: str) -> str:
    return places(conn)[article][1]


def event_of(conn: Conn, article: str) -> str:
    event = places(conn)[article][0]
    assert event is not None
    return event


def latest(conn: Conn) -> int:
    version = lineage.latest(conn)
    assert version is not None
    return version


def sound(conn: Conn) -> None:
    """What holds after every write, whoever wrote."""
    bad = """
    SELECT 1 FROM event_members m LEFT JOIN events e USING (event_id)
     WHERE m.event_id IS NOT NULL AND (e.event_id IS NULL OR e.story_id <> m.story_id)
     UNION ALL SELECT 1 FROM event_members WHERE event_id IS NOT NULL
                GROUP BY event_id HAVING count(*) < 2
     UNION ALL SELECT 1 FROM event_members GROUP BY story_id HAVING count(*) < 2
     UNION ALL SELECT 1 FROM events e WHERE e.articles <> (
               SELECT count(*) FROM event_members m WHERE m.event_id = e.event_id)
     UNION ALL SELECT 1 FROM stories s WHERE s.articles <> (
               SELECT count(*) FROM event_members m WHERE m.story_id = s.story_id)
     UNION ALL SELECT 1 FROM retired_ids r WHERE EXISTS (
               SELECT FROM events WHERE event_id = r.group_id
               UNION ALL SELECT FROM stories WHERE story_id = r.group_id)
     UNION ALL SELECT 1 FROM member_history h WHERE NOT EXISTS (
               SELECT FROM events WHERE event_id = h.event_id
               UNION ALL SELECT FROM retired_ids WHERE group_id = h.event_id)
               AND h.event_id IS NOT NULL
     UNION ALL SELECT 1 FROM event_members m FULL JOIN (
               SELECT * FROM member_history WHERE to_version IS NULL) h USING (article_id)
     WHERE (m.event_id, m.story_id, m.role, m.score)
           IS DISTINCT FROM (h.event_id, h.story_id, h.role, h.score)
    """
    assert conn.execute(bad).fetchall() == []
    told: dict[str, dict[str, str]] = {"event": {}, "story": {}}
    rows = conn.execute("SELECT * FROM lineage ORDER BY version, level, entry_id").fetchall()
    for row in rows:
        ids_now = ledger.places_at(conn, row["articles"], row["version"])
        for article in row["articles"]:
            old = told[row["level"]].pop(article, None)
            assert (old in row["from_ids"]) if old is not None else True
            place = ids_now.get(article)
            new = place and (place.event_id if row["level"] == "event" else place.story_id)
            if new is not None:
                assert new in row["to_ids"]
                told[row["level"]][article] = new
    now = places(conn)
    assert told["event"] == {a: e for a, (e, _) in now.items() if e is not None}
    assert told["story"] == {a: s for a, (_, s) in now.items()}
