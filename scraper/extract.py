"""One page in, one article or a named refusal out. Pure: no clock, no network, no files.

The text is trafilatura's (Barbaresi 2021, doi:10.18653/v1/2021.acl-demo.15); headline, bylines
and dates are chosen by :mod:`scraper.metadata`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import py3langid
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import (  # type: ignore[import-untyped]
    HtmlElement,
    HTMLParser,
    document_fromstring,
)
from trafilatura import bare_extraction
from trafilatura.metadata import extract_metadata

from newsroom.errors import Refused
from newsroom.records import DateSource
from newsroom.text import normalise, word_count
from scraper import hidden, markup, metadata, verdict
from scraper.decode import BODY_MAX_BYTES, html_text
from scraper.markup import Markup

EXTRACTOR = f"trafilatura/{version('trafilatura')} newsroom/2"
ELEMENTS_MAX = 200_000  # the largest of 66 real pages has 9,000
DEPTH_MAX = 512  # browsers stop at 512
LANGUAGE_CHARS = 1500
# Never text, often most of the bytes; JSON-LD has been read by then.
_DROPPED = ("script", "style", "svg", "template", "link")


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
    text_from: str = "trafilatura"
    text_agreement: float | None = None


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
    content_type: str | None = None,
    publisher: str | None = None,
    timezone: str | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Extracted:
    """Read one page.

    ``now`` bounds dates, ``publisher`` is the outlet's name (to keep it out of headlines),
    ``timezone`` its zone (for dates without one). Raises Refused with code ``not-html``,
    ``too-large``, ``decode``, ``parser-limit``, ``soft-404``, ``not-article``, ``paywall-stub``,
    ``too-short`` or ``language``.
    """
    draft = read(
        html, url, now=now, content_type=content_type, publisher=publisher, timezone=timezone
    )
    article = draft.article
    verdict.judge(
        draft.page,
        draft.tree,
        url=url,
        title=article.title,
        text=article.text,
        words=article.words,
    )
    if article.language not in languages:
        raise Refused("language", f"in {article.language}, not {' or '.join(languages)}")
    return article


def read(
    html: bytes | str,
    url: str,
    *,
    now: datetime,
    content_type: str | None = None,
    publisher: str | None = None,
    timezone: str | None = None,
) -> Draft:
    """Everything a page says, whether or not it is an article. Raises like :func:`extract`."""
    if isinstance(html, str) and len(html) > BODY_MAX_BYTES:
        raise Refused("too-large", f"{len(html)} characters, more than {BODY_MAX_BYTES}")
    source = html if isinstance(html, str) else html_text(html, content_type)
    tree = parse(source)
    page = markup.read(tree)
    etree.strip_elements(tree, *_DROPPED, with_tail=False)
    hidden.drop(tree)
    # trafilatura logs every page without text as an error; the refusal says it better.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    title = metadata.headline(page, publisher)
    bylines = metadata.bylines(page, publisher)
    when = metadata.published(page, now=now, timezone=timezone)
    if not title or not bylines or when.source is DateSource.ABSENT:
        # A third of the time of a page, so only for what the page does not state itself.
        about = extract_metadata(tree, default_url=url)
        title = title or metadata.headline(page, publisher, about.title or "")
        bylines = bylines or metadata.bylines(page, publisher, about.author)
        if when.source is DateSource.ABSENT:
            when = metadata.published(page, now=now, timezone=timezone, fallback=about.date)
    document = bare_extraction(tree, url=url, include_comments=False, with_metadata=False)
    assert not isinstance(document, dict)
    text = _body(normalise((document.text or "") if document is not None else ""), title, page)
    article = Extracted(
        url=metadata.address(page, url),
        title=title,
        text=text,
        words=word_count(text),
        language=str(py3langid.classify(text[:LANGUAGE_CHARS])[0]),
        bylines=tuple(bylines),
        published_at=when.published_at,
        modified_at=when.modified_at,
        date_source=when.source,
        section=metadata.section(page),
    )
    return Draft(article=article, page=page, tree=tree)


def _body(text: str, title: str, page: Markup) -> str:
    """The text without a first line that is the headline: a headline is not its own evidence."""
    first, _, rest = text.partition("\n")
    return rest if first in {title, *page.h1} else text


def parse(source: str) -> HtmlElement:
    """The tree of a page. Refused ``parser-limit`` for one that is too deep or too big."""
    text = source.replace("\x00", "").strip()
    if not text:
        raise Refused("not-html", "an empty page")
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("not-html", f"no HTML tree in it: {error}") from error
    # In libxml2: walking the tree in Python costs as much as a tenth of the whole extraction.
    if _TOO_MANY(tree) or _TOO_DEEP(tree):
        raise Refused("parser-limit", f"more than {DEPTH_MAX} levels or {ELEMENTS_MAX} elements")
    return tree
