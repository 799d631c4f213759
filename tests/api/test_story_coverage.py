"""Who covered the largest stories, and the silences that are claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsroom.store import coverage, source_health
from newsroom.store.coverage import CoverageRun, Verdict
from newsroom.store.source_health import Facts, Health

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def judged(filled, world):
    """A claim, a silence that is none, and one day on which outlet 3 was seen well."""
    run = CoverageRun(
        judged_at=NOW, since=NOW - timedelta(days=28), until=NOW, version="coverage-1", rules={},
        events=3, outlets=5, pairs=2, claims=1, by_chance=0.04,
    )  # fmt: skip
    verdicts = [
        Verdict(event_id=world.event_id("one"), publisher_id="outlet3", verdict="blindspot",
                expected=0.93, q=0.04, past_events=120, days=2, days_crawled=2),
        Verdict(event_id=world.event_id("one"), publisher_id="outlet4", verdict="too-young",
                expected=None, q=None, past_events=3, days=2, days_crawled=2),
    ]  # fmt: skip
    day = world.start.replace(hour=0)
    with filled.transaction() as conn:
        coverage.save(conn, run, verdicts)
        source_health.save(
            conn,
            Health(
                publisher_id="outlet2", day=day.date(), starts_at=day,
                ends_at=day + timedelta(days=1), judged_at=day + timedelta(hours=30), verdict="ok",
                reasons=(), warnings=(), front_pages_expected=5, facts=Facts(articles=3, titles=3, words_median=400.0),
            ),
        )  # fmt: skip
    return filled


def test_the_largest_stories_name_who_covered_them_and_who_did_not(own, judged, world) -> None:
    body = own.get("/v1/stories/coverage").json()
    harbour, fair = body["data"]
    assert harbour["articles"] > fair["articles"]
    for story in (harbour, fair):
        assert sum(day["articles"] for day in story["by_day"]) == story["articles"]
        assert sum(row["articles"] for row in story["covered"]) == story["articles"]
        assert story["publishers"] == len(story["covered"])
        covered = {row["publisher_id"] for row in story["covered"]}
        silent = {row["publisher_id"] for row in story["silent"]}
        assert not covered & silent
        assert "outlet4" not in silent  # nothing of it is stored at all
    # Article 12 and 13 are of the outlets 0 and 1, on a day on which 2 and 3 published as well.
    assert {row["publisher_id"] for row in fair["covered"]} == {"outlet0", "outlet1"}
    assert [row["publisher_id"] for row in fair["silent"]] == ["outlet2", "outlet3"]
    narrow = own.get("/v1/stories/coverage?publisher=outlet3&limit=1&min_articles=2").json()
    assert [story["story_id"] for story in narrow["data"]] == [harbour["story_id"]]
    ended = own.get("/v1/stories/coverage?published_from=2027-01-01").json()
    assert ended["data"] == []


def test_days_on_which_a_silent_outlet_was_seen_are_counted(own, judged, world) -> None:
    stories = own.get("/v1/stories/coverage?publisher=outlet2&publisher=outlet3").json()["data"]
    fair = next(s for s in stories if s["story_id"] == world.event_id("fair"))
    first = datetime.fromisoformat(fair["first_at"]).date()
    last = datetime.fromisoformat(fair["last_at"]).date()
    assert fair["days"] == (last - first).days + 1
    within = int(first <= world.start.date() <= last)
    assert {row["publisher_id"]: row["days_seen"] for row in fair["silent"]} == {
        "outlet2": within,
        "outlet3": 0,
    }


def test_only_claims_are_listed_and_all_silences_are_counted(own, judged, world) -> None:
    body = own.get("/v1/blindspots").json()
    (claim,) = body["data"]
    assert (claim["publisher_id"], claim["event_id"]) == ("outlet3", world.event_id("one"))
    assert claim["said"].startswith(
        "not covered in what we crawled: expected with probability 0.930"
    )
    outcomes = {row["verdict"]: row["n"] for row in body["meta"]["judgement"]["outcomes"]}
    assert outcomes == {"blindspot": 1, "too-young": 1}
    assert body["meta"]["judgement"]["by_chance"] == 0.04


def test_before_anything_was_judged_there_is_no_claim(empty) -> None:
    assert empty.get("/v1/blindspots").json()["meta"] == {"judgement": None}
    assert empty.get("/v1/stories/coverage").json()["data"] == []
    assert empty.get("/v1/stories/coverage?limit=51").status_code == 400
