"""Articles written to the memory by the real encoder, and judged by the shipped pointer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from stories import CHESS, FLOOD, FLOOD_AGAIN

from annotator import encoder, remember
from annotator.events import linking
from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.records import Article
from newsroom.settings import Events, Work
from newsroom.store import articles, work
from newsroom.store.memory import forget, write

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)

Store = Callable[..., Article]


@pytest.fixture(scope="module")
def version() -> str:
    return encoder.chunks_version()


@pytest.fixture
def store(db: Database, make_article: Any) -> Store:
    def add(name: str, told: tuple[str, str], hour: int = 12) -> Article:
        when = datetime(2026, 3, 2, hour, tzinfo=UTC)
        article: Article = make_article(name, title=told[0], text=told[1], published_at=when)
        with db.transaction() as conn:
            articles.add(conn, article, stages=["remember"])
        return article

    return add


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def drain(db: Database, memory: remember.Memory | None = None, linker: str = "none") -> None:
    memory = memory or remember.memory()
    chosen = remember.linker(memory, Events.model_validate({"linker": linker}))
    while remember.remember_due(db, memory, LIMITS, chosen):
        pass


def scores(db: Database) -> dict[tuple[str, str], float]:
    found = rows(db, "SELECT article_id, other_article_id, score FROM memory_candidates")
    return {(r["article_id"], r["other_article_id"]): r["score"] for r in found}


def test_an_article_is_remembered_once_in_all_its_parts(db: Database, store: Store) -> None:
    flood = store("flood", FLOOD)
    long = store("long", (CHESS[0], " ".join([CHESS[1]] * 40)))
    drain(db)
    drain(db)
    held = rows(db, "SELECT article_id, part, text, version FROM memory_records ORDER BY 1, 2")
    parts = {article.article_id: 0 for article in (flood, long)}
    for row in held:
        parts[row["article_id"]] += 1
    assert parts == {flood.article_id: 1, long.article_id: 4}
    assert {row["version"] for row in held} == {encoder.chunks_version()}
    assert {row["text"] for row in held if row["article_id"] == flood.article_id} == {
        "\n".join(FLOOD)
    }
    headed = [CHESS[0] in row["text"] for row in held if row["article_id"] == long.article_id]
    assert headed == [True, False, False, False]
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]


def test_the_pointer_tells_the_same_event_from_another(db: Database, store: Store) -> None:
    flood, chess = store("flood", FLOOD), store("chess", CHESS)
    drain(db)
    again = store("again", FLOOD_AGAIN, hour=15)
    drain(db)
    found = scores(db)
    same, other = (
        found[again.article_id, flood.article_id],
        found.get((again.article_id, chess.article_id), 0.0),
    )
    assert same > 0.5 > other


def test_articles_of_one_batch_see_each_other(db: Database, store: Store) -> None:
    flood, again = store("flood", FLOOD), store("again", FLOOD_AGAIN, hour=15)
    drain(db)
    pairs = scores(db).keys()
    ids = flood.article_id, again.article_id
    assert {ids, ids[::-1]} <= pairs


@pytest.mark.parametrize("linker", ["similarity", "pointer"])
def test_articles_get_their_event_as_they_come_in(db: Database, store: Store, linker: str) -> None:
    flood, again = store("flood", FLOOD), store("again", FLOOD_AGAIN, hour=15)
    store("chess", CHESS, hour=16)
    drain(db, linker=linker)
    members = rows(db, "SELECT article_id, event_id FROM event_members")
    assert {m["article_id"] for m in members} == {flood.article_id, again.article_id}
    assert len({m["event_id"] for m in members}) == 1


def test_an_article_that_cannot_be_linked_is_remembered(
    db: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store("flood", FLOOD)
    store("again", FLOOD_AGAIN)
    monkeypatch.setattr(linking, "link", boom)
    drain(db, linker="similarity")
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]
    assert rows(db, "SELECT count(*) AS n FROM memory_records") == [{"n": 2}]
    assert len(scores(db)) == 2
    assert rows(db, "SELECT * FROM event_members") == []


def test_who_comes_late_is_compared_with_what_was_published_after_it(
    db: Database, store: Store
) -> None:
    again = store("again", FLOOD_AGAIN, hour=15)
    drain(db)
    flood = store("flood", FLOOD, hour=9)
    drain(db)
    assert scores(db)[flood.article_id, again.article_id] > 0.5


def test_any_number_of_processes_judge_alike(db: Database, store: Store) -> None:
    """A window that grew with the writes answers as one that is filled at once."""
    grown = remember.memory()
    store("flood", FLOOD)
    store("chess", CHESS)
    drain(db, grown)
    again = store("again", FLOOD_AGAIN)
    drain(db, grown)
    first = {pair: score for pair, score in scores(db).items() if pair[0] == again.article_id}
    with db.transaction() as conn:
        conn.execute("DELETE FROM memory_candidates")
        conn.execute("UPDATE work SET state = 'due' WHERE article_id = %s", (again.article_id,))
    drain(db, remember.memory())
    assert scores(db) == pytest.approx(first)


def test_a_fault_puts_the_batch_back_and_doubles_nothing(
    db: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store("flood", FLOOD)
    store("again", FLOOD_AGAIN)
    memory = remember.memory()
    with monkeypatch.context() as broken:
        broken.setattr(write, "propose", boom)
        with pytest.raises(RuntimeError):
            remember.remember_due(db, memory, LIMITS)
    assert rows(db, "SELECT count(*) AS n FROM memory_records") == [{"n": 2}]
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "leased"}]
    with db.transaction() as conn:
        work.end_leases(conn)
        work.sweep(conn, attempts_max=5)
    drain(db, memory)
    assert rows(db, "SELECT count(*) AS n FROM memory_records") == [{"n": 2}]
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]


def test_a_broken_pointer_is_noted_on_the_work(db: Database, store: Store) -> None:
    store("flood", FLOOD)
    store("again", FLOOD_AGAIN)
    memory = remember.memory()
    broken = replace(memory, pointer=None)  # type: ignore[arg-type]
    assert remember.remember_due(db, broken, LIMITS) == 2
    assert rows(db, "SELECT DISTINCT state, error_code FROM work") == [
        {"state": "due", "error_code": "memory-failed"}
    ]


def test_what_is_forgotten_is_no_candidate(db: Database, store: Store) -> None:
    memory = remember.memory()
    flood = store("flood", FLOOD)
    drain(db, memory)
    with db.transaction() as conn:
        forget.forget(conn, flood.article_id, "takedown")
    store("again", FLOOD_AGAIN)
    drain(db, memory)
    assert scores(db) == {}


def test_a_worker_without_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    encoder._backbone.cache_clear()
    import builtins

    real = builtins.__import__

    def fake(name: str, *args: Any, **kwargs: Any) -> Any:
        return missing() if name == "memory_lm.backbone" else real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fake)
    with pytest.raises(Misconfigured, match="torch") as refusal:
        encoder.version()
    assert refusal.value.code == "torch-missing"


def boom(*_: object, **__: object) -> None:
    raise RuntimeError("boom")
