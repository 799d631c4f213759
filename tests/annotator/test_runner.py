from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from annotator import recalling, runner
from annotator.labellers.base import ArticleInput, Label, Labelled
from newsroom.db import Database
from newsroom.errors import Later, Misconfigured, Refused
from newsroom.records import Scope, Stage
from newsroom.settings import Work
from newsroom.store import articles, work
from newsroom.store.texts import Text

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)


class Fake:
    """Injects what a model can do to us: refuse, fail, fail for one text, be away."""

    id = "fake"
    revision = "1"
    encoder = "enc"
    recalls = False
    asked = None

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault
        self.batches: list[int] = []
        self.seen: list[ArticleInput] = []

    def label(
        self, given: Sequence[ArticleInput], past: object = None
    ) -> Iterator[Labelled | Refused | Later]:
        self.batches.append(len(given))
        for article in given:
            marked = "a03" in article.text
            if self.fault == "away":
                raise Later("model-away", "no answer", delay_s=77)
            if self.fault == "crash" and marked:
                raise RuntimeError("boom")
            if self.fault == "refuse" and marked:
                yield Refused("too-short", "3 words")
                continue
            if self.fault == "later" and marked:
                yield Later("answer-not-json", "it was prose", delay_s=50)
                continue
            self.seen.append(article)
            label = Label(
                stage=Stage.LEAN, scope=Scope.ARTICLE, label="left", score=-2.0, confidence=0.5,
                distribution={"left": 0.5, "center": 0.3, "right": 0.2}, scale="mapped3",
            )  # fmt: skip
            yield Labelled(labels=(label,), vector=np.ones(384, dtype=np.float32))


@pytest.fixture
def due(db: Database, make_article: Any) -> list[str]:
    made = [make_article(f"a{i:02}") for i in range(10)]
    with db.transaction() as conn:
        for article in made:
            articles.add(conn, article, stages=["label"])
    return [a.article_id for a in made]


def drain(db: Database, labeller: Any) -> None:
    bench = runner.bench(labeller, version="v1", digest="d", codebook={"lean": []})
    while runner.label_due(db, bench, LIMITS):
        pass


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def test_labels_carry_their_provenance(db: Database, due: list[str]) -> None:
    drain(db, Fake())
    labels = rows(db, "SELECT * FROM annotations")
    assert len(labels) == len(due)
    first = labels[0]
    run = rows(db, "SELECT * FROM runs")
    assert [r["run_id"] for r in run] == [first["run_id"]]
    assert (first["labeller"], first["labeller_revision"], first["codebook_version"]) == (
        "fake",
        "1",
        "v1",
    )
    assert first["distribution"] == {"left": 0.5, "center": 0.3, "right": 0.2}
    assert rows(db, "SELECT count(*) AS n FROM embeddings") == [{"n": 10}]
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]


def test_a_refusal_is_a_quarantine_row_and_no_label(db: Database, due: list[str]) -> None:
    drain(db, Fake("refuse"))
    assert rows(db, "SELECT article_id, error_code FROM work WHERE state = 'quarantined'") == [
        {"article_id": due[3], "error_code": "too-short"}
    ]
    assert rows(db, f"SELECT 1 FROM annotations WHERE article_id = '{due[3]}'") == []
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 9}]


def test_an_article_that_has_to_wait_leaves_its_batch_alone(db: Database, due: list[str]) -> None:
    drain(db, Fake("later"))
    assert rows(
        db,
        "SELECT article_id, error_code, round(extract(epoch FROM due_at - now())) > 40 AS waits"
        " FROM work WHERE state = 'due'",
    ) == [{"article_id": due[3], "error_code": "answer-not-json", "waits": True}]
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 9}]
    assert rows(db, f"SELECT 1 FROM run_outcomes WHERE article_id = '{due[3]}'") == []


def test_a_refusal_is_counted_for_its_run(db: Database, due: list[str]) -> None:
    drain(db, Fake("refuse"))
    assert rows(db, "SELECT code, count(*) AS n FROM run_outcomes GROUP BY 1 ORDER BY 1") == [
        {"code": "too-short", "n": 1},
        {"code": None, "n": 9},
    ]


