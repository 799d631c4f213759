"""Stored events judged in a real database, and the verbs that tell of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from annotator.commands import app
from annotator.coverage import judging, telling
from annotator.coverage.blindspots import Rules
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, NewsroomError, NotFound
from newsroom.settings import Settings
from newsroom.store import coverage

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OUTLETS, PAST, DAILY = 8, 240, 6
FIRST = NOW - timedelta(days=PAST // DAILY + 6)
LAST = f"{PAST:032x}"  # the newest event: outlet 0 brings nothing
RULES = Rules(level=0.5)  # so few outlets prove little: the numbers are measured elsewhere


PUBLISHERS = """
INSERT INTO publishers (publisher_id, name, domain, timezone, demo, verified)
SELECT 'o' || n, 'Outlet ' || n, 'o' || n || '.example', 'UTC', false, true
  FROM generate_series(0, %(outlets)s::integer - 1) n
"""
STORY = """
INSERT INTO stories (story_id, title, title_article_id, first_at, last_at, articles, publishers, method)
VALUES ('s', 'All', 'a', now(), now(), 2, 2, 'test')
"""
EVENT = """
INSERT INTO events (event_id, story_id, title, title_article_id, first_at, last_at, articles,
                    publishers, method)
VALUES (%(event_id)s, 's', 'Event ' || %(n)s, 'a', %(at)s, %(at)s, 8, 8, 'test')
"""
ARTICLE = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text, text_sha256,
    content_sha256, language, words, bylines, published_at, date_source, via, extractor, fetched_at,
    bands, wire_source)
VALUES (%(id)s, 1, %(publisher_id)s, %(id)s, %(id)s, 'T', 'Text', %(id)s, %(id)s, 'en', 1, '{}',
        %(at)s, 'page', 'feed', 'test', %(at)s, '{}', %(wire)s)
"""
MEMBER = """
INSERT INTO event_members (article_id, event_id, story_id, score, method)
VALUES (%(id)s, %(event_id)s, 's', 1, 'test')
"""
HEALTH = """
INSERT INTO source_health (publisher_id, day, starts_at, ends_at, judged_at, verdict, reasons, warnings,
    crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles, dates, bylines,
    front_pages_expected, front_pages_taken)
SELECT publisher_id, d, d, d + interval '1 day', now() + interval '1 day', 'ok', '{}', '{}', 4, 0, '{}',
       0, 0, 0, '{}', '{}', 0, 0, 0, 0, 0
  FROM publishers, generate_series(%(first)s::date, %(last)s::date, interval '1 day') d
"""
LOOK = """
INSERT INTO front_pages (snapshot_id, publisher_id, url, taken_at, status, body_sha256, warc_file, warc_offset)
VALUES (%(id)s, 'o1', 'https://o1.example/', %(at)s, 'ok', 'b', 'w', 0)
"""
LAYOUT = """
INSERT INTO front_page_layouts (snapshot_id, layout, made_at, version, method, why, viewport_w,
    viewport_h, sheets, sheets_gone, links)
VALUES (%(id)s, 1, now(), '1', 'heuristic', 'no-browser', 1, 1, 0, 0, 1)
"""
LINK = """
INSERT INTO front_page_links (snapshot_id, layout, position, rank, publisher_id, taken_at, article_id,
    url, canonical_url, headline, kind, font_px, image, score)
VALUES (%(id)s, 1, 1, 3, 'o1', %(at)s, %(article)s, 'u', 'u', 'T', 'story', 10, false, 1)
"""


