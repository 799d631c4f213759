"""The Washington Times. The general chain takes its menus for the text."""

from __future__ import annotations

from datetime import date

from scraper.extraction.parsers.version import Version

V1 = Version(
    name="washingtontimes/1",
    valid_from=date(2023, 1, 1),  # first seen on a page of 2023-04-28
    body="//div[contains(concat(' ', @class, ' '), ' bigtext ')]",
    drop=(
        ".//div[contains(@class, 'permission')]",
        ".//section|.//form|.//aside|.//figure",
    ),
)
VERSIONS = (V1,)