def test_a_labeller_sees_neither_outlet_nor_reporter(db: Database, make_article: Any) -> None:
    told = "By Ida Brook\nThe council met on Monday. Ida Brook of example.com asked why. It rained."
    article = replace(make_article("z1"), text=told, bylines=("Ida Brook",))
    with db.transaction() as conn:
        articles.add(conn, article, stages=["label"])
    labeller = Fake()
    drain(db, labeller)
    (seen,) = labeller.seen
    assert "Brook" not in seen.text
    assert "The council met on Monday." in seen.text


def test_one_run_works_off_what_is_due_for_it_alone(db: Database, due: list[str]) -> None:
    bench = runner.bench(Fake(), version="v1", digest="d", codebook={})
    stage = work.run_stage(bench.run.run_id)
    assert runner.label_due(db, bench, LIMITS, stage=stage) == 0
    with db.transaction() as conn:
        work.make_due(conn, due[2], rows(db, f"SELECT content_sha256 AS c FROM articles WHERE article_id = '{due[2]}'")[0]["c"], [stage])  # fmt: skip
    assert runner.label_due(db, bench, LIMITS, stage=stage) == 1
    assert rows(db, "SELECT DISTINCT article_id FROM annotations") == [{"article_id": due[2]}]


def test_a_crash_puts_back_and_its_neighbours_finish_alone(db: Database, due: list[str]) -> None:
    labeller = Fake("crash")
    drain(db, labeller)
    assert labeller.batches == [8, 2] + [1] * 8
    state = rows(db, "SELECT state, attempts, error_code FROM work WHERE error_code IS NOT NULL")
    assert state == [{"state": "due", "attempts": 2, "error_code": "labeller-failed"}]
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 9}]


def test_a_model_that_is_away_says_when_to_come_back(db: Database, due: list[str]) -> None:
    drain(db, Fake("away"))
    wait = rows(
        db, "SELECT DISTINCT state, round(extract(epoch FROM due_at - now())) AS s FROM work"
    )
    assert {(r["state"], int(r["s"]) in {76, 77}) for r in wait} == {("due", True)}
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 0}]


def test_a_new_revision_of_the_labeller_is_another_run_beside_the_old(
    db: Database, due: list[str]
) -> None:
    drain(db, Fake())
    newer = Fake()
    newer.revision = "2"
    run_id = runner.bench(newer, version="v1", digest="d", codebook={}).run.run_id
    with db.transaction() as conn:
        assert work.make_due_again(conn, "label", run_id) == len(due)
    drain(db, newer)
    with db.transaction() as conn:
        assert work.make_due_again(conn, "label", run_id) == 0
    assert rows(
        db,
        "SELECT labeller_revision AS r, superseded_at IS NULL AS current, count(*) AS n"
        " FROM annotations GROUP BY 1, 2 ORDER BY 1",
    ) == [{"r": "1", "current": True, "n": 10}, {"r": "2", "current": True, "n": 10}]
    assert rows(db, "SELECT reason FROM promotions") == [{"reason": "first run"}]


def test_labelling_again_with_the_same_run_changes_nothing(db: Database, due: list[str]) -> None:
    drain(db, Fake())
    before = rows(db, "SELECT * FROM annotations ORDER BY annotation_id")
    with db.transaction() as conn:
        conn.execute("UPDATE work SET state = 'due', attempts = 0")
    drain(db, Fake())
    assert rows(db, "SELECT * FROM annotations ORDER BY annotation_id") == before


def test_an_answer_after_the_lease_ran_out_is_not_stored(db: Database, due: list[str]) -> None:
    class Slow(Fake):
        def label(
            self, given: Sequence[ArticleInput], past: object = None
        ) -> Iterator[Labelled | Refused]:
            with db.transaction() as conn:
                work.end_leases(conn)
                work.sweep(conn, attempts_max=5)
            yield from super().label(given)

    bench = runner.bench(Slow(), version="v1", digest="d", codebook={})
    runner.label_due(db, bench, LIMITS)
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 0}]
    assert rows(db, "SELECT count(*) AS n FROM work WHERE state = 'due'") == [{"n": 10}]


