"""What the rows say of the archive: which file and byte answers for which page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsroom.db import Conn
from newsroom.errors import NotFound

_FIRST = {"offset": -1, "page_id": ""}

# Pages that came by replay lie where the replayed file lies, which need not be our folder.
FILES = """
SELECT warc_file AS file, count(*) AS pages, bool_and(via = 'replay') AS elsewhere
  FROM pages WHERE warc_file IS NOT NULL GROUP BY warc_file ORDER BY warc_file
"""

ROWS = """
SELECT page_id, final_url, status, body_sha256, body_bytes, warc_offset AS offset FROM pages
 WHERE warc_file = %(file)s AND (warc_offset, page_id) > (%(offset)s, %(page_id)s)
 ORDER BY warc_offset, page_id LIMIT %(limit)s
"""

PLACE = """
SELECT page_id, canonical_url, warc_file AS file, warc_offset AS offset FROM pages
 WHERE page_id = %(page_id)s
"""

# The revision made of this very page, or, where another page had given the same text before, the
# one that was current when this page was fetched.
READINGS = """
SELECT w.page_id, p.publisher_id, p.page_id IS NOT NULL AS known,
       a.title, a.text, a.bylines, a.published_at, a.of_page, r.code AS refused
  FROM unnest(%(page_ids)s::text[], %(article_ids)s::text[], %(fetched_ats)s::timestamptz[])
       AS w (page_id, article_id, fetched_at)
  LEFT JOIN pages p ON p.page_id = w.page_id
  LEFT JOIN LATERAL (
       SELECT title, text, bylines, published_at, page_id IS NOT DISTINCT FROM w.page_id AS of_page
         FROM articles
        WHERE page_id = w.page_id
           OR (article_id = w.article_id AND fetched_at <= w.fetched_at)
        ORDER BY (page_id IS NOT DISTINCT FROM w.page_id) DESC, fetched_at DESC, revision DESC
        LIMIT 1) a ON true
  LEFT JOIN LATERAL (
       SELECT code FROM refusals WHERE page_id = w.page_id ORDER BY seen_at DESC LIMIT 1) r ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRow:
    """A page as its row describes it; ``offset`` in bytes from the start of its file."""

    page_id: str
    final_url: str
    status: int
    body_sha256: str
    body_bytes: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """A file that rows name; ``elsewhere`` where all of them came by replay."""

    file: str
    pages: int
    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is stored of a page: an article, a refusal's code, neither, or no such page."""

    known: bool
    publisher_id: str | None = None
    title: str | None = None
    text: str | None = None
    bylines: tuple[str, ...] = ()
    published_at: datetime | None = None
    refused: str | None = None


def files(conn: Conn) -> list[FileRows]:
    """Every archive file that a page names."""
    return [FileRows(**row) for row in conn.execute(FILES)]


def rows(conn: Conn, file: str, after: ArchivedRow | None, limit: int) -> list[ArchivedRow]:
    """The next pages that lie in this file, by offset."""
    last = {"offset": after.offset, "page_id": after.page_id} if after else _FIRST
    found = conn.execute(ROWS, {"file": file, "limit": limit, **last})
    return [ArchivedRow(**row) for row in found]


def place(conn: Conn, page_id: str) -> tuple[str, int] | None:
    """File and offset of a page, None for one that was never archived.

    Raises NotFound ``page-unknown``.
    """
    row = conn.execute(PLACE, {"page_id": page_id}).fetchone()
    if row is None:
        raise NotFound("page-unknown", f"no page {page_id}")
    return None if row["file"] is None else (str(row["file"]), int(row["offset"]))


def readings(conn: Conn, wanted: Sequence[tuple[str, str, datetime]]) -> dict[str, Reading]:
    """What is stored of each ``(page_id, article_id, fetched_at)``, by page."""
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
    names = ("page_ids", "article_ids", "fetched_ats")
    found = conn.execute(READINGS, dict(zip(names, columns, strict=True)))
    return {str(row["page_id"]): _reading(row) for row in found}


def _reading(row: dict[str, Any]) -> Reading:
    if not row["known"]:
        return Reading(known=False)
    if row["title"] is None or (row["refused"] is not None and not row["of_page"]):
        return Reading(known=True, publisher_id=row["publisher_id"], refused=row["refused"])
    return Reading(
        known=True,
        publisher_id=row["publisher_id"],
        title=row["title"],
        text=row["text"],
        bylines=tuple(row["bylines"]),
        published_at=row["published_at"],
    )
