"""One layout of one outlet, and how its text is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from newsroom.text import normalise

WORDS_MIN = 50
PARAGRAPHS = ".//p|.//h2|.//h3|.//li|.//blockquote[not(.//p)]"


class Unread(Exception):
    """The layout is not the one this version describes; the general chain reads the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """``name`` is kept with each text. ``body`` is an XPath that finds exactly one element,
    ``drop`` are XPaths below it of what is none of the article, ``paragraphs`` what is left to
    read. The days are those of the crawl, both included; the newest version has no last day.
    """

    name: str
    valid_from: date
    valid_until: date | None = None
    body: str
    drop: tuple[str, ...] = ()
    paragraphs: str = PARAGRAPHS

    def holds_on(self, day: date) -> bool:
        """Whether pages fetched on this day have this layout."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def read(version: Version, tree: HtmlElement) -> str:
    """The text. Raises Unread where there are no or several bodies, or hardly any words."""
    bodies = tree.xpath(version.body)
    if len(bodies) != 1:
        raise Unread(f"{version.name}: {len(bodies)} bodies where one is expected")
    dropped = {node for path in version.drop for node in bodies[0].xpath(path)}
    lines = []
    for node in bodies[0].xpath(version.paragraphs):
        around = list(node.iterancestors())
        if node in dropped or any(a in dropped for a in around):
            continue
        if line := normalise(node.text_content()).replace("\n", " "):
            lines.append(line)
    text = "\n".join(lines)
    if len(text.split()) < WORDS_MIN:
        raise Unread(f"{version.name}: {len(text.split())} words")
    return text
