"""A rebuild from any day: the same articles come out the same, twice and in two databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from typer.testing import CliRunner

from annotator.events import commands, edits, keeping
from annotator.events.cluster import Assignment, group
from annotator.events.keeping import Placed
from annotator.events.rebuild import rebuild
from annotator.events.signature import Item
from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.store import articles, embeddings

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOLD = {
    "quake": "A strong earthquake struck the coastal city of Port Haldane, fallen bridges.",
    "strike": "Refuse workers in Aldermoor voted to strike over pay after talks failed.",
    "vote": "The senate of Kestrel passed the ferry bill by fifty one votes to forty nine.",
}
STATE = ("stories", "events", "event_members")


def fill(db: Database, make_article: Any) -> list[str]:
    """Three things told by three articles each over five days, with made vectors."""
    rng = np.random.default_rng(3)
    made = []
    with db.transaction() as conn:
        for kind, (topic, text) in enumerate(TOLD.items()):
            for n in range(3):
                at = DAY + timedelta(days=kind + n)
                title = f"{topic.title()} report {n}"
                content = ids.content_sha256(title, text)
                article = make_article(
                    f"{topic}{n}", title=title, text=text, content_sha256=content,
                    text_sha256=ids.text_sha256(text), published_at=at, fetched_at=at,
                )  # fmt: skip
                articles.add(conn, article, stages=[])
                vector = np.zeros(384, np.float32)
                vector[kind] = 1.0
                vector += rng.normal(scale=0.01, size=384).astype(np.float32)
                embeddings.add(conn, "test", {content: vector / np.linalg.norm(vector)})
                made.append(article.article_id)
    return made


def dump(conn: Conn) -> list[list[str]]:
    """Every row as text, without the number of the version that last changed it."""
    return [
        [
            str(sorted((k, v) for k, v in row.items() if k != "version"))
            for row in conn.execute(f"SELECT * FROM {table} ORDER BY 1")  # type: ignore[call-overload]
        ]
        for table in STATE
    ]


def again(conn: Conn, day: int) -> keeping.Kept:
    return rebuild(conn, DAY + timedelta(days=day), encoder="test", window_days=3)


def test_a_rebuild_is_the_same_twice_and_from_nothing(db: Database, make_article: Any) -> None:
    made = fill(db, make_article)
    with db.transaction() as conn:
        first = again(conn, 0)
        assert len({p.event_id for p in first.places.values()}) == 3
        state = dump(conn)
        assert again(conn, 0).version is None
        assert dump(conn) == state
        conn.rollback()
    with db.transaction() as conn:
        # Whatever was stored for these days has no say, but for the ids of what is continued.
        placed = [Placed(id=a, event=n % 2, story=0, score=0.1) for n, a in enumerate(made)]
        keeping.record(conn, placed, method="nonsense", encoder="test")
        again(conn, 0)
        found = {frozenset(g) for g in _groups(conn)}
        assert found == {frozenset(made[n : n + 3]) for n in (0, 3, 6)}
        state = dump(conn)
        assert again(conn, 0).version is None
        assert dump(conn) == state
        conn.rollback()


def test_a_rebuild_from_a_later_day_keeps_what_lies_before(db: Database, make_article: Any) -> None:
    made = fill(db, make_article)
    with db.transaction() as conn:
        placed = [Placed(id=a, event=0, story=0, score=0.1) for a in made]
        keeping.record(conn, placed, method="nonsense", encoder="test")
        before = _groups(conn)
        assert before == [sorted(made)]
        again(conn, 2)
        early = {made[0], made[1], made[3]}  # of the first two days
        (kept,) = (g for g in _groups(conn) if early & set(g))
        assert early <= set(kept)
        state = dump(conn)
        assert again(conn, 2).version is None
        assert dump(conn) == state


def test_edits_hold_in_a_rebuild(db: Database, make_article: Any) -> None:
    made = fill(db, make_article)
    with db.transaction() as conn:
        first = again(conn, 0).places
        one, two = (first[a].event_id for a in (made[0], made[3]))
        assert one is not None
        assert two is not None
        edits.merge(conn, [one, two], by="ida")
        edits.rename(conn, one, "Two things", by="ida")
        kept = again(conn, 0)
        assert kept.contradictions == 1
        assert sorted(map(sorted, _groups(conn))) == sorted([sorted(made[:6]), sorted(made[6:])])
        row = conn.execute("SELECT title FROM events WHERE event_id = %s", [one]).fetchone()
        assert row == {"title": "Two things"}
        assert again(conn, 0).version is None


def test_days_are_grouped_in_their_order(db: Database, make_article: Any) -> None:
    fill(db, make_article)
    seen: list[int] = []

    def judge(items: Sequence[Item]) -> list[Assignment]:
        seen.append(len(items))
        return group(items)

    with db.transaction() as conn:
        days: list[datetime] = []
        rebuild(conn, DAY, encoder="test", window_days=3, judge=judge, progress=days.append)
    assert days == sorted(days)
    assert seen == [1, 3, 6, 7, 6]


def test_the_verbs(db: Database, database_url: str, make_article: Any, monkeypatch: Any) -> None:
    made = fill(db, make_article)
    with db.transaction() as conn:
        event = again(conn, 0).places[made[0]].event_id
    assert event is not None
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "240")

    def run(*words: str) -> str:
        result = CliRunner().invoke(commands.app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    import orjson

    assert len(orjson.loads(run("list", "--json"))) == 3
    assert "Quake report" in run("list", "--since", "2026-03-02", "--min-articles", "3")
    shown = orjson.loads(run("show", event, "--json"))
    assert (shown["articles"], shown["outlets"], shown["purity"]) == (3, ["The Ledger"], 1.0)
    assert shown["cohesion"] > 0.9
    assert {m["role"] for m in shown["members"]} == {"core"}
    run("rename", event, "The quake", "--by", "ida", "--seen", str(shown["version"]))
    done = orjson.loads(run("split", event, *made[1:3], "--by", "ida", "--reason", "why", "--json"))
    assert "undone" not in run("log", event)
    run("undo", str(done["entry_id"]), "--by", "tom")
    entries = orjson.loads(run("log", event, "--json"))
    assert [e["actor"] for e in entries][:3] == ["human:tom", "human:ida", "human:ida"]
    other = next(
        e["event_id"] for e in orjson.loads(run("list", "--json")) if e["event_id"] != event
    )
    run("merge", event, other)
    gone = orjson.loads(run("show", other, "--json"))
    assert (gone["state"], gone["into"]) == ("retired", [event])
    then = orjson.loads(run("show", other, "--as-of", entries[0]["at"][:26], "--json"))
    assert then["articles"] == 3
    assert "The quake" in run("show", event)


def _groups(conn: Conn) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for row in conn.execute("SELECT * FROM event_members WHERE event_id IS NOT NULL ORDER BY 1"):
        found.setdefault(row["event_id"], []).append(row["article_id"])
    return sorted(found.values())
