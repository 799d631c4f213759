"""Front pages as they are stored: every look at one, and the places on it.

Nothing here is ever changed or deleted (the tables refuse it); a new reading of an old snapshot is
a new layout, and readers see the last one (:mod:`newsroom.store.reading.front_pages`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from newsroom.db import Conn


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """One look at a front page. ``code`` and ``message`` say what was wrong, None for ``ok``."""

    snapshot_id: str
    publisher_id: str
    url: str
    final_url: str | None = None
    taken_at: datetime
    slot: datetime | None = None
    status: str
    code: str | None = None
    message: str | None = None
    http_status: int | None = None
    content_type: str | None = None
    body_sha256: str | None = None
    body_bytes: int | None = None
    warc_file: str | None = None
    warc_offset: int | None = None


@dataclass(frozen=True, slots=True)
class LastLook:
    """The last look at a front page, and the last one that did not fail (for now)."""

    tried_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A stylesheet that a page asked for, and where it lies; ``code`` where it did not come."""

    url: str
    code: str | None = None
    body_sha256: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One reading of a snapshot: by which method and, where no browser measured, why not."""

    made_at: datetime
    version: str
    method: str
    why: str | None
    engine: str | None
    viewport_w: int
    viewport_h: int
    page_h: float | None
    sheets: int
    sheets_gone: int
    links: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One article on a front page. Pixels of CSS; None where nobody measured."""

    position: int
    rank: int | None
    article_id: str
    url: str
    canonical_url: str
    headline: str
    kind: str
    section: str | None
    x: float | None
    y: float | None
    width: float | None
    height: float | None
    font_px: float
    image: bool
    image_px2: float | None
    above_fold: bool | None
    score: float


ADD = """
INSERT INTO front_pages (snapshot_id, publisher_id, url, final_url, taken_at, slot, status, code,
                         message, http_status, content_type, body_sha256, body_bytes, warc_file,
                         warc_offset)
VALUES (%(snapshot_id)s, %(publisher_id)s, %(url)s, %(final_url)s, %(taken_at)s, %(slot)s,
        %(status)s, %(code)s, %(message)s, %(http_status)s, %(content_type)s, %(body_sha256)s,
        %(body_bytes)s, %(warc_file)s, %(warc_offset)s)
ON CONFLICT (snapshot_id) DO NOTHING
"""

ADD_SHEET = """
INSERT INTO front_page_sheets (snapshot_id, url, code, body_sha256, warc_file, warc_offset,
                               fetched_at)
VALUES (%(snapshot_id)s, %(url)s, %(code)s, %(body_sha256)s, %(warc_file)s, %(warc_offset)s,
        %(fetched_at)s)
"""

ADD_LAYOUT = """
INSERT INTO front_page_layouts (snapshot_id, layout, made_at, version, method, why, engine,
                                viewport_w, viewport_h, page_h, sheets, sheets_gone, links)
SELECT %(snapshot_id)s, 1 + coalesce(max(l.layout), 0), %(made_at)s, %(version)s, %(method)s,
       %(why)s, %(engine)s, %(viewport_w)s, %(viewport_h)s, %(page_h)s, %(sheets)s,
       %(sheets_gone)s, %(links)s
  FROM front_page_layouts l WHERE l.snapshot_id = %(snapshot_id)s
RETURNING layout
"""

ADD_LINK = """
INSERT INTO front_page_links (snapshot_id, layout, position, rank, publisher_id, taken_at,
                              article_id, url, canonical_url, headline, kind, section, x, y, width,
                              height, font_px, image, image_px2, above_fold, score)
VALUES (%(snapshot_id)s, %(layout)s, %(position)s, %(rank)s, %(publisher_id)s, %(taken_at)s,
        %(article_id)s, %(url)s, %(canonical_url)s, %(headline)s, %(kind)s, %(section)s, %(x)s,
        %(y)s, %(width)s, %(height)s, %(font_px)s, %(image)s, %(image_px2)s, %(above_fold)s,
        %(score)s)
"""

# The very bytes of the last look lie in the archive already.
ARCHIVED = """
SELECT body_sha256, warc_file, warc_offset FROM front_pages
 WHERE publisher_id = %(publisher_id)s AND body_sha256 IS NOT NULL
 ORDER BY taken_at DESC, snapshot_id DESC LIMIT 1
"""

KNOWN_SHEET = """
SELECT url, code, body_sha256, warc_file, warc_offset, fetched_at FROM front_page_sheets
 WHERE url = %(url)s AND code IS NULL AND fetched_at >= %(since)s
 ORDER BY fetched_at DESC LIMIT 1
"""

LAST_LOOKS = """
SELECT p.publisher_id, f.at AS tried_at, g.at AS answered_at
  FROM publishers p
  CROSS JOIN LATERAL (SELECT max(taken_at) AS at FROM front_pages
                       WHERE publisher_id = p.publisher_id) f
  CROSS JOIN LATERAL (SELECT max(taken_at) AS at FROM front_pages
                       WHERE publisher_id = p.publisher_id AND status <> 'failed') g
 WHERE f.at IS NOT NULL
"""


def add(conn: Conn, page: FrontPage, sheets: Sequence[Sheet] = ()) -> bool:
    """Store a look; False where this one is stored already."""
    if conn.execute(ADD, asdict(page)).rowcount == 0:
        return False
    for sheet in sheets:
        conn.execute(ADD_SHEET, asdict(sheet) | {"snapshot_id": page.snapshot_id})
    return True


def add_layout(conn: Conn, page: FrontPage, layout: Layout, links: Sequence[Link]) -> int:
    """Store a reading of a snapshot beside those that it has; its number."""
    row = conn.execute(ADD_LAYOUT, asdict(layout) | {"snapshot_id": page.snapshot_id}).fetchone()
    assert row is not None
    common = {
        "snapshot_id": page.snapshot_id,
        "layout": row["layout"],
        "publisher_id": page.publisher_id,
        "taken_at": page.taken_at,
    }
    with conn.cursor() as cursor:
        cursor.executemany(ADD_LINK, [asdict(link) | common for link in links])
    return int(row["layout"])


def archived(conn: Conn, publisher_id: str, body_sha256: str) -> tuple[str, int] | None:
    """File and offset of the last look at this front page, if it had these very bytes."""
    row = conn.execute(ARCHIVED, {"publisher_id": publisher_id}).fetchone()
    if row is None or row["body_sha256"] != body_sha256:
        return None
    return str(row["warc_file"]), int(row["warc_offset"])


def known_sheet(conn: Conn, url: str, since: datetime) -> Sheet | None:
    """The last copy of a stylesheet that was fetched after ``since``."""
    row = conn.execute(KNOWN_SHEET, {"url": url, "since": since}).fetchone()
    return None if row is None else Sheet(**row)


def last_looks(conn: Conn) -> dict[str, LastLook]:
    """When each outlet's front page was last looked at."""
    return {
        str(row["publisher_id"]): LastLook(row["tried_at"], row["answered_at"])
        for row in conn.execute(LAST_LOOKS)
    }
