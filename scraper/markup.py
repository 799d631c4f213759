"""What a page says about itself: JSON-LD, microdata, meta tags, headings. Reading only, no choice.

Sources: schema.org Article, the Open Graph protocol, and the meta names that outlets use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
_JSON_JUNK = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[)|(?://\]\]>|\]\]>|-->)\s*$")
_JSON_DEPTH = 12
_NAME = r"[A-Z][\w.'’-]+(?: (?:[A-Z][\w.'’-]*|de|van|von|der|la|al|bin)){1,3}"
_BYLINE = re.compile(rf"(?:By|BY) ({_NAME}(?:(?:, | and |, and | & ){_NAME}){{0,4}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """Statements in the order of the page; empty where it says nothing."""

    nodes: tuple[dict[str, Any], ...] = ()
    meta: dict[str, tuple[str, ...]] = field(default_factory=dict)
    page_title: str = ""
    h1: tuple[str, ...] = ()
    canonical: str | None = None
    language: str | None = None
    microdata: dict[str, tuple[str, ...]] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    byline: str | None = None

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


def read(tree: HtmlElement) -> Markup:
    """All statements of a parsed page."""
    return Markup(
        nodes=tuple(_json_ld(tree)),
        meta=_meta(tree),
        page_title=squeeze(next(iter(tree.xpath("//head/title/text()|//title/text()")), "")),
        h1=tuple(text for e in tree.iter("h1") if (text := squeeze(e.text_content()))),
        canonical=next(iter(tree.xpath('//link[@rel="canonical"]/@href')), None),
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        microdata=_microdata(tree),
        times=tuple(tree.xpath("//time[@pubdate or contains(@class,'publish')]/@datetime"))
        or tuple(tree.xpath("(//article|//main)//time/@datetime"))[:1],
        byline=_byline(tree),
    )


def types_of(node: dict[str, Any]) -> frozenset[str]:
    """The schema.org types of one node, without their namespace."""
    raw = node.get("@type", ())
    values = [raw] if isinstance(raw, str) else raw if isinstance(raw, list) else []
    return frozenset(str(v).rsplit("/", 1)[-1].rsplit(":", 1)[-1] for v in values)


def names(value: object) -> list[str]:
    """Names in a JSON-LD person, organisation, string, or list of them."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return names(value.get("name"))
    if isinstance(value, list):
        return [name for item in value for name in names(item)]
    return []


def squeeze(text: str) -> str:
    """One line with single spaces."""
    return _SPACE.sub(" ", text).strip()


def _json_ld(tree: HtmlElement) -> Iterator[dict[str, Any]]:
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
    for element in tree.iter("meta"):
        content = squeeze(element.get("content") or "")
        for key in ("property", "name", "itemprop"):
            if content and (name := element.get(key)):
                found.setdefault(name.strip().lower(), []).append(content)
    return {name: tuple(values) for name, values in found.items()}


def _byline(tree: HtmlElement) -> str | None:
    """A line like "By Ann Example and Bob Sample" that stands right under the headline."""
    near = tree.xpath("(//h1)[1]/following::text()[normalize-space()][position() <= 8]")
    return next((line for text in near if _BYLINE.fullmatch(line := squeeze(text))), None)


def _owner(element: HtmlElement) -> HtmlElement | None:
    """The nearest enclosing item that a property belongs to."""
    return next((a for a in element.iterancestors() if a.get("itemscope") is not None), None)


def _microdata(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    """Properties inside an element that is a schema.org article."""
    found: dict[str, list[str]] = {}
    for item in tree.xpath("//*[@itemtype]"):
        if item.get("itemtype").rstrip("/").rsplit("/", 1)[-1] not in ARTICLE_TYPES:
            continue
        for element in item.xpath(".//*[@itemprop]"):
            name = element.get("itemprop")
            if name not in {
                "headline",
                "datePublished",
                "dateModified",
                "author",
                "articleSection",
            }:
                continue
            if _owner(element) is not item:
                continue  # the author of a photograph is not the author of the article
            value = element.get("content") or element.get("datetime") or element.text_content()
            if value := squeeze(value or ""):
                found.setdefault(name, []).append(value)
        break
    return {name: tuple(values) for name, values in found.items()}
