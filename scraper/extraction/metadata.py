"""Headline, bylines, dates and section: what the page states, chosen by agreement.

JSON-LD comes first because outlets generate it from their own database, but only where the page
that a reader sees agrees with it; free text is the last resort. Nothing is made up: no statement,
no value.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from dateutil import parser as dates  # type: ignore[import-untyped]

from newsroom.errors import Refused
from newsroom.records import DateSource
from newsroom.text import normalise, words
from newsroom.urls import canonical, registered_domain
from scraper.extraction import markup
from scraper.extraction.markup import Markup

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
FUTURE_MAX = timedelta(days=1)
AGREE = 0.5  # share of common words from which two headlines speak of the same thing
HEADLINE_MAX_CHARS = 500
AUTHORS_MAX = 20
_SEPARATORS = re.compile(r"\s+(?:[|»–—·•-]|::|>)\s+|\s*\|\s*")
_NO_NAME = re.compile(r"https?://|www\.|@|\.com\b|\d{3}|[(){}<>:]")
_BY = re.compile(
    r"^\s*(?:by|from|written by|reported by|story by|analysis by)[:\s]+", re.IGNORECASE
)
_AND = re.compile(r"\s*(?:;|,|\band\b|&|\|)\s*")
_NOT_NAMES = re.compile(
    r"^(?:staff|admin|administrator|editor|editors|null|none|undefined|unknown|anonymous|published|"
    r"updated|reporter|correspondent|contributor|senior|writer|associated press writers?|"
    r"(?:[\w' -]+ )?(?:reporter|correspondent|writer|editor|producer|columnist|contributor))$",
    re.IGNORECASE,
)
_DEFAULTS = (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001
_DIGITS = re.compile(r"^\d{10}(?:\d{3})?$")
DATE_MAX_CHARS = 80
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY, _YEAR = r"\d{1,2}(?:st|nd|rd|th)?", r"(?:19|20)\d\d"
# A day in words or in ISO 8601; 05/03/2026 is two days, so it is none.
_WRITTEN_DATE = re.compile(
    rf"\b(?:{_MONTH} {_DAY},? {_YEAR}|{_DAY} {_MONTH},? {_YEAR}|{_YEAR}-\d\d-\d\d)\b",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"\s*(?:last )?(?:updated?|modified|edited|changed)\b", re.IGNORECASE)
_URL_DATE = re.compile(r"/(19\d\d|20\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/-]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """When it was published and last changed, in UTC, and how that is known.

    ``stated_in`` names the statement of the publication date, such as ``json-ld``.
    """

    published_at: datetime | None
    modified_at: datetime | None
    source: DateSource
    stated_in: str | None = None


def headline(page: Markup, publisher: str | None = None, fallback: str = "") -> str:
    """The headline as the outlet wrote it, without the outlet's own name; may be empty."""
    sites = _site_names(page, publisher)
    stated = [
        _tidy(value) for node in page.articles for value in markup.names(node.get("headline"))
    ]
    stated += [_tidy(value) for value in page.microdata.get("headline", ())[:1]]
    stated = [_without_site(value, sites) for value in stated]
    shared = [
        _without_site(_tidy(value), sites)
        for name in ("og:title", "twitter:title")
        for value in page.meta.get(name, ())
    ]
    crumbs = _tidy(page.page_title).split(" » ")  # root first, by that sign's custom
    if len(crumbs) > 1:
        sites |= {crumbs[0].casefold()}
    titles = [_without_site(crumbs[-1], sites)] if page.page_title else []
    shown = [_without_site(_tidy(value), sites) for value in page.h1]
    shown = [value for value in shown if value.casefold() not in sites]

    chosen = (
        _backed(stated, shown + shared + titles)
        or _backed(shown, shared + titles + stated)
        or next(iter(shared + titles + shown), "")
        or _without_site(_tidy(fallback), sites)
    )
    return _restored(chosen, shown + shared)[:HEADLINE_MAX_CHARS]


def bylines(page: Markup, publisher: str | None = None, fallback: str | None = None) -> list[str]:
    """Names of people and agencies under the headline, in order, each once."""
    sites = _site_names(page, publisher)
    sources: Iterable[Iterable[str]] = (
        [name for node in page.articles for name in _authors(page, node.get("author"))],
        page.microdata.get("author", ()),
        [value for name in markup.AUTHOR_META for value in page.meta.get(name, ())],
        [page.byline] if page.byline else [],
        page.signed,
        [fallback] if fallback else [],
    )
    for source in sources:
        found = list(dict.fromkeys(_people(source)))
        people = [name for name in found if not _is_site(name, sites)]
        # A user name beside the person's own is the same person.
        people = [n for n in people if " " in n or not n.islower()] or people
        if people or found:
            return people or found[:1]
    return []


def published(
    page: Markup,
    *,
    url: str,
    now: datetime,
    timezone: str | None = None,
    fallback: str | None = None,
) -> Dates:
    """Publication and change dates; one outside 1990 … now + 1 day is refused, never bent.

    Statements are asked in the order json-ld, microdata, meta tags, time element, the lines
    under the headline, the address, ``fallback``; the first usable one is taken.
    """
    zone = ZoneInfo(timezone) if timezone else UTC
    refused = False
    at: datetime | None = None
    stated_in: str | None = None
    for name, text in _publication_statements(page, url, fallback):
        found = parse_date(text, zone)
        if found is not None and OLDEST <= found <= now + FUTURE_MAX:
            at, stated_in = found, name
            break
        refused = True
    changes = [str(n["dateModified"]) for n in page.articles if n.get("dateModified")]
    changes += page.microdata.get("dateModified", ())
    changes += [value for name in markup.MODIFIED_META for value in page.meta.get(name, ())]
    modified = next((d for text in changes if (d := parse_date(text, zone))), None)
    if modified and (not OLDEST <= modified <= now + FUTURE_MAX or (at and modified < at)):
        modified = None
    source = DateSource.PAGE if at else DateSource.REFUSED if refused else DateSource.ABSENT
    return Dates(published_at=at, modified_at=modified, source=source, stated_in=stated_in)


