"""What is counted and what measures an outlet."""

from __future__ import annotations

from dataclasses import replace

from newsroom import ids
from newsroom.records import Annotation, Form, Run, Scope, Stage
from newsroom.store import annotations, articles, takedowns
from newsroom.store.reading import trends
from newsroom.store.reading.where import Where

RUN = Run(
    run_id=ids.run_id("test"),
    labeller="test",
    labeller_revision="1",
    codebook_version="v1",
    codebook_digest="d",
    prompt_digest=None,
    code_version="1",
)


def test_an_article_of_another_form_is_counted_and_measures_nothing(db, make_article) -> None:
    stored = [make_article("news"), make_article("blog", form=Form.LIVE_BLOG)]
    with db.transaction() as conn:
        annotations.start_run(conn, RUN, {})
        for article, score in zip(stored, (1.0, 5.0), strict=True):
            articles.add(conn, article, stages=())
            label = Annotation(
                article_id=article.article_id,
                content_sha256=article.content_sha256,
                stage=Stage.LEAN,
                scope=Scope.ARTICLE,
                label="right",
                score=score,
                confidence=0.9,
                labeller="test",
                labeller_revision="1",
                codebook_version="v1",
                run_id=RUN.run_id,
            )
            annotations.add(conn, [label])
        where = Where(values={"run_id": RUN.run_id})
        (counted,) = trends.cells(conn, where, metric="articles", by=["publisher"], rows=9)
        (measured,) = trends.cells(conn, where, metric="lean", by=["publisher"], rows=9)
    assert counted["n"] == 2
    assert (measured["n"], measured["mean"]) == (1, 1.0)


def sentence(article, number: int, stage: Stage, label: str) -> Annotation:
    return Annotation(
        article_id=article.article_id,
        content_sha256=article.content_sha256,
        stage=stage,
        scope=Scope.SENTENCE,
        sentence=number,
        label=label,
        score=None,
        confidence=0.9,
        labeller="test",
        labeller_revision="1",
        codebook_version="v1",
        run_id=RUN.run_id,
    )


def test_a_share_of_sentences_counts_each_article_once(db, make_article) -> None:
    short, long, plain = (make_article(name) for name in ("short", "long", "plain"))
    types = [(short, ["opinion"]), (long, ["fact", "fact", "fact", "quote"])]
    focus = [(short, ["republican", "republican", "democrat"]), (long, ["neither"])]
    with db.transaction() as conn:
        annotations.start_run(conn, RUN, {})
        for article in (short, long, plain):
            articles.add(conn, article, stages=())
        for stage, of in ((Stage.SENTENCE_TYPE, types), (Stage.SENTENCE_FOCUS, focus)):
            for article, labels in of:
                rows = [sentence(article, i, stage, label) for i, label in enumerate(labels)]
                annotations.add(conn, rows)
        where = Where(values={"run_id": RUN.run_id})

        def measured(metric: str) -> list[tuple[int, float]]:
            found = trends.cells(conn, where, metric=metric, by=["publisher"], rows=9)
            return [(row["n"], row["mean"]) for row in found]

        assert measured("opinion_sentences") == [(2, 0.5)]
        assert measured("fact_sentences") == [(2, 0.375)]
        assert measured("negative_sentences") == []  # nobody asked for the tone of sentences
        assert measured("party_balance") == [(1, 1 / 3)]  # the other names no party
        for article in (short, long):
            known = takedowns.known(conn, article.article_id)
            assert known is not None
            takedowns.forget(conn, known, "test")
        assert conn.execute("SELECT count(*) AS n FROM sentence_counts").fetchone() == {"n": 0}


def test_scores_fall_into_whole_numbers(db, make_article) -> None:
    stored = [make_article(f"a{i}") for i in range(3)]
    with db.transaction() as conn:
        annotations.start_run(conn, RUN, {})
        for article, score in zip(stored, (-0.6, 0.2, 0.4), strict=True):
            articles.add(conn, article, stages=())
            label = sentence(article, 0, Stage.LEAN, "left")
            made = replace(label, scope=Scope.ARTICLE, sentence=None, score=score)
            annotations.add(conn, [made])
        where = Where(values={"run_id": RUN.run_id})
        cells = trends.cells(conn, where, metric="lean", by=["lean_bin"], rows=9)
    assert {row["lean_bin"]: row["n"] for row in cells} == {"-1": 1, "0": 2}