def at(event: int) -> datetime:
    return FIRST + timedelta(days=event // DAILY, hours=6)


def fill(conn: Conn) -> None:
    conn.execute(PUBLISHERS, {"outlets": OUTLETS})
    conn.execute(STORY)
    conn.execute(HEALTH, {"first": FIRST.date(), "last": NOW.date() + timedelta(days=1)})
    cursor = conn.cursor()
    numbers = range(PAST + 1)
    cursor.executemany(EVENT, [{"event_id": f"{n:032x}", "n": n, "at": at(n)} for n in numbers])
    rows = [
        {
            "id": f"{n}-{o}", "event_id": f"{n:032x}", "publisher_id": f"o{o}", "at": at(n),
            "wire": "Agency" if o == 2 else None,
        }
        for n in numbers
        for o in range(OUTLETS)
        if (n != PAST or o != 0) and (o < 6 or n % 3 == 0)
    ]  # fmt: skip
    cursor.executemany(ARTICLE, rows)
    cursor.executemany(MEMBER, rows)
    for hour in (1, 5):
        look = {"id": f"look{hour}", "at": at(PAST) + timedelta(hours=hour), "article": f"{PAST}-1"}
        for statement in (LOOK, LAYOUT, LINK):
            cursor.execute(statement, look)


@pytest.fixture
def filled(db: Database) -> Database:
    with db.transaction() as conn:
        fill(conn)
    return db


def judged(db: Database, rules: Rules = RULES) -> dict[str, dict[str, Any]]:
    judging.judge_stored(db, now=datetime.now(UTC), since=at(PAST), rules=rules)
    with db.transaction() as conn:
        return {row["publisher_id"]: dict(row) for row in coverage.verdicts_of(conn, LAST)}


def test_a_claim_says_what_it_rests_on(filled: Database) -> None:
    found = judged(filled)
    assert {who: row["verdict"] for who, row in found.items()} == {"o0": "blindspot"}
    claim = found["o0"]
    assert claim["expected"] >= RULES.expected_min
    assert claim["q"] <= RULES.level
    assert claim["past_events"] == PAST
    assert claim["days"] == claim["days_crawled"] == 2
    words = telling.said(claim)
    for part in ("not covered in what we crawled", f"{claim['expected']:.3f}", f"q {claim['q']:.3f}",
                 f"{PAST} past events", "2 of 2 days"):  # fmt: skip
        assert part in words
    with filled.transaction() as conn:
        run = coverage.last_run(conn)
        assert run is not None
        assert (run["claims"], run["events"], run["outlets"]) == (1, 1, OUTLETS)
        claims = telling.blindspots(conn, run["coverage_run_id"])
    assert [(c["event_id"], c["publisher_id"]) for c in claims] == [(LAST, "o0")]


@pytest.mark.parametrize(
    ("verdict", "days_later"), [("broken", 0), ("kept-out", 1), (None, 0), (None, 1)]
)
def test_no_claim_inside_a_gap(filled: Database, verdict: str | None, days_later: int) -> None:
    values = {"day": at(PAST).date() + timedelta(days=days_later), "verdict": verdict}
    with filled.transaction() as conn:
        if verdict is None:
            conn.execute(
                "DELETE FROM source_health WHERE publisher_id = 'o0' AND day = %(day)s", values
            )
        else:
            conn.execute(
                "UPDATE source_health SET verdict = %(verdict)s WHERE publisher_id = 'o0' AND day = %(day)s",
                values,
            )
    found = judged(filled)["o0"]
    assert found["verdict"] == "not-crawled"
    assert found["expected"] is None
    assert (found["days"], found["days_crawled"]) == (2, 1)


def test_only_blindspots_of_older_judgements_are_kept(filled: Database) -> None:
    judged(filled)
    judged(filled, Rules(level=1e-9))
    with filled.transaction() as conn:
        rows = conn.execute(
            "SELECT coverage_run_id AS run, verdict FROM coverage_verdicts ORDER BY 1, 2"
        ).fetchall()
    assert [row["verdict"] for row in rows] == ["blindspot", "unremarkable"]


def test_an_outlet_added_yesterday(filled: Database) -> None:
    with filled.transaction() as conn:
        conn.execute(PUBLISHERS.replace("generate_series(0", "generate_series(9"), {"outlets": 10})
        conn.execute(
            HEALTH.replace("FROM publishers,", "FROM (SELECT 'o9' AS publisher_id) p,"),
            {"first": at(PAST).date(), "last": NOW.date()},
        )
    assert judged(filled)["o9"]["verdict"] == "too-young"


def test_an_empty_store_and_a_time_to_come(db: Database) -> None:
    assert judging.judge_stored(db, now=NOW) >= 1
    with pytest.raises(BadRequest) as error:
        judging.judge_stored(db, now=NOW, since=NOW + timedelta(days=1))
    assert error.value.code == "bad-since"


def test_coverage_of_an_event(filled: Database) -> None:
    with filled.transaction() as conn:
        found = telling.event(conn, LAST, now=datetime.now(UTC))
        outlets = {row["publisher_id"]: row for row in found["outlets"]}
        with pytest.raises(NotFound):
            telling.event(conn, "0" * 31 + "x", now=NOW)
    assert set(outlets) == {f"o{n}" for n in range(1, OUTLETS)}
    assert outlets["o1"]["exposure"]["lead_h"] == pytest.approx(2.0)  # four hours at rank 3
    assert outlets["o1"]["exposure"]["known_h"] == pytest.approx(4.0)
    assert outlets["o2"]["exposure"]["lead_h"] is None
    assert (outlets["o2"]["copies"], outlets["o1"]["copies"]) == (1, 0)
    assert (outlets["o1"]["lean_mean"], outlets["o1"]["lean_n"]) == (None, 0)
    assert (outlets["o1"]["fact_share"], outlets["o1"]["sentences"]) == (None, 0)
    assert found["absent"] == []


def test_verbs(filled: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.require_database())

    def call(*args: str) -> str:
        done = CliRunner().invoke(app, list(args))
        if isinstance(done.exception, NewsroomError):
            return done.exception.code
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "not judged" in call("events", "coverage", LAST)
    since = f"{at(PAST):%Y-%m-%d}"
    found = json.loads(call("blindspots", "--since", since, "--json"))
    assert found["judgement"]["claims"] == len(found["blindspots"])
    assert sum(row["n"] for row in found["outcomes"]) >= 1
    assert "pairs of outlet and event" in call("blindspots", "--since", since)
    shown = json.loads(call("events", "coverage", LAST, "--json"))
    assert shown["absent"][0]["publisher_id"] == "o0"
    assert "Outlet 0: " in call("events", "coverage", LAST)
    assert call("events", "coverage", "nothing") == "event-unknown"
    assert call("blindspots", "--since", "2999-01-01") == "bad-since"
