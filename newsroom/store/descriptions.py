"""What outlet files say beyond the publisher: for readers, never for labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from newsroom.db import Conn

# An unchanged description is left alone, so that a second run changes no row.
SAVE = """
INSERT INTO outlet_descriptions AS d (publisher_id, medium, front_page, feeds, sitemaps, delay_s,
    verified_on, floors, reference_lean)
VALUES (%(publisher_id)s, %(medium)s, %(front_page)s, %(feeds)s, %(sitemaps)s, %(delay_s)s,
    %(verified_on)s, %(floors)s, %(reference_lean)s)
ON CONFLICT (publisher_id) DO UPDATE
   SET medium = excluded.medium, front_page = excluded.front_page, feeds = excluded.feeds,
       sitemaps = excluded.sitemaps, delay_s = excluded.delay_s,
       verified_on = excluded.verified_on, floors = excluded.floors,
       reference_lean = excluded.reference_lean
 WHERE (d.medium, d.front_page, d.feeds, d.sitemaps, d.delay_s, d.verified_on, d.floors,
        d.reference_lean) IS DISTINCT FROM
       (excluded.medium, excluded.front_page, excluded.feeds, excluded.sitemaps, excluded.delay_s,
        excluded.verified_on, excluded.floors, excluded.reference_lean)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One outlet's file. ``floors`` and ``reference_lean`` as it writes them."""

    publisher_id: str
    medium: str
    front_page: str
    feeds: tuple[str, ...]
    sitemaps: tuple[str, ...]
    delay_s: float
    verified_on: date | None
    floors: Mapping[str, Any]
    reference_lean: Mapping[str, Any] | None


def save(conn: Conn, descriptions: Iterable[Description]) -> None:
    """Store descriptions of outlets that are stored."""
    for description in sorted(descriptions, key=lambda d: d.publisher_id):  # one order: no deadlock
        lean = description.reference_lean
        values = asdict(description) | {
            "feeds": list(description.feeds),
            "sitemaps": list(description.sitemaps),
            "floors": Jsonb(dict(description.floors)),
            "reference_lean": None if lean is None else Jsonb(dict(lean)),
        }
        conn.execute(SAVE, values)
