"""S6: whatever a page is made of, the caller lives and the page gets its name."""

from __future__ import annotations

from datetime import UTC, datetime

import hostile_pages
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.errors import Refused
from newsroom.ids import content_sha256
from scraper.extraction.extract import Extracted
from scraper.extraction.extractors import Extractors
from scraper.extraction.reading import Page, answer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://quay.test/harbour/council-meets"
CODES = {
    "bot-wall", "consent-wall", "decode", "language", "not-article", "not-html", "parser-limit",
    "paywall-stub", "soft-404", "too-large", "too-short",
}  # fmt: skip
# A fraction of the full size, which `python -m benchmarks.hostile` asks, and then whole ones.
SCALE = 0.004
WHOLE = ("nested-div", "deep-json-ld", "bait-separators")


def _storable(found: Extracted) -> bool:
    """No character that PostgreSQL or UTF-8 cannot hold."""
    fields = (found.title, found.text, found.section or "", *found.bylines, found.credit or "")
    together = "".join(fields)
    together.encode("utf-8")
    content_sha256(found.title, found.text)
    return "\x00" not in together and not set("\u202e\u2066\ufeff") & set(together)


def test_every_hostile_page_ends_as_an_article_or_a_refusal_with_a_code() -> None:
    pages = hostile_pages.pages(SCALE)
    assert len(pages) >= 60
    ends: dict[str, str] = {}
    with Extractors(1) as extractors:
        for name, made in pages.items():
            found = extractors.submit(Page(html=made(), url=URL, now=NOW)).result()
            if isinstance(found, Refused):
                assert found.code in CODES, (name, found.code)
                # A page of this size must not need the child's last means.
                assert "failed" not in found.message, (name, found.message)
                assert "longer than" not in found.message, (name, found.message)
            else:
                assert _storable(found), name
            ends[name] = found.code if isinstance(found, Refused) else "article"
    assert ends["nested-div"] == "parser-limit"
    assert ends["gzip-inside"] == "not-html"
    assert ends["utf-32"] == ends["utf-16"] == ends["links"] == "article"


def test_whole_ones_are_refused_or_read_and_the_child_lives_on() -> None:
    whole = hostile_pages.pages(1.0)
    with Extractors(1) as extractors:
        for name in WHOLE:
            found = extractors.submit(Page(html=whole[name](), url=URL, now=NOW)).result()
            assert not isinstance(found, Refused) or found.code in CODES, name


SNIPPETS = st.sampled_from(
    ["<p>", "</p>", "<h1>", "</h1>", "<a href='/x'>", "<script type='application/ld+json'>",
     '{"@type":"NewsArticle","headline":', "</script>", "<meta name=date content='", "'>", "<table>",
     "<time datetime=2026-02-30>", "By Ann Example", "&#0;", "\ud800", "\u202e", "<!--", "2026",
     "Subscribe to continue reading", "<div hidden>", "<![CDATA[", "<svg>", "\x00"]
)  # fmt: skip


@given(st.lists(SNIPPETS | st.text(max_size=20), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_mixture_is_read_or_refused(pieces: list[str]) -> None:
    found = answer(Page(html=f"<html><body>{''.join(pieces)}", url=URL, now=NOW))
    if isinstance(found, tuple):
        code, message = found
        assert code in CODES
        assert "the parser failed" not in message
    else:
        assert isinstance(found, Extracted)
        assert _storable(found)


@given(st.binary(max_size=400))
@settings(max_examples=20, deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    found = answer(Page(html=b"<html><body><p>" + body, url=URL, now=NOW))
    assert isinstance(found, Extracted) or found[0] in CODES
