from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from newsroom.errors import Refused
from newsroom.records import Via
from scraper.backfill.listings import Window, days_of, past
from scraper.outlets.registry import Outlet

MARCH = Window(since=date(2024, 3, 1), until=date(2024, 3, 31))
OPEN = Window()


@pytest.mark.parametrize(
    ("url", "first", "last"),
    [
        ("https://a.com/2024/03/05/story", date(2024, 3, 5), date(2024, 3, 5)),
        ("https://a.com/sitemap-2024-03.xml.gz", date(2024, 3, 1), date(2024, 3, 31)),
        ("https://a.com/sitemap_20240305.xml", date(2024, 3, 5), date(2024, 3, 5)),
        ("https://a.com/map.xml?yyyy=2024&mm=2&dd=29", date(2024, 2, 29), date(2024, 2, 29)),
        ("https://a.com/map.xml?year=2023&month=02", date(2023, 2, 1), date(2023, 2, 28)),
        ("https://a.com/sitemap-2001.xml", None, None),  # may be part 2,001
        ("https://a.com/2024/13/99/story", None, None),
        ("https://a.com/story-120240305999", None, None),
        ("https://a.com/2023/02/30/no-such-day", None, None),
    ],
)
def test_days_of_an_address(url: str, first: date | None, last: date | None) -> None:
    assert days_of(url) == (None if first is None else (first, last))


def _index(*rows: tuple[str, str]) -> bytes:
    maps = "".join(f"<sitemap><loc>{loc}</loc>{lastmod}</sitemap>" for loc, lastmod in rows)
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<sitemapindex xmlns="{xmlns}">{maps}</sitemapindex>'.encode()


def _urls(*rows: tuple[str, str]) -> bytes:
    urls = "".join(f"<url><loc>{loc}</loc>{rest}</url>" for loc, rest in rows)
    xmlns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return f"<urlset {xmlns}>{urls}</urlset>".encode()


def _mod(text: str) -> str:
    return f"<lastmod>{text}</lastmod>"


def _news(text: str) -> str:
    return f"<news:news><news:publication_date>{text}</news:publication_date></news:news>"


def test_only_sitemaps_that_may_hold_the_window(make_outlet: Callable[..., Outlet]) -> None:
    outlet = make_outlet()
    body = _index(
        ("http://quay.test/2024-02.xml", _mod("2024-06-01")),
        ("http://quay.test/2024-03.xml", _mod("2024-06-01")),
        ("http://quay.test/2024-04.xml", ""),
        ("http://quay.test/part-7.xml", _mod("2024-02-28T23:00:00Z")),  # nothing new since
        ("http://quay.test/part-8.xml", _mod("2024-03-02")),
        ("http://quay.test/part-9.xml", "<lastmod>soon</lastmod>"),
        ("http://elsewhere.test/2024-03.xml", ""),
    )
    found = past(body, "http://quay.test/sitemap.xml", outlet, Via.SITEMAP, MARCH)
    names = [url.rsplit("/", 1)[-1] for url in found.sitemaps]
    assert names == ["2024-03.xml", "part-8.xml", "part-9.xml"]
    assert dict(found.dates)["http://quay.test/part-8.xml"].date() == date(2024, 3, 2)
    everything = past(body, "http://quay.test/sitemap.xml", outlet, Via.SITEMAP, OPEN)
    assert len(everything.sitemaps) == 6


def test_only_articles_that_may_be_of_the_window(make_outlet: Callable[..., Outlet]) -> None:
    body = _urls(
        ("http://quay.test/2024/03/31/last-day", _mod("2025-01-01")),
        ("http://quay.test/2024/04/01/too-late", ""),
        ("http://quay.test/2024/02/29/too-early", _mod("2024-03-15")),
        ("http://quay.test/old-story", _mod("2024-02-01")),
        ("http://quay.test/corrected-story", _mod("2024-09-01")),
        ("http://quay.test/stated-inside", _news("2024-03-05T08:00:00Z") + _mod("2025-01-01")),
        ("http://quay.test/2024/03/09/stated-outside", _news("2024-04-05")),
        ("http://quay.test/no-date-at-all", ""),
        ("http://quay.test/no-date-at-all?utm_source=x", ""),
    )
    found = past(body, "http://quay.test/map.xml", make_outlet(), Via.SITEMAP, MARCH)
    assert [url.rsplit("/", 1)[-1] for url in found.pages] == [
        "last-day", "corrected-story", "stated-inside", "no-date-at-all",
    ]  # fmt: skip
    assert dict(found.dates) == {
        "http://quay.test/stated-inside": datetime(2024, 3, 5, 8, tzinfo=UTC)
    }


def _feed(relation: str, *dates: str) -> bytes:
    link = f'<link rel="{relation}" href="/feed?page=2"/>' if relation else ""
    entries = "".join(
        f'<entry><link href="http://quay.test/story-{n}"/><published>{day}</published></entry>'
        for n, day in enumerate(dates)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{link}{entries}</feed>'.encode()


@pytest.mark.parametrize("relation", ["next", "prev-archive", "", "self"])
def test_a_feed_leads_to_its_older_page(make_outlet: Callable[..., Outlet], relation: str) -> None:
    """Until a page whose entries are all older than what is wanted (RFC 5005)."""
    body = _feed(relation, "2024-04-02T00:00:00Z", "2024-03-30T00:00:00Z")
    found = past(body, "http://quay.test/feed", make_outlet(), Via.FEED, MARCH)
    older = ("http://quay.test/feed?page=2",) if relation in {"next", "prev-archive"} else ()
    assert (found.pages, found.sitemaps) == (("http://quay.test/story-1",), older)
    old = _feed(relation, "2024-02-02T00:00:00Z", "2024-01-30T00:00:00Z")
    found = past(old, "http://quay.test/feed", make_outlet(), Via.FEED, MARCH)
    assert (found.pages, found.sitemaps) == ((), ())


@pytest.mark.parametrize("door", [Via.SITEMAP, Via.FEED])
def test_hostile_listings_are_refused(make_outlet: Callable[..., Outlet], door: Via) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>'
    for body in (bomb, b"", b"<html></html>", b"\x1f\x8bnot gzip"):
        with pytest.raises(Refused):
            past(body, "http://quay.test/x", make_outlet(), door, OPEN)
