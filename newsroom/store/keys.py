"""API keys. What is stored opens nothing: a digest, and the first characters to find it by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from newsroom import keys
from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.keys import Key, Scope

ADD = """
INSERT INTO api_keys (key_id, sha256, owner, scopes, note, created_at, expires_at)
VALUES (%(key_id)s, %(sha256)s, %(owner)s, %(scopes)s, %(note)s, now(), %(expires_at)s)
"""

LIST = """
SELECT k.key_id, k.owner, k.scopes, k.note, k.created_at, k.expires_at, k.revoked_at,
       (SELECT max(u.hour) FROM key_uses u WHERE u.key_id = k.key_id) AS last_used_at
  FROM api_keys k ORDER BY k.created_at, k.key_id
"""

REVOKE = """
UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = %(key_id)s
"""

OF_ID = "SELECT key_id, sha256, owner, scopes, expires_at, live FROM key_of_id(%(key_id)s)"

USED = """
INSERT INTO key_uses (key_id, hour) VALUES (%(key_id)s, date_trunc('hour', now()))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A key as its keeper sees it; ``last_used_at`` is told to the hour."""

    key_id: str
    owner: str
    scopes: Sequence[str]
    note: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def add(
    conn: Conn, owner: str, scopes: Sequence[Scope], *, note: str, expires_at: datetime | None
) -> str:
    """Make and store a key; the key itself, which nobody can show again."""
    key = keys.make()
    conn.execute(
        ADD,
        {
            "key_id": keys.key_id(key),
            "sha256": keys.digest(key),
            "owner": owner,
            "scopes": sorted(set(scopes)),
            "note": note,
            "expires_at": expires_at,
        },
    )
    return key


def listed(conn: Conn) -> list[Listed]:
    """Every key there ever was, oldest first."""
    return [Listed(**row) for row in conn.execute(LIST)]


def revoke(conn: Conn, key_id: str) -> None:
    """End a key, for good. Raises NotFound ``key-unknown``."""
    if conn.execute(REVOKE, {"key_id": key_id}).rowcount == 0:
        raise NotFound("key-unknown", f"no key {key_id[:80]}")


def accepted(conn: Conn, key: str) -> Key | None:
    """Whose key this is; None for one that is wrong, expired or revoked.

    One that nobody has costs the same statement, row and comparison as one with a wrong end.
    """
    row = conn.execute(OF_ID, {"key_id": keys.key_id(key)}).fetchone()
    assert row is not None  # of nobody where there is no such key
    same = compare_digest(bytes(row["sha256"]), keys.digest(key))
    if not (same and row["live"]):
        return None
    return Key(
        key_id=row["key_id"],
        owner=row["owner"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        expires_at=row["expires_at"],
    )


def used(conn: Conn, key_id: str) -> None:
    """Note that a key was used in this hour."""
    conn.execute(USED, {"key_id": key_id})
