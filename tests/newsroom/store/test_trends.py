"""What is counted and what measures an outlet."""

from __future__ import annotations

from newsroom import ids
from newsroom.records import Annotation, Form, Run, Scope, Stage
from newsroom.store import annotations, articles
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
