"""Trends: every cell can be worked out again from the list of articles."""

from __future__ import annotations

import statistics
from collections import defaultdict

import pytest

from newsroom.store import annotations, articles, takedowns, trend_sums
from newsroom.store.reading import trend_sums as kept_sums
from newsroom.store.reading.where import Where

FILTERS = ["", "publisher=outlet1&publisher=outlet2", "topic=Ferries", "lean_min=-2", "q=delays",
           "labelled=false", "duplicates=exclude", "published_from=2026-11-03"]  # fmt: skip


def rows_of(client, filters: str) -> list[dict]:
    return client.get(f"/v1/articles?limit=200&count=true&{filters}").json()["data"]


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize(
    "by", ["publisher", "publisher,topic", "category,news_type", "day", "week", "month"]
)
def test_the_cells_of_articles_add_up_to_the_list(client, filters, by) -> None:
    body = client.get(f"/v1/trends?metric=articles&by={by}&{filters}").json()
    assert (
        sum(cell["n"] for cell in body["data"])
        == len(rows_of(client, filters))
        == body["meta"]["n"]
    )
    for cell in body["data"]:
        assert set(cell) == {*by.split(","), "n", "mean", "ci_low", "ci_high"}
        assert cell["mean"] is cell["ci_low"] is cell["ci_high"] is None


@pytest.mark.parametrize("metric", ["lean", "tone", "headline_lean"])
def test_means_are_those_of_the_list(client, metric) -> None:
    scores = defaultdict(list)
    for row in rows_of(client, "labelled=true"):
        scores[row["publisher_id"], row["labels"]["topic"]].append(row["labels"][metric])
    body = client.get(f"/v1/trends?metric={metric}&by=publisher,topic").json()
    assert body["meta"]["interval"] == "normal"
    assert {(c["publisher"], c["topic"]) for c in body["data"]} == set(scores)
    for cell in body["data"]:
        mine = scores[cell["publisher"], cell["topic"]]
        assert cell["n"] == len(mine)
        assert cell["mean"] == pytest.approx(statistics.mean(mine))
        half = 1.959964 * statistics.stdev(mine) / len(mine) ** 0.5
        assert cell["ci_high"] - cell["mean"] == pytest.approx(half, abs=1e-5)
        assert cell["mean"] - cell["ci_low"] == pytest.approx(half, abs=1e-5)


def test_a_share_is_of_labelled_articles_with_wilsons_interval(client) -> None:
    body = client.get("/v1/trends?metric=opinion_share&by=month").json()
    (cell,) = body["data"]
    assert (cell["month"], cell["n"], body["meta"]["interval"]) == ("2026-11-01", 29, "wilson")
    assert cell["mean"] == pytest.approx(5 / 29)  # 0, 10, 15, 20 and 25: 5 has a new text
    assert 0 < cell["ci_low"] < cell["mean"] < cell["ci_high"] < 1


def test_one_article_has_a_mean_but_no_interval(client) -> None:
    (cell,) = client.get("/v1/trends?metric=lean&by=publisher&language=de").json()["data"]
    assert (cell["n"], cell["mean"], cell["ci_low"], cell["ci_high"]) == (1, 2.0, None, None)


def test_time_is_cut_in_utc_and_weeks_start_on_monday(client) -> None:
    days = client.get("/v1/trends?metric=articles&by=day").json()["data"]
    assert [(c["day"], c["n"]) for c in days] == [(f"2026-11-0{d}", 10) for d in range(2, 6)]
    weeks = client.get("/v1/trends?metric=articles&by=week").json()["data"]
    assert [(c["week"], c["n"]) for c in weeks] == [("2026-11-02", 40)]


def test_an_unlabelled_article_is_a_cell_of_its_own(client) -> None:
    cells = client.get("/v1/trends?metric=articles&by=topic").json()["data"]
    assert {c["topic"]: c["n"] for c in cells}[None] == 11


def test_too_many_cells_are_refused_not_cut(client, monkeypatch) -> None:
    monkeypatch.setattr("api.routes.trends.CELLS_MAX", 3)
    assert client.get("/v1/trends?metric=articles&by=week").status_code == 200
    answer = client.get("/v1/trends?metric=articles&by=publisher")
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-cells")


