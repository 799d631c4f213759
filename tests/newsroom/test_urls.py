from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import ids, urls
from newsroom.errors import Refused


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://www.bbc.co.uk/news/x?utm_source=a&id=3#top", "https://bbc.co.uk/news/x?id=3"),
        ("https://Harbor.Example/2026/03/slug/", "https://harbor.example/2026/03/slug"),
        ("http://harbor.example:80/a?b=1&a=2", "https://harbor.example/a?a=2&b=1"),
        ("https://harbor.example:8443/a", "https://harbor.example:8443/a"),
        ("https://harbor.example", "https://harbor.example/"),
        ("https://harbor.example/A-Title", "https://harbor.example/A-Title"),
    ],
)
def test_canonical(url: str, canonical: str) -> None:
    assert urls.canonical(url) == canonical
    assert urls.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("dressed", "plain"),
    [
        ("https://m.bbc.co.uk/news/x-1", "https://bbc.co.uk/news/x-1"),
        ("https://mobile.harbor.example/news/x-1", "https://harbor.example/news/x-1"),
        ("https://amp.harbor.example/news/x-1", "https://harbor.example/news/x-1"),
        ("https://www.m.harbor.example/x", "https://harbor.example/x"),
        ("https://harbor.example/2026/a-slug/amp/", "https://harbor.example/2026/a-slug"),
        ("https://harbor.example/2026/a-slug.amp", "https://harbor.example/2026/a-slug"),
        ("https://harbor.example/2026/a-slug.amp.html", "https://harbor.example/2026/a-slug.html"),
        ("https://harbor.example/2026/a-slug/amp.html", "https://harbor.example/2026/a-slug"),
        ("https://harbor.example/a-slug?outputType=amp", "https://harbor.example/a-slug"),
        ("https://harbor.example/a-slug?id=7&amp=1", "https://harbor.example/a-slug?id=7"),
        ("https://harbor.example/a-slug?print=true", "https://harbor.example/a-slug"),
        ("https://harbor.example/a-slug?smid=tw&CMP=x&id=7", "https://harbor.example/a-slug?id=7"),
        ("https://www.google.com/amp/s/harbor.example/a-slug/amp", "https://harbor.example/a-slug"),
        ("https://harbor-example.cdn.ampproject.org/c/s/harbor.example/a-1", "https://harbor.example/a-1"),
    ],
)  # fmt: skip
def test_one_page_in_other_dresses(dressed: str, plain: str) -> None:
    assert urls.canonical(dressed) == plain
    assert urls.canonical(plain) == plain


@pytest.mark.parametrize(
    "url",
    [
        "https://m.co.uk/a-1",  # m is the name itself
        "https://harbor.example/music/amp",  # an article about an amplifier
        "https://harbor.example/amp",
        "https://harbor.example/champ-1",
        "https://harbor.example/a-guitar.amplifier",
        "https://harbor.example/a-slug?amp=tube",
        "https://harbor.example/a-slug?print=2026-03-02",
        "https://harbor.example/a-slug?page=2",
        "https://mailing.harbor.example/a-1",
        "https://google.com/amplify/s/harbor.example",
    ],
)
def test_another_page_keeps_its_address(url: str) -> None:
    assert urls.canonical(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "/a", "ftp://a.example/b", "javascript:alert(1)", "http://", "http://[::1", "x" * 3000],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        urls.canonical(url)
    assert caught.value.code == "bad-url"


@given(st.from_regex(r"https?://[a-z]{1,8}\.example/[a-zA-Z0-9/_%.?=&-]{0,40}", fullmatch=True))
def test_canonical_is_stable(url: str) -> None:
    once = urls.canonical(url)
    assert urls.canonical(once) == once


def test_registered_domain() -> None:
    assert urls.registered_domain("News.BBC.co.uk") == "bbc.co.uk"
    assert urls.registered_domain("harborledger.example") == "harborledger.example"


def test_ids_depend_on_every_part_and_its_border() -> None:
    assert ids.digest("ab", "c") != ids.digest("a", "bc")
    assert ids.article_id("https://a.example/1") != ids.article_id("https://a.example/2")
    assert len(ids.article_id("x")) == len(ids.page_id("x", "y")) == ids.ID_HEX
