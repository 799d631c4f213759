"""Runs are kept, one is promoted, panels are frozen, and what a run came to is written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from newsroom import drift
from newsroom.db import Database
from newsroom.errors import BadRequest, NotFound, Refused
from newsroom.records import Annotation, Article, Run, Scope, Stage
from newsroom.store import annotations, articles, runs, work
from newsroom.store.reading import drift as sides
from newsroom.store.reading import runs as reading

CODEBOOK = {"lean": {"question": "Which way?"}}


def run(name: str) -> Run:
    return Run(
        run_id=name * 32, labeller="test", labeller_revision=name, codebook_version="v1",
        codebook_digest="d", prompt_digest=None, code_version="test", settings={"draws": 8},
    )  # fmt: skip


ONE, TWO = run("a"), run("b")


def label(article: Article, of: Run, label: str = "left", **changes: Any) -> Annotation:
    values: dict[str, Any] = {
        "article_id": article.article_id, "content_sha256": article.content_sha256,
        "stage": Stage.LEAN, "scope": Scope.ARTICLE, "label": label, "score": -1.0,
        "confidence": 0.5, "labeller": of.labeller, "labeller_revision": of.labeller_revision,
        "codebook_version": "v1", "run_id": of.run_id,
    }  # fmt: skip
    return Annotation(**(values | changes))


@pytest.fixture
def stored(db: Database, make_article: Any) -> list[Article]:
    made = [make_article(f"a{i:02}") for i in range(10)]
    with db.transaction() as conn:
        for article in made:
            articles.add(conn, article, stages=["label"])
    return made


def made(db: Database, of: Run, some: list[Article], **changes: Any) -> None:
    with db.transaction() as conn:
        annotations.start_run(conn, of, CODEBOOK)
        annotations.add(conn, [label(article, of, **changes) for article in some])


def promoted(db: Database) -> str | None:
    with db.transaction() as conn:
        return reading.id_of(reading.promoted(conn))


def test_the_first_run_that_starts_is_promoted_and_no_other(db: Database, stored: Any) -> None:
    assert promoted(db) is None
    made(db, ONE, stored)
    made(db, TWO, stored)
    made(db, ONE, stored)
    assert promoted(db) == ONE.run_id
    with db.transaction() as conn:
        rows = conn.execute("SELECT promotion_id, reason FROM promotions").fetchall()
        one, two = (reading.one(conn, r.run_id) for r in (ONE, TWO))
    assert rows == [{"promotion_id": 1, "reason": "first run"}]
    assert (one["promoted"], one["articles"], one["settings"]) == (True, 10, {"draws": 8})
    assert (two["promoted"], two["promoted_at"], two["articles"]) == (False, None, 10)


def test_runs_that_start_at_once_leave_one_promoted(db: Database) -> None:
    def start(name: str) -> None:
        with db.transaction() as conn:
            annotations.start_run(conn, run(name), CODEBOOK)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, "abcdef"))
    with db.transaction() as conn:
        assert conn.execute("SELECT count(*) AS n FROM promotions").fetchone() == {"n": 1}
        assert reading.count(conn) == 6


def test_a_run_that_covers_less_is_promoted_only_if_that_is_meant(
    db: Database, stored: Any
) -> None:
    made(db, ONE, stored)
    made(db, TWO, stored[:4])
    with pytest.raises(Refused) as caught, db.transaction() as conn:
        runs.promote(conn, TWO.run_id, "better", partial=False)
    assert caught.value.code == "run-covers-less"
    with db.transaction() as conn:
        done = runs.promote(conn, TWO.run_id, "better", partial=True)
    assert (done.articles, done.articles_before, promoted(db)) == (4, 10, TWO.run_id)
    with db.transaction() as conn:
        assert runs.promote(conn, ONE.run_id, "back", partial=False).articles == 10
        assert reading.one(conn, ONE.run_id)["reason"] == "back"
    for run_id, reason, code in (
        (ONE.run_id, "again", "run-promoted"),
        (TWO.run_id, " ", "reason-missing"),
        ("nobody", "x", "run-unknown"),
    ):
        with pytest.raises((Refused, BadRequest, NotFound)) as other, db.transaction() as conn:
            runs.promote(conn, run_id, reason, partial=True)
        assert other.value.code == code


def test_a_run_is_found_by_what_only_its_id_begins_with(db: Database) -> None:
    twin = Run(**{f: getattr(ONE, f) for f in ONE.__slots__} | {"run_id": "a" * 8 + "c" * 24})
    with db.transaction() as conn:
        for one in (ONE, TWO, twin):
            annotations.start_run(conn, one, CODEBOOK)
        assert reading.named(conn, "bbbbbbbb")["run_id"] == TWO.run_id
        assert reading.named(conn, ONE.run_id)["run_id"] == ONE.run_id
        for unknown in ("aaaaaaaa", "cccccccc", "%", "b_bbbbbb"):
            with pytest.raises(NotFound) as caught:
                reading.named(conn, unknown)
            assert caught.value.code == "run-unknown"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET labeller = 'x'", "DELETE FROM runs", "DELETE FROM promotions",
        "UPDATE promotions SET reason = 'x'", "UPDATE panels SET seed = 2",
        "DELETE FROM panel_articles", "UPDATE panel_articles SET probability = 1",
    ],
)  # fmt: skip
def test_what_is_kept_cannot_be_changed(db: Database, stored: Any, statement: str) -> None:
    made(db, ONE, stored)
    draw(db, 3)
    with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
        with db.transaction() as conn:
            conn.execute(statement)


def superseded(db: Database) -> dict[tuple[str, str], int]:
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT run_id, content_sha256, count(superseded_at) AS n FROM annotations GROUP BY 1, 2"
        ).fetchall()
    return {(r["run_id"], r["content_sha256"]): r["n"] for r in rows}


def test_only_a_newer_text_of_the_same_run_replaces_labels(
    db: Database, stored: Any, make_article: Any
) -> None:
    old = stored[0]
    new = make_article("a00", text="The council met again. It voted the other way.")
    with db.transaction() as conn:
        articles.add(conn, new, stages=["label"])
    made(db, ONE, [new])
    made(db, ONE, [old])  # a panel may hold the older text
    made(db, TWO, [old])
    assert superseded(db) == {
        (ONE.run_id, old.content_sha256): 1,
        (ONE.run_id, new.content_sha256): 0,
        (TWO.run_id, old.content_sha256): 0,
    }


def refuse(db: Database, of: Run, article: Article) -> None:
    with db.transaction() as conn:
        annotations.start_run(conn, of, CODEBOOK)
        key = (article.article_id, article.content_sha256)
        annotations.refuse(conn, of.run_id, *key, "too-long", "60,000 words")


def outcome_of(db: Database) -> list[Any]:
    with db.transaction() as conn:
        return [r["code"] for r in conn.execute("SELECT code FROM run_outcomes")]


def test_a_refusal_can_be_lifted_and_labels_cannot(db: Database, stored: Any) -> None:
    refuse(db, ONE, stored[0])
    assert outcome_of(db) == ["too-long"]
    made(db, ONE, stored[:1])
    refuse(db, ONE, stored[0])
    assert outcome_of(db) == [None]


def draw(db: Database, size: int, name: str = "p", seed: int = 1, **span: Any) -> list[str]:
    between = {"since": None, "until": None} | span
    with db.transaction() as conn:
        [stratum] = runs.strata(conn, **between)
        drawn = runs.Stratum(**{**stratum, "drawn": size})  # type: ignore[arg-type]
        runs.add_panel(conn, name, [drawn], seed=seed, **between)
        rows = conn.execute(
            "SELECT article_id, month, probability FROM panel_articles WHERE panel = %s", (name,)
        ).fetchall()
    assert {(r["month"], r["probability"]) for r in rows} == {(date(2026, 3, 1), size / 10)}
    return sorted(str(r["article_id"]) for r in rows)


def test_a_panel_is_drawn_by_its_seed_and_frozen(
    db: Database, stored: Any, make_article: Any
) -> None:
    first, same, other = draw(db, 4), draw(db, 4, "q"), draw(db, 4, "r", seed=2)
    assert len(first) == 4
    assert first == same != other
    with pytest.raises(Refused) as caught:
        draw(db, 2)
    assert caught.value.code == "panel-taken"
    with db.transaction() as conn:
        assert not runs.strata(conn, datetime(2026, 4, 1, tzinfo=UTC), None)
        articles.add(conn, make_article("a00", text="Another text. It is new."), stages=["label"])
        frozen = conn.execute("SELECT DISTINCT content_sha256 FROM panel_articles").fetchall()
        with pytest.raises(NotFound):
            runs.require_panel(conn, "s")
    assert {r["content_sha256"] for r in frozen} <= {a.content_sha256 for a in stored}


def test_a_run_works_off_its_panel_beside_the_ordinary_work(db: Database, stored: Any) -> None:
    panel = draw(db, 4)
    made(db, TWO, [a for a in stored if a.article_id == panel[0]])
    with db.transaction() as conn:
        assert work.make_due_for_run(conn, TWO.run_id, "p") == 3  # one is labelled already
        assert work.make_due_for_run(conn, TWO.run_id, "p") == 0
        stage = work.run_stage(TWO.run_id)
        assert (work.open_rows(conn, stage), work.open_rows(conn)) == (3, 13)
        leases = work.lease(conn, stage, batch=9, lease_s=60)
        assert sorted(x.article_id for x in leases) == panel[1:]
        assert all(work.finish(conn, x) for x in leases)
        assert work.make_due_for_run(conn, TWO.run_id) == 6  # all current ones, less those done


def test_two_runs_side_by_side(db: Database, stored: Any) -> None:
    made(db, ONE, stored[:8])
    made(db, TWO, stored[2:6], label="center", score=0.0)
    refuse(db, TWO, stored[6])
    sentence = {"stage": Stage.SENTENCE_TYPE, "scope": Scope.SENTENCE, "score": None}
    with db.transaction() as conn:
        for of, places in ((ONE, "ffo"), (TWO, "ffff")):
            annotations.add(conn, [
                label(stored[2], of, place, sentence=number, **sentence)
                for number, place in enumerate(places)
            ])  # fmt: skip
        asked = (ONE.run_id, TWO.run_id, None)
        outcomes = sides.outcomes(conn, *asked)
        report = drift.report(sides.pairs(conn, *asked), outcomes)
    assert {(r["a"], r["b"]): r["n"] for r in outcomes} == {
        ("labelled", "labelled"): 4, ("labelled", None): 3, ("labelled", "too-long"): 1,
        (None, None): 2,
    }  # fmt: skip
    assert report.articles == 4
    lean, sentences = report.questions
    assert (lean.stage, lean.change.compared, lean.only_a, lean.only_b) == ("lean", 4, 0, 0)
    assert lean.change.agreement is not None
    assert lean.change.agreement.value == 0.0
    assert lean.change.shift is not None
    assert lean.change.shift.value == 1.0
    assert (sentences.change.compared, sentences.only_a, sentences.only_b) == (3, 0, 1)
    assert [(f.label_a, f.label_b, f.n) for f in sentences.flips] == [("o", "f", 1)]


def test_on_a_panel_runs_are_compared_on_its_texts(
    db: Database, stored: Any, make_article: Any
) -> None:
    panel = draw(db, 4)
    made(db, ONE, stored)
    made(db, TWO, stored)
    new = make_article("a00", text="Another text. It is new.")
    with db.transaction() as conn:
        articles.add(conn, new, stages=["label"])
        everything = sides.outcomes(conn, ONE.run_id, TWO.run_id, None)
        some = sides.pairs(conn, ONE.run_id, TWO.run_id, "p")
    assert drift.both_labelled(everything) == 9  # nobody has read the new text
    assert sorted(p.article_id for p in some) == panel
