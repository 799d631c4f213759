"""Citations: the call gives the same again, the snapshot is that of the export, numbers add up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import yaml

from api import citing
from api.exports import asked, folder
from dashboard import links
from newsroom.store import annotations, articles, source_health
from newsroom.store.source_health import Facts, Health


def cited(client, of: str) -> dict:
    answer = client.get("/v1/cite", params={"of": of})
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(client, call: str) -> list:
    answer = client.get(call)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_the_call_gives_the_same_again(own, filled, world) -> None:
    questions = (
        "/v1/articles",
        "/v1/articles?topic=Ferries&publisher=outlet1&publisher=outlet2&sort=published_at",
        "/v1/trends?metric=lean&by=publisher,week&published_from=2026-11-03",
        "/v1/trends?metric=articles&by=topic&labeller=scripted",
    )
    found = {of: cited(own, of) for of in questions}
    before = {of: rows(own, of) for of in questions}
    for of, citation in found.items():
        assert rows(own, citation["call"]) == before[of]
        assert (citation["pinned"], citation["not_pinned"]) == (True, None)
    with filled.transaction() as conn:  # articles of every question come in later
        for i in range(world.count, world.count + 12):
            late = replace(world.article(i), page_id=None)
            articles.add(conn, late, stages=["label"])
            for labeller in ("embedded", "scripted"):
                annotations.add(conn, world.labels(i, world.run(labeller)))
    for of, citation in found.items():
        assert rows(own, of) != before[of]
        assert rows(own, citation["call"]) == before[of]


def test_the_snapshot_is_that_of_the_export(own, filled, tmp_path) -> None:
    found = cited(own, "/v1/trends?metric=tone&by=publisher&topic=Ferries&published_to=2026-11-04")
    plan = asked.plan(filled, asked.understood(found["export"]))
    assert plan.snapshot_id == found["snapshot_id"]
    made = folder.make(filled, plan, tmp_path / "out")
    lines = (made.folder / "articles.csv").read_text().splitlines()
    assert len(lines) - 1 == found["articles"] > 0
    total = own.get("/v1/articles?topic=Ferries&published_to=2026-11-04&count=true").json()
    assert total["meta"]["total"] == found["articles"]


def test_what_is_being_written_is_not_cut_in_two(own, filled) -> None:
    with filled.transaction() as conn:
        began = conn.execute("SELECT now() AS at").fetchone()["at"]
        at = cited(own, "/v1/articles")["as_of"]["at"]
        assert datetime.fromisoformat(at) < began


def test_a_run_and_a_time_that_were_named_stay(client, world) -> None:
    run = world.run("scripted").run_id
    found = cited(client, f"/v1/articles?run={run[:8]}&as_of=2026-11-20T08:00:00Z")
    assert found["run"]["run_id"] == run
    assert f"run={run}" in found["call"]
    assert found["as_of"]["at"] == "2026-11-20T08:00:00Z"
    assert cited(client, "/v1/articles?as_of=2026-11-20")["as_of"]["at"] == "2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    ("of", "why"),
    [
        ("/v1/events?topic=Ferries", "no history"),
        ("/v1/sources", "no history"),
        ("/v1/articles?duplicates=exclude", "leave duplicates out"),
    ],
)
def test_what_cannot_be_pinned_says_so(client, of, why) -> None:
    found = cited(client, of)
    assert not found["pinned"]
    assert why in found["not_pinned"]
    assert (found["snapshot_id"], found["as_of"], found["export"]) == (None, None, None)
    assert "not pinned" in found["text"]["apa"]
    assert rows(client, found["call"]) == rows(client, of)


@pytest.mark.parametrize("path", citing.KINDS)
def test_the_explorer_reads_its_address(client, path) -> None:
    more = "metric=lean&by=publisher&subtopic=x&published_to=2026-11-04" if "trends" in path else ""
    more = "a=outlet0&b=outlet1&subtopic=x&published_to=2026-11-04" if "compar" in path else more
    found = cited(client, f"{path}?{more}")
    if citing.KINDS[path].page is None:
        assert found["permalink"] is None
        return
    where, _, query = found["permalink"].removeprefix("http://testserver").partition("?")
    assert links.route(where)
    read = links.parse(query)
    assert not read.problems
    if more:
        assert read.published_to == date(2026, 11, 4)
        left_out = (
            ["as_of", "by", "metric", "subtopic"] if "trends" in path else ["as_of", "subtopic"]
        )
        assert found["permalink_leaves_out"] == left_out


PERIODS = "/v1/comparisons?of=periods&a=2026-11-04/2026-11-05&b=2026-11-02/2026-11-03"


def test_a_comparison_is_of_the_articles_of_both_sides(client) -> None:
    outlets = cited(client, "/v1/comparisons?a=outlet0&b=outlet1&topic=Ferries")
    counted = client.get(
        "/v1/articles?publisher=outlet0&publisher=outlet1&topic=Ferries&count=true"
    )
    assert outlets["articles"] == counted.json()["meta"]["total"] > 0
    assert outlets["export"]["publisher"] == ["outlet0", "outlet1"]
    assert {row["publisher"] for row in outlets["completeness"]["outlets"]} == {
        "outlet0",
        "outlet1",
    }
    assert outlets["pinned"]
    days = cited(client, PERIODS)["completeness"]
    assert (days["first_day"], days["last_day"]) == ("2026-11-02", "2026-11-05")


def test_a_comparison_gives_the_same_again(client) -> None:
    for of in (PERIODS, "/v1/comparisons?a=outlet0&b=outlet1"):
        assert rows(client, cited(client, of)["call"]) == rows(client, of)


def test_a_comparison_leads_to_its_page(client) -> None:
    found = cited(client, PERIODS + "&publisher=outlet2")
    where, _, query = found["permalink"].removeprefix("http://testserver").partition("?")
    assert links.route(where) == links.Route(page="compare")
    read = links.parse(query)
    assert not read.problems
    assert (read.compare, read.publisher) == ("periods", ("outlet2",))
    assert (read.published_from, read.published_to) == (date(2026, 11, 4), date(2026, 11, 5))
    assert (read.before_from, read.before_to) == (date(2026, 11, 2), date(2026, 11, 3))
    assert found["permalink_leaves_out"] == ["as_of"]
    outlets = cited(client, "/v1/comparisons?a=outlet0&b=outlet1")["permalink"]
    assert "publisher=outlet0&publisher=outlet1" in outlets


def test_counts_of_articles_lead_to_coverage(client) -> None:
    counts = cited(client, "/v1/trends?metric=articles&by=publisher,topic")["permalink"]
    assert counts.startswith("http://testserver/coverage")
    assert "/framing" in cited(client, "/v1/trends?metric=lean&by=publisher")["permalink"]


def test_which_labels_are_used_and_how_good_they_are(client) -> None:
    def of(path: str) -> tuple[set, set]:
        said = cited(client, path)["validation"]
        assert {m["labeller"] for m in said["measures"]} <= {"embedded"}
        both = said["measures"], said["unmeasured"]
        return tuple({(m["stage"], m["scope"]) for m in some} for some in both)

    assert of("/v1/trends?metric=lean&by=topic") == (
        {("lean", "article"), ("topic", "article")},
        set(),
    )
    assert of("/v1/trends?metric=headline_lean&by=day") == (set(), {("lean", "headline")})
    assert of("/v1/trends?metric=articles&by=day") == (set(), set())
    assert of("/v1/articles?fields=title&lean_min=1") == ({("lean", "article")}, set())
    measured, bare = of("/v1/articles")
    assert ("sentence_type", "sentence") in measured
    assert bare == {("subtopic", "article"), ("lean", "headline"), ("tone", "headline")}
    assert of("/v1/annotations?stage=tone") == ({("tone", "article")}, {("tone", "headline")})
    assert of("/v1/articles?fields=labels&labeller=scripted")[0] == set()


def test_days_of_the_slice_by_how_they_were_seen(own, filled, world) -> None:
    with filled.transaction() as conn:
        for number, verdict in enumerate(("ok", "broken", "kept-out", "not-crawled", "quiet")):
            starts_at = world.start.replace(hour=0) + timedelta(days=number)
            source_health.save(
                conn,
                Health(
                    publisher_id="outlet1", day=starts_at.date(), starts_at=starts_at,
                    ends_at=starts_at + timedelta(days=1),
                    judged_at=starts_at + timedelta(hours=30), verdict=verdict, reasons=(),
                    warnings=(), front_pages_expected=0, facts=Facts(),
                ),
            )  # fmt: skip
    path = "/v1/articles?publisher=outlet1&published_from=2026-11-02&published_to=2026-11-08"
    seen = cited(own, path)["completeness"]
    assert (seen["first_day"], seen["last_day"], seen["days"]) == ("2026-11-02", "2026-11-08", 7)
    assert seen["days_complete"] == 2
    assert seen["days_broken"] == seen["days_kept_out"] == seen["days_not_crawled"] == 1
    assert (seen["days_unjudged"], seen["days_unfinished"]) == (2, 0)
    assert [row["publisher"] for row in seen["outlets"]] == ["outlet1"]
    every = cited(own, "/v1/articles?published_to=2026-11-03")["completeness"]
    assert len(every["outlets"]) == 5
    assert every["days"] == 5 * 2
    assert sum(v for k, v in every.items() if k.startswith("days_")) == every["days"]


def test_three_spellings(client) -> None:
    of = "/v1/articles?q=council %26 {ferry}_~&topic=Ferries"
    found = cited(client, of.replace(" ", "%20"))
    text = found["text"]
    assert found["call"] in text["apa"]
    assert f"snapshot {found['snapshot_id']}" in text["apa"]
    assert r"council \& \{ferry\}\_\textasciitilde{}" in text["bibtex"]
    assert text["bibtex"].count("{") - text["bibtex"].count(r"\{") == (
        text["bibtex"].count("}") - text["bibtex"].count(r"\}")
    )
    read = yaml.safe_load(text["cff"])
    assert read["version"] == found["snapshot_id"]
    assert read["title"] == "Newsroom articles (q=council & {ferry}_~, topic=Ferries)"
    assert read["url"] == found["call"]


def test_the_same_question_has_the_same_id(client) -> None:
    at = "as_of=2026-11-20"
    one = cited(client, f"/v1/articles?topic=Ferries&{at}&limit=3&count=true")
    two = cited(client, f"/v1/articles?{at}&topic=Ferries")
    other = cited(client, f"/v1/articles?{at}&topic=Schools")
    assert one["query_id"] == two["query_id"] != other["query_id"]
    assert one["snapshot_id"] == two["snapshot_id"] != other["snapshot_id"]


@pytest.mark.parametrize(
    ("of", "code", "said"),
    [
        ("/v1/artcles", "bad-parameter", "did you mean /v1/articles"),
        ("nothing", "bad-parameter", "there are /v1/articles"),
        ("/v1/articles?topc=x", "unknown-parameter", "did you mean topic"),
        ("/v1/articles?lean_min=9", "bad-parameter", "lean_min"),
        ("/v1/articles?topic=a&topic=b", "bad-parameter", "given twice"),
        ("/v1/articles?topic=%00", "bad-parameter", "NUL"),
        ("/v1/articles?" + "a=1&" * 101, "bad-parameter", "too many"),
        ("/v1/trends?by=day", "bad-parameter", "metric"),
        ("/v1/articles?as_of=2999-01-01", "bad-parameter", "ahead"),
        ("/v1/articles?as_of=2026-11-02&event=x", "as-of-unanswerable", "begins later"),
    ],
)  # fmt: skip
def test_bad_questions(client, of, code, said) -> None:
    answer = client.get("/v1/cite", params={"of": of})
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert said in json.dumps(answer.json())


def test_an_unknown_run_is_not_found(client) -> None:
    answer = client.get("/v1/cite", params={"of": "/v1/articles?run=0123456789"})
    assert (answer.status_code, answer.json()["code"]) == (404, "run-unknown")