def parse_date(text: str, zone: ZoneInfo | timezone) -> datetime | None:
    """An instant in UTC; a time without an offset is the outlet's own, a bare day its midnight."""
    text = text.strip()
    if len(text) > DATE_MAX_CHARS:
        return None
    if _DIGITS.match(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            # Two defaults: what differs between the two readings was not in the text.
            at, other = (dates.parse(text, default=default) for default in _DEFAULTS)
        except (ValueError, OverflowError, TypeError):
            return None
        if at.date() != other.date():
            return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def section(page: Markup) -> str | None:
    """The section that the outlet files it under."""
    stated = [s for node in page.articles for s in markup.names(node.get("articleSection"))]
    stated += page.microdata.get("articleSection", ())
    stated += [page.first(*markup.SECTION_META) or ""]
    return next((text[:100] for value in stated if (text := _tidy(value))), None)


def address(page: Markup, url: str) -> str:
    """The page's own address: its canonical link where it stays on the site and names a page."""
    if page.canonical is None:
        return url
    try:
        stated = urljoin(url, page.canonical.strip())
        canonical(stated)
    except (Refused, ValueError):
        return url
    there, here = urlsplit(stated), urlsplit(url)
    same_site = registered_domain(there.hostname or "") == registered_domain(here.hostname or "")
    a_page = there.path.rstrip("/") or not here.path.rstrip("/")
    return stated if same_site and a_page else url


def agreement(left: str, right: str) -> float:
    """Share of the shorter headline's words that the other has too."""
    a, b = set(words(left)), set(words(right))
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _authors(page: Markup, value: object) -> list[str]:
    """Names of an author, who may be a reference to a node elsewhere in the page's graph."""
    if isinstance(value, list):
        return [name for item in value[:AUTHORS_MAX] for name in _authors(page, item)]
    if isinstance(value, dict) and "name" not in value and (ref := value.get("@id")):
        return [name for n in page.nodes if n.get("@id") == ref for name in markup.names(n)]
    return markup.names(value)


def _publication_statements(
    page: Markup, url: str, fallback: str | None
) -> Iterator[tuple[str, str]]:
    for node in page.articles:
        if value := node.get("datePublished"):
            yield "json-ld", str(value)
    for value in page.microdata.get("datePublished", ()):
        yield "microdata", value
    for name in markup.PUBLISHED_META:
        for value in page.meta.get(name, ()):
            yield f"meta:{name}", value
    for value in page.times:
        yield "time", value
    for line in page.below:
        if not _CHANGED.match(line) and (found := _WRITTEN_DATE.search(line)):
            yield "text", found.group()
    if found := _URL_DATE.search(urlsplit(url).path):
        yield "url", "-".join(found.groups())
    if fallback:
        yield "htmldate", fallback


def _site_names(page: Markup, publisher: str | None) -> frozenset[str]:
    stated = [
        publisher or "",
        *page.meta.get("og:site_name", ()),
        *page.meta.get("application-name", ()),
    ]
    for node in page.nodes:
        stated += markup.names(node.get("publisher"))
        if markup.types_of(node) & {"WebSite", "Organization", "NewsMediaOrganization"}:
            stated += markup.names(node.get("name"))
    return frozenset(_tidy(name).casefold() for name in stated if name.strip())


def _tidy(text: str) -> str:
    return normalise(html.unescape(text)).replace("\n", " ")


def _without_site(text: str, sites: frozenset[str]) -> str:
    """Drop leading and trailing pieces that are the outlet's name, or a name that ends in it."""
    while True:
        cuts = list(_SEPARATORS.finditer(text))
        if not cuts:
            return text
        tail, head = text[cuts[-1].end() :], text[: cuts[0].start()]
        if _is_site(tail, sites):
            text = text[: cuts[-1].start()]
        elif _is_site(head, sites):
            text = text[cuts[0].end() :]
        else:
            return text


def _is_site(piece: str, sites: frozenset[str]) -> bool:
    piece = piece.strip().casefold()
    if piece in sites:
        return True
    inside = set(words(piece))
    if len(inside) == 1 and any(name and piece.startswith(name) for name in sites):
        return True  # CNNPolitics
    return len(inside) <= 4 and any(
        name and (inside <= set(words(name)) or set(words(name)) <= inside) and inside
        for name in sites
    )


def _backed(candidates: list[str], witnesses: list[str]) -> str:
    """The candidate that the other statements support most; the only one there is, unopposed."""
    if not candidates:
        return ""
    if not witnesses:
        return candidates[0]
    scored = [(max(agreement(c, w) for w in witnesses), c) for c in candidates if words(c)]
    best = max((score for score, _ in scored), default=0.0)
    return next((c for score, c in scored if score == best and score >= AGREE), "")


def _restored(chosen: str, full: list[str]) -> str:
    """A headline that was cut for a search engine, in the length that readers see."""
    stem = chosen.removesuffix("…").removesuffix("...").rstrip()
    if stem == chosen and len(chosen) < 100:
        return chosen
    return next((text for text in full if text.startswith(stem) and len(text) > len(stem)), chosen)


def _people(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        for piece in _AND.split(_BY.sub("", _tidy(value))):
            name = _BY.sub("", piece).strip(" .-–—•")
            if 2 < len(name) <= 80 and not _NO_NAME.search(name) and not _NOT_NAMES.match(name):
                yield name
