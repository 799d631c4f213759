"""Comparisons: the values of trends side by side, and nothing said to differ without its number."""

from __future__ import annotations

import pytest

from newsroom import differences

PAIR = "/v1/comparisons?a=outlet0&b=outlet1"


def rows_of(client, path: str) -> dict:
    return {(r["measure"], r["label"]): r for r in client.get(path).json()["data"]}


def test_values_are_those_of_trends(client) -> None:
    rows = rows_of(client, PAIR)
    cells = client.get("/v1/trends?metric=lean&by=publisher").json()["data"]
    means = {cell["publisher"]: cell for cell in cells}
    lean = rows["lean", None]
    for side, outlet in (("a", "outlet0"), ("b", "outlet1")):
        assert lean[side] == {
            "n": means[outlet]["n"],
            "value": pytest.approx(means[outlet]["mean"]),
            "ci_low": pytest.approx(means[outlet]["ci_low"]),
            "ci_high": pytest.approx(means[outlet]["ci_high"]),
        }
    assert lean["difference"] == pytest.approx(lean["a"]["value"] - lean["b"]["value"])
    topics = [row for (measure, _), row in rows.items() if measure == "topic"]
    assert sum(row["a"]["value"] for row in topics) == pytest.approx(1)


def test_few_articles_are_never_said_to_differ(client) -> None:
    body = client.get(PAIR).json()
    assert body["meta"]["tested"] == 0
    assert {row["differs"] for row in body["data"]} == {None}


def test_with_enough_articles_what_differs_is_marked(client, monkeypatch) -> None:
    monkeypatch.setattr(differences, "N_MIN", 2)
    body = client.get(
        "/v1/comparisons?of=periods&a=2026-11-02/2026-11-03&b=2026-11-04/2026-11-05"
    ).json()
    tested = [row for row in body["data"] if row["p_adjusted"] is not None]
    assert len(tested) == body["meta"]["tested"] > 3
    assert all(row["differs"] == (row["p_adjusted"] < 0.05) for row in tested)
    assert "Holm" in " ".join(body["meta"]["methods"])


@pytest.mark.parametrize(
    "query",
    ["a=outlet0", "a=outlet0&b=outlet0", "a=outlet0&b=outlet1&publisher=outlet2",
     "of=periods&a=2026-11-02&b=2026-11-03/2026-11-04", "of=periods&a=2026-11-09/2026-11-02&b=2026-11-03/2026-11-04",
     "of=periods&a=x/y&b=2026-11-03/2026-11-04",
     "of=periods&a=2026-11-02/2026-11-03&b=2026-11-04/2026-11-05&published_from=2026-11-02"],
)  # fmt: skip
def test_what_cannot_be_compared_is_400(client, query) -> None:
    answer = client.get(f"/v1/comparisons?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")


def test_an_unknown_outlet_has_no_values_and_no_difference(client) -> None:
    lean = rows_of(client, "/v1/comparisons?a=outlet0&b=nobody")["lean", None]
    assert (lean["b"]["n"], lean["b"]["value"], lean["difference"], lean["differs"]) == (
        0,
        None,
        None,
        None,
    )
