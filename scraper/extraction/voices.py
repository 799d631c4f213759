"""The text of a page, read by several extractors where one is not enough. Pure.

trafilatura speaks first (Barbaresi 2021, doi:10.18653/v1/2021.acl-demo.15), without its own
second opinions, which cost as much again. A reading of our own by paragraphs, which costs two
milliseconds, is the witness: where they share less than 0.7 of their words (and the page's own
JSON-LD does not bear the first voice out either), trafilatura's full cascade with readability and
justext is asked too. The text is then the one for which most evidence speaks.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement  # type: ignore[import-untyped]
from trafilatura import bare_extraction

from newsroom.text import normalise, words
from scraper.extraction import boilerplate, parsers
from scraper.extraction.markup import Markup
from scraper.extraction.parsers import Version

logger = logging.getLogger(__name__)

# Of 86 real pages a seventh agree by less; both on which the first voice was wrong are among them,
# and asking the full cascade where 0.7 to 0.9 agree changed no text.
DOUBT_BELOW = 0.7
PARAGRAPH_MIN_WORDS = 6
LINKED_MAX = 0.6  # a paragraph with more of its letters in links is a teaser
# Containers around a paragraph, each counting a little less, so that the nearest one wins.
WRAPPED = (1.0, 0.9, 0.81, 0.73)
# Two readings that share this much are one: the one with more paragraphs has kept the page's form.
SETTLED = 0.9
_ASIDE = frozenset({"aside", "footer", "nav", "figure", "figcaption", "form", "header", "table"})
_BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "section", "article", "form"})
_SENTENCE_END = (".", "!", "?", "”", '"', "’", "'", "…", ":", "»", ")")
FIRST, FULL, PARAGRAPHS, JSON_LD = "trafilatura", "trafilatura-full", "paragraphs", "json-ld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A text, the extractor it is from, and the share of words another extractor read too."""

    text: str
    source: str
    agreement: float | None


def body(
    tree: HtmlElement,
    page: Markup,
    *,
    url: str,
    title: str,
    free: bool | None,
    parser: Version | None = None,
) -> Body:
    """The text of a page.

    ``free`` is what the page says of its access: a text that only its JSON-LD holds is not taken
    where the page is sold, for that would work around the wall. ``parser`` is the outlet's own;
    where its layout is not found the general chain reads the page, and ``source`` says so.
    """
    if parser is not None:
        try:
            text = parsers.read(parser, tree)
        except parsers.Unread as miss:
            logger.warning("%s: %s", url, miss)
        else:
            agreed = agreement(text, paragraphs(tree))
            return Body(text=text, source=parser.name, agreement=round(agreed, 4))
    first = _trafilatura(tree, url, fast=True)
    witness = paragraphs(tree)
    stated = _stated(page)
    agreed = agreement(first, witness)
    if agreed < DOUBT_BELOW:
        agreed = max(agreed, agreement(first, stated))
    if agreed >= DOUBT_BELOW:
        return Body(text=first, source=FIRST, agreement=round(agreed, 4))
    full = _trafilatura(tree, url, fast=False)
    if (agreed := agreement(first, full)) >= SETTLED and len(first) >= len(stated):
        better = FULL if full.count("\n") > first.count("\n") else FIRST
        text = full if better is FULL else first
        return Body(text=text, source=better, agreement=round(agreed, 4))
    voices = {FIRST: first, FULL: full, PARAGRAPHS: witness}
    if free is not False:
        voices[JSON_LD] = stated
    heard = {name: text for name, text in voices.items() if text}
    if not heard:
        return Body(text="", source=FIRST, agreement=None)
    scores = {name: _evidence(name, heard, title, page) for name in heard}
    best = max(heard, key=lambda name: scores[name])  # the first named where two are equal
    others = [agreement(heard[best], text) for name, text in heard.items() if name != best]
    return Body(text=heard[best], source=best, agreement=round(max(others), 4) if others else None)


def agreement(left: str, right: str) -> float:
    """Share of words that two texts have in common, repeats counted (F1), 0 … 1."""
    if not left or not right:
        return 0.0
    a, b = Counter(words(left)), Counter(words(right))
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 0.0


def paragraphs(tree: HtmlElement) -> str:
    """The paragraphs of the container that holds most of their words."""
    found = [(p, text, len(text.split())) for p, text in _paragraphs(tree, _ASIDE)]
    if not found:  # a page that stands in a form or a table as a whole
        found = [(p, text, len(text.split())) for p, text in _paragraphs(tree, frozenset())]
    weights: dict[HtmlElement, float] = {}
    for p, _, n in found:
        for container, weight in zip(p.iterancestors(), WRAPPED, strict=False):
            weights[container] = weights.get(container, 0.0) + weight * n
    if not weights:
        return ""
    best = max(weights, key=lambda container: weights[container])
    inside = (text for p, text, _ in found if _within(p, best))
    return "\n".join(dict.fromkeys(inside))


def prose(text: str) -> float:
    """Share of words in paragraphs that read like sentences, 0 … 1."""
    lines = [(len(line.split()), line) for line in text.split("\n")]
    total = sum(n for n, _ in lines)
    said = sum(n for n, line in lines if n >= PARAGRAPH_MIN_WORDS and line.endswith(_SENTENCE_END))
    return said / total if total else 0.0


def _trafilatura(tree: HtmlElement, url: str, *, fast: bool) -> str:
    document = bare_extraction(
        tree, url=url, include_comments=False, with_metadata=False, fast=fast
    )
    assert not isinstance(document, dict)
    return normalise((document.text or "") if document is not None else "")


def _stated(page: Markup) -> str:
    """The longest articleBody of the page's JSON-LD."""
    bodies = [b for node in page.articles if isinstance(b := node.get("articleBody"), str)]
    return normalise(max(bodies, key=len, default=""))


def _evidence(name: str, heard: dict[str, str], title: str, page: Markup) -> float:
    """How much speaks for a voice: the mean of shares between 0 and 1."""
    text = heard[name]
    # trafilatura twice is one witness.
    own = {FIRST, FULL} if name in {FIRST, FULL} else {name}
    parts = [
        max((agreement(text, other) for n, other in heard.items() if n not in own), default=0.0),
        prose(text),
        1.0 - boilerplate.share(text),
    ]
    said = set(words(text))
    if asked := set(words(title)):
        parts.append(len(asked & said) / len(asked))
    if (count := _word_count(page)) and text:
        n = len(words(text))
        parts.append(min(count, n) / max(count, n))
    return round(sum(parts) / len(parts), 6)


def _word_count(page: Markup) -> int | None:
    stated = (str(node.get("wordCount", "")) for node in page.articles)
    return next((int(value) for value in stated if value.isdecimal() and len(value) < 7), None)


def _paragraphs(tree: HtmlElement, aside: frozenset[str]) -> Iterator[tuple[HtmlElement, str]]:
    for p in tree.iter("p", "div"):
        if p.tag != "p" and (not (p.text or "").strip() or any(c.tag in _BLOCKS for c in p)):
            continue
        text = normalise(p.text_content()).replace("\n", " ")
        if len(text.split()) < PARAGRAPH_MIN_WORDS:
            continue
        if any(a.tag in aside for a in p.iterancestors()):
            continue
        linked = sum(len(a.text_content()) for a in p.iter("a"))
        if linked <= LINKED_MAX * len(text):
            yield p, text


def _within(element: HtmlElement, container: HtmlElement) -> bool:
    return any(a is container for a in element.iterancestors())
