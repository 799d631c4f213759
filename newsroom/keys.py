"""API keys: how one is made, told from noise, and kept out of logs.

``nr_``, 32 random bytes in base 62 and a CRC-32 that finds typing errors. Of a key only a SHA-256
is stored: 256 random bits leave nothing to guess, so no slow hash is needed.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zlib import crc32

MARK: Final = "nr_"
DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_BYTES: Final = 32
BODY_LENGTH: Final = 43  # 62^43 > 2^256
CHECK_LENGTH: Final = 6  # 62^6 > 2^32
ID_LENGTH: Final = 8
OWNER: Final = r"[a-z0-9][a-z0-9-]{0,39}"
LENGTH: Final = len(MARK) + BODY_LENGTH + CHECK_LENGTH
# Also a key that lost its end or gained one.
ANYWHERE: Final = re.compile(r"(?<![0-9A-Za-z])nr_[0-9A-Za-z]{8,}")


class Scope(StrEnum):
    """What a key may do beyond reading what everybody may read, faster."""

    TEXT_READ = "text:read"
    DISPUTE = "dispute"
    ANNOTATE = "annotate"
    EVENTS_EDIT = "events:edit"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is accepted. ``key_id`` are the first characters of it, no secret.

    ``owner`` is the public name under which its holder disputes and overrides.
    """

    key_id: str
    owner: str
    scopes: frozenset[Scope]
    expires_at: datetime | None

    @property
    def by(self) -> str:
        """Who speaks, as labels, disputes and the change log name them."""
        return f"human:{self.owner}"


def make() -> str:
    """A new key; it is shown to nobody but its holder, once."""
    body = _base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), BODY_LENGTH)
    return f"{MARK}{body}{_check(body)}"


def well_formed(key: str) -> bool:
    """Whether this can be a key at all, by length, letters and checksum."""
    if len(key) != LENGTH or ANYWHERE.fullmatch(key) is None:
        return False
    body = key[len(MARK) : -CHECK_LENGTH]
    return key[-CHECK_LENGTH:] == _check(body)


def key_id(key: str) -> str:
    """The part of a key that it is looked up by."""
    return key[len(MARK) : len(MARK) + ID_LENGTH]


def digest(key: str) -> bytes:
    """What is stored of a key."""
    return sha256(key.encode()).digest()


def redacted(text: str) -> str:
    """The text with every key in it cut out."""
    return ANYWHERE.sub("nr_[key]", text)


def _check(body: str) -> str:
    return _base62(crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
