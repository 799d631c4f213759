"""Articles linked one by one against a real ledger, with made-up vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from eventroom import events_of, places, sound

from annotator import encoder, grouping
from annotator.events import edits, keeping, linking
from annotator.events.cluster import METHOD
from annotator.events.keeping import Placed
from annotator.events.linking import Judged, Linker
from annotator.events.online import Near
from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.store import articles, embeddings, texts
from newsroom.store import linking as store
from newsroom.store.texts import Text

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOLD = {
    "quake": "A strong earthquake struck the coastal city of Port Haldane, fallen bridges.",
    "strike": "Refuse workers in Aldermoor voted to strike over pay after talks failed.",
    "sturm": "Der Fährverkehr zwischen den Inseln ruht wegen des Unwetters seit Sonntag früh.",
}


def likeliest(near: Sequence[Near]) -> str | None:
    """A pointer that names whoever is likely enough."""
    return next((one.article_id for one in near if one.chance >= 0.5), None)


LINKERS = {
    "similarity": Linker(window_days=14, point=None),
    "pointer": Linker(window_days=14, point=likeliest),
}


class Newsroom:
    """Reports of made-up events, each linked when it is told."""

    def __init__(self, db: Database, make_article: Any) -> None:
        self.db, self.make = db, make_article
        self.told: dict[str, Text] = {}
        self.random = np.random.default_rng(5)

    def add(self, name: str, *, topic: str = "", days: float = 0.0, **changes: Any) -> Text:
        """Store a report of a topic, by default that of its name without the number."""
        topic = topic or name.rstrip("0123456789")
        at = DAY + timedelta(days=days)
        given = {"title": f"{topic.title()} report {name}", "text": TOLD[topic]} | changes
        content = ids.content_sha256(given["title"], given["text"])
        article = self.make(
            name, content_sha256=content, text_sha256=ids.text_sha256(given["text"]),
            **({"published_at": at, "fetched_at": at} | given),
        )  # fmt: skip
        vector = np.zeros(384, np.float32)
        vector[list(TOLD).index(topic)] = 1.0
        vector += self.random.normal(scale=0.01, size=384).astype(np.float32)
        with self.db.transaction() as conn:
            articles.add(conn, article, stages=[])
            embeddings.add(conn, "test", {content: vector / np.linalg.norm(vector)})
            [text] = texts.of_revisions(conn, [(article.article_id, content)])
        self.told[name] = text
        return text

    def near(self, text: Text) -> list[Judged]:
        """All that was told before, those of the same words first."""
        chances = [
            Judged(article_id=o.article_id, chance=0.9 if o.text == text.text else 0.1)
            for o in self.told.values()
            if o.article_id != text.article_id
        ]
        return sorted(chances, key=lambda one: -one.chance)

    def link(self, text: Text, linker: Linker, near: Sequence[Judged] | None = None) -> str:
        with self.db.transaction() as conn:
            found = self.near(text) if near is None else near
            became = linking.link(conn, linker, text, found, version="test")
            sound(conn)
        return became

    def read(self, what: Callable[[Conn], Any]) -> Any:
        with self.db.transaction() as conn:
            return what(conn)

    def fellows(self) -> list[list[str]]:
        name = {text.article_id: n for n, text in self.told.items()}
        return sorted(sorted(name[a] for a in group) for group in self.read(events_of))


@pytest.fixture
def room(db: Database, make_article: Any) -> Newsroom:
    return Newsroom(db, make_article)


@pytest.fixture(params=LINKERS)
def linker(request: Any) -> Linker:
    return LINKERS[request.param]


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def test_an_event_forms_and_grows_as_articles_come_in(room: Newsroom, linker: Linker) -> None:
    assert room.link(room.add("quake1"), linker) == "alone"
    assert room.link(room.add("strike1"), linker) == "alone"
    assert room.link(room.add("quake2", days=0.2), linker) == "formed"
    assert room.link(room.add("quake3", days=0.4), linker) == "joined"
    assert room.fellows() == [["quake1", "quake2", "quake3"]]
    held = {r["article_id"]: r for r in rows(room.db, "SELECT * FROM event_members")}
    told = {name: held[text.article_id] for name, text in room.told.items() if name != "strike1"}
    assert {name: row["role"] for name, row in told.items()} == {
        "quake1": "core", "quake2": "core", "quake3": "attached",
    }  # fmt: skip
    assert all(0.3 < row["score"] <= 1 for row in told.values())
    named = [one["article_id"] for one in told["quake3"]["evidence"]["nearest"]]
    assert sorted(named) == sorted(room.told[n].article_id for n in ("quake1", "quake2"))
    kinds = rows(
        room.db, "SELECT kind, reason FROM lineage WHERE level = 'event' ORDER BY entry_id"
    )
    assert [row["kind"] for row in kinds] == ["created", "joined"]
    assert {row["reason"] for row in kinds} == {linking.REASON}


def test_linking_again_changes_nothing(room: Newsroom, linker: Linker) -> None:
    for name in ("quake1", "quake2", "quake3", "strike1"):
        room.link(room.add(name), linker)
    before = rows(room.db, "SELECT t::text, xmin::text FROM event_members t ORDER BY 1")
    again = [room.link(text, linker) for text in room.told.values()]
    assert again == ["there", "there", "there", "alone"]
    assert rows(room.db, "SELECT t::text, xmin::text FROM event_members t ORDER BY 1") == before


def test_a_text_that_changed_is_linked_anew_and_an_old_one_is_not(
    room: Newsroom, linker: Linker
) -> None:
    for name in ("quake1", "quake2", "quake3", "strike1", "strike2"):
        room.link(room.add(name), linker)
    old = room.told["quake3"]
    later = datetime.now(UTC) + timedelta(minutes=1)
    new = room.add(
        "quake3", topic="strike", title="Strike now", fetched_at=later, published_at=DAY,
    )  # fmt: skip
    assert room.link(old, linker) == "gone"
    assert room.link(new, linker) == "moved"
    assert room.fellows() == [["quake1", "quake2"], ["quake3", "strike1", "strike2"]]


def test_nothing_is_decided_across_the_window(room: Newsroom, linker: Linker) -> None:
    room.link(room.add("quake1"), linker)
    room.link(room.add("strike1", days=20), linker)
    assert room.link(room.add("quake2", days=0.1), linker) == "outside"
    ahead = (datetime.now(UTC) - DAY).days + 2
    assert room.link(room.add("quake3", days=ahead), linker) == "outside"
    assert room.fellows() == []


def test_what_comes_after_an_event_is_in_its_story(room: Newsroom, linker: Linker) -> None:
    for name, days in (("quake1", 0.0), ("quake2", 2.0)):
        room.link(room.add(name, days=days), linker)
    assert room.link(room.add("quake3", days=4.0), linker) == "in_story"
    assert room.fellows() == [["quake1", "quake2"]]
    assert len({story for _, story in room.read(places).values()}) == 1
    assert room.link(room.add("quake4", days=4.1), linker) == "formed"
    assert room.fellows() == [["quake1", "quake2"], ["quake3", "quake4"]]
    assert len({story for _, story in room.read(places).values()}) == 1


def test_workers_at_once_place_every_article_once(
    room: Newsroom, linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two may form an event at the same time; the nightly pass merges what belongs together."""
    monkeypatch.setattr(encoder, "vector_version", lambda: "test")
    made = [room.add(f"quake{n}") for n in range(6)]
    start = threading.Barrier(3)

    def work(mine: Sequence[Text]) -> None:
        start.wait()
        for text in mine:
            room.link(text, linker)

    threads = [threading.Thread(target=work, args=(made[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [f"quake{n}" for n in range(6)]
    assert sorted(name for group in room.fellows() for name in group) == everything
    grouping.regroup(room.db, DAY - timedelta(days=1))
    assert room.fellows() == [everything]
    room.read(sound)


def test_what_a_person_said_holds(room: Newsroom, linker: Linker) -> None:
    for name in ("quake1", "quake2", "quake3", "quake4"):
        room.link(room.add(name), linker)
    apart = [room.told[n].article_id for n in ("quake3", "quake4")]
    with room.db.transaction() as conn:
        [event] = {e for e, _ in places(conn).values()}
        edits.split(conn, str(event), apart, by="ida")
    assert room.link(room.add("quake5"), linker) == "joined"
    room.link(room.told["quake3"], linker)
    kept = room.fellows()
    assert [{"quake1", "quake2"} <= set(g) for g in kept].count(True) == 1
    assert [{"quake3", "quake4"} <= set(g) for g in kept].count(True) == 1
    assert len(kept) == 2


def test_the_nightly_pass_corrects_and_nothing_is_lost(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "vector_version", lambda: "test")
    wrong = LINKERS["pointer"]
    for name in ("quake1", "quake2", "strike1", "strike2"):
        room.link(room.add(name), wrong)
    stray = room.add("quake3")
    near = [Judged(article_id=room.told["strike1"].article_id, chance=0.9)]
    assert room.link(stray, wrong, near) == "joined"
    assert room.fellows() == [["quake1", "quake2"], ["quake3", "strike1", "strike2"]]
    was = room.read(places)[stray.article_id]
    grouping.regroup(room.db, DAY - timedelta(days=1))
    assert room.fellows() == [["quake1", "quake2", "quake3"], ["strike1", "strike2"]]
    room.read(sound)
    entries = rows(room.db, "SELECT * FROM lineage JOIN ledger_versions USING (version)")
    [moved] = (e for e in entries if (e["level"], e["actor"]) == ("event", f"grouping:{METHOD}"))
    assert (moved["kind"], moved["from_ids"], moved["articles"]) == (
        "joined", [was[0]], [stray.article_id],
    )  # fmt: skip
    history = rows(room.db, "SELECT * FROM member_history WHERE to_version IS NOT NULL")
    assert (stray.article_id, *was) in {
        (r["article_id"], r["event_id"], r["story_id"]) for r in history
    }
    members = rows(room.db, "SELECT * FROM event_members WHERE event_id IS NOT NULL")
    assert {m["role"] for m in members} == {"core"}
    assert all(m["evidence"]["nearest"] for m in members)


def test_the_order_of_a_day_decides_nothing_after_the_nightly_pass(
    room: Newsroom, linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "vector_version", lambda: "test")
    made = [room.add(f"{topic}{n}", days=n / 10) for n in range(3) for topic in TOLD]
    found = []
    for seed in range(2):
        with room.db.transaction() as conn:
            nowhere = [Placed(id=t.article_id, event=None, story=None, score=0.0) for t in made]
            keeping.record(conn, nowhere, method="test")
        for at in np.random.default_rng(seed).permutation(len(made)):
            room.link(made[at], linker)
        grouping.regroup(room.db, DAY - timedelta(days=1))
        found.append(room.fellows())
    assert found[0] == found[1]
    assert len(found[0]) == len(TOLD)


def test_same_article_twice_no_headline_and_another_language(
    room: Newsroom, linker: Linker
) -> None:
    """One outlet is enough for an event; a copy under a second address is of it."""
    room.link(room.add("quake1", title=""), linker)
    assert room.link(room.add("quake2", title=""), linker) == "formed"
    room.link(room.add("strike1"), linker)
    assert room.link(room.add("sturm1", language="de"), linker) == "alone"
    assert room.link(room.add("sturm2", language="de"), linker) == "formed"
    assert room.fellows() == [["quake1", "quake2"], ["sturm1", "sturm2"]]


COPIES = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text,
                      text_sha256, content_sha256, language, words, bylines, published_at,
                      date_source, via, extractor, fetched_at, bands)
SELECT 'copy' || i, 1, publisher_id, 'u' || i, 'u' || i, title, text, text_sha256, content_sha256,
       language, words, bylines, published_at, date_source, via, extractor, fetched_at, '{}'
  FROM (SELECT * FROM articles LIMIT 1) AS one, generate_series(1, 10000) AS i
"""
MEMBERS = """
INSERT INTO event_members (article_id, event_id, story_id, score, method, role)
SELECT a.article_id, m.event_id, m.story_id, 1, 'test', 'core'
  FROM articles a, (SELECT DISTINCT event_id, story_id FROM event_members) m
 WHERE a.article_id LIKE 'copy%'
"""


def test_ten_thousand_wire_copies_are_joined_without_reading_them_all(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.link(room.add("quake1", title="Quake"), LINKERS["similarity"])
    room.link(room.add("quake2", title="Quake"), LINKERS["similarity"])
    read: list[int] = []
    real = store.members

    def counted(*args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        read.append(len(found))
        return found

    monkeypatch.setattr(store, "members", counted)
    with room.db.transaction() as conn:
        conn.execute(COPIES)
        conn.execute(MEMBERS)
    text = room.add("quake3", title="Quake")
    near = [Judged(article_id="copy7", chance=0.9)]
    with room.db.transaction() as conn:
        became = linking.link(conn, LINKERS["similarity"], text, near, version="test")
        assert became == "joined"
        [row] = conn.execute("SELECT articles FROM events").fetchall()
    assert row["articles"] > 10_000
    assert max(read) <= linking.MEMBERS_READ


def test_what_fails_is_left_to_the_nightly_pass(
    room: Newsroom, linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "vector_version", lambda: "test")
    made = [room.add("quake1"), room.add("quake2")]
    near = {text.article_id: room.near(text) for text in made}
    with monkeypatch.context() as broken:
        broken.setattr(linking, "link", lambda *_, **__: 1 / 0)
        assert linking.link_all(room.db, linker, made, near) == {"failed": 2}
    assert room.fellows() == []
    assert linking.link_all(room.db, linker, made, near) == {"alone": 1, "formed": 1}
    assert room.fellows() == [["quake1", "quake2"]]
