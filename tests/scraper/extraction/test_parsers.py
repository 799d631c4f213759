from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsroom.urls import registered_domain
from scraper.extraction import parsers
from scraper.extraction.extract import extract, parse
from scraper.extraction.parsers import Unread, Version
from scraper.outlets import registry

TEXT = "".join(
    f"<p>The harbour council met on day {n} to decide what to do with its old lighthouse.</p>"
    for n in range(5)
)
V1 = Version(name="quay/1", valid_from=date(2024, 1, 1), valid_until=date(2025, 6, 30),
             body="//div[@id='story']", drop=(".//div[@class='promo']",))  # fmt: skip
V2 = replace(
    V1, name="quay/2", valid_from=date(2025, 7, 1), valid_until=None, body="//div[@id='text']"
)


def _page(body_id: str, more: str = "") -> str:
    return f"<html><body><h1>Old lighthouse</h1><div id={body_id}>{TEXT}{more}</div></body></html>"


def test_version_is_chosen_by_the_day_of_the_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parsers.VERSIONS, "quay.com", (V1, V2))
    day = datetime(2025, 6, 30, 23, tzinfo=UTC)
    assert parsers.chosen("quay.com", day) is V1
    assert parsers.chosen("quay.com", day + timedelta(hours=2)) is V2
    assert parsers.chosen("quay.com", datetime(2023, 1, 1, tzinfo=UTC)) is None
    assert parsers.chosen("other.com", day) is None

    html = _page("text", "<div class=promo><p>Buy a lamp for your own tower today.</p></div>")
    found = extract(html, "https://www.quay.com/a", now=day, fetched_at=day + timedelta(days=9))
    assert found.text_from == "quay/2"
    assert "Buy a lamp" not in found.text


@pytest.mark.parametrize(
    "html",
    [
        _page("elsewhere"),
        _page("story") + _page("story").replace("<html>", "").replace("</html>", ""),
        "<html><body><div id=story><p>Short.</p></div></body></html>",
    ],
)
def test_two_bodies_none_or_no_words_are_no_guess(html: str) -> None:
    with pytest.raises(Unread, match="quay/1"):
        parsers.read(V1, parse(html))


def test_a_miss_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(parsers.VERSIONS, "quay.com", (V1,))
    at = datetime(2024, 5, 1, tzinfo=UTC)
    with caplog.at_level(logging.WARNING, logger="scraper.extraction.voices"):
        found = extract(_page("elsewhere"), "https://quay.com/a", now=at)
    assert found.text_from == "trafilatura"
    assert "quay/1: 0 bodies" in caplog.text


def test_versions_are_of_known_outlets_and_do_not_overlap() -> None:
    domains = {domain for outlet in registry.load().outlets for domain in outlet.domains}
    names: list[str] = []
    for domain, versions in parsers.VERSIONS.items():
        assert domain in domains
        assert registered_domain(domain) == domain
        names += [version.name for version in versions]
        for version in versions:
            days = {version.valid_from, version.valid_until or date(2099, 1, 1)}
            for day in days:
                assert [v for v in versions if v.holds_on(day)] == [version]
    assert len(set(names)) == len(names)
