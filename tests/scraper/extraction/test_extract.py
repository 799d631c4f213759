from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from newsroom.errors import Refused
from newsroom.records import DateSource
from scraper.extraction.extract import DEPTH_MAX, extract, parse

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://quay.com/2026/11/20/lighthouse"


def _ld(**node: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle"} | node
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def _code(html: str | bytes, url: str = URL, **more: object) -> str:
    with pytest.raises(Refused) as caught:
        extract(html, url, now=NOW, **more)  # type: ignore[arg-type]
    return caught.value.code


def test_article(story: Callable[..., str], sentences: tuple[str, ...]) -> None:
    head = (
        '<meta property="og:site_name" content="The Quay Gazette">'
        '<link rel="canonical" href="https://quay.com/lighthouse">'
        + _ld(
            headline="Town argues about its old lighthouse",
            datePublished="2026-11-20T08:30:00-05:00",
            dateModified="2026-11-20T10:00:00-05:00",
            author=[{"@type": "Person", "name": "Ann Example"}, {"name": "By Bob Sample"}],
            articleSection="Local",
        )
    )
    found = extract(
        story("Town argues about its old lighthouse | The Quay Gazette", head=head), URL, now=NOW
    )
    assert found.title == "Town argues about its old lighthouse"
    assert found.bylines == ("Ann Example", "Bob Sample")
    assert found.published_at == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    assert found.modified_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert found.date_source is DateSource.PAGE
    assert found.section == "Local"
    assert found.language == "en"
    assert found.url == "https://quay.com/lighthouse"
    assert found.text == "\n".join(sentences)
    assert found.words == 127


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<html><head><title>Page not found</title></head><body><h1>Page not found</h1><p>Try the front page.</p></body></html>", "soft-404"),
        ("<html><title>404</title><body><p>Sorry.</p></body></html>", "soft-404"),
        ("<html><body><h1>A short note</h1><p>Only a few words stand here.</p></body></html>", "too-short"),
        (b"%PDF-1.7 \x00\x01", "not-html"),
        (b'{"json": true}', "not-html"),
        (b"", "not-html"),
        ("   ", "not-html"),
        (b"<html><meta charset=utf-8><body><p>" + b"\x81\x8d " * 2000 + b"</p></body></html>", "decode"),
        (b"<html><body>" + b"x" * 10_000_001, "too-large"),
        ("<html><body>" + "<div>" * 5000 + "deep", "parser-limit"),
    ],
)  # fmt: skip
def test_refused(html: str | bytes, code: str) -> None:
    assert _code(html) == code


def test_content_type_says_no_page(story: Callable[..., str]) -> None:
    assert _code(story().encode(), content_type="application/pdf") == "not-html"
    assert (
        extract(story().encode(), URL, now=NOW, content_type="text/html; charset=utf-8").words
        == 127
    )


def test_paywall_stub(sentences: tuple[str, ...]) -> None:
    teaser = "".join(f"<p>{s}</p>" for s in sentences[:4])
    page = "<html lang=en><head>{head}</head><body><article><h1>What the keeper knew</h1>{teaser}{wall}</article></body></html>"
    flagged = page.format(
        head=_ld(headline="What the keeper knew", isAccessibleForFree=False), teaser=teaser, wall=""
    )
    assert _code(flagged) == "paywall-stub"
    asked = page.format(
        head="",
        teaser=teaser,
        wall='<div class="paywall-box"><p>Subscribe to continue reading this story.</p></div>',
    )
    assert _code(asked) == "paywall-stub"
    free = page.format(
        head=_ld(headline="What the keeper knew", isAccessibleForFree=True), teaser=teaser, wall=""
    )
    assert extract(free, URL, now=NOW).title == "What the keeper knew"


def test_whole_text_behind_a_flag_is_an_article(sentences: tuple[str, ...]) -> None:
    """A page that arrives whole is read whole: nothing was worked around."""
    body = "".join(f"<p>{s}</p>" for s in (*sentences, *(f"Again, {s}" for s in sentences)))
    html = f"<html><head>{_ld(headline='The keeper', isAccessibleForFree=False)}</head><body><article><h1>The keeper</h1>{body}</article></body></html>"
    assert extract(html, URL, now=NOW).words == 262


def test_listings_are_no_articles(sentences: tuple[str, ...]) -> None:
    links = "".join(
        f'<li><a href="/2026/11/{n:02}/story-number-{n}">{s}</a></li>'
        for n, s in enumerate(sentences)
    )
    listing = f"<html><head><title>Politics</title></head><body><h1>Politics</h1><ul>{links}</ul></body></html>"
    assert _code(listing, "https://quay.com/section/politics") == "not-article"
    assert _code(listing, "https://quay.com/") == "not-article"
    assert _code(listing, "https://quay.com/today") == "not-article"


def test_gallery_and_video_are_no_articles(sentences: tuple[str, ...]) -> None:
    slides = "".join(
        f"<figure><img src={n}.jpg><figcaption>Boats in the harbour, picture {n}.</figcaption></figure>"
        for n in range(8)
    )
    gallery = f"<html><head>{_ld(**{'@type': 'ImageGallery', 'name': 'Boats'})}</head><body><h1>Boats in pictures</h1>{slides}<p>{sentences[0]}</p></body></html>"
    assert _code(gallery) == "not-article"
    video = f'<html><head><meta property="og:type" content="video.other"></head><body><h1>Watch the storm</h1><video src=x></video><p>{sentences[0]} {sentences[1]} {sentences[2]} {sentences[3]}</p></body></html>'
    assert _code(video) == "not-article"


