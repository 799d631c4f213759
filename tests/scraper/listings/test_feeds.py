"""The feed catalogue: what each odd feed becomes."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from newsroom.errors import Refused
from scraper.listings.discover import feed_links
from scraper.listings.feeds import ENTRIES_MAX, moment
from scraper.outlets.registry import Outlet

MakeOutlet = Callable[..., Outlet]
BASE = "http://quay.test/feeds/all"
ONE = "http://quay.test/story/one"
TWO = "http://quay.test/story/two"
AT = datetime(2026, 11, 22, 12, 1, 30, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 12:01:30 GMT"
FEEDBURNER = "xmlns:fb='http://rssnamespace.org/feedburner/ext/1.0'"
PURL = "xmlns='http://purl.org/rss/1.0/' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
DOCTYPE_091 = (
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"http://my.netscape.com/publish/formats/rss-0.91.dtd">'
)


def rss(*items: str, version: str = "2.0", head: str = "", attributes: str = "") -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f"{head}<rss version='{version}' {attributes}><channel><title>The Quay</title>{inner}</channel></rss>"


def item(link: str = ONE, more: str = "") -> str:
    return f"<title>A story</title><link>{link}</link>{more}"


def atom(*entries: str, attributes: str = "xmlns='http://www.w3.org/2005/Atom'") -> str:
    inner = "".join(f"<entry><title>x</title>{entry}</entry>" for entry in entries)
    return f"<?xml version='1.0'?><feed {attributes}><title>The Quay</title>{inner}</feed>"


def json_feed(*items: object, version: str = "https://jsonfeed.org/version/1.1") -> str:
    return json.dumps({"version": version, "title": "The Quay", "items": list(items)})


DATED = rss(item(more=f"<pubDate>{DATE}</pubDate>"))
LATIN = rss(item("http://quay.test/story/café"), head="<?xml version='1.0' encoding='ISO-8859-1'?>")
CAFE = "http://quay.test/story/café"
Expected = list[str] | str

CATALOGUE: list[tuple[str, str | bytes, Expected]] = [
    ("RSS 2.0", rss(item()), [ONE]),
    ("RSS 0.91 with its document type", rss(item(), version="0.91", head=f"<?xml version='1.0'?>{DOCTYPE_091}"), [ONE]),
    ("RSS 0.92 without titles", rss(f"<link>{ONE}</link>", version="0.92"), [ONE]),
    ("RSS 0.90", f"<rdf:RDF {PURL.replace('purl.org/rss/1.0/', 'my.netscape.com/rdf/simple/0.9/')}><channel/><item>{item()}</item></rdf:RDF>", [ONE]),
    ("RSS 1.0", f"<rdf:RDF {PURL}><channel rdf:about='x'/><item rdf:about='{ONE}'>{item()}</item></rdf:RDF>", [ONE]),
    ("RSS 1.0 without namespaces", f"<rdf:RDF><channel/><item>{item()}</item></rdf:RDF>", [ONE]),
    ("Atom 1.0", atom(f"<link href='{ONE}'/>", f"<link rel='alternate' href='{TWO}'/>"), [ONE, TWO]),
    ("Atom 0.3", atom(f"<link rel='alternate' href='{ONE}'/>", attributes="version='0.3' xmlns='http://purl.org/atom/ns#'"), [ONE]),
    ("Atom without namespace", atom(f"<link href='{ONE}'/>", attributes=""), [ONE]),
    ("Atom: other links first", atom(f"<link rel='self' href='{TWO}'/><link rel='enclosure' href='{TWO}'/><link href='{ONE}'/>"), [ONE]),
    ("JSON Feed", json_feed({"id": 1, "url": ONE}, {"id": 2, "external_url": TWO}, {"id": 3}, "x"), [ONE, TWO]),
    ("JSON Feed 1.0 after a mark", b"\xef\xbb\xbf" + json_feed({"url": ONE}, version="https://jsonfeed.org/version/1").encode(), [ONE]),
    ("JSON that is none", '{"items": []}', "not-feed"),
    ("JSON Feed of nonsense", json_feed().replace("[]", '{"url": 1}'), []),
    ("JSON of great depth", '{"version": ' * 5_000, "not-feed"),
    ("relative links", rss(item("/story/one"), item("../story/two")), [ONE, TWO]),
    ("a link in CDATA, padded", rss(item(f"<![CDATA[\n  {ONE}\n]]>")), [ONE]),
    ("escaped query", rss(item("http://quay.test/story?id=1&amp;page=2")), ["http://quay.test/story?id=1&page=2"]),
    ("guid as the link", rss(f"<guid>{ONE}</guid>", f"<guid isPermaLink='false'>{TWO}</guid>", "<guid>tag:1</guid>"), [ONE]),
    ("duplicated GUIDs, two stories", rss(item(ONE, "<guid>1</guid>"), item(TWO, "<guid>1</guid>")), [ONE, TWO]),
    ("one story twice", rss(item(), item(ONE + "?utm_source=rss")), [ONE]),
    ("FeedBurner", rss(item("http://feeds.test/~r/1", f"<fb:origLink>{ONE}</fb:origLink>"), attributes=FEEDBURNER), [ONE]),
    ("FeedBurner without the original", rss(item("http://feeds.test/~r/1")), []),
    ("links elsewhere", rss(item("http://elsewhere.test/story/1"), item("javascript:alert(1)"), item("ftp://quay.test/x")), []),
    ("enclosures are no stories", rss(f"<enclosure url='{ONE}' type='audio/mpeg'/>"), []),
    ("no links", rss("<title>x</title><description>y</description>"), []),
    ("no items", rss(), []),
    ("an Atom link in RSS", rss(f"<atom:link href='{ONE}'/>", attributes="xmlns:atom='http://www.w3.org/2005/Atom'"), [ONE]),
    ("an Atom link without its namespace", rss(f"<atom:link href='{ONE}'/>"), [ONE]),
    ("UTF-8 with a mark", b"\xef\xbb\xbf" + rss(item()).encode(), [ONE]),
    ("UTF-16", rss(item(CAFE)).encode("utf-16"), [CAFE]),
    ("UTF-16 without a mark", rss(item(CAFE)).encode("utf-16-le"), [CAFE]),
    ("UTF-32", rss(item()).encode("utf-32"), [ONE]),
    ("ISO-8859-1 as declared", LATIN.encode("latin-1"), [CAFE]),
    ("UTF-8, declared ISO-8859-1", LATIN.encode(), [CAFE]),
    ("UTF-8, declared UTF-16", rss(item(CAFE), head="<?xml version='1.0' encoding='UTF-16'?>").encode(), [CAFE]),
    ("an encoding that does not exist", rss(item(), head="<?xml version='1.0' encoding='x-klingon'?>").encode() + b"\xe9", [ONE]),
    ("windows-1252, undeclared", rss(item(CAFE)).encode("cp1252"), [CAFE]),
    ("gzip without a header", gzip.compress(rss(item()).encode()), [ONE]),
    ("gzip, cut", gzip.compress(rss(item()).encode())[:-20], "not-feed"),
    ("cut in the middle", rss(item(), item(TWO))[:-80], [ONE]),
    ("entities without a DTD", rss(f"<title>Caf&eacute;&nbsp;</title><link>{ONE}</link>"), [ONE]),
    ("a bare ampersand", rss(f"<title>Salt & pepper</title><link>{ONE}</link>"), [ONE]),
    ("control characters", rss(f"<title>\x00\x0b\x1f</title><link>{ONE}</link>"), [ONE]),
    ("markup in a title", rss(f"<title><b>Bold</b></title><link>{ONE}</link>"), [ONE]),
    ("a style sheet and comments before it", "<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><!-- <rss> --> \n" + rss(item()), [ONE]),
    ("blank lines before the prolog", "\n\n<?xml version='1.0'?>" + rss(item()), [ONE]),
    ("a DTD quoted in an item", rss(item(more="<description><![CDATA[<!DOCTYPE html><!ENTITY x>]]></description>")), [ONE]),
    ("HTML served as RSS", "<html><head><title>Not found</title></head><body><a href='/story/one'>x</a></body></html>", "not-feed"),
    ("HTML with its document type", "<!doctype html><html><body>x</body></html>", "not-feed"),
    ("a sitemap served as RSS", f"<urlset><url><loc>{ONE}</loc></url></urlset>", "not-feed"),
    ("text", "The feed has moved.", "not-feed"),
    ("an address", "http://127.0.0.1:1/feed", "not-feed"),
    ("a file name", "/etc/passwd", "not-feed"),
    ("empty", b"", "not-feed"),
    ("blank", b" \n ", "not-feed"),
    ("bytes", b"\x00\x01\x02", "not-feed"),
    ("more than 5 MB", b"x" * 5_000_001, "too-large"),
    ("more than 5 MB unpacked", gzip.compress(b" " * 5_000_001), "too-large"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [c[1:] for c in CATALOGUE], ids=[c[0] for c in CATALOGUE]
)
def test_catalogue(body: str | bytes, expected: Expected, make_outlet: MakeOutlet) -> None:
    data = body.encode() if isinstance(body, str) else body
    try:
        found: Expected = list(feed_links(data, BASE, make_outlet()).pages)
    except Refused as refusal:
        found = refusal.code
    assert found == expected


def test_ten_thousand_items(make_outlet: MakeOutlet) -> None:
    body = rss(*(item(f"http://quay.test/story/{n}") for n in range(10_000))).encode()
    started = time.process_time()
    found = feed_links(body, BASE, make_outlet())
    assert len(found.pages) == ENTRIES_MAX
    assert found.pages[0] == "http://quay.test/story/0"
    assert time.process_time() - started < 5


STYLES = [
    (DATE, AT),
    ("22 Nov 2026 12:01:30 GMT", AT),
    ("Sun, 22 Nov 2026 07:01:30 EST", AT),
    ("Sun, 22 Nov 2026 04:01:30 PST", AT),
    ("Sun, 22 Nov 2026 08:01 EDT", AT.replace(second=0)),
    ("Sun, 32 Nov 2026 04:01:30 PST", None),
    ("Sun, 22 Nov 2026 13:01:30 +0100", AT),
    ("Sun, 22 Nov 26 12:01:30 Z", AT),
    ("2026-11-22T12:01:30Z", AT),
    ("2026-11-22T14:01:30.000+02:00", AT),
    ("2026-11-22 12:01:30+00:00", AT),
    ("20261122T120130Z", AT),
    ("Nov 22, 2026 12:01:30 UTC", AT),
    ("1795348890", AT),
    # without an offset: the outlet's own time
    ("2026-11-22T07:01:30", AT),
    ("Sun, 22 Nov 2026 07:01:30", AT),
    ("2026-11-22", datetime(2026, 11, 22, 5, tzinfo=UTC)),
    # nothing is guessed
    ("yesterday", None),
    ("Sunday", None),
    ("12:01", None),
    ("Sun, 32 Nov 2026 12:01:30 GMT", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "at"), STYLES)
def test_dates_in_many_styles(text: str, at: datetime | None) -> None:
    assert moment(text, ZoneInfo("America/New_York")) == at


def test_dates_that_listings_state(make_outlet: MakeOutlet) -> None:
    outlet = make_outlet()
    assert feed_links(DATED.encode(), BASE, outlet).dates == ((ONE, AT),)
    iso = AT.astimezone(timezone(timedelta(hours=2))).isoformat()
    dc = rss(item(more=f"<dc:date>{iso}</dc:date>"))
    assert feed_links(dc.encode(), BASE, outlet).dates == ((ONE, AT),)
    both = (
        f"<link href='{ONE}'/><updated>2027-01-01T00:00:00Z</updated><published>{iso}</published>"
    )
    assert feed_links(atom(both).encode(), BASE, outlet).dates == ((ONE, AT),)
    changed = (
        f"<link href='{ONE}'/><updated>{iso}</updated>"  # when it changed, not when it appeared
    )
    assert feed_links(atom(changed).encode(), BASE, outlet).dates == ()
    stated = json_feed({"url": ONE, "date_published": iso}, {"url": TWO, "date_published": 7})
    assert feed_links(stated.encode(), BASE, outlet).dates == ((ONE, AT),)
    twice = rss(item(), item(more=f"<pubDate>{DATE}</pubDate>"))
    assert feed_links(twice.encode(), BASE, outlet).dates == ((ONE, AT),)
