"""Outlets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from newsroom.db import Conn
from newsroom.records import Publisher

# An unchanged outlet is left alone, so that a second run changes no row.
UPSERT = """
INSERT INTO publishers (publisher_id, name, domain, country, language, timezone, demo, verified)
VALUES (%(publisher_id)s, %(name)s, %(domain)s, %(country)s, %(language)s, %(timezone)s,
        %(demo)s, %(verified)s)
ON CONFLICT (publisher_id) DO UPDATE
   SET name = excluded.name, domain = excluded.domain, country = excluded.country,
       language = excluded.language, timezone = excluded.timezone, demo = excluded.demo,
       verified = excluded.verified
 WHERE (publishers.name, publishers.domain, publishers.country, publishers.language,
        publishers.timezone, publishers.demo, publishers.verified)
       IS DISTINCT FROM
       (excluded.name, excluded.domain, excluded.country, excluded.language,
        excluded.timezone, excluded.demo, excluded.verified)
"""

# An outlet known only by its domain: added once, never overwriting a described one.
ADD_UNDESCRIBED = """
INSERT INTO publishers (publisher_id, name, domain, demo, verified)
VALUES (%(domain)s, %(name)s, %(domain)s, false, false)
ON CONFLICT DO NOTHING
"""

ID_OF_DOMAIN = "SELECT publisher_id FROM publishers WHERE domain = %(domain)s"


def upsert(conn: Conn, publishers: Iterable[Publisher]) -> None:
    """Store what the outlet files say."""
    conn.cursor().executemany(UPSERT, [asdict(p) for p in publishers])


def of_domain(conn: Conn, domain: str, name: str | None = None) -> str:
    """Publisher id of a registered domain, adding an undescribed outlet on first sight."""
    conn.execute(ADD_UNDESCRIBED, {"domain": domain, "name": name or domain})
    row = conn.execute(ID_OF_DOMAIN, {"domain": domain}).fetchone()
    assert row is not None  # inserted above, or there before
    return str(row["publisher_id"])
