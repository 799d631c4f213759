"""Outlet-days and gaps: what our silence about an outlet is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from newsroom.store import source_health
from newsroom.store.source_health import Facts, Health

FIRST = date(2026, 3, 1)
VERDICTS = ["ok", "broken", "broken", "quiet", "kept-out"]  # and then two days nobody judged


@pytest.fixture
def judged(filled):
    with filled.transaction() as conn:
        for n, verdict in enumerate(VERDICTS):
            for outlet in ("outlet0", "outlet1"):
                day = FIRST + timedelta(days=n)
                starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
                source_health.save(
                    conn,
                    Health(
                        publisher_id=outlet, day=day, starts_at=starts_at,
                        ends_at=starts_at + timedelta(days=1),
                        judged_at=starts_at + timedelta(hours=30), verdict=verdict,
                        reasons=("articles 3 < 20",) if verdict == "broken" else (),
                        warnings=("bylines",), front_pages_expected=5,
                        facts=Facts(articles=3, titles=3, words_median=400.0),
                    ),
                )  # fmt: skip
    return filled


def test_days_are_walked_newest_first(own, judged, walk) -> None:
    rows = walk(own, "/v1/sources", 3)
    keys = [(r["day"], r["publisher_id"]) for r in rows]
    assert len(set(keys)) == len(keys) == 10
    assert [day for day, _ in keys] == sorted((day for day, _ in keys), reverse=True)
    assert rows[0]["verdict"] == "kept-out"
    assert rows[0]["complete"] is True
    for query, n in (("publisher=outlet1", 5), ("verdict=broken", 4), ("day_from=2026-03-04", 4),
                     ("day_to=2026-03-01", 2), ("publisher=nobody", 0)):  # fmt: skip
        body = own.get(f"/v1/sources?count=true&{query}").json()
        assert len(body["data"]) == body["meta"]["total"] == n, query


def test_gaps_are_runs_of_days_that_say_nothing(own, judged) -> None:
    path = "/v1/sources/gaps?publisher=outlet0&day_from=2026-03-01&day_to=2026-03-07"
    body = own.get(path).json()
    assert [(g["verdict"], g["first_day"], g["last_day"], g["days"]) for g in body["data"]] == [
        ("broken", "2026-03-02", "2026-03-03", 2),
        ("kept-out", "2026-03-05", "2026-03-05", 1),
        ("not-crawled", "2026-03-06", "2026-03-07", 2),
    ]
    assert body["data"][0]["reasons"] == ["articles"]
    assert body["meta"] == {"outlets": 1, "days": 7, "days_in_gaps": 5}
    every = own.get("/v1/sources/gaps?day_from=2026-03-06&day_to=2026-03-06").json()
    assert every["meta"] == {"outlets": 5, "days": 5, "days_in_gaps": 5}


def test_more_than_an_answer_holds_is_refused(own) -> None:
    answer = own.get("/v1/sources/gaps?day_from=1990-01-01&day_to=2026-01-01")
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-days")


@pytest.mark.parametrize("query", ["", "day_from=2026-03-01", "day_from=2026-03-02&day_to=2026-03-01",
                                   "day_from=2026-3-1&day_to=2026-03-02", "day_from=20260301&day_to=2026-03-02",
                                   "day_from=2026-03-01T00:00:00Z&day_to=2026-03-02"])  # fmt: skip
def test_wrong_spans_are_400(empty, query) -> None:
    answer = empty.get(f"/v1/sources/gaps?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")


def test_quality_says_what_was_measured_and_what_was_not(empty) -> None:
    body = empty.get("/v1/quality").json()
    lean = {r["measure"]: r for r in body["data"] if r["stage"] == "lean"}
    assert {"accuracy", "macro_f1", "ece"} <= set(lean)
    assert lean["macro_f1"]["low"] < lean["macro_f1"]["value"] < lean["macro_f1"]["high"]
    assert any("human" in what for what in body["meta"]["not_measured"])
    for mistaken in body["confusions"]:  # they are of the same texts as the accuracies
        (accuracy,) = [r for r in body["data"] if r["measure"] == "accuracy"
                       and r["stage"] == mistaken["stage"]]  # fmt: skip
        right = sum(row[n] for n, row in enumerate(mistaken["counts"]))
        assert sum(map(sum, mistaken["counts"])) == mistaken["n"] == accuracy["n"]
        assert right / mistaken["n"] == pytest.approx(accuracy["value"], abs=1e-4)


def test_what_is_published_is_what_the_models_came_with() -> None:
    from annotator.quality.published import document
    from newsroom.measured import measured

    assert measured() == document(), (
        "run: python -m annotator.quality.published > newsroom/measured.json"
    )
