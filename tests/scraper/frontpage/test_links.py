"""What counts as an article on a page, under which words, in which part of the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from newsroom.errors import Refused
from scraper.frontpage import page
from scraper.frontpage.links import Entry, plain
from scraper.frontpage.page import Front
from scraper.outlets.registry import Outlet

Stories = Callable[..., str]


def read(body: str, outlet: Outlet) -> list[Entry]:
    front = Front(body=body.encode(), url="https://gull.test/", content_type=None, outlet=outlet)
    return list(page.read(front).entries)


def numbers(entries: list[Entry]) -> list[int]:
    return [int(e.canonical_url.split("number-")[1].split("-")[0]) for e in entries if e.rank]


def test_navigation_footers_sections_and_authors_are_no_articles(
    outlet: Outlet, stories: Stories
) -> None:
    body = (
        f"<nav>{stories(91)}</nav><div class='site-menu'>{stories(92)}</div>{stories(1, 2, 3, 4, 5)}"
        "<a href='/by/anna-van-der-meer'>By Anna van der Meer</a><a href='/tag/one-two-three-four'>One two three four</a>"
        "<a href='https://elsewhere.test/2026/a-story-of-others'>A story of others</a>"
        f"<div role=contentinfo>{stories(93)}</div><footer>{stories(94)}</footer>"
    )
    assert numbers(read(body, outlet)) == [1, 2, 3, 4, 5]


def test_a_name_for_a_whole_page_is_no_name_for_its_parts(outlet: Outlet, stories: Stories) -> None:
    body = f"<div class='with-ads menu most-read'>{stories(1, 2, 3)}</div>{stories(4)}"
    assert numbers(read(body, outlet)) == [1, 2, 3, 4]


def test_what_stands_there_for_clicks_or_money_has_no_rank(
    outlet: Outlet, stories: Stories
) -> None:
    body = (
        f"<main>{stories(1, 2, 3, 4)}</main><aside><h3>Most read</h3><ol>{stories(3, 8, tag='li')}</ol></aside>"
        f"<div class=sponsored>{stories(9)}</div>"
        "<p><a rel='sponsored nofollow' href='/2026/story-number-10-of-ours'>Story number 10 told</a></p>"
    )
    entries = read(body, outlet)
    assert numbers(entries) == [1, 2, 3, 4]
    assert {e.headline: str(e.kind) for e in entries if e.rank is None} == {
        "Story number 8 told": "most-read",
        "Story number 9 told": "sponsored",
        "Story number 10 told": "sponsored",
    }


def test_kinds_and_sections(outlet: Outlet, stories: Stories) -> None:
    body = (
        f"<h1>The Gull</h1>{stories(1)}<section><h3>World news</h3><div>{stories(2, 3, tag='p')}</div></section>"
        f"<section><h3>Opinion</h3>{stories(4, 5, tag='p')}</section>"
        "<p><a href='/live/2026/story-number-6-of-ours'>Story number 6 told</a></p>"
        "<p><a href='/video/story-number-7-of-ours'>Story number 7 told</a></p>"
    )
    found = {e.headline.split()[2]: (e.section, str(e.kind)) for e in read(body, outlet)}
    assert found == {
        "1": (None, "story"), "2": ("World news", "story"), "3": ("World news", "story"),
        "4": ("Opinion", "opinion"), "5": ("Opinion", "opinion"), "6": (None, "live"),
        "7": (None, "media"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "card",
    [
        "<a href=U><img width=300 height=200></a><h3><a href=U>HEAD</a></h3><a href=U>Read more</a>",
        "<a href=U><h3>HEAD</h3><p>A longer summary of what happened, in smaller type.</p></a>",
        "<a href=U><img width=300 height=200></a><h3>HEAD</h3><p>By <a href='/by/someone-or-other-here'>Someone or other</a></p>",
        "<div class=card-title>HEAD</div><a href=U aria-label='x'></a>",
        "<a href=U><span>Live</span><br><strong>HEAD</strong></a>",
        "<a href=U aria-label='HEAD'><img width=300 height=200 alt='a photograph'></a>",
        "<a href=U><img width=300 height=200 alt='HEAD'></a>",
    ],
)
def test_the_headline_is_found_however_a_card_is_built(outlet: Outlet, card: str) -> None:
    words = "Ferry runs aground off the cape"
    markup = card.replace("U", "/2026/ferry-runs-aground-off-cape").replace("HEAD", words)
    body = f"<div><div class=card>{markup}</div><p><a href='/2026/another-story-of-ours'>Another story of ours</a></p></div>"
    entries = read(body, outlet)
    assert len(entries) == 2
    assert next(e for e in entries if "ferry" in e.url).headline.removeprefix("Live ") == words


def test_hidden_markup_is_not_shown(outlet: Outlet, stories: Stories) -> None:
    body = (
        f"{stories(1)}<div style='display: none'>{stories(2)}</div><div hidden>{stories(3)}</div>"
        f"<template>{stories(4)}</template><script>{stories(5)}</script>"
    )
    assert numbers(read(body, outlet)) == [1]


@pytest.mark.parametrize(
    ("twin", "plain_one"),
    [
        ("https://amp.gull.test/a/b", "https://www.gull.test/a/b"),
        ("https://gull.test/amp/a/b", "https://gull.test/a/b"),
        ("https://gull.test/a/b/amp/", "https://gull.test/a/b"),
        ("https://gull.test/a/b.amp.html", "https://gull.test/a/b.html"),
        ("https://gull.test/a/b?outputType=amp", "https://gull.test/a/b"),
        ("https://gull.test/a/b?print=1&id=7", "https://gull.test/a/b?id=7"),
        ("https://gull.test/example/camp", "https://gull.test/example/camp"),
    ],
)
def test_amp_and_print_twins(twin: str, plain_one: str) -> None:
    assert plain(twin) == plain_one


def test_a_page_of_a_hundred_thousand_links_is_refused_by_name(outlet: Outlet) -> None:
    body = "".join(
        f"<li><a href='/2026/story-number-{n}-x'>Story {n} told</a>" for n in range(100_000)
    )
    with pytest.raises(Refused) as caught:
        read(f"<ul>{body}</ul>", outlet)
    assert caught.value.code == "parser-limit"
