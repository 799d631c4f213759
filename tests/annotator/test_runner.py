from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from annotator import runner
from annotator.labellers.base import ArticleInput, Label, Labelled
from newsroom.db import Database
from newsroom.errors import Later, Refused
from newsroom.records import Scope, Stage
from newsroom.settings import Work
from newsroom.store import articles, work

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)


class Fake:
    """Injects what a model can do to us: refuse, fail, fail for one text, be away."""

    id = "fake"
    revision = "1"
    encoder = "enc"

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault
        self.batches: list[int] = []

    def label(self, given: Sequence[ArticleInput]) -> Iterator[Labelled | Refused]:
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


def test_a_new_revision_of_the_labeller_adds_rows_and_marks_the_old(
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
    ) == [{"r": "1", "current": False, "n": 10}, {"r": "2", "current": True, "n": 10}]


def test_labelling_again_with_the_same_run_changes_nothing(db: Database, due: list[str]) -> None:
    drain(db, Fake())
    before = rows(db, "SELECT * FROM annotations ORDER BY annotation_id")
    with db.transaction() as conn:
        conn.execute("UPDATE work SET state = 'due', attempts = 0")
    drain(db, Fake())
    assert rows(db, "SELECT * FROM annotations ORDER BY annotation_id") == before


def test_an_answer_after_the_lease_ran_out_is_not_stored(db: Database, due: list[str]) -> None:
    class Slow(Fake):
        def label(self, given: Sequence[ArticleInput]) -> Iterator[Labelled | Refused]:
            with db.transaction() as conn:
                work.end_leases(conn)
                work.sweep(conn, attempts_max=5)
            yield from super().label(given)

    bench = runner.bench(Slow(), version="v1", digest="d", codebook={})
    runner.label_due(db, bench, LIMITS)
    assert rows(db, "SELECT count(*) AS n FROM annotations") == [{"n": 0}]
    assert rows(db, "SELECT count(*) AS n FROM work WHERE state = 'due'") == [{"n": 10}]
