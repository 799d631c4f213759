"""Articles that already are text: rows in, by a column mapping that is shown before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import BadRequest, Refused
from newsroom.records import Article, DateSource, Publisher, Via
from newsroom.text import normalise, word_count
from newsroom.urls import canonical, registered_domain
from scraper import dedup, intake, tables
from scraper.extraction.language import language as language_of
from scraper.extraction.metadata import FUTURE_MAX, HEADLINE_MAX_CHARS, OLDEST, parse_date
from scraper.extraction.verdict import WORDS_MIN
from scraper.intake import Incoming, Tally
from scraper.outlets.registry import Registry

EXTRACTOR = "import/1"
LANGUAGES = ("en",)
TEXT_MAX_CHARS = 2_000_000
REQUIRED = ("url", "title", "text")
# Our field: column names that mean it, compared without case, spaces and underscores. Label
# columns (lean, bias, topic …) are left out on purpose: labels are made here or not at all.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "articleid", "uid", "docid"),
    "url": ("url", "link", "articleurl", "sourceurl", "address"),
    "title": ("title", "headline", "heading"),
    "text": ("text", "body", "content", "articletext", "maintext", "fulltext"),
    "published_at": (
        "publishedat",
        "published",
        "date",
        "publishdate",
        "publicationdate",
        "datepublished",
    ),
    "authors": ("authors", "author", "bylines", "byline"),
    "section": ("section",),
    "language": ("language", "lang"),
    "publisher": ("publisher", "publication", "outlet"),
}


def mapping(columns: Sequence[str], chosen: Iterable[str] = ()) -> dict[str, str]:
    """Which column is read as which of our fields, ``{field: column}``.

    ``chosen`` holds ``column=field`` wishes. Raises BadRequest naming the columns there are.
    """
    found: dict[str, str] = {}
    plain = {_plain(column): column for column in reversed(columns)}
    for name, spellings in NAMES.items():
        column = next((plain[s] for s in spellings if s in plain), None)
        if column is not None:
            found[name] = column
    for wish in chosen:
        column, _, name = wish.partition("=")
        if column not in columns:
            raise BadRequest(
                "column-unknown",
                f"no column {column!r} in this file; it has {', '.join(columns)}",
                field="map",
            )
        if name not in NAMES:
            raise BadRequest(
                "field-unknown", f"no field {name!r}; there are {', '.join(NAMES)}", field="map"
            )
        found[name] = column
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise BadRequest(
            "column-missing",
            f"no column for {', '.join(missing)}; this file has {', '.join(columns) or 'none'} "
            "(say which with --map column=field)",
            field="map",
        )
    return found


def import_files(
    db: Database,
    files: Mapping[Path, Mapping[str, str]],
    registry: Registry,
    *,
    now: datetime,
    ring: Callable[[int], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tally:
    """Store every row of the files, each with its mapping; ``progress`` hears rows of a batch."""
    seen: dict[str, str] = {}
    items = (_items(path, columns, registry, seen, now) for path, columns in files.items())
    return intake.store(db, chain.from_iterable(items), ring=ring, progress=progress)


def _items(
    path: Path, columns: Mapping[str, str], registry: Registry, seen: dict[str, str], now: datetime
) -> Iterator[Incoming]:
    for number, row in tables.rows(path):
        source = f"{path.name}:{number}"
        if isinstance(row, Refused):
            yield Incoming(source=source, url=None, publisher=None, found=row, at=now)
            continue
        values = {name: row.get(column) for name, column in columns.items()}
        url = str(values["url"] or "").strip()
        publisher: Publisher | str | None = None
        found: Article | Refused
        try:
            address = canonical(url)
            publisher = _publisher(registry, url)
            found = _article(values, url, address, now)
            first = seen.setdefault(found.article_id, source)
            if first != source:
                found = Refused("duplicate-url", f"the same address as {first}")
        except Refused as refusal:
            found = refusal
        name = str(values.get("publisher") or "").strip() or None
        yield Incoming(
            source=source,
            url=url or None,
            publisher=publisher,
            publisher_name=name,
            found=found,
            at=now,
        )


def _publisher(registry: Registry, url: str) -> Publisher | str:
    outlet = registry.of_url(url)
    return outlet.publisher if outlet else registered_domain(urlsplit(url).hostname or "")


def _article(values: Mapping[str, Any], url: str, address: str, now: datetime) -> Article:
    title = normalise(_string(values, "title")).replace("\n", " ")[:HEADLINE_MAX_CHARS]
    raw = _string(values, "text")
    if len(raw) > TEXT_MAX_CHARS:
        raise Refused("too-large", f"{len(raw)} characters of text")
    text = normalise(raw)
    words = word_count(text)
    if words < WORDS_MIN:
        raise Refused("too-short", f"{words} words, fewer than {WORDS_MIN}")
    if not title:
        raise Refused("not-article", "no headline")
    language = str(values.get("language") or "")[:2].lower()
    language = language or language_of(text, None)
    if language not in LANGUAGES:
        raise Refused("language", f"in {language}, not {' or '.join(LANGUAGES)}")
    published_at, source = _date(values.get("published_at"), now)
    signature = dedup.signature(text)
    section = values.get("section")
    return Article(
        article_id=ids.article_id(address),
        publisher_id="",  # the intake knows it
        url=url,
        canonical_url=address,
        title=title,
        text=text,
        text_sha256=ids.text_sha256(text),
        content_sha256=ids.content_sha256(title, text),
        language=language,
        words=words,
        bylines=_names(values.get("authors")),
        published_at=published_at,
        date_source=source,
        section=str(section)[:100] if section else None,
        via=Via.IMPORT,
        extractor=EXTRACTOR,
        fetched_at=now,
        minhash=signature.minhash if signature else None,
        bands=signature.bands if signature else (),
    )


def _string(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("bad-line", f"{name} is no text: {str(value)[:80]}")
    return value


def _date(value: object, now: datetime) -> tuple[datetime | None, DateSource]:
    """An unreadable date is no date; one that cannot be is refused."""
    if isinstance(value, datetime):
        at: datetime | None = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        at = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        at = parse_date(str(value), UTC) if value else None
    if at is None:
        return None, DateSource.ABSENT
    if not OLDEST <= at <= now + FUTURE_MAX:
        return None, DateSource.REFUSED
    return at, DateSource.IMPORT


def _names(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value] if value else []
    return tuple(text for item in items if (text := normalise(str(item))))


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").replace("-", "").lower()
