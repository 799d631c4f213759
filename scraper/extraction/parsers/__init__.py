"""Where the text stands on the pages of single outlets, for those that the general chain misreads.

One module an outlet, one version a layout, chosen by the day of the crawl, so that old pages still
parse (the layout of fundus, Dallabetta et al. 2024). A version only says where to look; to add
one, copy the newest, override the selectors that changed, and end the old one the day before.
"""

from __future__ import annotations

from datetime import datetime

from scraper.extraction.parsers import foxnews, washingtontimes
from scraper.extraction.parsers.version import Unread, Version, read

VERSIONS: dict[str, tuple[Version, ...]] = {
    "foxnews.com": foxnews.VERSIONS,
    "washingtontimes.com": washingtontimes.VERSIONS,
}
__all__ = ["VERSIONS", "Unread", "Version", "chosen", "read"]


def chosen(domain: str, fetched_at: datetime) -> Version | None:
    """The version for pages of a registered domain that were fetched then; None without one."""
    day = fetched_at.date()
    return next((v for v in VERSIONS.get(domain, ()) if v.holds_on(day)), None)
