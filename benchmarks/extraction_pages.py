"""Our own pages with what must become of them: demo web, catalogue, fixtures of parsers.

All text is invented. The files lie under ``tests/scraper/pages``; the demo web's truth is that of
its stories.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsroom.errors import Refused
from scraper.demo import content, site
from scraper.extraction.extract import Extracted, extract

FOLDER = Path(__file__).parents[1] / "tests" / "scraper" / "pages"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEMO_ARTICLES_PER_OUTLET = 5
URL = "https://quay.test/harbour/town-argues-about-its-old-lighthouse"
STORY = (
    "The harbour council met on Tuesday to decide what the town will do with its old lighthouse.",
    "Several residents said that the tower should stay, because ships still look for its light.",
    "The mayor answered that repairs would cost more than the town spends on roads in a year.",
    "An engineer explained how the foundation has moved since the storm of the winter before last.",
    "Children from the school brought drawings of the lighthouse and pinned them to the wall.",
    "A decision was put off until the autumn, when a second report on the costs is expected.",
    "Fishermen along the quay were divided, as they are about most things that cost money.",
    "The keeper's grandson offered to paint the railings himself if somebody gave him the paint.",
)
_PLACE = re.compile(r"\{(story|rest|again|plain)(?::(\d+))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One page and what is expected: ``code`` of a refusal, or fields of the article.

    ``words_min`` and ``contains`` are looser statements about the text; ``form`` is "none" for an
    ordinary article.
    """

    name: str
    html: bytes
    url: str = URL
    headers: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ("en",)
    publisher: str | None = None
    timezone: str | None = None
    fetched_at: datetime | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)


def cases() -> list[Case]:
    """Every page, in a fixed order."""
    return [*_catalogue(), *_parsers(), *_demo()]


def digest(pages: list[Case]) -> str:
    """What floors were measured on."""
    kept = [
        [c.name, c.url, sha256(c.html).hexdigest(), json.dumps(c.expected, sort_keys=True)]
        for c in pages
    ]
    return sha256(json.dumps(kept).encode()).hexdigest()[:12]


def outcome(case: Case) -> Extracted | Refused:
    """What the extractor makes of a page."""
    try:
        return extract(
            case.html,
            case.url,
            now=NOW,
            fetched_at=case.fetched_at,
            headers=case.headers,
            publisher=case.publisher,
            timezone=case.timezone,
            languages=case.languages,
        )
    except Refused as refusal:
        return refusal


def wrong(case: Case, found: Extracted | Refused) -> list[str]:
    """What is not as expected, one line each; empty for a page that is read right."""
    code = case.expected.get("code")
    if isinstance(found, Refused):
        return [] if found.code == code else [f"refused {found.code}: {found.message}"]
    if code is not None:
        return [f"an article of {found.words} words, not refused {code}"]
    lines = []
    for name, value in case.expected.items():
        if name == "words_min":
            good = found.words >= value
        elif name == "contains":
            good = all(part in found.text for part in value)
        else:
            good = _plain(getattr(found, name)) == value
        if not good:
            lines.append(f"{name}: {str(getattr(found, name, found.words))[:200]!r}")
    return lines


def _plain(value: object) -> object:
    """A field as the files write it."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _catalogue() -> Iterator[Case]:
    raw = tomllib.loads((FOLDER / "catalogue" / "pages.toml").read_text(encoding="utf-8"))
    for page in raw["page"]:
        expected = dict(page["expected"])
        if "text" in expected:
            expected["text"] = _PLACE.sub(lambda m: "\n".join(_lines(m)), expected["text"])
        if expected.get("form") == "none":
            expected["form"] = None
        html = (
            f"<html {page.get('html_attributes', 'lang=en')}><head>{_filled(page.get('head', ''))}"
            f"</head><body>{_filled(page['body'])}</body></html>"
        )
        yield Case(
            name=f"catalogue/{page['name']}",
            html=html.encode(),
            url=page.get("url", URL),
            headers=tuple((name, value) for name, value in page.get("headers", ())),
            languages=tuple(page.get("languages", ("en",))),
            expected=expected,
        )


def _filled(text: str) -> str:
    """The placeholders replaced, as paragraphs of HTML or, in JSON, as plain text."""
    return _PLACE.sub(
        lambda m: (
            " ".join(_lines(m))
            if m.group(1) == "plain"
            else "".join(f"<p>{line}</p>" for line in _lines(m))
        ),
        text,
    )


def _lines(place: re.Match[str]) -> list[str]:
    kind, n = place.group(1), int(place.group(2) or 0)
    if kind == "again":
        return [f"{line} Number {i}." for i in range(n) for line in STORY]
    if kind == "rest":
        return list(STORY[n:])
    return list(STORY[: n or None])


def _parsers() -> Iterator[Case]:
    for path in sorted((FOLDER / "parsers").glob("*.json")):
        expected = json.loads(path.read_text(encoding="utf-8"))
        yield Case(
            name=f"parsers/{path.stem}",
            html=path.with_suffix(".html").read_bytes(),
            url=expected["url"],
            fetched_at=datetime.fromisoformat(expected.pop("fetched_at")),
            expected=expected,
        )


def _demo() -> Iterator[Case]:
    """The demo web's articles, a few of each of its seven looks, and its odd pages."""
    told = content.load()
    served = site.build(1)
    for outlet in told.outlets.values():
        articles = [a for a in told.articles if a.outlet is outlet and a.copy_of is None]
        articles.sort(key=lambda a: sha256(a.slug.encode()).digest())
        for article in articles[:DEMO_ARTICLES_PER_OUTLET]:
            yield Case(
                name=f"demo/{outlet.publisher_id}/{article.slug}",
                html=served.get(outlet.domain, article.path).body,
                url=article.url,
                publisher=outlet.name,
                timezone=outlet.timezone,
                expected={
                    "title": article.headline,
                    "text": "\n".join([*article.paragraphs, *filter(None, [article.note])]),
                    "form": None,
                },
            )
    for page in told.odd_pages:
        if page.kind in {"duplicate", "redirect", "robots"}:
            continue  # of the crawl, not of the page
        yield Case(
            name=f"demo/{page.outlet.publisher_id}/{page.kind}/{page.path.rsplit('/', 1)[-1]}",
            html=served.get(page.outlet.domain, page.path).body,
            url=page.url,
            publisher=page.outlet.name,
            timezone=page.outlet.timezone,
            expected={"code": page.expected},
        )
