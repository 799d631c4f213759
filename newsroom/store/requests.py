"""Writing requests that may be sent twice: the second finds where the first led."""

from __future__ import annotations

from collections.abc import Callable

from newsroom.db import Conn
from newsroom.errors import Conflict

# Two that come in at once wait for each other; given up with the transaction.
LOCK = """
SELECT pg_advisory_xact_lock(
    hashtextextended(%(key_id)s::text || ' ' || %(idempotency_key)s::text, 0))
"""

FOUND = """
SELECT digest, location FROM requests
 WHERE key_id = %(key_id)s AND idempotency_key = %(idempotency_key)s
"""

ADD = """
INSERT INTO requests (key_id, idempotency_key, digest, location)
VALUES (%(key_id)s, %(idempotency_key)s, %(digest)s, %(location)s)
"""


def once(
    conn: Conn, key_id: str, idempotency_key: str | None, digest: str, write: Callable[[], str]
) -> str:
    """Where a request led: what ``write`` says, unless the same was sent before.

    ``digest`` is of path and body. Raises Conflict ``idempotency-key-reused`` for another request
    under the same key.
    """
    if idempotency_key is None:
        return write()
    named = {"key_id": key_id, "idempotency_key": idempotency_key}
    conn.execute(LOCK, named)
    found = conn.execute(FOUND, named).fetchone()
    if found is None:
        location = write()
        conn.execute(ADD, named | {"digest": digest, "location": location})
        return location
    if found["digest"] != digest:
        raise Conflict(
            "idempotency-key-reused", "this Idempotency-Key was sent with another request before"
        )
    return str(found["location"])
