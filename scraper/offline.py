"""``newsroom extract``: pages in, articles or refusals out, no database. Lines keep their order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import orjson

from newsroom.errors import Refused
from scraper import tables
from scraper.extraction.extractors import Extractors
from scraper.extraction.reading import Page


@dataclass(slots=True)
class ExtractReport:
    """Lines read, and how many were no pages."""

    lines: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    id: object
    url: str | None
    error: str | None = None


def extract_lines(
    source: BinaryIO,
    target: BinaryIO,
    *,
    processes: int,
    now: datetime,
    progress: Callable[[int], object] | None = None,
) -> ExtractReport:
    """Read ``{id, url, html | html_base64}`` lines, write one line for each.

    A line that is no such object comes out as ``{id, error}`` in its place.
    """
    report = ExtractReport()
    with Extractors(processes) as extractors:
        for line, found in extractors.stream(_pages(source, now)):
            report.lines += 1
            if line.error is not None:
                report.bad += 1
                answer: dict[str, Any] = {"id": line.id, "error": line.error}
            elif isinstance(found, Refused):
                answer = _answer(line, refused=found.code, reason=found.message)
            else:
                answer = _answer(
                    line,
                    title=found.title,
                    authors=found.bylines,
                    published_at=found.published_at,
                    language=found.language,
                    text=found.text,
                )
            target.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
            if progress is not None:
                progress(1)
    target.flush()
    return report


def _answer(line: _Line, **known: object) -> dict[str, object]:
    fields = ("title", "authors", "published_at", "language", "text", "refused", "reason")
    return {"id": line.id, "url": line.url} | {name: known.get(name) for name in fields}


def _pages(source: BinaryIO, now: datetime) -> Iterator[tuple[_Line, Page | Refused]]:
    for number, row in tables.lines(source):
        if isinstance(row, Refused):
            yield _Line(number, None, f"line {number}: {row.message}"), row
            continue
        line_id = row.get("id", number)
        try:
            html = _html(row)
        except Refused as refusal:
            yield _Line(line_id, None, f"line {number}: {refusal.message}"), refusal
            continue
        url = row.get("url")
        known = url if isinstance(url, str) else None
        # Without an address relative links and the front-page rule have nothing to go by.
        yield (
            _Line(line_id, known),
            Page(html=html, url=known or "https://unknown.invalid/page", now=now),
        )


def _html(row: dict[str, Any]) -> bytes | str:
    html, encoded = row.get("html"), row.get("html_base64")
    if isinstance(html, str):
        return html
    if not isinstance(encoded, str):
        raise Refused("bad-line", "neither html nor html_base64 is text")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("bad-line", f"html_base64: {error}") from error
