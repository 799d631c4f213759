"""One page in, one article or a named refusal out. Pure: no clock, no network, no files.

The text is trafilatura's (Barbaresi 2021, doi:10.18653/v1/2021.acl-demo.15); headline, bylines
and dates are chosen by :mod:`scraper.extraction.metadata`.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from htmldate import find_date
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import (  # type: ignore[import-untyped]
    HtmlElement,
    HTMLParser,
    document_fromstring,
)
from trafilatura.metadata import extract_author, extract_title

from newsroom.errors import Refused
from newsroom.records import DateSource, Form
from newsroom.text import word_count
from newsroom.urls import site_of
from scraper.extraction import (
    boilerplate,
    credit,
    forms,
    hidden,
    language,
    markup,
    metadata,
    parsers,
    rights,
    verdict,
    voices,
)
from scraper.extraction.decode import BODY_MAX_BYTES, html_text
from scraper.extraction.markup import Markup
from scraper.extraction.rights import Headers

EXTRACTOR = f"trafilatura/{version('trafilatura')} newsroom/3"
ELEMENTS_MAX = 200_000  # the largest of 66 real pages has 9,000
DEPTH_MAX = 512  # browsers stop at 512
_HEAD_LINES = 3
_LABEL_WORDS_MAX = 5
# Never text, often most of the bytes; JSON-LD has been read by then.
_DROPPED = ("script", "style", "svg", "template")


# What XML cannot hold: a library that copies text between trees falls over it.
_CONTROL = re.compile(
    r"[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:x0*(?:[1-8bcef]|1[0-9a-f])|0*(?:[1-8]|1[124-9]|2[0-9]|3[01]))(?![0-9a-f]);?",
    re.IGNORECASE,
)
_TOO_MANY = etree.XPath(f"count(//*) > {ELEMENTS_MAX}")
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (DEPTH_MAX + 1)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """An article as its page tells it; ``url`` is the page's own address for itself.

    The fields are those of :class:`newsroom.records.Article`.
    """

    url: str
    title: str
    text: str
    words: int
    language: str
    bylines: tuple[str, ...]
    published_at: datetime | None
    modified_at: datetime | None
    date_source: DateSource
    section: str | None
    date_from: str | None = None
    free_access: bool | None = None
    reservations: tuple[str, ...] = ()
    credit: str | None = None
    text_from: str = voices.FIRST
    text_agreement: float | None = None
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was read off a page before anyone asked whether it is an article."""

    article: Extracted
    page: Markup
    tree: HtmlElement


def extract(
    html: bytes | str,
    url: str,
    *,
    now: datetime,
    fetched_at: datetime | None = None,
    content_type: str | None = None,
    headers: Headers = (),
    publisher: str | None = None,
    timezone: str | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Extracted:
    """Read one page.

    ``now`` bounds dates, ``fetched_at`` chooses the version of an outlet's parser (now, where it
    is None), ``headers`` may hold reservations, ``publisher`` is the outlet's name (to keep it out
    of headlines), ``timezone`` its zone (for dates without one). Raises Refused with code
    ``not-html``, ``too-large``, ``decode``, ``parser-limit``, ``soft-404``, ``not-article``,
    ``paywall-stub``, ``consent-wall``, ``bot-wall``, ``too-short`` or ``language``.
    """
    draft = read(
        html,
        url,
        now=now,
        fetched_at=fetched_at,
        content_type=content_type,
        headers=headers,
        publisher=publisher,
        timezone=timezone,
    )
    article = draft.article
    verdict.judge(
        draft.page,
        draft.tree,
        url=url,
        title=article.title,
        text=article.text,
        words=article.words,
        free=article.free_access,
    )
    if article.language not in languages:
        raise Refused("language", f"in {article.language}, not {' or '.join(languages)}")
    return article


def read(
    html: bytes | str,
    url: str,
    *,
    now: datetime,
    fetched_at: datetime | None = None,
    content_type: str | None = None,
    headers: Headers = (),
    publisher: str | None = None,
    timezone: str | None = None,
) -> Draft:
    """Everything a page says, whether or not it is an article. Raises like :func:`extract`."""
    if isinstance(html, str) and len(html) > BODY_MAX_BYTES:
        raise Refused("too-large", f"{len(html)} characters, more than {BODY_MAX_BYTES}")
    source = html if isinstance(html, str) else html_text(html, content_type)
    tree = parse(source)
    nodes = markup.json_ld(tree)
    etree.strip_elements(tree, *_DROPPED, with_tail=False)
    page = markup.read(tree, nodes)
    hidden.drop(tree)
    # trafilatura logs every page without text as an error; the refusal says it better.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    title = metadata.headline(page, publisher) or metadata.headline(
        page, publisher, extract_title(tree) or ""
    )
    names = metadata.bylines(page, publisher) or metadata.bylines(
        page, publisher, extract_author(tree)
    )
    when = metadata.published(page, url=url, now=now, timezone=timezone)
    if when.source is DateSource.ABSENT:
        found = find_date(tree, original_date=True, url=url, max_date=now.replace(tzinfo=None))
        when = metadata.published(page, url=url, now=now, timezone=timezone, fallback=found)
    free = rights.free_access(page)
    parser = parsers.chosen(site_of(url), fetched_at or now)
    body = voices.body(tree, page, url=url, title=title, free=free, parser=parser)
    text = boilerplate.without(_body(body.text, title, page), names)
    section = metadata.section(page)
    article = Extracted(
        url=metadata.address(page, url),
        title=title,
        text=text,
        words=word_count(text),
        language=language.language(text, page.language),
        bylines=tuple(name for name in names if credit.agency(name) is None),
        published_at=when.published_at,
        modified_at=when.modified_at,
        date_source=when.source,
        date_from=when.stated_in,
        section=section,
        free_access=free,
        reservations=rights.reservations(page, headers),
        credit=credit.credit(page, body.text, names, url=url),
        text_from=body.source,
        text_agreement=body.agreement,
        form=forms.form(page, url=url, title=title, text=text, section=section),
    )
    return Draft(article=article, page=page, tree=tree)


def _body(text: str, title: str, page: Markup) -> str:
    """The text without a headline above it: a headline is not its own evidence."""
    lines = text.split("\n", _HEAD_LINES)
    headlines = {title, *page.h1}
    at = next((i for i, line in enumerate(lines[:_HEAD_LINES]) if line in headlines), None)
    # What stands above the headline is a label; a paragraph there is part of the article.
    if at is None or any(len(line.split()) > _LABEL_WORDS_MAX for line in lines[:at]):
        return text
    return "\n".join(lines[at + 1 :])


def parse(source: str) -> HtmlElement:
    """The tree of a page. Refused ``parser-limit`` for one that is too deep or too big."""
    text = _CONTROL.sub(" ", source.replace("\x00", "")).strip()
    if not text:
        raise Refused("not-html", "an empty page")
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    # One class for every element, found in C: lxml's own choice by tag costs a tenth of a page.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    try:
        tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("not-html", f"no HTML tree in it: {error}") from error
    # In libxml2: walking the tree in Python costs as much as a tenth of the whole extraction.
    if _TOO_MANY(tree) or _TOO_DEEP(tree):
        raise Refused("parser-limit", f"more than {DEPTH_MAX} levels or {ELEMENTS_MAX} elements")
    return tree
