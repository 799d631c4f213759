"""Outlets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from psycopg.sql import SQL, Identifier

from newsroom.db import Conn
from newsroom.errors import Misconfigured
from newsroom.records import Publisher

# First writer wins, whichever unique index the second one meets: many pages of one new outlet
# are stored side by side.
ADD = """
INSERT INTO publishers (publisher_id, name, domain, country, language, timezone, demo, verified)
VALUES (%(publisher_id)s, %(name)s, %(domain)s, %(country)s, %(language)s, %(timezone)s,
        %(demo)s, %(verified)s)
ON CONFLICT DO NOTHING
"""

DOMAIN_TAKEN = """
SELECT publisher_id, language IS NULL AND NOT demo AS undescribed FROM publishers
 WHERE domain = %(domain)s AND publisher_id <> %(publisher_id)s
"""

# Freed under a name that no outlet has, until nothing refers to the row any more.
FREE_DOMAIN = """
UPDATE publishers SET domain = domain || ' is now ' || %(publisher_id)s
 WHERE publisher_id = %(undescribed)s
"""

REFERRING = """
SELECT c.table_name FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = current_schema() AND c.column_name = 'publisher_id'
   AND t.table_type = 'BASE TABLE' AND c.table_name <> 'publishers'
 ORDER BY c.table_name
"""

REFER = SQL("UPDATE {} SET publisher_id = %(publisher_id)s WHERE publisher_id = %(undescribed)s")

REMOVE = "DELETE FROM publishers WHERE publisher_id = %(undescribed)s"

# An unchanged outlet is left alone, so that a second run changes no row.
CHANGE = """
UPDATE publishers
   SET name = %(name)s, domain = %(domain)s, country = %(country)s, language = %(language)s,
       timezone = %(timezone)s, demo = %(demo)s, verified = %(verified)s
 WHERE publisher_id = %(publisher_id)s
   AND (name, domain, country, language, timezone, demo, verified) IS DISTINCT FROM
       (%(name)s, %(domain)s, %(country)s, %(language)s, %(timezone)s, %(demo)s, %(verified)s)
"""

# An outlet known only by its domain: added once, never overwriting a described one.
ADD_UNDESCRIBED = """
INSERT INTO publishers (publisher_id, name, domain, demo, verified)
VALUES (%(domain)s, %(name)s, %(domain)s, false, false)
ON CONFLICT DO NOTHING
"""

ID_OF_DOMAIN = "SELECT publisher_id FROM publishers WHERE domain = %(domain)s"


def upsert(conn: Conn, publishers: Iterable[Publisher]) -> None:
    """Store what the outlet files say.

    An outlet that was known only by its domain gets the id of its file, and keeps all it has.
    Raises Misconfigured ``publisher-domain-taken`` when a domain belongs to another outlet.
    """
    for publisher in sorted(publishers, key=lambda p: p.publisher_id):  # one order: no deadlock
        row = asdict(publisher)
        conn.execute(ADD, row)
        taken = conn.execute(DOMAIN_TAKEN, row).fetchone()
        if taken and taken["undescribed"]:
            _adopt(conn, row | {"undescribed": taken["publisher_id"]})
        elif taken:
            raise Misconfigured(
                "publisher-domain-taken",
                f"{publisher.domain} belongs to outlet {taken['publisher_id']!r}: give "
                f"{publisher.publisher_id!r} another domain, or use that outlet's id",
            )
        conn.execute(CHANGE, row)


def _adopt(conn: Conn, row: dict[str, Any]) -> None:
    """Everything stored of an undescribed outlet is the described one's from now on."""
    conn.execute(FREE_DOMAIN, row)
    conn.execute(ADD, row)
    for table in conn.execute(REFERRING).fetchall():
        conn.execute(REFER.format(Identifier(table["table_name"])), row)
    conn.execute(REMOVE, row)


def of_domain(conn: Conn, domain: str, name: str | None = None) -> str:
    """Publisher id of a registered domain, adding an undescribed outlet on first sight."""
    conn.execute(ADD_UNDESCRIBED, {"domain": domain, "name": name or domain})
    row = conn.execute(ID_OF_DOMAIN, {"domain": domain}).fetchone()
    assert row is not None  # inserted above, or there before
    return str(row["publisher_id"])
