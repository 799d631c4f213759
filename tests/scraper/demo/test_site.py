"""The demo web hangs together: every link resolves, every page can be read as it was written."""

from __future__ import annotations

import tomllib
from collections import Counter
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

import feedparser
import pytest
import trafilatura
from protego import Protego

from scraper.demo.content import HERE, load
from scraper.demo.site import Site, build, without_tracking

CONTENT = load()
OUTLETS = tuple(CONTENT.outlets.values())
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def get(site: Site, url: str):
    parts = urlsplit(url)
    return site.get(parts.netloc, parts.path + (f"?{parts.query}" if parts.query else ""))


def links(site: Site, url: str) -> list[str]:
    from lxml import html

    tree = html.fromstring(get(site, url).body)
    return [urljoin(url, str(href)) for href in tree.xpath("//a/@href | //img/@src")]


def sitemap_urls(site: Site, url: str) -> list[str]:
    tree = ET.fromstring(get(site, url).body)
    if tree.tag == f"{SITEMAP}sitemapindex":
        return [
            loc for child in tree.iter(f"{SITEMAP}loc") for loc in sitemap_urls(site, child.text)
        ]
    return [loc.text for loc in tree.iter(f"{SITEMAP}loc")]


def feed_urls(site: Site, url: str) -> list[str]:
    parsed = feedparser.parse(get(site, url).body)
    assert not parsed.bozo
    assert all(entry.published_parsed for entry in parsed.entries)
    return [entry.link for entry in parsed.entries]


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.publisher_id)
@pytest.mark.parametrize("edition", [1, 2])
def test_every_link_of_every_page_resolves(outlet, edition):
    site = build(edition)
    for host, target in site.pages:
        url = f"http://{host}{target}"
        page = site.pages[host, target]
        if host == outlet.domain and page.headers["Content-Type"].startswith("text/html"):
            if page.status == 301:
                assert get(site, page.headers["Location"]).status == 200
                continue
            for link in links(site, url):
                if not link.startswith("http:") or "#" in link:
                    continue
                assert get(site, link).status in {200, 301}, (url, link)


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.publisher_id)
def test_front_page_feeds_and_sitemaps_lead_to_every_article(outlet):
    site = build(1)
    fed = [url for feed in outlet.feeds for url in feed_urls(site, feed)]
    mapped = [url for sitemap in outlet.sitemaps for url in sitemap_urls(site, sitemap)]
    found = {*links(site, outlet.front_page), *fed, *mapped}
    own = {article.url for article in CONTENT.articles if article.outlet == outlet}
    assert own <= found
    assert all(get(site, url).status in {200, 301} for url in found if "#" not in url)
    odd = {page.url for page in CONTENT.odd_pages if page.outlet == outlet}
    assert odd <= set(links(site, outlet.front_page))


def test_one_sitemap_carries_the_news_extension():
    tree = ET.fromstring(get(build(1), "http://harborledger.example/sitemap-news.xml").body)
    own = [article for article in CONTENT.articles if article.outlet.publisher_id == "harborledger"]
    assert [node.text for node in tree.iter(f"{NEWS}title")] == [a.headline for a in reversed(own)]


def token_f1(found: str, wanted: str) -> float:
    a, b = Counter(found.split()), Counter(wanted.split())
    return 2 * (a & b).total() / (a.total() + b.total())


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.publisher_id)
def test_articles_can_be_extracted_from_their_pages(outlet):
    site = build(1)
    for article in CONTENT.articles:
        if article.outlet == outlet:
            text = trafilatura.extract(get(site, article.url).body, include_comments=False)
            assert token_f1(text or "", article.text) >= 0.9, article.slug


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.publisher_id)
def test_pages_hold_more_than_the_article(outlet):
    article = next(a for a in CONTENT.articles if a.outlet == outlet)
    everything = trafilatura.html2txt(get(build(1), article.url).body)
    assert len(everything.split()) > 1.15 * len(article.text.split())


def test_templates_differ_and_each_outlet_has_its_own():
    assert len({outlet.template for outlet in OUTLETS}) == len(OUTLETS) >= 6


def test_revised_articles_change_in_edition_2_and_no_other_does():
    first, second = build(1), build(2)
    for article in CONTENT.articles:
        before, after = get(first, article.url), get(second, article.url)
        if article.revision is None:
            continue
        new = article.in_edition(2)
        assert before.body != after.body
        assert new.text != article.text
        body = after.body.decode()
        shows_note = article.revision.note is not None
        assert ("orrection:" in body or "amended on" in body) == shows_note
        silent = article.revision.kind == "silent-edit"
        assert (before.headers["Last-Modified"] == after.headers["Last-Modified"]) == silent
    kinds = {article.revision.kind for article in CONTENT.articles if article.revision}
    assert kinds == {"silent-edit", "correction"}


def test_robots_files_differ_as_they_should():
    site = build(1)
    robots = {o.publisher_id: get(site, f"http://{o.domain}/robots.txt") for o in OUTLETS}
    assert robots["kestrelcourier"].status == 404
    delays = {
        name: Protego.parse(answer.body.decode()).crawl_delay("Newsroom")
        for name, answer in robots.items()
        if answer.status == 200
    }
    assert delays.pop("progressdocket") == 0.2
    assert set(delays.values()) == {None}
    rules = Protego.parse(robots["northgatebulletin"].body.decode())
    refused = [page for page in CONTENT.odd_pages if page.expected == "robots"]
    assert refused
    for page in refused:
        assert not rules.can_fetch(page.url, "Newsroom")
    for article in CONTENT.articles:
        answer = robots[article.outlet.publisher_id]
        if answer.status == 200:
            assert Protego.parse(answer.body.decode()).can_fetch(article.url, "Newsroom")


def test_odd_pages_answer_as_their_kind_says():
    site = build(1)
    for page in CONTENT.odd_pages:
        answer = get(site, page.url)
        if page.kind == "redirect":
            target = next(a for a in CONTENT.articles if a.slug == page.target)
            assert (answer.status, answer.headers["Location"]) == (301, target.url)
        elif page.kind == "duplicate":
            target = next(a for a in CONTENT.articles if a.slug == page.target)
            assert answer == get(site, target.url)
            assert answer.status == 200
        else:
            assert answer.status == 200
    expected = {page.expected for page in CONTENT.odd_pages}
    assert expected == {
        "soft-404", "paywall-stub", "not-article", "language", "robots", "too-short", "article",
    }  # fmt: skip


def test_unknown_pages_are_404_and_only_tracking_parameters_are_dropped():
    site = build(1)
    assert site.get("harborledger.example", "/no/such/page").status == 404
    assert site.get("unknown.example", "/").status == 404
    assert without_tracking("/a.php?id=7&utm_source=x&fbclid=y") == "/a.php?id=7"
    article = next(a for a in CONTENT.articles if a.outlet.publisher_id == "kestrelcourier")
    host = article.outlet.domain
    assert site.get(host, article.path + "&utm_source=x") == site.get(host, article.path)
    assert site.get(host, "/article.php?id=1").status == 404


def test_outlet_files_are_demo_outlets_on_reserved_names():
    for path in (HERE / "outlets").glob("*.toml"):
        entry = tomllib.loads(path.read_text())
        assert entry["demo"] is True
        assert entry["domain"].endswith(".example")
        assert 0.0 <= entry["delay_s"] <= 0.05
        for url in (entry["front_page"], *entry["feeds"], *entry["sitemaps"]):
            assert urlsplit(url).netloc == entry["domain"]
