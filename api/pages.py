"""Keyset pages: a cursor is the key of the last row shown, bound to the question it belongs to.

Opaque to callers, versioned, and useless under another filter, so that a walk through a list can
neither skip nor repeat rows in silence.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from newsroom.errors import BadRequest

VERSION: Final = 1
DIGEST_HEX: Final = 16  # enough to tell filters apart; nothing secret hangs on it
NUMBER_MAX: Final = 2**63 - 1  # the widest integer that PostgreSQL orders a list by

Key = tuple[str | int | date | datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """How one list is walked: the columns of its key and kinds, and the question's digest."""

    columns: Mapping[str, type[str | int | date | datetime]]
    digest: str

    def encode(self, row: Mapping[str, Any]) -> str:
        """The cursor behind ``row``."""
        key = [row[column] for column in self.columns]
        plain = [v.isoformat() if isinstance(v, date) else v for v in key]
        body = json.dumps([VERSION, self.digest, *plain], separators=(",", ":"))
        return urlsafe_b64encode(body.encode()).decode().rstrip("=")

    def decode(self, cursor: str) -> Key:
        """The key a cursor holds. Raises BadRequest ``bad-cursor``."""
        try:
            body = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            version, digest, *key = json.loads(body)
            read = tuple(_read(v, kind) for v, kind in zip(key, self.columns.values(), strict=True))
        except (ValueError, TypeError, RecursionError) as error:
            raise BadRequest(
                "bad-cursor", "the cursor is none of ours: start again without it", field="cursor"
            ) from error
        if (version, digest) != (VERSION, self.digest):
            raise BadRequest(
                "bad-cursor",
                "the cursor belongs to other filters: start again without it",
                field="cursor",
            )
        return read

    def envelope(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        limit: int,
        total: int | None,
        run: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer of a list, from up to ``limit + 1`` rows: the extra one says there is more.

        ``run`` is whose labels it shows, for a list that shows labels.
        """
        shown = rows[:limit]
        return {
            "data": shown,
            "next_cursor": self.encode(shown[-1]) if len(rows) > limit else None,
            "meta": {"limit": limit, "total": total, "run": run},
        }


def digest(route: str, filters: Mapping[str, object], run: Mapping[str, Any] | None = None) -> str:
    """Digest of a question: equal filters of the same list, in whatever order, are equal.

    ``run`` is the one whose labels answer: under another one, named or promoted, it is another
    question.
    """
    asked = {name: value for name, value in filters.items() if name != "run"}
    text = json.dumps([route, asked, run and run["run_id"]], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:DIGEST_HEX]


def _read(value: object, kind: type[str | int | date | datetime]) -> str | int | date | datetime:
    if kind is datetime:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is date:
        return date.fromisoformat(str(value))
    if kind is int and type(value) is int and abs(value) <= NUMBER_MAX:
        return value
    if kind is str and isinstance(value, str) and "\x00" not in value:
        value.encode()  # a lone surrogate is no text of ours
        return value
    raise ValueError
