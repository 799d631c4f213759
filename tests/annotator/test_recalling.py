"""What articles are shown of the memory, from the real store by the real encoder; and who reads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stories import CHESS, FLOOD, FLOOD_AGAIN

from annotator import encoder, masking, reading, recalling, remember
from memory_lm import labels
from memory_lm.batches import ABSENT, Neighbours, Terms
from memory_lm.side import QUERIES, Shape, SideNetwork
from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.records import Article, DateSource, Publisher
from newsroom.settings import Work
from newsroom.store import articles, events, publishers, texts
from newsroom.store.memory import forget
from newsroom.store.texts import Text

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)
COURIER = Publisher(
    publisher_id="courier", name="The Courier", domain="courier.example", country="US",
    language="en", timezone="UTC",
)  # fmt: skip
OUTPUTS = {"lean": 3, "tone": 4, "topic": 5, "news_type": 3}

Store = Callable[..., Article]


@pytest.fixture
def store(db: Database, make_article: Any) -> Store:
    with db.transaction() as conn:
        publishers.upsert(conn, [COURIER])

    def add(name: str, told: tuple[str, str], hour: int = 12, **changes: Any) -> Article:
        when = datetime(2026, 3, 2, hour, tzinfo=UTC)
        values = {"published_at": when} | changes
        article: Article = make_article(name, title=told[0], text=told[1], **values)
        with db.transaction() as conn:
            articles.add(conn, article, stages=["remember"])
        return article

    return add


@pytest.fixture
def memory() -> remember.Memory:
    return remember.memory()


def drain(db: Database, memory: remember.Memory) -> None:
    while remember.remember_due(db, memory, LIMITS):
        pass


def read(db: Database, *wanted: Article) -> list[Text]:
    with db.transaction() as conn:
        return texts.of_revisions(conn, [(a.article_id, a.content_sha256) for a in wanted])


def asked(past: recalling.Past) -> Neighbours | None:
    """What the whole batch reads."""
    chunks = encoder.chunks([(text.title, text.text) for text in past.articles])
    return past.neighbours(range(len(chunks)), chunks)


def shown(past: recalling.Past, near: Neighbours | None, number: int = 0) -> list[str]:
    """The articles of the chunks that one of the batch is shown, nearest first."""
    assert near is not None
    of_key = {
        past.memory.bank.key(r.record_id).astype(np.float16).tobytes(): r.article_id
        for r in past.memory.bank.slots
    }
    line = near.found[number]
    return [of_key[near.keys[chunk].tobytes()] for chunk in line[line != ABSENT]]


def grouped(conn: Any, first: Article) -> None:
    """Put an article into an event."""
    assert first.published_at is not None
    story = events.Group(
        group_id="s", story_id=None, title="Flood", title_article_id=first.article_id,
        first_at=first.published_at, last_at=first.published_at, articles=1, publishers=1,
        method="m",
    )  # fmt: skip
    event = replace(story, group_id="e", story_id="s")
    member = events.Member(article_id=first.article_id, event_id="e", story_id="s", score=0.5)
    events.replace(conn, window=[], stories=[story], events=[event], members=[member], method="m")


def batch(
    db: Database, memory: remember.Memory, wanted: Sequence[Article], rule: Any = None
) -> recalling.Past:
    return recalling.past(db, memory, read(db, *wanted), rule)


def test_an_article_is_shown_what_was_published_before_and_not_itself(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood = store("flood", FLOOD, 9, publisher_id="courier")
    chess = store("chess", CHESS, 10)
    again = store("again", FLOOD_AGAIN, 12)
    store("later", (FLOOD[0] + " again", FLOOD_AGAIN[1]), 15)
    drain(db, memory)
    past = batch(db, memory, [again])
    near = asked(past)
    assert near is not None
    assert shown(past, near) == [flood.article_id, chess.article_id]
    assert near.age_h[0, :2].tolist() == [3, 2]
    assert near.same_outlet[0, :2].tolist() == [False, True]
    assert near.same_event[0, 0] > 0 > near.same_event[0, 1]
    [values] = near.values[[0]] if near.found[0, 0] == 0 else near.values[[1]]
    [whole] = encoder.chunks([FLOOD])
    np.testing.assert_array_equal(values, whole.values[0])
    assert near.states == {}


def test_each_of_a_batch_is_shown_its_own_past(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    made = [store("flood", FLOOD, 9), store("chess", CHESS, 10), store("again", FLOOD_AGAIN, 12)]
    drain(db, memory)
    past = batch(db, memory, made[::-1])
    near = asked(past)
    ids = [article.article_id for article in made]
    assert [text.article_id for text in past.articles] == ids
    assert [shown(past, near, i) for i in range(3)] == [[], [ids[0]], [ids[0], ids[1]]]
    # Some of a batch, as when others were refused.
    chunks = encoder.chunks([FLOOD_AGAIN, CHESS])
    some = past.neighbours([2, 1], chunks)
    assert [shown(past, some, i) for i in range(2)] == [[ids[0], ids[1]], [ids[0]]]


def test_who_was_not_remembered_yet_is_shown_the_same(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood = store("flood", FLOOD, 9)
    drain(db, memory)
    again = store("again", FLOOD_AGAIN, 12)
    past = batch(db, memory, [again])
    before = asked(past)
    assert shown(past, before) == [flood.article_id]
    drain(db, memory)
    known = batch(db, memory, [again])
    assert known.sequence > past.sequence
    assert shown(known, asked(known)) == [flood.article_id]


def test_what_is_written_after_the_sequence_is_not_seen(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood, again = store("flood", FLOOD, 9), store("again", FLOOD_AGAIN, 12)
    drain(db, memory)
    past = batch(db, memory, [again])
    chess = store("chess", CHESS, 8)
    drain(db, memory)
    assert memory.bank.sequence > past.sequence
    assert shown(past, asked(past)) == [flood.article_id]
    now = batch(db, memory, [again])
    assert shown(now, asked(now)) == [flood.article_id, chess.article_id]


def test_what_is_forgotten_while_it_is_asked_for_is_absent_and_hides_nothing_else(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood, chess = store("flood", FLOOD, 9), store("chess", CHESS, 8)
    again = store("again", FLOOD_AGAIN, 12)
    drain(db, memory)
    past = batch(db, memory, [again])
    with db.transaction() as conn:
        forget.forget(conn, flood.article_id, "takedown")
    near = asked(past)
    assert near is not None
    assert shown(past, near) == [chess.article_id]
    row = np.array([0])
    given = near.memory(row, np.array([True]), Terms())
    [values] = encoder.chunks([CHESS])
    assert given.shown[0, 0, QUERIES.index("topic")].sum() == values.present.sum()
    assert given.age_h is not None
    assert given.age_h[given.shown[:, 0, 2][:, None]].unique().tolist() == [4]
    with db.transaction() as conn:
        forget.forget(conn, chess.article_id, "takedown")
    assert asked(past) is None


def test_the_state_of_its_event_answers_where_a_rule_is_set(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    made = [store("flood", FLOOD, 9), store("chess", CHESS, 10), store("again", FLOOD_AGAIN, 12)]
    drain(db, memory)
    with db.transaction() as conn:
        grouped(conn, made[0])
    found = {}
    for rule in ("delta", "hebbian"):
        past = batch(db, memory, made, rule)
        near = asked(past)
        assert near is not None
        assert list(near.states) == [rule]
        found[rule] = near.states[rule]
        assert near.states[rule].any(axis=(1, 2)).tolist() == [False, False, True]
        assert not near.states[rule][2, 1:].any()
    assert not np.array_equal(found["delta"], found["hebbian"])
    # One report was told: the state answers in its direction.
    told = encoder.chunks([FLOOD])[0]
    mean = told.values[0][told.present[0]].astype(np.float32).mean(0)
    answer = found["delta"][2, 0].astype(np.float32)
    assert answer @ mean > 0.9 * np.linalg.norm(answer) * np.linalg.norm(mean)


def test_an_empty_memory_and_an_empty_article_show_nothing(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood = store("flood", FLOOD)
    assert asked(batch(db, memory, [flood], "delta")) is None
    drain(db, memory)
    [text] = read(db, flood)
    later = replace(text, article_id="x", title="", text="", published_at=text.published_at)
    assert asked(recalling.past(db, memory, [later], "delta")) is None
    assert asked(recalling.past(db, memory, [], None)) is None


def test_who_has_no_day_is_read_as_of_when_it_was_fetched(
    db: Database, store: Store, memory: remember.Memory
) -> None:
    flood = store("flood", FLOOD, 9)
    store("later", FLOOD_AGAIN, 20)
    fetched = datetime(2026, 3, 2, 13, tzinfo=UTC)
    undated = store(
        "undated", CHESS, published_at=None, fetched_at=fetched, date_source=DateSource.ABSENT
    )
    drain(db, memory)
    [text] = read(db, undated)
    assert (text.dated, text.published_at) == (False, fetched)
    past = batch(db, memory, [undated])
    assert shown(past, asked(past)) == [flood.article_id]


@pytest.fixture
def side_path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "side.safetensors"
    about = {"vectors": encoder.chunks_version(), "masking": masking.digest()}
    labels.save(SideNetwork(Shape(outputs=OUTPUTS)), about, ["topic"], path)
    return path


def test_only_queries_with_an_open_gate_read_the_past(
    db: Database, store: Store, memory: remember.Memory, side_path: Path
) -> None:
    made = [store("flood", FLOOD, 9), store("again", FLOOD_AGAIN, 12)]
    drain(db, memory)
    with db.transaction() as conn:
        grouped(conn, made[0])
    side = reading.Side(labels=labels.load(encoder.chunks_version(), side_path))
    assert side.recalling == {"topic"}
    assert len(side.digest) == 12
    chunks = encoder.chunks([FLOOD, FLOOD_AGAIN])
    alone = side.outputs(chunks)
    assert {query: found.shape for query, found in alone.items()} == {
        query: (2, size) for query, size in OUTPUTS.items()
    }
    past = batch(db, memory, made)
    told = side.outputs(chunks, asked(past))
    ruled = batch(db, memory, made, "delta")
    stated = side.outputs(chunks, asked(ruled), ruled.rule)
    for query in QUERIES:
        # The first of them remembers nothing.
        np.testing.assert_allclose(told[query][0], alone[query][0], atol=1e-4)
        moved = not np.allclose(told[query][1], alone[query][1], atol=1e-4)
        assert moved == (query == "topic")
    assert not np.allclose(stated["topic"][1], told["topic"][1], atol=1e-4)
    np.testing.assert_allclose(stated["lean"], alone["lean"], atol=1e-4)


def test_an_article_without_words_and_no_article_have_outputs(side_path: Path) -> None:
    side = reading.Side(labels=labels.load(encoder.chunks_version(), side_path))
    found = side.outputs(encoder.chunks([("", ""), FLOOD]))
    assert all(np.isfinite(x).all() for x in found.values())
    [alone] = side.outputs(encoder.chunks([FLOOD]))["lean"]
    np.testing.assert_allclose(found["lean"][1], alone, atol=1e-4)
    assert side.outputs([])["topic"].shape == (0, OUTPUTS["topic"])


def test_a_network_of_another_masking_is_refused(
    side_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "load", partial(labels.load, path=side_path))
    assert reading.side().recalling == {"topic"}
    monkeypatch.setattr(masking, "digest", lambda: "another")
    with pytest.raises(Misconfigured, match="another") as refusal:
        reading.side()
    assert refusal.value.code == "side-other-masking"


def test_it_can_be_imported_first() -> None:
    """The worker's tasks do so: it is no part of a circle."""
    subprocess.run([sys.executable, "-c", "import annotator.recalling"], check=True)
