"""The page that the user agent links to says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from newsroom import settings as settings_module
from newsroom.settings import Crawl, Settings
from newsroom.urls import URL_MAX_BYTES
from scraper import settings as scrapy_settings
from scraper.manners import handler, polite, robots
from scraper.outlets.registry import DELAY_FLOOR_S

PAGE = (Path(__file__).parents[3] / "docs" / "crawler.md").read_text(encoding="utf-8")
CRAWL = Crawl()


def _row(start: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| {start}"))


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        ("requests to a host", [DELAY_FLOOR_S]),
        ("`Crawl-delay`", [robots.CRAWL_DELAY_MAX_S]),
        ("pages of an outlet", [CRAWL.pages_per_outlet]),
        ("429 or 503", [429, 503, polite.AWAY_MAX_S, polite.pause_s(1, DELAY_FLOOR_S), polite.pause_s(2, DELAY_FLOOR_S)]),
        ("refusals in a row", [*sorted(polite.SAYS_NO), polite.REFUSALS_MAX, polite.away_s(polite.REFUSALS_MAX, DELAY_FLOOR_S)]),
        ("no answer", [CRAWL.timeout_s, polite.TIMEOUTS_MAX]),
        ("redirects", [scrapy_settings.REDIRECTS_MAX]),
        ("largest body", [CRAWL.body_max_bytes]),
        ("largest headers", [handler.HEAD_MAX_BYTES]),
        ("longest address", [URL_MAX_BYTES]),
        ("2xx", [2, robots.PARSED_BYTES / 1024]),
        ("401, 403", sorted(robots.SAID_NO)),
        ("5xx, silence", [5, scrapy_settings.REDIRECTS_MAX, robots.LAST_GOOD.total_seconds() / 3600, robots.ASK_AGAIN.total_seconds() / 60]),
    ],
)  # fmt: skip
def test_numbers(row: str, numbers: list[float]) -> None:
    assert [float(n) for n in re.findall(r"\d+", _row(row))] == numbers


def test_names() -> None:
    assert scrapy_settings.BOT in PAGE
    assert f"`{robots.AGENT_NAME}`" in PAGE
    assert f"kept for {robots.FRESH.total_seconds() / 3600:g} h" in PAGE
    assert scrapy_settings.BOT.startswith(f"{robots.AGENT_NAME}/")
    names = {name for name, _, _ in settings_module.variables()}
    assert set(re.findall(r"NEWSROOM_\w+", PAGE)) <= names


def test_who_we_say_we_are() -> None:
    plain = scrapy_settings.build(Settings(), [], {})
    assert plain["USER_AGENT"] == "NewsroomBot/2026.11 (+https://newsroom.example/crawler)"
    named = Settings(crawl=Crawl(mail="crawler@newsroom.example"), database_url=SecretStr("x"))
    values = scrapy_settings.build(named, [], {})
    assert values["USER_AGENT"] == (
        "NewsroomBot/2026.11 (+https://newsroom.example/crawler; crawler@newsroom.example)"
    )
    headers = values["DEFAULT_REQUEST_HEADERS"]
    assert isinstance(headers, dict)
    assert headers["From"] == "crawler@newsroom.example"
    for wrong in ("nobody", "a b@x.example", "a@x.example\r\nX: y", "a@x.example)"):
        with pytest.raises(ValidationError):
            Crawl(mail=wrong)


def test_floors_cannot_be_lowered() -> None:
    with pytest.raises(ValidationError):
        Crawl(delay_s=DELAY_FLOOR_S - 0.1)
