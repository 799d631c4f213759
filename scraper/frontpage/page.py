"""One front page read: from bytes, or from what the browser measured, to its articles by rank.

Runs in an extracting process, because both kinds of input are hostile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scraper.extraction.decode import html_text
from scraper.extraction.extract import parse
from scraper.frontpage import heuristic, links, rendered
from scraper.frontpage.browser import STYLES, VIEWPORT_PX
from scraper.frontpage.links import Entry
from scraper.outlets.registry import Outlet

LAYOUT = "front-page 1"  # raise when the same bytes would be ranked otherwise
ENTRIES_MAX = 500


class Method(StrEnum):
    """How places and sizes became known."""

    RENDERED = "rendered"
    HEURISTIC = "heuristic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A front page to read; ``captured`` is the browser's answer, None to go by the markup."""

    body: bytes
    url: str
    content_type: str | None
    outlet: Outlet
    captured: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The articles of a front page, at most 500; ``found`` counts all. Sizes in CSS pixels."""

    method: Method
    viewport_px: tuple[int, int]
    height_px: float | None
    entries: tuple[Entry, ...]
    found: int


def read(front: Front) -> Layout:
    """The layout of a front page. Raises Refused ``parser-limit``, ``not-html``, ``decode`` …."""
    if front.captured is not None:
        tree, height = rendered.read(front.captured, STYLES, VIEWPORT_PX[0])
        method: Method = Method.RENDERED
    else:
        tree = heuristic.read(parse(html_text(front.body, front.content_type)))
        method, height = Method.HEURISTIC, None
    found = links.entries(tree, front.url, front.outlet, VIEWPORT_PX)
    return Layout(
        method=method,
        viewport_px=VIEWPORT_PX,
        height_px=height,
        entries=tuple(found[:ENTRIES_MAX]),
        found=len(found),
    )
