"""Search a whole database for a text."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from newsroom.db import Conn


def tables_with(conn: Conn, needle: str) -> list[str]:
    """The tables of which any column of any row holds this text, plain or as the bytes of one."""
    tables = conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'm') ORDER BY 1"
    ).fetchall()
    assert len(tables) > 30
    values = {"plain": needle, "bytes": needle.encode().hex()}
    found = SQL(
        "SELECT count(*) AS n FROM {} t WHERE strpos(t::text, %(plain)s) > 0 OR strpos(t::text, %(bytes)s) > 0"
    )
    return [
        row["relname"]
        for row in tables
        if conn.execute(found.format(Identifier(row["relname"])), values).fetchone() != {"n": 0}
    ]