class Recalling(Fake):
    """Reads the memory for lean, as a labeller with one open gate does."""

    recalls = True

    def __init__(self) -> None:
        super().__init__()
        self.pasts: list[object] = []

    def label(
        self, given: Sequence[ArticleInput], past: object = None
    ) -> Iterator[Labelled | Refused | Later]:
        self.pasts.append(past)
        for outcome in super().label(given):
            assert isinstance(outcome, Labelled)
            [lean] = outcome.labels
            topic = replace(lean, stage=Stage.TOPIC)
            told = (replace(lean, recalls=past is not None), topic)
            yield replace(outcome, labels=told)


def remembered(db: Database, asked: list[list[str]]) -> runner.Recollect:
    """A memory that has come to number 41, and one further at each batch."""

    def recollect(read: Sequence[Text]) -> recalling.Past:
        asked.append([text.article_id for text in read])
        memory: Any = None
        sequence = 40 + len(asked)
        return recalling.Past(db=db, memory=memory, articles=read, sequence=sequence)

    return recollect


def test_a_label_that_recalls_carries_the_number_it_was_read_as_of(
    db: Database, due: list[str]
) -> None:
    labeller, asked = Recalling(), list[list[str]]()
    bench = runner.bench(labeller, version="v1", digest="d", codebook={})
    recollect = remembered(db, asked)
    while runner.label_due(db, bench, LIMITS, recollect):
        pass
    assert [len(batch) for batch in asked] == labeller.batches == [8, 2]
    assert sorted(asked[0] + asked[1]) == sorted(due)
    # Each batch is labelled with its own past, of the same articles.
    for past, batch in zip(labeller.pasts, asked, strict=True):
        assert isinstance(past, recalling.Past)
        assert [text.article_id for text in past.articles] == batch
    found = rows(db, "SELECT article_id, stage, memory_sequence FROM annotations")
    assert len(found) == 2 * len(due)
    number = {name: 41 + i for i, batch in enumerate(asked) for name in batch}
    for row in found:
        expected = number[row["article_id"]] if row["stage"] == "lean" else None
        assert row["memory_sequence"] == expected


def test_who_does_not_recall_is_not_reminded(db: Database, due: list[str]) -> None:
    asked: list[list[str]] = []
    bench = runner.bench(Fake(), version="v1", digest="d", codebook={})
    assert runner.label_due(db, bench, LIMITS, remembered(db, asked)) == 8
    assert asked == []
    assert rows(db, "SELECT DISTINCT memory_sequence FROM annotations") == [
        {"memory_sequence": None}
    ]


def test_without_a_memory_labels_are_read_as_of_nothing(db: Database, due: list[str]) -> None:
    labeller = Recalling()
    drain(db, labeller)
    assert labeller.pasts == [None, None]
    assert rows(
        db, "SELECT DISTINCT memory_sequence, count(*) AS n FROM annotations GROUP BY 1"
    ) == [{"memory_sequence": None, "n": 2 * len(due)}]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured("memory-version", "written by another"), "memory-version"),
        (RuntimeError("boom"), "labeller-failed"),
    ],
)
def test_a_memory_that_fails_puts_the_batch_back(
    db: Database, due: list[str], error: Exception, code: str
) -> None:
    labeller = Recalling()
    bench = runner.bench(labeller, version="v1", digest="d", codebook={})

    def fails(_: Sequence[Text]) -> recalling.Past:
        raise error

    assert runner.label_due(db, bench, LIMITS, fails) == 8
    assert labeller.batches == []
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 0}]
    assert rows(
        db, "SELECT state, error_code, count(*) AS n FROM work GROUP BY 1, 2 ORDER BY 3"
    ) == [
        {"state": "due", "error_code": None, "n": 2},
        {"state": "due", "error_code": code, "n": 8},
    ]
    while runner.label_due(db, bench, LIMITS, remembered(db, [])):
        pass
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]
