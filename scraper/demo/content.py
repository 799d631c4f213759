"""Read the authored content of the demo web from its TOML files.

A story file says what happened (`fact`, `[events]`), who spoke (`[speakers]`) and what each
outlet made of it (`[[article]]`; `[[copy]]` for agency copy that an outlet ran nearly unchanged).
An article's body holds one sentence a line, `TYPE [fact-id …] [@speaker]|text`, and a blank line
between paragraphs; the types are those of `SENTENCE_TYPES`. A sentence that reports speech without
quoting it is a fact with a speaker.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scraper.demo.model import Article, Content, Fact, OddPage, Outlet, Revision, Sentence, Story

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
SENTENCE_TYPES = {"f": "fact", "o": "opinion", "q": "quote", "b": "borderline", "x": "other"}
AGENCY = "Meridian Wire"


def read_line(line: str, speakers: Mapping[str, str], *, paragraph: int = 0) -> Sentence:
    """Read one marked sentence; KeyError or ValueError where the mark or its speaker is wrong."""
    mark, text = line.split("|", 1)
    kind, *rest = mark.split()
    voices = [speakers[token[1:]] for token in rest if token.startswith("@")]
    return Sentence(
        paragraph=paragraph,
        kind=SENTENCE_TYPES[kind],
        facts=tuple(token for token in rest if not token.startswith("@")),
        speaker=voices[0] if voices else None,
        text=text.strip(),
    )


def read_body(
    body: str, speakers: Mapping[str, str], *, first_paragraph: int = 0
) -> tuple[Sentence, ...]:
    """Read a marked body into its sentences."""
    return tuple(
        read_line(line, speakers, paragraph=number)
        for number, block in enumerate(body.strip().split("\n\n"), start=first_paragraph)
        for line in block.splitlines()
    )


def _read_outlets() -> dict[str, Outlet]:
    looks = tomllib.loads((HERE / "looks.toml").read_text())
    outlets = {}
    for path in sorted((HERE / "outlets").glob("*.toml")):
        entry = tomllib.loads(path.read_text())
        look = looks[entry["publisher_id"]]
        outlets[entry["publisher_id"]] = Outlet(
            publisher_id=entry["publisher_id"],
            name=entry["name"],
            domain=entry["domain"],
            country=entry["country"],
            timezone=entry["timezone"],
            front_page=entry["front_page"],
            feeds=tuple(entry["feeds"]),
            sitemaps=tuple(entry["sitemaps"]),
            template=look["template"],
            lean=look["lean"],
            tagline=look["tagline"],
            article_path=look["article_path"],
            section_path=look["section_path"],
            sections=tuple(look["sections"]),
            robots=look.get("robots"),
            date_shown=look.get("date_shown", "minute"),
        )
    return outlets


def _read_revision(entry: dict[str, Any], speakers: Mapping[str, str]) -> Revision:
    return Revision(
        kind=entry["kind"],
        headline=entry.get("headline"),
        modified=entry.get("modified"),
        note=entry.get("note"),
        swap={int(n): read_line(line, speakers) for n, line in entry["swap"].items()},
    )


def _read_article(
    entry: dict[str, Any], story: dict[str, Any], outlets: dict[str, Outlet]
) -> Article:
    story_id = story.get("story_id")
    event = entry.get("event")
    speakers = entry.get("speakers") or story.get("speakers", {})
    return Article(
        outlet=outlets[entry["outlet"]],
        story=story_id,
        event=f"{story_id}.{event}" if event else None,
        slug=entry["slug"],
        headline=entry["headline"],
        authors=tuple(entry["by"]),
        published=entry["at"],
        lean=entry["lean"],
        tone=entry["tone"],
        news_type=entry.get("type", "news report"),
        category=entry.get("category") or story["category"],
        topic=entry.get("topic") or story["topic"],
        sentences=read_body(entry["body"], speakers),
        revision=_read_revision(entry["revision"], speakers) if "revision" in entry else None,
    )


def _read_copy(entry: dict[str, Any], original: Article, outlets: dict[str, Outlet]) -> Article:
    """Give the agency's article as an outlet ran it: last sentences cut, own lines added."""
    kept = original.sentences[: len(original.sentences) - entry.get("cut", 0)]
    own = read_body(entry["tail"], {}, first_paragraph=len(kept)) if "tail" in entry else ()
    return replace(
        original,
        outlet=outlets[entry["outlet"]],
        slug=entry["slug"],
        headline=entry.get("headline", original.headline),
        authors=(AGENCY,),
        published=entry["at"],
        sentences=kept + own,
        copy_of=original.slug,
        revision=None,
    )


def _read_story(raw: dict[str, Any]) -> Story:
    story_id = raw["story_id"]
    return Story(
        story_id=story_id,
        title=raw["title"],
        events={f"{story_id}.{name}": title for name, title in raw["events"].items()},
        facts=tuple(
            Fact(
                fact_id=fact["id"],
                event=f"{story_id}.{fact['event']}",
                claim=fact["claim"],
                slot=fact.get("slot"),
                value=fact.get("value"),
            )
            for fact in raw["fact"]
        ),
        absences=raw.get("absences", {}),
    )


@cache
def load() -> Content:
    """Read all authored files; the same object every time, as they do not change."""
    outlets = _read_outlets()
    stories: dict[str, Story] = {}
    articles: list[Article] = []
    for path in [*sorted((HERE / "stories").glob("*.toml")), HERE / "singles.toml"]:
        raw = tomllib.loads(path.read_text())
        if "story_id" in raw:
            stories[raw["story_id"]] = _read_story(raw)
        own = [_read_article(entry, raw, outlets) for entry in raw["article"]]
        by_slug = {article.slug: article for article in own}
        copies = [_read_copy(e, by_slug[e["of"]], outlets) for e in raw.get("copy", [])]
        articles += own + copies
    articles.sort(key=lambda article: (article.published, article.url))
    odd = tomllib.loads((HERE / "odd_pages.toml").read_text())["page"]
    return Content(
        outlets=outlets,
        stories=stories,
        articles=tuple(articles),
        odd_pages=tuple(_read_odd_page(entry, outlets) for entry in odd),
    )


def _read_odd_page(entry: dict[str, Any], outlets: dict[str, Outlet]) -> OddPage:
    return OddPage(
        outlet=outlets[entry["outlet"]],
        path=entry["path"],
        kind=entry["kind"],
        expected=entry["expected"],
        title=entry["title"],
        language=entry.get("language", "en"),
        published=entry.get("at"),
        target=entry.get("target"),
        paragraphs=tuple(entry.get("text", "").strip().split("\n\n")),
    )
