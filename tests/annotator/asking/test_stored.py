from __future__ import annotations

from typing import Any

from annotator import runner
from annotator.codebook import loader
from annotator.labellers.vllm import VllmLabeller
from newsroom.db import Database
from newsroom.settings import Llm, Work
from newsroom.store import answers, articles

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def label(db: Database, llm: Llm) -> None:
    book = loader.load()
    bench = runner.bench(
        VllmLabeller(llm), version=book.version, digest=book.digest, codebook={}, batch=2
    )
    while runner.label_due(db, bench, LIMITS):
        pass


def test_labels_of_a_served_model_are_stored_with_what_it_said(
    server: Any, llm: Llm, db: Database, make_article: Any
) -> None:
    with db.transaction() as conn:
        for i in range(3):
            articles.add(conn, make_article(f"a{i}"), stages=["label"])
    label(db, llm)
    assert rows(db, "SELECT DISTINCT state FROM work") == [{"state": "done"}]
    (run,) = rows(db, "SELECT settings, prompt_digest FROM runs")
    assert run["settings"]["model"] == "scripted-7b"
    assert len(run["prompt_digest"]) == 12
    assert rows(
        db,
        "SELECT count(*) AS n FROM annotations a LEFT JOIN answers s USING (run_id, answer_id)"
        " WHERE s.raw IS NULL OR a.prompt_digest IS NULL",
    ) == [{"n": 0}]
    (words,) = rows(db, "SELECT DISTINCT text, label FROM annotations WHERE stage = 'takeaways'")
    assert words == {"text": "because it is so", "label": None}
    with db.transaction() as conn:
        (run_id,) = [r["run_id"] for r in conn.execute("SELECT run_id FROM runs")]
        cost = answers.cost(conn, run_id)
        assert answers.cost(conn, "another") == {}
    assert cost["answers"] == len(server.requests)
    assert cost["prompt_tokens"] == 100 * len(server.requests)
    assert cost["asked_again"] == 0
    scopes = rows(db, "SELECT DISTINCT scope FROM annotations WHERE sentence IS NOT NULL")
    assert scopes == [{"scope": "sentence"}]


def test_a_server_that_lies_leaves_nothing_but_a_code(
    server: Any, llm: Llm, db: Database, make_article: Any
) -> None:
    with db.transaction() as conn:
        articles.add(conn, make_article("a0"), stages=["label"])
    server.fault = "other-article"
    label(db, llm)
    assert rows(db, "SELECT state, error_code FROM work") == [
        {"state": "due", "error_code": "answer-for-another-article"}
    ]
    assert rows(db, "SELECT (SELECT count(*) FROM annotations) + (SELECT count(*) FROM answers) AS n") == [{"n": 0}]  # fmt: skip
