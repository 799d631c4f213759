"""Sixty pages made to hurt a parser, in code: ``pages(1.0)`` is their full size (S6).

The bait for regular expressions is aimed at our own ones.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

STORY = "".join(
    f"<p>The harbour council met on day {n} to decide what to do with the lighthouse.</p>"
    for n in range(12)
)
MILLION, HUNDRED_THOUSAND = 1_000_000, 100_000
BODY_BYTES = 9_900_000  # just below what is read at all


def pages(scale: float) -> dict[str, Callable[[], bytes]]:
    """Every page by name, made when it is called; ``scale`` shrinks what is repeated."""

    def n(full: int) -> int:
        return max(2, int(full * scale))

    def page(body: str = "", head: str = "", attributes: str = "") -> bytes:
        title = "<title>Harbour council meets</title>"
        return (
            f"<html {attributes}><head>{title}{head}</head><body>{body}"
            f"<article><h1>Harbour council meets</h1>{STORY}</article></body></html>"
        ).encode("utf-8", "surrogatepass")

    def filled(unit: str, before: str = "", after: str = "") -> str:
        return before + unit * (n(BODY_BYTES) // len(unit)) + after

    def ld(value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return f'<script type="application/ld+json">{text}</script>'

    article = {"@type": "NewsArticle", "headline": "Harbour council meets"}
    deep = n(HUNDRED_THOUSAND)
    return {
        # trees
        "nested-div": lambda: page("<div>" * n(MILLION)),
        "nested-span": lambda: page("<span>" * n(MILLION)),
        "nested-lists": lambda: page("<ul><li>" * n(MILLION // 2)),
        "nested-tables": lambda: page("<table><tr><td>" * n(MILLION // 3)),
        "nested-links": lambda: page("<a href=x><div>" * n(MILLION // 4)),
        "nested-forms": lambda: page("<form><fieldset>" * n(MILLION // 4)),
        "nested-headings": lambda: page("<h1><h2>" * n(MILLION // 4)),
        "nested-quotes": lambda: page("<blockquote><p>" * n(MILLION // 4)),
        "nested-bold": lambda: page("<b><i><u>" * n(MILLION // 4) + "x"),
        "unclosed-everything": lambda: page("<p><b><a><table><tr><td><ul><li><select>" * n(20_000)),
        "closed-never-opened": lambda: page("</div></p></table></body></html>" * n(HUNDRED_THOUSAND)),
        "misnested-formatting": lambda: page("<b><p><i></b></p>" * n(50_000)),
        "links": lambda: page("<a href=/x>word</a>" * n(HUNDRED_THOUSAND)),
        "empty-elements": lambda: page("<i></i>" * n(MILLION)),
        "paragraphs": lambda: page("<p>x</p>" * n(HUNDRED_THOUSAND)),
        "headings": lambda: page("<h1>Harbour</h1>" * n(HUNDRED_THOUSAND)),
        "hidden-elements": lambda: page("<div hidden>" * 400 + "<p style='opacity:0'>x</p>" * n(50_000)),
        "breaks": lambda: page("<p>" + "<br>" * n(MILLION) + "</p>"),
        "iframes": lambda: page("<iframe srcdoc='<p>x'></iframe>" * n(HUNDRED_THOUSAND)),
        "tables": lambda: page("<table><tr><td>x</td></tr></table>" * n(40_000)),
        # long things
        "one-line": lambda: page(filled("x", "<p>", "</p>")),
        "one-line-of-words": lambda: page(filled("word ", "<p>", "</p>")),
        "one-line-of-spaces": lambda: page(filled(" ", "<p>", "</p>")),
        "one-line-of-newlines": lambda: page(filled("\n", "<p>", "</p>")),
        "one-word-of-combining-marks": lambda: page(filled("a\u0301\u0302", "<p>", "</p>")),
        "long-title": lambda: page(head="<title>" + filled("a | ") + "</title>"),
        "long-heading": lambda: page("<h1>" + filled("Harbour - ") + "</h1>"),
        "long-tag-name": lambda: page("<" + filled("x") + ">"),
        "long-attribute": lambda: page(f"<p class='{filled('c ')}'>x</p>"),
        "long-url": lambda: page(head=f"<link rel=canonical href='https://quay.test/{filled('a/')}'>"),
        "attributes": lambda: page("<p " + " ".join(f"a{i}=1" for i in range(deep)) + ">x</p>"),
        "same-attribute": lambda: page("<p " + "a=1 " * n(MILLION) + ">x</p>"),
        "styles": lambda: page("<p style='left:-999px'>x</p>" * n(HUNDRED_THOUSAND)),
        "base64-images": lambda: page("<img src='data:image/png;base64,"
                              + base64.b64encode(b"\0" * n(6_000_000)).decode() + "'>"),
        "script": lambda: page("<script>" + filled("a<b;") + "</script>"),
        "comments": lambda: page("<!-- " * n(HUNDRED_THOUSAND) + "-->"),
        "conditional-comments": lambda: page("<!--[if IE]>" * n(HUNDRED_THOUSAND)),
        "entities": lambda: page("<p>" + "&amp;#38;&lt;&NotAnEntity;&#x110000;&#0;" * n(50_000) + "</p>"),
        "svg": lambda: page("<svg>" + "<g>" * n(HUNDRED_THOUSAND) + "</svg>"),
        "mathml": lambda: page("<math>" + "<mrow alttext=x>" * n(HUNDRED_THOUSAND) + "</math>"),
        "templates": lambda: page("<template>" * n(HUNDRED_THOUSAND)),
        # what pages say of themselves
        "meta-tags": lambda: page(head="<meta property='og:title' content='x'>" * n(HUNDRED_THOUSAND)),
        "meta-names": lambda: page(head="".join(f"<meta name=n{i} content=x>" for i in range(deep))),
        "deep-json-ld": lambda: page(head=ld("[" * deep + "]" * deep)),
        "deep-graph": lambda: page(head=ld('{"@type":"NewsArticle","@graph":[' * deep + "]}" * deep)),
        "huge-json-ld": lambda: page(head=ld(article | {"articleBody": filled("harbour ")})),
        "json-ld-nodes": lambda: page(head=ld({"@graph": [article | {"@id": str(i)} for i in range(deep)]})),
        "json-ld-authors": lambda: page(
            head=ld({"@graph": [article | {"author": [{"@id": "#a"}] * n(20_000)},
                                *({"@id": "#a", "@type": "Person", "name": "A B"},) * n(2_000)]})
        ),
        "json-ld-numbers": lambda: page(head=ld('{"@type":"NewsArticle","wordCount":' + "9" * deep + "}")),
        "json-ld-surrogates": lambda: page(head=ld('{"@type":"NewsArticle","headline":"\\ud800 Harbour"}')),
        "microdata": lambda: page("<div itemscope itemtype='https://schema.org/NewsArticle'>"
                          + "<i itemprop=author>A B</i>" * n(HUNDRED_THOUSAND)),
        "dates": lambda: page(head="<meta name=date content='" + "9" * n(MILLION) + "'>"),
        # characters
        "bad-utf-8": lambda: b"<html><body><p>" + b"\xff\xfe\x80word " * n(HUNDRED_THOUSAND),
        "nul": lambda: page("<p>har\x00bour</p>" * n(HUNDRED_THOUSAND)),
        "lone-surrogates": lambda: page("<p>\ud800 harbour \udfff</p>" * n(10_000)),
        "bidi-marks": lambda: page("<p>" + "\u202e\u2066harbour\u2069" * n(50_000) + "</p>"),
        "utf-16": lambda: page().decode().encode("utf-16"),
        "utf-32": lambda: page().decode().encode("utf-32"),
        "conflicting-charsets": lambda: page("<p>caf\u00e9</p>", "<meta charset=utf-16><meta charset=koi8-r>"),
        "gzip-inside": lambda: gzip.compress(page(filled("x"))),
        "xhtml-with-entities": lambda: (
            b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "'
            + b"&a;" * n(10_000) + b'">]>' + page("&b;" * n(1_000))
        ),
        # bait for our own patterns
        "bait-byline": lambda: page("<h1>Harbour</h1><p>By " + "Aa Bb, " * n(50_000) + "!</p>"),
        "bait-paywall": lambda: page("<p>" + "you have read your " * n(50_000) + "</p>"),
        "bait-consent": lambda: page("<p>" + "we and our " * n(50_000) + "</p>"),
        "bait-separators": lambda: page(head="<title>" + " |  | " * n(50_000) + "</title>"),
        "bait-dateline": lambda: page("<p>" + "PORT (" * n(50_000) + "</p>"),
        "bait-copyright": lambda: page("<p>" + "\u00a9 2026 " * n(50_000) + "</p>"),
        "bait-charset": lambda: b"<meta " * n(HUNDRED_THOUSAND) + page(),
        "bait-robots": lambda: page(head=f"<meta name=robots content='{'noai, ' * n(50_000)}'>"),
    }  # fmt: skip
