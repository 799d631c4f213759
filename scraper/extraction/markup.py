"""What a page says about itself: JSON-LD, microdata, meta tags, headings. Reading only, no choice.

Sources: schema.org Article, the Open Graph protocol, and the meta names that outlets use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

ARTICLE_TYPES = frozenset(
    {
        "Article",
        "AdvertiserContentArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "NewsArticle",
        "OpinionNewsArticle",
        "Report",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "SatiricalArticle",
        "ScholarlyArticle",
        "TechArticle",
    }
)
PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publication_date",
    "pubdate",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "citation_publication_date",
    "citation_online_date",
    "date",
)
MODIFIED_META = ("article:modified_time", "og:updated_time", "datemodified", "lastmod")
AUTHOR_META = ("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator")
SECTION_META = ("article:section", "og:article:section", "parsely-section")
_SPACE = re.compile(r"\s+")
# A page that states more than this is broken or hostile: what follows is not read.
STATEMENTS_MAX = 20
NODES_MAX = 1_000
STATEMENT_MAX_CHARS = 2_000
_NEAR_TEXTS = 8
_NEAR_MAX_CHARS = 300
_LABEL_CLASS = re.compile(r"label|badge|kicker|eyebrow|flag|tag(?:$|[ _-])", re.IGNORECASE)
_LABEL_LEVELS = 3  # a label stands in the heading's own block, a menu further off
_LABEL_TEXTS_MAX = 3
_MENUS = frozenset({"nav", "ul", "ol", "header", "footer", "aside", "form"})
_JSON_JUNK = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[)|(?://\]\]>|\]\]>|-->)\s*$")
_JSON_DEPTH = 12
_NAMES_DEPTH = 4
_PROPERTIES = frozenset(
    {
        "headline",
        "datePublished",
        "dateModified",
        "author",
        "articleSection",
        "isAccessibleForFree",
    }
)
_NAME = r"[A-Z][\w.'’-]+(?: (?:[A-Z][\w.'’-]*|de|van|von|der|la|al|bin)){1,3}"
_BYLINE = re.compile(rf"(?:By|BY) ({_NAME}(?:(?:, | and |, and | & ){_NAME}){{0,4}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """Statements in the order of the page; empty where it says nothing.

    ``above`` and ``below`` are the texts next to the first h1, nearest first.
    """

    nodes: tuple[dict[str, Any], ...] = ()
    meta: dict[str, tuple[str, ...]] = field(default_factory=dict)
    page_title: str = ""
    h1: tuple[str, ...] = ()
    canonical: str | None = None
    language: str | None = None
    microdata: dict[str, tuple[str, ...]] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    byline: str | None = None
    signed: tuple[str, ...] = ()
    next_page: str | None = None
    rsl: bool = False

    @property
    def types(self) -> frozenset[str]:
        """Every schema.org type that a JSON-LD node claims."""
        return frozenset(t for node in self.nodes for t in types_of(node))

    @property
    def articles(self) -> tuple[dict[str, Any], ...]:
        """JSON-LD nodes that are articles."""
        return tuple(node for node in self.nodes if types_of(node) & ARTICLE_TYPES)

    def first(self, *names: str) -> str | None:
        """The first meta value under any of these names, tried in order."""
        return next((value for name in names for value in self.meta.get(name, ())), None)


def read(tree: HtmlElement, nodes: tuple[dict[str, Any], ...] | None = None) -> Markup:
    """All statements of a parsed page; ``nodes`` where its JSON-LD was read before."""
    headings = list(islice(tree.iter("h1"), STATEMENTS_MAX))
    above, below = _around(headings[0]) if headings else ((), ())
    return Markup(
        nodes=json_ld(tree) if nodes is None else nodes,
        meta=_meta(tree),
        page_title=_line(next(iter(tree.xpath("//head/title/text()|//title/text()")), "")),
        h1=tuple(text for e in headings if (text := _heading(e))),
        canonical=next(iter(tree.xpath('//link[@rel="canonical"]/@href')), None),
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        microdata=_microdata(tree),
        times=tuple(tree.xpath("//time[@pubdate or contains(@class,'publish')]/@datetime"))[
            :STATEMENTS_MAX
        ]
        or tuple(tree.xpath("(//article|//main)//time/@datetime"))[:1],
        above=above,
        below=below,
        byline=_byline(below),
        signed=tuple(
            text
            for a in islice(tree.iterfind(".//a[@rel='author']"), _NEAR_TEXTS)
            if (text := _line(a.text_content()))
        ),
        next_page=next(iter(tree.xpath("//link[@rel='next']/@href|//a[@rel='next']/@href")), None),
        rsl=bool(tree.xpath("//link[@rel='license'][@type='application/rsl+xml']")),
    )


def types_of(node: dict[str, Any]) -> frozenset[str]:
    """The schema.org types of one node, without their namespace."""
    raw = node.get("@type", ())
    values = [raw] if isinstance(raw, str) else raw if isinstance(raw, list) else []
    return frozenset(str(v).rsplit("/", 1)[-1].rsplit(":", 1)[-1] for v in values)


def names(value: object, depth: int = _NAMES_DEPTH) -> list[str]:
    """Names in a JSON-LD person, organisation, string, or list of them."""
    if isinstance(value, str):
        return [value[:STATEMENT_MAX_CHARS]]
    if depth == 0:
        return []
    if isinstance(value, dict):
        return names(value.get("name"), depth - 1)
    if isinstance(value, list):
        return [name for item in value[:STATEMENTS_MAX] for name in names(item, depth - 1)]
    return []


def squeeze(text: str) -> str:
    """One line with single spaces."""
    return _SPACE.sub(" ", text).strip()


def _heading(element: HtmlElement) -> str:
    """The text of a heading without a label in front of it, such as "Live" or "Exclusive"."""
    whole = element.text_content()
    first = element
    while len(first) and not (first.text or "").strip():
        first = first[0]  # the link or span that wraps all of it
        if _LABEL_CLASS.search(first.get("class") or ""):
            break
    if first is not element and _LABEL_CLASS.search(first.get("class") or ""):
        rest = whole.strip().removeprefix(first.text_content().strip())
        return _line(rest) or _line(whole)
    return _line(whole)


def _line(text: str) -> str:
    return squeeze(text[: 4 * STATEMENT_MAX_CHARS])[:STATEMENT_MAX_CHARS]


def json_ld(tree: HtmlElement) -> tuple[dict[str, Any], ...]:
    """The typed nodes of all JSON-LD blocks, in order."""
    return tuple(islice(_typed(tree), NODES_MAX))


def _typed(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in tree.xpath('//script[contains(@type,"ld+json")]'):
        text = _JSON_JUNK.sub("", script.text_content() or "")
        try:
            yield from _flatten(json.loads(text, strict=False), _JSON_DEPTH)
        except (ValueError, RecursionError):
            continue  # a page with broken JSON-LD still has its other statements


def _flatten(value: object, depth: int) -> Iterator[dict[str, Any]]:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item, depth - 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _flatten(value.get(key), depth - 1)


def _meta(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for element in islice(tree.iter("meta"), NODES_MAX):
        content = _line(element.get("content") or "")
        for key in ("property", "name", "itemprop"):
            if content and (name := element.get(key)):
                values = found.setdefault(name.strip().lower()[:100], [])
                if len(values) < STATEMENTS_MAX:
                    values.append(content)
    return {name: tuple(values) for name, values in found.items()}


def _around(heading: HtmlElement) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The nearest texts before and after a heading: labels, bylines, dates stand there."""
    lines = (heading, *heading.iterancestors())
    before = (
        text
        for node in lines[:_LABEL_LEVELS]
        for sibling in islice(node.itersiblings(preceding=True), _NEAR_TEXTS)
        if sibling.tag not in _MENUS
        for text in _label(sibling)
    )
    after = (text for node in lines for s in node.itersiblings() for text in _texts(s))
    return tuple(islice(before, _NEAR_TEXTS)), tuple(islice(after, _NEAR_TEXTS))


