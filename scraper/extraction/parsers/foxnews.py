"""Fox News. The general chain keeps the linked headlines in capitals between its paragraphs."""

from __future__ import annotations

from datetime import date

from scraper.extraction.parsers.version import Version

V1 = Version(
    name="foxnews/1",
    valid_from=date(2023, 1, 1),  # first seen on a page of 2023-04-28
    body="//article//div[contains(concat(' ', @class, ' '), ' article-body ')]",
    drop=(
        ".//div[contains(@class, 'featured') or contains(@class, 'image-ct')]",
        ".//*[contains(@class, 'caption') or contains(@class, 'ad-container')]",
        # a paragraph that is one link in bold: another story's headline
        ".//p[a[strong or u] and normalize-space(.) = normalize-space(a)]",
    ),
)
VERSIONS = (V1,)
