"""One page, one reading: by the browser where there is one, by the markup where that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsroom import ids
from newsroom.errors import Refused
from newsroom.store import front_pages as store
from scraper.extraction.extractors import Extractors
from scraper.frontpage.browser import Browser, Captured, Document
from scraper.frontpage.links import Entry
from scraper.frontpage.page import LAYOUT, Front, Layout

NO_BROWSER = "no-browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A layout, the browser that measured it, or why none did."""

    layout: Layout
    engine: str | None
    why: str | None


def document(front: Front) -> Document:
    """The page for the browser. Valid UTF-8 wins over what was declared, as in extraction."""
    try:
        front.body.decode("utf-8")
        content_type = "text/html; charset=utf-8"
    except UnicodeDecodeError:
        content_type = front.content_type or "text/html"
    return Document(url=front.url, content_type=content_type, body=front.body)


def capture(
    browser: Browser | None, front: Front, sheets: Mapping[str, bytes]
) -> Captured | Refused:
    """What the browser measures; a refusal where there is none or it failed."""
    if browser is None:
        return Refused(NO_BROWSER, "no browser is installed or it is switched off")
    try:
        return browser.lay_out(document(front), sheets)
    except Refused as refusal:
        return refusal


def read(extractors: Extractors, front: Front, captured: Captured | Refused) -> Reading:
    """The layout of what was captured, else of the markup. Raises Refused where neither works."""
    why = captured.code if isinstance(captured, Refused) else None
    if not isinstance(captured, Refused):
        found = extractors.front_page(replace(front, captured=captured.answer)).result()
        if not isinstance(found, Refused):
            return Reading(layout=found, engine=captured.engine, why=None)
        why = found.code
    found = extractors.front_page(front).result()
    if isinstance(found, Refused):
        raise found
    return Reading(layout=found, engine=None, why=why)


def layout_row(reading: Reading, sheets: Sequence[store.Sheet], at: datetime) -> store.Layout:
    """The row of a reading. Without a browser no stylesheet played a part."""
    layout = reading.layout
    used = sheets if reading.engine else ()
    return store.Layout(
        made_at=at,
        version=LAYOUT,
        method=str(layout.method),
        why=reading.why,
        engine=reading.engine,
        viewport_w=layout.viewport_px[0],
        viewport_h=layout.viewport_px[1],
        page_h=layout.height_px,
        sheets=sum(sheet.code is None for sheet in used),
        sheets_gone=sum(sheet.code is not None for sheet in used),
        links=layout.found,
    )


def link_rows(layout: Layout) -> list[store.Link]:
    """The rows of a layout's articles."""
    return [
        _link_row(entry, position, layout.viewport_px[1])
        for position, entry in enumerate(layout.entries, start=1)
    ]


def _link_row(entry: Entry, position: int, fold_px: int) -> store.Link:
    box = entry.box
    return store.Link(
        position=position,
        rank=entry.rank,
        article_id=ids.article_id(entry.canonical_url),
        url=entry.url,
        canonical_url=entry.canonical_url,
        headline=entry.headline,
        kind=str(entry.kind),
        section=entry.section,
        x=box.x if box else None,
        y=box.y if box else None,
        width=box.width if box else None,
        height=box.height if box else None,
        font_px=entry.font_px,
        image=entry.image,
        image_px2=entry.image_px2,
        above_fold=box.y < fold_px if box else None,
        score=entry.score,
    )