@pytest.mark.parametrize("query", ["", "metric=lean", "by=day", "metric=mood&by=day", "metric=lean&by=hour",
                                   "metric=lean&by=day,week,month", "metric=lean&by=day&limit=3"])  # fmt: skip
def test_wrong_questions_are_400(client, query) -> None:
    assert client.get(f"/v1/trends?{query}").status_code == 400


def test_with_equal_outlets_a_cell_is_the_mean_of_their_means(client) -> None:
    by_outlet = defaultdict(list)
    for row in rows_of(client, "labelled=true"):
        by_outlet[row["labels"]["topic"], row["publisher_id"]].append(row["labels"]["lean"])
    body = client.get("/v1/trends?metric=lean&by=topic&weights=outlet").json()
    assert (body["meta"]["weights"], body["meta"]["interval"], body["meta"]["n"]) == (
        "outlet",
        "normal",
        29,
    )
    for cell in body["data"]:
        mine = [v for (topic, _), v in by_outlet.items() if topic == cell["topic"]]
        assert cell["outlets"] == len(mine)
        assert cell["n"] == sum(map(len, mine))
        assert cell["mean"] == pytest.approx(statistics.mean(map(statistics.mean, mine)))
        assert cell["ci_low"] < cell["mean"] < cell["ci_high"]
    equal = client.get("/v1/trends?metric=lean&by=topic").json()["data"]
    assert [c["mean"] for c in equal] != [c["mean"] for c in body["data"]]
    assert "outlets" not in equal[0]


def test_a_weighted_share_stays_one(client) -> None:
    path = "/v1/trends?metric=opinion_share&by=month&weights=outlet"
    (cell,) = client.get(path).json()["data"]
    assert 0 <= cell["ci_low"] < cell["mean"] < cell["ci_high"] <= 1


def test_where_nothing_stood_on_a_front_page_there_is_no_mean(client) -> None:
    (cell,) = client.get("/v1/trends?metric=lean&by=month&weights=prominence").json()["data"]
    assert (cell["n"], cell["n_unweighted"], cell["mean"], cell["n_effective"]) == (
        0,
        29,
        None,
        None,
    )


def test_counts_have_no_weights(client) -> None:
    answer = client.get("/v1/trends?metric=articles&by=day&weights=outlet")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")


ASKED = [
    f"metric={metric}&by={by}{more}"
    for metric in ("articles", "lean", "opinion_share")
    for by in ("publisher", "publisher,topic", "day", "week,news_type", "month")
    for more in ("", "&publisher=outlet1", "&published_from=2026-11-03&published_to=2026-11-04")
] + [
    "metric=lean&by=week&topic=Ferries&weights=outlet",
    "metric=lean&by=week&published_from=2026-11-02&published_to=2026-11-08",
    "metric=lean&by=topic&published_from=2026-11-02",
    "metric=articles&by=topic,month&published_from=2026-11-01&published_to=2026-11-30",
    "metric=tone&by=topic,publisher&published_to=2026-11-03T12:00:00Z",
    "metric=tone&by=topic&category=politics&lean_min=-2",
]


def test_sums_that_are_kept_change_no_answer(own, filled, world) -> None:
    def answers() -> list[dict]:
        return [own.get(f"/v1/trends?{asked}").json() for asked in ASKED]

    counted = answers()
    assert trend_sums.refresh(filled) > 0
    with filled.transaction() as conn:
        where = Where(values={"run_id": world.run("embedded").run_id})
        asked = {"metric": "lean", "by": ["publisher"], "rows": 9, "strata_by_outlet": False}
        assert kept_sums.cells(conn, where, **asked)  # or the next line compares nothing
    assert answers() == counted

    # Labels, a new text and an article that goes: what was kept of their days no longer counts.
    run = world.run("embedded")
    with filled.transaction() as conn:
        annotations.add(conn, [label for i in range(30, 40) for label in world.labels(i, run)])
        articles.add(conn, world.article(7, "Another text altogether, of some words."), stages=())
        found = takedowns.known(conn, world.article_id(3))
        assert found is not None
        takedowns.forget(conn, found, "test")
    changed = answers()
    assert changed != counted
    with filled.transaction() as conn:
        conn.execute("DELETE FROM trend_cells")
        conn.execute("DELETE FROM trend_spans")
        conn.execute("DELETE FROM trend_sums")
    assert answers() == changed
    trend_sums.refresh(filled)
    assert answers() == changed
