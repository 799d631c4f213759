"""Rights, agencies, forms, language, dates: what a page says about itself and its text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsroom.records import DateSource, Form
from scraper.extraction import credit, forms, language, markup, metadata, rights
from scraper.extraction.extract import parse
from scraper.extraction.markup import Markup

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://quay.test/harbour/old-lighthouse"
PROSE = (
    "The harbour council met on Tuesday to decide what to do with its old lighthouse. " * 3
).strip()


def _page(head: str = "", body: str = "<h1>Old lighthouse</h1>") -> Markup:
    return markup.read(parse(f"<html><head>{head}</head><body>{body}</body></html>"))


def _ld(**node: object) -> str:
    return (
        f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | node)}</script>'
    )


@pytest.mark.parametrize(
    ("head", "headers", "names"),
    [
        ("", [], ()),
        ("<meta name=robots content='index, follow, max-image-preview:large, max-snippet:-1'>", [], ()),
        ("<meta name=robots content='NOINDEX, noarchive'>", [], ("noarchive", "noindex")),
        ("<meta name=ROBOTS content=none>", [], ("noindex",)),
        ("<meta name=googlebot content=noindex>", [], ()),
        ("<meta name=newsroombot content=noarchive>", [], ("noarchive",)),
        ("<meta name=robots content='max-snippet: 0'>", [], ("nosnippet",)),
        ("<meta name=tdm-reservation content=1>", [], ("tdm-reservation",)),
        ("<meta name=tdm-reservation content=0>", [], ()),
        ("", [("TDM-Reservation", "1")], ("tdm-reservation",)),
        ("", [("x-robots-tag", "noarchive, nosnippet")], ("noarchive", "nosnippet")),
        ("", [("X-Robots-Tag", "otherbot: noarchive")], ()),
        ("", [("X-Robots-Tag", "newsroombot: noai")], ("noai",)),
        ("", [("X-Robots-Tag", "max-snippet: 0")], ("nosnippet",)),
        ("", [("Content-Usage", "train-ai=n, search=y")], ("content-usage:train-ai",)),
        ("<link rel=license type='application/rsl+xml' href=/l.xml>", [], ("rsl",)),
    ],
)  # fmt: skip
def test_reservations(head: str, headers: list[tuple[str, str]], names: tuple[str, ...]) -> None:
    assert rights.reservations(_page(head), headers) == names


@pytest.mark.parametrize(
    ("head", "free"),
    [
        ("", None),
        (_ld(headline="x"), None),
        (_ld(isAccessibleForFree=True), True),
        (_ld(isAccessibleForFree="False"), False),
        (_ld(isAccessibleForFree="https://schema.org/True"), True),
        (_ld(isAccessibleForFree=True, hasPart={"isAccessibleForFree": "false"}), False),
        (_ld(isAccessibleForFree="perhaps"), None),
        ("<meta property='article:content_tier' content=free>", True),
        ("<meta property='article:content_tier' content=Locked>", False),
        ("<meta property='article:content_tier' content=gold>", None),
    ],
)
def test_free_access(head: str, free: bool | None) -> None:
    assert rights.free_access(_page(head)) is free


@pytest.mark.parametrize(
    ("name", "agency"),
    [
        ("The Associated Press", "Associated Press"), ("AP", "Associated Press"),
        ("Associated Press in Valencia", "Associated Press"), ("Reuters staff", "Reuters"),
        ("Agence France-Presse", "Agence France-Presse"), ("Meridian Wire", "Meridian Wire"),
        ("Ann Example", None), ("Al Reuters Smith", None), ("", None),
    ],
)  # fmt: skip
def test_agency(name: str, agency: str | None) -> None:
    assert credit.agency(name) == agency


@pytest.mark.parametrize(
    ("head", "text", "bylines", "url", "named"),
    [
        ("", PROSE, [], URL, None),
        ("", PROSE, ["Ann Example", "Associated Press"], URL, "Associated Press"),
        ("", f"PORT HALDANE, Marquand (Reuters) - {PROSE}", [], URL, "Reuters"),
        ("", f"He met the committee (AP) {PROSE}", [], URL, None),
        ("", f"{PROSE}\n© 2026 The Associated Press. All rights reserved.", [], URL, "Associated Press"),
        (_ld(sourceOrganization={"name": "AFP"}), PROSE, [], URL, "Agence France-Presse"),
        ("", f"LONDON (Reuters) - {PROSE}", [], "https://www.reuters.com/world/x", None),
        ("<meta property='og:site_name' content='Reuters'>", PROSE, ["Reuters"], URL, None),
    ],
)  # fmt: skip
def test_credit(head: str, text: str, bylines: list[str], url: str, named: str | None) -> None:
    assert credit.credit(_page(head), text, bylines, url=url) == named


@pytest.mark.parametrize(
    ("next_page", "form"),
    [
        ("/harbour/old-lighthouse?page=2", Form.PART),
        ("/harbour/old-lighthouse/2", Form.PART),
        ("/harbour/old-lighthouse/page/2/", Form.PART),
        ("/harbour/old-lighthouse?page=1", None),
        ("/harbour/new-lighthouse", None),
        ("http://[broken", None),
    ],
)
def test_next_page_of_the_same_text_only(next_page: str, form: Form | None) -> None:
    page = _page(f"<link rel=next href='{next_page}'>")
    assert forms.form(page, url=URL, title="Old lighthouse", text=PROSE, section=None) is form


@pytest.mark.parametrize(
    ("title", "url", "form"),
    [
        ("Live music returns to the quay", "https://quay.test/culture/live-music-returns", None),
        ("Letters found in the lighthouse", "https://quay.test/letters-found", None),
        ("Recipe for disaster in the harbour", "https://quay.test/news/recipe-for-disaster", None),
        ("Council corrects its own figures", "https://quay.test/news/corrections", None),
        ("Live: storm hits the quay", "https://quay.test/a", Form.LIVE_BLOG),
        ("Clarification: the mayor's salary", "https://quay.test/a", Form.CORRECTION),
        ("Today’s horoscope", "https://quay.test/a", Form.HOROSCOPE),
    ],
)
def test_a_word_in_a_headline_is_no_form(title: str, url: str, form: Form | None) -> None:
    assert forms.form(_page(), url=url, title=title, text=PROSE, section=None) is form


GERMAN = "Der Rat der Stadt hat am Dienstag lange beraten, was mit dem Turm geschehen soll. "


@pytest.mark.parametrize(
    ("text", "stated", "code"),
    [
        (f"{PROSE} " * 10, None, "en"),
        (f"{PROSE} " * 10, "de-DE", "en"),
        (GERMAN * 20, "en", "de"),
        (f"{PROSE} " * 8 + GERMAN * 2, None, "en"),
        (GERMAN * 30 + f"{PROSE} " * 4, "en", "de"),
        ("Oslo ferry: no news.", "en-GB", "en"),
    ],
)
def test_language(text: str, stated: str | None, code: str) -> None:
    assert language.language(text, stated) == code


@pytest.mark.parametrize(
    ("stated", "zone", "now", "at", "source"),
    [
        # the night in which 01:30 comes twice, and the one in which 02:30 never comes
        ("2026-11-01T01:30:00", "America/New_York", NOW, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), DateSource.PAGE),
        ("2026-03-08T02:30:00", "America/New_York", NOW, datetime(2026, 3, 8, 7, 30, tzinfo=UTC), DateSource.PAGE),
        ("2024-02-29", "UTC", NOW, datetime(2024, 2, 29, tzinfo=UTC), DateSource.PAGE),
        ("2026-02-29", "UTC", NOW, None, DateSource.REFUSED),
        ("2099-01-01", "UTC", NOW, None, DateSource.REFUSED),
        ("1970-01-01T00:00:00Z", "UTC", NOW, None, DateSource.REFUSED),
        ("1989-12-31T23:59:59Z", "UTC", NOW, None, DateSource.REFUSED),
        ("yesterday", "UTC", NOW, None, DateSource.REFUSED),
        ("05/03/2026 or so", "UTC", NOW, None, DateSource.REFUSED),
        ("9" * 5000, "UTC", NOW, None, DateSource.REFUSED),
        # clocks that jumped a day: a page of this hour stays dated on both sides
        ("2026-11-22T12:00:00Z", "UTC", NOW - timedelta(days=1), datetime(2026, 11, 22, 12, tzinfo=UTC), DateSource.PAGE),
        ("2026-11-22T12:00:00Z", "UTC", NOW + timedelta(days=1), datetime(2026, 11, 22, 12, tzinfo=UTC), DateSource.PAGE),
        ("2026-11-22T12:00:01Z", "UTC", NOW - timedelta(days=1), None, DateSource.REFUSED),
    ],
)  # fmt: skip
def test_dates_at_the_edges(
    stated: str, zone: str, now: datetime, at: datetime | None, source: DateSource
) -> None:
    found = metadata.published(_page(_ld(datePublished=stated)), url=URL, now=now, timezone=zone)
    assert (found.published_at, found.source) == (at, source)
    assert found.stated_in == ("json-ld" if at else None)


@pytest.mark.parametrize(
    ("head", "body", "url", "stated_in", "day"),
    [
        (_ld(datePublished="yesterday"), "<h1>x</h1><p>March 5, 2026</p>", URL, "text", 5),
        ("<meta name=date content=2026-03-06>", "<h1>x</h1><p>5 March 2026</p>", URL, "meta:date", 6),
        ("", "<article><time datetime=2026-03-07></time></article>", URL, "time", 7),
        ("", "<h1>x</h1><p>Updated March 5, 2026</p>", "https://quay.test/2026/03/04/a", "url", 4),
        ("", "<h1>x</h1><p>05/03/2026</p>", URL, None, None),
    ],
)  # fmt: skip
def test_date_is_named_by_its_statement(
    head: str, body: str, url: str, stated_in: str | None, day: int | None
) -> None:
    found = metadata.published(_page(head, body), url=url, now=NOW)
    assert found.stated_in == stated_in
    assert (found.published_at.day if found.published_at else None) == day


def test_day_is_the_outlets_own() -> None:
    found = metadata.published(
        _page("<meta name=date content=2026-03-06>"), url=URL, now=NOW, timezone="Asia/Tokyo"
    )
    assert found.published_at == datetime(2026, 3, 6, tzinfo=ZoneInfo("Asia/Tokyo"))
