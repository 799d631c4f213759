from __future__ import annotations

import gzip
import time
from collections.abc import Callable

import pytest

from newsroom.errors import Refused
from newsroom.records import Via
from scraper.listings.discover import Found, feed_links, front_page_links, links, sitemap_links
from scraper.listings.xmltree import XML_MAX_BYTES
from scraper.outlets.registry import Outlet

MakeOutlet = Callable[..., Outlet]
BASE = "http://quay.test/"
EVIL = ["http://127.0.0.1/story-of-the-day-1234", "http://localhost:5432/story-of-the-day-1234",
        "file:///etc/passwd-of-the-day-1234", "http://quay.test.evil.com/story-of-the-day-1234",
        "http://[::1]/story-of-the-day-1234", "javascript:alert(1234)"]  # fmt: skip


def test_front_page_keeps_articles_in_order(make_outlet: MakeOutlet) -> None:
    body = b"""<html><body><nav><a href="/section/politics">All of our politics</a><a href="/">Home</a></nav>
    <a href="/2026/11/ships-collide-in-strait#top">Ships collide in strait</a>
    <a href="story/mayor-keeps-the-lighthouse?utm_source=front">Mayor keeps the lighthouse</a>
    <a href="/2026/11/ships-collide-in-strait"><img src=x></a>
    <a href="/article.php?id=10221">Council votes on harbour</a>
    <a href="/img/a-long-named-picture.jpg">A picture of boats</a>
    <a href="https://facebook.com/the-quay-gazette-page">Follow us there today</a>
    <a href="mailto:x@quay.test">Write to the editor</a><a>Nothing at all here</a></body></html>"""
    assert front_page_links(body, BASE, make_outlet()) == [
        "http://quay.test/2026/11/ships-collide-in-strait",
        "http://quay.test/story/mayor-keeps-the-lighthouse?utm_source=front",
        "http://quay.test/article.php?id=10221",
    ]


def test_the_outlets_own_pattern_decides(make_outlet: MakeOutlet) -> None:
    outlet = make_outlet(article_url=r"^/s/\d+$")
    body = b"<a href=/s/7>x</a><a href=/long-and-numbered-1234>Long and numbered story</a>"
    assert front_page_links(body, BASE, outlet) == ["http://quay.test/s/7"]


@pytest.mark.parametrize("door", [Via.FRONT_PAGE, Via.FEED, Via.SITEMAP])
def test_nothing_inside_comes_out(make_outlet: MakeOutlet, door: Via) -> None:
    named = [*EVIL, "http://quay.test/the-only-good-story-1234"]
    if door is Via.FRONT_PAGE:
        body = "".join(f"<a href='{u}'>A headline of five words</a>" for u in named)
    elif door is Via.FEED:
        items = "".join(f"<item><link>{u}</link><enclosure url='{u}'/></item>" for u in named)
        body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
    else:
        items = "".join(f"<url><loc>{u}</loc></url>" for u in named)
        body = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{items}</urlset>"
    found = links(body.encode(), BASE, make_outlet(), door)
    assert found == Found(("http://quay.test/the-only-good-story-1234",))


def test_atom_and_relative_links(make_outlet: MakeOutlet) -> None:
    atom = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
    <entry><title>a</title><link href="/story/a"/></entry><entry><title>a again</title><link href="/story/a?utm_medium=x"/></entry>
    <entry><title>no link</title></entry></feed>"""
    assert feed_links(atom, BASE + "feed", make_outlet()).pages == ("http://quay.test/story/a",)


@pytest.mark.parametrize(
    "body",
    [b"<html><body><h1>Not a feed</h1></body></html>", b"", b"\x00\x01", b'{"items": []}',
     b'<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss version="2.0"><channel><title>&a;</title></channel></rss>'],
)  # fmt: skip
def test_what_is_no_feed(make_outlet: MakeOutlet, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        feed_links(body, BASE, make_outlet())
    assert caught.value.code == "not-feed"


def test_a_feed_is_bytes_never_an_address(make_outlet: MakeOutlet) -> None:
    with pytest.raises(Refused):
        feed_links(b"http://127.0.0.1:1/feed", BASE, make_outlet())
    with pytest.raises(Refused):
        feed_links(b"/etc/passwd", BASE, make_outlet())


def test_sitemap_index_news_namespace_and_gzip(make_outlet: MakeOutlet) -> None:
    index = b"""<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <sitemap><loc> http://quay.test/news.xml.gz </loc></sitemap><sitemap><loc>http://other.test/x.xml</loc></sitemap>
    <sitemap/></sitemapindex>"""
    assert sitemap_links(index, BASE, make_outlet()) == Found((), ("http://quay.test/news.xml.gz",))
    news = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
    xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><image:image><image:loc>http://quay.test/i-am-an-image</image:loc></image:image>
    <loc>http://quay.test/story/b</loc><news:news><news:title>b</news:title></news:news></url><url><loc>http://quay.test/</loc></url></urlset>"""
    assert sitemap_links(gzip.compress(news), BASE, make_outlet()).pages == (
        "http://quay.test/story/b",
    )


BOMB = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100 + b'">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8)
) + b"]><urlset>&i;</urlset>"  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not-sitemap"),
        (b"<html><body>x</body></html>", "not-sitemap"),
        (BOMB, "not-sitemap"),
        (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>&e;</loc></url></urlset>',
            "not-sitemap",
        ),
        (gzip.compress(b" " * (XML_MAX_BYTES + 10)), "too-large"),
        (b"\x1f\x8bbroken", "not-sitemap"),
    ],
    ids=["empty", "html", "bomb", "entity", "too-large", "torn"],
)
def test_hostile_sitemaps(make_outlet: MakeOutlet, body: bytes, code: str) -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as caught:
        sitemap_links(body, BASE, make_outlet())
    assert caught.value.code == code
    assert time.monotonic() - started < 5


def test_hostile_feed_of_great_size(make_outlet: MakeOutlet) -> None:
    with pytest.raises(Refused) as caught:
        feed_links(b"x" * (XML_MAX_BYTES + 1), BASE, make_outlet())
    assert caught.value.code == "too-large"
