"""One browser for the tests that measure; an outlet of ours; pages around a piece of markup."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from newsroom.records import Publisher
from scraper.frontpage import browser as browsers
from scraper.frontpage.browser import Browser
from scraper.outlets.registry import Outlet


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs the browser is skipped by name where there is none, unless it is required."""
    absent = browsers.find("auto") is None and not os.environ.get("REQUIRE_BROWSER")
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if absent:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def program() -> str:
    return browsers.find("auto") or "chromium"


@pytest.fixture(scope="session")
def browser(program: str) -> Iterator[Browser]:
    with Browser(program, timeout_s=60.0) as browser:
        yield browser


@pytest.fixture
def outlet() -> Outlet:
    publisher = Publisher(
        publisher_id="gull", name="The Gull", domain="gull.test", country="US", language="en",
        timezone="America/New_York",
    )  # fmt: skip
    return Outlet(publisher=publisher, front_page="https://gull.test/")


@pytest.fixture
def stories() -> Callable[..., str]:
    """Markup of numbered stories, each a paragraph with a headline of four words."""

    def make(*numbers: int, tag: str = "h2") -> str:
        return "".join(
            f'<{tag}><a href="/2026/story-number-{n}-of-ours">Story number {n} told</a></{tag}>\n'
            for n in numbers
        )

    return make