def test_other_languages() -> None:
    german = " ".join(
        [
            "Der Rat der Stadt hat am Dienstag darüber beraten, was mit dem alten Leuchtturm geschehen soll."
        ]
        * 8
    )
    html = f"<html><body><article><h1>Streit um den Leuchtturm</h1><p>{german}</p></article></body></html>"
    assert _code(html) == "language"
    assert extract(html, URL, now=NOW, languages=("de",)).language == "de"


def test_sixty_thousand_words_come_out(sentences: tuple[str, ...]) -> None:
    body = "".join(f"<p>{s} Number {n}.</p>" for n in range(460) for s in sentences)
    found = extract(
        f"<html><body><article><h1>A very long read</h1>{body}</article></body></html>",
        URL,
        now=NOW,
    )
    assert found.words > 60_000


@pytest.mark.parametrize(
    ("stated", "at", "source"),
    [
        ("2026-11-20", datetime(2026, 11, 20, 5, 0, tzinfo=UTC), DateSource.PAGE),
        ("2026-11-20T09:00:00", datetime(2026, 11, 20, 14, 0, tzinfo=UTC), DateSource.PAGE),
        ("2026-11-20T09:00:00Z", datetime(2026, 11, 20, 9, 0, tzinfo=UTC), DateSource.PAGE),
        ("20 Nov 2026 09:00 +0100", datetime(2026, 11, 20, 8, 0, tzinfo=UTC), DateSource.PAGE),
        ("1763629200000", datetime(2025, 11, 20, 9, 0, tzinfo=UTC), DateSource.PAGE),
        ("1970-01-01", None, DateSource.REFUSED),
        ("2031-01-01", None, DateSource.REFUSED),
        ("0000-00-00", None, DateSource.REFUSED),
        ("yesterday", None, DateSource.REFUSED),
        ("November", None, DateSource.REFUSED),
    ],
)
def test_dates(
    stated: str, at: datetime | None, source: DateSource, story: Callable[..., str]
) -> None:
    html = story("Old lighthouse", head=_ld(headline="Old lighthouse", datePublished=stated))
    found = extract(html, "https://quay.com/lighthouse", now=NOW, timezone="America/New_York")
    assert (found.published_at, found.date_source) == (at, source)


@pytest.mark.parametrize(
    ("head", "h1", "title"),
    [
        ("<title>Ships collide - The Quay Gazette</title>", "Ships collide", "Ships collide"),
        ("<title>The Quay Gazette: x</title><meta property=og:title content='Ships collide at night | Quay Gazette'>", "Ships collide at night", "Ships collide at night"),
        ("<title>Quay » Archive » Ships collide in the narrow strait</title>", "Quay", "Ships collide in the narrow strait"),
        (_ld(headline="Ships collide in the narrow strait &amp; sink"), "Ships collide in the narrow strait & sink", "Ships collide in the narrow strait & sink"),
        (_ld(headline="A wholly other headline"), "Ships collide at night", "Ships collide at night"),
        ("<title>Row over budget - and what it means</title>", "Row over budget - and what it means", "Row over budget - and what it means"),
    ],
)  # fmt: skip
def test_headline(head: str, h1: str, title: str, story: Callable[..., str]) -> None:
    html = (
        story("x", head="")
        .replace("<title>x</title>", head)
        .replace("<h1>x</h1>", f"<h1>{h1}</h1>")
    )
    assert extract(html, URL, now=NOW, publisher="The Quay Gazette").title == title


def test_visible_byline_and_referenced_author(story: Callable[..., str]) -> None:
    html = story().replace("</h1>", "</h1><div>By Ann Example and Bob Sample</div>")
    assert extract(html, URL, now=NOW).bylines == ("Ann Example", "Bob Sample")
    graph = {"@graph": [
        {"@type": "NewsArticle", "headline": "Town argues about its old lighthouse", "author": {"@id": "#ann"}},
        {"@type": "Person", "@id": "#ann", "name": "Ann Example"},
    ]}  # fmt: skip
    head = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    assert extract(story(head=head), URL, now=NOW).bylines == ("Ann Example",)


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("/other", "https://quay.com/other"),
        ("https://evil.com/other", URL),
        ("https://quay.com/", URL),
        ("http://[broken", URL),
        ("javascript:alert(1)", URL),
    ],
)
def test_canonical_link_stays_on_the_site(
    canonical: str, url: str, story: Callable[..., str]
) -> None:
    head = f'<link rel="canonical" href="{canonical}">'
    assert extract(story(head=head), URL, now=NOW).url == url


def test_broken_statements_do_not_hurt(story: Callable[..., str]) -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", </script>'
        '<script type="application/ld+json">[[[[[null, 5, "x"]]]]]</script>'
        '<script type="application/ld+json">{"@type": 7, "author": 5, "headline": {"a": 1}}</script>'
    )
    assert extract(story(head=head), URL, now=NOW).title == "Town argues about its old lighthouse"


def test_control_characters_never_come_out(story: Callable[..., str]) -> None:
    html = story().replace("harbour", "har\x00bour\u202e")
    assert "harbour" in extract(html, URL, now=NOW).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "iso-8859-1"])
def test_encodings(encoding: str, story: Callable[..., str]) -> None:
    charset = "" if encoding.startswith("utf") else f"<meta charset={encoding}>"
    html = story("Café row", head=charset).encode(encoding)
    assert extract(html, URL, now=NOW).title == "Café row"


def test_depth_limit_is_exact() -> None:
    wrapped = "<div>" * (DEPTH_MAX - 2)  # html and body are two of the levels
    assert parse(f"<html><body>{wrapped}x") is not None
    with pytest.raises(Refused):
        parse(f"<html><body>{wrapped}<div>x")
