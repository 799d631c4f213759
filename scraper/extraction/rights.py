"""What an outlet reserves and what it sells: signals on the page and in its headers. Pure.

Sources: robots meta tag and X-Robots-Tag (Google's and Bing's documentation), noai and noimageai
(DeviantArt 2022), TDM Reservation Protocol (W3C community report 2024), Content-Usage (IETF
aipref draft), RSL 1.0, schema.org isAccessibleForFree, Open Graph article:content_tier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from scraper.extraction.markup import Markup

Headers = Sequence[tuple[str, str]]
# What a directive means for us; "none" is short for noindex and nofollow.
_DIRECTIVES = {
    "noarchive": "noarchive",
    "noindex": "noindex",
    "none": "noindex",
    "nosnippet": "nosnippet",
    "max-snippet:0": "nosnippet",
    "noai": "noai",
    "noimageai": "noimageai",
}
_ROBOTS_META = ("robots", "newsroombot")
_OUR_NAME = "newsroombot"
_NAMED = re.compile(r"\s*([\w-]+)\s*:\s*(?=\w)")  # "googlebot: noindex" speaks to one robot
_VALUED = {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
_DENIED_USE = re.compile(r"\b(train-ai|search|bots|train-genai)\s*=\s*n\b", re.IGNORECASE)
_VALUE_MAX_CHARS = 1000


def reservations(page: Markup, headers: Headers = ()) -> tuple[str, ...]:
    """Names of what the outlet asks machines not to do, sorted; empty where it asks nothing.

    ``noarchive``, ``noindex``, ``nosnippet``, ``noai``, ``noimageai``, ``tdm-reservation``,
    ``content-usage:NAME`` or ``rsl``. Signals to another robot by name are not for us.
    """
    found: set[str] = set()
    for name in _ROBOTS_META:
        for value in page.meta.get(name, ()):
            found |= _directives(value)
    sent = [(name.lower(), value[:_VALUE_MAX_CHARS]) for name, value in headers]
    for name, value in sent:
        if name == "x-robots-tag":
            found |= _addressed(value)
        elif name == "content-usage":
            found |= {f"content-usage:{m.lower()}" for m in _DENIED_USE.findall(value)}
    stated = [*page.meta.get("tdm-reservation", ()), *_values(sent, "tdm-reservation")]
    if any(value.strip() == "1" for value in stated):
        found.add("tdm-reservation")
    if page.rsl:
        found.add("rsl")
    return tuple(sorted(found))


def free_access(page: Markup) -> bool | None:
    """Whether the page says that anyone may read it; None where it is silent.

    One part that is not free (schema.org ``hasPart``) makes the article not free.
    """
    stated = [
        truth
        for node in page.articles
        for value in (node.get("isAccessibleForFree"), *_parts(node))
        if (truth := _truth(value)) is not None
    ]
    if stated:
        return all(stated)
    for value in page.microdata.get("isAccessibleForFree", ()):
        if (truth := _truth(value)) is not None:
            return truth
    tier = (page.first("article:content_tier") or "").lower()
    return {"free": True, "metered": False, "locked": False}.get(tier)


def _parts(node: dict[str, object]) -> Iterator[object]:
    parts = node.get("hasPart")
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict):
            yield part.get("isAccessibleForFree")


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower().rsplit("/", 1)[-1] if isinstance(value, str) else ""
    return {"true": True, "yes": True, "false": False, "no": False}.get(text)


def _values(sent: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in sent if name == wanted]


def _directives(value: str) -> set[str]:
    tokens = (re.sub(r"\s", "", token).lower() for token in value[:_VALUE_MAX_CHARS].split(","))
    return {_DIRECTIVES[token] for token in tokens if token in _DIRECTIVES}


def _addressed(value: str) -> set[str]:
    """Directives of one X-Robots-Tag header that are meant for every robot, or for ours."""
    named = _NAMED.match(value)
    if named and named.group(1).lower() not in _VALUED:
        if named.group(1).lower() != _OUR_NAME:
            return set()
        value = value[named.end() :]
    return _directives(value)