def _label(element: HtmlElement) -> Iterator[str]:
    """The last texts of a block first; nothing of a menu, which has more than a label or two."""
    texts = list(islice(_texts(element), _LABEL_TEXTS_MAX + 1))
    return reversed(texts) if len(texts) <= _LABEL_TEXTS_MAX else iter(())


def _texts(element: HtmlElement) -> Iterator[str]:
    for text in element.itertext():
        if line := squeeze(text[:_NEAR_MAX_CHARS]):
            yield line


def _byline(below: tuple[str, ...]) -> str | None:
    """A line like "By Ann Example and Bob Sample", whole or after a "By" of its own."""
    joined = (f"By {name}" for by, name in pairwise(below) if by.lower() in {"by", "by:"})
    return next((line for line in (*below, *joined) if _BYLINE.fullmatch(line)), None)


def _owner(element: HtmlElement) -> HtmlElement | None:
    """The nearest enclosing item that a property belongs to."""
    return next((a for a in element.iterancestors() if a.get("itemscope") is not None), None)


def _microdata(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    """Properties inside an element that is a schema.org article."""
    found: dict[str, list[str]] = {}
    for item in tree.xpath("//*[@itemtype]"):
        if item.get("itemtype").rstrip("/").rsplit("/", 1)[-1] not in ARTICLE_TYPES:
            continue
        for element in item.xpath(".//*[@itemprop]")[:NODES_MAX]:
            name = element.get("itemprop")
            if name not in _PROPERTIES:
                continue
            if _owner(element) is not item:
                continue  # the author of a photograph is not the author of the article
            value = element.get("content") or element.get("datetime") or element.text_content()
            if value := _line(value or ""):
                found.setdefault(name, []).append(value)
        break
    return {name: tuple(values) for name, values in found.items()}
